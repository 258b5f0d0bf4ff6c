"""The log of requests: a line each, without what may be secret. It is no audit log, which the engine keeps."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from starlette.types import Scope

from workbench.access.secrets import redacted
from workbench.server.regularly import Regularly

WRITE_S = 1.0
LINES_MOST = 100_000
LOG_BYTES, LOG_FILES = 10_000_000, 3
_PATH_MOST = 300

log = logging.getLogger("workbench.server")


class Journal:
    """Writes ``requests.log``: path and no query, which may name what is nobody's business; never a header.

    Requests for predictions have a log of their own and stand here only where they were refused.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "requests.log"
        self._lines: deque[dict[str, Any]] = deque(maxlen=LINES_MOST)
        self._writing = Regularly(self._write, WRITE_S)

    def note(self, scope: Scope, status: int, took_s: float) -> None:
        """Note a request that was answered; `status` is 0 where nobody waited for the answer."""
        state = scope["state"]
        if status == 200 and state.get("is_prediction"):
            return
        caller, client = state.get("caller"), scope.get("client")
        line = {
            "at": round(time.time(), 3),
            "request_id": state["request_id"],
            "from": client[0] if client else "socket",
            "by": caller.workbench.user if caller is not None else None,
            "key": caller.key.prefix if caller is not None and caller.key is not None else None,
            "method": scope["method"],
            "path": redacted(scope["path"][:_PATH_MOST]),
            "status": status,
            "ms": round(took_s * 1000, 3),
        }
        self._lines.append(line)

    async def start(self) -> None:
        self._writing.start()

    async def stop(self) -> None:
        """Write down what is left."""
        await self._writing.stop()
        await self._write()

    async def _write(self) -> None:
        lines = list(self._lines)
        self._lines.clear()
        if lines:
            try:
                await asyncio.to_thread(self._append, lines)
            except OSError as error:
                log.warning("the log of requests could not be written: %s", error)

    def _append(self, lines: list[dict[str, Any]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(self._path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
        try:
            for line in lines:
                handler.emit(logging.makeLogRecord({"msg": json.dumps(line)}))
        finally:
            handler.close()
