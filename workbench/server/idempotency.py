"""Requests that may be sent again: one that bears an ``Idempotency-Key`` is carried out once, and answered alike."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.errors import BadRequest, WorkbenchError
from workbench.people.answered import LEASE, Answered, Kept, Repeatable, in_progress, reused
from workbench.server import problems
from workbench.server.access import is_prediction
from workbench.server.intake import reads_itself
from workbench.serving.client import ROOT
from workbench.workbench import Workbench

KEY = b"idempotency-key"
SWEEP_S = 3600.0
KEPT_BYTES = 1 << 20
"""Largest answer that is kept; of a larger one it is kept only that there was one."""
_METHODS = ("PATCH", "POST", "PUT")
_BY_CODE = ("POST", f"{ROOT}/invitations/accept")
"""What is asked by those who are nobody yet: what they send says who they are."""
_VALID = re.compile(rb"[\x20-\x7e]{1,255}")
_KEPT_HEADERS = (b"content-type", b"location", b"link", b"etag")
_PASSING = (401, 403, 408, 425, 429, 500, 503)
"""What tells not what becomes of a request: the same may be answered otherwise in a moment.

Where nothing was changed before, it is carried out anew."""
_SECRET = re.compile(rb'"(?:pck|inv)_[A-Za-z0-9_-]{43}"')

log = logging.getLogger("workbench.server")


class Idempotency:
    """Answers a request that was answered before with what it was answered then.

    An answer that shows a secret is kept without it: ``null`` stands in its place when it is given again. Who lost the
    first answer revokes what was made.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._at_work: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        home: Workbench = scope["state"]["workbench"]
        answered = home.answered if "caller" in scope["state"] else home.answered.of(_body_digest(scope))
        stream = Stream(receive) if reads_itself(scope) else None
        with contextlib.ExitStack() as leaving:
            try:
                asked = answered.repeatable(_checked(key), _fingerprint(scope))
                self._take(asked)
                leaving.callback(self._at_work.pop, asked.id)
                found = await asyncio.to_thread(answered.find, asked, is_whole=stream is None)
                if found is not None and stream is not None:
                    await stream.hear_out(home.settings.upload_limit)
                    found.check(stream.fingerprint(asked.fingerprint))
            except WorkbenchError as error:
                await problems.answer(error)(scope, receive, send)
            except ClientDisconnect:
                pass
            else:
                if found is not None:
                    await _give_again(found, send)
                else:
                    scope["state"]["workbench"] = home.carrying_out(asked)
                    await self._carry_out(asked, answered, scope, stream or receive, send)

    def _take(self, asked: Repeatable) -> None:
        """Work at a request that nobody else works at in this process; what others change, the store knows.

        Raises
        ------
        Malformed, Conflict
            As `Answered.find`.
        """
        other = self._at_work.get(asked.id)
        if other is not None:
            raise in_progress() if other == asked.fingerprint else reused()
        self._at_work[asked.id] = asked.fingerprint

    async def _carry_out(
        self, asked: Repeatable, answered: Answered, scope: Scope, receive: Receive, send: Send
    ) -> None:
        stream = receive if isinstance(receive, Stream) else None

        async def note(kept: Kept | None) -> None:
            if kept is not None and stream is not None:
                # Of what was not heard to its end it is not known whether it was the same.
                kept = replace(kept, fingerprint=stream.fingerprint(asked.fingerprint)) if stream.is_over else None
            # Whatever becomes of this task, what was done is noted: the caller may come again.
            await asyncio.shield(asyncio.to_thread(_note, answered, asked, kept))

        heard = Heard(send, note)
        try:
            async with _renewed(answered, asked):
                await self._app(scope, receive, heard)
        finally:
            if not heard.is_over:
                await note(None)


class Stream:
    """Hands a body on as it comes, and tells what it was.

    Attributes
    ----------
    is_over
        Whether all of it has come.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._digest = hashlib.sha256()
        self._size = 0
        self.is_over = False

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            part = message.get("body", b"")
            self._digest.update(part)
            self._size += len(part)
            self.is_over = not message.get("more_body", False)
        return message

    async def hear_out(self, most: int) -> None:
        """Take it to its end, and not much more than `most` bytes: none was ever taken that is larger.

        Raises
        ------
        ClientDisconnect
            Where the caller hangs up before.
        """
        while not self.is_over and self._size <= most:
            if (await self())["type"] == "http.disconnect":
                raise ClientDisconnect

    def fingerprint(self, asked: str) -> str:
        """Return a hash of the whole request.

        Parameters
        ----------
        asked
            Of all but the body.
        """
        return hashlib.sha256(f"{asked} {self._digest.hexdigest()}".encode()).hexdigest()


class Heard:
    """Hands an answer on, and has it noted before its end is told: who has heard it and asks again is answered alike.

    Parameters
    ----------
    note
        Takes the whole answer; None: it tells not what became of the request, or is too large to be kept.

    Attributes
    ----------
    is_over
        Whether the answer was whole.
    """

    def __init__(self, send: Send, note: Callable[[Kept | None], Awaitable[None]]) -> None:
        self._send = send
        self._note = note
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._parts: list[bytes] = []
        self._size = 0
        self.is_over = False

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
            if not message.get("more_body", False):
                self.is_over = True
                await self._note(self._kept())
        await self._send(message)

    def _kept(self) -> Kept | None:
        if self._status in _PASSING or self._size > KEPT_BYTES:
            return None
        return Kept(self._status, self._headers, _SECRET.sub(b"null", b"".join(self._parts)))


async def sweep_on(home: Workbench) -> None:
    """Forget answers whose day is over, again and again."""
    while True:
        try:
            await asyncio.to_thread(home.answered.sweep)
        except Exception as error:  # noqa: BLE001 - a store that is away for a moment is swept later
            log.warning("old answers could not be forgotten: %s", error)
        await asyncio.sleep(SWEEP_S)


@contextlib.asynccontextmanager
async def _renewed(answered: Answered, asked: Repeatable) -> AsyncIterator[None]:
    async def renew_on() -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with contextlib.suppress(WorkbenchError):
                await asyncio.to_thread(answered.renew, asked)

    task = asyncio.create_task(renew_on())
    try:
        yield
    finally:
        task.cancel()


def _note(answered: Answered, asked: Repeatable, kept: Kept | None) -> None:
    try:
        if kept is None:
            answered.leave(asked)
        else:
            answered.finish(asked, kept)
    except WorkbenchError as error:
        # What was changed is marked: it is not changed again.
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
    if "caller" not in scope["state"] and (scope["method"], scope["path"]) != _BY_CODE:
        # Of nobody it cannot be told who asks again.
        return None
    return next((value for name, value in scope["headers"] if name == KEY), None)


def _checked(key: bytes) -> str:
    if not _VALID.fullmatch(key):
        raise BadRequest("request.idempotency_invalid", "An idempotency key has 1 to 255 printable ASCII characters.")
    return key.decode()


def _fingerprint(scope: Scope) -> str:
    """Return a hash of what is asked, but for a table that comes as a stream."""
    told = dict(scope["headers"])
    parts = [scope["method"].encode(), scope["path"].encode(), scope["query_string"]]
    parts += [told.get(name, b"") for name in (b"content-type", b"x-workbench-project")]
    parts.append(_body_digest(scope).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _body_digest(scope: Scope) -> str:
    return hashlib.sha256(scope["state"].get("body", b"")).hexdigest()
