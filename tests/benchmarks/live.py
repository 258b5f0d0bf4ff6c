"""Many readers of one run, while it goes.

    python tests/benchmarks/live.py [--readers 1000] [--seconds 30]

A run that is told of in bursts, some twenty events a second, as a comparison is; readers open a WebSocket each. Told
are: the time from an event's writing to its coming to a reader (p50, p95, p99, the longest), the memory of the API's
process (PSS, the most that was seen) and the share of a processor that it took. Then the same once more, with one
reader besides that never reads, and has a megabyte to read. Readers and writer are processes of their own. On a machine
that is busy otherwise it tells how busy: ``chrt -r 1`` before the command has these processes go first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

import workbench
from tests.server.carried import Writer, begin
from workbench.service.api import ApiProcess

TOKEN = "of-the-benchmark"
BURST, PAUSE_S = 8, 0.225
"""Events of a burst at most, and the pause after it: twenty a second."""
BACKLOG = 3000
"""Events that are there before: more than any buffer takes of what nobody reads."""
_LOOK_S = 0.2


@dataclass
class Told:
    """What a process of readers saw."""

    delays_ms: list[float]
    whole: int
    faults: list[str]


class Reader(asyncio.Protocol):
    """The least that reads a WebSocket: frames from the stream, one event each."""

    def __init__(self, run_id: str, after: int, shared: Shared, *, reads: bool = True) -> None:
        self._run_id, self._shared, self._reads = run_id, shared, reads
        self._buffer, self._is_open = b"", False
        self.seq = after
        self.closed: int | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(
            f"GET /api/v1/runs/{self._run_id}/events/ws?after={self.seq} HTTP/1.1\r\nHost: x\r\n"
            f"X-Workbench-Token: {TOKEN}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        if not self._reads:
            transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        now = time.time()
        buffer = self._buffer + data if self._buffer else data
        place = 0
        if not self._is_open:
            place = buffer.find(b"\r\n\r\n") + 4
            if place < 4:
                self._buffer = buffer
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self._shared.faults.append(buffer[:200].decode("latin-1"))
            self._is_open = True
            self._shared.is_open()
        while (end := _frame(buffer, place)) is not None:
            kind, start, stop = end
            self._take(kind, buffer[start:stop], now)
            place = stop
        self._buffer = buffer[place:]

    def connection_lost(self, _: Exception | None) -> None:
        self._shared.is_over(self)

    def _take(self, kind: int, content: bytes, now: float) -> None:
        if kind == 9:
            self._transport.write(bytes((0x8A, 0x80 | len(content))) + bytes(4) + content)
        elif kind == 8:
            self.closed = int.from_bytes(content[:2])
            self._transport.write(bytes((0x88, 0x82)) + bytes(4) + content[:2])
        else:
            seq, emitted = self._shared.read(content)
            if seq != self.seq + 1:
                self._shared.faults.append(f"{seq} came after {self.seq}")
            self.seq = seq
            self._shared.delays_ms.append((now - emitted) * 1000)


class Shared:
    """What the readers of a process have in common; what they are told alike is read once."""

    def __init__(self, count: int) -> None:
        self.delays_ms: list[float] = []
        self.faults: list[str] = []
        self.whole = 0
        self._known: dict[bytes, tuple[int, float]] = {}
        self._opening = self._left = count
        self.all_open, self.all_over = asyncio.Event(), asyncio.Event()

    def read(self, content: bytes) -> tuple[int, float]:
        found = self._known.get(content)
        if found is None:
            event = json.loads(content)
            found = self._known[content] = event["seq"], datetime.fromisoformat(event["emitted_at"]).timestamp()
        return found

    def is_open(self) -> None:
        self._opening -= 1
        if not self._opening:
            self.all_open.set()

    def is_over(self, reader: Reader) -> None:
        self.whole += reader.closed == 1000
        self._left -= 1
        if not self._left:
            self.all_over.set()


def _frame(buffer: bytes, place: int) -> tuple[int, int, int] | None:
    """Find a frame; return its kind, and where its content begins and ends."""
    if len(buffer) < place + 2:
        return None
    kind, size, start = buffer[place] & 15, buffer[place + 1], place + 2
    if size >= 126:
        more = 2 if size == 126 else 8
        size, start = int.from_bytes(buffer[start : start + more]), start + more
    return None if len(buffer) < start + size else (kind, start, start + size)


def read_all(port: int, run_id: str, count: int, after: int, pipe: Any) -> None:
    """Be so many readers, as a process."""

    async def run() -> None:
        shared, loop = Shared(count), asyncio.get_running_loop()
        for _ in range(count):
            await loop.create_connection(lambda: Reader(run_id, after, shared), "127.0.0.1", port)
        await asyncio.wait_for(shared.all_open.wait(), 60)
        pipe.send("open")
        await shared.all_over.wait()
        pipe.send(Told(shared.delays_ms, shared.whole, shared.faults[:5]))

    asyncio.run(run())


def measure(home: workbench.Workbench, asked: argparse.Namespace, *, with_idler: bool) -> dict[str, Any]:
    """Open the readers, have a run told, and see what they see."""
    store = home._store
    run_id = begin(store, told=BACKLOG)
    events = int(asked.seconds * 20)
    writer = Writer(str(home.settings.home), [run_id], events, at_once=BURST, pause_s=PAUSE_S, seed=3).start()
    api = ApiProcess(home.settings, TOKEN)
    process = psutil.Process(api._process.pid)
    try:
        _wait_for(api.port)
        empty = _pss(process)
        context, pipes, readers = multiprocessing.get_context("spawn"), [], []
        for part in range(asked.processes):
            ours, theirs = context.Pipe()
            count = asked.readers // asked.processes + (part < asked.readers % asked.processes)
            reader = context.Process(target=read_all, args=(api.port, run_id, count, BACKLOG, theirs))
            reader.start()
            pipes.append(ours)
            readers.append(reader)
        began = time.monotonic()
        assert [pipe.recv() for pipe in pipes] == ["open"] * len(pipes)
        opened_s = time.monotonic() - began
        idler = _idle(api.port, run_id) if with_idler else None
        # What was opened is let settle.
        time.sleep(2)
        print("go", file=writer.stdin, flush=True)
        began, used = time.monotonic(), process.cpu_times()
        most = _pss(process)
        while writer.poll() is None:
            time.sleep(_LOOK_S)
            most = max(most, _pss(process))
        told = [pipe.recv() for pipe in pipes]
        took, after = time.monotonic() - began, process.cpu_times()
        for reader in readers:
            reader.join(10)
        if idler is not None:
            idler.close()
    finally:
        writer.kill()
        api.close()
    delays = sorted(delay for part in told for delay in part.delays_ms)
    cuts = statistics.quantiles(delays, n=100)
    return {
        "readers": asked.readers,
        "idler": with_idler,
        "events": events + 2,
        "came": len(delays),
        "whole": sum(part.whole for part in told),
        "faults": dict(Counter(fault for part in told for fault in part.faults)),
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
        "max_ms": round(delays[-1], 1),
        "empty_mb": round(empty, 1),
        "most_mb": round(most, 1),
        "cpu": round((after.user + after.system - used.user - used.system) / took, 2),
        "opened_s": round(opened_s, 2),
    }


def _idle(port: int, run_id: str) -> Any:
    """Open a WebSocket from the start of the run and read nothing of it."""
    import socket

    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.sendall(
        f"GET /api/v1/runs/{run_id}/events/ws HTTP/1.1\r\nHost: x\r\nX-Workbench-Token: {TOKEN}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    return connection


def _wait_for(port: int | None) -> None:
    """Wait until the API answers."""
    import http.client

    deadline = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/api/v1/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        assert time.monotonic() < deadline, "the API does not answer"
        time.sleep(0.05)


def _pss(process: psutil.Process) -> float:
    return process.memory_full_info().pss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=1, help="that the readers are shared out among")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--only", choices=["plain", "idler"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = workbench.connect(home=f"{folder}/home")
        for with_idler in (False, True):
            if asked.only in (None, "idler" if with_idler else "plain"):
                print(json.dumps(measure(home, asked, with_idler=with_idler)), flush=True)
        home.close()


if __name__ == "__main__":
    main()
