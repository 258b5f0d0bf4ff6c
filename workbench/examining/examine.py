"""A fitted pipeline examined on rows that it did not learn from, part by part, as far as time allows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.advisors.examination import PARTS, Examination, Part
from workbench.catalogue import TASKS
from workbench.examining import forecasting
from workbench.examining.clock import Clock
from workbench.examining.subject import Subject
from workbench.examining.tabular import Tabular
from workbench.judging.sides import Side, Table
from workbench.training.request import Limits

BUDGET_S = 12.0
"""Seconds that an examination takes at most, where nobody says otherwise."""


def examine(
    side: Side,
    table: Table,
    *,
    target: str | None,
    metric: str | None = None,
    parts: Collection[Part] = PARTS,
    segment: str | None = None,
    budget_s: float = BUDGET_S,
    limits: Limits | None = None,
) -> Examination:
    """Examine a fitted pipeline on rows that it did not learn from.

    Its code runs in processes of their own, each of which ends with the time that is left. How many rows are looked at
    and how often goes by counts of rows and columns, so that the same pipeline and rows give the same numbers, unless
    time runs out: then what was found is kept, and notes tell what was not looked at, or on fewer rows.

    Parameters
    ----------
    side
        The pipeline, its bytes verified; its role names it in the notes.
    table
        The one that it learned from, under a fresh index; or another, whose rows are taken to be new to it.
    target
        Column with the truth; None for a task without one.
    metric
        Display name of the one that counts; None: the one that ranks the task's leaderboards.
    parts
        What to look at: see `workbench.advisors.examination.PARTS`.
    segment
        Column of the table by whose values the scores are told, also where the pipeline does not take it; None: the
        worst segments of the columns that it takes are looked for.
    budget_s
        Seconds that it may take in all.
    limits
        Of the pipeline's processes; the time that is left limits them too. None: none but that.
    """
    known = TASKS[side.task]
    named = known.metric(metric or known.sort)
    assert named is not None, metric
    clock = Clock(budget_s)
    if target is None:
        return _without_truth(side, clock, parts)
    subject = Subject(side, replace(table, frame=table.frame.reset_index(drop=True)), target, named)
    held = limits or Limits()
    if side.task == "time_series":
        found = forecasting.examine(subject, clock, replace(held, model_s=_least(held.model_s, budget_s)))
    else:
        found = Tabular(subject, clock, held, frozenset(parts), segment).examine()
    return found.model_copy(update={"notes": tuple(clock.notes), "seconds": dict(clock.seconds)})


def _least(asked: float, left: float) -> float:
    return min(asked, left) if asked else left


def _without_truth(side: Side, clock: Clock, parts: Collection[Part]) -> Examination:
    """Tell the little that can be said of groups and anomalies: how many rows there are of each."""
    title = TASKS[side.task].title
    for part in PARTS:
        if part in parts:
            clock.lacks(part, f"{title} has no truth that its answers could be held against.")
    reference: dict[str, Any] = dict(side.reference or {})
    counts = (reference.get("predictions") or {}).get("values", [])
    rows = float(np.sum([count for _, count in counts])) if counts else 0.0
    return Examination(
        task=side.task,
        target=None,
        metric="",
        rows_learned=int(reference.get("rows", 0)),
        classes={str(label): count / rows for label, count in counts},
        notes=tuple(clock.notes),
    )
