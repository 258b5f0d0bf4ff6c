"""What is done again and again while the service lives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable


class Regularly:
    """Does something again and again on the event loop, from `start` to `stop`.

    Parameters
    ----------
    do
        What is done; it raises nothing.
    every_s
        Pause before each time, in seconds.
    """

    def __init__(self, do: Callable[[], Awaitable[None]], every_s: float) -> None:
        self._do = do
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            await self._do()
