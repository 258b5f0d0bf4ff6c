"""Bodies that are files: taken in chunks, in threads, never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from workbench.access.permissions import Permission
from workbench.data.source import Source
from workbench.data.upload import Upload
from workbench.server.callers import Caller
from workbench.server.work import Desk

CHUNK = 1 << 20


async def receive(request: Request, begin: Callable[[int | None], Upload], works: Desk) -> Source:
    """Take a request's body as an upload.

    Whatever goes wrong, and where the caller hangs up, what came is dropped.

    Parameters
    ----------
    begin
        Opens the upload, given how many bytes will come; None: that is not told.
    works
        Where the table is read once it is here.

    Raises
    ------
    WorkbenchError
        Whatever the upload or the table's format refuses; ``request.no_place``; as `_check_still`.
    """
    told = request.headers.get("content-length")
    upload = await run_in_threadpool(begin, int(told) if told is not None and told.isdecimal() else None)
    try:
        async for chunk in _gathered(request.stream()):
            await run_in_threadpool(upload.write, chunk)
        await _check_still(request.scope["state"]["caller"])
        return await works.do(upload.finish)
    finally:
        # Does nothing once it is finished.
        await run_in_threadpool(upload.abort)


async def _check_still(caller: Caller) -> None:
    """Refuse whoever may not keep a table any more: it may have taken long to come.

    Raises
    ------
    Unauthorized, Forbidden, NotFound
        As whoever asks anew is refused.
    """
    workbench = await caller.again()
    error = workbench.actor.why_not(Permission.DATA_WRITE)
    if error is not None:
        await run_in_threadpool(workbench.bearers.denied, error, "Upload.finish")
        raise error


async def _gathered(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Gather what comes over the wire into chunks that are worth a thread's time."""
    gathered: list[bytes] = []
    size = 0
    async for part in parts:
        gathered.append(part)
        size += len(part)
        if size >= CHUNK:
            yield b"".join(gathered)
            gathered, size = [], 0
    if size:
        yield b"".join(gathered)
