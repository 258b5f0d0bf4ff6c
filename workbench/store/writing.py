"""Writing what two may write at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workbench.store.database import Database

T = TypeVar("T")


def write(database: Database, act: Callable[[Session], T]) -> T:
    """Carry an act out in a transaction, and once more where somebody else stored the same key at that moment.

    SQLite lets one write at a time; elsewhere the second look sees what the other has stored, and can say so.
    """
    try:
        with database.write() as session:
            return act(session)
    except IntegrityError:
        with database.write() as session:
            return act(session)
