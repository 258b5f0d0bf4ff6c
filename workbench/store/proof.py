"""The audit log held against itself: whether a line was removed, changed, moved or cut off."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, func, select

from workbench.store.chain import BEGINNING, link
from workbench.store.database import Database
from workbench.store.tables import AuditHeadRow, AuditRow

_PAGE = 2000


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
        rewritten as a whole, its hashes with it, shows by nothing else.
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
    """
    # In one statement, so that a line that comes meanwhile is in both or in none.
    newest = select(func.coalesce(func.max(AuditRow.seq), 0)).scalar_subquery()
    with database.read() as session:
        head_seq, head_sha256, last = session.execute(select(AuditHeadRow.seq, AuditHeadRow.sha256, newest)).one()
    walk = _Walk(since or (0, BEGINNING))
    problem = walk.through(database, last) or walk.problem_at_end(head_seq, head_sha256)
    first_bad_seq = None if problem is None else walk.seq + 1
    return Verified(problem is None, walk.lines, head_seq, head_sha256, problem, first_bad_seq)


class _Walk:
    """How far a walk along the chain has come: the last good line, and how many were looked at."""

    def __init__(self, noted: tuple[int, str]) -> None:
        self.seq, self.lines = 0, 0
        self._sha256 = BEGINNING
        self._noted_seq, self._noted_sha256 = noted

    def through(self, database: Database, last: int) -> str | None:
        """Look at all lines up to one; return what is wrong with the first bad one."""
        while self.seq < last:
            with database.read() as session:
                page = session.execute(_LINES.where(AuditRow.seq > self.seq, AuditRow.seq <= last)).all()
            for row in page:
                self.lines += 1
                problem = self._problem(row)
                if problem is not None:
                    return problem
                self.seq, self._sha256 = row.seq, row.sha256
        return None

    def problem_at_end(self, head_seq: int, head_sha256: str) -> str | None:
        if self.seq < head_seq:
            return f"The lines from {self.seq + 1:,} to {head_seq:,} are gone."
        if self._sha256 != head_sha256:
            return f"The log ends with line {self.seq:,}, which is not the one that was written last."
        if self._noted_seq > self.seq:
            return f"Line {self._noted_seq:,}, which was noted, is gone."
        return None

    def _problem(self, row: Row[Any]) -> str | None:
        if row.seq != self.seq + 1:
            return f"Line {self.seq + 1:,} is gone: line {row.seq:,} comes after line {self.seq:,}."
        if link(row.previous, row._asdict()) != row.sha256:
            return f"Line {row.seq:,} is not as it was written."
        if row.previous != self._sha256:
            return f"Line {row.seq:,} does not follow the one that stands before it."
        if row.seq == self._noted_seq and row.sha256 != self._noted_sha256:
            return f"Line {row.seq:,} is another one than was noted: the log was rewritten."
        return None


_LINES = select(*(column for column in AuditRow.__table__.c if column.name != "id")).order_by(AuditRow.seq).limit(_PAGE)
