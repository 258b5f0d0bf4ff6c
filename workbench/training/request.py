"""What training is asked for, and what it answers as it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """One plan on one table.

    Attributes
    ----------
    models
        Ids of the models in the field, or None for PyCaret's turbo set less `exclude`.
    setup
        PyCaret set-up options other than the ones below.
    sort
        Display name of the metric that ranks.
    workers
        Units that may be computed at once.
    model_timeout_s
        Longest a unit may take, in seconds; 0: no limit.
    """

    task: Literal["classification", "regression"]
    target: str
    plan: str
    sort: str
    seed: int
    folds: int
    models: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    setup: Mapping[str, Any] = field(default_factory=dict)
    workers: int = 1
    model_timeout_s: float = 0


@dataclass(frozen=True, slots=True)
class ExperimentFitted:
    """Preprocessing is fitted on the training rows; the field is known."""

    train_rows: int
    test_rows: int
    features_in: int
    features_out: int
    folds: int
    field: tuple[tuple[str, str], ...]
    """Ids and names of the models, in PyCaret's order."""
    missing: tuple[str, ...]
    """Ids of models that were asked for and are not installed."""
    versions: Mapping[str, str]
    """Python and the libraries that the numbers depend on."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class FoldPrepared:
    """One fold's rows are transformed; every model is scored on these same rows."""

    fold: int
    train_rows: int
    test_rows: int
    features: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class UnitScored:
    """One model is scored on one fold.

    Attributes
    ----------
    metrics
        PyCaret's display names → unrounded values; None where the metric is undefined here.
    undefined
        Why, for each of those.
    """

    model: str
    fold: int
    metrics: Mapping[str, float | None]
    undefined: Mapping[str, str]
    fit_s: float
    score_s: float


@dataclass(frozen=True, slots=True)
class UnitFailed:
    """One model yielded nothing on one fold; `reason` says why.

    Attributes
    ----------
    gives_up
        Whether the model is spared all folds that are not scored yet: its process died or took too long.
    """

    model: str
    fold: int
    reason: str
    timed_out: bool = False
    gives_up: bool = False


@dataclass(frozen=True, slots=True)
class PipelineFitted:
    """The chosen model, fitted on all training rows behind its preprocessing.

    Attributes
    ----------
    pickled
        The pipeline as cloudpickle bytes.
    schema
        Input columns in order: name, kind, dtype.
    sample
        Up to ten input rows, JSON-ready.
    environment
        Installed distributions, ``name==version`` a line.
    """

    model: str
    pickled: bytes
    schema: list[dict[str, str]]
    sample: list[dict[str, Any]]
    environment: str
    duration_s: float


Update = ExperimentFitted | FoldPrepared | UnitScored | UnitFailed | PipelineFitted
