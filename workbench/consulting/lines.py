"""Consultations at a glance: a line each, read without what the advisor was shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from workbench.advisors.advice import AdvisorName, Tone, tone
from workbench.consulting.consultation import OPEN, ConsultationId, narration_status
from workbench.store.store import Store
from workbench.store.tables import ConsultationRow


@dataclass(frozen=True, slots=True)
class ConsultationLine:
    """What a list tells of a consultation; fields as in `workbench.consulting.consultation.Consultation`.

    Attributes
    ----------
    verdict, tone
        None as long as there is no advice.
    has_config
        Whether it comes with a run that can be launched.
    why
        What stood in the way, or why it starts again; None where nothing did.
    """

    id: ConsultationId
    advisor: AdvisorName
    subject_id: str
    status: str
    verdict: str | None
    tone: Tone | None
    has_config: bool
    why: str | None
    narration_status: str | None
    created_by: str
    created_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "id": self.id,
            "advisor": self.advisor,
            "subject_id": self.subject_id,
            "status": self.status,
            "verdict": self.verdict,
            "tone": self.tone,
            "has_config": self.has_config,
            "why": self.why,
            "narration_status": self.narration_status,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
        }


def lines(
    store: Store, subject_ids: Collection[str], *, known: Mapping[str, ConsultationLine], limit: int
) -> list[ConsultationLine]:
    """Return what was asked about some things, newest first.

    Parameters
    ----------
    known
        Lines that were returned before, by id: an advice may be large, and is opened once.
    """
    if not subject_ids:
        return []
    row = ConsultationRow
    standing = (
        select(row.id, row.status, row.narration_status, row.narration_until)
        .where(row.workspace_id == store.workspace_id, row.subject_id.in_(subject_ids))
        .order_by(row.created_at.desc(), row.id.desc())
        .limit(limit)
    )
    whole = select(
        row.id,
        row.advisor,
        row.subject_id,
        row.status,
        row.advice["verdict"].as_string().label("verdict"),
        row.advice["suggested_config"].as_string().label("config"),
        row.problem["detail"].as_string().label("why"),
        row.narration_status,
        row.narration_until,
        row.created_by,
        row.created_at,
    )
    with store.database.read() as session:
        found = session.execute(standing).all()
        stale = [one.id for one in found if _has_moved(one, known.get(one.id))]
        fresh = {one.id: _line(one) for one in session.execute(whole.where(row.id.in_(stale)))} if stale else {}
    together = {**known, **fresh}
    # What was deleted between the two looks is in neither.
    return [together[one.id] for one in found if one.id in together]


def _has_moved(row: Row[*tuple[Any, ...]], line: ConsultationLine | None) -> bool:
    return (
        line is None
        or row.status in OPEN
        or (line.status, line.narration_status) != (row.status, narration_status(row))
    )


def _line(row: Row[*tuple[Any, ...]]) -> ConsultationLine:
    return ConsultationLine(
        id=row.id,
        advisor=row.advisor,
        subject_id=row.subject_id,
        status=row.status,
        verdict=row.verdict,
        tone=None if row.verdict is None else tone(row.verdict),
        has_config=row.config is not None,
        why=row.why,
        narration_status=narration_status(row),
        created_by=row.created_by,
        created_at=row.created_at,
    )
