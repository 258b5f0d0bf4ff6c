"""Circumstances of a run under which the same words mean another error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from workbench.advisors.failure_debugger import suspects
from workbench.advisors.failure_debugger.evidence import FailureEvidence
from workbench.catalogue import TASKS

NAMES_AN_OPTION = "names_an_option"
"""The one circumstance that is one of the error's own words."""
_TRANSFORMATIONS = ("transformation", "transform_target", "transform_exogenous")
_DROPPING = ("low_variance_threshold", "feature_selection", "remove_multicollinearity")
_SHORTEST_WORD = 3
"""Letters from which a value is a word that an error may be about."""


def holds(name: str, evidence: FailureEvidence, text: str) -> bool:
    """Whether a circumstance is given; the empty name always is."""
    if name == NAMES_AN_OPTION:
        return bool(named_options(evidence, text))
    return not name or _CIRCUMSTANCES[name](evidence)


def in_force(evidence: FailureEvidence, name: str) -> bool:
    """Whether a set-up option is on, or has a value."""
    known = TASKS[evidence.task].options.get(name)
    return known is not None and bool(evidence.setup.get(name, known.default))


def named_options(evidence: FailureEvidence, text: str) -> tuple[str, ...]:
    """Return the set-up options of a run that an error names, by name or else by the value that they have."""
    by_name = [name for name in evidence.setup if re.search(rf"\b{re.escape(name)}\b", text)]
    if by_name:
        return tuple(by_name)
    return tuple(name for name, value in evidence.setup.items() if _is_told(value, text.casefold()))


def _is_told(value: Any, text: str) -> bool:
    """Whether an error tells a value: a word anywhere, a number where it says what it got."""
    if isinstance(value, str):
        return len(value) >= _SHORTEST_WORD and value.casefold() in text
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and re.search(rf"\bgot {re.escape(str(value))}(?![\w.]*\d)", text) is not None


def _gaps_are_kept(evidence: FailureEvidence) -> bool:
    options = TASKS[evidence.task].options
    is_filled = "imputation_type" not in options or evidence.setup.get("imputation_type", "simple") is not None
    return not is_filled or _texts_are_kept(evidence)


def _texts_are_kept(evidence: FailureEvidence) -> bool:
    return "preprocess" in TASKS[evidence.task].options and not in_force(evidence, "preprocess")


_CIRCUMSTANCES: Mapping[str, Callable[[FailureEvidence], bool]] = {
    "gaps_are_kept": _gaps_are_kept,
    "memory_is_limited": lambda evidence: bool(evidence.spec.get("unit_memory")),
    "texts_are_kept": _texts_are_kept,
    "texts_named_numbers": lambda evidence: bool(suspects.find("texts_named_numbers", evidence)),
    "is_transformed": lambda evidence: any(in_force(evidence, name) for name in _TRANSFORMATIONS),
    "features_are_dropped": lambda evidence: any(in_force(evidence, name) for name in _DROPPING),
}
