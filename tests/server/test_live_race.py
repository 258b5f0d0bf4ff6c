"""Whenever a reader joins a run, and however it reads, it is told each event once, in order, to the end."""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor

from tests.server.carried import Writer, begin

RUNS, EVENTS, JOINS = 50, 25, 200
SPREAD_S = 6.0
"""For how long readers join, about as long as the runs take."""
EARLY, LATE = 20, 20
"""Readers that join before anything comes, and after the end."""


def test_two_hundred_readers_of_fifty_runs_are_told_each_event_once_and_in_order(served):
    home, streams = served.home, served.streams
    run_ids = [begin(home._store, told=index % 3) for index in range(RUNS)]
    draw = random.Random(20)
    writer = Writer(str(home.settings.home), run_ids, EVENTS, pause_s=0.008).start()
    threads = ThreadPoolExecutor(JOINS)

    async def python(run_id: str, after: int) -> list[dict]:
        def follow() -> list[dict]:
            return [event.as_dict() for event in home.runs.get(run_id).events(after=after)]

        return await asyncio.get_running_loop().run_in_executor(threads, follow)

    async def over_socket(run_id: str, after: int) -> list[dict]:
        told, code, _ = await streams.watch(run_id, after)
        assert code == 1000
        return told

    ways = (over_socket, streams.follow, python)

    async def join(number: int) -> tuple[str, int, list[dict]]:
        run_id = draw.choice(run_ids)
        after = draw.choice((0, 0, draw.randint(1, EVENTS + 10)))
        if number >= JOINS - LATE:
            await asyncio.to_thread(writer.wait, 60)
        elif number >= EARLY:
            await asyncio.sleep(draw.uniform(0, SPREAD_S))
        return run_id, after, await asyncio.wait_for(ways[number % 3](run_id, after), 50)

    async def all_join() -> list[tuple[str, int, list[dict]]]:
        joined = [asyncio.ensure_future(join(number)) for number in range(JOINS)]
        print("go", file=writer.stdin, flush=True)
        return await asyncio.gather(*joined)

    try:
        read = asyncio.run(all_join())
    finally:
        writer.kill()
        writer.communicate()
        threads.shutdown(wait=False)
    assert len(read) == JOINS
    logs = {run_id: [event.as_dict() for event in home.runs.get(run_id).history()] for run_id in run_ids}
    for log in logs.values():
        assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
        assert log[-1]["kind"] == "run.closed"
    for run_id, after, told in read:
        assert told == logs[run_id][after:]
