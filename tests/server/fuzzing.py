"""Requests that nobody should send, over raw sockets, and what may be answered to them.

Each is made from a seed, so that one that did harm can be sent again.
"""

from __future__ import annotations

import json
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

UNKNOWN = "00000000-0000-7000-8000-000000000000"
PATIENCE_S = 20.0
_STRANGE = (
    *(None, True, -1, 0, 2**31, 2**63, -(2**70), 1e308, "", " ", "x", UNKNOWN, "default", "iris", "juice", "é" * 300),
    *(
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "=1+1",
        "'; DROP TABLE runs; --",
        "\u202e",
        "x" * 5000,
        "*",
        "predict:*",
    ),
    *([], {}, [[]], {"": ""}, [None] * 50, {"a": {"b": {"c": []}}}),
)
_SEGMENTS = (UNKNOWN, "default", "iris", "x", "..%2f..%2f", "%ff%fe", "%C3%A9", "a" * 4000, "%25", "-1", "*")
_QUERIES = (
    "",
    "limit=0",
    "limit=99999999999999999999",
    "limit=x&limit=y",
    "cursor=%21",
    "after=-1",
    "a=%f&b=%zz",
    "&&=&",
)
_NO_ANSWER, _NEVER = 0, 999
"""Beside statuses: hung up without a word; neither answered nor hung up."""


@dataclass(frozen=True)
class Sent:
    """A request as bytes, in the parts in which they are sent, and the statuses that are right answers to it.

    Attributes
    ----------
    may
        Statuses; 0 where hanging up without a word is right too. None: whatever is no fault of the API.
    """

    kind: str
    parts: tuple[bytes, ...]
    may: frozenset[int] | None = None
    pause_s: float = 0.0
    hangs_up: bool = False


@dataclass
class Outcome:
    """What came of many requests."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest_s: float = 0.0


class Fuzz:
    """Makes requests to the operations of an API.

    Parameters
    ----------
    paths
        As its OpenAPI description lists them.
    """

    def __init__(self, paths: Mapping[str, Mapping[str, Any]], token: str) -> None:
        self._operations = [(method.upper(), path) for path, told in paths.items() for method in told]
        self._token = token
        self._kinds: tuple[Callable[[random.Random], Sent], ...] = (
            *(self.typed,) * 6,
            *(self.broken,) * 4,
            *(self.addressed,) * 3,
            self.encoded,
            self.huge,
            self.truncated,
            self.slow,
            self.bomb,
            self.pipelined,
            self.smuggled,
            self.unknown,
            self.upgraded,
            self.anonymous,
            self.garbage,
        )

    def make(self, seed: int) -> Sent:
        chance = random.Random(seed)
        return chance.choice(self._kinds)(chance)

    def typed(self, chance: random.Random) -> Sent:
        """JSON of the right names, some of them, and whatever in them."""
        names = (
            "name",
            "what",
            "slug",
            "run",
            "source",
            "target",
            "plan",
            "model",
            "scopes",
            "days",
            "role",
            "user",
            "rows",
        )
        body = {chance.choice(names): chance.choice(_STRANGE) for _ in range(chance.randrange(6))}
        content = json.dumps(chance.choice((body, body, body, chance.choice(_STRANGE)))).encode()
        return self._request("typed", chance, content)

    def broken(self, chance: random.Random) -> Sent:
        content = json.dumps({"name": chance.choice(_STRANGE), "rows": [{"x": 1}]}).encode()
        cut = content[: chance.randrange(1, len(content))]
        content = chance.choice(
            (cut, content + b"}", b"[" * 5000, b'{"a":NaN}', b'{"a":1,"a":2}', b'"\\ud800"', b"\x00")
        )
        return self._request("broken", chance, content)

    def addressed(self, chance: random.Random) -> Sent:
        return self._request("addressed", chance, b"", query=chance.choice(_QUERIES))

    def encoded(self, chance: random.Random) -> Sent:
        content = '{"name": "é"}'.encode(chance.choice(("utf-16", "utf-32", "latin-1", "cp037")))
        kind = chance.choice(("application/json; charset=utf-16", "text/plain", "multipart/form-data", "\xff", ""))
        return self._request("encoded", chance, content, f"Content-Type: {kind}\r\nContent-Encoding: gzip\r\n")

    def huge(self, chance: random.Random) -> Sent:
        """More than is taken, told or not."""
        head = self._head("POST", "/api/v1/projects")
        if chance.random() < 0.5:
            return Sent(
                "huge", (f"{head}Content-Length: {10 ** chance.randrange(8, 18)}\r\n\r\n{{".encode(),), frozenset({413})
            )
        chunk = b"%x\r\n%b\r\n" % (1 << 18, b" " * (1 << 18))
        return Sent("huge", (f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(), *(chunk,) * 6), frozenset({413, 0}))

    def truncated(self, chance: random.Random) -> Sent:
        method, path = self._operation(chance)
        head = f"{self._head(method, path)}Content-Length: 1000\r\n\r\n{{".encode()
        return Sent("truncated", (head[: chance.randrange(1, len(head) + 1)],), hangs_up=True)

    def slow(self, chance: random.Random) -> Sent:
        whole = self._request("slow", chance, b'{"name": 1}')
        content = b"".join(whole.parts)
        places = sorted(chance.randrange(len(content)) for _ in range(3))
        parts = [content[a:b] for a, b in zip([0, *places], [*places, len(content)], strict=True)]
        return Sent("slow", tuple(parts), whole.may, pause_s=0.05)

    def bomb(self, chance: random.Random) -> Sent:
        many = "".join(f"X-{number}: {number}\r\n" for number in range(chance.choice((150, 5000))))
        long = f"X-Long: {'a' * chance.choice((40_000, 400_000))}\r\n"
        head = self._head("GET", "/api/v1/health") + chance.choice((many, long)) + "\r\n"
        return Sent("bomb", (head.encode(),), frozenset({431, 0}))

    def pipelined(self, chance: random.Random) -> Sent:
        requests = [b"".join(self.typed(chance).parts).replace(b"Connection: close\r\n", b"") for _ in range(3)]
        return Sent("pipelined", (b"".join([*requests, b"".join(self.addressed(chance).parts)]),))

    def smuggled(self, chance: random.Random) -> Sent:
        """Requests of which two readers could disagree where they end."""
        hidden = "0\r\n\r\nGET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n"
        told = chance.choice(
            (
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                "Content-Length: 5\r\nContent-Length: 6\r\n",
                "Content-Length: +5\r\n",
                "Content-Length: 5, 6\r\n",
                "Content-Length: 0x5\r\n",
                "Transfer-Encoding: chunked, identity\r\n",
                "Transfer-Encoding : chunked\r\n",
                "X: y\r\n Transfer-Encoding: chunked\r\n",
                "Host: y\r\n",
                "X: a\rTransfer-Encoding: chunked\r\n",
            )
        )
        return Sent(
            "smuggled", (f"{self._head('POST', '/api/v1/projects')}{told}\r\n{hidden}".encode(),), frozenset({400})
        )

    def unknown(self, chance: random.Random) -> Sent:
        method = chance.choice(("PATCH", "DELETE", "PUT", "TRACE", "OPTIONS", "PROPFIND", "LINK"))
        head = self._head(method, chance.choice(("/api/v1/nothing", "/nothing", "/api/v1/health", "/api/v1/ready")))
        return Sent("unknown", (f"{head}\r\n".encode(),), frozenset({404, 405}))

    def upgraded(self, chance: random.Random) -> Sent:
        path = chance.choice(("/api/v1/runs/x/events/ws", "/api/v1/health", "/nothing"))
        told = chance.choice(
            (
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n",
                "Upgrade: websocket\r\nConnection: Upgrade\r\n",
                "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQ\r\n",
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 99\r\nContent-Length: 3\r\n",
            )
        )
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\n{told}\r\n"
        return Sent("upgraded", (head.encode(), b"\x81\x00\xff\xff"), frozenset({101, 400, 401, 403, 404, 426, 200, 0}))

    def anonymous(self, chance: random.Random) -> Sent:
        method, path = self._operation(chance)
        shown = chance.choice(
            ("", "X-Workbench-Key: pck_\xff\r\n", "Authorization: Bearer \r\n", "Authorization: Basic x\r\n")
        )
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{shown}\r\n"
        is_open = path.startswith(("/api/v1/health", "/api/v1/ready")) or path.endswith(("/accept", "/predict"))
        # An empty bearer is a token, and a wrong one.
        may = frozenset({400, 401, 403, 404, 422, 200}) if is_open else frozenset({401, 403})
        return Sent("anonymous", (head.encode("latin-1"),), may)

    def garbage(self, chance: random.Random) -> Sent:
        content = chance.randbytes(chance.randrange(1, 3000))
        begun = self._head("POST", "/api/v1/projects").encode() if chance.random() < 0.5 else b""
        return Sent("garbage", (begun + content,), hangs_up=True)

    def _operation(self, chance: random.Random) -> tuple[str, str]:
        method, path = chance.choice(self._operations)
        parts = (chance.choice(_SEGMENTS) if part.startswith("{") else part for part in path.split("/"))
        return method, "/".join(parts)

    def _request(
        self, kind: str, chance: random.Random, content: bytes, headers: str | None = None, *, query: str = ""
    ) -> Sent:
        method, path = self._operation(chance)
        if path.endswith("/stream"):
            # What never ends is tried elsewhere.
            method, path = "GET", "/api/v1/me"
        told = "Content-Type: application/json\r\n" if headers is None else headers
        head = self._head(method, f"{path}?{query}" if query else path, told)
        length = f"Content-Length: {len(content)}\r\n" if content else ""
        return Sent(kind, (f"{head}{length}\r\n".encode("latin-1") + content,))

    def _head(self, method: str, path: str, told: str = "Content-Type: application/json\r\n") -> str:
        return f"{method} {path} HTTP/1.1\r\nHost: x\r\nX-Workbench-Token: {self._token}\r\nConnection: close\r\n{told}"


def send_all(port: int, fuzz: Fuzz, seeds: Iterable[int], *, threads: int = 8) -> Outcome:
    """Send a request a seed, and look what is answered.

    One that is hung up on is sent again: where this process stands still, what it has yet to say comes too late.
    """
    outcome = Outcome()

    def send(seed: int) -> None:
        sent, began = fuzz.make(seed), time.perf_counter()
        statuses = answers(port, sent)
        if statuses == [_NO_ANSWER] and not is_right(sent, _NO_ANSWER):
            statuses = answers(port, sent)
        outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - began)
        for status in statuses:
            outcome.statuses[sent.kind, status] += 1
            if not is_right(sent, status):
                outcome.wrong.append(f"seed {seed}, {sent.kind}: {status} to {sent.parts[0][:200]!r}")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send, seeds))
    return outcome


def is_right(sent: Sent, status: int) -> bool:
    if status == _NO_ANSWER:
        return sent.hangs_up or (sent.may is not None and _NO_ANSWER in sent.may)
    return status in sent.may if sent.may is not None else status < 500 or status == 503


def answers(port: int, sent: Sent) -> list[int]:
    """Send a request and return the statuses of what is answered until the connection closes; 0: nothing was."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as caller:
        # Whoever is refused amid its request may find the connection closed.
        with suppress(ConnectionError):
            for part in sent.parts:
                caller.sendall(part)
                if sent.pause_s:
                    time.sleep(sent.pause_s)
            if sent.hangs_up:
                caller.shutdown(socket.SHUT_WR)
        try:
            while part := caller.recv(65536):
                received += part
                if b" 101 " in received[:20]:
                    break
        except ConnectionError:
            pass
        except TimeoutError:
            return [_NEVER]
    return _statuses(received) or [_NO_ANSWER]


def _statuses(received: bytes) -> list[int]:
    found = []
    while received.startswith(b"HTTP/1.1 "):
        head, _, rest = received.partition(b"\r\n\r\n")
        found.append(int(head[9:12]))
        lines = (line.partition(b":") for line in head.lower().split(b"\r\n")[1:])
        told = {name.strip(): value.strip() for name, _, value in lines}
        received = rest[int(told.get(b"content-length", b"0")) :]
    return found
