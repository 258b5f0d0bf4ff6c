"""The bytes of a text table on their way to the parser: as UTF-8, watched for what the parser does not tell."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import numpy as np

_PLUS = re.compile(rb"[^0-9A-Za-z.]\+[0-9.]")
_BLANK_LINE = re.compile(rb"[\r\n][ \t\v\f]+[\r\n]")
_BLANK_LINE_OR_END = re.compile(rb"[\r\n][ \t\v\f]+(?:[\r\n]|\Z)")
WINDOW = 128 * 1024
"""Bytes that are looked at at once, with what comes of them in a processor's cache."""


class Utf8:
    """A file of text, read as UTF-8.

    Parameters
    ----------
    encoding
        As in ``codecs``; for UTF-8 the bytes go through as they are.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._raw = path.open("rb", buffering=0)
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()
        self._left = b""

    def read_into(self, to: memoryview) -> int:
        """Put some bytes into `to` and return how many; none at the end."""
        if self._decoder is None:
            return self._raw.readinto(to)
        while not self._left:
            chunk = self._raw.read(len(to))
            self._left = self._decoder.decode(chunk, final=not chunk).encode()
            if not chunk:
                break
        given, self._left = self._left[: len(to)], self._left[len(to) :]
        to[: len(given)] = given
        return len(given)

    def close(self) -> None:
        self._raw.close()


class Watched:
    """A stream without its header, looked at for what the parser does not tell.

    Parameters
    ----------
    skip
        Bytes of UTF-8 before the first row.
    sees_lines
        Whether `has_blank_lines` is to be found out.

    Attributes
    ----------
    has_zeros
        Whether a zero byte came: binary data.
    has_plus, has_hex
        Whether something came that may be a number with a plus sign, or a hexadecimal one.
    has_blank_lines
        Whether a line came that is nothing but blanks.
    """

    def __init__(self, stream: Utf8, skip: int, *, sees_lines: bool) -> None:
        self._stream, self._skip, self._sees_lines = stream, skip, sees_lines
        self._again = b""
        self.has_zeros = self.has_plus = self.has_hex = self.has_blank_lines = False

    def fill(self, buffer: bytearray, start: int, end: int) -> int:
        """Read into a buffer, whose bytes before `start` are those that came before; return where it ends.

        It ends before `end` only where the stream does.
        """
        view = memoryview(buffer)
        given, self._again = self._again[: end - start], self._again[end - start :]
        at = start + len(given)
        view[start:at] = given
        while at < end and (count := self._stream.read_into(view[at : min(end, at + WINDOW)])):
            if self._skip:
                cut = min(self._skip, count)
                self._skip -= cut
                count -= cut
                view[at : at + count] = bytes(view[at + cut : at + cut + count])
            self._watch(buffer, at, at + count)
            at += count
        if self._sees_lines and not self.has_blank_lines:
            blank = _BLANK_LINE if at == end else _BLANK_LINE_OR_END
            self.has_blank_lines = blank.search(buffer, 0, at) is not None
        return at

    def put_back(self, text: bytes) -> None:
        """Have bytes that were read come again."""
        self._again = text + self._again

    def close(self) -> None:
        self._stream.close()

    def _watch(self, buffer: bytearray, start: int, end: int) -> None:
        self.has_zeros = self.has_zeros or buffer.find(b"\0", start, end) >= 0
        # What a piece ends with may go on in the next.
        if not self.has_plus and buffer.find(b"+", max(0, start - 1), end) >= 0:
            self.has_plus = _PLUS.search(buffer, max(0, start - 2), end) is not None
        if not self.has_hex and (buffer.find(b"x", start, end) >= 0 or buffer.find(b"X", start, end) >= 0):
            # Far quicker than a search for two bytes.
            codes = np.frombuffer(buffer, dtype="uint8")[max(0, start - 1) : end]
            self.has_hex = bool((((codes[1:] | 32) == ord("x")) & (codes[:-1] == ord("0"))).any())
