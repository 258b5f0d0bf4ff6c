"""Words that may leave whatever a table holds: this project's own, closed lists all of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from workbench.catalogue import PLANS, TASKS

_HERE = Path(__file__).parent
_WORD = re.compile(r"[a-z0-9]+")
_IN_NAMES = (
    "measures",
    "cells",
    "of_groups",
    "of_intervals",
    "labelled",
    "columns",
    "codes",
    "sentences",
    "structure",
)


@cache
def listed(name: str) -> frozenset[str]:
    """Return one of the lists of ``shown.toml``, which says what each means."""
    return _lists()[name]


def lists() -> tuple[str, ...]:
    """Return the names of those lists."""
    return tuple(_lists())


@cache
def words() -> frozenset[str]:
    """Return the words that the project's sentences and its libraries' errors are made of, in small letters."""
    lines = (_HERE / "words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def terms_of_art() -> frozenset[str]:
    """Return ids and names of tasks, plans, models, metrics and options."""
    found: set[str] = set(PLANS)
    for task in TASKS.values():
        found |= {task.name, task.title, *task.options, *task.plans}
        found |= {told for model in task.models for told in (model.id, model.name)}
        found |= {told for metric in task.metrics for told in (metric.id, metric.name)}
    for plan in PLANS.values():
        found |= {option.name for option in plan.options}
    return frozenset(found)


@cache
def is_field(name: str) -> bool:
    """Whether a name is made of the project's words alone, and may be shown whatever it names."""
    known = frozenset[str]().union(*(listed(of) for of in _IN_NAMES))
    found = _WORD.findall(name.lower())
    return name in terms_of_art() or name in known or (bool(found) and known.issuperset(found))


@cache
def is_aggregate(name: str) -> bool:
    """Whether a number of that name tells of many rows, or of a model.

    >>> is_aggregate("missing_share"), is_aggregate("largest_value")
    (True, False)
    """
    found = _WORD.findall(name.lower())
    measures, cells = listed("measures"), listed("cells")
    is_measure = is_field(name) and not measures.isdisjoint(found) and cells.isdisjoint(found)
    return name in _metrics() or is_measure


@cache
def _metrics() -> frozenset[str]:
    return frozenset(told for task in TASKS.values() for metric in task.metrics for told in (metric.id, metric.name))


@cache
def _lists() -> Mapping[str, frozenset[str]]:
    told = tomllib.loads((_HERE / "shown.toml").read_text(encoding="utf-8"))
    return {name: frozenset(found) for name, found in told.items()}
