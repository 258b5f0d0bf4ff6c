"""Evidence gathered of a real run: trained, promoted, deployed and asked in this process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.advisors_cases import tables
from tests.benchmarks.advisors_cases.room import Room, Served
from workbench import requests
from workbench.advisors.advice import Advice
from workbench.advisors.deployment_reviewer.advisor import advise
from workbench.advisors.deployment_reviewer.evidence import ReviewEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.consulting import consultations
from workbench.consulting.consultation import Subject
from workbench.consulting.gathering import review
from workbench.errors import Conflict, NotFound
from workbench.runs.record import RunRecord
from workbench.store.artifacts import PIPELINE, Key
from workbench.store.tables import ConsultationRow, now

GOAL = "Catch as many buyers as possible"
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    opened = Room(tmp_path_factory.mktemp("reviewed"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def run(room: Room) -> RunRecord:
    """A comparison on a table whose rows are counted, which has gaps too."""
    random = np.random.default_rng(5)
    frame = tables.gaps(random, tables.classes(random, 600), "income", 0.05).assign(customer_id=range(600))
    source = room.source(frame, "buyers")
    return room.train(source, target="y", plan="compare", include=["lr", "dt", "dummy"], folds=3)


@pytest.fixture(scope="module")
def served(room: Room, run: RunRecord) -> Served:
    """Its model behind a slug, asked for rows of which some have gaps and a city that is new."""
    deployment = room.deploy(run, days_ago=9)
    random = np.random.default_rng(6)
    rows = tables.gaps(random, tables.classes(random, 200), "age", 0.2).assign(customer_id=range(200))
    room.ask(deployment, rows.assign(city=np.where(np.arange(200) % 4 == 0, "Kiel", rows["city"])))
    return deployment


@pytest.fixture(scope="module")
def of_run(room: Room, run: RunRecord) -> ReviewEvidence:
    return review.gather(room.store, run.id, goal=GOAL, budget_s=PATIENCE_S)


@pytest.fixture(scope="module")
def of_deployment(room: Room, served: Served) -> ReviewEvidence:
    return review.gather(room.store, served.record.id, budget_s=PATIENCE_S)


def test_a_run_tells_its_model_its_board_and_its_table(of_run: ReviewEvidence, run: RunRecord) -> None:
    reviewed = of_run.reviewed
    assert (of_run.subject, reviewed.model, reviewed.pipeline_id) == ("run", run.best, None)
    assert reviewed.rows_learned == 420
    assert reviewed.classes.keys() == {"yes", "no"}
    assert {rival.model for rival in of_run.rivals or ()} == {"lr", "dt", "dummy"} - {run.best}
    assert of_run.look is not None
    assert [found.code for found in of_run.look.of("column.identifier")] == ["column.identifier"]
    assert of_run.gaps == {"income": pytest.approx(0.05, abs=0.03)}


def test_it_is_examined_on_the_rows_held_out(of_run: ReviewEvidence) -> None:
    examination = of_run.examination
    assert examination is not None
    assert examination.rows_examined == 180
    assert examination.preparation is not None and examination.calibration is not None
    assert examination.learning is None


def test_evidence_of_a_real_run_survives_json(of_run: ReviewEvidence) -> None:
    assert ReviewEvidence.model_validate_json(of_run.model_dump_json()) == of_run


def test_versions_are_those_that_made_it_and_those_that_are_here(of_run: ReviewEvidence) -> None:
    found = {version.library: version for version in of_run.versions}
    assert found["scikit-learn"].made == found["scikit-learn"].now
    assert "python" in found


def test_a_promoted_pipeline_gives_the_same_as_its_run(room: Room, served: Served, of_run: ReviewEvidence) -> None:
    found = review.gather(room.store, served.pipeline.id, goal=GOAL, budget_s=PATIENCE_S)
    own = {"subject": "pipeline", "reviewed": found.reviewed}
    assert found.model_copy(update={"examination": None}) == of_run.model_copy(update={**own, "examination": None})
    assert found.reviewed.model_copy(update={"name": "", "pipeline_id": None}) == of_run.reviewed.model_copy(
        update={"name": ""}
    )


def test_a_deployment_tells_what_it_was_asked(of_deployment: ReviewEvidence) -> None:
    told = of_deployment.served
    assert told is not None
    assert (told.requests, told.rows_logged, told.drift_advice_days) == (200, 200, None)
    assert told.days_served == pytest.approx(9, abs=0.1)
    columns = {column.name: column for column in told.columns}
    assert columns["age"].missing == pytest.approx(0.2, abs=0.1)
    assert (columns["city"].unknown, columns["city"].unknown_values) == (0.25, ("Kiel",))
    assert columns["channel"].unknown == 0


def test_what_is_suggested_is_accepted_as_a_request(room: Room, of_run: ReviewEvidence) -> None:
    advice = advise(of_run, Thresholds.default())
    config: dict[str, Any] = dict(advice.suggested_config or {})
    assert config["sort"] == "Recall"
    assert config["setup"]["ignore_features"] == ["customer_id"]
    source, spec = requests.resolve(room.store, room.workbench.data, config.pop("data"), config)
    assert (source.id, spec.sort, spec.plan) == (
        of_run.request["data"] if of_run.request else None,
        "Recall",
        "compare",
    )


def test_a_segment_that_is_named_is_looked_at_though_it_is_left_out(room: Room) -> None:
    random = np.random.default_rng(8)
    frame = tables.classes(random, 600).assign(group=random.choice(["A", "B"], 600))
    asked = {"target": "y", "plan": "create", "model": "lr", "folds": 3, "setup": {"ignore_features": ["group"]}}
    found = review.gather(
        room.store, room.train(room.source(frame, "groups"), **asked).id, segment="group", budget_s=PATIENCE_S
    )
    assert found.examination is not None
    assert {segment.value for segment in found.examination.segments or ()} == {"A", "B"}


def test_a_regressor_tells_the_spread_of_its_target(room: Room) -> None:
    frame = tables.numbers(np.random.default_rng(9), 300)
    run = room.train(room.source(frame, "sums"), target="y", plan="create", model="ridge", folds=3)
    found = review.gather(room.store, run.id, budget_s=PATIENCE_S)
    assert found.reviewed.classes == {}
    assert found.reviewed.target_std == pytest.approx(frame["y"].std(), rel=0.2)
    assert advise(found, Thresholds.default()).verdict == "APPROVE"


def test_bytes_that_were_changed_are_told_and_not_loaded(room: Room) -> None:
    frame = tables.classes(np.random.default_rng(10), 200)
    run = room.train(room.source(frame, "spoiled"), target="y", plan="create", model="lr", folds=3)
    path = room.store.settings.home / "artifacts" / str(Key("runs", run.id, PIPELINE))
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    found = review.gather(room.store, run.id)
    assert not found.artifact.verifies
    assert found.examination is None
    assert advise(found, Thresholds.default()).verdict == "DO NOT DEPLOY: its bytes are not what was stored"


def test_a_run_without_a_model_cannot_be_reviewed(room: Room) -> None:
    frame = tables.classes(np.random.default_rng(11), 200)
    run = room.train(room.source(frame, "set-up"), target="y", plan="setup", folds=3)
    with pytest.raises(Conflict, match="keeps no fitted model") as caught:
        review.gather(room.store, run.id)
    assert caught.value.code == "advice.not_possible"


def test_what_there_is_not_is_not_found(room: Room) -> None:
    with pytest.raises(NotFound):
        review.gather(room.store, "0" * 36)


def test_a_table_that_was_deleted_leaves_no_request(room: Room) -> None:
    frame = tables.classes(np.random.default_rng(12), 200)
    source = room.source(frame, "dropped")
    run = room.train(source, target="y", plan="create", model="lr", folds=3)
    room.workbench.data.delete(source.id)
    found = review.gather(room.store, run.id)
    assert found.request is None


def test_drift_advice_is_counted_from_its_day(room: Room, served: Served, of_deployment: ReviewEvidence) -> None:
    subject = Subject("deployment", served.record.id, served.record.slug)
    told = (of_deployment, Advice(verdict="NO ACTION", reasoning_summary=""))
    kept = consultations.keep(room.store, "drift_analyst", subject, {}, told, by="ada", began=now())
    with room.store.database.write() as session:
        session.get_one(ConsultationRow, kept.id).advised_at = now() - timedelta(days=3)
    found = review.gather(room.store, served.record.id).served
    assert found is not None and found.drift_advice_days == pytest.approx(3, abs=0.01)
