"""The rows of a text table a stretch at a time, some of them parsed side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from workbench.data.formats.stream import WINDOW, Watched

_START = b"\n"
"""Stands before the first row, as what is searched for may begin with a line's end."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Text from the start of a row on.

    Attributes
    ----------
    end
        Where the text ends in the buffer.
    cut
        Where its last whole row ends, as far as can be guessed; what stood there since is in `rest`.
    is_last_try
        Whether more text would not help.
    """

    buffer: bytearray
    end: int
    cut: int
    rest: bytes
    is_end: bool
    is_last_try: bool

    @property
    def text(self) -> bytes:
        return bytes(self.buffer[len(_START) : self.cut]) + self.rest


class NoRowEnds(Exception):
    """The text goes on for longer than a row may be, or to its end in an open quote.

    Attributes
    ----------
    row
        Number of the row that does not end, from 1.
    """

    def __init__(self, row: int, *, is_end: bool) -> None:
        super().__init__(row)
        self.row, self.is_end = row, is_end


class Stretches:
    """Parses a stream of rows.

    Where a stretch may end is guessed, as a line break may stand in quotes: a row of nothing is put behind it, which
    an open quote would swallow. The next stretches are parsed by then; where the guess was wrong, they are read again.

    Parameters
    ----------
    parse
        Parses whole rows; called from several threads.
    nothing
        A row without any value, from one line's end to the next.
    size
        Bytes of a stretch.
    row_bytes
        Most bytes of a row.
    ahead
        Stretches that are read before the first one is asked for.
    """

    def __init__(
        self,
        stream: Watched,
        parse: Callable[[pa.Buffer], pa.Table],
        nothing: bytes,
        *,
        size: int,
        row_bytes: int,
        ahead: int,
    ) -> None:
        self._stream, self._parse, self._nothing = stream, parse, nothing
        self._size, self._row_bytes, self._ahead = size, row_bytes, ahead
        self._free: list[bytearray] = []
        self._held = b""
        self._is_end = False

    def __iter__(self) -> Iterator[pa.Table]:
        under_way: deque[tuple[_Stretch, Future[pa.Table | None]]] = deque()
        rows = 0
        with ThreadPoolExecutor(max(1, self._ahead)) as pool:
            while under_way or not self._is_end:
                if not self._is_end and len(under_way) <= self._ahead:
                    stretch = self._next()
                    under_way.append((stretch, pool.submit(self._whole, stretch)))
                    continue
                stretch, parsed = under_way.popleft()
                table = self._settled(stretch, parsed, rows)
                if table is None:
                    self._read_again([stretch, *(each for each, _ in under_way)], [each for _, each in under_way])
                    under_way.clear()
                    continue
                self._free.append(stretch.buffer)
                if table.num_rows:
                    rows += table.num_rows
                    yield table

    def _next(self) -> _Stretch:
        start = len(_START) + len(self._held)
        end = start + self._size
        buffer = self._free.pop() if self._free else bytearray()
        if len(buffer) < end + len(self._nothing):
            buffer = bytearray(end + len(self._nothing))
        buffer[:start] = _START + self._held
        filled = self._stream.fill(buffer, start, end)
        self._is_end = filled < end
        cut = filled if self._is_end else _row_end(buffer, filled)
        rest = bytes(buffer[cut:filled])
        self._held = rest
        buffer[cut : cut + len(self._nothing)] = self._nothing
        is_last_try = self._is_end or filled > self._size + self._row_bytes
        return _Stretch(buffer, filled, cut, rest, self._is_end, is_last_try)

    def _whole(self, stretch: _Stretch) -> pa.Table | None:
        """Parse a stretch and the row of nothing behind it; None where that is no row of its own."""
        if stretch.cut == len(_START) and not stretch.is_end:
            return None
        text = memoryview(stretch.buffer)[len(_START) : stretch.cut + len(self._nothing)]
        table = self._parse(pa.py_buffer(text))
        rows = table.num_rows - 1
        is_closed = rows >= 0 and not any(column[-1].is_valid for column in table.columns)
        return table.slice(0, rows) if is_closed else None

    def _settled(self, stretch: _Stretch, parsed: Future[pa.Table | None], rows: int) -> pa.Table | None:
        try:
            table = parsed.result()
        except pa.ArrowInvalid as error:
            if stretch.is_last_try or "parse error" not in str(error):
                raise
            return None
        if table is None and stretch.is_last_try:
            raise NoRowEnds(rows + 1, is_end=stretch.is_end)
        return table

    def _read_again(self, stretches: list[_Stretch], parsed: list[Future[pa.Table | None]]) -> None:
        """Go back to the first of some stretches, which needs more text."""
        for each in parsed:
            with suppress(pa.ArrowInvalid):
                each.result()
        first, *others = stretches
        # Each begins with what the one before it left.
        later = b"".join(each.text[len(before.rest) :] for before, each in zip(stretches, others, strict=False))
        self._stream.put_back(later)
        self._held, self._is_end = first.text, False
        self._free += [each.buffer for each in stretches]


def _row_end(buffer: bytearray, end: int) -> int:
    """Guess where the last whole row ends."""
    start = len(_START)
    codes = np.frombuffer(buffer, dtype="uint8")[start:end]
    windows = (codes[at : at + WINDOW] for at in range(0, len(codes), WINDOW))
    is_closed = sum(np.count_nonzero(window == ord('"')) for window in windows) % 2 == 0
    to = end if is_closed else buffer.rfind(b'"', start, end)
    found = buffer.rfind(b"\n", start, to)
    return (found if found >= 0 else max(start - 1, buffer.rfind(b"\r", start, to))) + 1
