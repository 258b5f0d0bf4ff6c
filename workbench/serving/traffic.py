"""What is counted of predictions: totals, latency over the last requests, and histograms by the minute."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

WINDOW = 100
"""Requests over which p50 and p95 are taken."""
BOUNDS_MS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
"""Upper bounds of the histograms' buckets, in milliseconds; a last one has none."""

Stage = Literal["parse", "validate", "predict", "total"]
STAGES: tuple[Stage, ...] = ("parse", "validate", "predict", "total")


@dataclass(slots=True)
class Histogram:
    """Counts by bucket, and the sum of what was counted, in milliseconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    sum_ms: float = 0.0

    def add(self, value_ms: float) -> None:
        self.counts[bisect_left(BOUNDS_MS, value_ms)] += 1
        self.sum_ms += value_ms

    def take(self, other: Histogram) -> None:
        self.counts = [one + two for one, two in zip(self.counts, other.counts, strict=True)]
        self.sum_ms += other.sum_ms

    def as_dict(self) -> dict[str, object]:
        return {"counts": list(self.counts), "sum_ms": self.sum_ms}

    @classmethod
    def of(cls, stored: Mapping[str, object]) -> Histogram:
        counts, sum_ms = stored["counts"], stored["sum_ms"]
        assert isinstance(counts, Sequence) and isinstance(sum_ms, int | float)
        return cls([int(count) for count in counts], float(sum_ms))


@dataclass(slots=True)
class Counted:
    """What one pipeline answered in one role since it was last written down."""

    requests: int = 0
    rows: int = 0
    errors: int = 0
    compared: int = 0
    agreed: int = 0
    gap: float = 0.0
    histograms: dict[Stage, Histogram] = field(default_factory=lambda: {stage: Histogram() for stage in STAGES})

    def add(self, *, rows: int, is_error: bool, stages_ms: Mapping[Stage, float]) -> None:
        self.requests += 1
        self.rows += rows
        self.errors += is_error
        for stage, value_ms in stages_ms.items():
            self.histograms[stage].add(value_ms)

    def take(self, other: Counted) -> None:
        self.requests += other.requests
        self.rows += other.rows
        self.errors += other.errors
        self.compared += other.compared
        self.agreed += other.agreed
        self.gap += other.gap
        for stage, histogram in other.histograms.items():
            self.histograms[stage].take(histogram)


@dataclass(frozen=True, slots=True)
class Key:
    """Whose counts they are, and of which minute."""

    deployment_id: str
    pipeline_id: str
    role: str
    minute: datetime


class Traffic:
    """Counts of one gateway, until they are written down. Not to be shared between threads.

    Attributes
    ----------
    totals
        Deployment, pipeline and role → what was counted since the process began.
    """

    def __init__(self) -> None:
        self.totals: dict[tuple[str, str, str], Counted] = {}
        self._counted: dict[Key, Counted] = {}
        self._latest: dict[str, deque[float]] = {}

    def add(
        self,
        deployment_id: str,
        pipeline_id: str,
        role: str,
        *,
        at: float,
        rows: int,
        is_error: bool,
        stages_ms: Mapping[Stage, float],
    ) -> None:
        """Count a request.

        Parameters
        ----------
        at
            When it came, in seconds since the epoch.
        stages_ms
            Milliseconds of those stages that it came to.
        """
        key = Key(deployment_id, pipeline_id, role, _minute(at))
        for counted in (
            self._counted.setdefault(key, Counted()),
            self.totals.setdefault((deployment_id, pipeline_id, role), Counted()),
        ):
            counted.add(rows=rows, is_error=is_error, stages_ms=stages_ms)

    def took(self, deployment_id: str, total_ms: float) -> None:
        """Add a request to the window of its deployment."""
        self._latest.setdefault(deployment_id, deque(maxlen=WINDOW)).append(total_ms)

    def latency(self, deployment_id: str) -> tuple[float | None, float | None]:
        """Return p50 and p95 of a deployment's last requests, in milliseconds; None where there were none."""
        latest = sorted(self._latest.get(deployment_id, ()))
        return (quantile(latest, 0.5), quantile(latest, 0.95)) if latest else (None, None)

    def hand_over(self) -> dict[Key, Counted]:
        """Return what was counted since the last call, and begin anew."""
        counted, self._counted = self._counted, {}
        return counted

    def take_back(self, counted: Mapping[Key, Counted]) -> None:
        """Count again what could not be written down."""
        for key, what in counted.items():
            self._counted.setdefault(key, Counted()).take(what)


def _minute(at: float) -> datetime:
    return datetime.fromtimestamp(at - at % 60, UTC)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below or at which a share of values lies: the nearest rank (Hyndman and Fan 1996, type 1).

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    place = -int(-share * len(ordered) // 1)
    return ordered[min(len(ordered), max(1, place)) - 1]
