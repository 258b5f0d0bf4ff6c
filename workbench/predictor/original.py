"""The pipeline itself: what a compiled one must equal, and what answers where nothing can be compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import BadRequest
from workbench.predictor.table import Array, Table

if TYPE_CHECKING:
    import pandas as pd

AMONG = 10
"""A row that the pipeline refuses by itself is asked about once more among so many others, as in a larger table."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """What was predicted, a value a row.

    Attributes
    ----------
    labels
        Texts, numbers or truth values, as the target had them; the number of a cluster; 1 for an anomaly, else 0.
    scores
        Probability of the label that was predicted, not rounded; how anomalous a row is; None where the model tells
        neither.
    """

    labels: list[Any]
    scores: list[float] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an estimator says of rows, a value a row; labels are encoded still."""

    labels: Array
    scores: Array | None = None


class Original:
    """A PyCaret pipeline for one row or many.

    Attributes
    ----------
    columns
        Names of the columns that it was fitted on, the target among them; None where it does not tell.
    dates
        Names of the columns that it reads as dates → the pattern that it reads them by; None: each as it comes.
    steps
        Its steps before the estimator, in order, with their names.
    company
        Rows as the training table has them, among which others are asked about; None: none are known.
    """

    def __init__(self, pipeline: Any, *, task: str) -> None:
        *steps, (_, self.estimator) = pipeline.steps
        self.pipeline = pipeline
        self.steps: list[tuple[str, Any]] = steps
        names = getattr(pipeline, "feature_names_in_", None)
        self.columns: list[str] | None = None if names is None else list(map(str, names))
        self.dates: dict[str, str | None] = {
            name: (step.patterns or {}).get(name)
            for _, step in steps
            if type(step).__name__ == "Dates"
            for name in step.columns
        }
        drops = [
            step.transformer for _, step in steps if type(getattr(step, "transformer", None)).__name__ == "DropImputer"
        ]
        self._required = sorted({name for step in drops for name in step.columns})
        self.company: pd.DataFrame | None = None
        self.ask = asking(self.estimator, task)
        # A word in the place of the estimator is passed over: what is left is the preparation.
        self._prepares = type(pipeline)([*steps, ("estimator", "passthrough")])

    def prepare(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Carry out all steps before the estimator."""
        # Some of PyCaret's steps write into the frame that they are given.
        prepared: pd.DataFrame = self._prepares.transform(frame.copy()) if self.steps else frame
        return prepared

    def prepare_known(self, frame: pd.DataFrame, target: pd.Series[Any]) -> tuple[pd.DataFrame, pd.Series[Any]]:
        """Carry out all steps before the estimator on rows whose targets are known, and do to those what was done then.

        Steps that drop rows or add some before an estimator is fitted are passed over.
        """
        taken = [name for name in frame if self.columns is None or name in self.columns]
        prepared, encoded = self._prepares.transform(frame[taken].copy(), target)
        return prepared, encoded

    def matrix(self, table: Table) -> Array:
        """Carry out all steps before the estimator, and make a matrix of what comes out: float32 where all of it is."""
        prepared = self.prepare(table.frame())
        if len(prepared) != len(table):
            raise self._dropped()
        is_single = (prepared.dtypes == np.float32).all()
        return prepared.to_numpy(dtype=np.float32 if is_single else np.float64)

    def decode(self, labels: Any) -> list[Any]:
        """Undo what was done to the target, and make Python's own values of it."""
        decoded = np.asarray(self.pipeline.inverse_transform(labels))
        listed: list[Any] = decoded.ravel().tolist()
        return listed

    def predict(self, table: Table) -> Predictions:
        """Predict rows as the pipeline's own ``predict`` and ``predict_proba`` do.

        Raises
        ------
        BadRequest
            ``predict.failed`` with the pipeline's own words, where it refuses rows.
        """
        frame = table.frame()
        if self._required and frame[self._required].isna().any(axis=None):
            raise self._dropped()
        try:
            return self._predict(frame)
        except BadRequest:
            raise
        except Exception as error:
            if self.company is None:
                raise refused(error) from error
            first = error
        try:
            return self._among_others(frame)
        except Exception:  # noqa: BLE001 - as above: the first error is the one that is about these rows alone
            raise refused(first) from first

    def _predict(self, frame: pd.DataFrame) -> Predictions:
        answer = self.ask(self.prepare(frame))
        if len(answer.labels) != len(frame):
            raise self._dropped()
        return Predictions(self.decode(answer.labels), None if answer.scores is None else answer.scores.tolist())

    def _dropped(self) -> BadRequest:
        named = ", ".join(self._required)
        return BadRequest(
            "predict.failed",
            "The pipeline drops rows with missing values, as it was set up to, and has no prediction for them.",
            hint=f"It takes rows with a value in each of these: {named}.",
        )

    def _among_others(self, frame: pd.DataFrame) -> Predictions:
        import pandas as pd

        labels: list[Any] = []
        scores: list[float] = []
        assert self.company is not None
        others = len(self.company)
        for start in range(0, len(frame), max(1, others // AMONG)):
            piece = frame.iloc[start : start + max(1, others // AMONG)]
            predicted = self._predict(pd.concat([self.company, piece], ignore_index=True))
            labels += predicted.labels[others:]
            scores += predicted.scores[others:] if predicted.scores else []
        return Predictions(labels, scores or None)


def asking(estimator: Any, task: str) -> Callable[[Any], Answer]:
    """Return what asks an estimator about prepared rows, by its own methods."""
    if task == "anomaly":
        return lambda X: Answer(np.asarray(estimator.predict(X)), np.asarray(estimator.decision_function(X)).ravel())
    if task == "classification" and hasattr(estimator, "predict_proba"):
        return lambda X: _with_scores(estimator, X)
    return lambda X: Answer(np.asarray(estimator.predict(X)).ravel())


def _with_scores(estimator: Any, X: Any) -> Answer:
    labels = np.asarray(estimator.predict(X)).ravel()
    places = np.searchsorted(estimator.classes_, labels)
    return Answer(labels, np.asarray(estimator.predict_proba(X))[np.arange(len(labels)), places])


def refused(error: Exception) -> BadRequest:
    """Tell in one sentence that the pipeline refuses rows."""
    return BadRequest("predict.failed", f"The pipeline refuses these rows: {type(error).__name__}: {first_line(error)}")


def first_line(error: Exception) -> str:
    """Return the first line of what an error says: libraries go on with advice to whoever programs."""
    return (str(error).strip().splitlines() or [""])[0][:300]
