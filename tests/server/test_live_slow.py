"""Readers that read slowly, or not at all, beside others."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from tests.server.carried import begin, close, write
from tests.server.conftest import listening, serving
from tests.server.streams import PATIENCE_S, TOKEN, Streams, heard
from workbench.server import frames
from workbench.server.app import make_app
from workbench.server.frames import Frames

STALL_S = 1.5
WHY = b"request.timed_out: nothing was read for 1.5 s"
BACKLOG = 2500


@pytest.fixture(scope="module")
def impatient(tmp_path_factory, migrated_home, eventually):
    yield from serving(tmp_path_factory.mktemp("impatient"), migrated_home, eventually, stream_stall_s=STALL_S)


@pytest.fixture
def store(impatient):
    return impatient.home._store


@pytest.fixture
def streams(impatient):
    return impatient.streams


@pytest.fixture
def run_id(store) -> str:
    return begin(store, told=BACKLOG)


def connect(streams, run_id: str) -> socket.socket:
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.settimeout(PATIENCE_S)
    opened.connect(("127.0.0.1", streams.port))
    head = f"GET /api/v1/runs/{run_id}/events/ws HTTP/1.1\r\nHost: x\r\nX-Workbench-Token: {TOKEN}\r\n"
    opened.sendall(
        f"{head}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    return opened


def rest(reader: socket.socket) -> bytes:
    """Read what is left for a reader."""
    told = b""
    while part := reader.recv(1 << 20):
        told += part
    return told


def read_slowly(reader: socket.socket) -> tuple[bytes, float]:
    """Read a little at a time until the end; return it, and the longest time in which nothing was read, in seconds."""
    told, longest_s, last = b"", 0.0, time.monotonic()
    with suppress(ConnectionError):
        while part := reader.recv(24 << 10):
            told += part
            time.sleep(0.02)
            now = time.monotonic()
            longest_s, last = max(longest_s, now - last), now
    return told, longest_s


@pytest.fixture
def here(workbench, eventually) -> Iterator[Streams]:
    """An API as impatient, from this process."""
    changed = workbench.settings.model_copy(update={"stream_stall_s": STALL_S})
    with listening(make_app(workbench, TOKEN), changed, eventually) as port:
        yield Streams(port, {"X-Workbench-Token": TOKEN})


def test_one_that_reads_nothing_is_told_so_at_last(workbench, here, monkeypatch):
    is_let_go, let_go = threading.Event(), Frames._let_go

    def noting(self: Frames) -> None:
        let_go(self)
        is_let_go.set()

    monkeypatch.setattr(Frames, "_let_go", noting)
    monkeypatch.setattr(frames, "LEAVE_S", 10 * PATIENCE_S)
    with connect(here, begin(workbench._store, told=BACKLOG)) as reader:
        assert is_let_go.wait(PATIENCE_S)
        told = rest(reader)
    assert told.endswith(bytes((0x88, 2 + len(WHY))) + (4408).to_bytes(2) + WHY)


def test_one_that_does_not_read_that_either_is_cut_off(workbench, here, eventually, monkeypatch):
    def is_open(reader: socket.socket) -> bool:
        found = psutil.Process().net_connections("tcp")
        return any(one.raddr and one.raddr.port == reader.getsockname()[1] for one in found)

    monkeypatch.setattr(frames, "LEAVE_S", 0.2)
    with connect(here, begin(workbench._store, told=BACKLOG)) as reader:
        # It is there: what is not open is cut off.
        assert reader.recv(1) == b"H"
        eventually(lambda: not is_open(reader))
        assert WHY not in rest(reader)


def test_one_that_reads_slowly_is_told_all(store, streams, run_id):
    close(store.database, run_id)
    for _ in range(5):
        with connect(streams, run_id) as opened:
            told, longest_s = read_slowly(opened)
        # Where this process was held up, it read nothing for so long that it may have been cut off.
        if longest_s < STALL_S / 2:
            break
    assert told.count(b'"kind":"unit.scored"') == BACKLOG
    assert told.endswith(b"\x88\x02" + (1000).to_bytes(2))


def test_the_others_do_not_wait_for_one_that_reads_nothing(store, streams, run_id):
    with connect(streams, run_id):

        async def read():
            async with streams.socket(run_id, after=BACKLOG) as opened:
                write(store, run_id, 2)
                close(store.database, run_id)
                return await asyncio.wait_for(heard(opened), PATIENCE_S)

        assert len(asyncio.run(read())) == 4


def test_the_service_ends_without_waiting_for_one_that_reads_nothing(served_alone):
    streams, run_id = served_alone.streams, begin(served_alone.home._store, told=BACKLOG)
    with connect(streams, run_id) as opened:
        assert opened.recv(1).startswith(b"H")
        process = served_alone.process
        process.terminate()
        # A service that had to kill it would lose what is not written down.
        assert process.wait(PATIENCE_S) == -signal.SIGTERM
