"""What those may have fetched who come by a key: what everybody could fetch, and nothing that is the server's own.

The server stands in a network, has files, and has an environment with secrets in it. Whoever holds a key is to see none
of that through it.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Self
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

from workbench.data.origins.inline import Inline
from workbench.data.origins.object import Object
from workbench.data.origins.origin import Origin
from workbench.data.origins.secrets import REFERENCE
from workbench.errors import Forbidden

HEAD_S = 30.0
"""Longest that a server may take from the connection to the end of an answer's head, in seconds."""
_WEB = ("http://", "https://")
_UNICAST = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out to be reached by everybody. What counts within a site lies beyond it, and so does what
a gateway takes for addresses of IPv4, private ones too.
"""


def check(what: object) -> None:
    """Refuse what is no web address and no table, before anything of the server's is looked at for it.

    Raises
    ------
    Forbidden
        ``access.denied``
    """
    if isinstance(what, str | Path) and not str(what).startswith(_WEB):
        raise _elsewhere()


def limited(origin: Origin, hosts: Collection[str] = ()) -> Origin:
    """Return an origin that fetches from public web addresses alone, wherever these lead to, also when it is stored.

    Parameters
    ----------
    hosts
        Names of others that may be fetched from.

    Raises
    ------
    Forbidden
        ``access.denied`` where it is anything else, or names a secret of the server's.
    """
    if isinstance(origin, Inline):
        return origin
    if not isinstance(origin, Object) or not origin.url.startswith(_WEB):
        raise _elsewhere()
    if REFERENCE.search(origin.url) or REFERENCE.search(json.dumps(origin.told())):
        told = "By a key, no secret of the server's is sent anywhere."
        raise Forbidden("access.denied", told, hint="Have the home's owner add it.")
    return replace(origin, reach=tuple(hosts))


def _elsewhere() -> Forbidden:
    told = "By a key, only web addresses are fetched from: no files, databases or stores of the server's."
    return Forbidden("access.denied", told, hint="Upload the table, or have the home's owner add it.")


def opener(hosts: Collection[str]) -> Callable[..., Any]:
    """Return what opens web addresses as `urllib.request.urlopen` does, as long as they are public."""
    director = OpenerDirector()
    for handler in (
        UnknownHandler(),
        HTTPDefaultErrorHandler(),
        HTTPRedirectHandler(),
        HTTPErrorProcessor(),
        _Http(hosts),
        _Https(hosts),
    ):
        director.add_handler(handler)
    return director.open


class _Http(HTTPHandler):
    def __init__(self, hosts: Collection[str]) -> None:
        super().__init__()
        self._hosts = hosts

    def http_open(self, req: Request) -> HTTPResponse:
        with _Guard(HEAD_S) as guard:
            return self.do_open(partial(_checked, HTTPConnection, self._hosts, guard), req)


class _Https(HTTPSHandler):
    def __init__(self, hosts: Collection[str]) -> None:
        super().__init__()
        self._hosts = hosts

    def https_open(self, req: Request) -> HTTPResponse:
        context = ssl.create_default_context()
        with _Guard(HEAD_S) as guard:
            return self.do_open(partial(_checked, HTTPSConnection, self._hosts, guard, context=context), req)


class _Guard:
    """Ends connections that are not through with their handshake and the head of the answer in time.

    A server that sends a byte now and then is never silent, and would hold whoever reads for as long as it likes.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._held: list[socket.socket] = []
        self._has_ended = False
        self._lock = threading.Lock()

    def watch(self, connection: socket.socket) -> socket.socket:
        # TLS takes a socket over; what is done to one of two of the same connection is done to both.
        held = connection.dup()
        with self._lock:
            self._held.append(held)
            if self._has_ended:
                # Finding the server took all the time there was.
                _shut(held)
        return connection

    def _end(self) -> None:
        with self._lock:
            self._has_ended = True
            for held in self._held:
                _shut(held)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for held in self._held:
            held.close()
        if self._has_ended:
            # A head that breaks off passes for a short one.
            raise TimeoutError("the head of the answer did not come to an end")


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _checked(
    kind: type[HTTPConnection], hosts: Collection[str], guard: _Guard, host: str, **more: Any
) -> HTTPConnection:
    connection = kind(host, **more)
    # The address that is looked at is the one that is connected to: a name may stand for another one a moment later.
    connection._create_connection = lambda *place: guard.watch(_connect(hosts, *place))  # type: ignore[attr-defined]
    return connection


def _connect(hosts: Collection[str], place: tuple[str, int], *more: Any) -> socket.socket:
    host, port = place
    if host in hosts:
        return socket.create_connection(place, *more)
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(_is_public(address) for address in found):
        told = f"{host} is no public address; by a key, none but those are fetched from."
        raise Forbidden("access.denied", told, hint="The setting WORKBENCH_FETCH_HOSTS names others that may be.")
    for address in found[:-1]:
        try:
            return socket.create_connection((address, port), *more)
        except OSError:
            continue
    return socket.create_connection((found[-1], port), *more)


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return _is_public(str(found.ipv4_mapped))
        if found not in _UNICAST or found.sixtofour is not None or found.teredo is not None:
            return False
    return found.is_global and not found.is_multicast


def named_hosts(text: str) -> tuple[str, ...]:
    """Return the hosts that a setting names, separated by commas."""
    return tuple(sorted({host.strip().lower() for host in text.split(",") if host.strip()}))
