"""A run's log as it goes: where it begins, how it ends, and what readers are told who may not read it on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable

import httpx
import pytest
from websockets.asyncio.client import unix_connect

from tests.server.carried import Writer, begin, close, write
from tests.server.conftest import listening
from tests.server.streams import TOKEN, Streams, heard, messages
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import Gone
from workbench.runs import ending
from workbench.server import live
from workbench.server.app import make_app
from workbench.server.routes import events

SOON_S = 30
"""Longest that a reader waits for what comes by itself."""


@pytest.fixture
def store(served):
    return served.home._store


@pytest.fixture
def streams(served):
    return served.streams


@pytest.fixture
def run_id(store) -> str:
    return begin(store, told=3)


def seqs(told: list[dict]) -> list[int]:
    return [event["seq"] for event in told]


async def soon(reading):
    return await asyncio.wait_for(reading, SOON_S)


@pytest.fixture
def python(served):
    """Read a run's log to its end in Python, on a thread."""

    def follow(run_id: str, after: int = 0) -> Awaitable[list[dict]]:
        # Begun before anything else is done to the run.
        told = served.home.runs.get(run_id).events(after=after)
        return asyncio.to_thread(lambda: [one.as_dict() for one in told])

    return follow


def test_readers_who_join_before_the_first_event_are_told_all(store, streams, python):
    run_id = begin(store, told=0)

    async def read():
        async with streams.socket(run_id) as opened, streams.stream(run_id) as response:
            in_python = asyncio.ensure_future(python(run_id))
            write(store, run_id, 2)
            close(store.database, run_id)
            over_socket = await soon(heard(opened))
            return over_socket, [event async for event in messages(response)], await soon(in_python)

    over_socket, by_stream, in_python = asyncio.run(read())
    assert seqs(over_socket) == [1, 2, 3, 4]
    assert over_socket == by_stream == in_python


def test_readers_who_join_after_the_end_are_told_all(store, streams, python, run_id):
    close(store.database, run_id)
    over_socket, code, _ = asyncio.run(streams.watch(run_id))
    assert (seqs(over_socket), code) == ([1, 2, 3, 4, 5], 1000)
    assert asyncio.run(streams.follow(run_id)) == asyncio.run(python(run_id)) == over_socket


def test_readers_who_begin_behind_the_end_are_told_nothing_and_end(store, streams, python, run_id):
    close(store.database, run_id)
    for after in (5, 6, 999):
        assert asyncio.run(streams.watch(run_id, after)) == ([], 1000, "")
        assert asyncio.run(python(run_id, after)) == []


def test_a_page_that_knows_all_is_told_not_to_ask_again(store, streams, run_id):
    close(store.database, run_id)

    async def ask() -> int:
        async with streams.stream(run_id, **{"Last-Event-ID": "5"}) as response:
            return response.status_code

    assert asyncio.run(ask()) == 204


def test_a_reader_who_begins_beyond_what_there_is_waits_for_it(store, streams, run_id):
    async def read():
        async with streams.socket(run_id, after=5) as opened:
            write(store, run_id, 4)
            close(store.database, run_id)
            return await soon(heard(opened))

    assert seqs(asyncio.run(read())) == [6, 7, 8, 9]


def test_what_a_page_knows_counts_more_than_where_its_address_begins(store, streams, run_id):
    close(store.database, run_id)
    told = asyncio.run(streams.follow(run_id, after=1, **{"Last-Event-ID": "3"}))
    assert seqs(told) == [4, 5]


def test_a_run_is_found_by_the_end_of_its_id(store, streams, run_id):
    close(store.database, run_id)
    told, code, _ = asyncio.run(streams.watch(run_id[-8:]))
    assert (seqs(told), code) == ([1, 2, 3, 4, 5], 1000)


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "１", "9" * 11])
def test_what_is_no_number_of_an_event_is_refused(streams, run_id, after):
    assert asyncio.run(streams.watch(run_id, after)) == ([], 4422, "request.malformed")


def test_a_name_that_a_stream_does_not_take_is_refused(streams, run_id):
    assert asyncio.run(streams.watch(run_id, "0&misspelt=1")) == ([], 4422, "request.malformed")


def test_a_run_that_is_not_there_is_told_so(streams):
    assert asyncio.run(streams.watch("00000000")) == ([], 4404, "run.not_found")

    async def ask() -> tuple[int, str]:
        async with streams.stream("00000000") as response:
            return response.status_code, json.loads(await response.aread())["code"]

    assert asyncio.run(ask()) == (404, "run.not_found")


@pytest.mark.parametrize(
    ("shown", "code", "why"),
    [
        ({}, 4401, "access.unauthenticated"),
        ({"X-Workbench-Token": "wrong"}, 4403, "access.denied"),
        ({"X-Workbench-Key": "pck_wrong"}, 4401, "key.invalid"),
    ],
)
def test_whoever_does_not_say_who_it_is_is_told_by_the_code(streams, run_id, shown, code, why):
    assert asyncio.run(streams.showing(**shown).watch(run_id)) == ([], code, why)


def test_a_key_without_the_scope_is_told_by_the_code(served, streams, run_id):
    key = served.home.keys.create("narrow", ["data:read"]).secret
    watched = asyncio.run(streams.showing(**{"X-Workbench-Key": key}).watch(run_id))
    assert watched == ([], 4403, "access.scope_missing")


def test_a_key_of_another_workspace_finds_no_such_run(served, streams, run_id):
    served.home.workspaces.create("elsewhere")
    key = served.home.within(workspace="elsewhere").keys.create("theirs", ["*"]).secret
    assert asyncio.run(streams.showing(**{"X-Workbench-Key": key}).watch(run_id)) == ([], 4404, "run.not_found")


def test_a_browser_shows_its_key_as_a_subprotocol_and_is_not_told_it_back(served, store, streams, run_id):
    close(store.database, run_id)
    key = served.home.keys.create("page", ["runs:read"]).secret

    async def read():
        offered = ["workbench", f"workbench.key.{key}"]
        async with streams.showing().socket(run_id, subprotocols=offered) as opened:
            return await soon(heard(opened)), opened.subprotocol

    told, chosen = asyncio.run(read())
    assert (seqs(told), chosen) == ([1, 2, 3, 4, 5], "workbench")


def test_a_key_that_is_revoked_ends_what_it_opened(served, streams, run_id):
    made = served.home.keys.create("short", ["runs:read"])
    theirs = streams.showing(**{"X-Workbench-Key": made.secret})

    async def read():
        async with theirs.socket(run_id) as opened, theirs.stream(run_id) as response:
            served.home.keys.revoke(made.key.id)
            told = await soon(heard(opened))
            return seqs(told), opened.close_code, opened.close_reason, [one async for one in messages(response)][-1]

    told, code, why, problem = asyncio.run(read())
    assert (told, code, why) == ([1, 2, 3], 4401, "key.revoked")
    assert (problem["status"], problem["code"]) == (401, "key.revoked")


def test_a_member_who_is_removed_is_told_no_more(served, streams, run_id):
    served.home.workspaces.set_role("bo", "viewer")
    key = served.home.on_behalf_of(Actor("bo", Role.VIEWER)).keys.create("of-bo", ["runs:read"]).secret

    async def read():
        async with streams.showing(**{"X-Workbench-Key": key}).socket(run_id) as opened:
            await soon(opened.recv())
            served.home.workspaces.remove("bo")
            await soon(heard(opened))
            return opened.close_code

    assert asyncio.run(read()) == 4401


def test_a_run_that_is_deleted_ends_whatever_is_told_of_it(store, streams, python, run_id):
    async def read():
        async with streams.socket(run_id) as opened, streams.stream(run_id) as response:
            in_python = asyncio.ensure_future(python(run_id))
            told = [json.loads(await opened.recv()) for _ in range(3)]
            ending.delete(store, run_id, by="ana")
            # Its last words, that it is to end, may come before.
            told += await soon(heard(opened))
            with pytest.raises(Gone) as raised:
                await soon(in_python)
            by_stream = [one async for one in messages(response)]
            return told, (opened.close_code, opened.close_reason), by_stream, raised.value.code

    told, closed, by_stream, code = asyncio.run(read())
    assert seqs(told) in ([1, 2, 3], [1, 2, 3, 4])
    assert closed == (4410, "run.not_found")
    assert (by_stream[-1]["status"], by_stream[-1]["code"]) == (410, "run.not_found")
    assert code == "run.not_found"


def test_readers_wait_out_a_writer_that_is_killed(served, store, streams, python, run_id):
    killed = Writer(str(served.home.settings.home), [run_id], 10_000, pause_s=0.001).start()

    async def read():
        async with streams.socket(run_id) as opened:
            others = [asyncio.ensure_future(reading) for reading in (streams.follow(run_id), python(run_id))]
            print("go", file=killed.stdin, flush=True)
            told = [json.loads(await soon(opened.recv())) for _ in range(20)]
            killed.kill()
            await asyncio.to_thread(killed.communicate)
            write(store, run_id, 5)
            close(store.database, run_id)
            told += await soon(heard(opened))
            return told, *[await soon(other) for other in others]

    told, *others = asyncio.run(read())
    assert seqs(told) == list(range(1, len(told) + 1))
    assert told[-1]["kind"] == "run.closed"
    assert others == [told, told]


def test_readers_lose_nothing_when_the_api_is_killed_and_they_come_again(served_alone):
    store, streams = served_alone.home._store, served_alone.streams
    run_id = begin(store, told=3)

    async def follow() -> list[dict]:
        told: list[dict] = []
        while not told or told[-1]["kind"] != "run.closed":
            known = {"Last-Event-ID": str(told[-1]["seq"])} if told else {}
            try:
                async with streams.stream(run_id, **known) as response:
                    async for event in messages(response):
                        told.append(event)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
        return told

    async def read() -> list[dict]:
        following = asyncio.ensure_future(follow())
        async with streams.socket(run_id) as opened:
            await soon(opened.recv())
            write(store, run_id, 2)
            served_alone.process.kill()
            assert await soon(heard(opened)) is not None
        write(store, run_id, 2)
        while not streams.answers():
            served_alone.tend()
            await asyncio.sleep(0.05)
        write(store, run_id, 2)
        close(store.database, run_id)
        return await soon(following)

    assert seqs(asyncio.run(read())) == list(range(1, 12))


def test_readers_are_told_when_the_service_ends(served_alone):
    streams, run_id = served_alone.streams, begin(served_alone.home._store, told=3)

    async def read():
        async with streams.socket(run_id) as opened, streams.stream(run_id) as response:
            await soon(opened.recv())
            await asyncio.to_thread(served_alone.end_api)
            await soon(heard(opened))
            by_stream = [one async for one in messages(response)]
            return opened.close_code, seqs(by_stream)

    assert asyncio.run(read()) == (1012, [1, 2, 3])


def test_readers_through_the_homes_own_socket_show_nothing(served, store, run_id):
    close(store.database, run_id)

    async def read():
        path = str(served.home.settings.api_socket)
        async with unix_connect(path, f"ws://localhost/api/v1/runs/{run_id}/events/ws") as opened:
            return await soon(heard(opened)), opened.close_code

    told, code = asyncio.run(read())
    assert (seqs(told), code) == ([1, 2, 3, 4, 5], 1000)


def test_a_page_of_another_site_reads_nothing_through_jupyter(served, run_id):
    async def read():
        path, origin = str(served.home.settings.api_socket), "https://evil.example"
        async with unix_connect(path, f"ws://localhost/api/v1/runs/{run_id}/events/ws", origin=origin) as opened:
            return await soon(heard(opened)), opened.close_code, opened.close_reason

    assert asyncio.run(read()) == ([], 4403, "access.denied")


@pytest.mark.parametrize("said", ["hello", b"hello"])
def test_a_reader_has_nothing_to_say(streams, run_id, said):
    async def say():
        async with streams.socket(run_id) as opened:
            await soon(opened.recv())
            await opened.send(said)
            await soon(heard(opened))
            return opened.close_code

    assert asyncio.run(say()) == 1008


def test_a_message_without_end_is_not_taken(streams, run_id):
    async def say():
        async with streams.socket(run_id) as opened:
            await soon(opened.recv())
            await opened.send("x" * 5000)
            await soon(heard(opened))
            return opened.close_code

    assert asyncio.run(say()) == 1009


def test_a_stream_that_is_quiet_says_so(workbench, eventually, monkeypatch):
    monkeypatch.setattr(events, "QUIET_S", 0.1)
    monkeypatch.setattr(live, "BEAT_S", 0.05)
    run_id = begin(workbench._store, told=1)

    async def read(port: int) -> list[str]:
        async with Streams(port, {"X-Workbench-Token": TOKEN}).stream(run_id) as response:
            lines, coming = [], response.aiter_lines()
            while not lines or not lines[-1].startswith(":"):
                lines.append(await anext(coming))
            return lines

    with listening(make_app(workbench, TOKEN), workbench.settings, eventually) as port:
        told = asyncio.run(soon(read(port)))
    assert told[0] == "retry: 2000"
    assert told[2:4] == ["id: 1", "event: unit.scored"]
    assert told[-1] == ": nothing new"


def test_a_page_of_the_log_links_to_the_next(streams, run_id):
    def ask(path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{streams.port}/api/v1/runs/{run_id}{path}", headers=streams.shown)

    first = ask("/events?after=1&limit=1")
    assert seqs(first.json()) == [2]
    assert seqs(ask(f"/events{first.links['next']['url']}").json()) == [3]
    assert "next" not in ask("/events?limit=4").links
    for wrong in ("limit=0", "limit=5001", "after=-1", f"after={2**70}"):
        assert ask(f"/events?{wrong}").status_code == 422
