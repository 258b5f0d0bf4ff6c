"""The audit log held against itself: whether a line was removed, changed, moved or put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, func, select

from workbench.errors import EngineFault, Unavailable
from workbench.store.chain import BEGINNING, link
from workbench.store.database import Database
from workbench.store.tables import AuditHeadRow, AuditRow

_PAGE = 2000
_SEQ_MOST = 2**63 - 1

_Bad = tuple[int, str]
"""Number of the first line that is not as it should be, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of it.

    Attributes
    ----------
    is_whole
        Whether each line is there, as it was written.
    lines
        How many were looked at.
    head_seq, head_sha256
        Number and hash of the last line. Who keeps them elsewhere can hold the log against them later: a log that was
        rewritten as a whole, its hashes with it, or cut off with its end, shows by nothing else.
    problem
        What is wrong, in a sentence; None: nothing.
    first_bad_seq
        Number of the first line of which that is said; None: nothing is wrong.
    """

    is_whole: bool
    lines: int
    head_seq: int
    head_sha256: str
    problem: str | None = None
    first_bad_seq: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def verify(database: Database, since: tuple[int, str] | None = None) -> Verified:
    """Walk the log from its first line to its last.

    Parameters
    ----------
    since
        Number and hash of a line that were noted earlier.

    Raises
    ------
    EngineFault
        ``store.unreachable`` when the database does not answer. Whatever was done to the log is told and not raised.
    """
    end = _end(database)
    walk = _Walk(since or (0, BEGINNING))
    bad = end.bad_before_all() or walk.through(database, end.last) or walk.bad_at_end(end)
    first_bad_seq, problem = (None, None) if bad is None else bad
    # Where the end does not tell it, the last good line is the log's last.
    head_seq, head_sha256 = end.told or (walk.seq, walk.sha256)
    return Verified(bad is None, walk.lines, head_seq, head_sha256, problem, first_bad_seq)


@dataclass(frozen=True, slots=True)
class _End:
    """What the log holds at one moment.

    Attributes
    ----------
    first
        The least number of a line; None: there are no lines.
    last
        Number of the last line.
    lines
        How many there are.
    told
        Number and hash of the line that was written last; None: the log does not tell it any more.
    """

    first: int | float | None
    last: int
    lines: int
    told: tuple[int, str] | None

    def bad_before_all(self) -> _Bad | None:
        if self.first is None or self.first >= 1:
            return None
        seq = self.first if isinstance(self.first, int) else 0
        return seq, f"Line {self.first:,} was put in: the first one is line 1."


def _end(database: Database) -> _End:
    try:
        with database.read() as session:
            first, last, lines, seq, sha256 = session.execute(_COUNTED.add_columns(_TOLD_SHA256)).one()
    except EngineFault:
        # A text that is none, for which drivers have no value; of a database that does not answer, this one tells too.
        with database.read() as session:
            first, last, lines, seq = session.execute(_COUNTED).one()
        sha256 = None
    told = (seq, sha256) if isinstance(seq, int) and isinstance(sha256, str) else None
    return _End(first, last or 0, lines, told)


class _Walk:
    """How far a walk along the chain has come: the last good line, and how many were looked at."""

    def __init__(self, noted: tuple[int, str]) -> None:
        self.seq, self.sha256, self.lines = 0, BEGINNING, 0
        self._noted_seq, self._noted_sha256 = noted

    def through(self, database: Database, last: int) -> _Bad | None:
        """Look at all lines up to one; return the first bad one."""
        size = _PAGE
        while self.seq < last:
            try:
                page = self._page(database, last, size)
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001 - whatever a driver or a type says of a value that is none of its own
                if size == 1:
                    return self._unreadable(database)
                # By ever more lines, it shows which one it is.
                size = 1
                continue
            size = min(2 * size, _PAGE)
            if not page:
                return None
            for row in page:
                self.lines += 1
                bad = self._bad(row)
                if bad is not None:
                    return bad
                self.seq, self.sha256 = row.seq, row.sha256
        return None

    def bad_at_end(self, end: _End) -> _Bad | None:
        """Hold the end of the walk against the log's; return what is wrong."""
        after = self.seq + 1
        if end.told is None:
            return after, "The log does not tell any more which line was written last."
        head_seq, head_sha256 = end.told
        if self.seq < head_seq:
            return after, f"The lines from {after:,} to {head_seq:,} are gone."
        if self.seq > head_seq:
            return head_seq + 1, f"The log goes on behind line {head_seq:,}, which was written last."
        problem = None
        if self.sha256 != head_sha256:
            problem = f"The log ends with line {self.seq:,}, which is not the one that was written last."
        elif self.lines != end.lines:
            problem = f"The log holds {end.lines:,} lines: some were put in, and have no place in it."
        elif self._noted_seq > self.seq:
            problem = f"Line {self._noted_seq:,}, which was noted, is gone."
        return None if problem is None else (after, problem)

    def _page(self, database: Database, last: int, size: int) -> Sequence[Row[Any]]:
        with database.read() as session:
            return session.execute(_LINES.where(_LINE.c.seq > self.seq, _LINE.c.seq <= last).limit(size)).all()

    def _bad(self, row: Row[Any]) -> _Bad | None:
        gap = self._gap(row.seq)
        if gap is not None:
            return gap
        if not _is_as_written(row):
            return row.seq, f"Line {row.seq:,} is not as it was written."
        if row.previous != self.sha256:
            return row.seq, f"Line {row.seq:,} does not follow the one that stands before it."
        if row.seq == self._noted_seq and row.sha256 != self._noted_sha256:
            return row.seq, f"Line {row.seq:,} is another one than was noted: the log was rewritten."
        return None

    def _unreadable(self, database: Database) -> _Bad | None:
        """Tell of the next line, which cannot be read."""
        with database.read() as session:
            seq = session.scalar(select(func.min(_LINE.c.seq)).where(_LINE.c.seq > self.seq)) or 0
        self.lines += 1
        return self._gap(seq) or (seq, f"Line {seq:,} is not as it was written.")

    def _gap(self, seq: int) -> _Bad | None:
        after = self.seq + 1
        return None if seq == after else (after, f"Line {after:,} is gone: line {seq:,} comes after line {self.seq:,}.")


def _is_as_written(row: Row[Any]) -> bool:
    try:
        sha256 = link(row.previous, row._asdict())
    except (TypeError, ValueError, RecursionError):
        # JSON, in which lines are hashed, has no such value.
        return False
    return bool(sha256 == row.sha256)


_LINE = AuditRow.__table__
_LINES = select(_LINE).order_by(_LINE.c.seq)
_HEAD = AuditHeadRow.__table__.c
# In one statement, so that a line that comes meanwhile is in all of it or in none. A text is more than any number.
_COUNTED = select(
    select(func.min(_LINE.c.seq)).where(_LINE.c.seq <= _SEQ_MOST).scalar_subquery(),
    select(func.max(_LINE.c.seq)).where(_LINE.c.seq <= _SEQ_MOST).scalar_subquery(),
    select(func.count()).select_from(AuditRow).scalar_subquery(),
    select(_HEAD.seq).where(_HEAD.id == 1).scalar_subquery(),
)
_TOLD_SHA256 = select(_HEAD.sha256).where(_HEAD.id == 1).scalar_subquery()
