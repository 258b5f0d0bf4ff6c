"""What is on the page: its console, JupyterLab's notebook, and the panels by their names."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.servers import ARTIFACTS, SEEN_S, START_S, eventually

CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

NOISE = {
    "JupyterLab asks for the debugger's state, and the kernel is restarted before it answers": re.compile(
        "Could not restore the debugger state"
    ),
    "Voila's template asks a content network for icons, which the panels do not use": re.compile(
        r"net::ERR_.*//cdn\.jsdelivr\.net/npm/(@fortawesome|font-awesome)"
    ),
    "JupyterLab's widgets are looked for in a kernel that has not imported ipywidgets yet": re.compile(
        r"the kernel: .*No such comm( target registered: jupyter\.widget\.control|: )"
    ),
    "the debugger greets a restarted kernel": re.compile(r'the kernel: .*"text":"\d+\.\d\ds - '),
    "the test interrupts a cell": re.compile("the kernel: .*KeyboardInterrupt", re.DOTALL),
    "Voila has no icon for the browser's tab": re.compile(r"404 .*/favicon\.ico"),
}
"""Errors that are not ours, each with its reason."""

expect.set_options(timeout=SEEN_S * 1000)


KERNEL_TROUBLE = re.compile(rb'"(?:msg_type": ?"error|name": ?"stderr)".{0,4000}', re.DOTALL)
"""What a kernel says when a cell or a message failed, or something was printed that no cell asked for."""


@dataclass
class Console:
    """What went wrong on a page and in the kernel behind it, though nothing on the page may show it."""

    errors: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        self.pages.append(page)
        page.on("console", lambda said: said.type == "error" and self._take(f"{said.text} ({said.location['url']})"))
        page.on("pageerror", lambda error: self._take(f"uncaught: {error.stack or error}"))
        page.on("websocket", lambda socket: socket.on("framereceived", self._take_frame))

    def _take_frame(self, frame: str | bytes) -> None:
        found = KERNEL_TROUBLE.search(frame.encode() if isinstance(frame, str) else frame)
        if found:
            self._take(f"the kernel: {found[0].decode(errors='replace')}")

    def _take(self, text: str) -> None:
        if not any(noise.search(text) for noise in NOISE.values()):
            self.errors.append(text)

    def drain(self) -> list[str]:
        seen, self.errors = self.errors, []
        return seen


class Notebook:
    """The notebook that JupyterLab shows, driven through JupyterLab's own commands."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def open(cls, page: Page, url: str) -> Notebook:
        page.goto(url, timeout=START_S * 1000)
        notebook = cls(page)
        notebook.wait_for_kernel("idle")
        # A picture shows the notebook, not the file browser beside it.
        notebook.command("application:set-mode", mode="single-document")
        page.evaluate("() => window.jupyterapp.shell.leftCollapsed || window.jupyterapp.shell.collapseLeft()")
        return notebook

    def command(self, name: str, **arguments: Any) -> None:
        self.page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments])

    def wait_for_kernel(self, status: str) -> None:
        self.page.wait_for_function(
            "status => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === status",
            arg=status,
            timeout=START_S * 1000,
        )

    def run_all(self) -> None:
        self.command("notebook:run-all-cells")

    def start_cell(self, code: str) -> None:
        """Run code in a new cell at the end and do not wait for it."""
        self.page.evaluate(
            """async code => {
                const { commands, shell } = window.jupyterapp;
                const notebook = shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.length - 1;
                await commands.execute("notebook:insert-cell-below");
                notebook.activeCell.model.sharedModel.setSource(code);
                commands.execute("notebook:run-cell");
            }""",
            code,
        )

    def drop_last_cell(self) -> None:
        self.page.evaluate(
            """async () => {
                const { commands, shell } = window.jupyterapp;
                const notebook = shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.length - 1;
                await commands.execute("notebook:delete-cell");
            }"""
        )

    def run_cell(self, code: str) -> None:
        """Run code in a new cell at the end, and wait for that cell's own end."""
        self.start_cell(code)
        eventually(lambda: re.fullmatch(r"\[\d+\]:", self._last_prompt), "the end of the cell", within_s=START_S)

    @property
    def is_last_cell_running(self) -> bool:
        """Whether the last cell is under way; the kernel's status also tells of what is done beside it."""
        return self._last_prompt == "[*]:"

    @property
    def _last_prompt(self) -> str:
        prompt = self.page.evaluate(
            """() => {
                const { widgets } = window.jupyterapp.shell.currentWidget.content;
                return widgets[widgets.length - 1].node.querySelector(".jp-InputPrompt").textContent;
            }"""
        )
        return prompt.strip()

    @property
    def cell_count(self) -> int:
        return self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")

    def interrupt(self) -> None:
        self.command("notebook:interrupt-kernel")

    def restart(self) -> None:
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        self.wait_for_kernel("idle")

    def saved_with_widgets(self) -> dict[str, Any]:
        """Save the notebook with the state of its widgets; return what the file held then."""
        toggle = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
        self.command(toggle)
        self.page.wait_for_function("name => window.jupyterapp.commands.isToggled(name)", arg=toggle)
        save = """async () => {
            const { shell, serviceManager } = window.jupyterapp;
            const { context } = shell.currentWidget;
            await context.save();
            return (await serviceManager.contents.get(context.path)).content;
        }"""
        saved: dict[str, Any] = self.page.evaluate(save)
        # As it was: others open the same file.
        self.command(toggle)
        self.page.wait_for_function("name => !window.jupyterapp.commands.isToggled(name)", arg=toggle)
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.model.deleteMetadata('widgets')")
        self.page.evaluate(save)
        return saved

    def show_cell(self, number: int) -> None:
        """Scroll until a cell stands at the top."""
        self.page.locator(".jp-Cell").nth(number).evaluate("cell => cell.scrollIntoView({ block: 'start' })")

    def theme(self, name: str) -> None:
        self.command("apputils:change-theme", theme=name)
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name)
        # It covers the page while themes change, and a change before it is gone takes it away twice.
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)


class Panels:
    """The panels on a page, as their reader finds them: by name and by role."""

    def __init__(self, page: Page) -> None:
        self.page = page
        whole = ("Profile", "Registry", "Deploy", "Review", "Workspace", "People", "Keys", "Audit log")
        names = ("Data", "Launch", "Runs", "Leaderboard", "Events", *whole)
        (
            self.data,
            self.launch,
            self.runs,
            self.leaderboard,
            self.events,
            self.profile,
            self.registry,
            self.deploy,
            self.review,
            self.workspace,
            self.people,
            self.keys,
            self.audit,
        ) = (page.get_by_role("region", name=name, exact=True) for name in names)

    @property
    def status(self) -> Locator:
        """The chip of the run that is watched."""
        return self.runs.locator(".wb-watched .wb-chip")

    @property
    def rows(self) -> Locator:
        return self.leaderboard.locator("tbody tr")

    def models(self) -> list[str]:
        """Ids of the models, in the order shown."""
        return self.rows.evaluate_all("rows => rows.map(row => row.dataset.model)")

    def event_count(self) -> int:
        words = self.events.locator(".wb-count").inner_text()
        return int(words.split()[0]) if words else 0

    def wait_for_more_events(self, seen: int) -> int:
        """Wait until the log has grown beyond `seen`, and return how far."""
        # What is to be done for an event takes its time.
        more = eventually(
            lambda: self.event_count() > seen and self.event_count(), f"more than {seen} events shown", within_s=START_S
        )
        return int(more)

    def error(self, panel: Locator) -> Locator:
        return panel.get_by_role("alert")

    def upload(self, path: Path) -> None:
        self.data.get_by_label("Upload a table").set_input_files(path)

    def drag_in(self, path: Path) -> None:
        """Drag a file onto the data panel, and let it go there."""
        dropped = self.page.evaluate_handle(
            """([content, name]) => {
                const held = new DataTransfer();
                held.items.add(new File([Uint8Array.from(atob(content), letter => letter.charCodeAt(0))], name));
                return held;
            }""",
            [base64.b64encode(path.read_bytes()).decode(), path.name],
        )
        for event in ("dragenter", "dragover", "drop"):
            self.data.dispatch_event(event, {"dataTransfer": dropped})

    def turn_to(self, tab: str) -> None:
        self.page.get_by_role("tablist", name="Workbench").get_by_role("tab", name=tab).click()

    def choose_of_row(self, model: str, item: str) -> None:
        """Choose an item of the menu of a leaderboard's row."""
        row = self.leaderboard.locator(f'tbody tr[data-model="{model}"]')
        row.get_by_role("button", name=re.compile("^Go on with")).click()
        self.page.get_by_role("menuitem", name=item).click()

    def card(self, panel: Locator, advisor: str) -> Locator:
        """The line in which an advisor tells what it says of what a panel shows."""
        return panel.get_by_role("group", name=advisor, exact=True)

    @property
    def launch_button(self) -> Locator:
        return self.launch.get_by_role("button", name="Launch", exact=True)

    def press_launch(self) -> None:
        """Press Launch as soon as the press before is answered: until then, another does nothing."""
        self.wait_for_launch()
        self.launch_button.click()

    def wait_for_launch(self) -> None:
        """Wait until a press on Launch is answered, and what was launched is brought into sight."""
        expect(self.launch_button).not_to_have_attribute("aria-busy", "true")

    def picture(self, name: str) -> None:
        """Keep what is shown; rows on their way are shown in their places."""
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=ARTIFACTS / name, animations="disabled")
