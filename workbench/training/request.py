"""What training is asked for, and what it answers as it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.catalogue import PlanName, TaskName
from workbench.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a run may go.

    Attributes
    ----------
    workers
        Units that may be computed at once on this machine; a cluster computes as many as its workers have threads.
    model_s
        Longest a model may take over all its folds, in seconds; 0: no limit.
    unit_bytes
        Most memory that one unit may take beyond what it starts with; 0: no limit, or on a cluster an even share of
        what its worker may take.
    """

    workers: int = 1
    model_s: float = 0
    unit_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """What an earlier process of the same run found out.

    Attributes
    ----------
    scored
        Model → fold → metrics.
    failed
        Model → folds that failed; they are not tried again.
    unprepared
        Folds that could not be prepared.
    spent_s
        Model → seconds that its units took.
    """

    scored: Mapping[str, Mapping[int, Mapping[str, float | None]]] = field(default_factory=dict)
    failed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    unprepared: frozenset[int] = frozenset()
    spent_s: Mapping[str, float] = field(default_factory=dict)

    def knows(self, model: str, fold: int) -> bool:
        return fold in self.unprepared or fold in self.scored.get(model, {}) or fold in self.failed.get(model, ())


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """One plan on one table.

    Attributes
    ----------
    target
        Column to predict; None for a task without one.
    sort
        Display name of the metric that ranks.
    models
        Ids of the models in the field of ``compare``, or None for PyCaret's turbo set less `exclude`.
    bases
        What the other plans work on.
    setup
        PyCaret set-up options other than the ones above.
    options
        The plan's own options.
    racing
        Whether models that cannot catch the leader any more stop early.
    executor
        ``local``, or the address of a Dask scheduler.
    """

    task: TaskName
    target: str | None
    plan: PlanName
    sort: str
    seed: int
    folds: int
    models: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    bases: tuple[Recipe, ...] = ()
    setup: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    racing: bool = False
    executor: str = "local"
    limits: Limits = field(default_factory=Limits)
    past: Past = field(default_factory=Past)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of the leaderboard to be.

    Attributes
    ----------
    id
        PyCaret's model id, or that of a trial or an ensemble: unique in the field.
    recipe
        How its estimator is made.
    """

    id: str
    name: str
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class ExperimentFitted:
    """Preprocessing is fitted on the training rows; the field is known.

    Attributes
    ----------
    test_rows
        Rows held out; 0 for a task that holds none out.
    field
        Who takes part, in PyCaret's order.
    missing
        Models that were asked for and cannot take part → why, a sentence.
    notices
        What a reader of the leaderboard must know beside it, a sentence each.
    test_ratio
        Test rows to training rows, a mean over the folds; None without folds.
    versions
        Python and the libraries that the numbers depend on.
    environment
        Installed distributions, ``name==version`` a line.
    """

    train_rows: int
    test_rows: int
    features_in: int
    features_out: int
    folds: int
    field: tuple[Candidate, ...]
    missing: Mapping[str, str]
    versions: Mapping[str, str]
    environment: str
    duration_s: float
    notices: tuple[str, ...] = ()
    test_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class FoldPrepared:
    """One fold's rows are transformed; every model is scored on these same rows."""

    fold: int
    train_rows: int
    test_rows: int
    features: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class FoldFailed:
    """One fold's rows could not be transformed, so that no model is scored on it; `reason` says why."""

    fold: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnitScored:
    """One model is scored on one fold.

    Attributes
    ----------
    metrics
        PyCaret's display names → unrounded values; None where the metric is undefined here.
    undefined
        Why, for each of those.
    pycaret
        What PyCaret counts instead, for each metric in which the value above differs from it on purpose.
    """

    model: str
    fold: int
    metrics: Mapping[str, float | None]
    undefined: Mapping[str, str]
    fit_s: float
    score_s: float
    pycaret: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitFailed:
    """One model yielded nothing on one fold; `reason` says why.

    Attributes
    ----------
    gives_up
        Whether the model is spared all folds that are not scored yet: its process died or took too long.
    counts_zero
        Whether PyCaret averages this fold in as 0 in every measure.
    """

    model: str
    fold: int
    reason: str
    timed_out: bool = False
    gives_up: bool = False
    counts_zero: bool = False


@dataclass(frozen=True, slots=True)
class RacedOut:
    """A model cannot catch the leader any more and is spared its other folds; `reason` gives the test."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class FitFailed:
    """A model that was scored could not be fitted in the end; `reason` says why."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class PipelineFitted:
    """The chosen model, fitted behind its preprocessing.

    Attributes
    ----------
    rows
        Rows that it was fitted on.
    pickled
        The pipeline as cloudpickle bytes.
    schema
        Input columns in order: name, dtype, and kind: number, text, bool or date.
    sample
        Up to ten input rows, JSON-ready.
    reference
        What it learned from, in summary; see `workbench.training.reference.summarise`.
    holdout
        Which rows it can be judged on, as it was not fitted on them; see `workbench.training.reference.held_out`.
    """

    candidate: Candidate
    rows: int
    pickled: bytes
    schema: list[dict[str, str]]
    sample: list[dict[str, Any]]
    reference: Mapping[str, Any]
    holdout: Mapping[str, Any]
    duration_s: float

    @property
    def model(self) -> str:
        return self.candidate.id


Update = ExperimentFitted | FoldPrepared | FoldFailed | UnitScored | UnitFailed | RacedOut | FitFailed | PipelineFitted
