"""Bodies that are files: taken in chunks, in threads, never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from workbench.data.source import Source
from workbench.data.upload import Upload

CHUNK = 1 << 20


async def receive(request: Request, begin: Callable[[int | None], Upload]) -> Source:
    """Take a request's body as an upload.

    Whatever goes wrong, and where the caller hangs up, what came is dropped.

    Parameters
    ----------
    begin
        Opens the upload, given how many bytes will come; None: that is not told.

    Raises
    ------
    WorkbenchError
        Whatever the upload or the table's format refuses.
    """
    told = request.headers.get("content-length")
    upload = await run_in_threadpool(begin, int(told) if told is not None and told.isdecimal() else None)
    try:
        async for chunk in _gathered(request.stream()):
            await run_in_threadpool(upload.write, chunk)
        return await run_in_threadpool(upload.finish)
    finally:
        # Does nothing once it is finished.
        await run_in_threadpool(upload.abort)


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
