"""Who may change something through Jupyter, whose login a page of another site can borrow."""

from __future__ import annotations

import pytest
from fastapi import Request

from workbench.errors import Forbidden
from workbench.server.access import Door


def through_jupyter(headers: dict[str, str], method: str = "POST") -> Request:
    told = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": told, "server": ("/api.sock", None)})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://hub.example", "Host": "inside:8888"},
        {"Origin": "http://hub.example:8000", "Host": "hub.example:8000"},
        {"Origin": "http://hub.example", "Host": "inside:8888", "X-Forwarded-Host": "hub.example"},
    ],
    ids=str,
)
def test_a_page_of_jupyters_own_may(headers):
    Door("secret").owners(through_jupyter(headers))


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://hub.example", "Host": "hub.example"},
    {"Origin": "http://evil.example", "Host": "hub.example:8000"},
    {"Origin": "http://hub.example:8001", "Host": "hub.example:8000"},
    {"Origin": "null", "Host": "hub.example"},
    {"Origin": ""},
]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_may_not(headers, method):
    with pytest.raises(Forbidden) as raised:
        Door("secret").owners(through_jupyter(headers, method))
    assert raised.value.code == "access.denied"


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_looking_is_not_changing(headers):
    Door("secret").owners(through_jupyter(headers, "GET"))
