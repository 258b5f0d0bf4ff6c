"""Consultations in the store: asked for, gathered, advised, narrated, and found again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from workbench.access.places import without_places
from workbench.advisors.advice import Advice, AdvisorName, Told
from workbench.consulting.consultation import (
    ADVISED,
    ASKED,
    FAILED,
    GATHERING,
    OPEN,
    QUEUED,
    Consultation,
    Subject,
    narration_status,
)
from workbench.errors import BadRequest, EngineFault, NotFound, WorkbenchError
from workbench.plain import storable
from workbench.store import audit, homes, ids, keyset
from workbench.store.store import Store
from workbench.store.tables import ConsultationRow, new_id, now

Reference = Consultation | str
"""A consultation, its id, or the end of it (at least four digits)."""

DEATHS_MOST = 1
"""Processes that a consultation may lose; with the next one it is given up."""


def ask(store: Store, advisor: AdvisorName, subject: Subject, inputs: Mapping[str, Any], *, by: str) -> Consultation:
    """Store a consultation that waits for a process."""
    with store.database.write() as session:
        row = _made(store, advisor, subject, inputs, by)
        session.add(row)
        session.flush()
        _tell(session, row, by, "asked", f"{row.subject_name}: the {row.advisor} was asked")
        return Consultation.of(row)


def keep(
    store: Store,
    advisor: AdvisorName,
    subject: Subject,
    inputs: Mapping[str, Any],
    found: tuple[Told, Advice] | WorkbenchError,
    *,
    by: str,
    began: datetime,
) -> Consultation:
    """Store a consultation that is over: evidence and advice, or what stood in the way."""
    with store.database.write() as session:
        row = _made(store, advisor, subject, inputs, by)
        row.created_at = began
        session.add(row)
        session.flush()
        if isinstance(found, WorkbenchError):
            _fail(row, found)
        else:
            _advise(session, row, *found)
        return Consultation.of(row)


def get(store: Store, reference: Reference) -> Consultation:
    """Find a consultation.

    Raises
    ------
    NotFound
        ``advice.not_found``
    BadRequest
        ``advice.ambiguous`` when several ids end like that.
    """
    key = ids.text(reference.id if isinstance(reference, Consultation) else reference)
    condition = ids.matching(ConsultationRow.id, key)
    mine = select(ConsultationRow).where(ConsultationRow.workspace_id == store.workspace_id)
    with store.database.read() as session:
        rows = [] if condition is None else session.scalars(mine.where(condition).limit(2)).all()
        if not rows:
            raise _not_found(key)
        if len(rows) > 1:
            raise BadRequest("advice.ambiguous", f"Several consultations end in '{key}': give more of the id.")
        return Consultation.of(rows[0])


def _not_found(key: str) -> NotFound:
    return NotFound("advice.not_found", f"There is no consultation '{key}'.", consultation_id=key)


def is_over(store: Store, consultation_id: str) -> bool:
    """Whether nothing of a consultation is on its way, read without what the advisor was shown; True of none."""
    row = ConsultationRow
    query = select(row.status, row.narration_status, row.narration_until).where(row.id == consultation_id)
    with store.database.read() as session:
        found = session.execute(query).one_or_none()
    return found is None or (found.status not in OPEN and narration_status(found) != ASKED)


def listed(
    store: Store,
    *,
    subject: str | None = None,
    advisor: str | None = None,
    limit: int = 100,
    before: str | None = None,
) -> list[Consultation]:
    """Return consultations, newest first, of one subject (its id, or its name then) or advisor where they are named."""
    # What the advisors were shown may be large, and no list tells of it.
    query = (
        select(ConsultationRow)
        .where(ConsultationRow.workspace_id == store.workspace_id)
        .options(defer(ConsultationRow.evidence))
    )
    if subject is not None:
        key = ids.text(subject)
        query = query.where((ConsultationRow.subject_id == key) | (ConsultationRow.subject_name == key))
    if advisor is not None:
        query = query.where(ConsultationRow.advisor == advisor)
    newest = query.order_by(ConsultationRow.created_at.desc(), ConsultationRow.id.desc()).limit(limit)
    with store.database.read() as session:
        if before is not None:
            older = keyset.older(session, ConsultationRow, before, store.workspace_id)
            if older is None:
                raise _not_found(before)
            newest = newest.where(older)
        return [Consultation.of(row, with_evidence=False) for row in session.scalars(newest)]


def advised(store: Store, consultation_id: str, evidence: Told, advice: Advice) -> bool:
    """Store what was gathered and answered; False when the consultation is not waited for any more."""
    with store.database.write() as session:
        row = session.get(ConsultationRow, consultation_id, with_for_update=True)
        if row is None or row.status != GATHERING:
            return False
        _advise(session, row, evidence, advice)
        return True


def failed(store: Store, consultation_id: str, error: WorkbenchError) -> bool:
    """Store why there is no advice; False when the consultation is over already."""
    with store.database.write() as session:
        row = session.get(ConsultationRow, consultation_id, with_for_update=True)
        if row is None or row.status not in OPEN:
            return False
        _fail(row, error)
        return True


def unforeseen(error: Exception) -> EngineFault:
    """Return the error of a consultation that ended in one of the advisor's own."""
    why = without_places(f"{type(error).__name__}: {error}")
    return EngineFault("advice.failed", f"No advice could be given: {why}.")


def ask_narrator(store: Store, consultation_id: str, *, within_s: float) -> str | None:
    """Take note that a language model is asked, and when whoever asks it must have answered.

    Returns
    -------
    str or None
        What the answer is to bear; None where somebody is asking already, which costs enough once.
    """
    with store.database.write() as session:
        row = session.get_one(ConsultationRow, consultation_id, with_for_update=True)
        if narration_status(row) == ASKED:
            return None
        row.narration_status, row.narration, row.narration_token = ASKED, None, new_id()
        row.narration_until = now() + timedelta(seconds=within_s)
        _tell(session, row, store.user, "narration_asked", f"{row.subject_name}: a language model was asked to tell it")
        return row.narration_token


def narrated(
    store: Store, consultation_id: str, status: str, narration: Mapping[str, Any], *, token: str | None
) -> bool:
    """Store what the language model said; False when nobody waits for it any more.

    Parameters
    ----------
    status
        ``told``, ``malformed_response`` or ``failed``.
    narration
        What it said, what was dropped, tokens and cost, and its ``problem`` where it failed, as JSON holds it.
    token
        As `ask_narrator` gave it.
    """
    with store.database.write() as session:
        row = session.get(ConsultationRow, consultation_id, with_for_update=True)
        if row is None or row.narration_status != ASKED or row.narration_token != token:
            return False
        row.narration_status, row.narration = status, storable(dict(narration))
        row.narration_token = row.narration_until = None
        return True


class ConsultationQueue:
    """Consultations as the service's errands."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def waiting(self) -> list[str]:
        """Return those that wait for a process, oldest first."""
        query = (
            select(ConsultationRow.id)
            .where(ConsultationRow.status == QUEUED, homes.is_to_take(self._store, ConsultationRow.served_by))
            .order_by(ConsultationRow.created_at, ConsultationRow.id)
        )
        with self._store.database.read() as session:
            return list(session.scalars(query))

    def under_way(self) -> list[tuple[str, int | None, float | None, bool]]:
        """Return those that have a process here, or had one in a home that is gone."""
        row = ConsultationRow
        query = select(row.id, row.process_id, row.process_started).where(
            row.status == GATHERING, homes.is_to_look_after(self._store, row.served_by)
        )
        with self._store.database.read() as session:
            return [(found, process_id, started, False) for found, process_id, started in session.execute(query)]

    def register(self, consultation_id: str, process_id: int, process_started: float) -> Consultation | None:
        """Make a process the one that gathers for a consultation; None when it is not waited for any more."""
        with self._store.database.write() as session:
            row = session.get(ConsultationRow, consultation_id, with_for_update=True)
            if row is None or row.status != QUEUED:
                return None
            row.status, row.problem = GATHERING, None
            row.process_id, row.process_started = process_id, process_started
            row.served_by = self._store.settings.identity
            return Consultation.of(row)

    def lost(self, of: str, why: str, process_id: int | None) -> None:
        """Have a consultation start again whose process is gone, or end it where that went so too often."""
        with self._store.database.write() as session:
            row = session.get(ConsultationRow, of, with_for_update=True)
            if row is None or row.status not in OPEN or row.process_id not in (None, process_id):
                return
            row.deaths += 1
            if row.deaths > DEATHS_MOST:
                _fail(row, EngineFault("advice.failed", why, consultation_id=row.id))
                return
            row.status, row.process_id, row.process_started = QUEUED, None, None
            row.problem = EngineFault("advice.failed", f"{why} It starts again.", consultation_id=row.id).as_problem()


def _made(store: Store, advisor: AdvisorName, subject: Subject, inputs: Mapping[str, Any], by: str) -> ConsultationRow:
    return ConsultationRow(
        workspace_id=store.workspace_id,
        advisor=advisor,
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_name=storable(subject.name),
        inputs=dict(inputs),
        status=QUEUED,
        created_by=by,
        served_by=store.settings.identity,
    )


def _advise(session: Session, row: ConsultationRow, evidence: Told, advice: Advice) -> None:
    row.status, row.problem = ADVISED, None
    row.evidence = storable(evidence.model_dump(mode="json"))
    row.advice = storable(advice.model_dump(mode="json"))
    row.advised_at, row.process_id, row.process_started = now(), None, None
    told = f"{row.subject_name}: {row.advisor} says {advice.verdict}"
    _tell(session, row, row.created_by, "given", told, risk_flags=list(advice.risk_flags))


def _tell(session: Session, row: ConsultationRow, by: str, what: str, message: str, **details: Any) -> None:
    audit.record(
        session,
        by=by,
        action=f"advice.{what}",
        subject=row.subject_kind,
        subject_id=row.subject_id,
        message=message,
        details={"consultation_id": row.id, "advisor": row.advisor} | details,
        workspace_id=row.workspace_id,
    )


def _fail(row: ConsultationRow, error: WorkbenchError) -> None:
    row.status, row.problem = FAILED, storable(error.as_problem() | {"consultation_id": row.id})
    row.process_id, row.process_started = None, None
