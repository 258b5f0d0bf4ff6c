"""From a row of the leaderboard to a prediction, and from a challenger to a champion, in a real JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages import Notebook, Panels
from tests.browser.servers import eventually
from workbench import Run, Workbench

pytestmark = pytest.mark.browser

WARM_MS = 60_000
"""Longest until a model is fitted and its predictor answers, two busy processors in it."""


@pytest.fixture
def wine(home: Workbench, panels: Panels) -> Iterator[Run]:
    """A comparison on three cultivars that is over."""
    run = home.runs.submit(home.data.sample("wine"), target="cultivar", include=["nb", "lr", "dt"], folds=3)
    assert run.wait(60).status == "succeeded"
    expect(panels.rows).to_have_count(3)
    expect(panels.status).to_have_text("succeeded")
    yield run
    panels.turn_to("Train")


def test_two_more_tabs_say_what_is_to_be_done(panels: Panels) -> None:
    panels.turn_to("Registry")
    expect(panels.registry).to_contain_text("Nothing is promoted yet. Promote or deploy a row of a leaderboard.")
    panels.page.keyboard.press("ArrowRight")
    expect(panels.deploy).to_contain_text("Nothing is deployed yet. Deploy a row of a leaderboard")
    expect(panels.registry).to_be_hidden()
    panels.turn_to("Train")
    expect(panels.data).to_be_visible()


def test_a_row_is_deployed_tried_swapped_and_stopped(
    panels: Panels, home: Workbench, wine: Run, notebook: Notebook
) -> None:
    best, second = (row for row in wine.rows()[:2])
    panels.choose_of_row(second.model, "Deploy…")
    form = panels.page.get_by_role("dialog", name=f"Deploy {second.name}")
    slug = form.get_by_label("Slug")
    expect(slug).to_have_value("wine")
    expect(slug).to_be_focused()
    slug.fill("Wine!")
    expect(form).to_contain_text("It takes 3 to 64 small letters, digits and hyphens")
    slug.fill("cultivars")
    expect(form).to_contain_text("/api/v1/deployments/cultivars/predict")
    form.get_by_role("button", name="Deploy", exact=True).click()
    expect(form.get_by_role("listitem").first).to_have_text("Fit the model; its scores are taken over")
    panels.picture("8-deploying.png")

    deploy = panels.deploy
    head = deploy.locator(".wb-detail-head")
    expect(head).to_contain_text("readycultivars", timeout=WARM_MS)
    expect(form).to_be_hidden()
    trial = deploy.get_by_role("form", name="Try it")
    sample = home.deployments.get("cultivars").schema()["sample"]
    expect(trial.get_by_label("alcohol", exact=False).first).to_have_value(str(sample[0]["alcohol"]))
    trial.get_by_role("button", name="Next sample row").click()
    first = trial.locator('[data-column="alcohol"] input')
    first.fill("much")
    predict = trial.get_by_role("button", name="Predict")
    predict.click()
    expect(trial.locator('[data-column="alcohol"]').get_by_role("alert")).to_have_text(
        "It is 'much'; it takes a number."
    )
    expect(first).to_be_focused()
    first.fill("")
    trial.locator('[data-column="malic_acid"] input').fill("2.5")
    predict.click()
    row = sample[1] | {"alcohol": None, "malic_acid": 2.5}
    (told,) = home.deployments.get("cultivars").predict([row])["predictions"]
    answer = trial.get_by_role("status")
    expect(answer.locator(".wb-said-value")).to_have_text(str(told["prediction"]))
    expect(answer).to_contain_text(re.compile(r"score \d\.\d+.*\d ms"))
    line = deploy.get_by_label("A line for a shell")
    expect(line).to_contain_text("/api/v1/deployments/cultivars/predict -H")
    expect(line).to_contain_text('"alcohol": null, "malic_acid": 2.5')
    requests = deploy.locator(".wb-figures div").filter(has_text="Requests").locator("dd")
    eventually(lambda: int(requests.inner_text()) >= 4, "requests counted")
    try:
        for theme, name in (("JupyterLab Dark", "8-deploy-dark"), ("JupyterLab Light", "8-deploy")):
            notebook.theme(theme)
            notebook.show_cell(1)
            panels.picture(f"{name}.png")
        panels.page.set_viewport_size({"width": 900, "height": 1400})
        panels.picture("8-deploy-narrow.png")
    finally:
        panels.page.set_viewport_size({"width": 1600, "height": 1200})

    deploy.get_by_role("tab", name="Batch").click()
    deploy.get_by_label("Data", exact=True).select_option(label="wine (178 rows)")
    deploy.get_by_role("button", name="Predict the table").click()
    with panels.page.expect_download() as told:
        deploy.get_by_role("link", name="Download").click()
    assert told.value.suggested_filename == "wine-predicted.csv"
    assert Path(told.value.path()).read_bytes() == home.deployments.batches()[0].path().read_bytes()
    panels.picture("8-batch.png")
    deploy.get_by_role("tab", name="Settings").click()
    deploy.get_by_label("Open to").select_option(label="keys only")
    expect(deploy).to_contain_text("Whoever sends a key that is good for it")
    expect(head).to_contain_text("open to keys only")
    panels.picture("11-open-to.png")
    deploy.get_by_role("tab", name="Try it").click()
    expect(line).to_contain_text('-H "X-Workbench-Key: $WORKBENCH_KEY"')
    deploy.get_by_role("tab", name="Settings").click()

    other = home.registry.promote(wine, name="better")
    deploy.get_by_label("Pipeline to swap in").select_option("better")
    deploy.get_by_role("button", name="Swap").click()
    expect(head.get_by_role("button", name="better", exact=True)).to_be_visible(timeout=WARM_MS)
    assert home.deployments.get("cultivars").pipeline.id == other.id
    assert other.model == best.model
    deploy.get_by_role("tab", name="Try it").click()
    predict.click()
    expect(answer.locator(".wb-said-value")).to_be_visible()

    deploy.get_by_role("button", name="Stop").click()
    deploy.get_by_role("button", name="Stop answering?").click()
    expect(head).to_contain_text("stoppedcultivars")
    expect(predict).to_be_disabled()
    assert home.deployments.get("cultivars").status == "stopped"


def test_a_challenger_takes_over_by_its_gates_and_the_alias_is_rolled_back(
    panels: Panels, home: Workbench, wine: Run
) -> None:
    old = home.registry.promote(wine, name="old")
    home.registry.aliases.set("champion", old, "the first")
    best = wine.rows()[0]
    run = home.runs.submit(from_run=wine, plan="create", model=best.model, setup={"ignore_features": ["ash"]})
    assert run.wait(60).status == "succeeded"
    panels.runs.get_by_role("option").first.click()
    expect(panels.rows).to_have_count(1)
    panels.choose_of_row(best.model, "Promote…")
    asked = panels.page.get_by_role("dialog", name=f"Promote {best.name}")
    asked.get_by_label("Name").fill("new")
    asked.get_by_label("Note").fill("<img src=x> and *stars* | `code`")
    asked.get_by_role("button", name="Promote", exact=True).click()
    registry = panels.registry
    expect(registry.locator(".wb-detail-head strong")).to_have_text("new", timeout=WARM_MS)
    expect(registry.get_by_role("tabpanel")).to_contain_text("<img src=x> and *stars* | `code`")

    registry.get_by_role("button", name="Promote safely…").click()
    expect(registry.get_by_label("Alias to take over")).to_have_value("champion")
    registry.get_by_label("Reason").fill("it is simpler")
    registry.get_by_role("button", name="Compare with its champion").click()
    gates = registry.get_by_role("list", name="Gates").get_by_role("listitem")
    expect(gates).to_have_count(3)
    expect(gates.nth(1)).to_contain_text(re.compile(r"Accuracy of the challenger is .* within noise"), timeout=WARM_MS)
    schema = gates.nth(2)
    expect(schema).to_contain_text("ash: not taken any more")
    complete = registry.get_by_role("button", name="Let it be champion")
    expect(complete).to_be_disabled()
    schema.get_by_label("Your name").fill("Ada")
    acknowledge = schema.get_by_role("button", name="Acknowledge")
    acknowledge.click()
    expect(panels.error(registry).first).to_contain_text("Say why the gate may stay open")
    schema.get_by_label("Reason").fill("nobody sends it")
    acknowledge.click()
    expect(schema).to_contain_text(re.compile("Ada on .*: nobody sends it"))
    panels.picture("8-gates.png")
    complete.click()
    expect(registry.locator(".wb-detail-head .wb-chip").first).to_have_text("promoted")
    assert home.registry.get("champion").name == "new"

    registry.get_by_role("listbox", name="Aliases").get_by_role("option", name="champion").click()
    registry.get_by_label("Reason").fill("it was worse")
    registry.get_by_role("button", name="Roll back").click()
    registry.get_by_role("button", name="Go back to the one before?").click()
    expect(registry.get_by_role("row").filter(has_text="takes move 2 back: it was worse")).to_be_visible()
    assert home.registry.get("champion").name == "old"
    registry.get_by_role("listbox", name="Pipelines").get_by_role("option").last.click()
    registry.get_by_role("button", name="Delete").click()
    registry.get_by_role("button", name="Delete for good?").click()
    expect(panels.error(registry).first).to_contain_text("old is needed by the alias champion")
    panels.picture("8-registry.png")
