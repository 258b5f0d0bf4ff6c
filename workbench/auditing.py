"""Look through the audit log, prove it, export it: what `Workbench.audit` is."""

from __future__ import annotations

import builtins
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from workbench.access.permissions import Permission
from workbench.errors import BadRequest, Forbidden, choices
from workbench.plain import shown
from workbench.store import audit, proof
from workbench.store.audit import About, Entry
from workbench.store.moments import read_moment
from workbench.store.needs import needs
from workbench.store.proof import Verified
from workbench.store.store import Store

__all__ = ["FORMATS", "Audit", "Entry", "Verified"]

_FIRST = ("seq", "at", "by", "origin", "key_id", "outcome", "action", "subject", "subject_id", "message", "details")
_COLUMNS = (*_FIRST, "workspace_id", "id", "previous", "sha256")
_FILTERS = (
    *("by", "action", "subject", "subject_id", "outcome", "origin", "key_id", "since", "until"),
    "everywhere",
)
"""Arguments that say which lines are meant."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes a cell for a formula by that begins so."""


class Audit:
    """Who did what to what, when, from where, by which key, and what came of it. Lines are only ever added.

    Each has the hash of the one before it in its own, so that a line that was removed or changed shows.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @needs(Permission.AUDIT_READ)
    def list(
        self,
        *,
        by: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        subject_id: str | None = None,
        outcome: str | None = None,
        origin: str | None = None,
        key_id: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        before: int | None = None,
        limit: int = 100,
        everywhere: bool = False,
    ) -> builtins.list[Entry]:
        """Return lines of this workspace, newest first: those that fit all that is said, each text as it stands.

        Parameters
        ----------
        by, action, subject, subject_id, outcome, origin, key_id
            What a line has there; see `Entry`.
        since, until
            Only lines from then on, and before then: times, or as ISO 8601 writes them; without a zone they are local.
        before
            Number (``seq``) of a line: only older ones.
        limit
            At most so many (1 … 1000).
        everywhere
            Lines of all workspaces, and of none: for the home's administrator.

        Raises
        ------
        BadRequest
            ``spec.invalid`` when a time or an outcome is none.
        Forbidden
            ``access.role_too_low`` when all workspaces are not yours to see.
        """
        about = self._about(read_filters(locals()))
        return audit.entries(self._store.database, about, before=before, limit=limit)

    @needs(Permission.AUDIT_READ)
    def verify(self, since: tuple[int, str] | None = None) -> Verified:
        """Walk the whole log of the home, and tell whether each line is there as it was written.

        Parameters
        ----------
        since
            ``(head_seq, head_sha256)`` as an earlier call gave them, kept where whoever can write the database cannot
            write. Without it, a log that was rewritten as a whole, all its hashes anew, looks whole.
        """
        check_head(since)
        return proof.verify(self._store.database, since)

    @needs(Permission.AUDIT_READ)
    def export(
        self,
        path: str | Path | None = None,
        format: str = "jsonl",
        *,
        by: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        subject_id: str | None = None,
        outcome: str | None = None,
        origin: str | None = None,
        key_id: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        everywhere: bool = False,
    ) -> Path | Iterator[str]:
        """Write the lines that fit as a file, oldest first; it is never held as a whole.

        Parameters
        ----------
        path
            File to write, or to write anew; None: its lines are returned one by one as text.
        format
            ``jsonl``: an object a line, as `Entry.as_dict` gives it. ``csv``: as a table, where a cell that a
            spreadsheet would take for a formula begins with an apostrophe.
        by, action, subject, subject_id, outcome, origin, key_id, since, until, everywhere
            As in `list`.

        Raises
        ------
        BadRequest
            ``export.failed`` when there is no such format, or the file cannot be written; ``spec.invalid`` when a time
            is none.
        Forbidden
            As in `list`.
        """
        about = self._about(read_filters(locals()))
        check_format(format)
        lines = FORMATS[format](audit.stream(self._store.database, about))
        return lines if path is None else _written(Path(path), lines)

    def _about(self, told: dict[str, Any]) -> About:
        everywhere = told.pop("everywhere", False)
        if everywhere and not self._store.actor.is_administrator:
            raise Forbidden(
                "access.role_too_low",
                "The log of all workspaces is for the home's administrator.",
                hint="Leave `everywhere` out to see this workspace's.",
            )
        return About(workspace_id=None if everywhere else self._store.workspace_id, **told)


def read_filters(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of the lines that are meant, its times read; of other arguments nothing.

    Raises
    ------
    BadRequest
        ``spec.invalid`` when a time or an outcome is none.
    """
    told = {name: value for name in _FILTERS if (value := asked[name]) is not None and value is not False}
    known, outcome = get_args(audit.Outcome), told.get("outcome")
    if outcome is not None and outcome not in known:
        raise BadRequest("spec.invalid", f"Nothing ends as {shown(outcome)}.", hint=choices(str(outcome), known))
    return told | {name: read_moment(told[name]) for name in ("since", "until") if name in told}


def check_head(since: tuple[int, str] | None) -> None:
    """Refuse what was noted of no log.

    Raises
    ------
    BadRequest
        ``spec.invalid``
    """
    if since is not None and since[0] < 0:
        raise BadRequest("spec.invalid", f"No line has the number {shown(since[0])}.", hint="The first one has 1.")


def _as_jsonl(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield f"{json.dumps(entry.as_dict())}\n"


def _as_csv(entries: Iterable[Entry]) -> Iterator[str]:
    yield _row(_COLUMNS)
    for entry in entries:
        told = entry.as_dict()
        told["details"] = json.dumps(told["details"])
        yield _row(_harmless(told[name]) for name in _COLUMNS)


def _row(cells: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


FORMATS: Mapping[str, Callable[[Iterable[Entry]], Iterator[str]]] = {"jsonl": _as_jsonl, "csv": _as_csv}
"""How the log can be exported."""


def check_format(format: str) -> None:
    """Refuse what is none of `FORMATS`.

    Raises
    ------
    BadRequest
        ``export.failed``
    """
    if not isinstance(format, str) or format not in FORMATS:
        raise BadRequest("export.failed", f"There is no export as {shown(format)}.", hint=choices(str(format), FORMATS))


def _written(path: Path, lines: Iterable[str]) -> Path:
    # Beside it first: what is half-written is no file of its name.
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise BadRequest(
            "export.failed",
            f"{path} cannot be written: {error.strerror or error}.",
            hint="Name a file in a folder that is there and yours.",
        ) from error
    return path
