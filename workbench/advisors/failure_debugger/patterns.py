"""Errors that are known by their words: data that people can read, and add to, in ``patterns.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Category = Literal["DATA", "CONFIG", "ENGINE"]
CATEGORIES: tuple[Category, ...] = ("DATA", "CONFIG", "ENGINE")
DEFAULTS = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that mends a request: the name of a function of `mends`, and what it is told."""

    name: str
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pattern:
    """An error that is known.

    Attributes
    ----------
    library
        Where such words come from.
    matches
        Expressions of which one is found in the error, whatever its case; their named groups can be used below.
    title
        A few words, for the verdict.
    cause
        One sentence. ``{who}`` is what failed, ``{target}``, ``{source}``, ``{rows}``, ``{folds}`` and ``{suspects}``
        are facts of the run.
    recommendation
        What to do, in a sentence.
    mend
        What makes a request of it that can be launched again; what does not apply changes nothing.
    suspects
        Name of a function of `suspects` that finds the columns at fault; empty: none does.
    when
        Name of a circumstance of `circumstances` without which it is another error; empty: any.
    option
        Set-up option that must be in force; empty: none.
    tasks
        Tasks that it can happen in; empty: any.
    is_generic
        Whether it says only how something ended, so that a better known line in the log goes before it.
    """

    id: str
    category: Category
    library: str
    matches: tuple[re.Pattern[str], ...]
    title: str
    cause: str
    recommendation: str
    mend: tuple[Step, ...] = ()
    suspects: str = ""
    when: str = ""
    option: str = ""
    tasks: tuple[str, ...] = ()
    is_generic: bool = False

    def search(self, text: str) -> re.Match[str] | None:
        """Find the first of its expressions that fits."""
        return next((found for expression in self.matches if (found := expression.search(text))), None)


@dataclass(frozen=True, slots=True)
class Known:
    """All that the debugger knows of errors.

    Attributes
    ----------
    patterns
        In the order in which they are tried.
    exceptions
        Class of an error → what is most likely at fault where its words are not known.
    words
        Category → expressions that hint at it in words that are not known otherwise.
    """

    patterns: tuple[Pattern, ...]
    exceptions: Mapping[str, Category]
    words: Mapping[Category, re.Pattern[str]]


@cache
def known() -> Known:
    """Read ``patterns.toml``."""
    told = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    classes = {name: category for category, names in told["exceptions"].items() for name in names}
    words = {category: _expression("|".join(parts)) for category, parts in told["words"].items()}
    return Known(tuple(_pattern(entry) for entry in told["pattern"]), classes, words)


def _pattern(entry: Mapping[str, Any]) -> Pattern:
    steps = tuple(
        Step(step["do"], {name: value for name, value in step.items() if name != "do"})
        for step in entry.get("mend", ())
    )
    rest = {name: value for name, value in entry.items() if name not in ("matches", "mend", "tasks")}
    matches = tuple(_expression(match) for match in entry["matches"])
    return Pattern(matches=matches, mend=steps, tasks=tuple(entry.get("tasks", ())), **rest)


def _expression(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)
