"""What is new in the logs of several runs at once: for a process that tells many readers of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from workbench.runs import events
from workbench.runs.events import COLUMNS, PAGE, Event
from workbench.store.database import Changes, Database
from workbench.store.tables import EventRow

AT_ONCE = 100
"""Runs that one query asks for; SQLite takes no condition of more than a thousand parts."""
MOST = 2000
"""Events that one query brings; the next look brings what is left."""


@dataclass(frozen=True, slots=True)
class News:
    """What came to the runs that were asked for.

    Attributes
    ----------
    events
        By run and in order, from the number on that was given.
    closed
        Runs of which nothing else will come.
    deleted
        Runs that are not there any more.
    """

    events: list[Event] = field(default_factory=list)
    closed: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()


class Watch:
    """Looks at the logs of runs, in whatever workspace: whoever is told of them must have been let in before.

    `look` is for one thread, `page` for any.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes: Changes | None = None
        self._is_due = True

    @property
    def pace_s(self) -> float:
        """Seconds to leave between two looks."""
        return self._opened().pace_s

    def look(self, cursors: Mapping[str, int], *, has_new: bool = False) -> News:
        """Return what is newer in each run than a number; where nothing was written meanwhile, it takes microseconds.

        Parameters
        ----------
        cursors
            By run: the number of the last event that is known.
        has_new
            Whether one of the runs is looked at for the first time: it may have been written to before.
        """
        # Asked at each look: it compares with the one before.
        is_changed = self._opened().any()
        if not (is_changed or has_new or self._is_due):
            return News()
        # Whatever goes wrong below is looked at again.
        self._is_due = True
        named = list(cursors)
        looked = []
        with self._database.read() as session:
            for start in range(0, len(named), AT_ONCE):
                looked.append(_look(session, {run_id: cursors[run_id] for run_id in named[start : start + AT_ONCE]}))
        self._is_due = any(len(news.events) == MOST for news in looked)
        return News(
            [event for news in looked for event in news.events],
            frozenset().union(*(news.closed for news in looked)),
            frozenset().union(*(news.deleted for news in looked)),
        )

    def page(self, run_id: str, *, after: int, limit: int = PAGE) -> list[Event]:
        """Return a run's events with ``seq > after``, at most `limit` of them."""
        return events.page(self._database, run_id, after=after, limit=limit)

    def close(self) -> None:
        if self._changes is not None:
            self._changes.close()

    def _opened(self) -> Changes:
        if self._changes is None:
            self._changes = self._database.changes()
        return self._changes


def _look(session: Session, cursors: Mapping[str, int]) -> News:
    # Before the events: once it says that a log is closed, they are all there.
    closed = events.standing(session, cursors)
    newer = [and_(EventRow.run_id == run_id, EventRow.seq > cursor) for run_id, cursor in cursors.items()]
    wanted = select(*COLUMNS).where(or_(*newer)).order_by(EventRow.run_id, EventRow.seq).limit(MOST)
    found = [Event(*row) for row in session.execute(wanted)]
    over = frozenset(run_id for run_id, is_closed in closed.items() if is_closed)
    return News(found, over if len(found) < MOST else frozenset(), frozenset(cursors.keys() - closed.keys()))
