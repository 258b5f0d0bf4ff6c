"""Web addresses. By the standard library: it takes no package, and tells refusals apart."""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Iterator, Mapping
from functools import partial
from http.client import HTTPException, HTTPMessage, InvalidURL
from pathlib import PurePosixPath
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from workbench.data.origins.secrets import Hidden, Secrets
from workbench.data.origins.store import PART_BYTES, Entry, Passing, call, unreachable
from workbench.errors import BadRequest, Forbidden, WorkbenchError
from workbench.version import __version__

_PATIENCE_S = 30
"""How long a server may be silent."""
_PART_S = 1.0
_MAY_PASS = (408, 425, 429, 500, 502, 503, 504)


class Web:
    """A file behind a web address.

    Parameters
    ----------
    url
        With its secrets.
    options
        ``headers``, which are sent to this server and no other one.
    called
        What the user calls it, for messages.
    reach
        As of `workbench.data.origins.object.Object`.
    """

    is_folder = False

    def __init__(
        self,
        url: str,
        options: Mapping[str, Any],
        called: str,
        secrets: Secrets,
        reach: tuple[str, ...] | None = None,
    ) -> None:
        self._called, self._secrets, self._reach = called, secrets, reach
        strangers = set(options) - {"headers"}
        if strangers:
            raise BadRequest("data.source_invalid", f"A web address takes no option {min(strangers)}, only headers.")
        headers = options.get("headers") or {}
        if not isinstance(headers, Mapping):
            raise BadRequest("data.source_invalid", "The option headers is a mapping of names to values.")
        self._headers = dict(headers)
        self._url = call(lambda: self._without_login(url), secrets, self._refusal)

    def __repr__(self) -> str:
        return f"Web({self._called!r})"

    def entries(self) -> list[Entry]:
        """See `workbench.data.origins.store.Store`."""

        def asked() -> HTTPMessage:
            # Addresses that are signed for fetching refuse to be asked about.
            with self._opened({"Range": "bytes=0-0"}) as answer:
                return answer.headers  # type: ignore[no-any-return]

        headers = call(asked, self._secrets, self._refusal)
        name = PurePosixPath(urlsplit(self._url).path).name
        return [Entry(self._url, name, _size(headers), _sign(headers))]

    def parts(self, entry: Entry, start: int) -> Iterator[tuple[int, bytes]]:
        """See `workbench.data.origins.store.Store`."""
        rest = self._rest(entry, start) if start else None
        at = 0 if rest is None else start
        answer = rest or call(lambda: self._opened({}), self._secrets, self._refusal)
        with answer:
            length = answer.headers.get("Content-Length", "")
            end = at + int(length) if length.isdigit() else None
            while part := call(partial(_part, answer, at, end), self._secrets, self._refusal):
                yield at, part
                at += len(part)
        if end is not None and at != end:
            raise Passing(f"{at:,} of {end:,} bytes came")

    def _without_login(self, url: str) -> str:
        """Move who asks from the address to the headers."""
        parts = urlsplit(url)
        if parts.username is not None:
            who = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            encoded = base64.b64encode(who.encode()).decode()
            self._secrets.hide(encoded)
            self._headers["Authorization"] = f"Basic {encoded}"
        place = parts.netloc.rpartition("@")[2]
        return Hidden(urlunsplit(parts._replace(netloc=place, fragment="")))

    def _rest(self, entry: Entry, start: int) -> Any:
        """Ask for what comes after a place; None where the server gives no parts, or it is another version by now."""
        if entry.sign is None:
            return None
        try:
            answer = call(lambda: self._opened({"Range": f"bytes={start}-"}), self._secrets, self._refusal)
        except BadRequest:
            return None  # Asked for all of it, it says what is wrong.
        if answer.status == 206 and _first(answer.headers) == start and _sign(answer.headers) == entry.sign:
            return answer
        answer.close()
        return None

    def _opened(self, more: Mapping[str, str]) -> Any:
        request = Request(self._url, headers={"User-Agent": f"workbench/{__version__}", **more})
        for name, value in self._headers.items():
            # A server that the answer points to is not to see them.
            request.add_unredirected_header(name, str(value))
        if self._reach is None:
            return urlopen(request, timeout=_PATIENCE_S)
        from workbench.data.origins.reach import opener

        return opener(self._reach)(request, timeout=_PATIENCE_S)

    def _refusal(self, error: Exception, reason: str) -> WorkbenchError | None:
        if isinstance(error, Forbidden):
            return error
        cause = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
        if isinstance(cause, ssl.SSLError):
            why = self._secrets.first_line(cause)
            return unreachable(self._called, f"is not trusted: {why}")
        if isinstance(error, HTTPError):
            return None if error.code in _MAY_PASS else self._answered(error.code, reason)
        if isinstance(error, OSError | HTTPException) and not isinstance(error, InvalidURL):
            return None
        return BadRequest("data.source_invalid", f"{self._called} cannot be fetched: {reason}.")

    def _answered(self, status: int, reason: str) -> WorkbenchError:
        if status in (404, 410):
            return BadRequest("data.file_missing", f"There is no such file: {self._called} ({reason}).")
        if status in (401, 403, 407):
            return BadRequest("data.source_denied", f"The server does not let this user at {self._called} ({reason}).")
        return BadRequest("data.source_invalid", f"The server does not give {self._called} ({reason}).")


def _part(answer: Any, at: int, end: int | None) -> bytes:
    """Read what comes within a second or so: whoever waits is to see that something does.

    Parameters
    ----------
    at, end
        Where it begins and where all of it ends; None where that is not known.
    """
    until, wanted = time.monotonic() + _PART_S, PART_BYTES if end is None else min(end - at, PART_BYTES)
    parts: list[bytes] = []
    while wanted > 0 and (part := answer.read1(wanted)):
        parts.append(part)
        wanted -= len(part)
        if time.monotonic() > until:
            break
    return b"".join(parts)


def _size(headers: HTTPMessage) -> int | None:
    if "Content-Range" in headers:
        return _whole(headers)
    length = headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _sign(headers: HTTPMessage) -> str | None:
    """Return what tells a version of a file from another one."""
    marks = [mark for name in ("ETag", "Last-Modified") if (mark := headers.get(name))]
    return f"{_size(headers)} {' '.join(marks)}" if marks else None


def _first(headers: HTTPMessage) -> int | None:
    """Return the place of the first byte of a part."""
    span = headers.get("Content-Range", "").partition(" ")[2]
    first = span.partition("-")[0]
    return int(first) if first.isdigit() else None


def _whole(headers: HTTPMessage) -> int | None:
    """Return the size of what a part is of."""
    size = headers.get("Content-Range", "").rpartition("/")[2]
    return int(size) if size.isdigit() else None
