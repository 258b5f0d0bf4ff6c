"""Frames: whatever pieces a socket gives, the same requests and answers come out."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.serving import wire
from workbench.serving.wire import Answer, Frames

numbers = st.integers(0, 2**32 - 1)
frames_of_requests = st.lists(st.lists(st.tuples(numbers, st.binary(max_size=40)), min_size=1, max_size=4), max_size=4)
# Milliseconds go over in 32 bits.
milliseconds = st.floats(0, 1e6, width=32)
answers = st.builds(Answer, st.integers(100, 599), numbers, milliseconds, milliseconds, milliseconds, st.binary())
frames_of_answers = st.lists(st.lists(st.tuples(numbers, answers), min_size=1, max_size=4), max_size=4)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pieces(content: bytes, size: int):
    return [content[start : start + size] for start in range(0, len(content), size)]


@unhurried
@given(frames_of_requests, st.integers(1, 50))
def test_requests_come_out_as_they_went_in(frames, size):
    content = b"".join(wire.requests(frame) for frame in frames)
    reader = Frames()
    assert [frame for piece in pieces(content, size) for frame in reader.requests(piece)] == frames


@unhurried
@given(frames_of_answers, st.integers(1, 50))
def test_answers_come_out_as_they_went_in(frames, size):
    content = b"".join(wire.answers(frame) for frame in frames)
    reader = Frames()
    assert [frame for piece in pieces(content, size) for frame in reader.answers(piece)] == frames
