"""Moving an alias, inside a transaction of the caller's: its history and the audit log go with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workbench.errors import BadRequest, Conflict
from workbench.plain import shown
from workbench.registry import lookup
from workbench.store import audit, ids
from workbench.store.tables import AliasHistoryRow, AliasRow, PipelineRow, now

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_SUBJECT = "alias"


def check_name(name: str) -> None:
    """Refuse what is no name of an alias.

    Raises
    ------
    BadRequest
        ``alias.invalid``
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise BadRequest(
            "alias.invalid",
            f"An alias cannot be called {shown(name)}.",
            hint="A name has 1 to 100 small letters, digits, hyphens and underscores, and begins with a letter or a "
            "digit.",
        )


def expect_free(session: Session, workspace_id: str, name: str) -> None:
    """Refuse an alias that a pipeline could be mistaken for, since both are looked up alike.

    Raises
    ------
    Conflict
        ``pipeline.name_taken``
    """
    if lookup.is_pipeline(session, workspace_id, name):
        raise Conflict(
            "pipeline.name_taken",
            f"There is a pipeline called '{name}': an alias cannot be called so too.",
            hint="Choose another name.",
            name=name,
        )


def find(session: Session, workspace_id: str, name: str, *, is_held: bool = False) -> AliasRow | None:
    """Find an alias, also one that was taken away.

    Parameters
    ----------
    is_held
        Whether nobody else may move it before the caller's transaction ends.
    """
    query = select(AliasRow).where(AliasRow.workspace_id == workspace_id, AliasRow.name == ids.text(name))
    found: AliasRow | None = session.scalar(query.with_for_update() if is_held else query)
    return found


def held(session: Session, workspace_id: str, name: str) -> AliasRow:
    """Find or make an alias and hold it to the end of the caller's transaction; made, it names nothing yet."""
    row = find(session, workspace_id, name, is_held=True)
    if row is None:
        row = AliasRow(workspace_id=workspace_id, name=name, pipeline_id=None)
        session.add(row)
        session.flush()
    return row


def last_move(session: Session, row: AliasRow) -> int:
    """Return the number of an alias's last move, 0 where there is none."""
    query = select(func.max(AliasHistoryRow.seq)).where(AliasHistoryRow.alias_id == row.id)
    return session.scalar(query) or 0


def move(
    session: Session, row: AliasRow, to: PipelineRow | None, *, by: str, why: str, undoes: int | None = None
) -> int:
    """Move an alias that the caller holds, tell its history and the audit log, and return the move's number.

    Raises
    ------
    Conflict
        As `expect_free`.
    """
    if to is not None:
        expect_free(session, row.workspace_id, row.name)
    seq = last_move(session, row) + 1
    # A clock that was put back must not make an earlier time ambiguous.
    moment = max(now(), row.updated_at)
    came_from = row.pipeline_id
    session.add(
        AliasHistoryRow(
            alias_id=row.id,
            seq=seq,
            at=moment,
            by=by,
            from_pipeline_id=came_from,
            to_pipeline_id=None if to is None else to.id,
            undoes=undoes,
            why=why,
        )
    )
    row.pipeline_id, row.updated_at = None if to is None else to.id, moment
    action = "rolled_back" if undoes is not None else "unset" if to is None else "set"
    told = "names no pipeline any more" if to is None else f"names {to.name}{' again' if undoes is not None else ''}"
    details: Mapping[str, Any] = {
        "seq": seq,
        "from": came_from,
        "to": None if to is None else to.id,
        "undoes": undoes,
        "why": why,
    }
    audit.record(
        session,
        by=by,
        action=f"{_SUBJECT}.{action}",
        subject=_SUBJECT,
        subject_id=row.name,
        message=f"{row.name} {told}{f': {why}' if why else ''}",
        details=details,
        workspace_id=row.workspace_id,
    )
    session.flush()
    return seq


def to_take_back(session: Session, row: AliasRow) -> AliasHistoryRow | None:
    """Find the move to take back, so that another pipeline than now is named; None where there is none.

    Moves are a stack: a roll-back removes the move that it took back and all after it.
    """
    query = select(AliasHistoryRow).where(AliasHistoryRow.alias_id == row.id).order_by(AliasHistoryRow.seq)
    stack: list[AliasHistoryRow] = []
    for entry in session.scalars(query):
        if entry.undoes is None:
            stack.append(entry)
        else:
            while stack and stack[-1].seq >= entry.undoes:
                stack.pop()
    return next((entry for entry in reversed(stack) if entry.from_pipeline_id not in (None, row.pipeline_id)), None)
