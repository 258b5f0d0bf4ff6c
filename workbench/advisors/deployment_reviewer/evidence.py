"""What the deployment reviewer is shown: a pipeline, the board it comes from, its table, its artifact, its traffic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import FiniteFloat

from workbench.advisors.advice import Told
from workbench.advisors.examination import Examination
from workbench.advisors.table import Look
from workbench.catalogue import TaskName


class Measured(Told):
    """One metric of the model on its run's leaderboard, over the folds.

    Attributes
    ----------
    std
        Of the population of folds; None for a task without folds.
    low, high
        95 % interval of the mean, see `workbench.ranking.interval`; None below two folds.
    """

    mean: FiniteFloat | None
    std: FiniteFloat | None = None
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    folds: tuple[FiniteFloat | None, ...] = ()


class Rival(Told):
    """Another model of the field.

    Attributes
    ----------
    kinds
        Ids of the library's models that it is made of.
    status
        As `workbench.runs.scores.LeaderboardRow.status` has it.
    score, folds
        Of the metric that ranks.
    is_separable
        Whether the model under review differs from it by more than noise; None: that could not be told.
    """

    model: str
    name: str
    kinds: tuple[str, ...]
    status: str
    reason: str | None = None
    score: FiniteFloat | None = None
    folds: tuple[FiniteFloat | None, ...] = ()
    is_separable: bool | None = None


class Reviewed(Told):
    """The pipeline under review.

    Attributes
    ----------
    pipeline_id
        None: a run's model that was not promoted.
    kinds
        Ids of the library's models that it is made of; several of a blend or a stack.
    recipe_kind
        ``model``, ``bagging``, ``boosting``, ``blend``, ``stack`` or ``calibrated``.
    metrics
        Display name → its row on the leaderboard; empty: it was not scored.
    test_ratio
        Rows that a fold tests on to rows that it trains on.
    rows_learned, rows_held_out
        None: not known.
    columns
        Input columns.
    classes
        Class → rows of it that were learned from, the most frequent first; empty where there are none, or too many to
        be counted one by one.
    target_mean, target_std
        Of numbers, over the rows that were learned from; else None.
    has_reference
        Whether it keeps a summary of the rows that it learned from, without which drift cannot be judged.
    """

    name: str
    pipeline_id: str | None
    run_id: str
    model: str
    model_name: str
    kinds: tuple[str, ...]
    recipe_kind: str = "model"
    task: TaskName
    target: str | None
    plan: str
    sort: str
    metrics: Mapping[str, Measured] = {}
    folds: int = 1
    test_ratio: FiniteFloat = 0.0
    racing: bool = False
    setup: Mapping[str, Any] = {}
    rows_learned: int | None = None
    rows_held_out: int | None = None
    columns: tuple[str, ...] = ()
    classes: Mapping[str, int] = {}
    target_mean: FiniteFloat | None = None
    target_std: FiniteFloat | None = None
    has_reference: bool = True
    notes: tuple[str, ...] = ()


class LiveColumn(Told):
    """One input column in the rows that were asked for.

    Attributes
    ----------
    rows
        Logged rows that were looked at.
    missing, missing_learned
        Share of rows without a value, there and among the rows that were learned from.
    unknown
        Share of rows whose value was never learned; None where that cannot be told, as of numbers.
    unknown_values
        Some of those values, the most frequent first.
    """

    name: str
    rows: int
    missing: FiniteFloat
    missing_learned: FiniteFloat | None = None
    unknown: FiniteFloat | None = None
    unknown_values: tuple[str, ...] = ()


class Served(Told):
    """A deployment that answers, or did.

    Attributes
    ----------
    p50_ms, p95_ms
        Latency over its last 100 requests; None: there were none.
    engine
        ``compiled``, ``partly compiled`` or ``original``; None: it is not loaded.
    engine_why
        Why not all is compiled.
    columns
        Of the logged rows; empty where none are kept.
    drift_advice_days
        Days since the newest advice of the drift analyst about it; None: there is none.
    days_served
        Since it was created.
    """

    slug: str
    status: str
    error: str | None = None
    requests: int = 0
    errors: int = 0
    p50_ms: FiniteFloat | None = None
    p95_ms: FiniteFloat | None = None
    engine: str | None = None
    engine_why: str = ""
    rows_logged: int = 0
    columns: tuple[LiveColumn, ...] = ()
    drift_advice_days: FiniteFloat | None = None
    days_served: FiniteFloat = 0.0


class Artifact(Told):
    """The pickled pipeline.

    Attributes
    ----------
    verifies
        Whether its bytes are those that were stored.
    problem
        Why not.
    """

    size_bytes: int
    verifies: bool
    problem: str = ""


class Version(Told):
    """A library where the pipeline was made, and where it is to answer; None: it is not installed there."""

    library: str
    made: str
    now: str | None


class ReviewEvidence(Told):
    """All that the deployment reviewer judges by.

    Attributes
    ----------
    subject
        ``deployment``, ``pipeline`` or ``run``: what was asked about.
    goal
        What the predictions are for, in the words of whoever asks.
    segment
        Input column across whose values the model is to be fair.
    rivals
        The rest of the field in the order of the board; None: the run is not there any more.
    look
        What pre-flight says of the table for `request` today; None: the table could not be looked at.
    overridden
        Codes of blocking findings with which the run was started all the same.
    gaps
        Input column → share of the table's rows without a value in it, of those that have such rows.
    examination
        None: the pipeline could not be examined, and `notes` says why.
    request
        Arguments of ``Runs.submit`` that ask for the same again; None: the table is not there any more.
    notes
        What could not be looked at, and why, a sentence each.
    """

    subject: Literal["deployment", "pipeline", "run"]
    reviewed: Reviewed
    goal: str = ""
    segment: str | None = None
    rivals: tuple[Rival, ...] | None = None
    look: Look | None = None
    overridden: tuple[str, ...] = ()
    gaps: Mapping[str, FiniteFloat] = {}
    examination: Examination | None = None
    artifact: Artifact
    versions: tuple[Version, ...] = ()
    served: Served | None = None
    request: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
