"""How lines of the audit log are chained: each bears a hash of itself and of the line before.

What is hashed is fixed: a log that was written years ago must be provable still.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

BEGINNING = "0" * 64
"""What the first line has before it."""

_FIELDS = (
    "id",
    "seq",
    "workspace_id",
    "at",
    "by",
    "origin",
    "key_id",
    "outcome",
    "action",
    "subject",
    "subject_id",
    "message",
    "details",
)


def link(previous: str, line: Mapping[str, Any]) -> str:
    """Return the hash of a line that follows another one.

    Parameters
    ----------
    previous
        Hash of the line before; `BEGINNING` where there is none.
    line
        ``id``, ``seq``, ``workspace_id``, ``at``, ``by``, ``origin``, ``key_id``, ``outcome``, ``action``, ``subject``,
        ``subject_id``, ``message`` and ``details``; others are not looked at.

    Returns
    -------
    str
        SHA-256, as 64 hexadecimal digits.
    """
    values = [_plain(line[name]) for name in _FIELDS]
    text = json.dumps([previous, *values], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
