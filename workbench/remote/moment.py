"""Times as they are told to an API: it is elsewhere, and what has no zone is local time here."""

from __future__ import annotations

from datetime import datetime


def told(time: datetime | str) -> str:
    """Write a time with its zone; what is no time stays as it is, for the API to say so."""
    try:
        moment = time if isinstance(time, datetime) else datetime.fromisoformat(time)
    except (TypeError, ValueError):
        return str(time)
    return moment.astimezone().isoformat()
