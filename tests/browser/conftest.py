"""A real JupyterLab, a real Voila and a real Chromium over one home, which each test finds empty."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import delete

import workbench
from tests.browser.pages import CHROMIUM_ARGUMENTS, Console, Notebook, Panels
from tests.browser.servers import ARTIFACTS, ROOT, TOKEN, WARM_S, Server, eventually
from tests.browser.tables import customers
from workbench.settings import Settings
from workbench.store.tables import ConsultationRow


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep a picture of what was shown when a test failed."""
    report = yield
    console = getattr(item, "funcargs", {}).get("console")
    if report.failed and console is not None:
        for number, page in enumerate(page for page in console.pages if not page.is_closed()):
            page.screenshot(path=ARTIFACTS / f"failed-{item.name}-{number}.png")
    return report


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # Not for the session: as long as Playwright is there, its event loop runs, and no other can.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Variables under which servers start: a home of their own, and nobody's Jupyter settings."""
    folder = tmp_path_factory.mktemp("browser")
    settings = folder / "jupyter/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false"}))
    own = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBENCH_", "JUPYTER"))}
    yield own | {
        "WORKBENCH_HOME": str(folder / "home"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter-runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }


@pytest.fixture(scope="session")
def home(environment: dict[str, str], end: Callable[[workbench.Workbench], None]) -> Iterator[workbench.Workbench]:
    """The same home as the servers', held by the tests; its service is warm."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WORKBENCH_")]:
            patch.delenv(name)
        opened = workbench.connect(Settings(home=Path(environment["WORKBENCH_HOME"])))
    opened.service.start()
    eventually(lambda: (told := opened.service.state()) and told.phase == "warm", "a warm service", within_s=WARM_S)
    yield opened
    end(opened)


@pytest.fixture
def empty_home(home: workbench.Workbench) -> workbench.Workbench:
    """The home without runs, data, and what came of them."""
    for deployment in home.deployments.list():
        deployment.delete()
    for promotion in home.registry.promotions.list():
        home.registry.promotions.cancel(promotion)
    for alias in home.registry.aliases.list():
        home.registry.aliases.unset(alias.name)
    for pipeline in home.registry.list():
        home.registry.delete(pipeline)
    for run in home.runs.list():
        run.delete()
    for source in home.data.list():
        home.data.delete(source.id)
    # Nothing else takes away what was said, which stays also of what is deleted.
    with home._store.database.write() as session:
        session.execute(delete(ConsultationRow))
    return home


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Write a table of customers to a CSV file."""

    def write(rows: int = 1000, name: str = "customers.csv") -> Path:
        path = tmp_path / name
        customers(rows).to_csv(path, index=False)
        return path

    return write


@pytest.fixture(scope="module")
def console() -> Console:
    return Console()


@pytest.fixture(scope="session")
def lay_out(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Put the notebooks as they are delivered where JupyterLab finds them, and return the folder."""
    folder = tmp_path_factory.mktemp("lab")

    def lay_out() -> Path:
        shutil.copytree(ROOT / "notebooks", folder / "notebooks", dirs_exist_ok=True)
        return folder

    return lay_out


@pytest.fixture(scope="session")
def lab(home: workbench.Workbench, environment: dict[str, str], lay_out: Callable[[], Path]) -> Iterator[Server]:
    server = Server.start(
        "lab",
        ["lab", "--no-browser", f"--IdentityProvider.token={TOKEN}", "--expose-app-in-browser"],
        cwd=lay_out(),
        env=environment,
        page=f"/api/status?token={TOKEN}",
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def page(browser: Browser, lab: Server, console: Console, lay_out: Callable[[], Path]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1600, "height": 1200}, accept_downloads=True)
    page = context.new_page()
    console.listen(page)
    yield page
    context.close()
    # Nobody looks at their panels any more, and they would go on looking at the store.
    lab.end_kernels()
    # What was saved speaks of panels of those kernels.
    lay_out()


@pytest.fixture(scope="module")
def notebook(page: Page, lab: Server) -> Notebook:
    return Notebook.open(page, f"{lab.url}/?token={TOKEN}")


@pytest.fixture(scope="module")
def opened(notebook: Notebook) -> Panels:
    notebook.run_all()
    panels = Panels(notebook.page)
    expect(panels.data).to_be_visible()
    return panels


@pytest.fixture
def panels(opened: Panels, empty_home: workbench.Workbench) -> Panels:
    """The panels, over a home that is empty; and they have noticed."""
    expect(opened.data.get_by_text("No table yet")).to_be_visible()
    expect(opened.runs.get_by_text("No runs yet")).to_be_visible()
    return opened


@pytest.fixture(autouse=True)
def _quiet_console(console: Console) -> Iterator[None]:
    """Fail a test during which a page complained."""
    yield
    assert console.drain() == []
