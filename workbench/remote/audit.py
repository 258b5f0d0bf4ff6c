"""The audit log, over HTTP: what `Workbench.audit` is."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.auditing import check_format, check_head, read_filters
from workbench.errors import BadRequest
from workbench.store.audit import Entry
from workbench.store.proof import Verified

if TYPE_CHECKING:
    from workbench.remote.api import Api

_VERIFY_S = 600.0
"""How long the API may take to walk the whole log."""


class Audit:
    """Who did what; see `workbench.auditing.Audit`."""

    def __init__(self, api: Api) -> None:
        self._api = api

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
        """Return lines of this workspace, newest first: those that fit all that is said, each text as it stands."""
        about = _told(read_filters(locals()))
        return self._api.all_of(Entry, self._api.listed("audit", limit=limit, before=before, **about))

    def verify(self, since: tuple[int, str] | None = None) -> Verified:
        """Have the whole log of the home walked, and told whether each line is there as it was written."""
        check_head(since)
        seq, sha256 = (None, None) if since is None else since
        found = self._api.get("audit", "verify", seq=seq, sha256=sha256, timeout_s=_VERIFY_S)
        return self._api.of(Verified, found)

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
        """Fetch the lines that fit as a file, or as text line by line, oldest first; it is never held as a whole."""
        asked = _told(read_filters(locals())) | {"format": format}
        check_format(format)
        if path is None:
            return self._lines(asked)
        to = Path(path)
        try:
            self._api.download(to, "audit", "export", **asked)
        except OSError as error:
            raise BadRequest(
                "export.failed", f"{to} cannot be written: {error.strerror or error}.", hint="Name another file."
            ) from error
        return to

    def _lines(self, asked: dict[str, Any]) -> Iterator[str]:
        rest = b""
        with self._api.open("audit", "export", headers={}, read_s=self._api.timeout_s, **asked) as response:
            for chunk in response.iter_bytes():
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (f"{line.decode()}\n" for line in lines)
        if rest:
            yield rest.decode()


def _told(about: dict[str, Any]) -> dict[str, Any]:
    """Lay filters out for a query."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in about.items()}
