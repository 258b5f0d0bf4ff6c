"""What panels offer for going on from a run, without a browser and without a service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from workbench_widgets.desk import Desk
from workbench_widgets.events import EventsPanel
from workbench_widgets.launch import LaunchPanel
from workbench_widgets.leaderboard import LeaderboardPanel
from workbench_widgets.live import Feeder

import workbench
from workbench.catalogue import PLANS, TASKS
from workbench.recipe import Recipe
from workbench.requests import resolve
from workbench.runs import ending, events, queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.scores import store_score
from workbench.store.tables import RunRow

BLEND = Recipe(kind="blend", bases=(Recipe(model="lr"), Recipe(model="dt")))
FIELD = {"blend": BLEND, "dt": Recipe(model="dt"), "nb": Recipe(model="nb"), "svm": Recipe(model="svm")}
LIMITS = {"executor": "dask://host:8786", "model_timeout_s": 60.0, "run_timeout_s": 600.0, "unit_memory": 2**31}


@pytest.fixture
def desk(home: workbench.Workbench) -> Desk:
    """A desk at which a run is watched that is over and scored nothing yet."""
    return Desk(home)


def ended(
    home: workbench.Workbench, field: Mapping[str, Recipe], scores: Mapping[str, list[float | None]], **request: Any
) -> workbench.Run:
    """Store a cancelled run on iris with these scores of its three folds, which nobody carried out."""
    source = home.data.sample("iris")
    store = home._store
    asked = {"target": "species", "folds": 3, "include": ["dt"]} | request
    _, spec = resolve(store, home.data, source, asked)
    identity = SourceIdentity(source.id, source.name, source.sha256)
    run = queue.submit(store, identity, spec, by="ada", snapshot={"rows": 150}, service_is_warm=True)
    queue.claim(store, "here:1", most=1)
    with store.database.write() as session:
        row = session.get_one(RunRow, run.id)
        row.field = [[model, f"{model} · depth={model}", recipe.as_dict()] for model, recipe in field.items()]
        for model, values in scores.items():
            for fold, value in enumerate(values):
                metrics = {"Accuracy": value, "AUC": None}
                store_score(session, run.id, model, fold, "scored", metrics=metrics, fit_s=0.1, score_s=0.1)
        for model in scores:
            message = f"{model} · depth={model}, fold 1: Accuracy 0.5"
            events.append(session, run.id, "unit.scored", message, payload={"model": model})
    ending.finish(store, run.id, "cancelled", "Cancelled by bob.")
    return home.runs.get(run.id)


@pytest.fixture
def run(home: workbench.Workbench) -> workbench.Run:
    """A blend and a tree are scored in full, nb looks best on its only fold, svm has no Accuracy."""
    scores = {"blend": [0.8] * 3, "dt": [0.7] * 3, "nb": [0.99], "svm": [None] * 3}
    return ended(home, FIELD, scores, **LIMITS)


def form_over(run: workbench.Run, desk: Desk) -> LaunchPanel:
    desk.watch(run)
    return LaunchPanel(desk, Feeder(desk.workbench))


def test_the_form_lists_for_each_plan_the_models_that_the_engine_takes_in_its_order(
    run: workbench.Run, desk: Desk
) -> None:
    follow = form_over(run, desk)._view["follow"]
    assert follow["takes"]["create"] == {"models": ["blend", "dt", "nb", "svm"], "ranked": 3}
    assert follow["takes"]["tune"] == {"models": ["dt", "nb", "svm"], "ranked": 2}
    for plan in ("create", "tune", "stack"):
        _, spec = resolve(desk.workbench._store, desk.workbench.data, None, {"from_run": run.id, "plan": plan})
        most = PLANS[plan].most or 3
        taken = follow["takes"][plan]
        assert list(spec.bases) == [FIELD[model] for model in taken["models"][: min(most, taken["ranked"])]]


def test_a_plan_for_which_a_run_has_too_few_models_is_not_offered(home: workbench.Workbench, desk: Desk) -> None:
    only = ended(home, {"dt": Recipe(model="dt")}, {"dt": [0.7] * 3})
    assert "stack" not in form_over(only, desk)._view["follow"]["takes"]


def test_the_form_shows_the_limits_that_a_run_which_follows_takes_over(run: workbench.Run, desk: Desk) -> None:
    assert form_over(run, desk)._view["follow"]["limits"] == LIMITS


def test_what_a_run_looked_for_is_shown_as_what_the_next_one_looks_for(home: workbench.Workbench, desk: Desk) -> None:
    found = ended(
        home,
        {"kmeans": Recipe(model="kmeans")},
        {"kmeans": [0.7]},
        task="clustering",
        target=None,
        folds=None,
        include=["kmeans"],
        options={"num_clusters": 3, "ground_truth": "species"},
    )
    follow = form_over(found, desk)._view["follow"]
    assert follow["options"] == {"num_clusters": 3, "ground_truth": "species"}
    assert [column["name"] for column in follow["columns"]] == list(home.data.get("iris").column_names)


def test_a_row_offers_the_plans_that_take_its_kind_of_model(run: workbench.Run, desk: Desk) -> None:
    desk.watch(run)
    rows = LeaderboardPanel(desk, Feeder(desk.workbench))._view["rows"]
    plans = [name for name in TASKS["classification"].plans if PLANS[name].most == 1]
    assert rows["dt"]["plans"] == rows["svm"]["plans"] == plans
    assert rows["blend"]["plans"] == [plan for plan in plans if plan != "tune"]


def test_a_plan_with_options_is_shown_in_the_form_before_it_is_launched(run: workbench.Run, desk: Desk) -> None:
    form = form_over(run, desk)
    board = LeaderboardPanel(desk, Feeder(desk.workbench))
    asks = {action["plan"]: action["asks"] for action in board._view["actions"]}
    assert asks == {"create": False, "tune": True, "ensemble": True, "calibrate": True, "finalize": False}
    for number in (1, 2):
        board.commands["prepare"](run=run.id, plan="tune", model="dt")
        form.feed()
        wish = form._view["wish"]
        assert wish["request"] == {"from_run": run.id, "plan": "tune", "model": "dt"}
        assert (wish["number"], wish["follow"]["id"]) == (number, run.id)
    assert len(desk.workbench.runs.list()) == 1


def test_where_there_is_no_form_every_plan_is_launched_at_once(run: workbench.Run, desk: Desk) -> None:
    desk.watch(run)
    board = LeaderboardPanel(desk, Feeder(desk.workbench))
    assert not any(action["asks"] for action in board._view["actions"])


def test_a_trial_is_told_by_its_number_and_in_full_on_demand(home: workbench.Workbench, desk: Desk) -> None:
    trials = {"dt": [0.5] * 3, "dt:1": [0.6] * 3, "dt:10": [0.7] * 3}
    field = {model: Recipe(model="dt") for model in trials}
    desk.watch(ended(home, field, trials, plan="tune", model="dt", include=None))
    lines = [line for line in EventsPanel(desk, Feeder(home))._view["events"] if line["kind"] == "unit.scored"]
    assert [line.get("short") for line in lines] == [
        None,
        "dt:1, trial 1, fold 1: Accuracy 0.5",
        "dt:10, trial 10, fold 1: Accuracy 0.5",
    ]
    assert lines[2]["message"] == "dt:10 · depth=dt:10, fold 1: Accuracy 0.5"
