"""What the failure debugger is shown: a run that has ended, as its store tells of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from workbench.advisors.advice import Told

TRUNCATED = "__truncated__"
"""Kind of the line that stands for events that are left out."""


class ModelFailure(Told):
    """A model of the field that is not scored on every fold, or could not be fitted in the end.

    Attributes
    ----------
    status
        As on the leaderboard; ``unfitted`` for one that was scored and could not be fitted in the end.
    reason
        As the leaderboard tells it.
    """

    model: str
    name: str
    status: str
    reason: str
    folds_scored: int
    folds_total: int


class EventLine(Told):
    """One line of the run's log; of kind ``__truncated__``, one that says how many are left out."""

    seq: int
    kind: str
    message: str


class ColumnFact(Told):
    """What is known of a column without reading the table, as `workbench.data.source.Column` tells it.

    Attributes
    ----------
    infinite
        How many of its values are; None where nobody has counted.
    """

    name: str
    kind: str
    missing: int
    distinct: int
    minimum: float | None = None
    maximum: float | None = None
    rarest: int | None = None
    integral: bool = False
    is_unique: bool = False
    infinite: int | None = None


class Base(Told):
    """A model that the plan works on, as a request names it.

    Attributes
    ----------
    id
        Its id in PyCaret's library, or on the leaderboard of `of_run`.
    of_run
        Run whose leaderboard tells how it is made; None: PyCaret's library does.
    """

    id: str
    of_run: str | None = None


class FailureEvidence(Told):
    """A run that failed, or in which something did.

    Attributes
    ----------
    status
        ``failed``, ``cancelled`` or ``succeeded``.
    error
        ``Type: message`` of a failed run.
    spec
        What was asked for, less what pre-flight recorded.
    overridden
        Codes of pre-flight findings that the run was let pass.
    bases
        What its plan worked on; None where that cannot be named in a request any more.
    followed_setup
        Set-up options of the run that `bases` are of, which a request that follows it would take over.
    field, scored
        Ids of the models that took part, and of those that are scored on every fold.
    failures
        Those that are not, and why.
    units_scored
        Models times folds that were scored.
    events
        Over 40, the first 5, one that says how many are left out, and the last 35.
    notable
        Of all events those that tell of a lost process, a lost fold, or little memory.
    log
        Last lines of the run process's own output.
    lacking
        What could not be looked at, a sentence each.
    is_source_there
        Whether a request may name the data source: it is not deleted.
    rows
        Of the table; None where nothing is known of it any more.
    """

    run_id: str
    short_id: str
    status: Literal["failed", "cancelled", "succeeded"]
    error: str | None = None
    plan: str = "compare"
    task: str
    target: str | None = None
    spec: Mapping[str, Any]
    overridden: tuple[str, ...] = ()
    bases: tuple[Base, ...] | None = ()
    followed_setup: Mapping[str, Any] = {}
    field: tuple[str, ...] = ()
    scored: tuple[str, ...] = ()
    failures: tuple[ModelFailure, ...] = ()
    units_scored: int = 0
    events: tuple[EventLine, ...] = ()
    notable: tuple[EventLine, ...] = ()
    log: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    source_id: str
    source_name: str
    is_source_there: bool = True
    rows: int | None = None
    columns: tuple[ColumnFact, ...] = ()
    versions: Mapping[str, str] = {}

    @property
    def setup(self) -> Mapping[str, Any]:
        """Set-up options that were named."""
        return self.spec.get("setup") or {}

    @property
    def folds(self) -> int:
        return int(self.spec.get("folds") or 1)

    def column(self, name: str | None) -> ColumnFact | None:
        """Return what is known of a column; None where there is no such."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def features(self) -> Sequence[ColumnFact]:
        """Columns that models could learn from."""
        left_out = {self.target, *(self.setup.get("ignore_features") or ())}
        return [column for column in self.columns if column.name not in left_out]
