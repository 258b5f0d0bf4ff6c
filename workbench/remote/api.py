"""Asks an API: paths and JSON in, JSON out, errors as the API raised them."""

from __future__ import annotations

import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from workbench.errors import BadGateway, BadRequest, Busy, EngineFault, NotFound, Unauthorized, Unavailable
from workbench.pages import ROWS_MOST, bounded
from workbench.remote import answers
from workbench.remote.address import Address
from workbench.remote.patience import Patience
from workbench.store.files import sha256_of

if TYPE_CHECKING:
    import httpx

_Kind = TypeVar("_Kind")

_KEPT_MOST, _KEPT_BYTES = 64, 1 << 20
"""Answers that are kept with their tags, and the largest one."""


class Kept:
    """Answers with their tags: where nothing has changed, the API says so and sends nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, ...], tuple[str, bytes]] = OrderedDict()

    def get(self, place: tuple[str, ...]) -> tuple[str, bytes] | None:
        with self._lock:
            return self._kept.get(place)

    def put(self, place: tuple[str, ...], tag: str, content: bytes) -> None:
        with self._lock:
            self._kept.pop(place, None)
            if len(content) <= _KEPT_BYTES:
                self._kept[place] = (tag, content)
            while len(self._kept) > _KEPT_MOST:
                self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Api:
    """An API, asked in one workspace and project.

    Attributes
    ----------
    headers
        What every request says besides.
    timeout_s
        Longest to wait for an answer, and longest to ask again for it, in seconds.
    folder
        Where tables are put that were fetched.
    """

    address: Address
    client: httpx.Client
    headers: Mapping[str, str]
    timeout_s: float
    kept: Kept
    folder: Path

    @property
    def host(self) -> str:
        return self.address.host

    def of(self, kind: type[_Kind], told: Any) -> _Kind:
        """Rebuild a dataclass from what was answered."""
        return answers.understood(kind, told, self.host)

    def all_of(self, kind: type[_Kind], told: Any) -> list[_Kind]:
        return [self.of(kind, one) for one in told]

    def get(self, *path: str, timeout_s: float | None = None, **asked: Any) -> Any:
        """Ask for JSON; parts of the path are quoted, and what is asked as None is not said."""
        return answers.parsed(self.content(*path, timeout_s=timeout_s, **asked), self.host)

    def content(self, *path: str, timeout_s: float | None = None, **asked: Any) -> bytes:
        """Ask for bytes."""
        place = (self._url(path, asked), *self.headers.values())
        known = self.kept.get(place)
        headers = {} if known is None else {"If-None-Match": known[0]}
        response = self._ask("GET", path, asked=asked, headers=headers, timeout_s=timeout_s)
        if response.status_code == answers.NOT_MODIFIED and known is not None:
            return known[1]
        content = bytes(response.content)
        if (tag := response.headers.get("etag")) is not None:
            self.kept.put(place, tag, content)
        return content

    def listed(self, *path: str, limit: int | None = None, **asked: Any) -> list[Any]:
        """Ask for a list: all of it, page after page, or so much as one page holds."""
        if limit is not None:
            first: list[Any] = self.get(*path, **asked, limit=bounded(limit))
            return first
        found: list[Any] = []
        query: dict[str, Any] | None = asked
        while query is not None:
            response = self._ask("GET", path, asked={**query, "limit": ROWS_MOST})
            found += answers.parsed(response.content, self.host)
            query = _next(response)
        return found

    def post(self, *path: str, body: Any = None, timeout_s: float | None = None, **asked: Any) -> Any:
        """Have something done; where the answer is lost it is asked for again, and nothing is done twice."""
        return self._change("POST", path, body, timeout_s, asked)

    def ask_once(self, *path: str, body: Any, headers: Mapping[str, str], timeout_s: float) -> Any:
        """Ask what changes nothing, and leave it to the caller to ask again."""
        told = {"Content-Type": "application/json", **headers}
        patience = Patience(deadline=0.0)
        response = self._ask("POST", path, headers=told, content=_written(body), timeout_s=timeout_s, patience=patience)
        return answers.parsed(response.content, self.host)

    def put(self, *path: str, body: Any) -> Any:
        return self._change("PUT", path, body, None, {})

    def patch(self, *path: str, body: Any) -> Any:
        return self._change("PATCH", path, body, None, {})

    def delete(self, *path: str, timeout_s: float | None = None, ends_key: bool = False, **asked: Any) -> None:
        """Have something deleted.

        Parameters
        ----------
        ends_key
            Whether that may revoke the key by which it is asked.
        """
        patience = Patience.of(timeout_s or self.timeout_s)
        try:
            self._ask("DELETE", path, asked=asked, timeout_s=timeout_s, patience=patience)
        except (NotFound, Unauthorized) as error:
            # Where an earlier answer was lost, it was there and is deleted.
            is_gone = isinstance(error, NotFound) or (ends_key and error.code == "key.revoked")
            if not (patience.broken and is_gone):
                raise

    @contextmanager
    def open(self, *path: str, headers: Mapping[str, str], read_s: float, **asked: Any) -> Iterator[httpx.Response]:
        """Ask once for what comes in pieces; `read_s` is the longest pause between two.

        Raises
        ------
        WorkbenchError
            What the API answers instead; ``remote.unreachable`` when it breaks off.
        """
        import httpx

        timeout = httpx.Timeout(self.timeout_s, read=read_s)
        try:
            with self.client.stream(
                "GET", self._url(path, asked), headers={**self.headers, **headers}, timeout=timeout
            ) as response:
                if response.status_code >= 300:
                    response.read()
                    raise answers.error_of(response, self.host)
                yield response
        except httpx.TransportError as error:
            raise answers.unreachable(self.host, error) from error

    def fetched(self, name: str, *path: str, sha256: str | None) -> Path:
        """Fetch a file, verified, and return where it lies, by that name, until the workbench is closed."""
        to = self.folder / name
        if to.is_file():
            return to
        # Whoever fetches it beside this one writes another file.
        own = to.with_name(f"{name}.{uuid.uuid4().hex}")
        try:
            self.download(own, *path)
            if sha256 is not None and sha256_of(own) != sha256:
                raise EngineFault("artifact.hash_mismatch", f"What came as {name} is not what was stored.")
            return own.replace(to)
        finally:
            own.unlink(missing_ok=True)

    def download(self, to: Path, *path: str, **asked: Any) -> None:
        """Put what is answered into a file, once it is there as a whole; where it breaks off, it is fetched anew."""
        partial = to.with_name(f"{to.name}.partial")
        try:
            self._fetch(partial, path, asked)
            partial.replace(to)
        finally:
            partial.unlink(missing_ok=True)

    def _fetch(self, to: Path, path: tuple[str, ...], asked: Mapping[str, Any]) -> None:
        patience = Patience.of(self.timeout_s)
        while True:
            try:
                with self.open(*path, headers={}, read_s=self.timeout_s, **asked) as response, to.open("wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
            except (Unavailable, Busy) as error:
                if not patience.after(error):
                    raise
            else:
                return

    def send(
        self, *path: str, content: Iterator[bytes], headers: Mapping[str, str], read_s: float, **asked: Any
    ) -> Any:
        """Send a body in pieces, once: what has been sent is not here any more."""
        import httpx

        timeout = httpx.Timeout(self.timeout_s, read=read_s)
        request = self.client.build_request(
            "POST",
            self._url(path, asked),
            headers={**self.headers, **headers, "Content-Type": "application/octet-stream"},
            content=content,
            timeout=timeout,
        )
        try:
            response = self.client.send(request)
        except httpx.TransportError as error:
            raise answers.unreachable(self.host, error) from error
        if response.status_code >= 300:
            raise answers.error_of(response, self.host)
        return answers.parsed(response.content, self.host)

    def _change(
        self, method: str, path: tuple[str, ...], body: Any, timeout_s: float | None, asked: Mapping[str, Any]
    ) -> Any:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        content = b""
        if body is not None:
            content, headers["Content-Type"] = _written(body), "application/json"
        response = self._ask(method, path, asked=asked, headers=headers, content=content, timeout_s=timeout_s)
        return answers.parsed(response.content, self.host)

    def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        asked: Mapping[str, Any] = MappingProxyType({}),
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout_s: float | None = None,
        patience: Patience | None = None,
    ) -> httpx.Response:
        """Ask until there is an answer that is not “later”, as long as the patience lasts."""
        import httpx

        never_there = httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout
        patience = patience or Patience.of(timeout_s or self.timeout_s)
        url, told = self._url(path, asked), {**self.headers, **(headers or {})}
        timeout: Any = httpx.USE_CLIENT_DEFAULT if timeout_s is None else httpx.Timeout(self.timeout_s, read=timeout_s)
        while True:
            try:
                response = self.client.request(method, url, headers=told, content=content or None, timeout=timeout)
            except httpx.TransportError as error:
                patience.is_begun |= method != "GET" and not isinstance(error, never_there)
                if not patience.after_break():
                    raise answers.unreachable(self.host, error) from error
                continue
            if response.status_code < 300 or response.status_code == answers.NOT_MODIFIED:
                return response
            refused = answers.error_of(response, self.host)
            if not patience.after(refused):
                raise refused

    def _url(self, path: tuple[str, ...], asked: Mapping[str, Any]) -> str:
        query = urlencode(_query(asked))
        return "/".join((self.address.base, *map(_part, path))) + (f"?{query}" if query else "")


def _part(part: str) -> str:
    """Quote a part of a path, so that it stays one: empty ones and dots would be taken for none."""
    quoted = quote(part, safe="@")
    return quoted.replace(".", "%2E") if quoted.strip(".") == "" and quoted else quoted or "%20"


def _written(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise BadRequest("spec.invalid", f"What is asked for cannot be written as JSON: {error}.") from error


def _query(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    for name, value in asked.items():
        values = value if isinstance(value, list | tuple) else [value]
        told += [(name, _text(one)) for one in values if one is not None]
    return told


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _next(response: httpx.Response) -> dict[str, Any] | None:
    """Return what to ask for the page after this one; None: there is none."""
    url = response.links.get("next", {}).get("url")
    if url is None:
        return None
    query = parse_qsl(urlsplit(url).query)
    if not any(name == "cursor" for name, _ in query):
        raise BadGateway("remote.not_understood", "A list goes on at a place that is none.")
    told: dict[str, Any] = {}
    for name, value in query:
        told[name] = [*told[name], value] if name in told else [value]
    return told
