"""The page that says what the API can do: for everybody, of itself alone, wherever it stands."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urljoin

import pytest

from workbench.server.routes.landing import PAGE, PUBLIC, STATIC


@pytest.fixture(scope="module")
def ask(warm):
    """Ask without any credential; return status, headers and body."""

    def ask(path: str, method: str = "GET") -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", warm.service.wait().api_port, timeout=30)
        connection.request(method, path)
        response = connection.getresponse()
        told = response.status, response.headers, response.read()
        connection.close()
        return told

    return ask


@pytest.mark.parametrize("path", PUBLIC[1:])
def test_everybody_may_read_it(ask, path: str) -> None:
    status, headers, content = ask(path)
    assert (status, bool(content)) == (200, True)
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_browser_is_led_to_it_by_a_relative_address(ask) -> None:
    status, headers, _ = ask("/")
    assert status == 307
    assert urljoin("https://hub.example/user/ana/workbench/", headers["Location"]).endswith(f"/workbench{PAGE}")


def test_what_it_is_made_of_is_found_below_any_path(ask) -> None:
    _, _, page = ask(PAGE)
    named = re.findall(r'(?:src|href)="([^"#]+)"', page.decode())
    assert {urljoin(f"http://host/base{PAGE}", name).removeprefix("http://host/base") for name in named} == {
        *PUBLIC[2:],
        "/api/v1/openapi.json",
    }


def test_it_may_run_its_own_script_and_load_from_nowhere_else(ask) -> None:
    _, headers, _ = ask(PAGE)
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[f"{kind}-src"] for kind in ("script", "style", "connect", "img")} == {"'self'"}
    assert policy["frame-ancestors"] == "'none'"


def test_it_has_nothing_that_its_own_policy_forbids() -> None:
    page = (STATIC / "landing.html").read_text()
    assert re.findall(r'\sstyle="|\son[a-z]+="|<style', page) == []
    assert re.findall(r"<script(?![^>]*src=)", page) == []


@pytest.mark.parametrize("name", ["landing.html", "landing.css", "landing.js"])
def test_it_names_no_other_host(name: str) -> None:
    assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]+", (STATIC / name).read_text()) == []


@pytest.mark.parametrize("path", PUBLIC)
def test_nobody_can_change_it(ask, path: str) -> None:
    assert ask(path, "POST")[0] in (401, 405)
