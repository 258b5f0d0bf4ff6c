"""Bodies on their way in: no more of them than there is room for, and JSON that is what everybody takes it for."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.errors import Malformed, TooLarge, WorkbenchError
from workbench.server import problems
from workbench.server.access import is_prediction
from workbench.serving.client import ROOT

DEPTH_MOST = 100
"""Most that objects and lists may lie in one another."""
BESIDE_BYTES = 64 << 10
"""From here on a body is read beside the event loop."""
_BODILESS = ("GET", "HEAD", "OPTIONS", "TRACE")
_OWN = re.compile(rf"{ROOT}/data-sources/upload")
_JSON = re.compile(rb"application/(?:[a-z0-9.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


class Intake:
    """Takes the bodies of requests in before a route is asked, but for those that are read as they come.

    Parameters
    ----------
    most
        Largest body, in bytes.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if is_prediction(scope):
            scope["state"]["is_prediction"] = True
            await self._app(scope, receive, send)
            return
        try:
            _check_address(scope)
            if not reads_itself(scope):
                receive = await self._taken(scope, receive)
        except WorkbenchError as error:
            await problems.hear_out(scope, receive)
            await problems.answer(error)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        except UnsupportedType as told:
            await problems.hear_out(scope, receive)
            await problems.refusal(415, str(told))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _taken(self, scope: Scope, receive: Receive) -> Receive:
        """Read the body, and return what gives it again."""
        length, kind, is_chunked = _told(scope["headers"])
        if length > self._most:
            raise _too_large(self._most)
        body = b""
        if length or is_chunked:
            body = await self._read(receive)
        if body:
            if scope["method"] in _BODILESS:
                # It means nothing there, and what means nothing is not handed on.
                body = b""
            elif not _JSON.fullmatch(kind):
                raise UnsupportedType("Send the body as application/json.")
            elif len(body) > BESIDE_BYTES:
                await asyncio.to_thread(check_json, body)
            else:
                check_json(body)
        scope["state"]["body"] = body
        is_given = False

        async def again() -> Message:
            nonlocal is_given
            if is_given:
                return await receive()
            is_given = True
            return {"type": "http.request", "body": body, "more_body": False}

        return again

    async def _read(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size, is_more = 0, True
        while is_more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part, is_more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size > self._most:
                raise _too_large(self._most)
            parts.append(part)
        return b"".join(parts)


class UnsupportedType(Exception):
    """A body that is no JSON."""


def reads_itself(scope: Scope) -> bool:
    """Whether a route reads its body as it comes."""
    return scope["method"] == "POST" and _OWN.fullmatch(scope["path"]) is not None


def check_json(body: bytes) -> Any:
    """Read a body.

    Raises
    ------
    Malformed
        ``request.malformed`` for what is no JSON, or is read otherwise by others: a name that comes twice, numbers that
        are none, half a character; and for what nothing is meant by: a NUL, lists in lists without end.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        if b"\\u" in body:
            _check_text(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        raise _malformed(f"More than {DEPTH_MOST} lists or objects lie in one another.") from None
    except UnicodeDecodeError as error:
        raise _malformed(f"It is no UTF-8: byte {error.start:,}.") from error
    except UnicodeEncodeError as error:
        raise _malformed("It holds half a character: a surrogate without the other.") from error
    except ValueError as error:
        raise _malformed(f"{error}.".replace("..", ".")) from error
    if text.count("{") + text.count("[") > DEPTH_MOST:
        _check_depth(value)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"The name {twice[:50]!r} comes twice in one object")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _check_text(text: str) -> None:
    text.encode()
    if "\\u0000" in text:
        raise ValueError("It holds a NUL character")


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH_MOST + 1:
            raise _malformed(f"More than {DEPTH_MOST} lists or objects lie in one another.")
        level = [inner for outer in level for inner in _inside(outer)]


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _check_address(scope: Scope) -> None:
    query = scope["query_string"].lower()
    if "\x00" in scope["path"] or b"%00" in query:
        raise _malformed("The address holds a NUL character.")


def _told(headers: Iterable[tuple[bytes, bytes]]) -> tuple[int, bytes, bool]:
    """Return length and kind of a body, and whether it comes without its length."""
    length, kind, is_chunked = 0, b"", False
    for name, value in headers:
        if name == b"content-length":
            length = int(value) if value.isdigit() else 0
        elif name == b"content-type":
            kind = value.strip()
        elif name == b"transfer-encoding":
            is_chunked = True
    return length, kind, is_chunked


def _too_large(most: int) -> TooLarge:
    return TooLarge(
        "request.too_large",
        f"The body has more than {most:,} bytes.",
        hint="A table is sent to /api/v1/data-sources/upload, which takes larger ones.",
    )


def _malformed(why: str) -> Malformed:
    return Malformed("request.malformed", why)
