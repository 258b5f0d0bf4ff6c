"""What the run explainer is shown: the board of a run, and how its best model does on rows that are new to it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import FiniteFloat

from workbench.advisors.advice import Told
from workbench.advisors.examination import Examination, Interval
from workbench.catalogue import TaskName


class BoardRow(Told):
    """One model of the field.

    Attributes
    ----------
    rank
        From 1; None where it has no value of the metric.
    status, reason
        As `workbench.runs.scores.LeaderboardRow` has them.
    mean, std, interval
        Of the metric that ranks, over the folds; None where there is none.
    folds
        Values of it, by fold.
    is_separable
        Whether the first one differs from it by more than noise; None for the first one, and on too few folds.
    fit_s
        Mean seconds to fit one fold.
    kind
        Kind of its recipe, such as ``model`` or ``blend``; ``""``: not known.
    """

    model: str
    name: str
    rank: int | None
    status: str
    reason: str | None = None
    mean: FiniteFloat | None = None
    std: FiniteFloat | None = None
    interval: Interval | None = None
    folds: tuple[FiniteFloat | None, ...] = ()
    is_separable: bool | None = None
    fit_s: FiniteFloat | None = None
    kind: str = ""


class ExplanationEvidence(Told):
    """A run as the explainer looks at it.

    Attributes
    ----------
    source
        Name of its data source.
    metric, greater_is_better, nearest_zero
        The one that ranks; by its size, where 0 is best.
    rows
        Of the table.
    folds
        How many there are; 1: none.
    test_ratio
        Rows that a fold tests on to rows that it trains on.
    class_shares
        Class → share of the rows that it learned from, from 0 to 1; empty where there are none or it is not known.
    best
        Model that the run fitted, and that is examined; None: none.
    board
        The field, best first; the failed ones last.
    examination
        Of `best`; None where `not_examined` says why.
    """

    run_id: str
    run: str
    source: str
    task: TaskName
    plan: str
    target: str | None
    status: str
    error: str | None = None
    metric: str
    greater_is_better: bool = True
    nearest_zero: bool = False
    rows: int = 0
    folds: int = 1
    test_ratio: FiniteFloat = 0.0
    class_shares: Mapping[str, FiniteFloat] = {}
    best: str | None = None
    board: tuple[BoardRow, ...] = ()
    examination: Examination | None = None
    not_examined: str = ""

    @property
    def ranked(self) -> tuple[BoardRow, ...]:
        """Those that have a place, in its order."""
        return tuple(row for row in self.board if row.rank is not None)
