"""A real JupyterLab, a real Voila and a real Chromium over one home, which each test finds empty."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

import workbench
from tests.browser.pages import CHROMIUM_ARGUMENTS, Console
from tests.browser.servers import START_S, eventually
from tests.browser.tables import customers
from workbench.settings import Settings


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
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
def home(environment: dict[str, str]) -> Iterator[workbench.Workbench]:
    """The same home as the servers', held by the tests; its service is warm."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WORKBENCH_")]:
            patch.delenv(name)
        opened = workbench.connect(Settings(home=Path(environment["WORKBENCH_HOME"])))
    opened.service.start()
    eventually(lambda: (told := opened.service.state()) and told.phase == "warm", "a warm service", within_s=START_S)
    yield opened
    opened.service.stop()
    opened.close()


@pytest.fixture
def empty_home(home: workbench.Workbench) -> workbench.Workbench:
    """The home without runs and data."""
    for run in home.runs.list():
        run.delete()
    for source in home.data.list():
        home.data.delete(source.id)
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


@pytest.fixture(autouse=True)
def _quiet_console(console: Console) -> Iterator[None]:
    """Fail a test during which a page complained."""
    yield
    assert console.drain() == []
