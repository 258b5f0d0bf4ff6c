"""What pre-flight's codes are called in an advice: a few words for a verdict, and the risk that they warn of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workbench.advisors.advice import RiskFlag
from workbench.advisors.table import Found

_WORDS: Mapping[str, str] = {
    "column.cardinality": "texts with few rows a value",
    "column.constant": "constant columns",
    "column.dates": "dates taken for categories",
    "column.duplicate": "columns that are there twice",
    "column.identifier": "an identifier",
    "column.name": "names that are changed",
    "leak.computed": "a leak",
    "leak.copy": "a leak",
    "leak.gaps": "a leak by gaps",
    "leak.score": "a column that may leak",
    "memory.exceeded": "too little memory",
    "memory.tight": "memory may not suffice",
    "memory.wide": "many columns after encoding",
    "rows.duplicate": "rows that are alike",
    "split.groups": "rows that belong together",
    "split.time": "rows in the order of time",
    "table.unseen": "rows that could not be looked at",
    "target.imbalance": "imbalanced classes",
    "target.rare": "rare classes",
}
_FLAGS: Mapping[str, RiskFlag] = {
    "column.identifier": "identifier",
    "leak.computed": "leak",
    "leak.copy": "leak",
    "leak.gaps": "leak",
    "leak.score": "leak",
    "target.imbalance": "imbalance",
}


def words(found: Found) -> str:
    """Say a finding in a few words, with the column where it is one alone."""
    told = _WORDS.get(found.code, found.code)
    return f"{told} ('{found.columns[0]}')" if len(found.columns) == 1 else told


def flags(found: Iterable[Found]) -> list[RiskFlag]:
    """Return what findings warn of, each once."""
    told: dict[RiskFlag, None] = {}
    for each in found:
        flag = _FLAGS.get(each.code)
        if flag is not None:
            told[flag] = None
        elif each.code == "rows.duplicate" and each.measured.get("repeated"):
            told["duplicate_rows"] = None
    return list(told)


def finding_id(found: Found) -> str:
    """Return what tells a finding from others of an advice."""
    return f"{found.code}:{','.join(found.columns)}" if found.columns else found.code


def once(found: Sequence[Found]) -> list[Found]:
    """Return findings, of those with the same id the first."""
    return list({finding_id(each): each for each in reversed(found)}.values())[::-1]
