"""A run's log over HTTP: a page of it, and as it goes, by server-sent events or over a WebSocket.

A stream begins after the number that the caller names, tells each event once and in order, and ends after
``run.closed``. A WebSocket is closed with 1000 then, with 1012 where the service ends, and else with 4000 and the
status that a request would be answered with, the error's code as reason: 4401, 4403, 4404, 4410 when the run is deleted
meanwhile, 4408 where the reader reads nothing. Server-sent events tell such an error by an event called ``problem``.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, WebSocket
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from workbench.errors import Malformed, WorkbenchError
from workbench.runs.events import PAGE, PAGE_MOST
from workbench.server.answering import Json, encoded
from workbench.server.bodies import runs as bodies
from workbench.server.callers import Mine
from workbench.server.credentials import subprotocol
from workbench.server.frames import FRAMES
from workbench.server.gives import gives
from workbench.server.live import Live
from workbench.server.queries import check_names
from workbench.server.tail import Batch

SEQ_MOST = 2**31 - 1
"""Largest number that an event can have."""
QUIET_S = 15.0
"""Longest that server-sent events say nothing, in seconds: proxies end what is silent."""
RETRY_MS = 2000
"""When a page that lost its stream asks again, in milliseconds."""
_NORMAL, _RESTARTS, _TAKES_NOTHING, _FAILED = 1000, 1012, 1008, 1011
_OF_STATUS = 4000
_NUMBER = re.compile(r"[0-9]{1,10}")

After = Annotated[int, Query(ge=0, le=SEQ_MOST, description="Number of the last event that is known.")]

log = logging.getLogger("workbench.server")
router = APIRouter(prefix="/runs", tags=["events"])


@router.get("/{run}/events", **gives(list[bodies.Event], 400, has_pages=True))
def list_events(
    run: str,
    workbench: Mine,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = PAGE,
) -> Response:
    """List what a run's log holds now, oldest first, from behind a number on; a full page links to the next."""
    found = workbench.runs.get(run).log(after=after, limit=limit)
    is_full = len(found) == limit
    more = {"Link": f'<?after={found[-1].seq}&limit={limit}>; rel="next"'} if is_full else {}
    return Json([event.as_dict() for event in found], headers=more)


@router.get("/{run}/events/stream", **gives("text/event-stream", 400, 410, also=204))
async def stream_events(
    run: str,
    request: Request,
    after: After = 0,
    last_event_id: Annotated[
        str | None, Header(description="As browsers send it when they ask again; it counts more than `after`.")
    ] = None,
) -> Response:
    """Tell a run's log as it goes, by server-sent events; 204 where all of it is known, so that nobody asks again."""
    known = after if not last_event_id else _number(last_event_id, "header.last-event-id")
    live, caller = _live(request.scope), request.scope["state"]["caller"]
    run_id, last, is_closed = await live.find(caller, run)
    if is_closed and known >= last:
        return Response(status_code=204)
    return EventStream(live.follow(caller, run_id, after=known, last=last))


@router.websocket("/{run}/events/ws")
async def watch_events(run: str, socket: WebSocket) -> None:
    """Tell a run's log as it goes over a WebSocket, an event a message."""
    await socket.accept(subprotocol(socket.scope))
    live, caller = _live(socket.scope), socket.scope["state"]["caller"]

    async def tell() -> tuple[int, str]:
        check_names(socket, ("after",))
        after = _number(socket.query_params.get("after", "0"), "query.after")
        run_id, last, is_closed = await live.find(caller, run)
        if not (is_closed and after >= last):
            async with aclosing(live.follow(caller, run_id, after=after, last=last)) as batches:
                async for batch in batches:
                    if batch is not None:
                        await _send(socket, batch)
            if live.is_ending:
                return _RESTARTS, "The service ends; come again."
        return _NORMAL, ""

    async def told() -> tuple[int, str]:
        try:
            return await tell()
        except WorkbenchError as error:
            return _OF_STATUS + error.status, error.code
        except WebSocketDisconnect:
            raise
        except Exception:
            log.exception("run %s could not be told on", run)
            return _FAILED, "The service's log says more."

    async def heard() -> tuple[int, str]:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        return _TAKES_NOTHING, "Nothing is taken here."

    # Whoever is gone is told nothing.
    with suppress(WebSocketDisconnect):
        await socket.close(*await _first(told(), heard()))


class EventStream(Response):
    """Server-sent events (HTML Living Standard, 9.2), as many as there will be."""

    media_type = "text/event-stream"

    def __init__(self, batches: AsyncGenerator[Batch | None, None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._batches = batches

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await _first(self._tell(send), _hung_up(receive))

    async def _tell(self, send: Send) -> None:
        async def say(content: bytes, *, is_last: bool = False) -> None:
            await send({"type": "http.response.body", "body": content, "more_body": not is_last})

        await say(b"retry: %d\n\n" % RETRY_MS)
        said = time.monotonic()
        last_words = b""
        async with aclosing(self._batches) as batches:
            try:
                async for batch in batches:
                    if batch is not None:
                        await say(batch.messages)
                        said = time.monotonic()
                    elif time.monotonic() - said > QUIET_S:
                        await say(b": nothing new\n\n")
                        said = time.monotonic()
            except WorkbenchError as error:
                last_words = b"event: problem\ndata: %b\n\n" % encoded(error.as_problem())
        await say(last_words, is_last=True)


async def _send(socket: WebSocket, batch: Batch) -> None:
    if FRAMES in socket.scope["extensions"]:
        await socket.send({"type": "websocket.send", "frames": batch.frames})
    else:
        for line in batch.lines:
            await socket.send_text(line.text.decode())


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first(*ways: Coroutine[Any, Any, Any]) -> Any:
    """Wait for whichever ends first, end the others, and return what it gave."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return next(task for task in tasks if task in done).result()


def _live(scope: Mapping[str, Any]) -> Live:
    found: Live = scope["app"].state.live
    return found


def _number(told: str, where: str) -> int:
    """Read the number of an event.

    Raises
    ------
    Malformed
        ``request.malformed``
    """
    if _NUMBER.fullmatch(told) is None:
        raise Malformed("request.malformed", f"{where}: it is not the number of an event.")
    return min(int(told), SEQ_MOST)
