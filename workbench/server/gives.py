"""What a route gives, said where it is declared: the API's description is made of it, no answer is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from workbench.server.problems import PROBLEM

TITLES: Mapping[int, str] = {
    400: "Something that the caller can mend: the detail says what, the code names it.",
    401: "The caller has not shown who it is, or by a key that is not good any more.",
    403: "The caller may not do this: the role is too low, or the key lacks the scope.",
    404: "There is no such thing in this workspace.",
    408: "The request did not come in time.",
    409: "Its state does not allow this, or the name is taken.",
    410: "It was there; its data is not any more.",
    413: "More than the limit allows.",
    415: "The body is of a type that is not taken.",
    422: "The request is not written as it should be: the detail says where.",
    429: "More is asked for than is answered; Retry-After says when to come again.",
    500: "A part of Workbench did not do its work.",
    502: "Somebody else's service, which was asked on the caller's behalf, did not do its work.",
    503: "It is not there for the moment; Retry-After says when to come again.",
}
"""What a refusal means, by its status."""
_LOCATION = {"description": "Where it is to be found, in relation to this address.", "schema": {"type": "string"}}
_LINK = {"description": 'The next page, in relation to this address: `<?…>; rel="next"`.', "schema": {"type": "string"}}
_TAG = {"description": "Send it as If-None-Match, and 304 says that nothing has changed.", "schema": {"type": "string"}}


def gives(
    kind: Any = None,
    *refusals: int,
    status: int = 200,
    also: int | None = None,
    has_place: bool = False,
    has_pages: bool = False,
    has_tag: bool = False,
) -> dict[str, Any]:
    """Return what a route's decorator takes besides its path.

    Parameters
    ----------
    kind
        A model or data class of the answer; a media type, or several, of one that is no JSON; None: it has no body.
    *refusals
        Statuses of refusals, beside those that any route of its kind may have.
    status
        Of the answer.
    also
        Another one, of the same answer; of none where it is 204.
    has_place, has_pages, has_tag
        Whether it tells a ``Location``, a ``Link`` to the next page, an ``ETag``.
    """
    headers = {"Location": _LOCATION} if has_place else {}
    headers |= {"Link": _LINK} if has_pages else {}
    headers |= {"ETag": _TAG} if has_tag else {}
    answer: dict[str, Any] = {"headers": headers} if headers else {}
    told: dict[str, Any] = {"status_code": status, "response_model": None}
    media = (kind,) if isinstance(kind, str) else kind
    if isinstance(media, tuple):
        told["response_class"] = Response
        answer["content"] = {one: {"schema": _schema(one)} for one in media}
    elif kind is None:
        told["response_class"] = Response
    else:
        answer["model"] = kind
    responses: dict[int, Any] = {status: answer | {"description": _DONE.get(status, "Done.")}}
    if also is not None:
        responses[also] = (answer if also != 204 else {}) | {"description": _DONE[also]}
    if has_tag:
        responses[304] = {"description": "Nothing has changed.", "headers": {"ETag": _TAG}}
    responses |= {one: refusal(one) for one in refusals}
    return told | {"responses": responses}


_DONE = {201: "It is made.", 202: "It is on its way.", 204: "Done; there is nothing to tell."}


def refusal(status: int) -> dict[str, Any]:
    """Return how a refusal is described."""
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": TITLES[status], "content": content}


def _schema(media: str) -> dict[str, Any]:
    if media.startswith("text/") or media.endswith("jsonl"):
        return {"type": "string"}
    return {"type": "string", "contentMediaType": media}
