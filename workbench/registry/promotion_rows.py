"""Promotions in the store, inside a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from workbench.access.places import without_places
from workbench.errors import BadRequest, Conflict, NotFound
from workbench.registry.promotion import WAITING, GateName, Promotion
from workbench.store import audit, ids
from workbench.store.tables import PipelineRow, PromotionRow, now

_SUBJECT = "promotion"


def find(session: Session, workspace_id: str, reference: Promotion | str) -> Promotion:
    """Find a promotion by its id or the end of it.

    Raises
    ------
    NotFound
        ``promotion.not_found``
    BadRequest
        ``promotion.ambiguous``
    """
    key = ids.text(reference.id if isinstance(reference, Promotion) else reference)
    condition = ids.matching(PromotionRow.id, key)
    found = [] if condition is None else read(session, workspace_id, condition, most=2)
    if not found:
        raise not_found(key)
    if len(found) > 1:
        raise BadRequest("promotion.ambiguous", f"Several promotions end in '{key}': give more of the id.")
    return found[0]


def not_found(key: str) -> NotFound:
    return NotFound("promotion.not_found", f"There is no promotion '{key}'.", promotion_id=key)


def held(session: Session, workspace_id: str, reference: Promotion | str) -> PromotionRow:
    """Find a promotion as `find` does and hold it to the end of the caller's transaction."""
    return session.get_one(PromotionRow, find(session, workspace_id, reference).id, with_for_update=True)


def read(session: Session, workspace_id: str, *conditions: Any, most: int) -> list[Promotion]:
    """Read promotions, newest first, with the names of their pipelines, which may be deleted since."""
    challenger, champion = aliased(PipelineRow), aliased(PipelineRow)
    query = (
        select(PromotionRow, challenger.name, champion.name)
        .join(challenger, challenger.id == PromotionRow.challenger_id)
        .outerjoin(champion, champion.id == PromotionRow.champion_id)
        .where(PromotionRow.workspace_id == workspace_id, *conditions)
        .order_by(PromotionRow.created_at.desc(), PromotionRow.id.desc())
        .limit(most)
    )
    return [Promotion.of(*found) for found in session.execute(query)]


def expect_waiting(found: Promotion, verb: str) -> None:
    """Refuse what can be done to a promotion only while it waits for somebody.

    Raises
    ------
    Conflict
        ``promotion.wrong_state``
    """
    if found.status != WAITING:
        hint = None if found.is_ended else "Wait until its gates are evaluated."
        raise Conflict(
            "promotion.wrong_state",
            f"Promotion {found.short_id} is {found.status}: it cannot be {verb}.",
            hint=hint,
            promotion_id=found.id,
            state=found.status,
        )


def end(row: PromotionRow, by: str, status: str, error: str | None = None) -> None:
    row.status, row.error = status, error and without_places(error)
    row.ended_at, row.ended_by = now(), by


def in_order(gates: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Put gates into the order in which they are shown."""
    return sorted(gates, key=lambda gate: get_args(GateName).index(gate["name"]))


def tell(
    session: Session,
    row: PromotionRow,
    by: str,
    what: str,
    message: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add a line on a promotion to the audit log."""
    audit.record(
        session,
        by=by,
        action=f"{_SUBJECT}.{what}",
        subject=_SUBJECT,
        subject_id=row.id,
        message=f"{row.alias}: {message}",
        details={"alias": row.alias, "challenger": row.challenger_id, "champion": row.champion_id}
        | dict(details or {}),
        workspace_id=row.workspace_id,
    )
