"""Waiting for what an API is about: looked at often at first, seldom where it takes long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_Record = TypeVar("_Record")

_PAUSE_S, _PAUSE_MOST_S, _SLOWER = 0.05, 1.0, 1.3


def waited(look: Callable[[], _Record], is_over: Callable[[_Record], bool], timeout_s: float) -> _Record:
    """Look until something is over, at most `timeout_s` seconds, and return what was seen last."""
    deadline, pause_s = time.monotonic() + timeout_s, _PAUSE_S
    found = look()
    while not is_over(found) and (left_s := deadline - time.monotonic()) > 0:
        time.sleep(min(pause_s, left_s))
        pause_s = min(_PAUSE_MOST_S, pause_s * _SLOWER)
        found = look()
    return found
