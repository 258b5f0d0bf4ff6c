"""The read-only dashboard that `workbench dashboards` serves with Voila: live, and nothing else beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import Console, Panels
from tests.browser.servers import ROOT, START_S, Server, eventually
from workbench import Workbench

pytestmark = pytest.mark.browser

PAGE = "/voila/render/runs.ipynb"
SERVING = "/voila/render/serving.ipynb"
Table = Callable[..., Path]


@pytest.fixture(scope="module")
def voila(home: Workbench, environment: dict[str, str]) -> Iterator[Server]:
    server = Server.start("dashboards", ["dashboards"], cwd=ROOT, env=environment, page="/")
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser, console: Console) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1100})
    page.set_default_navigation_timeout(START_S * 1000)
    console.listen(page)
    yield page
    page.close()


def open_dashboard(page: Page, url: str) -> Panels:
    """Open a dashboard and wait for its panels, which a kernel draws while the page still comes."""
    page.goto(url, wait_until="commit")
    expect(page.locator(".wb-panel").first).to_be_visible(timeout=START_S * 1000)
    return Panels(page)


def test_a_running_comparison_is_seen_live_and_nothing_can_be_changed(
    page: Page, voila: Server, empty_home: Workbench, table: Table
) -> None:
    run = empty_home.runs.submit(empty_home.data.upload(table(3000)), target="churned", folds=10)
    panels = open_dashboard(page, f"{voila.url}{PAGE}")
    expect(panels.status).to_have_text("running")
    expect(panels.rows).to_have_count(14)
    scored = panels.rows.locator(".wb-main:not(:empty)")
    seen = 0
    for _ in range(3):
        seen = panels.wait_for_more_events(seen)
        expect(panels.status).to_have_text("running", timeout=1)
    expect(scored).not_to_have_count(0)
    panels.picture("dashboard.png")

    for word in ("Cancel", "Resume", "Delete", "Launch"):
        expect(page.get_by_role("button", name=word)).to_have_count(0)
    expect(page.locator("input[type=file]")).to_have_count(0)
    for source in ("import", "RunsDashboard", "workbench_widgets"):
        expect(page.locator("body")).not_to_contain_text(source)

    run.cancel()
    expect(panels.status).to_have_text("cancelled")
    eventually(lambda: panels.models() == [row.model for row in run.rows()], "the order of the store")
    for word in ("Resume", "Reproduce", "Go on with"):
        expect(page.get_by_role("button", name=word)).to_have_count(0)


def test_the_dashboard_of_an_empty_home_says_so(page: Page, voila: Server, empty_home: Workbench) -> None:
    panels = open_dashboard(page, f"{voila.url}{PAGE}")
    expect(panels.runs).to_contain_text("No runs yet")
    expect(panels.leaderboard).to_contain_text("No run yet")
    expect(panels.events).to_contain_text("No run yet")


def test_what_is_served_is_seen_live_and_nothing_can_be_asked_or_changed(
    page: Page, voila: Server, empty_home: Workbench
) -> None:
    run = empty_home.runs.submit(empty_home.data.sample("wine"), target="cultivar", include=["nb"], folds=2)
    run.wait(60)
    deployment = empty_home.deployments.deploy(run, slug="cultivars")
    panels = open_dashboard(page, f"{voila.url}{SERVING}")
    expect(panels.deploy.locator(".wb-detail-head")).to_contain_text("readycultivars")
    expect(panels.registry.get_by_role("tab", name="Model card")).to_be_visible()
    requests = panels.deploy.locator(".wb-figures dd").first
    before = int(requests.inner_text())
    deployment.predict(deployment.schema()["sample"][:1])
    eventually(lambda: int(requests.inner_text()) > before, "another request counted")
    for word in ("Stop", "Swap", "Delete", "Predict", "Deploy…", "Promote safely…", "Compare…"):
        expect(page.get_by_role("button", name=word)).to_have_count(0)
    expect(page.locator("input, select, textarea").locator("visible=true")).to_have_count(0)
    panels.picture("dashboard-serving.png")


def test_nothing_but_the_dashboards_is_listed(page: Page, voila: Server) -> None:
    page.goto(f"{voila.url}/voila/tree")
    links = page.get_by_role("link").evaluate_all("links => links.map(link => new URL(link.href).pathname)")
    assert links == [PAGE, SERVING]


@pytest.mark.parametrize(
    "path",
    [
        "/voila/render/workbench.ipynb",
        "/voila/render/../workbench.ipynb",
        "/voila/render/%2e%2e/workbench.ipynb",
        "/voila/render/%2e%2e%2fworkbench.ipynb",
        "/voila/files/runs.ipynb",
        "/voila/files/../workbench.ipynb",
        "/voila/tree/..",
        "/api/contents",
        "/api/sessions",
        "/api/terminals",
        "/files/runs.ipynb",
        "/lab",
    ],
)
def test_nothing_but_the_dashboards_is_served(voila: Server, path: str) -> None:
    assert voila.status(path) in (403, 404)
