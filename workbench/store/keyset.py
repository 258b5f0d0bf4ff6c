"""Lists that go on after a row, newest first, however many were added meanwhile."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from workbench.store.tables import Base


def older(session: Session, kind: type[Base], row_id: str, workspace_id: str) -> ColumnElement[bool] | None:
    """Return the condition of the rows that come after one in a list by time and id, newest first.

    Parameters
    ----------
    kind
        A table with ``id``, ``created_at`` and ``workspace_id``.
    workspace_id
        The workspace whose list it is: a row of another one is not there.

    Returns
    -------
    ColumnElement or None
        None where there is no such row.
    """
    of = kind.__table__.c
    made, key = of.created_at, of.id
    moment = session.scalar(select(made).where(key == row_id, of.workspace_id == workspace_id))
    # The first part is for the index: no database finds the second by one.
    return None if moment is None else and_(made <= moment, or_(made < moment, key < row_id))
