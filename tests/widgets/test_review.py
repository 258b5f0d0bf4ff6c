"""The review panel, cards of advice in other panels, and suggestions in the form, without a browser or a service."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from workbench_widgets.advising import ASKING, Question
from workbench_widgets.data import DataPanel
from workbench_widgets.deploy import DeployPanel
from workbench_widgets.desk import Desk
from workbench_widgets.launch import LaunchPanel
from workbench_widgets.leaderboard import LeaderboardPanel
from workbench_widgets.live import Feeder
from workbench_widgets.review import ReviewPanel
from workbench_widgets.runs import RunsPanel
from workbench_widgets.tabs import TabsPanel

import workbench
from workbench.advisors.advice import Advice, AdvisorName, Evidence, Finding
from workbench.consulting import consultations
from workbench.consulting.consultation import Consultation, Subject
from workbench.data.source import Source
from workbench.errors import BadRequest, NotFound
from workbench.registry.pipeline import Pipeline
from workbench.runs.record import FAILED, RunRecord
from workbench.serving import deployments
from workbench.store.store import Store
from workbench.store.tables import now

HOSTILE = '<img src=x onerror="alert(1)"> | *stars* `code`'


@pytest.fixture
def advised(store: Store) -> Callable[..., Consultation]:
    """Store a consultation as an advisor leaves one behind."""

    def advise(
        advisor: AdvisorName,
        kind: Any,
        id: str,
        verdict: str,
        *,
        config: Mapping[str, Any] | None = None,
        findings: tuple[Finding, ...] = (),
    ) -> Consultation:
        advice = Advice(verdict=verdict, reasoning_summary="Because.", findings=findings, suggested_config=config)
        subject = Subject(kind, id, "what it was called")
        return consultations.keep(
            store, advisor, subject, {}, (Evidence(claim="It was so."), advice), by="ada", began=now()
        )

    return advise


@pytest.fixture
def failed(finished: Callable[..., RunRecord]) -> RunRecord:
    """A run of one model on iris that failed before it was scored."""
    return finished("rf", accuracy=(), status=FAILED, setup={"pca": True})


def test_a_fresh_panel_shows_the_newest_advice_on_what_is_chosen(
    home: workbench.Workbench, feeder: Feeder, failed: RunRecord, advised: Callable[..., Consultation]
) -> None:
    advised("failure_debugger", "run", failed.id, "CONFIG: at first")
    newest = advised("failure_debugger", "run", failed.id, "DATA: after all")
    view = ReviewPanel(Desk(home), feeder)._view
    assert [topic["kind"] for topic in view["topics"]] == ["source", "run"]
    assert (view["kind"], view["advice"]["id"]) == ("run", newest.id)
    assert [line["verdict"] for line in view["history"]] == ["DATA: after all", "CONFIG: at first"]


def test_an_older_advice_can_be_opened_and_one_that_is_asked_for_takes_its_place(
    home: workbench.Workbench, feeder: Feeder, failed: RunRecord, advised: Callable[..., Consultation]
) -> None:
    older = advised("failure_debugger", "run", failed.id, "CONFIG: at first")
    advised("failure_debugger", "run", failed.id, "DATA: after all")
    panel = ReviewPanel(Desk(home), feeder)
    panel.commands["pick"](id=older.id)
    assert panel._view["advice"]["id"] == older.id
    asked = panel.commands["consult"](advisor="failure_debugger", kind="run", subject=failed.id)
    panel.feed()
    assert (panel._view["advice"]["id"], panel._view["advice"]["status"]) == (asked["id"], "advised")
    assert len(panel._view["history"]) == 3


def test_a_consultation_that_waits_for_a_process_is_shown_as_such_by_a_fresh_kernel(
    home: workbench.Workbench, feeder: Feeder, store: Store, finished: Callable[..., RunRecord]
) -> None:
    run = finished()
    consultations.ask(store, "run_explainer", Subject("run", run.id, "a run"), {}, by="ada")
    view = ReviewPanel(Desk(home), feeder)._view
    assert (view["advice"]["status"], view["advice"]["advice"]) == ("queued", None)
    (card,) = [card for card in view["cards"] if card["advisor"] == "run_explainer"]
    assert (card["status"], card["verb"]) == ("queued", "Re-explain")


def test_a_failed_run_offers_a_diagnosis_and_then_another(
    home: workbench.Workbench, feeder: Feeder, failed: RunRecord, advised: Callable[..., Consultation]
) -> None:
    panel = RunsPanel(Desk(home), feeder)
    (card,) = panel._view["cards"]
    assert (card["verb"], card["id"]) == ("Diagnose", None)
    advised("failure_debugger", "run", failed.id, "CONFIG: it was so", config={"data": "iris"})
    panel.feed()
    (card,) = panel._view["cards"]
    assert (card["verb"], card["verdict"], card["tone"], card["has_config"]) == (
        "Re-diagnose",
        "CONFIG: it was so",
        "danger",
        True,
    )


def test_who_may_only_look_sees_cards_that_say_something(
    home: workbench.Workbench, feeder: Feeder, failed: RunRecord, advised: Callable[..., Consultation]
) -> None:
    panel = RunsPanel(Desk(home), feeder, read_only=True)
    assert panel._view["cards"] == []
    advised("failure_debugger", "run", failed.id, "CONFIG: it was so")
    panel.feed()
    assert [card["verdict"] for card in panel._view["cards"]] == ["CONFIG: it was so"]
    assert "consult" not in panel.commands


def test_all_panels_see_that_an_advisor_is_being_asked(home: workbench.Workbench, feeder: Feeder, iris: Source) -> None:
    desk = Desk(home)
    panel = DataPanel(desk, feeder)
    with desk.advising.under_way(Question("dataset_analyst", "source", iris.id), feeder.wake):
        panel.feed()
        assert panel._view["cards"][0]["status"] == ASKING
    panel.feed()
    assert panel._view["cards"][0]["status"] is None


def test_a_board_offers_an_explanation_once_its_run_has_ended(
    home: workbench.Workbench, feeder: Feeder, submitted: Callable[..., RunRecord], finished: Callable[..., RunRecord]
) -> None:
    desk = Desk(home)
    desk.watch(home.runs.get(submitted().id))
    assert LeaderboardPanel(desk, feeder)._view["cards"] == []
    desk.watch(home.runs.get(finished().id))
    assert [card["verb"] for card in LeaderboardPanel(desk, feeder)._view["cards"]] == ["Explain"]


def test_drift_that_calls_for_a_retraining_turns_the_deployment_red(
    home: workbench.Workbench,
    feeder: Feeder,
    store: Store,
    promoted: Callable[..., Pipeline],
    advised: Callable[..., Consultation],
) -> None:
    served = deployments.create(store, "flowers", promoted().id, by="ada")
    panel = DeployPanel(Desk(home), feeder)
    assert [card["verb"] for card in panel._view["cards"]] == ["Review", "Check drift"]
    advised("deployment_reviewer", "deployment", served.id, "APPROVE")
    advised("drift_analyst", "deployment", served.id, "RETRAIN NOW")
    panel.feed()
    assert [card["tone"] for card in panel._view["cards"]] == ["success", "danger"]
    assert panel._view["deployments"][0]["warned"] == ["RETRAIN NOW"]
    assert TabsPanel(panel._desk, feeder)._view["counts"]["deploy"]["trouble"] == "Drifted: flowers"
    review = ReviewPanel(panel._desk, feeder)
    assert {topic["kind"]: topic["tone"] for topic in review._view["topics"]}["deployment"] == "danger"


def test_thresholds_that_findings_cite_come_with_their_reasons(
    home: workbench.Workbench, feeder: Feeder, iris: Source, advised: Callable[..., Consultation]
) -> None:
    finding = Finding(
        id="drift",
        severity="warning",
        evidence=Evidence(claim="It moved.", thresholds=("drift.psi_retrain", "gone.one")),
    )
    advised("dataset_analyst", "source", iris.id, "READY", findings=(finding,))
    (told,) = ReviewPanel(Desk(home), feeder)._view["thresholds"].values()
    assert (told["name"], told["value"]) == ("drift.psi_retrain", 0.4)
    assert told["reason"] and told["source"]


def test_an_advice_is_written_as_markdown_and_as_json_with_what_the_advisor_was_shown(
    home: workbench.Workbench, feeder: Feeder, iris: Source, advised: Callable[..., Consultation]
) -> None:
    found = advised("dataset_analyst", "source", iris.id, f"NOT READY: {HOSTILE}")
    written = ReviewPanel(Desk(home), feeder).commands["written"]
    markdown = written(id=found.id, form="markdown")
    assert "<img" not in markdown.replace("\\<img", "") and "NOT READY: " in markdown
    told = json.loads(written(id=found.id, form="json"))
    assert (told["advice"]["verdict"], told["evidence"]["claim"]) == (f"NOT READY: {HOSTILE}", "It was so.")


def test_a_suggestion_on_a_table_is_shown_in_the_form_of_that_table(
    home: workbench.Workbench, feeder: Feeder, iris: Source, advised: Callable[..., Consultation]
) -> None:
    config = {"data": iris.id, "target": "species", "plan": "compare", "include": ["lr", "dt"], "exclude": ["nb"]}
    found = advised("experiment_designer", "source", iris.id, "DESIGNED: it", config=config)
    desk = Desk(home)
    form = LaunchPanel(desk, feeder)
    desk.choose(home.data.sample("wine").id)
    form.feed()
    ReviewPanel(desk, feeder).commands["apply"](id=found.id)
    form.feed()
    wish = form._view["wish"]
    assert (form._view["source"]["id"], wish["source"], wish["by"]) == (iris.id, iris.id, "the experiment designer")
    assert wish["request"] == config


def test_a_suggestion_that_follows_a_run_without_scores_is_shown_as_that_run_with_the_changes_in_it(
    home: workbench.Workbench, feeder: Feeder, failed: RunRecord, advised: Callable[..., Consultation]
) -> None:
    config = {"from_run": failed.id, "plan": "create", "model": "rf", "setup": {"normalize": True}}
    found = advised("failure_debugger", "run", failed.id, "CONFIG: it", config=config)
    desk = Desk(home)
    form = LaunchPanel(desk, feeder)
    ReviewPanel(desk, feeder).commands["apply"](id=found.id)
    form.feed()
    wish = form._view["wish"]
    assert wish["follow"] is None
    asked = {name: wish["request"][name] for name in ("data", "target", "plan", "model", "folds", "setup")}
    assert asked == {
        "data": failed.source_id,
        "target": "species",
        "plan": "create",
        "model": "rf",
        "folds": 3,
        "setup": {"pca": True, "normalize": True},
    }


def test_a_suggestion_that_cannot_be_shown_any_more_says_why(
    home: workbench.Workbench, feeder: Feeder, iris: Source, advised: Callable[..., Consultation]
) -> None:
    found = advised("dataset_analyst", "source", iris.id, "READY", config={"data": "gone", "target": "species"})
    empty = advised("dataset_analyst", "source", iris.id, "READY")
    desk = Desk(home)
    form, review = LaunchPanel(desk, feeder), ReviewPanel(desk, feeder)
    review.commands["apply"](id=found.id)
    form.feed()
    assert form._view["wish"]["request"] is None
    assert "gone" in form._view["wish"]["problem"]
    with pytest.raises(BadRequest) as refused:
        review.commands["apply"](id=empty.id)
    assert refused.value.code == "advice.invalid"


def test_a_goal_in_words_fills_the_form(home: workbench.Workbench, feeder: Feeder, iris: Source) -> None:
    desk = Desk(home)
    form = LaunchPanel(desk, feeder)
    told = form.commands["design"](source=iris.id, goal="predict the species", target="species")
    form.feed()
    (card,) = form._view["cards"]
    assert (card["id"], told["fills"]) == (told["id"], True)
    request = form._view["wish"]["request"]
    assert (request["data"], request["target"]) == (iris.id, "species")


def test_what_was_deleted_is_no_topic_any_more(
    home: workbench.Workbench, feeder: Feeder, failed: RunRecord, advised: Callable[..., Consultation]
) -> None:
    advised("failure_debugger", "run", failed.id, "DATA: it")
    panel = ReviewPanel(Desk(home), feeder)
    home.runs.get(failed.id).delete()
    panel.feed()
    assert [topic["kind"] for topic in panel._view["topics"]] == ["source"]
    assert (panel._view["kind"], panel._view["advice"]) == ("source", None)
    with pytest.raises(NotFound):
        panel.commands["consult"](advisor="failure_debugger", kind="run", subject=failed.id)
