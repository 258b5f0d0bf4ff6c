"""Kinds of columns, and values as they are shown."""

from __future__ import annotations

from typing import Literal

ColumnKind = Literal["number", "text", "bool", "date"]
LABEL_CHARACTERS = 100
"""Longest text that is shown of a value."""


def label(value: object) -> str:
    """Write a value as it is shown, cut where it is long."""
    text = str(value)
    return text if len(text) <= LABEL_CHARACTERS else f"{text[: LABEL_CHARACTERS - 1]}…"
