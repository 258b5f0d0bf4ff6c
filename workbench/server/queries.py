"""Which names a query may hold: those that the route takes, so that a misspelt filter is not taken for none."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fastapi.dependencies.models import Dependant
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute

from workbench.errors import Malformed, choices
from workbench.plain import shown
from workbench.server.credentials import shown as shown_by

_OF_JUPYTER = frozenset({"token", "_xsrf"})
"""What Jupyter takes from a query; its proxy passes it on."""


class KnownNames:
    """Has every route refuse what it does not take: a dependency of a whole application."""

    def __init__(self) -> None:
        self._taken: dict[str, frozenset[str]] = {}

    async def __call__(self, connection: HTTPConnection) -> None:
        """Look at a request; WebSockets are looked at once they can be answered.

        Raises
        ------
        Malformed
            ``request.malformed``
        """
        route = connection.scope.get("route")
        if not connection.scope["query_string"] or not isinstance(route, APIRoute):
            return
        taken = self._taken.get(route.unique_id)
        if taken is None:
            taken = self._taken[route.unique_id] = frozenset(_names(route.dependant))
        check_names(connection, taken)


def check_names(connection: HTTPConnection, taken: Collection[str]) -> None:
    """Refuse a query that holds other names than a route takes.

    Raises
    ------
    Malformed
        ``request.malformed``
    """
    for name in connection.query_params:
        if name not in taken and not (name in _OF_JUPYTER and shown_by(connection.scope).by_socket):
            hint = choices(name, taken) if taken else "It takes none."
            raise Malformed("request.malformed", f"query.{shown(name)}: there is no such parameter.", hint=hint)


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for one in dependant.dependencies:
        yield from _names(one)
