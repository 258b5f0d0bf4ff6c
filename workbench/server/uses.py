"""When keys were used, written down off the way of whoever used them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime

from workbench.access.seldom import Seldom
from workbench.errors import Unauthorized, WorkbenchError
from workbench.people.key import Use
from workbench.server.regularly import Regularly
from workbench.workbench import Workbench

WRITE_S = 1.0

log = logging.getLogger("workbench.server")


class Uses:
    """Takes note of which key was used when and from where, and which one was refused."""

    def __init__(self, home: Workbench) -> None:
        self._home = home
        self._used: dict[str, Use] = {}
        self._told = Seldom()
        self._writing = Regularly(self._write_due, WRITE_S)
        self._beside: set[asyncio.Task[None]] = set()

    def used(self, key_id: str, address: str) -> None:
        self._used[key_id] = Use(key_id, datetime.now(UTC), address)

    def refused(self, error: Unauthorized, *, origin: str) -> None:
        """Tell the audit log that a key was shown which is good no more; not to be called on the event loop."""
        key_id = error.about.get("key_id")
        if key_id is None or not self._is_due(key_id, error.code):
            return
        try:
            self._home.bearers.refused(error, origin=origin)
        except WorkbenchError as failure:
            log.warning("the refusal of a key could not be written down: %s", failure)

    def denied(self, key_id: str, slug: str, workbench: Workbench) -> None:
        """Have the audit log tell that a key asked a deployment which it is not good for."""
        if self._is_due(key_id, f"predict:{slug[:64]}"):
            task = asyncio.create_task(asyncio.to_thread(_told_denied, workbench, slug))
            self._beside.add(task)
            task.add_done_callback(self._beside.discard)

    async def start(self) -> None:
        self._writing.start()

    async def stop(self) -> None:
        """Write down what is left."""
        await self._writing.stop()
        await self._write(self._used)

    async def _write_due(self) -> None:
        due = {key: use for key, use in self._used.items() if self._is_due(key, "used")}
        self._used = {key: use for key, use in self._used.items() if key not in due}
        await self._write(due)

    async def _write(self, uses: dict[str, Use]) -> None:
        if not uses:
            return
        try:
            await asyncio.to_thread(self._home.bearers.used, list(uses.values()))
        except Exception as error:  # noqa: BLE001 - a store that is away keeps nobody from being answered
            log.warning("the last use of %d keys could not be written down: %s", len(uses), error)

    def _is_due(self, key_id: str, what: str) -> bool:
        return self._told.due((key_id, what)) is not None


def _told_denied(workbench: Workbench, slug: str) -> None:
    with contextlib.suppress(WorkbenchError):
        workbench.deployments.check_asking(slug)
