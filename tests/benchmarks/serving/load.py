"""The client, the same for every server: one process, raw sockets that are kept alive, requests made beforehand.

    python -m tests.benchmarks.serving.load < ASKED.json > TOLD.json

Each connection sends its next request as soon as the last is answered. What a server refuses is counted by status, and
asked again after `PAUSE_S`; a connection that breaks is counted and made anew.
"""

from __future__ import annotations

import heapq
import json
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PAUSE_S = 0.02
_RECEIVE = 1 << 16
_MARKS = b'"predictions":', b',"latency_ms"'
_PIPELINE = b"\r\nx-workbench-pipeline: "


@dataclass(frozen=True)
class Asked:
    """What a client does.

    Attributes
    ----------
    body
        Of every request, JSON.
    seconds, requests
        It ends after so long, or when so many are answered, whichever comes first.
    warm_up
        Requests before those that count.
    keeps_answers
        Whether answers are counted by what they say and by the pipeline that says it.
    """

    port: int
    path: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    connections: int = 1
    seconds: float = 60.0
    requests: int = 10**9
    warm_up: int = 0
    keeps_answers: bool = False

    def start(self) -> subprocess.Popen[str]:
        """Start a client in a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name if __spec__ else __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(asdict(self)))
        process.stdin.close()
        return process

    def run(self) -> Told:
        return told(self.start())


@dataclass(frozen=True)
class Told:
    """What a client saw.

    Attributes
    ----------
    seconds
        From the first request that counts to the last answer.
    ms
        Milliseconds of each answer of status 200, in order.
    statuses
        Status → answers; ``broken``: connections that broke before the answer was there.
    refused
        ``[seconds since the epoch, status]`` of what was not answered with 200.
    answered
        Seconds since the epoch of the first answer with 200, and of the first after each refusal.
    answers
        Pipeline and predictions, as they came → answers.
    bodies
        Status → the first answer that was refused so.
    """

    seconds: float
    ms: list[float]
    statuses: dict[str, int]
    refused: list[tuple[float, str]]
    answered: list[float]
    answers: dict[str, int]
    bodies: dict[str, str]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.ms) / self.seconds

    @property
    def p50(self) -> float:
        return statistics.median(self.ms)

    @property
    def p95(self) -> float:
        return sorted(self.ms)[int(0.95 * (len(self.ms) - 1))]


def told(process: subprocess.Popen[str]) -> Told:
    """Wait for a client's end and read what it saw."""
    assert process.stdout is not None
    said = process.stdout.read()
    if process.wait():
        sys.exit("the client failed")
    return Told(**json.loads(said))


class Connection:
    """One connection that is kept."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port = port
        self._request = request
        self.socket = self._connect()
        self.sent = 0.0
        self._received = b""
        self._needed = -1

    def _connect(self) -> socket.socket:
        connected = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def renew(self) -> None:
        self.socket.close()
        self.socket = self._connect()

    def send(self) -> None:
        self._received, self._needed = b"", -1
        self.sent = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> tuple[int, bytes] | None:
        """Return status and the whole answer once that is there.

        Raises
        ------
        OSError
            When the connection breaks.
        """
        received = self.socket.recv(_RECEIVE)
        if not received:
            raise ConnectionResetError
        self._received += received
        if self._needed < 0:
            head = self._received.find(b"\r\n\r\n")
            if head < 0:
                return None
            length = self._received[:head].lower().find(b"\r\ncontent-length:")
            if length < 0:
                raise NotImplementedError("an answer without a length")
            self._needed = head + 4 + int(self._received[length + 17 :].split(b"\r\n", 1)[0])
        if len(self._received) < self._needed:
            return None
        return int(self._received[9:12]), self._received


class Client:
    """Asks until the time or the number of requests is reached, and then waits for the answers under way."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._to_warm = asked.warm_up
        self._was_refused = True
        self._waiting: list[tuple[float, int]] = []
        self._selector = selectors.DefaultSelector()
        self._connections = [Connection(asked.port, _request(asked)) for _ in range(asked.connections)]
        self._started = 0.0
        self._under_way: set[int] = set()
        self._ms: list[float] = []
        self._statuses: Counter[str] = Counter()
        self._refused: list[tuple[float, str]] = []
        self._answered: list[float] = []
        self._answers: Counter[str] = Counter()
        self._bodies: dict[str, str] = {}

    def run(self) -> Told:
        for number, connection in enumerate(self._connections):
            self._selector.register(connection.socket, selectors.EVENT_READ, number)
            self._send(number)
        self._started = time.perf_counter()
        while not (is_over := self._is_over(now := time.perf_counter())) or self._under_way:
            while self._waiting and self._waiting[0][0] <= now and not is_over:
                self._send(heapq.heappop(self._waiting)[1])
            for key, _ in self._selector.select(0.005 if self._waiting else 0.5):
                self._hear(key.data)
        return Told(
            time.perf_counter() - self._started,
            self._ms,
            dict(self._statuses),
            self._refused,
            self._answered,
            dict(self._answers),
            self._bodies,
        )

    def _is_over(self, now: float) -> bool:
        is_late = now - self._started > self._asked.seconds or len(self._ms) >= self._asked.requests
        return is_late and not self._to_warm

    def _send(self, number: int) -> None:
        self._under_way.add(number)
        self._connections[number].send()

    def _hear(self, number: int) -> None:
        connection = self._connections[number]
        try:
            whole = connection.receive()
        except OSError:
            self._under_way.discard(number)
            self._selector.unregister(connection.socket)
            connection.renew()
            self._selector.register(connection.socket, selectors.EVENT_READ, number)
            self._refuse(number, "broken", b"")
            return
        if whole is None:
            return
        self._under_way.discard(number)
        status, answer = whole
        if self._to_warm:
            self._to_warm -= 1
            if not self._to_warm:
                self._started = time.perf_counter()
        elif status != 200:
            self._refuse(number, str(status), answer)
            return
        else:
            self._take(time.perf_counter() - connection.sent, answer)
        if not self._is_over(time.perf_counter()):
            self._send(number)

    def _take(self, took: float, answer: bytes) -> None:
        self._statuses["200"] += 1
        self._ms.append(took * 1000)
        if self._was_refused:
            self._was_refused = False
            self._answered.append(time.time())
        if self._asked.keeps_answers:
            self._answers[_said(answer)] += 1

    def _refuse(self, number: int, status: str, answer: bytes) -> None:
        self._statuses[status] += 1
        self._refused.append((time.time(), status))
        self._was_refused = True
        self._bodies.setdefault(status, answer.decode(errors="replace"))
        heapq.heappush(self._waiting, (time.perf_counter() + PAUSE_S, number))


def _request(asked: Asked) -> bytes:
    content = asked.body.encode()
    headers = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": len(content), **asked.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {asked.path} HTTP/1.1\r\n{lines}\r\n".encode() + content


def _said(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    pipeline = head.partition(_PIPELINE)[2].partition(b"\r\n")[0]
    return f"{pipeline.decode()} {body.partition(_MARKS[0])[2].partition(_MARKS[1])[0].decode()}"


def main() -> None:
    asked: dict[str, Any] = json.load(sys.stdin)
    json.dump(asdict(Client(Asked(**asked)).run()), sys.stdout)


if __name__ == "__main__":
    main()
