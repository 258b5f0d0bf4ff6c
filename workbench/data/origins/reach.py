"""What those may have fetched who come by a key: what everybody could fetch, and nothing that is the server's own.

The server stands in a network, has files, and has an environment with secrets in it. Whoever holds a key is to see none
of that through it.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
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

_WEB = ("http://", "https://")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""Addresses of IPv6 that a gateway takes for ones of IPv4, private ones too."""


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
        return self.do_open(partial(_checked, HTTPConnection, self._hosts), req)


class _Https(HTTPSHandler):
    def __init__(self, hosts: Collection[str]) -> None:
        super().__init__()
        self._hosts = hosts

    def https_open(self, req: Request) -> HTTPResponse:
        connection = partial(_checked, HTTPSConnection, self._hosts, context=ssl.create_default_context())
        return self.do_open(connection, req)


def _checked(kind: type[HTTPConnection], hosts: Collection[str], host: str, **more: Any) -> HTTPConnection:
    connection = kind(host, **more)
    # The address that is looked at is the one that is connected to: a name may stand for another one a moment later.
    connection._create_connection = partial(_connect, hosts)  # type: ignore[attr-defined]
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
        if found in _TRANSLATED or found.sixtofour is not None or found.teredo is not None:
            return False
    return found.is_global and not found.is_multicast


def named_hosts(text: str) -> tuple[str, ...]:
    """Return the hosts that a setting names, separated by commas."""
    return tuple(sorted({host.strip().lower() for host in text.split(",") if host.strip()}))
