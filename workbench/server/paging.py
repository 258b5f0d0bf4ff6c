"""Long lists, a page at a time: `limit` and `cursor` in, the rows and a link to the next page out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Protocol, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request

from workbench.errors import Malformed
from workbench.pages import ROWS_MOST
from workbench.server.answering import Json

LIMIT = 100
Row = TypeVar("Row")


class Told(Protocol):
    """A row that can be sent."""

    def as_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for.

    Attributes
    ----------
    limit
        Most rows.
    before
        What the page before ended with; None: from the start.
    """

    limit: int
    before: str | None
    query: tuple[tuple[str, str], ...]

    def next_link(self, last: str) -> dict[str, str]:
        """Return the header that tells where the list goes on after a row, in relation to the request's own address."""
        told = [pair for pair in self.query if pair[0] not in ("limit", "cursor", "before")]
        asked = urlencode([*told, ("limit", str(self.limit)), ("cursor", _encoded(last))])
        return {"Link": f'<?{asked}>; rel="next"'}


def page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=ROWS_MOST, description="Most rows of one page.")] = LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=400, description="From the link to the next page; it tells nothing else.")
    ] = None,
) -> Page:
    """Read which part of a list is asked for."""
    before = None if cursor is None else _decoded(cursor)
    return Page(limit, before, tuple(request.query_params.multi_items()))


def page_before(
    page: Annotated[Page, Depends(page)],
    before: Annotated[
        str | None, Query(max_length=100, description="Only rows beyond this one: its id, or a line's number.")
    ] = None,
) -> Page:
    """Read which part of a list is asked for that the engine cuts: it takes a row's id in place of a cursor."""
    return page if before is None or page.before is not None else replace(page, before=before)


Paged = Annotated[Page, Depends(page)]
"""Of a list that the engine gives whole."""
PagedBefore = Annotated[Page, Depends(page_before)]
"""Of a list that the engine cuts."""


def listed(page: Page, rows: Sequence[Told], last: Callable[[Any], str] = lambda row: str(row.id)) -> Json:
    """Answer with a page that the engine cut; a full one links to the next, which may be empty.

    Parameters
    ----------
    last
        Gives what the engine takes to go on after a row.
    """
    headers = page.next_link(last(rows[-1])) if len(rows) == page.limit else {}
    return Json([row.as_dict() for row in rows], headers=headers)


def cut(page: Page, rows: Sequence[Row], key: Callable[[Row], str] = lambda row: str(row.id)) -> tuple[Any, ...]:  # type: ignore[attr-defined]
    """Cut a page out of a list that the engine gives whole.

    Returns
    -------
    tuple
        The rows, and the headers of the answer. Where the row that the page before ended with is gone, its place
        counts.
    """
    start = 0
    if page.before is not None:
        place, _, name = page.before.partition(":")
        if not place.isdecimal():
            raise _malformed()
        start = next((at for at, row in enumerate(rows, 1) if key(row) == name), int(place))
    end = start + page.limit
    headers = page.next_link(f"{end}:{key(rows[end - 1])}") if end < len(rows) else {}
    return rows[start:end], headers


def whole(page: Page, rows: Sequence[Told], key: Callable[[Any], str] = lambda row: str(row.id)) -> Json:
    """Answer with a page of a list that the engine gives whole."""
    shown, headers = cut(page, rows, key)
    return Json([row.as_dict() for row in shown], headers=headers)


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise _malformed() from error


def _malformed() -> Malformed:
    return Malformed("request.malformed", "query.cursor: it is none that a list linked to.")
