"""The rows of a text table a stretch at a time, some of them parsed side by side."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

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
    cut
        Where its last whole row ends in the buffer; what stood there is in `rest`.
    is_end
        Whether it goes to the end of the text.
    is_exact
        Whether `cut` is known, and not guessed.
    """

    buffer: bytearray
    cut: int
    rest: bytes
    is_end: bool
    is_exact: bool

    @property
    def text(self) -> bytes:
        return bytes(self.buffer[len(_START) : self.cut]) + self.rest


class NoRowEnds(Exception):
    """The text goes on for longer than a row may be, or to its end in an open quote.

    Attributes
    ----------
    row
        Number of the row that does not end, from 1.
    is_end
        Whether the text ends in it.
    """

    def __init__(self, row: int, *, is_end: bool) -> None:
        super().__init__(row)
        self.row, self.is_end = row, is_end


class Stretches:
    """Parses a stream of rows.

    Where a stretch may end is guessed, as a line break may stand in quotes: a row of nothing is put behind it, which
    an open quote would swallow. The next stretches are parsed by then. Where the guess was wrong they are read again,
    and it is looked for the end of a row quote by quote, which takes much longer.

    Parameters
    ----------
    parse
        Parses whole rows, all of their columns; called from several threads.
    delimiter
        What stands between two values of a row.
    columns
        How many of them a row has.
    size
        Bytes of a stretch.
    row_bytes
        Most bytes of a row; one in the midst of a stretch may have as many as that.
    ahead
        Stretches that are read before the first one is asked for.
    """

    def __init__(
        self,
        stream: Watched,
        parse: Callable[[pa.Buffer], pa.Table],
        *,
        delimiter: str,
        columns: int,
        size: int,
        row_bytes: int,
        ahead: int,
    ) -> None:
        self._stream, self._parse = stream, parse
        self._nothing = b'\n""' + delimiter.encode() * (columns - 1) + b"\n"
        # Only where a value begins does a quote open one.
        begins = re.escape(delimiter.encode())
        self._quoted = re.compile(rb'(?<=[\r\n%b])"(?:[^"]++|"")*+("?)' % begins)
        self._size, self._row_bytes, self._ahead = size, row_bytes, ahead
        self._free: list[bytearray] = []
        self._held = b""
        self._is_end = False
        self._rows = 0

    def __iter__(self) -> Iterator[pa.Table]:
        under_way: deque[tuple[_Stretch, Future[pa.Table | None]]] = deque()
        with ThreadPoolExecutor(max(1, self._ahead)) as pool:
            while under_way or not self._is_end:
                if not self._is_end and len(under_way) <= self._ahead:
                    stretch = self._guessed()
                    under_way.append((stretch, pool.submit(self._whole, stretch)))
                    continue
                stretch, parsed = under_way.popleft()
                table = self._settled(stretch, parsed)
                if table is None:
                    self._read_again([stretch, *(each for each, _ in under_way)], [each for _, each in under_way])
                    under_way.clear()
                    exact = self._looked_for()
                    under_way.append((exact, pool.submit(self._whole, exact)))
                    continue
                self._free.append(stretch.buffer)
                if table.num_rows:
                    self._rows += table.num_rows
                    yield table

    def _guessed(self) -> _Stretch:
        buffer, end = self._more(_START + self._held)
        cut = end if self._is_end else _row_end(buffer, end)
        return self._stretch(buffer, cut, end, is_exact=self._is_end)

    def _looked_for(self) -> _Stretch:
        """Return the text that is held up to the end of its last whole row, with more text where it has none."""
        buffer, end = self._more(_START + self._held)
        while (cut := self._exact_end(buffer, end)) == len(_START) and not self._is_end:
            if end - len(_START) > self._row_bytes:
                raise NoRowEnds(self._rows + 1, is_end=False)
            buffer, end = self._more(bytes(buffer[:end]))
        return self._stretch(buffer, end if self._is_end else cut, end, is_exact=True)

    def _more(self, held: bytes) -> tuple[bytearray, int]:
        """Return a buffer that begins with what is held, with more text behind it; and where that ends."""
        to = len(held) + self._size
        buffer = self._free.pop() if self._free else bytearray()
        if len(buffer) < to + len(self._nothing):
            buffer = bytearray(to + len(self._nothing))
        buffer[: len(held)] = held
        end = self._stream.fill(buffer, len(held), to)
        self._is_end = end < to
        return buffer, end

    def _stretch(self, buffer: bytearray, cut: int, end: int, *, is_exact: bool) -> _Stretch:
        self._held = bytes(buffer[cut:end])
        buffer[cut : cut + len(self._nothing)] = self._nothing
        return _Stretch(buffer, cut, self._held, self._is_end, is_exact)

    def _whole(self, stretch: _Stretch) -> pa.Table | None:
        """Parse a stretch and the row of nothing behind it; None where that is no row of its own."""
        if stretch.cut == len(_START) and not stretch.is_end:
            return None
        text = memoryview(stretch.buffer)[len(_START) : stretch.cut + len(self._nothing)]
        table = self._parse(pa.py_buffer(text))
        rows = table.num_rows - 1
        is_closed = rows >= 0 and all(column[-1].as_py() in (None, "") for column in table.columns)
        return table.slice(0, rows) if is_closed else None

    def _settled(self, stretch: _Stretch, parsed: Future[pa.Table | None]) -> pa.Table | None:
        try:
            table = parsed.result()
        except pa.ArrowInvalid as error:
            if stretch.is_exact or "parse error" not in str(error):
                raise
            return None
        if table is None and stretch.is_exact:
            raise NoRowEnds(self._rows + 1, is_end=stretch.is_end)
        return table

    def _read_again(self, stretches: list[_Stretch], parsed: list[Future[pa.Table | None]]) -> None:
        """Go back to the start of some stretches."""
        for each in parsed:
            with suppress(pa.ArrowInvalid):
                each.result()
        # Each begins with what the one before it left.
        later = [each.text[len(before.rest) :] for before, each in pairwise(stretches)]
        self._stream.put_back(b"".join(later))
        self._held, self._is_end = stretches[0].text, False
        self._free += [each.buffer for each in stretches]

    def _exact_end(self, buffer: bytearray, end: int) -> int:
        start = len(_START)
        quoted = [(found.start(), found.end()) for found in self._quoted.finditer(buffer, 0, end)]
        for opens, closes in [*reversed(quoted), (0, start)]:
            found = max(buffer.rfind(b"\n", closes, end), buffer.rfind(b"\r", closes, end))
            if found >= 0:
                return found + 1
            end = opens
        return start


def _row_end(buffer: bytearray, end: int) -> int:
    """Guess where the last whole row ends: at the last line break before which as many quotes close as open."""
    start = len(_START)
    codes = np.frombuffer(buffer, dtype="uint8")[start:end]
    windows = (codes[at : at + WINDOW] for at in range(0, len(codes), WINDOW))
    is_open = sum(np.count_nonzero(window == ord('"')) for window in windows) % 2 == 1
    mark = b"\n" if buffer.find(b"\n", start, end) >= 0 else b"\r"
    while (found := buffer.rfind(mark, start, end)) >= 0:
        is_open ^= buffer.count(b'"', found, end) % 2 == 1
        if not is_open:
            return found + 1
        end = found
    return start
