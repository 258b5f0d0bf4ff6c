"""Traffic of a deployment, minute by minute, as its plots take it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.serving.deployment import LIVE
from workbench.serving.reports import Minute


def points_of(minutes: Sequence[Minute]) -> list[dict[str, Any]]:
    """Sum up what was answered minute by minute, whichever pipeline did.

    Where two did in one minute, latency is that of the one with more requests: quantiles cannot be added up.
    """
    points: dict[str, dict[str, Any]] = {}
    for minute in sorted((one for one in minutes if one.role == LIVE), key=lambda one: one.requests):
        at = minute.minute.isoformat()
        point = points.setdefault(at, {"at": at, "requests": 0, "rows": 0, "errors": 0})
        point["requests"] += minute.requests
        point["rows"] += minute.rows
        point["errors"] += minute.errors
        point["p50"], point["p95"] = minute.p50_ms.get("total"), minute.p95_ms.get("total")
    return sorted(points.values(), key=lambda point: str(point["at"]))
