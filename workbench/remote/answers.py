"""What an API answers, told apart: what was asked for, a typed error, or something that Workbench does not say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.decoding import read
from workbench.errors import BadGateway, Gone, Unavailable, WorkbenchError, of_problem

if TYPE_CHECKING:
    import httpx

_Kind = TypeVar("_Kind")

NOT_MODIFIED = 304
_RETRY_S = 1


def error_of(response: httpx.Response, host: str) -> WorkbenchError:
    """Return the error that an answer tells; its body has been read.

    An answer that is none of Workbench's is one of something between here and there, or of something else.
    """
    status = response.status_code
    if response.is_redirect:
        return BadGateway(
            "remote.not_understood",
            f"{host} sends on to {response.headers.get('location', 'somewhere else')}.",
            hint="Connect to the address where the API is; a key is shown there and nowhere else.",
        )
    told = _problem(response.content)
    if told is not None:
        # What is told by the header alone, as a proxy between does, is to be heeded too.
        about = {} if "retry_after_s" in told else _retry_after(response.headers)
        return of_problem({**told, **about, "status": status})
    if status in (429, 502, 503, 504):
        later = {"retry_after_s": _RETRY_S, **_retry_after(response.headers)}
        return Unavailable("remote.unreachable", f"{host} answers {status}: its API is not there now.", **later)
    return BadGateway(
        "remote.not_understood",
        f"{host} answers {status}, and not as Workbench does.",
        hint="Look whether the address is that of a Workbench, with the base path that a proxy puts before it.",
    )


def unreachable(host: str, error: Exception) -> Unavailable:
    """Return the error of a request that brought no answer."""
    why = str(error).rstrip(".") or type(error).__name__
    return Unavailable("remote.unreachable", f"{host} does not answer: {why}.", retry_after_s=_RETRY_S)


def parsed(content: bytes, host: str) -> Any:
    """Read an answer's JSON; nothing of an answer without a body.

    Raises
    ------
    BadGateway
        ``remote.not_understood``
    """
    try:
        return json.loads(content) if content else None
    except ValueError as error:
        raise _not_understood(host) from error


def understood(kind: type[_Kind], told: Any, host: str) -> _Kind:
    """Rebuild a dataclass from an answer.

    Raises
    ------
    BadGateway
        ``remote.not_understood``
    """
    try:
        return read(kind, told)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise _not_understood(host) from error


def shown(told: Any, secret: str, what: str) -> Any:
    """Return an answer that shows a secret; given again, as after one that was lost, it shows none.

    Raises
    ------
    Gone
        ``remote.secret_lost``
    """
    if isinstance(told, Mapping) and secret in told and told[secret] is None:
        raise Gone(
            "remote.secret_lost",
            f"The {what} was made, and the answer that showed it was lost on its way.",
            hint="Revoke it, and make another one.",
        )
    return told


def _not_understood(host: str) -> BadGateway:
    return BadGateway(
        "remote.not_understood",
        f"{host} answers what this version of Workbench does not understand.",
        hint="Have the same version here and there; a base path that is wrong leads to other pages, too.",
    )


def _problem(content: bytes) -> Mapping[str, Any] | None:
    try:
        told = json.loads(content)
    except ValueError:
        return None
    is_problem = isinstance(told, dict) and all(isinstance(told.get(name), str) for name in ("code", "detail"))
    return told if is_problem else None


def _retry_after(headers: Mapping[str, str]) -> dict[str, Any]:
    told = headers.get("retry-after", "")
    return {"retry_after_s": float(told)} if told.isdecimal() else {}
