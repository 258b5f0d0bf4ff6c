"""Columns that may be at fault, by what is known of them without reading the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from workbench.advisors.failure_debugger.evidence import ColumnFact, FailureEvidence

_ODD = frozenset('"[]{},:<>')
"""Characters that boosters keep for their own files."""
_SINGLE_MOST = 3.4028234663852886e38
"""Largest number of single precision, IEEE 754: estimators that compute in it refuse what is larger."""


def find(name: str, evidence: FailureEvidence) -> tuple[str, ...]:
    """Return the columns at fault, by the name of what is looked for; nothing where none is found."""
    return tuple(_FINDERS[name](evidence)) if name else ()


def _features(is_it: Callable[[ColumnFact], bool]) -> Callable[[FailureEvidence], list[str]]:
    return lambda evidence: [column.name for column in evidence.features if is_it(column)]


def _gaps(evidence: FailureEvidence) -> list[str]:
    with_gaps = [column for column in evidence.features if column.missing]
    return [column.name for column in sorted(with_gaps, key=lambda column: -column.missing)]


def _target(evidence: FailureEvidence) -> list[str]:
    return [evidence.target] if evidence.target else []


def _alike_names(evidence: FailureEvidence) -> list[str]:
    seen: set[str] = set()
    alike = []
    for column in evidence.features:
        plain = re.sub(r"\W+", "", column.name).casefold()
        if plain in seen:
            alike.append(column.name)
        seen.add(plain)
    return alike


def _texts_named_numbers(evidence: FailureEvidence) -> list[str]:
    named = evidence.setup.get("numeric_features") or ()
    return [column.name for column in evidence.features if column.name in named and column.kind in ("text", "date")]


def _is_enormous(column: ColumnFact) -> bool:
    ends = [abs(end) for end in (column.minimum, column.maximum) if end is not None]
    return bool(column.infinite) or any(end > _SINGLE_MOST for end in ends)


_FINDERS: Mapping[str, Callable[[FailureEvidence], list[str]]] = {
    "texts": _features(lambda column: column.kind in ("text", "date")),
    "texts_named_numbers": _texts_named_numbers,
    "gaps": _gaps,
    "target": _target,
    "odd_names": _features(lambda column: bool(_ODD & set(column.name))),
    "alike_names": _alike_names,
    "enormous": _features(_is_enormous),
    "constant": _features(lambda column: column.distinct <= 1),
    "negative": _features(lambda column: column.minimum is not None and column.minimum < 0),
}
"""What is looked for → what finds it."""
