"""A prepared fold in memory that workers map instead of copying it: one copy, whatever their number."""

from __future__ import annotations

import mmap
import os
import pickle
import struct
import tempfile
from dataclasses import dataclass
from typing import Any

import cloudpickle

_ALIGNED = 64
"""Bytes at a multiple of which each array begins, as numpy's own do."""
_COUNT = struct.Struct("<Q")


@dataclass(slots=True, eq=False)
class Shared:
    """The file in which an object is laid out; open as long as this lives.

    It has no name and lives as long as somebody holds its descriptor or maps it, so that nothing is left behind however
    the processes end.
    """

    descriptor: int

    def __del__(self) -> None:
        os.close(self.descriptor)


def lay_out(thing: Any) -> Shared:
    """Lay an object out in a file: its arrays as they are, the rest pickled."""
    arrays: list[pickle.PickleBuffer] = []
    head = cloudpickle.dumps(thing, protocol=5, buffer_callback=arrays.append)
    parts = [memoryview(head), *(array.raw() for array in arrays)]
    index = pickle.dumps([part.nbytes for part in parts])
    shared = Shared(_nameless())
    with os.fdopen(os.dup(shared.descriptor), "wb") as file:
        file.write(_COUNT.pack(len(index)) + index)
        for part in parts:
            file.write(b"\0" * (-file.tell() % _ALIGNED))
            file.write(part)
    return shared


def load(shared: Shared) -> Any:
    """Rebuild what was laid out; its arrays are private once they are written to."""
    view = memoryview(mmap.mmap(shared.descriptor, 0, access=mmap.ACCESS_COPY))
    start = _COUNT.size + _COUNT.unpack_from(view)[0]
    parts = []
    for size in pickle.loads(view[_COUNT.size : start]):
        start += -start % _ALIGNED
        parts.append(view[start : start + size])
        start += size
    head, *arrays = parts
    return pickle.loads(head, buffers=arrays)


def _nameless() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("workbench-fold")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
