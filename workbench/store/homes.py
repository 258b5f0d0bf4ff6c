"""Which homes are there: each service says so again and again, so that others know whose work nobody does any more.

Several homes may share one database. Of another machine's processes nothing can be seen; of its service it can be seen
whether it still renews its lease.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select

from workbench.store.store import Store
from workbench.store.tables import HomeRow, now

LEASE = timedelta(seconds=30)
"""How long a home counts as there after its service has said so, as a run's lease does."""

RENEW_S = 10.0
AWAY = "It waits for the home that it was asked for in: its table lies there, and no service runs there."
"""What is told of work that is left to a home which is gone."""


class Lease:
    """The word of a home that its service is there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._renewed = float("-inf")

    def hold(self) -> None:
        """Renew it where it is due: to be called again and again, and before a process is asked for."""
        if time.monotonic() - self._renewed > RENEW_S:
            with self._store.database.write() as session:
                session.merge(HomeRow(identity=self._store.settings.identity, lease_until=now() + LEASE))
            self._renewed = time.monotonic()


def is_to_look_after(store: Store, served_by: Any, *, since: datetime | None = None) -> ColumnElement[bool]:
    """Tell for whose processes a service here answers: its own home's, and those of homes that are gone.

    Parameters
    ----------
    served_by
        Column with the home that has the process.
    since
        A home counts as gone that has not been there since then; None: that is not there now.
    """
    there = select(HomeRow.identity).where(HomeRow.lease_until >= (since or now()))
    mine: ColumnElement[bool] = served_by == store.settings.identity
    nobodys: ColumnElement[bool] = served_by.is_not(None) & served_by.not_in(there)
    return mine | nobodys


def is_to_take(store: Store, served_by: Any) -> ColumnElement[bool]:
    """Tell what waits that a service here may take: its own home's, that of homes which are gone, and nobody's."""
    nobodys: ColumnElement[bool] = served_by.is_(None)
    return is_to_look_after(store, served_by) | nobodys
