"""The registry panel without a browser: what it shows of pipelines, aliases and promotions, and what it may change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from workbench_widgets.choice import Kept
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.registry import RegistryPanel
from workbench_widgets.tabs import TabsPanel

from workbench.access.actor import owner
from workbench.errors import WorkbenchError
from workbench.registry.evaluations import Evaluations
from workbench.registry.pipeline import Pipeline
from workbench.registry.promotions import Promotions
from workbench.serving import deployments
from workbench.store.store import Store

Promote = Callable[..., Pipeline]


@pytest.fixture
def panel(desk: Desk, feeder: Feeder, promoted: Promote) -> RegistryPanel:
    """A registry with two pipelines, the older of which is the champion."""
    old = promoted("rf", name="old")
    promoted("lr", name="new", accuracy=(0.9, 0.9, 0.93))
    desk.workbench.registry.aliases.set("champion", old, "the first")
    return RegistryPanel(desk, feeder)


def line(panel: RegistryPanel, name: str) -> dict[str, Any]:
    return next(found for found in panel._view["pipelines"] if found["name"] == name)


def proposed(panel: RegistryPanel, store: Store, comparison: dict[str, Any]) -> str:
    """Propose that the new pipeline be champion, and evaluate that as the service does."""
    made = Promotions(store.on_behalf_of(owner("ada"))).propose("new", "champion")
    evaluations = Evaluations(store, "service")
    assert evaluations.register(made.id, 1, 1.0)
    panel.feed()
    assert panel._view["promotions"][0]["status"] == "evaluating"
    assert evaluations.evaluated(made.id, comparison)
    panel.feed()
    return made.id


def test_pipelines_are_listed_newest_first_with_the_metric_that_ranked_them(panel: RegistryPanel) -> None:
    told = [(found["name"], found["sort"], found["mean"]) for found in panel._view["pipelines"]]
    assert told == [("new", "Accuracy", pytest.approx(0.91)), ("old", "Accuracy", pytest.approx(0.93))]


def test_a_pipeline_bears_the_aliases_that_name_it_and_the_deployments_that_serve_it(
    panel: RegistryPanel, store: Store
) -> None:
    deployments.create(store, "flowers", line(panel, "old")["id"], by="ada")
    panel.feed()
    assert [(line(panel, name)["aliases"], line(panel, name)["served"]) for name in ("old", "new")] == [
        (["champion"], ["flowers"]),
        ([], []),
    ]


def test_a_fresh_panel_shows_the_card_of_the_newest_pipeline(panel: RegistryPanel) -> None:
    detail = panel._view["detail"]
    assert (detail["kind"], detail["id"]) == ("pipeline", line(panel, "new")["id"])
    assert detail["card"].startswith("# new")


def test_a_pipeline_of_which_an_artifact_was_changed_says_so_and_is_shown_all_the_same(
    panel: RegistryPanel, store: Store
) -> None:
    (schema,) = store.settings.home.glob(f"artifacts/pipelines/{line(panel, 'old')['id']}/schema.json")
    schema.write_text("[]")
    panel.commands["choose"](kind="pipeline", id=line(panel, "old")["id"])
    assert "schema.json is not what was stored" in panel._view["detail"]["problem"]


def test_a_pipeline_that_is_needed_is_not_deleted_and_one_that_is_not_leaves_the_page(panel: RegistryPanel) -> None:
    with pytest.raises(WorkbenchError, match="needed by the alias champion"):
        panel.commands["delete"](id=line(panel, "old")["id"])
    panel.commands["delete"](id=line(panel, "new")["id"])
    assert [found["name"] for found in panel._view["pipelines"]] == ["old"]
    assert panel._view["detail"]["id"] == line(panel, "old")["id"]


def test_an_alias_is_moved_and_rolled_back_with_reasons_that_its_history_shows(panel: RegistryPanel) -> None:
    panel.commands["choose"](kind="alias", id="champion")
    panel.commands["set_alias"](name="champion", pipeline=line(panel, "new")["id"], why="to try it")
    panel.commands["rollback"](name="champion", why="it was worse")
    moves = panel._view["detail"]["moves"]
    assert [(move["to"]["name"], move["why"], move["undoes"]) for move in moves] == [
        ("old", "it was worse", 2),
        ("new", "to try it", None),
        ("old", "the first", None),
    ]
    assert line(panel, "old")["aliases"] == ["champion"]


def test_an_alias_that_was_taken_away_can_be_had_back_from_its_history(panel: RegistryPanel) -> None:
    panel.commands["choose"](kind="alias", id="champion")
    panel.commands["unset_alias"](name="champion")
    assert panel._view["aliases"] == []
    assert len(panel._view["detail"]["moves"]) == 2
    panel.commands["rollback"](name="champion")
    assert [alias["pipeline_name"] for alias in panel._view["aliases"]] == ["old"]


def test_two_pipelines_are_compared_side_by_side(panel: RegistryPanel) -> None:
    told = panel.commands["compare"](a=line(panel, "new")["id"], b=line(panel, "old")["id"])
    assert (told["a"]["name"], told["b"]["name"], told["same_data"]) == ("new", "old", True)
    accuracy = next(metric for metric in told["metrics"] if metric["metric"] == "Accuracy")
    assert accuracy["delta"] == pytest.approx(0.02)


def test_a_promotion_to_an_alias_that_names_nothing_is_completed_at_once(panel: RegistryPanel) -> None:
    made = panel.commands["propose"](pipeline=line(panel, "new")["id"], alias="stable", why="it is tried")
    assert (panel._view["detail"]["kind"], panel._view["detail"]["id"]) == ("promotion", made["id"])
    assert panel._view["promotions"][0]["open_gates"] == []
    panel.commands["complete"](id=made["id"])
    assert panel._view["promotions"][0]["status"] == "promoted"
    assert line(panel, "new")["aliases"] == ["stable"]


def test_an_open_gate_wants_a_person_and_a_look_shows_each_step(
    panel: RegistryPanel, store: Store, judged: Callable[..., dict[str, Any]]
) -> None:
    made = proposed(panel, store, judged("worse", -0.05))
    shown = panel._view["promotions"][0]
    assert (shown["status"], shown["open_gates"]) == ("waiting", ["metric"])
    with pytest.raises(WorkbenchError, match="A gate is open"):
        panel.commands["complete"](id=made)
    with pytest.raises(WorkbenchError, match="needs the name of a person"):
        panel.commands["acknowledge"](id=made, gate="metric", by=" ", why="so be it")
    panel.commands["acknowledge"](id=made, gate="metric", by="Ada", why="it is faster")
    shown = panel._view["promotions"][0]
    assert [(word["by"], word["why"]) for word in shown["acknowledgements"]] == [("Ada", "it is faster")]
    panel.commands["complete"](id=made)
    assert line(panel, "new")["aliases"] == ["champion"]


def test_a_promotion_that_is_cancelled_drops_what_was_acknowledged(
    panel: RegistryPanel, store: Store, judged: Callable[..., dict[str, Any]]
) -> None:
    made = proposed(panel, store, judged("worse", -0.05))
    panel.commands["acknowledge"](id=made, gate="metric", by="Ada", why="it is faster")
    panel.commands["cancel"](id=made)
    shown = panel._view["promotions"][0]
    assert (shown["status"], shown["acknowledgements"]) == ("cancelled", [])


def test_a_choice_is_shared_and_given_up_only_where_what_was_chosen_is_gone(panel: RegistryPanel, desk: Desk) -> None:
    old = Kept("pipeline", line(panel, "old")["id"])
    desk.kept.set(old)
    panel.feed()
    assert panel._view["detail"]["id"] == old.id
    assert desk.kept.replace(None, Kept("pipeline", "another")) == old


def test_a_row_of_a_board_that_was_fitted_is_promoted_under_a_name_and_shown(
    panel: RegistryPanel, desk: Desk, finished: Callable[..., Any]
) -> None:
    run = finished("dt")
    seen: list[Any] = []
    made = desk.deploying.promote(
        lambda: seen.append([one["step"] for one in desk.deploying.lines()]),
        attempt="a",
        run=run.id,
        model="dt",
        name="chosen",
        note="small",
    )
    panel.feed()
    assert ["promote"] in seen
    assert desk.deploying.lines() == []
    assert (panel._view["detail"]["id"], line(panel, "chosen")["note"]) == (made["id"], "small")


def test_the_tabs_count_what_there_is_and_name_what_failed(
    panel: RegistryPanel, desk: Desk, feeder: Feeder, store: Store
) -> None:
    tabs = TabsPanel(desk, feeder)
    assert tabs._view["counts"] == {"registry": {"count": 2, "trouble": None}, "deploy": {"count": 0, "trouble": None}}
    made = deployments.create(store, "flowers", line(panel, "old")["id"], by="ada")
    deployments.warm(store, made.id, by="ada")
    deployments.became_failed(store, made.id, by="service", why="its file is gone")
    tabs.feed()
    assert tabs._view["counts"]["deploy"] == {"count": 1, "trouble": "Failed: flowers"}
