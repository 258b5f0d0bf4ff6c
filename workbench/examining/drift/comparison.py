"""Two samples of rows, column by column: how far they are from each other, and whether that is more than chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from workbench.advisors.drift_analyst.evidence import Cell, Form, Fresh, Of, Shift
from workbench.examining.drift import significance
from workbench.examining.drift.cells import Counted, by_category, by_tenths, distance, for_plot, stability
from workbench.examining.drift.held import Held, label, shown

Array = np.ndarray[Any, Any]

FEW = 20
"""Most distinct numbers that are compared as categories: tests of numbers lose their power where values repeat."""
PLOTS = 12
FRESH_MOST = 10
TEXT_SHARE = 0.5
"""Distinct labels as a share of those that are there, beyond which they are names or free text."""
SURE = 30
"""Values from which on what a column is can be told by how few of them repeat."""
COUNTER_SPAN = 2.0
"""A counter's values span at most so many times as many numbers as the table has rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of all rows that a pipeline learned from, of which a sample is compared.

    Attributes
    ----------
    rows
        How many there are.
    low, high
        Bounds of numbers or dates; None: not known.
    labels
        All labels; None: not known.
    """

    rows: int = 0
    low: float | None = None
    high: float | None = None
    labels: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One column of both sides; or predictions, their scores, the target."""

    name: str
    reference: Held
    live: Held
    of: Of = "input"
    known: Known = field(default_factory=Known)


def compare(pairs: Sequence[Pair]) -> tuple[Shift, ...]:
    """Measure how far both sides are from each other, one by one; p-values are corrected over all of them together.

    Returns
    -------
    tuple of Shift
        In the order of the pairs; those that moved most have cells for a plot.
    """
    found = [_shift(pair) for pair in pairs]
    gaps = [
        significance.of_gaps((pair.reference.missing, pair.live.missing), (pair.reference.rows, pair.live.rows))
        for pair in pairs
    ]
    corrected = significance.corrected([*(shift.p for shift in found), *gaps])
    moved = sorted((-shift.effect, at) for at, shift in enumerate(found) if shift.psi is not None)
    plotted = {at for _, at in moved[:PLOTS]}
    return tuple(
        shift.model_copy(
            update={
                "p_corrected": p,
                "missing_p": gap,
                "missing_p_corrected": gap_corrected,
                "cells": _cells(pair, shift.form) if at in plotted else (),
            }
        )
        for at, (pair, shift, p, gap, gap_corrected) in enumerate(
            zip(pairs, found, corrected[: len(found)], gaps, corrected[len(found) :], strict=True)
        )
    )


def tests_in(shifts: Sequence[Shift]) -> int:
    """Count the tests that p-values are corrected for, one of values and one of gaps each, made or not."""
    return 2 * len(shifts)


def _shift(pair: Pair) -> Shift:
    reference, live, form = pair.reference, pair.live, _form(pair)
    told: dict[str, Any] = {
        "name": pair.name,
        "of": pair.of,
        "form": form,
        "reference_rows": len(reference.values),
        "live_rows": len(live.values),
        "missing_reference": reference.missing / max(1, reference.rows),
        "missing_live": live.missing / max(1, live.rows),
        "unfit": live.unfit,
    }
    if form == "empty":
        return Shift(**told)
    if form in ("text", "counter"):
        told |= {"distinct_reference": _distinct(reference), "distinct_live": _distinct(live)}
        return Shift(**told)
    told |= {**_typical(pair, form), **_beyond(pair)}
    is_category = form == "category"
    counted = _by_category(pair) if is_category else by_tenths(reference.values, live.values)
    tested = significance.of_counts(counted) if is_category else significance.of_numbers(reference.values, live.values)
    psi, chance = stability(counted)
    told |= {"psi": psi, "chance": chance, "distance": distance(counted)}
    if tested is not None:
        told |= {"test": tested.name, "statistic": tested.statistic, "p": tested.p}
    return Shift(**told)


def _form(pair: Pair) -> Form:
    reference, live = pair.reference, pair.live
    if not len(reference.values) or not len(live.values):
        return "empty"
    count = len(pd.unique(reference.values))
    if reference.scale == "label":
        is_text = pair.of == "input" and count > max(FEW, TEXT_SHARE * len(reference.values))
        return "text" if is_text and len(reference.values) >= SURE else "category"
    if reference.scale == "date":
        return "date"
    if count <= FEW and len(pd.unique(np.concatenate([reference.values, live.values]))) <= FEW:
        return "category"
    return "counter" if pair.of == "input" and _is_counter(reference.values, count, pair.known.rows) else "number"


def _is_counter(values: Array, distinct: int, rows: int) -> bool:
    if distinct < max(SURE, len(values)) or (values != np.trunc(values)).any():
        return False
    return bool(values.max() - values.min() < COUNTER_SPAN * max(rows, len(values)))


def _labels(held: Held) -> Array:
    if held.scale == "label":
        return held.values
    known, places = np.unique(held.values, return_inverse=True)
    return np.array([label(value) for value in known.tolist()], dtype=object)[places]


def _by_category(pair: Pair) -> Counted:
    return by_category(_labels(pair.reference), _labels(pair.live))


def _distinct(held: Held) -> float:
    return len(pd.unique(held.values)) / len(held.values)


def _typical(pair: Pair, form: Form) -> Mapping[str, Any]:
    def of(held: Held) -> float | str:
        if form == "category":
            return str(Counter(_labels(held).tolist()).most_common(1)[0][0])
        return shown(float(np.median(held.values)), held.scale)

    return {"typical_reference": of(pair.reference), "typical_live": of(pair.live)}


def _beyond(pair: Pair) -> Mapping[str, Any]:
    """Tell which live values lie beyond all that the pipeline learned from."""
    live, known = pair.live, pair.known
    if live.scale == "label":
        if known.labels is None:
            return {}
        counts = Counter(value for value in live.values.tolist() if value not in known.labels)
        fresh = tuple(Fresh(value=value, rows=rows) for value, rows in counts.most_common(FRESH_MOST))
        return {"fresh": fresh, "fresh_rows": counts.total()}
    if known.low is None or known.high is None:
        return {}
    is_outside = (live.values < known.low) | (live.values > known.high)
    low, high = shown(known.low, live.scale), shown(known.high, live.scale)
    return {"outside": float(is_outside.mean()), "low": low, "high": high}


def _cells(pair: Pair, form: Form) -> tuple[Cell, ...]:
    if form == "category":
        counted = _by_category(pair)
        labels = list(counted.labels)
        order = _in_order(labels) if pair.reference.scale == "number" else range(len(labels))
    else:
        edges, counted = for_plot(pair.reference.values, pair.live.values)
        written = [_edge(edge, pair.reference.scale) for edge in edges.tolist()]
        between = [f"{low} – {high}" for low, high in pairwise(written)]
        labels = [f"below {written[0]}", *between, f"from {written[-1]}"]
        order = range(len(labels))
    before, now = counted.shares
    return tuple(Cell(label=labels[at], reference=float(before[at]), live=float(now[at])) for at in order)


def _in_order(labels: Sequence[str]) -> list[int]:
    def place(at: int) -> float:
        try:
            return float(labels[at])
        except ValueError:
            return np.inf

    return sorted(range(len(labels)), key=place)


def _edge(value: float, scale: str) -> str:
    return str(shown(value, "date"))[:10] if scale == "date" else f"{value:,.4g}"
