"""The page of the API's operations, opened from JupyterLab's launcher and standing alone."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import Console
from tests.browser.servers import ARTIFACTS, START_S, TOKEN, Server, eventually
from workbench import Workbench
from workbench.people.identity import local_name


@pytest.fixture(scope="module")
def described(home: Workbench) -> int:
    """How many operations the API describes."""
    with urllib.request.urlopen(f"{address(home)}/api/v1/openapi.json", timeout=30) as answer:
        paths = json.load(answer)["paths"]
    return sum(method in ("get", "post", "put", "patch", "delete") for path in paths.values() for method in path)


@pytest.fixture
def opened(browser: Browser, console: Console) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_page(scheme: str = "light", **options: object) -> Page:
        context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 1000}, **options)
        context.set_default_navigation_timeout(START_S * 1000)
        contexts.append(context)
        page = context.new_page()
        console.listen(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def address(home: Workbench) -> str:
    return f"http://127.0.0.1:{home.service.wait().api_port}"


def fact(page: Page, name: str):
    return page.locator("#who dt", has_text=name).locator("+ dd")


def picture(page: Page, name: str) -> None:
    page.screenshot(path=ARTIFACTS / name, animations="disabled")


def test_the_launchers_tile_opens_it(opened, lab: Server, described: int, console: Console) -> None:
    page = opened()
    page.goto(f"{lab.url}/lab?reset&token={TOKEN}")
    page.wait_for_function("() => window.jupyterapp?.commands.hasCommand('launcher:create')", timeout=START_S * 1000)
    # What is opened before the layout is there again is laid away with it.
    page.evaluate("() => window.jupyterapp.restored.then(() => window.jupyterapp.commands.execute('launcher:create'))")
    tile = page.locator(".jp-LauncherCard", has_text="Workbench API")
    expect(tile.locator("img")).to_be_visible()
    picture(page, "landing-tile.png")
    console.drain()
    with page.context.expect_page() as coming:
        tile.click()
    landing = coming.value
    console.listen(landing)
    expect(landing).to_have_url(f"{lab.url}/workbench/api/v1/docs")
    expect(fact(landing, "Name")).to_have_text(local_name())
    expect(fact(landing, "Asks by")).to_have_text("jupyter")
    expect(landing.locator("details")).to_have_count(described)
    expect(landing.locator("#credential")).to_be_hidden()
    picture(landing, "landing-jupyter.png")
    assert console.drain() == []


def test_alone_it_asks_for_a_key_and_says_whose_it_is(
    opened, home: Workbench, described: int, console: Console
) -> None:
    issued = home.keys.create("of the landing page", scopes=["runs:read"])
    page = opened("dark")
    page.goto(address(home))
    expect(page.locator("details")).to_have_count(described)
    expect(page.locator("#who")).to_contain_text("Nobody yet")
    # A browser tells of each 401; this one was asked for.
    assert all("401" in told for told in console.drain())
    page.get_by_label("A key, or the service’s token").fill(issued.secret)
    page.get_by_role("button", name="Show").click()
    expect(fact(page, "Key")).to_have_text(f"{issued.key.prefix}…")
    expect(fact(page, "Scopes")).to_have_text("runs:read")
    picture(page, "landing-dark.png")
    assert page.evaluate("() => [localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert issued.secret not in page.content()
    assert console.drain() == []


def test_a_key_that_is_wrong_is_told_so(opened, home: Workbench, console: Console) -> None:
    page = opened()
    page.goto(address(home))
    page.get_by_label("A key, or the service’s token").fill("pck_wrong")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#who .bad")).to_be_visible()
    assert all("401" in told for told in console.drain())


def test_operations_are_narrowed_and_unfolded(opened, home: Workbench, described: int, console: Console) -> None:
    page = opened()
    page.goto(f"{address(home)}/api/v1/docs")
    expect(page.locator("#count")).to_have_text(f"{described} operations")
    page.get_by_label("Filter").fill("post /runs")
    operation = page.locator("details:visible", has=page.locator("summary code", has_text="/runs")).first
    operation.locator("summary").click()
    expect(operation.locator("pre")).to_contain_text("curl -X POST")
    expect(operation.locator("pre")).to_contain_text(f"{address(home)}/api/v1/runs")
    expect(page.locator("#count")).to_contain_text(f"of {described}")
    picture(page, "landing-operation.png")
    page.get_by_label("Filter").fill("nothing has this name")
    expect(page.locator("details:visible")).to_have_count(0)
    console.drain()


def test_every_line_that_sends_a_body_has_one(opened, home: Workbench, described: int, console: Console) -> None:
    page = opened()
    page.goto(f"{address(home)}/api/v1/docs")
    expect(page.locator("details")).to_have_count(described)
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => (one.open = true))")
    lines = page.locator("details pre")
    expect(lines).to_have_count(described)
    sending = [line for line in lines.all_inner_texts() if "Content-Type:" in line]
    assert len(sending) > 30
    assert [line for line in sending if "-d '{" not in line and "--data-binary @FILE" not in line] == []
    console.drain()


def test_lines_are_copied(opened, home: Workbench, console: Console) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{address(home)}/api/v1/docs")
    page.get_by_role("tab", name="curl").click()
    page.locator("#snippet").get_by_role("button", name="Copy").click()
    shown = page.locator("#snippet pre").inner_text()
    assert shown.startswith('curl -H "X-Workbench-Key: $WORKBENCH_KEY"')
    eventually(lambda: page.evaluate("() => navigator.clipboard.readText()") == shown, "the lines on the clipboard")
    console.drain()


def test_it_has_room_on_a_narrow_page(opened, home: Workbench, described: int, console: Console) -> None:
    page = opened()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address(home)}/api/v1/docs")
    expect(page.locator("details")).to_have_count(described)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    picture(page, "landing-narrow.png")
    console.drain()
