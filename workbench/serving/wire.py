"""How the gateway and a predictor talk over their socket: frames of several requests, frames of their answers.

===========  ===================================================================================================
frame        length of the rest (4 bytes), how many (4), then each of them
a request    number (4), length (4), the HTTP body as it came
an answer    number (4), status (2), rows (4), milliseconds to parse, to check and to predict (4 each), length (4),
             the body: for status 200 the JSON list of predictions, else RFC 9457 problem details
===========  ===================================================================================================

All numbers are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_FRAME = struct.Struct("<II")
_REQUEST = struct.Struct("<II")
_ANSWER = struct.Struct("<IHIfffI")
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a predictor says to one request.

    Attributes
    ----------
    status
        As HTTP has it.
    rows
        Rows that were predicted; 0 where it was refused.
    parse_ms, validate_ms, predict_ms
        Milliseconds that the steps took. Requests that were predicted together bear the time of all of them.
    body
        JSON.
    """

    status: int
    rows: int
    parse_ms: float
    validate_ms: float
    predict_ms: float
    body: bytes


def requests(asked: Iterable[tuple[int, bytes]]) -> bytes:
    """Pack numbered request bodies into one frame."""
    parts = [part for number, body in asked for part in (_REQUEST.pack(number, len(body)), body)]
    return _framed(parts, len(parts) // 2)


def answers(said: Iterable[tuple[int, Answer]]) -> bytes:
    """Pack numbered answers into one frame."""
    parts = [part for number, answer in said for part in (_head(number, answer), answer.body)]
    return _framed(parts, len(parts) // 2)


class Frames:
    """Puts frames together again from whatever pieces a socket gives."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def requests(self, received: bytes) -> Iterator[list[tuple[int, bytes]]]:
        """Take bytes in; yield the requests of each frame that is whole."""
        for frame, count in self._whole(received):
            found, at = [], 0
            for _ in range(count):
                number, length = _REQUEST.unpack_from(frame, at)
                at += _REQUEST.size
                found.append((number, bytes(frame[at : at + length])))
                at += length
            yield found

    def answers(self, received: bytes) -> Iterator[list[tuple[int, Answer]]]:
        """Take bytes in; yield the answers of each frame that is whole."""
        for frame, count in self._whole(received):
            found, at = [], 0
            for _ in range(count):
                number, status, rows, parse, validate, predict, length = _ANSWER.unpack_from(frame, at)
                at += _ANSWER.size
                body = bytes(frame[at : at + length])
                found.append((number, Answer(status, rows, parse, validate, predict, body)))
                at += length
            yield found

    def _whole(self, received: bytes) -> Iterator[tuple[memoryview, int]]:
        self._buffer += received
        while len(self._buffer) >= _FRAME.size:
            length, count = _FRAME.unpack_from(self._buffer)
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            frame = bytes(self._buffer[_FRAME.size : end])
            del self._buffer[:end]
            yield memoryview(frame), count


def _framed(parts: list[bytes], count: int) -> bytes:
    content = b"".join(parts)
    return _FRAME.pack(len(content) + _LENGTH.size, count) + content


def _head(number: int, answer: Answer) -> bytes:
    return _ANSWER.pack(
        number,
        answer.status,
        answer.rows,
        answer.parse_ms,
        answer.validate_ms,
        answer.predict_ms,
        len(answer.body),
    )
