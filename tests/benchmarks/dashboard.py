"""How long the dashboard takes to open, against bare pages of the same Voila.

    python -m tests.benchmarks.dashboard [--repeat 5]

Each figure is the time from asking for the page to seeing what is on it, by a Chromium that has nothing in its cache:
the dashboard over a home with a finished run, a notebook that shows one empty widget, and one that prints a word. The
three are opened in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

import workbench
from tests.browser.pages import CHROMIUM_ARGUMENTS
from tests.browser.servers import ROOT, Server
from workbench.settings import Settings

PAGES = {
    "runs": ("dashboard", ".wb-board tbody tr"),
    "widget": ("one widget", ".widget-html"),
    "print": ("one printed word", "text=nothing-else"),
}
"""What is opened: notebook, its name in the table, and what is waited for."""

CELLS = {"widget": "import ipywidgets; ipywidgets.HTML('here')", "print": "print('nothing-' + 'else')"}


def write_notebook(path: Path, code: str) -> None:
    bare = json.loads((ROOT / "notebooks" / "dashboards" / "runs.ipynb").read_text())
    bare["cells"] = [cell | {"source": [code]} for cell in bare["cells"] if cell["cell_type"] == "code"]
    path.write_text(json.dumps(bare))


def opened(browser: Browser, url: str, sign: str) -> float:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    expect(page.locator(sign).first).to_be_visible()
    took = time.perf_counter() - started
    context.close()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    chromium = next(
        found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))
    )

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        project = Path(folder, "project")
        shutil.copytree(ROOT / "notebooks", project / "notebooks")
        for name, code in CELLS.items():
            write_notebook(project / "notebooks" / "dashboards" / f"{name}.ipynb", code)
        home = workbench.connect(Settings(home=Path(folder, "home")))
        run = home.runs.submit(home.data.sample("loans"), target="default", include=["lr", "dt", "nb"], folds=3)
        run.wait(120)
        server = Server.start(
            "voila-benchmark",
            ["dashboards"],
            cwd=project,
            env=os.environ | {"WORKBENCH_HOME": str(home.settings.home)},
            page="/",
        )
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        took: dict[str, list[float]] = {name: [] for name in PAGES}
        try:
            for _ in range(repeat):
                for name, (_, sign) in PAGES.items():
                    took[name].append(opened(browser, f"{server.url}/voila/render/{name}.ipynb", sign))
        finally:
            browser.close()
            server.stop()
            home.service.stop()
            home.close()

    middle = {name: statistics.median(seconds) for name, seconds in took.items()}
    print(f"{'page':<18} {'median':>8} {'fastest':>8} {'slowest':>8}   against the dashboard")
    for name, (title, _) in PAGES.items():
        seconds = took[name]
        more = "" if name == "runs" else f"{middle['runs'] - middle[name]:+.2f} s for the dashboard"
        print(f"{title:<18} {middle[name]:>6.2f} s {min(seconds):>6.2f} s {max(seconds):>6.2f} s   {more}")


if __name__ == "__main__":
    main()
