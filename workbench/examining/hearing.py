"""A pipeline asked about rows, in its own process: as many as it answers for in time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.catalogue import TaskName
from workbench.examining.preparation import Steps, steps_of
from workbench.judging.asking import Heard, listen, prepared
from workbench.judging.sides import Side
from workbench.predictor.original import Original
from workbench.training.supervised.classification import Said

Array = np.ndarray[Any, Any]

FIRST = 500
"""Rows that are asked for first, to see how long one takes."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a pipeline says of rows.

    Attributes
    ----------
    probabilities
        Rows × classes of `Said.learned`; None where it gives none.
    seconds
        How long it took.
    """

    heard: Heard
    probabilities: Array | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """All that a pipeline is asked at once; None where it was not asked, or there are no rows."""

    held_out: Told | None
    learned: Told | None
    steps: Steps | None


def interview(
    side: Side, held_out: pd.DataFrame, learned: pd.DataFrame, probe: pd.DataFrame | None, *, patience_s: float
) -> Answered:
    """Load a pipeline, which runs its code, and ask it about rows.

    Parameters
    ----------
    held_out, learned
        Rows in random order, of which as many first ones are asked about as time allows; there may be none.
    probe
        Rows by which the preparation is tried; None: it is not looked at.
    patience_s
        Seconds that the rows held out may take; those that were learned from may take half of that.
    """
    original = side.load()
    return Answered(
        held_out=_ask(original, side.task, held_out, patience_s) if len(held_out) else None,
        learned=_ask(original, side.task, learned, patience_s / 2) if len(learned) else None,
        steps=None if probe is None else steps_of(original, side, probe),
    )


def _ask(original: Original, task: TaskName, frame: pd.DataFrame, patience_s: float) -> Told:
    began = time.perf_counter()
    pieces = [_piece(original, task, frame, 0, FIRST)]
    took = time.perf_counter() - began
    rest = min(len(frame) - FIRST, int((patience_s - took) / took * FIRST))
    if rest > 0:
        pieces.append(_piece(original, task, frame, FIRST, FIRST + rest))
    heard = Heard(np.concatenate([found.places for found, _ in pieces]), _joined([found.said for found, _ in pieces]))
    of_each = [given for _, given in pieces if given is not None]
    probabilities = np.concatenate(of_each) if len(of_each) == len(pieces) else None
    return Told(heard, probabilities, time.perf_counter() - began)


def _piece(original: Original, task: TaskName, frame: pd.DataFrame, start: int, end: int) -> tuple[Heard, Array | None]:
    rows = frame.iloc[start:end].reset_index(drop=True)
    heard = listen(original, task, rows)
    given = _probabilities(original, rows, heard.said) if task == "classification" else None
    return Heard(heard.places + start, heard.said), given


def _probabilities(original: Original, rows: pd.DataFrame, said: Said) -> Array | None:
    if not hasattr(original.estimator, "predict_proba"):
        return None
    if said.scores is not None and said.scores.ndim > 1:
        return said.scores
    if said.scores is not None and not said.decides:
        return np.column_stack([1 - said.scores, said.scores])
    return np.asarray(original.estimator.predict_proba(prepared(original, rows)))


def _joined(pieces: Sequence[Any]) -> Any:
    if not isinstance(pieces[0], Said):
        return np.concatenate(pieces)
    scores = [piece.scores for piece in pieces if piece.scores is not None]
    return replace(
        pieces[0],
        labels=np.concatenate([piece.labels for piece in pieces]),
        scores=np.concatenate(scores) if scores else None,
    )
