"""What a pickle would import, found out without loading it."""

from __future__ import annotations

import io
import pickle
from collections.abc import Set as AbstractSet
from typing import Any


def modules(pickled: bytes) -> AbstractSet[str]:
    """Return the names of the modules that a pickle takes classes and functions from; none of them is imported."""
    reader = _Reader(io.BytesIO(pickled))
    reader.load()
    return reader.modules


class _Reader(pickle.Unpickler):
    """Puts nothing in the place of everything."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.modules: set[str] = set()

    def find_class(self, module_name: str, global_name: str, /) -> Any:  # noqa: ARG002 - as pickle calls it
        self.modules.add(module_name)
        return _Nothing


class _Nothing:
    """Takes whatever a pickle does to what it makes."""

    def __new__(cls, *_: Any, **__: Any) -> _Nothing:
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> _Nothing:
        return self

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, name: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        pass

    def extend(self, values: Any) -> None:
        pass

    def add(self, value: Any) -> None:
        pass

    def update(self, values: Any) -> None:
        pass
