"""The application as a whole: ready before it is asked."""

from __future__ import annotations

import http.client
import select

from pydantic import TypeAdapter

UVICORNS_OWN_S = 5
"""After which it would close a connection over which nothing is asked."""


def test_a_connection_is_kept_for_longer_than_clients_keep_theirs(serve):
    connection = http.client.HTTPConnection("127.0.0.1", serve().port)
    connection.request("GET", "/api/v1/health")
    assert connection.getresponse().read()
    closed, _, _ = select.select([connection.sock], [], [], UVICORNS_OWN_S + 1)
    assert not closed
    connection.close()


def test_whoever_asks_a_complete_api_first_waits_for_no_route_to_be_made(serve, monkeypatch):
    api = serve(is_complete=True)
    made = []
    init = TypeAdapter.__init__

    def noting(self, of, *args, **kwargs) -> None:
        made.append(of)
        init(self, of, *args, **kwargs)

    monkeypatch.setattr(TypeAdapter, "__init__", noting)
    # Of the last room, behind all others.
    assert api.ask("/audit")[0] == 200
    assert made == []
