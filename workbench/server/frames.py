"""WebSockets that take frames made before, and that let go of readers which do not read.

uvicorn makes a frame of each message for each reader; what a thousand readers are told alike is made once and handed
over as bytes. An application finds `FRAMES` among its scope's extensions where it may send
``{"type": "websocket.send", "frames": …}``.

A reader that reads slowly is waited for: its own task stands still and no other. One that takes nothing at all for a
while is told so by close code `STALLED`, and cut off.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from functools import partial
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

FRAMES = "workbench.frames"
STALLED = 4408
LEAVE_S = 5.0
"""How long a reader that is let go of has to read that it is, in seconds."""
END_S = 1.0
"""The same where the service ends: whoever ends it waits for no more than a few seconds."""
PING_S = 20.0
MESSAGE_BYTES = 4096
"""Largest message that is taken from a reader: there is nothing for it to say."""
WAITING_BYTES, KERNEL_BYTES = 32 << 10, 128 << 10
"""What may wait for a reader here, and in the kernel, before its task stands still."""
_TEXT, _SHORT, _MEDIUM = 0x81, 125, 0xFFFF


def options(stall_s: float) -> dict[str, Any]:
    """Return uvicorn's settings for such WebSockets.

    Parameters
    ----------
    stall_s
        How long a reader may take nothing, in seconds.
    """
    return {
        "ws": partial(Frames, stall_s=stall_s),
        "ws_max_size": MESSAGE_BYTES,
        "ws_ping_interval": PING_S,
        "ws_ping_timeout": stall_s,
        # It would cost a compressor for each reader, and each frame compressed for each.
        "ws_per_message_deflate": False,
    }


def text_frame(text: bytes) -> bytes:
    """Make the frame of a whole text message, as a server sends it (RFC 6455, 5.2)."""
    size = len(text)
    if size <= _SHORT:
        head = bytes((_TEXT, size))
    elif size <= _MEDIUM:
        head = bytes((_TEXT, 126)) + size.to_bytes(2)
    else:
        head = bytes((_TEXT, 127)) + size.to_bytes(8)
    return head + text


class Frames(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, with the ways to send and to end that this module tells of."""

    def __init__(self, *arguments: Any, stall_s: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._stall_s = stall_s
        self._drained_at = self.loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=WAITING_BYTES)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            # Left to itself, the kernel takes megabytes for a reader that reads nothing.
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][FRAMES] = {}

    def resume_writing(self) -> None:
        self._drained_at = self.loop.time()
        super().resume_writing()

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(END_S, self.transport.abort)

    async def send(self, message: Any) -> None:
        """Send once there is room for it.

        Raises
        ------
        ClientDisconnected
            When the reader is gone, or is let go of because it takes nothing.
        """
        if not self.writable.is_set():
            await self._room()
        frames = message.get("frames")
        if frames is None:
            await super().send(message)
            if message["type"] == "websocket.close":
                self._end_with(self.transport.get_write_buffer_size())
        elif self.disconnected or self.close_sent:
            raise ClientDisconnected
        else:
            self.transport.write(frames)

    def keepalive_timeout(self) -> None:
        """Let go of a reader that has not answered, unless it was still taking what lay before the question."""
        if self._drained_at > self.ping_sent_at:
            self.pending_ping_payload = None
            self.schedule_ping()
        else:
            self._let_go()

    async def _room(self) -> None:
        while not self.writable.is_set():
            left = self.transport.get_write_buffer_size()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._stall_s):
                    await self.writable.wait()
                return
            if self.transport.get_write_buffer_size() >= left:
                self._let_go()
                raise ClientDisconnected

    def _let_go(self) -> None:
        self.stop_keepalive()
        if self.close_sent or self.transport.is_closing():
            return
        reason = f"request.timed_out: nothing was read for {self._stall_s:g} s"
        self.queue.put_nowait({"type": "websocket.disconnect", "code": STALLED, "reason": reason})
        self.conn.send_close(STALLED, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
        self.loop.call_later(LEAVE_S, self.transport.abort)

    def _end_with(self, left: int) -> None:
        """See that what is left at the end is read, and cut off whoever does not read it."""
        self.loop.call_later(self._stall_s, self._look_at_rest, left)

    def _look_at_rest(self, before: int) -> None:
        if self.disconnected:
            return
        left = self.transport.get_write_buffer_size()
        if left >= before:
            self.transport.abort()
        else:
            self._end_with(left)
