"""Readers that read slowly, or not at all, beside others."""

from __future__ import annotations

import asyncio
import signal
import socket
import time

import pytest

from tests.server.carried import begin, close, write
from tests.server.conftest import serving
from tests.server.streams import PATIENCE_S, TOKEN, heard
from workbench.server.frames import LEAVE_S

STALL_S = 1.5
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


def test_one_that_reads_nothing_is_told_so_at_last_and_cut_off(impatient, streams, run_id, eventually):
    def is_open(reader: socket.socket) -> bool:
        found = impatient.process.net_connections("tcp")
        return any(one.raddr and one.raddr.port == reader.getsockname()[1] for one in found)

    with connect(streams, run_id) as first:
        # The other one has some of its time left when that of the first is over.
        time.sleep(LEAVE_S / 2)
        with connect(streams, run_id) as second:
            eventually(lambda: not is_open(first))
            cut_off, let_go = rest(first), rest(second)
    why = b"request.timed_out: nothing was read for 1.5 s"
    assert let_go.endswith(bytes((0x88, 2 + len(why))) + (4408).to_bytes(2) + why)
    assert why not in cut_off


def test_one_that_reads_slowly_is_told_all(store, streams, run_id):
    close(store.database, run_id)
    with connect(streams, run_id) as opened:
        told = b""
        while part := opened.recv(24 << 10):
            told += part
            time.sleep(0.02)
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
