"""What was counted and kept of a deployment's predictions, read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from workbench.serving.deployment import SHADOW, DeploymentRecord
from workbench.serving.traffic import BOUNDS_MS, STAGES, Histogram, Stage
from workbench.store.store import Store
from workbench.store.tables import PredictionRow, PredictionStatsRow, now


@dataclass(frozen=True, slots=True)
class Minute:
    """What one pipeline answered for a deployment in one minute.

    Attributes
    ----------
    minute
        When it began, in UTC.
    p50_ms, p95_ms
        By stage, in milliseconds, as exact as the histogram's buckets; None where nothing was counted.
    compared, agreed, gap
        Of a shadow: rows that both answered, on how many they said the same, and the mean absolute difference of
        numbers; None where no row was compared.
    """

    pipeline_id: str
    role: str
    minute: datetime
    requests: int
    rows: int
    errors: int
    p50_ms: dict[Stage, float | None]
    p95_ms: dict[Stage, float | None]
    compared: int
    agreed: int
    gap: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return {
            "pipeline_id": self.pipeline_id,
            "role": self.role,
            "minute": self.minute.isoformat(),
            "requests": self.requests,
            "rows": self.rows,
            "errors": self.errors,
            "p50_ms": dict(self.p50_ms),
            "p95_ms": dict(self.p95_ms),
            "compared": self.compared,
            "agreed": self.agreed,
            "gap": self.gap,
        }


@dataclass(frozen=True, slots=True)
class Logged:
    """One row that was asked for, of those that were kept.

    Attributes
    ----------
    place
        Index of the row within its request.
    """

    request_id: str
    place: int
    at: datetime
    pipeline_id: str
    role: str
    input: dict[str, Any]
    answer: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return {
            "request_id": self.request_id,
            "place": self.place,
            "at": self.at.isoformat(),
            "pipeline_id": self.pipeline_id,
            "role": self.role,
            "input": self.input,
            "answer": self.answer,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a shadow's answers compare with those that were returned.

    Attributes
    ----------
    agreement
        Share of the rows on which both said the same; None where none was compared.
    gap
        Mean absolute difference of numbers; None where none was compared, 0.0 for labels.
    """

    pipeline_id: str
    compared: int
    agreement: float | None
    gap: float | None
    requests: int
    errors: int


def minutes(store: Store, record: DeploymentRecord, *, last: int = 60) -> list[Minute]:
    """Return what was counted in the last minutes, oldest first; minutes without a request are left out."""
    since = now() - timedelta(minutes=last)
    query = (
        select(PredictionStatsRow)
        .where(PredictionStatsRow.deployment_id == record.id, PredictionStatsRow.minute >= since)
        .order_by(PredictionStatsRow.minute, PredictionStatsRow.role, PredictionStatsRow.pipeline_id)
    )
    with store.database.read() as session:
        return [_minute(row) for row in session.scalars(query)]


def predictions(store: Store, record: DeploymentRecord, *, limit: int = 100) -> list[Logged]:
    """Return the rows that were kept, newest first."""
    query = (
        select(PredictionRow)
        .where(PredictionRow.deployment_id == record.id)
        .order_by(PredictionRow.at.desc(), PredictionRow.id.desc())
        .limit(limit)
    )
    with store.database.read() as session:
        return [
            Logged(row.request_id, row.place, row.at, row.pipeline_id, row.role, row.input, row.answer)
            for row in session.scalars(query)
        ]


def of_shadow(store: Store, record: DeploymentRecord, pipeline_id: str) -> Comparison:
    """Return how a pipeline compared in the shadow of a deployment, since it was first there."""
    query = select(PredictionStatsRow).where(
        PredictionStatsRow.deployment_id == record.id,
        PredictionStatsRow.pipeline_id == pipeline_id,
        PredictionStatsRow.role == SHADOW,
    )
    with store.database.read() as session:
        rows = session.scalars(query).all()
    compared = sum(row.compared for row in rows)
    return Comparison(
        pipeline_id=pipeline_id,
        compared=compared,
        agreement=sum(row.agreed for row in rows) / compared if compared else None,
        gap=sum(row.gap for row in rows) / compared if compared else None,
        requests=sum(row.requests for row in rows),
        errors=sum(row.errors for row in rows),
    )


def _minute(row: PredictionStatsRow) -> Minute:
    histograms = {stage: Histogram.of(row.histograms[stage]) for stage in STAGES if stage in row.histograms}
    return Minute(
        pipeline_id=row.pipeline_id,
        role=row.role,
        minute=row.minute,
        requests=row.requests,
        rows=row.rows,
        errors=row.errors,
        p50_ms={stage: _estimate(histogram.counts, 0.5) for stage, histogram in histograms.items()},
        p95_ms={stage: _estimate(histogram.counts, 0.95) for stage, histogram in histograms.items()},
        compared=row.compared,
        agreed=row.agreed,
        gap=row.gap / row.compared if row.compared else None,
    )


def _estimate(counts: Sequence[int], share: float) -> float | None:
    """Estimate a quantile from a histogram, linearly within its bucket as Prometheus does."""
    total = sum(counts)
    if not total:
        return None
    wanted, below = share * total, 0
    for place, count in enumerate(counts):
        if count and below + count >= wanted:
            lower = BOUNDS_MS[place - 1] if place else 0.0
            upper = BOUNDS_MS[place] if place < len(BOUNDS_MS) else lower
            return lower + (upper - lower) * (wanted - below) / count
        below += count
    return BOUNDS_MS[-1]
