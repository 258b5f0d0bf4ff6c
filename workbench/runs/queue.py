"""The queue: a submitted run is a row; a service claims it and holds it by a lease that it renews."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from workbench.errors import NotFound
from workbench.runs import events, scores
from workbench.runs.carrier import Carrier
from workbench.runs.record import QUEUED, RUNNING, RunId, RunRecord, record
from workbench.runs.spec import RunSpec
from workbench.store import audit
from workbench.store.store import Store
from workbench.store.tables import ExperimentRow, ProjectRow, RunRow, now

LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Active:
    """A queued or running run and the process that carries it, as its service knows it.

    Attributes
    ----------
    process_id, process_started
        None until the process has registered.
    claimed_by
        ``host:pid`` of the service that took it; None while it is queued.
    used_s
        Seconds that its processes took so far; the time between them does not count.
    run_timeout_s
        Longest it may take, in seconds; 0: no limit.
    """

    run_id: RunId
    is_queued: bool
    claimed_by: str | None
    is_lease_over: bool
    process_id: int | None
    process_started: float | None
    cancel_requested_by: str | None
    is_deleted: bool
    used_s: float
    run_timeout_s: float


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """What the queue needs to know of a data source."""

    id: str
    name: str
    sha256: str


def submit(
    store: Store,
    source: SourceIdentity,
    spec: RunSpec,
    *,
    by: str,
    snapshot: Mapping[str, Any],
    noted: Mapping[str, Any] | None = None,
    service_is_warm: bool,
    resumes: str | None = None,
    called: Mapping[str, str] | None = None,
) -> RunRecord:
    """Store a queued run with its first events; nothing is stored if anything fails.

    Parameters
    ----------
    snapshot
        What else the run keeps of the moment it was asked for: content hash, rows, what was found of them.
    noted
        What else the first line of its log tells: ``overridden`` names what was found and let pass.
    service_is_warm
        Where it is not, the log says at once what the run waits for.
    resumes
        A run whose scores this one starts with.
    called
        Models of which it takes the scores over → what they are called in this one; None: it goes on with all of them.
    """
    with store.database.write() as session:
        experiment_id = _experiment(session, store.project_id, source, spec)
        row = RunRow(
            workspace_id=store.workspace_id,
            experiment_id=experiment_id,
            source_id=source.id,
            plan=spec.plan,
            task=spec.task,
            target=spec.target,
            spec=spec.as_dict() | dict(snapshot),
            created_by=by,
        )
        session.add(row)
        session.flush()
        what = told = f"{spec.plan} of {record(row, source.name).subject}"
        passed = (noted or {}).get("overridden")
        told += f"; all the same, despite {', '.join(passed)}" if passed else ""
        events.append(session, row.id, "run.queued", told, payload={"by": by, **(noted or {})})
        if resumes is not None:
            row.fitted = session.get_one(RunRow, resumes).fitted
            known = scores.carry_over(session, resumes, row.id, called)
            told = f"goes on where run {resumes[-8:]} ended: {known} units are scored already"
            if called is not None:
                told = f"takes over what run {resumes[-8:]} scored of {', '.join(called)}: {known} units"
            events.append(session, row.id, "run.resumed", told, payload={"run": resumes, "units": known})
        if not service_is_warm:
            events.append(session, row.id, "service.starting", "starting; importing PyCaret takes some seconds")
        goes_on = resumes is not None and called is None
        audit.record(
            session,
            by=by,
            action="run.resumed" if goes_on else "run.submitted",
            subject="run",
            subject_id=row.id,
            message=f"{'resumed' if goes_on else 'submitted'} {what}",
            details={"plan": spec.plan, "source_id": source.id, "follows": resumes},
        )
        return record(row, source.name)


def claim(store: Store, owner: str, *, most: int) -> list[RunId]:
    """Take up to `most` queued runs, oldest first, and mark them running under `owner`'s lease."""
    if most <= 0:
        return []
    queued = (
        select(RunRow)
        .where(RunRow.status == QUEUED, RunRow.deleted_at.is_(None))
        .order_by(RunRow.created_at, RunRow.id)
        .limit(most)
    )
    with store.database.write() as session:
        taken = list(session.scalars(queued.with_for_update(skip_locked=True)))
        for row in taken:
            row.status = RUNNING
            row.claimed_by = owner
            row.lease_until = now() + LEASE
            row.claimed_at = now()
            row.started_at = row.started_at or now()
            events.append(session, row.id, "run.started", "claimed by the service", payload={"service": owner})
        return [RunId(row.id) for row in taken]


# Built once: a service asks up to twenty times a second.
_ACTIVE = (
    select(
        RunRow.id,
        RunRow.status,
        RunRow.claimed_by,
        RunRow.lease_until,
        RunRow.process_id,
        RunRow.process_started,
        RunRow.cancel_requested_by,
        RunRow.deleted_at,
        RunRow.claimed_at,
        RunRow.used_s,
        RunRow.spec,
    )
    .where(RunRow.status.in_((QUEUED, RUNNING)))
    .order_by(RunRow.created_at, RunRow.id)
)


def active(store: Store) -> list[Active]:
    """Return every queued and running run, oldest first, in one look."""
    with store.database.read() as session:
        found = session.execute(_ACTIVE).all()
    return [
        Active(
            run_id=RunId(row.id),
            is_queued=row.status == QUEUED,
            claimed_by=row.claimed_by,
            is_lease_over=row.lease_until is not None and row.lease_until < now(),
            process_id=row.process_id,
            process_started=row.process_started,
            cancel_requested_by=row.cancel_requested_by,
            is_deleted=row.deleted_at is not None,
            used_s=row.used_s + (0.0 if row.process_id is None else _since(row.claimed_at)),
            run_timeout_s=float(row.spec.get("run_timeout_s", 0)),
        )
        for row in found
    ]


def _since(moment: datetime | None) -> float:
    return 0.0 if moment is None else (now() - moment).total_seconds()


def renew(store: Store, run_ids: Sequence[str], owner: str) -> None:
    """Extend the leases of runs that are carried here, taking them over where another service held them."""
    if run_ids:
        with store.database.write() as session:
            session.execute(
                update(RunRow)
                .where(RunRow.id.in_(run_ids), RunRow.status == RUNNING)
                .values(lease_until=now() + LEASE, claimed_by=owner)
            )


def register(store: Store, run_id: str, owner: str, carrier: Carrier) -> bool:
    """Make a process the one that carries a claimed run; the process itself asks, before it does anything.

    Returns
    -------
    bool
        False when the run is not the owner's any more, was cancelled, or has a process: then this one must end.
    """
    mine = (
        update(RunRow)
        .where(
            RunRow.id == run_id,
            RunRow.status == RUNNING,
            RunRow.claimed_by == owner,
            RunRow.process_id.is_(None),
            RunRow.cancel_requested_at.is_(None),
        )
        .values(process_id=carrier.process_id, process_started=carrier.started)
        .returning(RunRow.id)
    )
    with store.database.write() as session:
        return session.execute(mine).first() is not None


def _experiment(session: Session, project_id: str, source: SourceIdentity, spec: RunSpec) -> str:
    """Find or make the experiment under which runs like this one are compared."""
    setup = dict(spec.setup)
    asked = [source.sha256, spec.task, spec.target, setup, spec.folds, spec.seed]
    fingerprint = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    same: ColumnElement[bool] = ExperimentRow.fingerprint == fingerprint
    known = select(ExperimentRow.id).where(ExperimentRow.project_id == project_id, same)
    found = session.scalar(known)
    if found is not None:
        return found
    # Held, so that nobody deletes the project meanwhile, or makes the same experiment.
    if session.get(ProjectRow, project_id, with_for_update=True) is None:
        raise NotFound("project.not_found", "The project is not there any more.", project=project_id)
    found = session.scalar(known)
    if found is not None:
        return found
    row = ExperimentRow(
        project_id=project_id,
        source_id=source.id,
        name=f"{source.name} · {spec.target or spec.task}"[:200],
        task=spec.task,
        target=spec.target,
        setup=setup,
        fingerprint=fingerprint,
    )
    session.add(row)
    session.flush()
    return row.id
