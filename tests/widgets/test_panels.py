"""What the panels hold and do, without a browser: a form over the catalogue, a board that can be gone on from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from workbench_widgets.dashboard import RunsDashboard
from workbench_widgets.desk import Desk
from workbench_widgets.launch import LaunchPanel
from workbench_widgets.leaderboard import LeaderboardPanel
from workbench_widgets.live import Feeder
from workbench_widgets.runs import RunsPanel

import workbench
from workbench.catalogue import PLANS, TASKS
from workbench.errors import WorkbenchError


@pytest.fixture
def feeder(warm: workbench.Workbench) -> Iterator[Feeder]:
    made = Feeder(warm)
    yield made
    made.close()


@pytest.fixture
def at(warm: workbench.Workbench) -> Callable[[workbench.Run], Desk]:
    """A desk at which one run is watched."""

    def sit(run: workbench.Run) -> Desk:
        desk = Desk(warm)
        desk.watch(run)
        desk.choose(run.record.source_id)
        return desk

    return sit


def test_the_form_knows_every_task_plan_and_option_of_the_catalogue(warm: workbench.Workbench, feeder: Feeder) -> None:
    form = LaunchPanel(Desk(warm), feeder)._view
    assert list(form["tasks"]) == list(TASKS)
    for name, task in TASKS.items():
        told = form["tasks"][name]
        assert (told["has_target"], told["folds"]) == (task.has_target, task.folds)
        assert [option["name"] for option in told["options"]] == list(task.options)
        assert {plan: [option["name"] for option in options] for plan, options in told["plans"].items()} == {
            plan: list(PLANS[plan].options_of(name)) for plan in task.plans
        }
        assert [metric["name"] for metric in told["metrics"]] == [m.name for m in task.metrics if m.ranks]
    assert {name: (plan["least"], plan["most"]) for name, plan in form["plans"].items()} == {
        name: (plan.least, plan.most) for name, plan in PLANS.items()
    }


def test_a_sample_suggests_the_target_and_the_task_that_it_is_made_for(
    warm: workbench.Workbench, feeder: Feeder
) -> None:
    desk = Desk(warm)
    for sample in warm.data.samples():
        desk.choose(warm.data.sample(sample.name).id)
        form = LaunchPanel(desk, feeder)._view["source"]
        assert form["target"] == sample.target
        (target,) = [column for column in form["columns"] if column["name"] == sample.target]
        assert target["task"] == sample.task


def test_the_form_offers_to_go_on_from_a_run_that_is_over_with_its_models_best_first(
    compared: workbench.Run, at: Callable[..., Desk], feeder: Feeder
) -> None:
    follow = LaunchPanel(at(compared), feeder)._view["follow"]
    assert (follow["id"], follow["task"]) == (compared.id, "classification")
    assert [(model["id"], model["value"]) for model in follow["models"]] == [
        (row.model, row.metrics["Accuracy"]) for row in compared.rows()
    ]


def test_the_form_offers_no_run_that_scored_nothing_or_is_under_way(
    warm: workbench.Workbench, at: Callable[..., Desk], feeder: Feeder, eventually: Callable[..., Any]
) -> None:
    source = warm.data.sample("breast_cancer")
    fitted = warm.runs.submit(source, target="diagnosis", plan="setup")
    assert fitted.wait(60).status == "succeeded"
    desk = at(fitted)
    form = LaunchPanel(desk, feeder)
    assert form._view["follow"] is None

    run = warm.runs.submit(source, target="diagnosis", include=["gbc"], folds=100)
    eventually(lambda: any(row.folds_scored for row in run.rows()))
    desk.watch(run)
    form.feed()
    assert form._view["follow"] is None
    run.cancel()
    assert run.wait(30).status == "cancelled"
    form.feed()
    assert form._view["follow"]["id"] == run.id


def test_a_row_of_a_run_that_is_over_can_be_gone_on_from_by_every_plan_for_one_model(
    compared: workbench.Run, at: Callable[..., Desk], feeder: Feeder
) -> None:
    desk = at(compared)
    board = LeaderboardPanel(desk, feeder)
    plans = [action["plan"] for action in board._view["actions"]]
    assert plans == [name for name in TASKS["classification"].plans if PLANS[name].most == 1]
    assert all(row["plans"] == plans for row in board._view["rows"].values())
    board.commands["launch"](run=compared.id, plan="create", model="nb")
    assert desk.run is not None
    found = desk.run.record
    assert (found.plan, found.spec["from_run"], found.spec["bases"][0]["model"]) == ("create", compared.id, "nb")
    assert desk.run.wait(60).status == "succeeded"


def test_what_the_board_cannot_launch_is_refused_by_the_engine(
    compared: workbench.Run, at: Callable[..., Desk], feeder: Feeder
) -> None:
    board = LeaderboardPanel(at(compared), feeder)
    with pytest.raises(WorkbenchError, match="There is no classification model 'nothing'"):
        board.commands["launch"](run=compared.id, plan="tune", model="nothing")


def test_the_board_holds_what_it_must_say_of_each_value(
    compared: workbench.Run, at: Callable[..., Desk], feeder: Feeder
) -> None:
    rows = LeaderboardPanel(at(compared), feeder)._view["rows"]
    for row in compared.rows():
        told = rows[row.model]
        assert told["interval"] == dict(row.interval)
        assert (told["is_separable"], told["score_s"]) == (row.is_separable, row.score_s)
        assert (told["remarks"], told["pycaret"]) == (row.remarks, dict(row.pycaret))
    assert "PyCaret shows 0.0000" in rows["ridge"]["remarks"]["AUC"]


def test_a_run_that_did_not_reach_its_end_can_be_resumed_under_other_limits_and_no_other_run_can(
    warm: workbench.Workbench, compared: workbench.Run, feeder: Feeder, eventually: Callable[..., Any]
) -> None:
    source = warm.data.sample("breast_cancer")
    run = warm.runs.submit(source, target="diagnosis", include=["gbc"], folds=100, model_timeout_s=600)
    eventually(lambda: any(row.folds_scored for row in run.rows()))
    desk = Desk(warm)
    panel = RunsPanel(desk, feeder)

    def limits() -> dict[str, Any]:
        panel.feed()
        return {line["id"]: line["limits"] for line in panel._view["runs"]}

    assert limits()[run.id] is None
    run.cancel()
    run.wait(30)
    told = {"executor": "local", "model_timeout_s": 600, "run_timeout_s": 0, "unit_memory": 0}
    assert limits()[run.id] == told
    assert limits()[compared.id] is None
    resumed = warm.runs.get(panel.commands["resume"](id=run.id, model_timeout_s=90)["id"])
    assert desk.run is not None and desk.run.id == resumed.id
    assert [event.kind for event in resumed.log(limit=2)] == ["run.queued", "run.resumed"]
    assert resumed.record.spec["model_timeout_s"] == 90
    resumed.cancel()
    resumed.wait(30)


def test_a_run_is_written_as_a_notebook_beside_the_kernels_own(
    compared: workbench.Run, at: Callable[..., Desk], feeder: Feeder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = RunsPanel(at(compared), feeder).commands["reproduce"](id=compared.id)
    written = tmp_path / told["path"]
    assert compared.id[-8:] in written.name
    assert sorted(path.suffix for path in written.parent.iterdir()) == [".ipynb", ".parquet", ".txt"]


def test_a_dashboard_changes_nothing(compared: workbench.Run, warm: workbench.Workbench) -> None:
    board = RunsDashboard(warm)
    assert set(board.runs.commands) == {"watch"}
    assert (dict(board.leaderboard.commands), board.leaderboard._view["actions"]) == ({}, [])
    board.feeder.close()
