"""The deploy panel without a browser: what it shows, and a deployment from a row of a board to its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from workbench_widgets.dashboard import ServingDashboard
from workbench_widgets.deploy import DeployPanel
from workbench_widgets.desk import Desk
from workbench_widgets.leaderboard import LeaderboardPanel
from workbench_widgets.live import Feeder

import workbench
from workbench.errors import EngineFault, WorkbenchError
from workbench.registry.pipeline import Pipeline
from workbench.serving import deployments
from workbench.serving.traffic import STAGES, Histogram
from workbench.store import artifacts
from workbench.store.store import Store
from workbench.store.tables import PredictionStatsRow, now

SAMPLE = [{"sepal_length_cm": 5.1, "sepal_width_cm": None, "petal_length_cm": 1.4, "petal_width_cm": 0.2}]
LEARNED = {
    "rows": 105,
    "columns": {
        "sepal_length_cm": {"kind": "number", "missing": 0.0, "min": 4.3, "max": 7.9},
        "petal_width_cm": {"kind": "text", "missing": 0.1, "values": [["wide", 60], ["narrow", 45]], "distinct": 2},
    },
}


@pytest.fixture
def served(store: Store, promoted: Callable[..., Pipeline]) -> Pipeline:
    """A pipeline under the slug ``flowers``, which nobody has warmed."""
    kept = {artifacts.SAMPLE: json.dumps(SAMPLE).encode(), artifacts.REFERENCE: json.dumps(LEARNED).encode()}
    pipeline = promoted(kept=kept)
    deployments.create(store, "flowers", pipeline.id, by="ada")
    return pipeline


@pytest.fixture
def panel(home: workbench.Workbench, feeder: Feeder, served: Pipeline) -> DeployPanel:
    return DeployPanel(Desk(home), feeder)


def counted(
    store: Store, pipeline_id: str, *, minute: datetime, requests: int, total_ms: float, errors: int = 0
) -> None:
    """Store what one pipeline answered for the only deployment in a minute."""
    histograms = {stage: Histogram() for stage in STAGES}
    for _ in range(requests):
        histograms["total"].add(total_ms)
    with store.database.write() as session:
        session.add(
            PredictionStatsRow(
                deployment_id=deployments.get(store, "flowers").id,
                pipeline_id=pipeline_id,
                role="live",
                minute=minute,
                requests=requests,
                rows=2 * requests,
                errors=errors,
                histograms={stage: histogram.as_dict() for stage, histogram in histograms.items()},
            )
        )


def test_a_fresh_panel_shows_the_newest_deployment_with_the_pipeline_that_answers(
    panel: DeployPanel, served: Pipeline
) -> None:
    (line,) = panel._view["deployments"]
    assert (line["slug"], line["status"], line["pipeline"]) == ("flowers", "created", served.name)
    assert panel._view["watched"] == line["id"]


def test_the_form_offers_what_was_learned_of_each_column_and_the_sample_rows(panel: DeployPanel) -> None:
    form = panel._view["form"]
    fields = {field["name"]: field for field in form["columns"]}
    assert list(fields) == ["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"]
    assert (fields["sepal_length_cm"]["low"], fields["sepal_length_cm"]["high"]) == (4.3, 7.9)
    assert fields["petal_width_cm"]["values"] == ["wide", "narrow"]
    assert (fields["sepal_width_cm"]["kind"], fields["sepal_width_cm"]["values"]) == ("number", [])
    assert form["sample"] == SAMPLE


def test_a_minute_in_which_two_pipelines_answered_is_one_point(
    panel: DeployPanel, store: Store, served: Pipeline, promoted: Callable[..., Pipeline]
) -> None:
    minute = now().replace(second=0, microsecond=0) - timedelta(minutes=1)
    counted(store, served.id, minute=minute, requests=3, total_ms=40.0, errors=1)
    counted(store, promoted("lr").id, minute=minute, requests=9, total_ms=1.5)
    panel.feed()
    (point,) = panel._view["minutes"]
    assert (point["requests"], point["rows"], point["errors"]) == (12, 24, 1)
    assert 1.0 < point["p50"] <= point["p95"] <= 2.0


def test_what_was_done_with_a_deployment_is_told(panel: DeployPanel) -> None:
    id = panel._view["watched"]
    panel.commands["access"](id=id, access="public")
    panel.commands["follow"](id=id, alias="champion")
    assert [entry["action"] for entry in panel._view["history"]] == [
        "deployment.follows",
        "deployment.access",
        "deployment.created",
    ]
    (line,) = panel._view["deployments"]
    assert (line["access"], line["alias"]) == ("public", "champion")


def test_a_deployment_that_answers_nobody_yet_goes_to_another_pipeline_and_back_at_once(
    panel: DeployPanel, served: Pipeline, promoted: Callable[..., Pipeline]
) -> None:
    other = promoted("lr", kept={artifacts.SAMPLE: b'[{"sepal_length_cm": 1.0}]'})
    id = panel._view["watched"]
    panel.commands["swap"](id=id, pipeline=other.id)
    assert [line["pipeline"] for line in panel._view["deployments"]] == [other.name]
    assert panel._view["form"]["sample"] == [{"sepal_length_cm": 1.0}]
    panel.commands["rollback"](id=id)
    assert [line["pipeline"] for line in panel._view["deployments"]] == [served.name]


def test_a_deployment_that_was_deleted_leaves_the_page_to_the_next_one(
    panel: DeployPanel, store: Store, served: Pipeline
) -> None:
    kept = panel._view["watched"]
    made = deployments.create(store, "more-flowers", served.id, by="ada")
    panel.commands["watch"](id=made.id)
    panel.commands["delete"](id=made.id)
    assert (panel._view["watched"], len(panel._view["deployments"])) == (kept, 1)
    panel.commands["delete"](id=kept)
    assert (panel._view["watched"], panel._view["form"], panel._view["history"]) == (None, None, [])


def test_a_deployment_without_its_schema_says_so_in_the_form(
    home: workbench.Workbench, feeder: Feeder, served: Pipeline, store: Store
) -> None:
    (store.settings.home / "artifacts" / str(artifacts.Key("pipelines", served.id, artifacts.SCHEMA))).unlink()
    assert "schema.json is not in" in DeployPanel(Desk(home), feeder)._view["form"]["problem"]


def test_a_dashboard_shows_what_is_served_without_a_sample_row_and_changes_nothing(
    home: workbench.Workbench, served: Pipeline
) -> None:
    page = ServingDashboard(home)
    assert set(page.deploy.commands) == {"watch", "show_pipeline"}
    assert set(page.registry.commands) == {"choose", "show_deployment"}
    assert [line["pipeline"] for line in page.deploy._view["deployments"]] == [served.name]
    assert page.deploy._view["form"] is None
    page.feeder.close()


def test_a_form_is_offered_a_slug_that_is_free_after_the_table_and_the_model(
    home: workbench.Workbench, store: Store, finished: Callable[..., Any], served: Pipeline
) -> None:
    desk, run = Desk(home), finished("rf")
    slugs = []
    for _ in range(3):
        slugs.append(desk.deploying.offer(run=run.id, model="rf")["slug"])
        deployments.create(store, slugs[-1], served.id, by="ada")
    assert slugs == ["iris", "iris-rf", "iris-rf-2"]
    assert desk.deploying.offer(pipeline=served.id)["slug"] == "iris-rf-3"


def test_a_form_says_whether_the_model_has_to_be_fitted_first(
    home: workbench.Workbench, finished: Callable[..., Any]
) -> None:
    desk, run = Desk(home), finished("rf")
    fits = [desk.deploying.offer(run=run.id, model=model)["fits"] for model in ("rf", "lr", None)]
    assert fits == [False, True, False]


def test_a_slug_that_cannot_be_had_is_refused_while_it_is_typed(panel: DeployPanel) -> None:
    check = panel._desk.deploying.check_slug
    with pytest.raises(WorkbenchError, match="There is a deployment 'flowers' already"):
        check("flowers")
    with pytest.raises(WorkbenchError, match="small letters, digits and hyphens"):
        check("Flowers!")
    check("trees")


def test_what_fails_stays_on_the_page_with_its_step_until_it_is_dismissed(
    panel: DeployPanel, finished: Callable[..., Any], store: Store
) -> None:
    run = finished("dt")
    pickled = store.settings.home / "artifacts" / str(artifacts.Key("runs", run.id, artifacts.PIPELINE))
    pickled.write_bytes(b"something else")
    deploying = panel._desk.deploying
    with pytest.raises(EngineFault):
        deploying.promote(lambda: None, attempt="a", run=run.id, model="dt")
    panel.feed()
    (attempt,) = panel._view["attempts"]
    assert (attempt["what"], attempt["step"], attempt["steps"]) == ("DT", "promote", ("promote",))
    assert "pipeline.pkl is not what was stored" in attempt["error"]
    panel.commands["dismiss"](id="a")
    assert panel._view["attempts"] == []


def test_what_the_one_who_asks_can_mend_is_told_to_them_alone(panel: DeployPanel, finished: Callable[..., Any]) -> None:
    with pytest.raises(WorkbenchError, match="already"):
        panel._desk.deploying.deploy(lambda: None, attempt="a", run=finished("dt").id, slug="flowers")
    assert panel._desk.deploying.lines() == []


def test_a_row_that_was_not_the_best_is_deployed_in_steps_asked_and_stopped(
    warm: workbench.Workbench, compared: workbench.Run, eventually: Callable[..., Any]
) -> None:
    feeder, desk = Feeder(warm), Desk(warm)
    desk.watch(compared)
    board, panel = LeaderboardPanel(desk, feeder), DeployPanel(desk, feeder)
    model = compared.rows()[-1].model
    assert board._view["rows"][model]["deploys"]
    steps: list[str] = []

    def look() -> None:
        steps.extend(one["step"] for one in desk.deploying.lines() if one["step"] not in [None, *steps])

    made = desk.deploying.deploy(look, attempt="a", run=compared.id, model=model, slug="cultivars")
    try:
        assert steps == ["fit", "promote", "create", "warm", "check"]
        panel.feed()
        (line,) = [found for found in panel._view["deployments"] if found["slug"] == "cultivars"]
        assert (panel._view["watched"], line["status"], line["model"]) == (
            made["id"],
            "ready",
            next(row.name for row in compared.rows() if row.model == model),
        )
        assert panel._view["inside"]["engine"]["path"] in ("compiled", "partly compiled", "original")
        sample = panel._view["form"]["sample"][:1]
        told = panel.commands["predict"](id=made["id"], rows=sample)
        assert [one["index"] for one in told["predictions"]] == [0]
        first = panel._view["form"]["columns"][0]["name"]
        with pytest.raises(WorkbenchError) as refused:
            panel.commands["predict"](id=made["id"], rows=[sample[0] | {first: "much"}])
        assert [problem["column"] for problem in refused.value.as_problem()["problems"]] == [first]
        assert "/deployments/cultivars/predict" in panel.commands["curl"](id=made["id"])
        source = warm.data.get("wine")
        panel.commands["batch"](id=made["id"], source=source.id)
        eventually(lambda: (panel.feed() or panel._view["batches"][0]["status"]) == "succeeded")
        (line,) = panel._view["batches"]
        panel.commands["delete_batch"](id=line["id"])
        assert (panel._view["batches"], Path(line["path"]).exists()) == ([], False)
        panel.commands["stop"](id=made["id"])
        (line,) = [found for found in panel._view["deployments"] if found["slug"] == "cultivars"]
        assert line["status"] == "stopped"
    finally:
        warm.deployments.get("cultivars").delete()
        feeder.close()


def test_the_line_for_a_shell_shows_what_its_access_takes(
    panel: DeployPanel, home: workbench.Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.deployment.Deployment.url", lambda self: f"http://127.0.0.1/{self.slug}")
    id = panel._view["watched"]
    shown = {}
    for access in ("workspace", "api-key", "public"):
        panel.commands["access"](id=id, access=access)
        shown[access] = panel.commands["curl"](id=id)
    assert '-H "X-Workbench-Token: $(workbench service token)"' in shown["workspace"]
    assert '-H "X-Workbench-Key: $WORKBENCH_KEY"' in shown["api-key"]
    assert "X-Workbench" not in shown["public"]
