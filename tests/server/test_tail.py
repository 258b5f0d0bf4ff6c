"""What readers of a run share: cut to what can be sent at once, kept as far as there is room, framed as is agreed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from workbench.runs.events import Event
from workbench.server.frames import text_frame
from workbench.server.tail import BATCH_BYTES, KEPT_BYTES, KEPT_MOST, Line, Tail, batches


def event(seq: int, size: int = 10, kind: str = "unit.scored") -> Event:
    return Event("a-run", seq, kind, "x" * size, {}, None, datetime(2026, 1, 1, tzinfo=UTC))


def lines(*seqs: int, size: int = 10) -> list[Line]:
    return [Line.of(event(seq, size)) for seq in seqs]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_frame_is_read_as_what_was_written(size):
    text = b"x" * size
    reader = StreamReader()
    reader.feed_data(text_frame(text))
    parse = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as parsed:
        next(parse)
    assert (parsed.value.value.opcode, parsed.value.value.data, parsed.value.value.fin) == (Opcode.TEXT, text, True)


def test_readers_at_the_same_place_are_sent_the_same_bytes():
    tail = Tail("a-run", 3)
    tail.take(lines(4, 5))
    assert tail.after(3) is tail.after(3)
    assert [line.seq for line in tail.after(4).lines] == [5]
    assert tail.after(5) is None


def test_what_was_there_before_the_first_reader_is_not_at_hand():
    tail = Tail("a-run", 3)
    assert tail.lacks(2)
    assert not tail.lacks(3)
    tail.take(lines(4))
    assert tail.lacks(2)
    assert not tail.lacks(3)


def test_no_more_events_are_kept_than_there_is_room_for():
    tail = Tail("a-run", 0)
    tail.take(lines(*range(1, KEPT_MOST + 11)))
    assert (tail.lacks(9), tail.lacks(10)) == (True, False)


def test_large_events_are_kept_by_their_bytes_but_the_newest_always():
    tail = Tail("a-run", 0)
    tail.take(lines(1, 2, 3, size=KEPT_BYTES))
    assert (tail.lacks(1), tail.lacks(2)) == (True, False)
    assert tail.after(2).last == 3


def test_no_more_is_sent_at_once_than_fits_but_an_event_is_never_cut():
    tail = Tail("a-run", 0)
    tail.take(lines(1, 2, 3, size=BATCH_BYTES // 2))
    assert [batch.last for batch in batches([event(seq, BATCH_BYTES // 2) for seq in (1, 2, 3)])] == [1, 2, 3]
    assert tail.after(0).last == 1
    tail.take(lines(4, size=10 * BATCH_BYTES))
    assert len(tail.after(3).frames) > 10 * BATCH_BYTES


def test_the_end_is_told_by_the_last_event():
    open_, closed = batches([event(1)]), batches([event(1), event(2, kind="run.closed")])
    assert [batch.is_end for batch in (*open_, *closed)] == [False, True]


def test_whoever_waits_is_woken_by_what_comes():
    async def wait() -> int:
        tail = Tail("a-run", 0)
        waiting = asyncio.ensure_future(tail.woken())
        await asyncio.sleep(0)
        tail.take(lines(1))
        await asyncio.wait_for(waiting, 5)
        return tail.last

    assert asyncio.run(wait()) == 1
