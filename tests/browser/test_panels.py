"""Panels under a steady stream of patches: what is pressed arrives, and what cannot be done is said."""

from __future__ import annotations

import csv
import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import Console, Notebook, Panels
from tests.browser.servers import TOKEN, Server, eventually
from workbench import Run, Workbench
from workbench.catalogue import TASKS

pytestmark = pytest.mark.browser

Table = Callable[..., Path]
PRESS_MS = 120


@pytest.fixture
def two_runs(home: Workbench, panels: Panels, table: Table) -> tuple[Run, Run]:
    """A run that is over and a newer one under way that lasts longer than any test."""
    source = home.data.upload(table(5000))
    first = home.runs.submit(source, target="churned", include=["dummy"], folds=2)
    first.wait(60)
    long = home.runs.submit(source, target="churned", include=["rf", "et", "lr", "dt", "nb", "knn"], folds=100)
    expect(panels.runs.get_by_role("option")).to_have_count(2)
    panels.runs.get_by_role("option").first.evaluate("option => option.click()")
    expect(panels.status).to_have_text("running")
    expect(panels.rows).to_have_count(6)
    return first, long


def test_a_run_is_chosen_by_a_real_press_while_another_one_reports(panels: Panels, two_runs: tuple[Run, Run]) -> None:
    first, long = two_runs
    watched = panels.runs.locator(".wb-watched code")
    options = panels.runs.get_by_role("option")
    for run, option in ((first, options.last), (long, options.first)):
        option.click(delay=PRESS_MS)
        expect(watched).to_have_attribute("title", run.id)
        expect(option).to_have_attribute("aria-selected", "true")
    panels.wait_for_more_events(panels.event_count())
    expect(options.first).to_be_focused()


def test_the_leaderboard_is_sorted_by_a_real_press_while_scores_arrive(
    panels: Panels, two_runs: tuple[Run, Run]
) -> None:
    recall = panels.leaderboard.get_by_role("button", name="Recall")
    header = panels.leaderboard.get_by_role("columnheader", name="Recall")
    for direction in ("descending", "ascending", "none", "descending"):
        recall.click(delay=PRESS_MS)
        expect(header).to_have_attribute("aria-sort", direction)
    panels.wait_for_more_events(panels.event_count())
    expect(recall).to_be_focused()


@pytest.fixture
def _no_way_to_the_service(page: Page, console: Console) -> Iterator[None]:
    page.route("**/proxy/**", lambda route: route.fulfill(status=502, body="nobody there"))
    yield
    page.unroute("**/proxy/**")
    # The browser itself reports a failed request.
    errors = console.drain()
    assert all("502" in error and "/proxy/" in error for error in errors), errors


def is_opened(gate: Path) -> bool:
    """Let whoever waits at a pipe go on; False while nobody does."""
    try:
        os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


@pytest.mark.usefixtures("_no_way_to_the_service")
def test_cancel_waits_for_a_busy_kernel_where_the_service_cannot_be_reached_and_says_so(
    notebook: Notebook, panels: Panels, two_runs: tuple[Run, Run], tmp_path: Path
) -> None:
    mark, gate = tmp_path / "busy", tmp_path / "gate"
    os.mkfifo(gate)
    # A new kernel answers widgets beside a cell; one whose cell holds the interpreter's lock answers nobody.
    hold = f": > {shlex.quote(str(mark))}; : < {shlex.quote(str(gate))}"
    notebook.start_cell(f"import ctypes; ctypes.PyDLL(None).system({os.fsencode(hold)!r})")
    eventually(mark.exists, "a cell that holds the kernel")
    try:
        panels.runs.get_by_role("button", name="Cancel").click(delay=PRESS_MS)
        expect(panels.error(panels.runs)).to_contain_text("cancel waits for the kernel to finish its cell")
        expect(panels.runs.locator(".wb-waits")).to_have_text("waiting for the kernel to finish its cell…")
        expect(panels.status).to_have_text("running")
    finally:
        eventually(lambda: is_opened(gate), "a cell that lets the kernel go")
        notebook.wait_for_kernel("idle")
        notebook.drop_last_cell()
    expect(panels.status).to_have_text("cancelled")
    expect(panels.error(panels.runs)).to_be_hidden()
    expect(panels.runs.locator(".wb-waits")).to_have_count(0)


def test_a_wide_table_shows_its_first_columns_and_all_of_them_when_asked(panels: Panels, tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"c{number}" for number in range(301)])
        writer.writerows([[row * number % 7 for number in range(301)] for row in range(30)])
    panels.upload(path)
    lines = panels.data.locator(".wb-columns tbody tr")
    expect(lines).to_have_count(200)
    panels.data.get_by_role("tab", name="Columns").press("ArrowRight")
    expect(panels.data.get_by_role("tab", name="First rows")).to_be_focused()
    expect(panels.data.get_by_role("tabpanel", name="First rows").get_by_role("columnheader")).to_have_count(200)
    panels.data.get_by_role("button", name="Show all 301 columns").click()
    expect(panels.data.get_by_role("columnheader")).to_have_count(301)
    panels.data.get_by_role("tab", name="First rows").press("ArrowLeft")
    expect(lines).to_have_count(301)


def option(panels: Panels, name: str) -> Locator:
    return panels.launch.get_by_label(name, exact=True)


def test_set_up_options_can_be_none_or_a_typed_word_and_models_outlive_a_look_at_another_plan(
    panels: Panels, home: Workbench, table: Table
) -> None:
    panels.upload(table(300))
    launch = panels.launch
    expect(launch.get_by_label("Target", exact=True)).to_have_value("churned")
    launch.get_by_text("Models: all 14 fast ones").click()
    launch.get_by_role("button", name="None", exact=True).click()
    launch.get_by_label("Naive Bayes").check()
    launch.get_by_label("Plan").select_option("create")
    expect(launch.get_by_text("Model: ")).to_be_visible()
    launch.get_by_label("Plan").select_option("compare")
    expect(launch.get_by_text("Models: 1 chosen")).to_be_visible()
    launch.get_by_label("Rank by").select_option("Recall")
    launch.get_by_label("Target", exact=True).select_option("autopay")
    expect(launch.get_by_text("Models: 1 chosen")).to_be_visible()
    expect(launch.get_by_label("Rank by")).to_have_value("Recall")
    launch.get_by_label("Target", exact=True).select_option("usage_gb")
    expect(launch.get_by_text("Models: all")).to_be_visible()
    launch.get_by_label("Target", exact=True).select_option("churned")

    launch.get_by_role("button", name="None", exact=True).click()
    launch.get_by_label("Naive Bayes").check()
    launch.get_by_label("Folds").fill("2")
    launch.get_by_text("Set-up options").click()
    option(panels, "numeric imputation").fill("0")
    launch.get_by_text("All the others").click()
    option(panels, "imputation type").select_option("none")
    panels.press_launch()
    run = eventually(home.runs.list, "a run")[0]
    assert run.record.spec["setup"] == {"numeric_imputation": 0, "imputation_type": None}
    assert run.record.spec["include"] == ["nb"]
    run.cancel()
    launch.get_by_text("Set-up options").click()
    launch.get_by_text("Models: 1 chosen").click()


def test_every_set_up_option_of_every_task_can_be_reached_and_found_by_a_word(
    panels: Panels, home: Workbench, table: Table
) -> None:
    home.data.upload(table(200))
    launch = panels.launch
    expect(launch.get_by_label("Target", exact=True)).to_have_value("churned")
    launch.get_by_text("Set-up options").click()
    options = launch.locator(".wb-options [data-option]")
    for name, task in TASKS.items():
        launch.get_by_label("Task").select_option(name)
        launch.get_by_text("All the others").click()
        expect(options.locator("visible=true")).to_have_count(len(task.options))
        assert set(options.evaluate_all("all => all.map(one => one.dataset.option)")) == set(task.options)
    launch.get_by_label("Task").select_option("classification")
    launch.get_by_label("Find an option").fill("to treat as")
    found = ["numeric_features", "categorical_features", "date_features", "text_features"]
    expect(options.locator("visible=true")).to_have_count(len(found))
    assert options.locator("visible=true").evaluate_all("all => all.map(one => one.dataset.option)") == found
    launch.get_by_label("Find an option").fill("")
    launch.get_by_text("Set-up options").click()


def test_columns_are_told_what_they_are_and_categories_their_order(
    panels: Panels, home: Workbench, table: Table
) -> None:
    home.data.upload(table(300))
    launch = panels.launch
    expect(launch.get_by_label("Target", exact=True)).to_have_value("churned")
    launch.get_by_text("Set-up options").click()
    launch.get_by_text("All the others").click()

    def tick(option: str, *columns: str) -> None:
        launch.locator(f"[data-option={option}] .wb-pick").click()
        for column in columns:
            panels.page.get_by_role("dialog").locator(f'input[value="{column}"]').click()
        panels.page.keyboard.press("Escape")

    expect(option(panels, "categorical features")).to_have_text("as found")
    tick("ignore_features", "signed_up")
    levels = launch.get_by_role("group", name="ordinal features")
    levels.get_by_label("Column to order").select_option("plan")
    ordered = levels.get_by_role("listitem")
    expect(ordered).to_have_text([re.compile(f"^{plan}") for plan in ("basic", "business", "family", "plus")])
    levels.get_by_role("button", name="business: higher").click()
    levels.get_by_role("button", name="business: higher").press("Enter")
    # What PyCaret finds by itself is ticked already: naming one column would leave the others out.
    tick("categorical_features", "support_calls")
    expect(option(panels, "categorical features")).to_have_text("support_calls, region")
    tick("create_date_columns", "year", "quarter")
    launch.get_by_role("button", name="Add a group").click()
    launch.get_by_label("Name of the group").fill("money")
    launch.get_by_role("group", name="group features").get_by_role("button", name="choose columns").click()
    for column in ("monthly_charge", "usage_gb"):
        panels.page.get_by_role("dialog").locator(f'input[value="{column}"]').click()
    panels.page.keyboard.press("Escape")
    expect(launch.get_by_text("Set-up options: 5 chosen")).to_be_visible()
    panels.picture("5-options.png")

    launch.get_by_label("Plan", exact=True).select_option("setup")
    panels.press_launch()
    run = eventually(home.runs.list, "a run")[0]
    assert run.record.spec["setup"] == {
        "ignore_features": ["signed_up"],
        "ordinal_features": {"plan": ["basic", "family", "plus", "business"]},
        "categorical_features": ["support_calls", "region"],
        "create_date_columns": ["day", "month", "quarter"],
        "group_features": {"money": ["monthly_charge", "usage_gb"]},
    }
    assert run.wait(60).status == "succeeded"
    launch.get_by_label("Plan", exact=True).select_option("compare")
    launch.get_by_text("Set-up options").click()


def test_two_pages_of_one_kernel_get_their_own_answers(
    notebook: Notebook, panels: Panels, home: Workbench, table: Table, lab: Server, console: Console
) -> None:
    home.data.upload(table(300, "one.csv"))
    expect(panels.data.locator(".wb-source strong")).to_have_text("one")
    home.data.upload(table(300, "two.csv"))
    notebook.command("docmanager:save")
    page = panels.page.context.new_page()
    console.listen(page)
    Notebook.open(page, f"{lab.url}/lab/workspaces/other/tree/notebooks/workbench.ipynb?reset&token={TOKEN}")
    other = Panels(page)
    expect(other.data.locator(".wb-source strong")).to_have_text("one")
    # Neither estimate may show on the other page: one is refused, one is not.
    panels.launch.get_by_label("Folds").fill("1")
    other.launch.get_by_label("Folds").fill("3")
    expect(other.launch.locator(".wb-estimate")).to_contain_text("14 models × 3 folds")
    expect(panels.launch.locator(".wb-estimate")).not_to_contain_text("models ×")
    panels.launch.get_by_label("Folds").fill("10")
    page.close()
    # No saved notebook is left that names panels which the next kernel does not have.
    notebook.command("notebook:clear-all-cell-outputs")
    notebook.command("docmanager:save")
    notebook.run_all()
    expect(panels.data).to_be_visible()


def test_a_panel_of_a_kernel_that_was_restarted_says_what_to_do(
    notebook: Notebook, panels: Panels, console: Console
) -> None:
    lost = panels.page.get_by_text("The kernel was restarted. Run the cell again.")
    expect(lost.locator("visible=true")).to_have_count(0)
    notebook.restart()
    expect(lost.locator("visible=true")).to_have_count(5)
    # What the old kernel said last may come after the page let go of its panels.
    assert all("Comm not found" in error for error in console.drain())
    notebook.run_all()
    expect(panels.data.get_by_text("No table yet")).to_be_visible()
    expect(lost.locator("visible=true")).to_have_count(0)
