"""One thing that panels look at together."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")


class Choice(Generic[T]):
    """One thing that panels look at together; None: nothing."""

    def __init__(self, value: T | None) -> None:
        self._lock = threading.Lock()
        self._value = value

    @property
    def value(self) -> T | None:
        with self._lock:
            return self._value

    def set(self, value: T | None) -> None:
        with self._lock:
            self._value = value

    def replace(self, expected: T | None, value: T | None) -> T | None:
        """Choose a value in place of `expected`; return the one that is chosen now."""
        with self._lock:
            if self._value == expected:
                self._value = value
            return self._value


@dataclass(frozen=True, slots=True)
class Kept:
    """A thing of the registry: a pipeline or a promotion by its id, an alias by its name."""

    kind: Literal["pipeline", "alias", "promotion"]
    id: str
