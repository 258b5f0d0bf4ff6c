"""Requests that may be sent again: one that bears an ``Idempotency-Key`` is carried out once, and answered alike."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.errors import BadRequest, WorkbenchError
from workbench.people.answered import LEASE, Answered, Kept, Place
from workbench.server import problems
from workbench.server.access import is_prediction
from workbench.server.callers import Caller
from workbench.server.intake import reads_itself
from workbench.workbench import Workbench

KEY = b"idempotency-key"
SWEEP_S = 3600.0
KEPT_BYTES = 1 << 20
"""Largest answer that is kept; a larger one is given once."""
_METHODS = ("POST", "PUT")
_VALID = re.compile(rb"[\x20-\x7e]{1,255}")
_KEPT_HEADERS = (b"content-type", b"location", b"link", b"etag")
_PASSING = (401, 403, 408, 425, 429)
"""Refusals that are no answer to what was asked: the same may be answered otherwise in a moment."""
_SECRET = re.compile(rb'"(?:pck|inv)_[A-Za-z0-9_-]{43}"')

log = logging.getLogger("workbench.server")


class Idempotency:
    """Answers a request that was answered before with what it was answered then.

    An answer that shows a secret is kept without it: ``null`` stands in its place when it is given again. Who lost the
    first answer revokes what was made.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        caller: Caller = scope["state"]["caller"]
        answered = caller.workbench.answered
        try:
            name = _checked(key)
            found = await asyncio.to_thread(answered.begin, name, _fingerprint(scope))
        except WorkbenchError as error:
            await problems.answer(error)(scope, receive, send)
            return
        if isinstance(found, Kept):
            await _give_again(found, send)
            return
        await self._carry_out(answered, found, scope, receive, send)

    async def _carry_out(self, answered: Answered, place: Place, scope: Scope, receive: Receive, send: Send) -> None:
        heard = Heard(send)
        try:
            async with _renewed(answered, place):
                await self._app(scope, receive, heard)
        finally:
            # Whatever becomes of this task, what was done is noted: the caller may come again.
            await asyncio.shield(asyncio.to_thread(_note, answered, place, heard.kept))


class Heard:
    """Hands an answer on, and keeps it.

    Attributes
    ----------
    kept
        The whole answer; None where there is none, or none that is to be kept.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._parts: list[bytes] = []
        self._size = 0
        self.kept: Kept | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            told: Iterable[tuple[bytes, bytes]] = message.get("headers", ())
            self._headers = [
                (name.decode(), value.decode("latin-1")) for name, value in told if name.lower() in _KEPT_HEADERS
            ]
        elif message["type"] == "http.response.body":
            part = bytes(message.get("body", b""))
            self._size += len(part)
            if self._size <= KEPT_BYTES:
                self._parts.append(part)
                if not message.get("more_body", False) and self._status < 500 and self._status not in _PASSING:
                    body = _SECRET.sub(b"null", b"".join(self._parts))
                    self.kept = Kept(self._status, self._headers, body)
        await self._send(message)


async def sweep_on(home: Workbench) -> None:
    """Forget answers whose day is over, again and again."""
    while True:
        try:
            await asyncio.to_thread(home.answered.sweep)
        except Exception as error:  # noqa: BLE001 - a store that is away for a moment is swept later
            log.warning("old answers could not be forgotten: %s", error)
        await asyncio.sleep(SWEEP_S)


@contextlib.asynccontextmanager
async def _renewed(answered: Answered, place: Place) -> AsyncIterator[None]:
    async def renew_on() -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with contextlib.suppress(WorkbenchError):
                await asyncio.to_thread(answered.renew, place)

    task = asyncio.create_task(renew_on())
    try:
        yield
    finally:
        task.cancel()


def _note(answered: Answered, place: Place, kept: Kept | None) -> None:
    try:
        if kept is None:
            answered.abandon(place)
        else:
            answered.finish(place, kept)
    except WorkbenchError as error:
        # It counts as worked at until its lease is over, and is then done anew.
        log.warning("an answer could not be kept: %s", error)


async def _give_again(kept: Kept, send: Send) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in kept.headers]
    headers += [(b"content-length", str(len(kept.body)).encode()), (b"idempotency-replayed", b"true")]
    await send({"type": "http.response.start", "status": kept.status, "headers": headers})
    await send({"type": "http.response.body", "body": kept.body})


def _key(scope: Scope) -> bytes | None:
    """Return the key of a request that is to be carried out once."""
    if scope["type"] != "http" or scope["method"] not in _METHODS or is_prediction(scope):
        return None
    if "caller" not in scope["state"]:
        # Of nobody it cannot be told who asks again.
        return None
    return next((value for name, value in scope["headers"] if name == KEY), None)


def _checked(key: bytes) -> str:
    if not _VALID.fullmatch(key):
        raise BadRequest("request.idempotency_invalid", "An idempotency key has 1 to 255 printable ASCII characters.")
    return key.decode()


def _fingerprint(scope: Scope) -> str:
    """Return a hash of what is asked; of a table that comes as a stream, of what is told of it."""
    told = dict(scope["headers"])
    names = (b"content-type", b"x-workbench-project") + ((b"content-length",) if reads_itself(scope) else ())
    parts = [scope["method"].encode(), scope["path"].encode(), scope["query_string"]]
    parts += [told.get(name, b"") for name in names]
    parts.append(hashlib.sha256(scope["state"].get("body", b"")).digest())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
