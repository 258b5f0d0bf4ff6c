"""More than a comparison, in a real JupyterLab: tune, go on from a run, resume, set limits, and what a board says."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.pages import Notebook, Panels
from tests.browser.servers import eventually
from workbench import Run, Workbench

pytestmark = pytest.mark.browser

Table = Callable[..., Path]


def row_of(panels: Panels, model: str) -> Locator:
    return panels.leaderboard.locator(f'tbody tr[data-model="{model}"]')


def newest(home: Workbench, *, besides: int = 0) -> Run:
    """Wait for a run beyond so many, and return it."""
    return eventually(lambda: len(home.runs.list()) > besides and home.runs.list()[0], "a new run")


def shows(panels: Panels, run: Run) -> None:
    """Wait until a run is the one that is watched."""
    expect(panels.runs.locator(".wb-watched code")).to_have_attribute("title", run.id)


@pytest.fixture
def wine(home: Workbench, panels: Panels) -> Run:
    """A comparison on three cultivars that is over."""
    field = ["nb", "lr", "ridge", "dt"]
    run = home.runs.submit(
        home.data.sample("wine"), target="cultivar", include=field, folds=3, model_timeout_s=300, unit_memory="2GiB"
    )
    assert run.wait(60).status == "succeeded"
    expect(panels.rows).to_have_count(4)
    expect(panels.status).to_have_text("succeeded")
    return run


@pytest.fixture
def cancelled(home: Workbench, panels: Panels, table: Table) -> Run:
    """A comparison that was cancelled when all of its models had scores."""
    run = home.runs.submit(home.data.upload(table(2000)), target="churned", include=["nb", "gbc", "ada"], folds=12)
    eventually(lambda: (rows := run.rows()) and all(row.folds_scored for row in rows), "a score of each model")
    run.cancel()
    assert run.wait(30).status == "cancelled"
    expect(panels.status).to_have_text("cancelled")
    return run


def test_a_search_is_launched_from_the_form_and_seen_trial_by_trial(
    panels: Panels, home: Workbench, table: Table
) -> None:
    panels.upload(table(3000))
    launch = panels.launch
    expect(launch.get_by_label("Target", exact=True)).to_have_value("churned")
    launch.get_by_label("Plan").select_option("tune")
    own = launch.get_by_role("group", name="Options of tune")
    expect(own.get_by_label("n iter")).to_have_attribute("placeholder", "10")
    expect(own.get_by_label("choose better")).to_be_checked()
    own.get_by_label("n iter").fill("5")
    launch.get_by_text("Model: Logistic Regression").click()
    launch.get_by_label("Random Forest Classifier").check()
    expect(launch.locator(".wb-estimate")).to_contain_text("6 models × 10 folds = 60 units")
    panels.press_launch()

    expect(panels.rows).to_have_count(6)
    expect(panels.status).to_have_text("running")
    seen = 0
    for _ in range(3):
        seen = panels.wait_for_more_events(seen)
        expect(panels.status).to_have_text("running", timeout=1)
    expect(panels.rows.filter(has_text=re.compile(r"[1-9]/10"))).not_to_have_count(0)
    panels.picture("7-tuning.png")

    run = newest(home)
    assert run.record.spec["options"]["n_iter"] == 5
    names = {row.model: row.name for row in run.rows()}
    assert sorted(names) == ["rf", "rf:1", "rf:2", "rf:3", "rf:4", "rf:5"]
    trial = row_of(panels, "rf:1").locator(".wb-name")
    expect(trial).to_have_attribute("title", f"{names['rf:1']}\nrf:1")
    expect(trial).to_have_text(names["rf:1"].replace("Random Forest Classifier · ", "trial 1 "))
    line = panels.events.get_by_role("listitem").filter(has_text="Random Forest Classifier, trial 1, fold 1: ").first
    expect(line.locator(".wb-message")).to_have_attribute("title", re.compile(re.escape(names["rf:1"])))
    expect(row_of(panels, "rf").locator(".wb-name")).to_have_text("Random Forest Classifier")
    panels.runs.get_by_role("button", name="Cancel").click()
    expect(panels.status).to_have_text("cancelled")
    launch.get_by_text("Model: Random Forest").click()
    launch.get_by_label("Plan").select_option("compare")


def test_limits_of_the_form_reach_the_run_and_one_that_is_none_is_refused(
    panels: Panels, home: Workbench, table: Table
) -> None:
    panels.upload(table(200))
    launch = panels.launch
    expect(launch.get_by_label("Target", exact=True)).to_have_value("churned")
    launch.get_by_label("Plan").select_option("create")
    launch.get_by_text("Limits and more").click()
    limits = {"Time a model (s)": "90", "Time a run (s)": "120.5", "Memory a unit": "plenty", "Executor": "local"}
    for label, value in limits.items():
        launch.get_by_label(label).fill(value)
    launch.get_by_label("Racing").check()
    expect(launch.get_by_text("This changes what is computed")).to_be_visible()
    panels.press_launch()
    expect(panels.error(launch)).to_contain_text("The memory limit is 'plenty'; it takes bytes")
    assert home.runs.list() == []

    launch.get_by_label("Memory a unit").fill("1.5 GiB")
    expect(launch.get_by_text("Limits and more: model 90 s · run 120.5 s · 1.5 GiB · local · racing")).to_be_visible()
    panels.press_launch()
    spec = newest(home).record.spec
    assert (spec["model_timeout_s"], spec["run_timeout_s"], spec["unit_memory"]) == (90, 120.5, 1.5 * 2**30)
    assert (spec["executor"], spec["racing"]) == ("local", True)
    expect(panels.status).to_have_text("succeeded", timeout=60_000)
    for label in limits:
        launch.get_by_label(label).fill("")
    launch.get_by_label("Racing").uncheck()
    launch.get_by_text("Limits and more").click()
    launch.get_by_label("Plan").select_option("compare")


def test_a_cancelled_run_is_resumed_from_where_it_stopped(panels: Panels, home: Workbench, cancelled: Run) -> None:
    done = sum(row.folds_scored for row in cancelled.rows())
    resume = panels.runs.get_by_role("button", name="Resume")
    expect(resume).to_have_count(1)
    panels.runs.get_by_text("Resume with other limits").click()
    expect(panels.runs.get_by_label("Time a run (s)")).to_have_attribute("placeholder", "none")
    panels.runs.get_by_label("Time a run (s)").fill("600")
    panels.picture("7-resume.png")
    resume.last.click()
    run = newest(home, besides=1)
    assert run.record.spec["run_timeout_s"] == 600
    shows(panels, run)
    line = panels.events.get_by_role("listitem").filter(has_text="run.resumed")
    expect(line).to_contain_text(f"goes on where run {cancelled.id[-8:]} ended: {done} units are scored already")
    expect(line).to_have_class(re.compile("wb-tone-turn"))
    expect(panels.rows).to_have_count(3)
    panels.picture("7-resumed.png")
    expect(resume).to_have_count(0)
    expect(panels.runs.get_by_text("Resume with other limits")).to_be_hidden()
    expect(panels.status).to_have_text("succeeded", timeout=60_000)
    kept = {row.model: row.folds["Accuracy"] for row in cancelled.rows()}
    for row in run.rows():
        assert row.status == "scored"
        known = [(new, old) for new, old in zip(row.folds["Accuracy"], kept[row.model], strict=True) if old is not None]
        assert known and all(new == old for new, old in known)


def test_a_model_of_a_cancelled_run_can_still_be_had(panels: Panels, home: Workbench, cancelled: Run) -> None:
    expect(panels.rows.filter(has_text=re.compile(r"\d/12"))).not_to_have_count(0)
    best = cancelled.rows()[0]
    act = row_of(panels, best.model).get_by_role("button", name=f"Go on with {best.name}")
    act.click()
    menu = panels.page.get_by_role("menu")
    expect(menu.get_by_role("menuitem").locator("span")).to_have_text(
        ["Fit this model", "Tune…", "Ensemble…", "Calibrate…", "Finalize"]
    )
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    panels.page.keyboard.press("ArrowDown")
    expect(menu.get_by_role("menuitem", name="Tune")).to_be_focused()
    panels.page.keyboard.press("Escape")
    expect(menu).to_have_count(0)

    act.click()
    menu.get_by_role("menuitem", name="Fit this model").click()
    run = newest(home, besides=1)
    assert (run.record.plan, run.record.spec["from_run"]) == ("create", cancelled.id)
    shows(panels, run)
    expect(panels.status).to_have_text("succeeded", timeout=60_000)
    assert run.record.best == best.model
    eventually(lambda: panels.models() == [best.model], "the board of the new run")


def test_what_differs_from_pycaret_bears_a_dagger_that_says_what_pycaret_shows(panels: Panels, wine: Run) -> None:
    board = {row.model: row for row in wine.rows()}
    assert board["lr"].pycaret == {"AUC": 0.0}
    at = panels.leaderboard.locator("thead th").all_inner_texts().index("AUC")
    cell = row_of(panels, "lr").locator("td").nth(at)
    expect(cell).to_have_text(f"{board['lr'].metrics['AUC']:.4f}†")
    why = "PyCaret shows 0.0000: it counts 0 where its own scorer fails."
    tip = panels.leaderboard.get_by_role("tooltip")
    expect(tip).to_be_hidden()
    cell.hover()
    expect(tip).to_contain_text(why)
    panels.page.mouse.move(0, 0)
    expect(tip).to_be_hidden()
    cell.get_by_role("button", name=why).focus()
    expect(tip).to_contain_text(why)
    expect(row_of(panels, "nb").locator("td").nth(at)).to_have_text(f"{board['nb'].metrics['AUC']:.4f}")
    legend = panels.leaderboard.locator(".wb-legend")
    expect(legend).to_contain_text("† PyCaret shows another value")
    with panels.page.expect_download() as download:
        panels.leaderboard.get_by_role("button", name="Export CSV").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        exported = {row["model"]: row for row in csv.DictReader(file)}
    assert {model: row["AUC in PyCaret"] for model, row in exported.items()} == {
        "lr": "0", "ridge": "0", "nb": "", "dt": "",
    }  # fmt: skip
    panels.picture("7-wine.png")


def test_how_sure_a_mean_is_stands_beside_it(panels: Panels, wine: Run) -> None:
    rows = wine.rows()
    for row in rows:
        low, high = row.interval["Accuracy"]
        expect(row_of(panels, row.model).locator(".wb-reach")).to_have_text(f"±{(high - low) / 2:.3f}")
    alike = [row.model for row in rows if row.rank != 1 and not row.is_separable]
    assert alike
    marked = panels.rows.filter(has=panels.page.locator(".wb-like"))
    assert marked.evaluate_all("rows => rows.map(row => row.dataset.model)") == alike
    expect(panels.leaderboard.locator(".wb-legend")).to_contain_text("≈ not separable from the best")
    for seconds in ("Fit", "Score"):
        expect(panels.leaderboard.get_by_role("columnheader", name=seconds, exact=True)).to_be_visible()


def test_a_value_that_is_not_there_says_why(panels: Panels, home: Workbench, wine: Run) -> None:
    run = home.runs.submit(from_run=wine, plan="blend", include=["ridge", "lr"])
    assert run.wait(60).status == "succeeded"
    panels.runs.get_by_role("option").first.click()
    cell = row_of(panels, "blend").locator("td.wb-undefined")
    expect(cell).to_have_text("undefined†")
    cell.hover()
    why = "AUC is undefined: The model gives neither probabilities nor"
    expect(panels.leaderboard.get_by_role("tooltip")).to_contain_text(why)
    panels.rows.first.get_by_role("button", name=re.compile("^Go on with")).click()
    items = panels.page.get_by_role("menuitem").locator("span")
    expect(items).to_have_text(["Deploy…", "Fit this model", "Ensemble…", "Calibrate…", "Finalize", "Promote…"])
    panels.page.keyboard.press("Escape")


def test_a_model_that_took_too_long_keeps_its_row_with_the_reason(
    panels: Panels, home: Workbench, table: Table
) -> None:
    # A fold of gbc takes some seconds; all ten of nb take one, and have time to spare where others are at work.
    source = home.data.upload(table(60_000))
    run = home.runs.submit(source, target="churned", include=["nb", "gbc"], folds=10, model_timeout_s=12)
    assert run.wait(120).status == "succeeded"
    row = row_of(panels, "gbc")
    expect(row.locator(".wb-chip")).to_have_text("timed out")
    expect(row.locator(".wb-reason")).to_contain_text("gbc took longer than the 12 s")
    row.locator(".wb-reason").hover()
    expect(panels.leaderboard.get_by_role("tooltip")).to_have_text(run.rows()[-1].reason or "")


def test_the_form_goes_on_from_the_watched_run_with_its_best_models(panels: Panels, home: Workbench, wine: Run) -> None:
    launch = panels.launch
    launch.get_by_label("Start from").select_option(f"run {wine.id[-8:]}, compare of wine for cultivar")
    for label in ("Data", "Target", "Task", "Folds", "Seed", "Rank by"):
        expect(launch.get_by_label(label, exact=True)).to_be_hidden()
    expect(launch.get_by_text(f"are those of run {wine.id[-8:]}")).to_be_visible()
    assert launch.get_by_label("Plan").locator("option").all_inner_texts() == [
        "create", "tune", "ensemble", "blend", "stack", "calibrate", "finalize",
    ]  # fmt: skip
    launch.get_by_label("Plan").select_option("stack")
    expect(launch.get_by_text("Models: the best 3")).to_be_visible()
    expect(launch.get_by_text("Limits and more: model 300 s · 2 GiB")).to_be_visible()
    launch.get_by_role("group", name="Options of stack").get_by_label("meta model", exact=True).fill("nb")
    expect(launch.locator(".wb-estimate")).to_contain_text("1 model × 3 folds")
    panels.picture("7-stack.png")
    panels.press_launch()
    run = newest(home, besides=1)
    spec = run.record.spec
    ranked = [row.model for row in wine.rows()]
    assert [base["model"] for base in spec["bases"]] == ranked[:3]
    assert (spec["options"]["meta_model"], spec["from_run"], spec["folds"]) == ("nb", wine.id, 3)
    assert (spec["model_timeout_s"], spec["unit_memory"]) == (300, 2 * 2**30)
    shows(panels, run)
    expect(panels.status).to_have_text("succeeded", timeout=60_000)
    # The run that was chosen stays chosen, whatever run is watched now.
    expect(launch.get_by_label("Start from")).to_have_value(wine.id)
    launch.get_by_label("Plan").select_option("finalize")
    launch.get_by_text("Model: the best, ").click()
    launch.locator(f'.wb-models input[value="{ranked[1]}"]').check()
    panels.press_launch()
    last = newest(home, besides=2)
    assert [base["model"] for base in last.record.spec["bases"]] == [ranked[1]]
    assert last.wait(60).status == "succeeded"
    launch.get_by_text("Model: ").click()
    launch.get_by_label("Start from").select_option("a table")
    launch.get_by_label("Plan").select_option("compare")
    expect(launch.get_by_label("Target", exact=True)).to_be_visible()


def test_a_row_asks_the_form_for_a_plan_that_has_options(panels: Panels, home: Workbench, wine: Run) -> None:
    launch = panels.launch
    second = wine.rows()[1]
    row_of(panels, second.model).get_by_role("button", name=f"Go on with {second.name}").click()
    panels.page.get_by_role("menuitem", name="Tune…").click()
    expect(launch.get_by_label("Start from")).to_have_value(wine.id)
    expect(launch.get_by_label("Plan")).to_have_value("tune")
    expect(launch.get_by_text(f"Model: {second.name}")).to_be_visible()
    expect(launch.locator(".wb-estimate")).to_contain_text("11 models × 3 folds")
    own = launch.get_by_role("group", name="Options of tune")
    expect(own.get_by_label("n iter")).to_be_focused()
    assert len(home.runs.list()) == 1
    own.get_by_label("n iter").fill("2")
    panels.press_launch()
    run = newest(home, besides=1)
    spec = run.record.spec
    assert ([base["model"] for base in spec["bases"]], spec["options"]["n_iter"]) == ([second.model], 2)
    shows(panels, run)
    expect(panels.status).to_have_text("succeeded", timeout=60_000)
    panels.data.get_by_role("button", name="iris").click()
    expect(launch.get_by_label("Start from")).to_have_value("")
    expect(launch.get_by_label("Target", exact=True)).to_have_value("species")
    expect(launch.get_by_label("Plan")).to_have_value("compare")


def test_a_task_without_target_and_folds_asks_for_neither_and_shows_neither(panels: Panels, home: Workbench) -> None:
    panels.data.get_by_role("button", name="iris").click()
    launch = panels.launch
    expect(launch.get_by_label("Target", exact=True)).to_have_value("species")
    launch.get_by_label("Task").select_option("clustering")
    for label in ("Target", "Folds"):
        expect(launch.get_by_label(label, exact=True)).to_be_hidden()
    metrics = launch.get_by_label("Rank by").locator("option")
    expect(metrics).to_have_text(["Silhouette", "Calinski-Harabasz", "Davies-Bouldin"])
    launch.get_by_label("ground truth").select_option("species")
    expect(metrics.filter(has_text="Rand Index")).to_have_count(1)
    launch.get_by_label("num clusters").fill("3")
    launch.get_by_text("Models: all 8").click()
    launch.get_by_role("button", name="None", exact=True).click()
    launch.get_by_label("K-Means Clustering").check()
    launch.get_by_label("Birch Clustering").check()
    panels.press_launch()
    spec = newest(home).record.spec
    assert (spec["target"], spec["folds"], spec["include"]) == (None, 1, ["kmeans", "birch"])
    assert (spec["options"]["num_clusters"], spec["options"]["ground_truth"]) == (3, "species")
    expect(panels.status).to_have_text("succeeded", timeout=60_000)
    expect(panels.runs.locator(".wb-watched")).to_contain_text("compare of iris")
    expect(panels.runs.locator(".wb-watched")).not_to_contain_text("null")
    expect(panels.rows).to_have_count(2)
    expect(panels.leaderboard.get_by_role("columnheader", name="Folds")).to_have_count(0)
    panels.picture("7-clusters.png")
    launch.get_by_text("Models: 2 chosen").click()
    launch.get_by_label("Task").select_option("classification")


def test_a_sample_of_a_series_is_to_be_forecast_in_the_order_of_its_dates(panels: Panels, home: Workbench) -> None:
    panels.data.get_by_role("button", name="airline").click()
    launch = panels.launch
    expect(launch.get_by_label("Task")).to_have_value("time_series")
    expect(launch.get_by_label("Folds")).to_have_value("3")
    launch.get_by_text("Set-up options").click()
    expect(launch.get_by_label("index", exact=True)).to_have_value("month")
    expect(launch.locator(".wb-estimate")).to_contain_text("× 3 folds")
    # What is meant for one task is not asked of another.
    launch.get_by_label("Task").select_option("regression")
    expect(launch.locator(".wb-estimate")).to_contain_text("× 10 folds")
    launch.get_by_text("Set-up options").click()

    field = ["theta", "exp_smooth", "lr_cds_dt", "en_cds_dt", "ridge_cds_dt"]
    source, setup = home.data.get("airline"), {"index": "month"}
    home.runs.submit(source, target="passengers", task="time_series", include=field, setup=setup)
    expect(panels.status).to_have_text("succeeded", timeout=60_000)
    expect(panels.rows).to_have_count(len(field) + 2)
    board = panels.leaderboard
    legend = board.locator(".wb-legend")
    expect(legend).to_contain_text("* w/ Cond. Deseasonalize & Detrending")
    expect(row_of(panels, "lr_cds_dt").locator(".wb-name")).to_have_text("Linear*")
    scroll = board.get_by_role("group", name="Models and their scores")
    # Whatever the width: nothing to scroll for, and nothing that cannot be had.
    for width, shown in ((1600, {"MASE", "WAPE", "Bias", "Stability"}), (900, {"MASE", "WAPE"})):
        panels.page.set_viewport_size({"width": width, "height": 1200})
        eventually(lambda: scroll.evaluate("part => part.scrollWidth <= part.clientWidth + 1"), "a board that fits")
        assert shown <= {head.rstrip(" ▾▴") for head in board.get_by_role("columnheader").all_inner_texts()}
    expect(board.get_by_role("columnheader", name="RMSSE")).to_have_count(0)
    board.get_by_role("button", name="Columns: ").click()
    panels.page.get_by_role("dialog").get_by_label("RMSSE").check()
    panels.page.keyboard.press("Escape")
    expect(board.get_by_role("columnheader", name="RMSSE")).to_be_visible()
    panels.page.set_viewport_size({"width": 1600, "height": 1200})


def test_a_run_is_written_as_a_notebook_and_the_panel_says_where(panels: Panels, wine: Run) -> None:
    panels.runs.get_by_role("button", name="Reproduce").click()
    expect(panels.runs.get_by_role("status")).to_contain_text(f"{wine.id[-8:]}.ipynb")


def test_the_new_marks_are_worth_a_picture_in_the_dark(
    notebook: Notebook, panels: Panels, wine: Run, home: Workbench
) -> None:
    run = home.runs.submit(from_run=wine, plan="tune", model="dt")
    assert run.wait(60).status == "succeeded"
    panels.runs.get_by_role("option").first.click()
    expect(panels.rows).to_have_count(11)
    try:
        for theme, name in (("JupyterLab Light", "7-tuned"), ("JupyterLab Dark", "7-tuned-dark")):
            notebook.theme(theme)
            notebook.show_cell(1)
            panels.picture(f"{name}.png")
        panels.runs.get_by_role("option").last.click()
        expect(panels.rows).to_have_count(4)
        panels.rows.first.get_by_role("button", name=re.compile("^Go on with")).click()
        panels.picture("7-menu-dark.png")
        panels.page.keyboard.press("Escape")
    finally:
        notebook.theme("JupyterLab Light")
