"""What a deployment was asked, and how it answered: facts for a review, no judgement of drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.advisors.deployment_reviewer.evidence import LiveColumn, Served
from workbench.consulting import consultations
from workbench.serving import reports
from workbench.serving.deployment import ANSWERS, LIVE, DeploymentRecord
from workbench.store.store import Store
from workbench.store.tables import PredictorRow, now

if TYPE_CHECKING:
    import pandas as pd

ROWS_MOST = 2_000
"""Most logged rows that are looked at, the newest."""
_EXAMPLES = 3
_DAY_S = 86_400
_LABELLED = ("text", "bool")
_ADVICES = 20
"""Consultations among which the newest that was answered is looked for."""


def served(
    store: Store,
    record: DeploymentRecord,
    reference: Mapping[str, Any] | None,
    frame: pd.DataFrame | None,
    holdout: Mapping[str, Any] | None,
) -> Served:
    """Return what was counted and kept of a deployment.

    Parameters
    ----------
    reference
        Summary of the rows that its pipeline learned from; None: it kept none.
    frame, holdout
        The table that it learned from, and which rows of it were held out; None: they are not there.
    """
    logged = [
        row.input
        for row in reports.predictions(store, record, limit=ROWS_MOST)
        if row.role == LIVE and row.pipeline_id == record.pipeline_id and isinstance(row.input, dict)
    ]
    engine = _engine(store, record)
    return Served(
        slug=record.slug,
        status=record.status,
        error=record.error,
        requests=record.request_count,
        errors=record.error_count,
        p50_ms=record.p50_ms,
        p95_ms=record.p95_ms,
        engine=engine.get("path"),
        engine_why=engine.get("why", ""),
        rows_logged=len(logged),
        columns=tuple(_columns(logged, (reference or {}).get("columns", {}), frame, holdout)),
        drift_advice_days=_advised(store, record),
        days_served=(now() - record.created_at).total_seconds() / _DAY_S,
    )


def _engine(store: Store, record: DeploymentRecord) -> Mapping[str, Any]:
    query = (
        select(PredictorRow.engine)
        .where(PredictorRow.deployment_id == record.id, PredictorRow.role == LIVE, PredictorRow.status == ANSWERS)
        .order_by(PredictorRow.created_at.desc())
        .limit(1)
    )
    with store.database.read() as session:
        return session.scalar(query) or {}


def _advised(store: Store, record: DeploymentRecord) -> float | None:
    for found in consultations.listed(store, subject=record.id, advisor="drift_analyst", limit=_ADVICES):
        if found.advised_at is not None:
            return (now() - found.advised_at).total_seconds() / _DAY_S
    return None


def _columns(
    logged: Sequence[Mapping[str, Any]],
    learned: Mapping[str, Mapping[str, Any]],
    frame: pd.DataFrame | None,
    holdout: Mapping[str, Any] | None,
) -> Iterator[LiveColumn]:
    for name, told in learned.items() if logged else ():
        values = [row.get(name) for row in logged]
        there = [value for value in values if value is not None]
        known = _known(name, told, frame, holdout) if told["kind"] in _LABELLED else None
        new = Counter(str(value) for value in there if known is not None and value not in known)
        yield LiveColumn(
            name=name,
            rows=len(values),
            missing=1 - len(there) / len(values),
            missing_learned=told["missing"],
            unknown=None if known is None else new.total() / len(values),
            unknown_values=tuple(value for value, _ in new.most_common(_EXAMPLES)),
        )


def _known(
    name: str, told: Mapping[str, Any], frame: pd.DataFrame | None, holdout: Mapping[str, Any] | None
) -> set[Any] | None:
    """Return the values that were learned; None where they are not all known."""
    if frame is not None and holdout is not None and name in frame:
        return set(frame[name].drop(index=holdout["rows"], errors="ignore").dropna().unique().tolist())
    values = {value for value, _ in told.get("values", ())}
    return values if len(values) == told.get("distinct") else None
