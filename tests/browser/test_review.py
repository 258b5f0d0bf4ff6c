"""Advice where it is needed: a failed run, a deployment, drift, a goal in words, in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages import Notebook, Panels
from tests.browser.servers import eventually
from tests.browser.tables import customers
from workbench import Run, Workbench
from workbench.advisors.advice import Advice, Evidence, Finding, Plot, Series
from workbench.consulting import consultations
from workbench.consulting.consultation import Subject
from workbench.deployment import Deployment
from workbench.store.tables import now

pytestmark = pytest.mark.browser

ADVISED_MS = 60_000
"""Longest until a process of the service's has looked into a pipeline, two busy processors in it."""
ROWS = 400
MOVED = {"tenure_months": 60, "monthly_charge": 150, "support_calls": 5}
PICTURES = (("JupyterLab Dark", "10-review-dark"), ("JupyterLab Light", "10-review"))


@pytest.fixture(autouse=True)
def _turned_back(panels: Panels) -> Iterator[None]:
    yield
    panels.turn_to("Train")


@pytest.fixture
def failed(home: Workbench, panels: Panels) -> Run:
    """A run that asks for more components than there are columns."""
    asked = {"target": "cultivar", "plan": "create", "model": "nb", "folds": 2}
    run = home.runs.submit(home.data.sample("wine"), **asked, setup={"pca": True, "pca_components": 500})
    assert run.wait(60).status == "failed"
    expect(panels.status).to_have_text("failed")
    return run


@pytest.fixture
def served(home: Workbench, panels: Panels, table: Callable[..., Path]) -> Deployment:
    """A model of customers that answers."""
    run = home.runs.submit(home.data.upload(table(800)), target="churned", plan="create", model="lr", folds=2)
    assert run.wait(60).status == "succeeded"
    deployment = home.deployments.deploy(run, slug="churn")
    panels.turn_to("Deploy")
    expect(panels.deploy.locator(".wb-detail-head")).to_contain_text("readychurn")
    return deployment


def test_a_failed_run_is_diagnosed_looked_over_in_the_form_and_relaunched_corrected(
    panels: Panels, home: Workbench, failed: Run
) -> None:
    card = panels.card(panels.runs, "Failure debugger")
    card.get_by_role("button", name="Diagnose", exact=True).click()
    expect(card).to_contain_text("CONFIG: ")
    expect(card.get_by_role("button", name="Re-diagnose")).to_be_visible()
    (found,) = home.advisors.list(failed)
    panels.picture("10-failed.png")

    card.get_by_title(found.verdict).click()
    review = panels.review
    expect(review.get_by_role("region", name="Verdict")).to_contain_text(found.given.reasoning_summary)
    cause = review.locator(".wb-finding").first
    cause.get_by_text("Evidence").click()
    expect(cause).to_contain_text("n_components=500")
    review.get_by_role("button", name="Apply suggestion").click()
    launch = panels.launch
    expect(launch).to_contain_text("Filled in as the failure debugger suggests")
    expect(launch.get_by_label("Plan")).to_have_value("create")
    expect(launch.get_by_label("Folds")).to_have_value("2")
    expect(launch.get_by_text("Set-up options: pca, pca components")).to_be_visible()
    assert len(home.runs.list()) == 1

    card.get_by_role("button", name="Relaunch corrected").click()
    expect(panels.status).to_have_text("succeeded", timeout=60_000)
    assert home.runs.list()[0].record.spec["setup"] == found.given.suggested_config["setup"]
    expect(card).to_be_hidden()
    expect(
        panels.card(panels.leaderboard, "Run explainer").get_by_role("button", name="Explain", exact=True)
    ).to_be_visible()


def test_a_deployment_is_reviewed_and_turns_red_once_its_inputs_have_drifted(
    panels: Panels, home: Workbench, served: Deployment, notebook: Notebook
) -> None:
    card = panels.card(panels.deploy, "Deployment reviewer")
    card.get_by_role("button", name="Review", exact=True).click()
    expect(card.get_by_role("button", name="Re-review")).to_be_enabled(timeout=ADVISED_MS)
    (found,) = home.advisors.list(served)
    card.get_by_title(found.verdict).click()
    review = panels.review
    expect(review.get_by_role("region", name="Verdict")).to_contain_text(found.given.reasoning_summary)
    expect(review.locator(".wb-finding")).to_have_count(len(found.findings))
    with panels.page.expect_download() as told:
        review.get_by_role("button", name="Markdown", exact=True).click()
    assert Path(told.value.path()).read_text() == found.as_markdown()

    frame = customers(ROWS).drop(columns="churned")
    for name, step in MOVED.items():
        frame[name] += step
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    for start in range(0, ROWS, 20):
        served.predict(rows[start : start + 20])
    eventually(lambda: served.record.row_count >= ROWS, "all rows counted")
    drift = panels.card(review, "Drift analyst")
    drift.get_by_role("button", name="Check drift").click()
    expect(drift).to_contain_text("RETRAIN NOW", timeout=ADVISED_MS)
    moved = review.locator(".wb-finding").first
    expect(moved).to_contain_text("moved")
    moved.get_by_text("Evidence").click()
    expect(moved.locator(".wb-figure.wb-is-drawn")).to_be_visible()
    expect(moved).to_contain_text("Siddiqi")
    try:
        for theme, name in PICTURES:
            notebook.theme(theme)
            notebook.show_cell(1)
            panels.picture(f"{name}.png")
        panels.page.set_viewport_size({"width": 700, "height": 1400})
        panels.picture("10-review-narrow.png")
    finally:
        panels.page.set_viewport_size({"width": 1600, "height": 1200})

    expect(review.get_by_role("listbox", name="What was said, newest first").get_by_role("option")).to_have_count(2)
    panels.turn_to("Deploy")
    red = panels.card(panels.deploy, "Drift analyst")
    expect(red).to_have_class("wb-advice-card wb-says-danger")
    expect(card).to_have_class(f"wb-advice-card wb-says-{found.tone}")
    expect(panels.deploy.get_by_role("option", name="churn")).to_contain_text("RETRAIN NOW")
    panels.picture("10-drifted.png")


def test_what_others_named_is_shown_as_text_and_does_nothing(panels: Panels, home: Workbench) -> None:
    name = '<img src=x onerror="document.body.remove()"> | *stars* [a](http://b)' + 40 * "long_"
    plot = Plot(kind="bars", title=name, series=[Series(name=name, x=[name, "2020"], y=[2, 1])])
    evidence = Evidence(claim=f"{name} moved.", measured={name: [{name: name}]}, columns=[name], plot=plot)
    finding = Finding(id=f"moved:{name}", severity="warning", evidence=evidence, recommendation=name)
    source = home.data.sample("iris")
    config = {"data": source.id, "target": "species", "plan": "compare", "setup": {name: name}}
    advice = Advice(verdict=f"NOT READY: {name}", reasoning_summary=name, findings=(finding,), suggested_config=config)
    told = (Evidence(claim=name), advice)
    subject = Subject("source", source.id, name)
    consultations.keep(home._store, "dataset_analyst", subject, {"target": name}, told, by=name, began=now())
    panels.card(panels.data, "Dataset analyst").get_by_title("NOT READY").click()
    review = panels.review
    expect(review.get_by_role("region", name="Verdict")).to_contain_text(name)
    review.locator(".wb-finding").get_by_text("Evidence").click()
    expect(review.locator(".wb-figure.wb-is-drawn")).to_be_visible()
    expect(review.locator(".wb-advice-evidence")).to_contain_text(name)
    panels.picture("10-hostile.png")
    review.get_by_role("button", name="Apply suggestion").click()
    proposed = panels.launch.get_by_role("region", name="What is proposed")
    expect(proposed).to_contain_text(f"{name}: {name}")
    proposed.get_by_role("button", name="Leave out").click()
    expect(proposed).not_to_contain_text(name)
    assert panels.page.locator(".wb img").count() == 0


def test_a_goal_in_words_fills_the_form_which_launches_what_was_designed(panels: Panels, home: Workbench) -> None:
    panels.data.get_by_role("button", name="loans").click()
    launch = panels.launch
    expect(launch.get_by_label("Target", exact=True)).to_have_value("default")
    goal = launch.get_by_label("Describe your goal")
    launch.get_by_role("button", name="Design").click()
    expect(panels.error(launch)).to_contain_text("Say in words what is wanted")
    goal.fill("predict default, miss as few as possible")
    goal.press("Enter")
    expect(panels.card(launch, "Experiment designer")).to_contain_text("DESIGNED")
    expect(launch).to_contain_text("Filled in as the experiment designer suggests")
    (found,) = home.advisors.list(advisor="experiment_designer")
    config = found.given.suggested_config
    expect(launch.get_by_label("Rank by")).to_have_value(config["sort"])
    expect(launch.get_by_label("Folds")).to_have_value(str(config["folds"]))
    expect(launch.get_by_text(f"Models: {len(config['include'])} chosen")).to_be_visible()
    panels.picture("10-designed.png")

    panels.press_launch()
    run = eventually(lambda: home.runs.list() and home.runs.list()[0], "a run")
    asked = run.record.spec
    run.cancel()
    assert {name: asked[name] for name in ("target", "sort", "folds")} == {
        name: config[name] for name in ("target", "sort", "folds")
    }
    assert (set(asked["include"]), asked["setup"]) == (set(config["include"]), config["setup"])
    run.wait(30)
    launch.get_by_label("Plan").select_option("compare")
