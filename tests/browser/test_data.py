"""A table on its way from a disk to a run: dragged in, looked at, mended, launched; and all ways out of it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Browser, Locator, expect

from tests.browser.pages import Console, Notebook, Panels
from tests.browser.servers import START_S, Server, eventually, holds_no_tables
from tests.browser.tables import customers, passengers
from workbench import Workbench

pytestmark = pytest.mark.browser

Table = Callable[..., Path]


@pytest.fixture
def ship(tmp_path: Path) -> Path:
    path = tmp_path / "ship.csv"
    passengers(500).to_csv(path, index=False)
    return path


def preflight(panels: Panels) -> Locator:
    return panels.launch.get_by_role("region", name="Pre-flight")


def drawn(panels: Panels) -> Locator:
    """The plots that can be seen."""
    return panels.profile.locator(".wb-figure.wb-is-drawn .main-svg").locator("visible=true")


def test_a_file_is_dragged_in_read_mended_and_launched_and_the_run_holds_the_mends(
    panels: Panels, home: Workbench, ship: Path
) -> None:
    panels.drag_in(ship)
    expect(panels.data.locator(".wb-source strong")).to_have_text("ship")
    expect(panels.data.locator(".wb-spark")).to_have_count(7)
    panels.picture("9-data.png")

    panels.data.get_by_role("button", name="fare", exact=True).click()
    expect(panels.profile.locator(".wb-detail .wb-big")).to_have_text("fare")
    expect(drawn(panels).first).to_be_visible()
    fare = passengers(500)["fare"]
    expect(panels.profile.locator(".wb-tiles")).to_contain_text(f"Median{fare.median():.4f}")
    panels.picture("9-profile.png")
    panels.profile.get_by_role("option").filter(has_text="sex").click()
    expect(panels.profile.get_by_role("row", name=re.compile("^male"))).to_be_visible()

    panels.turn_to("Train")
    launch = panels.launch
    expect(launch.get_by_label("Target", exact=True)).to_have_value("survived")
    button = launch.get_by_role("button", name="Launch", exact=True)
    expect(preflight(panels)).to_contain_text("'alive' is the target 'survived' under another name")
    expect(button).to_be_disabled()
    preflight(panels).get_by_text("Evidence").first.click()
    expect(preflight(panels)).to_contain_text("renamed")
    panels.picture("9-findings.png")
    for name in ("alive", "name"):
        mend = preflight(panels).get_by_role("button", name=f"Leave out '{name}'")
        mend.click()
        expect(mend).to_have_count(0)
    expect(launch.get_by_label("ignore features", exact=True)).to_have_text("name, alive")
    expect(button).to_be_enabled()
    panels.picture("9-mended.png")
    launch.get_by_label("Plan", exact=True).select_option("setup")
    expect(preflight(panels)).not_to_have_attribute("aria-busy", "true")
    expect(preflight(panels)).to_contain_text("Pre-flight:")
    panels.press_launch()
    panels.wait_for_launch()
    run = eventually(home.runs.list, "a run")[0]
    assert sorted(run.record.spec["setup"]["ignore_features"]) == ["alive", "name"]
    assert run.record.spec["preflight"]["overridden"] == []
    assert run.wait(60).status == "succeeded"
    launch.get_by_label("Plan", exact=True).select_option("compare")
    launch.get_by_text("Set-up options").click()

    panels.turn_to("Profile")
    panels.profile.get_by_role("tab", name="Target").click()
    expect(panels.profile.get_by_role("combobox", name="Target")).to_have_value("survived")
    expect(panels.profile.locator(".wb-features tbody tr").first).to_contain_text("alive")
    expect(drawn(panels).first).to_be_visible()
    panels.picture("9-target.png")
    panels.turn_to("Train")


def test_what_stands_in_the_way_holds_a_run_back_until_it_is_let_pass_and_that_is_recorded(
    panels: Panels, home: Workbench, ship: Path
) -> None:
    home.data.upload(ship)
    button = panels.launch.get_by_role("button", name="Launch", exact=True)
    pass_on = preflight(panels).get_by_label("Run all the same")
    expect(pass_on).to_be_visible()
    expect(button).to_be_disabled()
    pass_on.check()
    expect(button).to_be_enabled()
    # Another target is another question: what was let pass for the one before is not for this one.
    panels.launch.get_by_label("Target", exact=True).select_option("port")
    expect(pass_on).to_have_count(0)
    panels.launch.get_by_label("Target", exact=True).select_option("survived")
    expect(pass_on).not_to_be_checked()
    pass_on.check()
    panels.launch.get_by_label("Plan", exact=True).select_option("setup")
    panels.press_launch()
    run = eventually(home.runs.list, "a run")[0]
    assert run.record.spec["preflight"]["overridden"] == ["leak.copy"]
    assert "ignore_features" not in run.record.spec["setup"]
    panels.launch.get_by_label("Plan", exact=True).select_option("compare")
    run.wait(60)


def test_an_upload_is_cancelled_half_way_and_leaves_nothing(panels: Panels, home: Workbench) -> None:
    panels.page.evaluate(
        """() => {
            const held = new DataTransfer();
            held.items.add(new File(Array(64).fill("a,b\\n1,2\\n".repeat(2 ** 19)), "slow.csv"));
            const drop = new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true });
            document.querySelector("[aria-label=Data]").dispatchEvent(drop);
        }"""
    )
    bar = panels.data.get_by_role("progressbar", name="Upload of slow.csv")
    expect(bar).to_be_visible()
    eventually(lambda: int(bar.get_attribute("aria-valuenow") or 0) > 4, "some of it sent")
    panels.picture("9-sending.png")
    panels.data.get_by_role("button", name="Cancel").click()
    expect(bar).to_have_count(0)
    expect(panels.error(panels.data)).to_be_hidden()
    holds_no_tables(home)


def test_a_table_that_is_cancelled_while_it_is_read_leaves_nothing(panels: Panels, home: Workbench) -> None:
    cancelled = panels.page.evaluate(
        """() => new Promise((resolve) => {
            const panel = document.querySelector("[aria-label=Data]");
            const look = new MutationObserver(() => {
                const said = panel.querySelector(".wb-work-said")?.textContent ?? "";
                if (!said.startsWith("reading")) return;
                look.disconnect();
                panel.querySelector(".wb-upload .wb-button").click();
                resolve(said);
            });
            look.observe(panel, { childList: true, subtree: true, characterData: true });
            const held = new DataTransfer();
            held.items.add(new File(Array(4).fill("a,b\\n1,2\\n".repeat(2 ** 19)), "read.csv"));
            panel.dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true }));
        })"""
    )
    assert cancelled.startswith("reading")
    expect(panels.data.get_by_role("progressbar")).to_have_count(0)
    expect(panels.error(panels.data)).to_be_hidden()
    holds_no_tables(home)


def test_a_taken_name_leads_to_the_next_version_whose_changes_are_shown(
    notebook: Notebook, panels: Panels, table: Table, tmp_path: Path
) -> None:
    panels.upload(table(1000))
    expect(panels.data.locator(".wb-source strong")).to_have_text("customers")
    frame = customers(1000).drop(columns="region").assign(monthly_charge=lambda old: old["monthly_charge"] * 1.4)
    (tmp_path / "next").mkdir()
    frame.to_csv(tmp_path / "next" / "customers.csv", index=False)
    panels.upload(tmp_path / "next" / "customers.csv")
    expect(panels.error(panels.data)).to_contain_text('There is a data source named "customers" already.')
    panels.data.get_by_role("button", name="Add as version 2 of customers").click()
    expect(panels.data.locator(".wb-version")).to_contain_text("version 2")
    expect(panels.error(panels.data)).to_be_hidden()

    panels.turn_to("Profile")
    panels.profile.get_by_role("tab", name="Changes").click()
    changed = panels.profile.get_by_role("row", name="monthly_charge")
    expect(changed).to_contain_text("changed")
    expect(panels.profile).to_contain_text("Columns that are gone: region.")
    changed.get_by_role("button", name="Look").click()
    expect(drawn(panels).first).to_be_visible()
    notebook.theme("JupyterLab Dark")
    try:
        expect(drawn(panels).first).to_be_visible()
        panels.picture("9-changes-dark.png")
        panels.profile.get_by_role("tab", name="Associations").click()
        expect(drawn(panels).first).to_be_visible()
        panels.page.set_viewport_size({"width": 760, "height": 1200})
        expect(drawn(panels).first).to_be_visible()
        panels.picture("9-associations-narrow.png")
    finally:
        panels.page.set_viewport_size({"width": 1600, "height": 1200})
        notebook.theme("JupyterLab Light")
        panels.turn_to("Train")

    panels.data.locator(".wb-version").click()
    panels.page.get_by_role("menuitemradio", name="Version 1").click()
    expect(panels.data).to_contain_text("This is not the newest version.")
    expect(panels.launch.get_by_label("Data", exact=True).locator("option:checked")).to_have_text("customers@1")
    panels.data.get_by_role("button", name="Show version 2").click()
    expect(panels.data.locator(".wb-version")).to_contain_text("version 2")


def test_a_column_is_read_as_something_else_or_the_panel_says_why_not(panels: Panels, tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("zip,day,fare\n01234,31/12/2024,1.5\n04321,01/02/2024,2.5\n01234,15/03/2024,3.5\n")
    panels.upload(path)
    expect(panels.data.locator(".wb-source strong")).to_have_text("codes")

    def read_as(column: str, kind: str) -> None:
        panels.data.get_by_role("button", name=re.compile(f"^{column} holds")).click()
        panels.page.get_by_role("menuitemradio", name=kind, exact=True).click()

    again = panels.data.get_by_role("button", name="Read again")
    read_as("day", "Number")
    again.click()
    expect(panels.data.locator(".wb-kinds").get_by_role("alert")).to_contain_text("31/12/2024")
    read_as("day", "Date: 31/12/2024")
    read_as("zip", "Text")
    expect(panels.data.locator(".wb-kinds")).to_contain_text("day: date:%d/%m/%Y · zip: text")
    panels.picture("9-kinds.png")
    again.click()
    expect(panels.data.locator(".wb-version")).to_contain_text("version 2")
    expect(panels.data.locator(".wb-kinds")).to_be_hidden()
    panels.data.get_by_role("tab", name="First rows").click()
    first = panels.data.locator(".wb-preview tbody tr").first.locator("td")
    expect(first).to_have_text(["01234", "2024-12-31", "1.5"])
    panels.data.get_by_role("tab", name="Columns").click()


def test_a_table_is_added_from_a_place_refreshed_and_no_secret_is_taken(
    panels: Panels, table: Table, tmp_path: Path
) -> None:
    path = table(300, "place.csv")
    panels.data.get_by_text("From a place").click()
    where = panels.data.get_by_label("Path or address")
    test = panels.data.get_by_role("button", name="Test", exact=True)
    said = panels.data.locator(".wb-place-said")
    where.fill("postgresql://me:mine@nowhere/sales")
    panels.data.get_by_label("Table", exact=True).fill("orders")
    test.click()
    expect(said.get_by_role("alert")).to_contain_text("A secret stands in the password")
    panels.picture("9-place.png")
    where.fill(str(path.with_name("none.csv")))
    expect(panels.data.get_by_label("Table", exact=True)).to_be_hidden()
    test.click()
    expect(said.get_by_role("alert")).to_contain_text("There is no file")
    where.fill(str(path))
    test.click()
    expect(said.get_by_text("It can be reached.")).to_be_visible()
    panels.data.get_by_role("button", name="Add", exact=True).click()
    expect(panels.data.locator(".wb-source strong")).to_have_text("place")
    expect(panels.data.locator(".wb-came")).to_contain_text(str(path))

    refresh = panels.data.get_by_role("button", name="Refresh")
    refresh.click()
    expect(panels.data.locator(".wb-came")).to_contain_text("Nothing has changed there.")
    customers(400).to_csv(path, index=False)
    refresh.click()
    expect(panels.data.locator(".wb-version")).to_contain_text("version 2")
    expect(panels.data.locator(".wb-profile")).to_contain_text("400 rows")


def test_a_table_of_a_place_whose_name_is_taken_is_its_next_version(
    panels: Panels, home: Workbench, table: Table
) -> None:
    home.data.upload(table(300, "shop.csv"))
    expect(panels.data.locator(".wb-source strong")).to_have_text("shop")
    path = table(400, "shop.csv")
    panels.data.get_by_text("From a place").click()
    panels.data.get_by_label("Path or address").fill(str(path))
    add = panels.data.get_by_role("button", name="Add", exact=True)
    add.click()
    said = panels.data.locator(".wb-place-said")
    expect(said.get_by_role("alert")).to_contain_text('There is a data source named "shop" already.')
    panels.picture("9-taken.png")
    said.get_by_role("button", name="Add as version 2 of shop").click()
    expect(panels.data.locator(".wb-version")).to_contain_text("version 2")
    expect(panels.data.locator(".wb-came")).to_contain_text(str(path))
    expect(add).to_be_hidden()


def test_a_table_of_a_database_is_added_and_its_profile_seen(panels: Panels, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as database:
        customers(500).to_sql("customers", database, index=False)
    panels.data.get_by_text("From a place").click()
    panels.data.get_by_label("Path or address").fill(f"sqlite:///{tmp_path / 'shop.db'}")
    panels.data.get_by_label("Query").fill("SELECT plan, monthly_charge FROM customers WHERE support_calls > 0")
    panels.data.get_by_label("Name", exact=True).fill("callers")
    panels.picture("9-database.png")
    panels.data.get_by_role("button", name="Add", exact=True).click()
    expect(panels.data.locator(".wb-came")).to_contain_text("SELECT plan, monthly_charge")
    panels.data.get_by_role("button", name="monthly_charge", exact=True).click()
    expect(panels.profile.locator(".wb-detail .wb-big")).to_have_text("monthly_charge")
    frame = customers(500)
    asked = frame.loc[frame["support_calls"] > 0, "monthly_charge"]
    expect(panels.profile.locator(".wb-tiles")).to_contain_text(f"Median{asked.median():.4f}")
    expect(drawn(panels).first).to_be_visible()
    panels.turn_to("Train")


def test_a_column_can_be_asked_for_before_its_table_is_shown(panels: Panels, home: Workbench, table: Table) -> None:
    wanted = home.data.upload(table(200, "wanted.csv"))
    home.data.upload(table(200, "another.csv"))
    panels.data.get_by_role("option").filter(has_text="another").click()
    panels.turn_to("Profile")
    expect(panels.profile).to_contain_text("another ·")
    panels.profile.evaluate(
        """(profile, detail) => profile.dispatchEvent(new CustomEvent("wb-open-column", { detail }))""",
        {"source": wanted.id, "column": "usage_gb"},
    )
    panels.turn_to("Train")
    panels.data.get_by_role("option").filter(has_text="wanted").click()
    panels.turn_to("Profile")
    expect(panels.profile.locator(".wb-detail .wb-big")).to_have_text("usage_gb")
    panels.turn_to("Train")


def test_another_sheet_of_a_workbook_is_read_without_sending_it_again(panels: Panels, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        for name, column in (("2025", "old"), ("2026", "new")):
            book.add_worksheet(name).write_column(0, 0, [column, 1, 2])
    panels.upload(tmp_path / "book.xlsx")
    expect(panels.data.locator(".wb-columns")).to_contain_text("old")
    panels.data.get_by_text("How it was read").click()
    panels.data.get_by_label("Row of the header").last.fill("9")
    panels.data.get_by_label("Sheet", exact=True).select_option("2026")
    again = panels.data.get_by_role("button", name="Read again")
    again.click()
    expect(panels.data.locator(".wb-kinds").get_by_role("alert")).to_contain_text("cannot be in row 9")
    panels.picture("9-reading.png")
    panels.data.get_by_role("button", name="Undo").click()
    panels.data.get_by_label("Sheet", exact=True).select_option("2026")
    expect(panels.data.locator(".wb-kinds")).to_contain_text("sheet: 2026")
    again.click()
    expect(panels.data.locator(".wb-version")).to_contain_text("version 2")
    expect(panels.data.locator(".wb-columns")).to_contain_text("new")


@pytest.fixture
def voila(environment: dict[str, str], tmp_path: Path, home: Workbench) -> Iterator[Server]:
    """Voila over a notebook with all panels."""
    cell = {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": []}
    code = "from workbench_widgets import Workbench\nWorkbench()"
    written = {"cells": [cell | {"source": code}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    folder = tmp_path / "notebooks" / "dashboards"
    folder.mkdir(parents=True)
    (folder / "panels.ipynb").write_text(json.dumps(written))
    shutil.copy(folder / "panels.ipynb", folder.with_name("workbench.ipynb"))
    server = Server.start("voila", ["dashboards"], cwd=tmp_path, env=environment, page="/")
    yield server
    server.stop()


def test_a_file_is_brought_and_its_profile_drawn_through_voila_too(
    browser: Browser, voila: Server, console: Console, empty_home: Workbench, table: Table
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 1100})
    page.set_default_navigation_timeout(START_S * 1000)
    console.listen(page)
    page.goto(f"{voila.url}/voila/render/panels.ipynb", wait_until="commit")
    panels = Panels(page)
    expect(panels.data.get_by_text("No table yet")).to_be_visible(timeout=START_S * 1000)
    path = table(60_000, "visits.csv")
    assert path.stat().st_size > 2**20
    panels.drag_in(path)
    expect(panels.data.locator(".wb-source strong")).to_have_text("visits")
    assert empty_home.data.get("visits").row_count == 60_000
    expect(panels.data.locator(".wb-spark")).to_have_count(9)
    panels.data.get_by_role("button", name="usage_gb", exact=True).click()
    expect(drawn(panels).first).to_be_visible()
    panels.picture("9-voila.png")
    page.close()
