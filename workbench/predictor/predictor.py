"""A pickled pipeline made a predictor: compiled where it can be proven equal, itself where it cannot."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from workbench.catalogue import TASKS
from workbench.errors import BadRequest, Conflict
from workbench.predictor import estimators, preparation
from workbench.predictor.columns import NotCompiled
from workbench.predictor.estimators import Compiled
from workbench.predictor.forecast import Forecaster
from workbench.predictor.original import Answer, Original, Predictions, first_line
from workbench.predictor.preparation import Preparation
from workbench.predictor.proof import Unequal, prove
from workbench.predictor.rows import domains, draw
from workbench.predictor.schema import Schema
from workbench.predictor.table import NUMERIC, Array, Table, join
from workbench.predictor.target import Decode, decoder

__all__ = ["Engine", "Predictions", "Predictor", "warm_up"]

DRAWN = 128
"""Random rows of each kind that a pipeline is proven on: those that it must know, and wild ones."""
SEED = 20

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Engine:
    """How a pipeline is carried out.

    Attributes
    ----------
    path
        ``compiled``: on matrices, from the rows to the answer; ``partly compiled``: either the preparation or the
        estimator is the pipeline's own; ``original``: all of it is.
    steps
        Step of the preparation → what became of it; empty where it is the pipeline's own.
    estimator
        What became of the estimator.
    why
        Why not all is compiled, in a sentence; empty: all is.
    rows
        Rows that it was proven on.
    difference
        Largest difference of a number to the pipeline itself, relative to that; labels are always equal.
    """

    path: Literal["compiled", "partly compiled", "original"]
    steps: Mapping[str, str] = field(default_factory=dict)
    estimator: str = "its own methods on a frame"
    why: str = ""
    rows: int = 0
    difference: float = 0.0


@dataclass(frozen=True, slots=True)
class Path:
    """A way from a table to predictions; of what it is not sure of, it asks the pipeline itself.

    Attributes
    ----------
    guard
        Says, before anything else, which rows of a table are unsure; None: none is.
    prepare
        Table → rows × features.
    unsure
        Says it of prepared rows.
    """

    guard: Callable[[Table], Array | None]
    prepare: Callable[[Table], Array]
    unsure: Callable[[Array], Array | None]
    ask: Callable[[Array], Answer]
    decode: Decode
    original: Callable[[Table], Predictions]

    def __call__(self, table: Table) -> Predictions:
        unsure = self.guard(table)
        if unsure is not None:
            return self._shared(table, unsure)
        X = self.prepare(table)
        unsure = self.unsure(X)
        if unsure is not None:
            return self._shared(table, unsure)
        answer = self.ask(X)
        return Predictions(self.decode(answer.labels), None if answer.scores is None else answer.scores.tolist())

    def _shared(self, table: Table, unsure: Array) -> Predictions:
        itself, sure = np.flatnonzero(unsure), np.flatnonzero(~unsure)
        theirs = self.original(table.take(itself))
        if not len(sure):
            return theirs
        ours = self(table.take(sure))
        order = np.argsort(np.concatenate([sure, itself]), kind="stable").tolist()
        labels, scores = [*ours.labels, *theirs.labels], [*(ours.scores or ()), *(theirs.scores or ())]
        return Predictions([labels[place] for place in order], [scores[place] for place in order] if scores else None)


class Predictor:
    """Predicts rows as a pipeline does. It is for one thread at a time.

    Attributes
    ----------
    schema
        The columns that rows must have: of those that are stored, the ones that the pipeline takes.
    engine
        How the pipeline is carried out.
    """

    def __init__(self, schema: Schema, engine: Engine, itself: Original | Forecaster, path: Path | None = None) -> None:
        self.schema = schema
        self.engine = engine
        self._itself = itself
        self._path = path

    @property
    def is_forecaster(self) -> bool:
        """Whether it predicts the steps that follow a series, so that rows mean nothing one by one."""
        return isinstance(self._itself, Forecaster)

    @classmethod
    def load(
        cls,
        pickled: bytes,
        schema: Sequence[Mapping[str, str]],
        sample: Sequence[Mapping[str, Any]],
        *,
        task: str,
    ) -> Predictor:
        """Load a pipeline, compile what can be compiled of it, and prove that it is equal.

        Parameters
        ----------
        pickled
            A pipeline whose bytes were verified: unpickling carries out what is in them.
        schema
            Columns of the table without its target, each with ``name``, ``dtype`` and, where it was stored, ``kind``.
        sample
            Some rows of that table.

        Raises
        ------
        Conflict
            ``pipeline.takes_no_new_rows`` where the model knows only the rows that it was fitted on.
        """
        pipeline = pickle.loads(pickled)
        stored = Schema.of(schema, sample)
        if task == "time_series":
            forecaster = Forecaster(pipeline, stored)
            return cls(forecaster.schema, Engine("original", why="Forecasts are not compiled."), forecaster)
        original = Original(pipeline, task=task)
        _check_new_rows(original.estimator, task)
        taken = original.columns or [column.name for column in stored.columns]
        known = stored.narrowed(taken, original.dates)
        engine, path = _proven(original, known, sample, task)
        return cls(known, engine, original, path)

    def read(self, rows: object) -> Table:
        """Check rows as JSON gives them; see `Schema.read`."""
        return self.schema.read(rows)

    def join(self, tables: Sequence[Table]) -> Table:
        """Put tables one after another, so that they are predicted at once.

        Raises
        ------
        BadRequest
            ``predict.failed`` for forecasts: a table asks for the steps after training, two together for others.
        """
        if self.is_forecaster:
            raise BadRequest("predict.failed", "Forecasts cannot be put together: each begins after the training rows.")
        return join(tables)

    def predict(self, table: Table) -> Predictions:
        """Predict rows.

        Raises
        ------
        BadRequest
            ``predict.failed`` with the pipeline's own words, where it refuses rows; ``predict.invalid_rows`` where
            dates do not go on where a series ends.
        """
        if self._path is None:
            return self._itself.predict(table)
        try:
            return self._path(table)
        except BadRequest:
            raise
        except Exception:  # noqa: BLE001 - whatever it is about these rows, it is for the pipeline itself to say
            return self._itself.predict(table)

    def original(self, table: Table) -> Predictions:
        """Predict rows by the pipeline itself.

        Raises
        ------
        BadRequest
            As `predict`.
        """
        return self._itself.predict(table)


def warm_up() -> Iterator[None]:
    """Import and compile in small steps what loading a pipeline needs, so that a forked process need not."""
    import sklearn.ensemble  # noqa: F401

    yield
    from workbench.predictor import walk

    yield
    for precision in (np.float32, np.float64):
        walk.rehearse(precision)
        yield


def _proven(
    original: Original, schema: Schema, sample: Sequence[Mapping[str, Any]], task: str
) -> tuple[Engine, Path | None]:
    """Find the fastest way that is equal to the pipeline itself."""
    known = domains(original.steps, schema.columns, sample)
    random = np.random.default_rng(SEED)
    tame, wild = (draw(known.values(), DRAWN, random, wild=wild) for wild in (False, True))
    original.company = tame.frame()
    tables = [(tame, 1), (wild, 3)]
    if any(column.dtype == "bool" for column in schema.columns):
        tables.append((_without_truths(tame), 0))
    names = [column.name for column in schema.columns]
    with suppress(BadRequest):
        tables.append((schema.read([{name: row.get(name) for name in names} for row in sample]), 1))
    prepared, no_preparation = _attempted(lambda: preparation.compiled(original.steps, schema.columns, known))
    estimator, no_estimator = _attempted(lambda: estimators.compiled(original.estimator, task))
    whys = [why for why in (no_preparation, no_estimator) if why]
    for path, engine in _paths(original, prepared, estimator):
        proof, unequal = _attempted(partial(prove, path, original.predict, tables))
        if proof is not None:
            why = "" if engine.path == "compiled" else " ".join(whys)
            return replace(engine, why=why, rows=proof.rows, difference=proof.difference), path
        whys.append(unequal)
    return Engine("original", why=" ".join(whys)), None


def _without_truths(table: Table) -> Table:
    """Return a row in which all truth values are missing."""
    kinds = [column.kind for column in table.columns if column.kind in NUMERIC]
    numbers = np.where([[kind == "bool"] for kind in kinds], np.nan, table.numbers[:, :1])
    return replace(table.take([0]), numbers=numbers)


def _paths(
    original: Original, prepared: Preparation | None, estimator: Compiled | None
) -> Iterator[tuple[Path, Engine]]:
    """Yield the ways there are, the fastest first."""
    decode, itself = decoder(original), original.predict
    if prepared and estimator:
        path = Path(prepared.unsure, prepared, estimator.unsure, estimator, decode, itself)
        yield path, Engine("compiled", prepared.how, estimator.told)
    if prepared:
        names = list(prepared.names)

        def ask(X: Array) -> Answer:
            return original.ask(pd.DataFrame(X, columns=names))

        yield Path(prepared.unsure, prepared, _none, ask, decode, itself), Engine("partly compiled", prepared.how)
    if estimator:
        path = Path(_none, original.matrix, estimator.unsure, estimator, decode, itself)
        yield path, Engine("partly compiled", {}, estimator.told)


def _none(_: Any) -> None:
    """Say that no row is unsure."""


def _attempted(work: Callable[[], Result]) -> tuple[Result | None, str]:
    """Return what work yields, or None and why not."""
    try:
        return work(), ""
    except (NotCompiled, Unequal) as why:
        return None, str(why)
    except Exception as error:  # noqa: BLE001 - whatever stands in the way of compiling, the pipeline itself is there
        return None, f"{type(error).__name__}: {first_line(error)}"


def _check_new_rows(estimator: Any, task: str) -> None:
    """Refuse a model that knows only the rows that it was fitted on, by what the catalogue says of it."""
    says = {model.id: model.new_rows for model in TASKS[task].models if model.new_rows}
    # A detector lives in a module of its model's name; a clustering that places no new rows has no way to.
    modules = [kind.__module__.rpartition(".")[2] for kind in type(estimator).__mro__]
    why = next((says[module] for module in modules if module in says), "")
    if not why and not hasattr(estimator, "predict"):
        why = next(iter(says.values()), f"A {type(estimator).__name__} predicts nothing.")
    if why:
        raise Conflict("pipeline.takes_no_new_rows", why)
