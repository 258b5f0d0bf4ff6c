"""The bytes of a text table on their way to the parser: as UTF-8, watched for what the parser does not tell."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

import numpy as np

_PLUS = re.compile(rb"[^0-9A-Za-z.]\+[0-9.]")
_WINDOW = 128 * 1024
_BLANK_LINE = re.compile(rb"[\r\n][ \t\v\f]+[\r\n]")


class Utf8:
    """A file of text in another encoding, read as UTF-8.

    Parameters
    ----------
    encoding
        As in ``codecs``; for UTF-8 the bytes go through as they are, but for a byte-order mark.
    """

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()

    def read(self, size: int) -> bytes:
        """Return about so many bytes; none at the end."""
        if self._decoder is None:
            return self._raw.read(size)
        while chunk := self._raw.read(size):
            if text := self._decoder.decode(chunk):
                return text.encode()
        return self._decoder.decode(b"", final=True).encode()

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
        self.has_zeros = self.has_plus = self.has_hex = self.has_blank_lines = False
        self._end = b"\n"

    def read(self, size: int) -> bytes:
        """Return about so many bytes; none at the end."""
        while chunk := self._stream.read(size):
            cut = min(self._skip, len(chunk))
            self._skip -= cut
            if rows := chunk[cut:]:
                self._watch(rows)
                return rows
        return b""

    def close(self) -> None:
        self._stream.close()

    def _watch(self, chunk: bytes) -> None:
        seen = self._end + chunk
        self.has_zeros = self.has_zeros or b"\0" in chunk
        self.has_plus = self.has_plus or (b"+" in chunk and _PLUS.search(seen) is not None)
        self.has_hex = self.has_hex or _has_hex(seen)
        if self._sees_lines and not self.has_blank_lines:
            self.has_blank_lines = _BLANK_LINE.search(seen) is not None
        self._end = chunk[-8:]


def _has_hex(chunk: bytes) -> bool:
    # Far quicker than a search for two bytes, of which the first is everywhere.
    codes = np.frombuffer(chunk, dtype="uint8")
    # A window at a time, each of which with what comes of it fits into a processor's cache.
    return any(
        (((window[1:] | 32) == ord("x")) & (window[:-1] == ord("0"))).any()
        for window in (codes[at : at + _WINDOW + 1] for at in range(0, len(codes), _WINDOW))
    )
