"""A date as text, read by the pattern that its column had where it was learned from, whatever stands beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

PATTERN = "date_pattern"
"""Attribute of a fitted forecaster: how the dates of its table are written, or None."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
"""Dates in full that mean one day only, whatever a column's pattern is."""
_DAY_BEFORE_MONTH = "%Y-%d"
"""How a pattern begins by which what looks like such a date is another one."""
_TODAYS = re.compile(r"now|today|\d{1,2}:.*", re.ASCII | re.DOTALL)
"""What pandas reads as another date on another day."""
_BEYOND_PYTHON = ("%f", "%z")
"""What Python reads more narrowly than pandas."""
_YEARS = range(1678, 2262)
"""Years of which pandas holds every nanosecond."""


def read_date(text: str, pattern: str | None = None) -> datetime | None:
    """Read one text; None: it is no date.

    Parameters
    ----------
    pattern
        As for ``strptime``; None: each text is read by itself as pandas reads mixed ones, months before days where both
        are possible.

    Returns
    -------
    datetime
        The clock's time where it was written, without a zone. Dates in full by ISO 8601 are read whatever the pattern.
    """
    if _TODAYS.fullmatch(text):
        return None
    try:
        date = _read(text, pattern)
    except (ValueError, TypeError, OverflowError):
        return None
    # What pandas reads as a gap is no year of any date.
    return date.replace(tzinfo=None) if date.year in _YEARS else None


def example(pattern: str) -> str:
    """Write a date by a pattern."""
    return datetime(2019, 12, 31, tzinfo=UTC).strftime(pattern)


def _read(text: str, pattern: str | None) -> datetime:
    if _ISO.fullmatch(text) and not (pattern or "").startswith(_DAY_BEFORE_MONTH):
        return datetime.fromisoformat(text)
    if pattern and not any(directive in pattern for directive in _BEYOND_PYTHON):
        return datetime.strptime(text, pattern)
    import pandas as pd

    return pd.to_datetime(text, format=pattern or "mixed")
