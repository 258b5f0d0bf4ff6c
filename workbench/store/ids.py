"""How users name what the store holds: by a text, by an id, or by the end of one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from workbench.plain import shown

_DIGITS = frozenset("0123456789abcdef-")
_LENGTH = 36
_SHORTEST = 4


def matching(column: Any, reference: object) -> ColumnElement[bool] | None:
    """Tell which ids a reference can mean: the one, or all that end in it (at least four digits).

    The first digits of an id are the time, alike for neighbours.

    Returns
    -------
    ColumnElement or None
        A condition on the column; None when it can mean no id at all.
    """
    end = str(reference).lower()
    if len(end) < _SHORTEST or not _DIGITS.issuperset(end):
        return None
    condition: ColumnElement[bool] = column == end if len(end) == _LENGTH else column.endswith(end)
    return condition


def text(reference: object) -> str:
    """Return what a thing is looked up by: a text that any database takes, whatever was given."""
    text = reference if isinstance(reference, str) else shown(reference)
    return text.replace("\0", "?").encode(errors="replace").decode()
