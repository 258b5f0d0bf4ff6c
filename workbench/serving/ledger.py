"""What a gateway counted and sampled, written down: totals, minutes, rows kept for drift, and how shadows compare."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from workbench.serving.deployment import LIVE, SHADOW
from workbench.serving.traffic import Counted, Histogram, Key
from workbench.store.store import Store
from workbench.store.tables import DeploymentRow, PredictionRow, PredictionStatsRow, now

ALL_OF_A_MINUTE = 60
"""Requests of each minute that are all kept; beyond them the setting `prediction_sample` says how many."""
ROWS_OF_A_REQUEST = 20
"""Most rows that are kept of one request, drawn at random."""
SAME = 1e-9
"""Numbers that differ by no more than this, relatively, are the same answer."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A request of which rows are kept, or whose answers are compared.

    Attributes
    ----------
    body, answer
        What was asked, and the list of predictions that was answered, as JSON.
    shadow_id, shadow_answer
        The pipeline in the shadow and its list; None where there is none.
    is_sampled
        Whether rows of it are kept.
    """

    deployment_id: str
    pipeline_id: str
    request_id: str
    at: float
    body: bytes
    answer: bytes
    shadow_id: str | None = None
    shadow_answer: bytes | None = None
    is_sampled: bool = True


def write(
    store: Store,
    counted: Mapping[Key, Counted],
    kept: Sequence[Kept],
    latency: Mapping[str, tuple[float | None, float | None]],
) -> None:
    """Write down what came together since the last time, in one transaction.

    Parameters
    ----------
    latency
        Deployment → p50 and p95 over its last requests, in milliseconds.
    """
    compared = _compare(kept, counted)
    with store.database.write() as session:
        for key, what in compared.items():
            _add(session, key, what)
        _count_up(session, counted, latency)
        for request in kept:
            if request.is_sampled:
                session.add_all(_rows(request))


def _compare(kept: Sequence[Kept], counted: Mapping[Key, Counted]) -> dict[Key, Counted]:
    """Add to the shadows' counts how their answers compare with those that were returned."""
    found = dict(counted)
    for request in kept:
        if request.shadow_id is None or request.shadow_answer is None:
            continue
        minute = datetime.fromtimestamp(request.at - request.at % 60, UTC)
        what = found.setdefault(Key(request.deployment_id, request.shadow_id, SHADOW, minute), Counted())
        for live, shadow in zip(json.loads(request.answer), json.loads(request.shadow_answer), strict=False):
            one, other = live["prediction"], shadow["prediction"]
            what.compared += 1
            if _is_number(one) and _is_number(other):
                gap = abs(one - other)
                what.gap += gap
                what.agreed += gap <= SAME * max(abs(one), abs(other))
            else:
                what.agreed += one == other
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _add(session: Session, key: Key, what: Counted) -> None:
    primary = (key.deployment_id, key.pipeline_id, key.role, key.minute)
    row = session.get(PredictionStatsRow, primary, with_for_update=True)
    if row is None:
        row = PredictionStatsRow(
            deployment_id=key.deployment_id,
            pipeline_id=key.pipeline_id,
            role=key.role,
            minute=key.minute,
            requests=0,
            rows=0,
            errors=0,
            compared=0,
            agreed=0,
            gap=0.0,
            histograms={},
        )
        session.add(row)
    row.requests += what.requests
    row.rows += what.rows
    row.errors += what.errors
    row.compared += what.compared
    row.agreed += what.agreed
    row.gap += what.gap
    histograms: dict[str, Any] = {}
    for stage, histogram in what.histograms.items():
        together = Histogram.of(row.histograms[stage]) if stage in row.histograms else Histogram()
        together.take(histogram)
        histograms[stage] = together.as_dict()
    # Another object: JSON columns are written where they were replaced, not where they were changed.
    row.histograms = histograms


def _count_up(
    session: Session, counted: Mapping[Key, Counted], latency: Mapping[str, tuple[float | None, float | None]]
) -> None:
    totals: dict[str, Counted] = {}
    for key, what in counted.items():
        if key.role == LIVE:
            totals.setdefault(key.deployment_id, Counted()).take(what)
    for deployment_id, what in totals.items():
        p50, p95 = latency.get(deployment_id, (None, None))
        session.execute(
            update(DeploymentRow)
            .where(DeploymentRow.id == deployment_id)
            .values(
                request_count=DeploymentRow.request_count + what.requests,
                row_count=DeploymentRow.row_count + what.rows,
                error_count=DeploymentRow.error_count + what.errors,
                p50_ms=p50,
                p95_ms=p95,
                last_request_at=now(),
            )
        )


def _rows(request: Kept) -> list[PredictionRow]:
    asked, answers = json.loads(request.body)["rows"], json.loads(request.answer)
    places = range(len(answers))
    drawn = sorted(random.sample(places, ROWS_OF_A_REQUEST)) if len(answers) > ROWS_OF_A_REQUEST else places
    shadow = json.loads(request.shadow_answer) if request.shadow_answer is not None else None
    at = datetime.fromtimestamp(request.at, UTC)

    def row(place: int, role: str, pipeline_id: str, answer: dict[str, Any]) -> PredictionRow:
        return PredictionRow(
            deployment_id=request.deployment_id,
            pipeline_id=pipeline_id,
            role=role,
            request_id=request.request_id,
            place=place,
            at=at,
            input=asked[place],
            answer=answer,
        )

    found = []
    for place in drawn:
        found.append(row(place, LIVE, request.pipeline_id, answers[place]))
        if shadow is not None and request.shadow_id is not None:
            found.append(row(place, SHADOW, request.shadow_id, shadow[place]))
    return found


def forget(store: Store) -> None:
    """Remove kept rows and minutes that are too old, and the oldest rows of deployments that have too many."""
    settings = store.settings
    oldest = now() - timedelta(days=settings.prediction_days)
    with store.database.write() as session:
        session.execute(delete(PredictionRow).where(PredictionRow.at < oldest))
        session.execute(delete(PredictionStatsRow).where(PredictionStatsRow.minute < oldest))
        crowded = (
            select(PredictionRow.deployment_id)
            .group_by(PredictionRow.deployment_id)
            .having(func.count() > settings.prediction_rows)
        )
        for deployment_id in session.scalars(crowded).all():
            beyond = (
                select(PredictionRow.id)
                .where(PredictionRow.deployment_id == deployment_id)
                .order_by(PredictionRow.at.desc(), PredictionRow.id.desc())
                .offset(settings.prediction_rows)
            )
            session.execute(delete(PredictionRow).where(PredictionRow.id.in_(beyond)))
