"""HTTP over one connection, with an end to patience: heads, bodies and readers that come too slowly, or are too much.

uvicorn leaves these to a proxy before it; here there may be none.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

import httptools
from uuid6 import uuid7
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from workbench.errors import TooSlow
from workbench.server import problems
from workbench.settings import Settings

HEAD_BYTES, HEAD_FIELDS = 32 << 10, 100
"""Most that the head of a request may have, in bytes and in fields."""
BODY_RATE = 4096.0
"""A body has so much more time for every so many bytes that have come, in bytes a second."""
IGNORED_BYTES = 4 << 20
"""How much of a body is let come after its request was answered, before the connection is closed."""
_WEBSOCKET_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
_HAS_BODY = {b"content-length", b"transfer-encoding"}
_OFFER = (b"upgrade", b"http2-settings")
"""Fields of a request, and what a connection is to do with them, by which another protocol is offered."""
_DROP = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a connection is waited for, in seconds, and how many there may be."""

    head_s: float = 10.0
    body_s: float = 30.0
    send_s: float = 60.0
    connections: int = 4096


class _Stage(Enum):
    BETWEEN = auto()
    HEAD = auto()
    BODY = auto()


class _Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Guarded(HttpToolsProtocol):
    """uvicorn's protocol within `bounds`."""

    bounds: ClassVar[Bounds] = Bounds()
    _stage = _Stage.BETWEEN
    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _fields = _hosts = _head_bytes = _body_bytes = _unsent = 0
    _is_new = False
    _plain_head = b""
    _cycles: Sequence[RequestResponseCycle] = ()
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # The home's owner, who comes by the socket, is let in however many others there are.
        if self.client is not None and len(self.connections) > self.bounds.connections:
            self._refuse(503, "Too many connections are open.", {"retry-after": "1"})
            return
        self._wait(self.bounds.head_s, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patient()
        self._resumed()
        # uvicorn tells the last of several requests alone.
        self._let_go()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            if self._parse(data):
                self._upgrade()
                return
        except httptools.HttpParserError as error:
            told = error.__context__
            if isinstance(told, _Refused):
                self._refuse(told.status, told.detail)
            else:
                self._refuse(400, "It is no request of HTTP.")
            return
        if not self.transport.is_closing():
            self._go_on(len(data))

    def _parse(self, data: bytes) -> bool:
        """Take what came; return whether a WebSocket is asked for.

        A request that offers another protocol is one of HTTP, with a body where it has one. The parser would take that
        for the other protocol's, so that it is told the head again without the offer.
        """
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offered:
                if not self._plain_head:
                    return True
                data, self._plain_head = self._plain_head + data[offered.args[0] :], b""
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            else:
                break
        return False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._patient()
        self._stage, self._is_new = _Stage.HEAD, True
        self._fields = self._hosts = self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > HEAD_BYTES:
            raise _Refused(414, f"The address has more than {HEAD_BYTES:,} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._fields += 1
        self._hosts += name.lower() == b"host"
        self._head_bytes += len(name) + len(value)
        if self._fields > HEAD_FIELDS or self._head_bytes > HEAD_BYTES:
            raise _Refused(431, f"The head has more than {HEAD_FIELDS} fields, or {HEAD_BYTES:,} bytes.")

    def on_headers_complete(self) -> None:
        if self._hosts != 1 and not (self._hosts == 0 and self.parser.get_http_version() == "1.0"):
            # Who reads another host than we do could be told what is another's.
            raise _Refused(400, "A request names its host once.")
        if self.parser.should_upgrade() and not self._should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise _Refused(405, "No tunnel is made here.")
            self._plain_head = self._without_offer()
            return
        self._patient()
        self._stage, self._body_bytes, self._since = _Stage.BODY, 0, time.monotonic()
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self._cycles = [*(cycle for cycle in self._cycles if not cycle.response_complete), self.cycle]

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._plain_head:
            return
        self._patient()
        self._stage = _Stage.BETWEEN
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:
            # It was answered by its head alone, and uvicorn's own wait for the next one ended with what came of it.
            self._wait(self.timeout_keep_alive, self._head_is_late)

    def _without_offer(self) -> bytes:
        """Return the head as it came, but for what it says of another protocol."""
        fields = []
        for name, value in self.headers:
            if name == b"connection":
                kept = [token for token in value.split(b",") if token.strip().lower() not in _OFFER]
                fields += [(name, b",".join(kept))] if kept else []
            elif name not in _OFFER:
                fields.append((name, value))
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (method, self.url, version), *(b"%s: %s" % field for field in fields)]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unsent = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(self.bounds.send_s, self._nobody_reads)

    def resume_writing(self) -> None:
        self._resumed()
        super().resume_writing()

    def _upgrade(self) -> None:
        """Hand a WebSocket over whose handshake is whole; nobody waits for one that is not to become so."""
        told = dict(self.headers)
        version, key = told.get(b"sec-websocket-version"), told.get(b"sec-websocket-key", b"")
        if version != b"13":
            self._refuse(426, "A WebSocket of version 13 is spoken here.", {"sec-websocket-version": "13"})
        elif not _WEBSOCKET_KEY.fullmatch(key) or _HAS_BODY & told.keys() or self.scope["method"] != "GET":
            self._refuse(400, "It is no handshake of a WebSocket.")
        else:
            self._patient()
            self.handle_websocket_upgrade()

    def _go_on(self, came: int) -> None:
        """Wait for what is to come next, as long as it may take."""
        if self._stage is _Stage.BODY:
            if self.cycle is not None and self.cycle.response_complete and self._body_bytes > IGNORED_BYTES:
                self.transport.close()
            elif self._deadline is None:
                self._wait(self.bounds.body_s, self._body_is_late)
            return
        if self._stage is _Stage.HEAD and not self._is_new:
            self._head_bytes += came
            if self._head_bytes > 2 * HEAD_BYTES:
                self._refuse(431, f"The head has more than {HEAD_BYTES:,} bytes.")
                return
        self._is_new = False
        if self._deadline is None and (self._stage is _Stage.HEAD or not self._is_answering):
            self._wait(self.bounds.head_s, self._head_is_late)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _head_is_late(self) -> None:
        self._deadline = None
        if self._is_answering:
            self._wait(self.bounds.head_s, self._head_is_late)
        elif self._stage is _Stage.HEAD:
            self._late(f"The head did not come within {self.bounds.head_s:g} s.")
        else:
            self.transport.close()

    def _body_is_late(self) -> None:
        self._deadline = None
        now = time.monotonic()
        if self.flow.read_paused:
            # It is not the caller that is slow.
            self._since = now
        left_s = self._since + self.bounds.body_s + self._body_bytes / BODY_RATE - now
        if left_s > 0:
            self._wait(left_s, self._body_is_late)
        elif self.cycle is None or self.cycle.response_started:
            self.transport.close()
        else:
            self._late(f"The body came too slowly: {self._body_bytes:,} bytes in {now - self._since:.0f} s.")

    def _late(self, detail: str) -> None:
        error = TooSlow("request.timed_out", detail, hint="Send it as a whole, or in parts.")
        self._let_go()
        self._answer(error.status, problems.answer(error).body)

    def _nobody_reads(self) -> None:
        """Give up who has not taken anything for long; who takes little is waited for."""
        self._stalled = None
        left = self.transport.get_write_buffer_size()
        if left < self._unsent:
            self._unsent = left
            self._stalled = self.loop.call_later(self.bounds.send_s, self._nobody_reads)
        else:
            self._let_go()
            # What the system holds for the reader is dropped too: it would offer it for a quarter of an hour.
            with suppress(OSError):
                self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP)
            self.transport.abort()

    def _let_go(self) -> None:
        """Have requests that are being worked at find that nobody waits for their answers."""
        for cycle in self._cycles:
            cycle.disconnected = not cycle.response_complete
            cycle.message_event.set()

    def _refuse(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        if self._is_answering and self._stage is not _Stage.BODY:
            # What was asked before is answered; what comes after it is not listened to.
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        elif self.pipeline or (self._is_answering and self.cycle.response_started):
            self.transport.close()
        else:
            self._let_go()
            self._answer(status, problems.refusal(status, detail).body, headers)

    def _answer(self, status: int, body: bytes | memoryview, headers: dict[str, str] | None = None) -> None:
        """Answer without asking the application, and hang up."""
        self._patient()
        told = {
            "content-type": problems.PROBLEM,
            "content-length": str(len(body)),
            "connection": "close",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "x-request-id": str(uuid7()),
        } | (headers or {})
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self.transport.write(STATUS_LINE[status] + head.encode() + b"\r\n" + bytes(body))
        self.transport.close()

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._patient()
        self._deadline = self.loop.call_later(seconds, then)

    def _patient(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _resumed(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


def guarded(settings: Settings) -> type[Guarded]:
    """Return the protocol within the bounds of a home's settings."""

    class Bounded(Guarded):
        bounds = Bounds(
            head_s=settings.head_timeout_s,
            body_s=settings.body_timeout_s,
            send_s=settings.send_timeout_s,
            connections=settings.connections,
        )

    return Bounded
