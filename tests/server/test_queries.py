"""Names in a query: those that a route takes, and no others, so that a misspelt filter is not taken for none."""

from __future__ import annotations

import re

import pytest

from workbench.server.access_table import TABLE
from workbench.serving.client import ROOT

DESCRIPTION = f"{ROOT}/openapi.json"
"""A file, of which nothing can be asked. WebSockets tell by how they are closed."""
OPERATIONS = sorted((method, path) for method, path in TABLE if path != DESCRIPTION and method != "WS")


@pytest.fixture
def api(serve):
    return serve()


def test_a_name_that_a_route_does_not_take_is_refused_by_each(api):
    for method, path in OPERATIONS:
        place = re.sub(r"{[^}]+}", "juice", path.removeprefix(ROOT))
        content = b"" if method in ("GET", "DELETE") else b"{}"
        status, _, told = api.ask(f"{place}?misspelt=1", method, content, **{"Content-Type": "application/json"})
        assert (status, told["code"]) == (422, "request.malformed"), (method, path, told)
        assert "misspelt" in told["detail"], (method, path)


def test_the_name_that_was_meant_is_told(api):
    status, _, told = api.ask("/audit/export?outcom=denied")
    assert (status, told["hint"].partition("?")[0]) == (422, "Did you mean outcome")


def test_names_that_a_route_takes_are_taken(api):
    assert api.ask("/audit?outcome=done&limit=1&cursor=OQ&before=9")[0] == 200
    assert api.ask("/runs?status=queued&status=failed")[0] == 200


def test_what_jupyter_takes_from_a_query_counts_there_alone(api):
    assert api.ask("/me?token=secret&_xsrf=1", is_socket=True)[0] == 200
    assert api.ask("/me?token=secret")[0] == 422
