"""What the drift analyst is shown of a deployment in the store."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from workbench.access.actor import owner
from workbench.advisors.drift_analyst.advisor import advise
from workbench.advisors.drift_analyst.evidence import DriftEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.consulting.gathering.drift import gather
from workbench.data.sources import Sources
from workbench.errors import BadRequest, Conflict
from workbench.registry.pipelines import Pipelines
from workbench.requests import resolve
from workbench.runs import ending, queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.record import SUCCEEDED
from workbench.runs.scores import store_score
from workbench.runs.spec import Asked, make_spec
from workbench.serving import deployments
from workbench.store import artifacts
from workbench.store.tables import ArtifactRow, PredictionRow, RunRow, new_id, now
from workbench.training.columns import records

pytestmark = pytest.mark.filterwarnings("ignore")
INPUTS = ["age", "income", "city", "visits"]


@pytest.fixture(scope="module")
def frame(mixed):
    """The mixed table, ten times over with a little noise: as many rows as a test has power with."""
    import numpy as np
    import pandas as pd

    random, table = np.random.default_rng(1), mixed["classification"]
    many = pd.concat([table] * 10, ignore_index=True)
    return many.assign(income=(many["income"] * random.lognormal(0, 0.1, len(many))).round(2))


@pytest.fixture
def deployed(store, learned, frame, tmp_path):
    """A deployment of a linear model of that table, which nobody has asked yet."""
    path = tmp_path / "shop.csv"
    frame.to_csv(path, index=False)
    source = Sources(store).upload(path)
    spec = make_spec(Asked(task="classification", target="buys", plan="create", model="lr", folds=3))
    identity = SourceIdentity(source.id, source.name, source.sha256)
    snapshot = {"source_sha256": source.sha256, "rows": source.row_count}
    run = queue.submit(store, identity, spec, by="ada", snapshot=snapshot, service_is_warm=True)
    side = learned("pipeline", "classification", "lr", frame=frame, sha256=source.sha256)
    kept = {
        artifacts.SCHEMA: side.schema,
        artifacts.SAMPLE: side.sample,
        artifacts.HOLDOUT: side.holdout,
        artifacts.REFERENCE: side.reference,
    }
    contents = {name: json.dumps(held).encode() for name, held in kept.items()} | {artifacts.PIPELINE: side.pickled}
    with store.database.write() as session:
        row = session.get_one(RunRow, run.id)
        row.field = [["lr", "LR", {"kind": "model", "model": "lr"}]]
        row.fitted = {"folds": 3, "test_ratio": 0.5, "versions": {}}
        for fold, value in enumerate((0.80, 0.81, 0.79)):
            store_score(session, run.id, "lr", fold, "scored", metrics={"Accuracy": value}, fit_s=0.1)
        for name, content in contents.items():
            stored = store.artifacts.put(run.id, name, content)
            session.add(ArtifactRow(run_id=run.id, name=name, sha256=stored.sha256, size_bytes=stored.size_bytes))
    assert ending.finish(store, run.id, SUCCEEDED, "done", summary={"best": "lr", "sort": "Accuracy"})
    pipeline = Pipelines(store.on_behalf_of(owner("ada"))).promote(run.id)
    return deployments.create(store, "shop", pipeline.id, by="ada")


@pytest.fixture
def ask(store, deployed):
    """Keep rows as the API does that were asked for, with what was answered."""

    def ask(rows: list[dict[str, Any]], *, hours_ago: float = 0.0, pipeline_id: str = deployed.pipeline_id) -> None:
        request = new_id()
        with store.database.write() as session:
            for place, row in enumerate(rows):
                session.add(
                    PredictionRow(
                        deployment_id=deployed.id,
                        pipeline_id=pipeline_id,
                        role="live",
                        request_id=f"{request}-{place // 10}",
                        place=place % 10,
                        at=now() - timedelta(hours=hours_ago),
                        input=row,
                        answer={"index": place, "prediction": "yes" if place % 3 else "no", "score": 0.8},
                    )
                )

    return ask


def drawn(frame, rows=200, seed=4):
    return records(frame[INPUTS].sample(rows, random_state=seed))


def of(found: DriftEvidence, name: str):
    return next(shift for shift in found.shifts if shift.name == name)


def test_rows_of_the_same_kind_are_no_drift(store, deployed, ask, frame):
    ask(drawn(frame))
    found = gather(store, "shop")
    assert [shift.name for shift in found.shifts] == [*INPUTS, "predictions", "scores"]
    assert (found.live.rows, found.requests, found.reference.total) == (200, 20, 1120)
    advice = advise(found, Thresholds.default())
    assert not any(finding.id.startswith(("moved:", "missing:")) for finding in advice.findings)
    assert DriftEvidence.model_validate_json(found.model_dump_json()) == found


def test_a_column_that_moved_and_a_new_category_are_found(store, deployed, ask, frame):
    ask([row | {"income": row["income"] * 3, "city": "Lima"} for row in drawn(frame)])
    found = gather(store, deployed.id)
    assert of(found, "city").fresh_rows == 200
    advice = advise(found, Thresholds.default())
    assert advice.verdict == "RETRAIN NOW"
    assert {"moved:income", "moved:city", "new_values:city"} <= {finding.id for finding in advice.findings}
    assert advice.suggested_config is None


def test_what_is_proposed_to_train_on_is_the_newest_version_and_would_be_taken(store, deployed, ask, frame, tmp_path):
    ask([row | {"income": row["income"] * 3} for row in drawn(frame)])
    path = tmp_path / "later.csv"
    frame.assign(income=frame["income"] * 3).to_csv(path, index=False)
    later = Sources(store).upload(path, follows="shop")
    config = dict(advise(gather(store, "shop"), Thresholds.default()).suggested_config)
    source, spec = resolve(store, Sources(store), config.pop("data"), config)
    assert source.id == later.id
    assert (spec.plan, spec.target, spec.include or [base.model for base in spec.bases]) == ("create", "buys", ["lr"])


def test_a_newer_version_that_cannot_be_trained_on_is_told_and_not_proposed(store, deployed, ask, frame, tmp_path):
    ask(drawn(frame))
    path = tmp_path / "later.csv"
    frame.drop(columns="buys").to_csv(path, index=False)
    Sources(store).upload(path, follows="shop")
    found = gather(store, "shop")
    assert found.retraining is None
    assert any("cannot be trained again on shop (version 2)" in note for note in found.notes)


def test_without_its_table_the_sample_that_the_pipeline_kept_stands_for_it(store, deployed, ask, frame):
    ask([row | {"income": row["income"] * 3} for row in drawn(frame)])
    for file in store.settings.files.glob("*"):
        if file.is_file():
            file.unlink()
    found = gather(store, "shop")
    assert (found.reference.rows, found.reference.total) == (500, 1120)
    assert [shift.name for shift in found.shifts] == INPUTS
    assert of(found, "income").p_corrected < 1e-6
    assert any("the sample that it kept stands for it" in note for note in found.notes)


def test_a_deployment_that_nobody_asked_has_nothing_to_judge(store, deployed, ask):
    with pytest.raises(Conflict, match="No row is kept") as caught:
        gather(store, "shop")
    assert caught.value.code == "advice.not_possible"
    assert "name a data source" in caught.value.hint


def test_the_rows_by_which_a_deployment_was_tried_as_it_was_made_do_not_count(store, deployed, ask):
    pipeline = Pipelines(store.on_behalf_of(owner("ada"))).get(deployed.pipeline_id)
    ask(Pipelines(store.on_behalf_of(owner("ada"))).document(pipeline, artifacts.SAMPLE))
    with pytest.raises(Conflict, match="No row is kept"):
        gather(store, "shop")


def test_only_rows_of_the_pipeline_in_place_count_and_others_are_told(store, deployed, ask, frame):
    mine = Pipelines(store.on_behalf_of(owner("ada")))
    other = mine.promote(mine.get(deployed.pipeline_id).run_id, name="other")
    ask(drawn(frame, 120))
    ask(drawn(frame, 40), pipeline_id=other.id)
    found = gather(store, "shop")
    assert (found.live.rows, found.others) == (120, 40)


def test_a_window_leaves_older_rows_out(store, deployed, ask, frame):
    ask(drawn(frame, 50), hours_ago=30)
    ask(drawn(frame, 20))
    assert gather(store, "shop", hours=24).live.rows == 20
    assert gather(store, "shop").live.rows == 70


@pytest.mark.parametrize("hours", [0, -1, float("nan"), float("inf"), "24", True])
def test_hours_that_are_none_are_refused(store, deployed, hours):
    with pytest.raises(BadRequest, match="hours is"):
        gather(store, "shop", hours=hours)


def test_values_of_another_type_in_the_log_break_nothing(store, deployed, ask, frame):
    rows = drawn(frame, 60)
    rows[0] |= {"age": "forty", "city": 7, "visits": None, "income": [1]}
    rows[1] = {}
    ask(rows)
    found = gather(store, "shop")
    assert of(found, "age").unfit == 1
    assert of(found, "income").unfit == 1


def test_rows_of_a_data_source_are_predicted_and_scored(store, deployed, frame, tmp_path):
    path = tmp_path / "today.csv"
    flipped = frame["buys"].map({"yes": "no", "no": "yes"})
    frame.sample(400, random_state=2).assign(income=lambda rows: rows["income"] * 1.01, buys=flipped).to_csv(
        path, index=False
    )
    Sources(store).upload(path)
    found = gather(store, "shop", on="today")
    assert found.source == "today"
    assert found.requests is None
    assert {shift.of for shift in found.shifts} == {"input", "prediction", "score", "target"}
    assert (found.score.metric, found.score.rows) == ("Accuracy", 400)
    assert found.score.measured < 0.5
    advice = advise(found, Thresholds.default())
    assert advice.finding("score").severity == "blocking"


def test_of_the_table_that_it_was_fitted_on_only_rows_held_out_are_judged(store, deployed):
    found = gather(store, "shop", on="shop")
    assert (found.live.rows, found.live.total) == (480, 1600)
    assert any("only rows that were held out" in note for note in found.notes)


def test_a_data_source_without_the_input_columns_is_refused_with_their_names(store, deployed):
    Sources(store).sample("iris")
    with pytest.raises(BadRequest, match="iris lacks columns that shop-lr takes: age, income, city, visits") as caught:
        gather(store, "shop", on="iris")
    assert caught.value.about["columns"] == INPUTS


def test_hours_and_a_data_source_are_not_asked_for_together(store, deployed):
    with pytest.raises(BadRequest, match="either 'on' or 'hours'"):
        gather(store, "shop", on="shop", hours=3)
