"""Moments as people name them."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.errors import BadRequest
from workbench.plain import shown


def read_moment(told: datetime | str) -> datetime:
    """Return a moment in UTC; what has no zone is local time.

    Parameters
    ----------
    told
        A time, or one as ISO 8601 writes it.

    Raises
    ------
    BadRequest
        ``spec.invalid`` when it is no time.
    """
    try:
        found = told if isinstance(told, datetime) else datetime.fromisoformat(told)
        return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRequest("spec.invalid", f"{shown(told)} is no time; 2026-03-31T12:00 is one.") from error
