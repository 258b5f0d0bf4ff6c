"""From a run to answers and back: one call, undone where it fails, swapped and killed without a wrong answer."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from sqlalchemy import select

from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import BadRequest, Conflict, EngineFault, NotFound
from workbench.serving import predictors
from workbench.store.artifacts import Key
from workbench.store.tables import PredictorRow
from workbench.workbench import connect

ROW = {"sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 1.4, "petal_width_cm": 0.2}


@pytest.fixture(scope="module")
def runs(warm) -> dict[str, Any]:
    """Two models of one table; the dummy always says the same."""
    source = warm.data.sample("iris")
    found = {
        model: warm.runs.submit(source, target="species", plan="create", model=model, folds=2, seed=1)
        for model in ("nb", "dummy")
    }
    for run in found.values():
        assert run.wait(timeout_s=60).status == "succeeded"
    return found


@pytest.fixture(scope="module")
def pipelines(warm, runs) -> dict[str, Any]:
    return {model: warm.registry.promote(run) for model, run in runs.items()}


@pytest.fixture(scope="module")
def deployment(warm, pipelines):
    made = warm.deployments.deploy(pipeline=pipelines["nb"].id, slug="iris-deployed")
    yield made
    made.delete()


def live(deployment):
    """The predictor that answers; one that was swapped out may be there still."""
    answers = deployment.record.pipeline_id
    found = (one for one in deployment.predictors() if one.pipeline_id == answers and one.status == "ready")
    return next(found)


def label(deployment) -> str:
    return deployment.predict([ROW | {"petal_length_cm": 6.0, "petal_width_cm": 2.2}])["predictions"][0]["prediction"]


def names(warm) -> set[str]:
    return {record.slug for record in warm.deployments.records()}


def test_one_call_makes_a_deployment_that_answers(deployment):
    assert deployment.status == "ready"
    assert label(deployment) == "virginica"
    assert deployment.engine["path"] in ("compiled", "partly compiled", "original")


@pytest.mark.parametrize("by_key", [True, False], ids=["by a key", "viewer"])
def test_where_on_the_server_it_answers_is_told_to_whoever_works_there(warm, deployment, by_key):
    actor = Actor("ana", Role.EDITOR, key_id="a key") if by_key else Actor("vera", Role.VIEWER)
    here = live(deployment)
    assert here.address
    assert here.process_id
    told = warm.on_behalf_of(actor).deployments.get(deployment.id).predictors()
    assert {(one.address, one.process_id, one.process_started) for one in told} == {(None, None, None)}
    assert here.id in [one.id for one in told]


def test_the_audit_log_tells_each_step(deployment):
    told = [line.action for line in reversed(deployment.history())]
    assert told[:3] == ["deployment.created", "deployment.warming", "deployment.ready"]


def test_deploying_a_run_promotes_it_first(warm, runs, pipelines):
    made = warm.deployments.deploy(runs["dummy"], slug="iris-of-a-run")
    assert made.pipeline.id == pipelines["dummy"].id
    made.delete()


@pytest.mark.parametrize(
    ("asked", "error", "code"),
    [
        ({"slug": "No"}, BadRequest, "deployment.slug_invalid"),
        ({"slug": "iris-deployed"}, Conflict, "deployment.slug_taken"),
        ({"slug": "iris-new", "access": "nobody"}, BadRequest, "deployment.access_invalid"),
        ({"slug": "iris-new", "follow": "nobody"}, NotFound, "alias.not_found"),
    ],
    ids=lambda value: value["slug"] if isinstance(value, dict) else None,
)
def test_what_cannot_be_deployed_is_refused_before_anything_is_made(warm, deployment, runs, asked, error, code):
    before = names(warm), len(warm.registry.list())
    with pytest.raises(error) as raised:
        warm.deployments.deploy(runs["nb"], **asked)
    assert raised.value.code == code
    assert (names(warm), len(warm.registry.list())) == before


def test_a_run_and_a_pipeline_are_not_deployed_at_once(warm, runs, pipelines):
    with pytest.raises(BadRequest, match="not both"):
        warm.deployments.deploy(runs["nb"], pipeline=pipelines["nb"].id, slug="iris-new")


def test_a_run_that_is_not_there_cannot_be_deployed(warm):
    with pytest.raises(NotFound):
        warm.deployments.deploy("00000000", slug="iris-new")


def test_bytes_that_are_not_what_was_promoted_are_never_loaded(warm, runs):
    tampered = warm.registry.promote(runs["dummy"], name="tampered")
    store = warm._store
    path = Path(store.artifacts.url) / str(Key("pipelines", tampered.id, "pipeline.pkl"))
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(Conflict) as raised:
        warm.deployments.deploy(pipeline="tampered", slug="iris-tampered")
    assert (raised.value.code, raised.value.about["step"]) == ("deployment.step_failed", "warm")
    assert "SHA-256" in raised.value.message
    assert "iris-tampered" not in names(warm)
    assert any(line.action == "pipeline.hash_mismatch" for line in warm.audit.list(subject_id=tampered.id))


@pytest.fixture(scope="module")
def unpromoted(warm):
    run = warm.runs.submit(warm.data.get("iris"), target="species", plan="create", model="dt", folds=2, seed=1)
    assert run.wait(timeout_s=60).status == "succeeded"
    return run


@pytest.mark.parametrize(
    ("step", "refuses", "says"),
    [("warm", Conflict, "'warm': .*SHA-256"), ("check", KeyboardInterrupt, "enough")],
)
def test_of_what_fails_after_it_was_promoted_nothing_half_made_is_left(
    warm, unpromoted, step, refuses, says, eventually
):
    folder = Path(warm._store.artifacts.url) / "pipelines"
    before = names(warm), {found.id for found in warm.registry.list()}, set(folder.iterdir())
    made: list[str] = []

    def tell(began: str) -> None:
        if began != step:
            return
        (pipeline,) = {found.id for found in warm.registry.list()} - before[1]
        made.append(pipeline)
        if step == "check":
            raise KeyboardInterrupt("enough")
        path = folder / pipeline / "pipeline.pkl"
        path.write_bytes(path.read_bytes() + b"!")

    with pytest.raises(refuses, match=says):
        warm.deployments.deploy(unpromoted, slug="iris-half-made", tell=tell)
    assert len(made) == 1
    assert (names(warm), {found.id for found in warm.registry.list()}, set(folder.iterdir())) == before
    with warm._store.database.read() as session:
        theirs = session.scalars(select(PredictorRow.id).where(PredictorRow.pipeline_id == made[0])).all()
    assert theirs
    eventually(lambda: all(predictors.get(warm._store, one).status in ("ended", "failed") for one in theirs))


def test_a_swap_loses_no_request_and_mixes_no_answers(warm, deployment, pipelines):
    expected = {pipelines["nb"].id: "virginica", pipelines["dummy"].id: label_of_dummy(deployment, pipelines)}
    deployment.swap(pipelines["nb"])
    seen, wrong, over = set(), [], threading.Event()

    def ask() -> None:
        mine = warm.deployments.get("iris-deployed")
        while not over.is_set():
            try:
                seen.add(label(mine))
            except Exception as error:  # noqa: BLE001 - whatever comes is what the test is about
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    deployment.swap(pipelines["dummy"])
    deployment.rollback()
    over.set()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert seen <= set(expected.values())
    assert deployment.record.error_count == 0


def label_of_dummy(deployment, pipelines) -> str:
    deployment.swap(pipelines["dummy"])
    return label(deployment)


def test_a_roll_back_serves_what_was_served_before(deployment, pipelines):
    deployment.swap(pipelines["nb"])
    deployment.swap(pipelines["dummy"])
    assert deployment.rollback().pipeline_id == pipelines["nb"].id
    assert label(deployment) == "virginica"


def test_a_predictor_that_is_killed_is_replaced_and_nothing_is_forgotten(deployment, eventually):
    label(deployment)
    counted = eventually(lambda: deployment.record.request_count)
    gone = live(deployment)
    os.kill(gone.process_id, signal.SIGKILL)
    assert label(deployment) == "virginica"
    assert live(deployment).id != gone.id
    assert deployment.status == "ready"
    assert eventually(lambda: deployment.record.request_count > counted)


def test_a_predictor_that_was_swapped_out_ends(deployment, pipelines, eventually):
    before = live(deployment)
    deployment.swap(pipelines["dummy"])
    assert eventually(lambda: not psutil.pid_exists(before.process_id))
    deployment.rollback()


def test_a_predictor_that_hangs_is_ended_and_replaced(warm, deployment, eventually):
    gone = live(deployment)
    os.kill(gone.process_id, signal.SIGSTOP)
    predictors.hang(warm._store, gone.id, "It did not answer within 60 s.")
    assert eventually(lambda: not psutil.pid_exists(gone.process_id))
    assert label(deployment) == "virginica"


def test_a_storage_that_is_away_for_a_moment_fails_no_deployment(warm, deployment, eventually):
    url = Path(warm._store.artifacts.url)
    gone = live(deployment)
    url.rename(url.with_name("away"))
    try:
        os.kill(gone.process_id, signal.SIGKILL)
        eventually(
            lambda: any(one.status == "failed" and "not in" in (one.error or "") for one in deployment.predictors())
        )
    finally:
        url.with_name("away").rename(url)
    assert label(deployment) == "virginica"
    assert deployment.status == "ready"


def test_a_pipeline_that_takes_other_columns_is_swapped_in_only_where_that_is_allowed(
    warm, deployment, runs, pipelines
):
    less = warm.runs.submit(
        from_run=runs["nb"], plan="create", model="nb", setup={"ignore_features": ["sepal_width_cm"]}
    )
    assert less.wait(timeout_s=60).status == "succeeded"
    other = warm.registry.promote(less)
    with pytest.raises(Conflict) as raised:
        deployment.swap(other.id)
    assert raised.value.code == "deployment.other_columns"
    assert deployment.swap(other.id, other_columns=True).pipeline_id == other.id
    assert deployment.rollback().pipeline_id == pipelines["nb"].id


@pytest.fixture(scope="module")
def stranger(warm):
    """A pipeline that predicts something else."""
    wine = warm.runs.submit(warm.data.sample("wine"), target="cultivar", plan="create", model="nb", folds=2, seed=1)
    assert wine.wait(timeout_s=60).status == "succeeded"
    return warm.registry.promote(wine)


@pytest.mark.parametrize(
    "take",
    [
        lambda deployment, pipeline: deployment.swap(pipeline.id, other_columns=True),
        lambda deployment, pipeline: deployment.shadow(pipeline.id),
    ],
    ids=["swap", "shadow"],
)
def test_a_pipeline_that_predicts_something_else_neither_takes_over_nor_shadows(deployment, stranger, take):
    before, answers = deployment.record, deployment.pipeline.name
    with pytest.raises(Conflict, match=f"is a classification of cultivar, while {answers}, which answers") as raised:
        take(deployment, stranger)
    assert raised.value.code == "deployment.not_comparable"
    after = deployment.record
    assert (after.pipeline_id, after.next_pipeline_id, after.shadow_pipeline_id) == (before.pipeline_id, None, None)


def test_a_shadow_answers_unheard_and_is_compared(deployment, pipelines, eventually):
    deployment.shadow(pipelines["dummy"])
    eventually(lambda: any(one.role == "shadow" and one.status == "ready" for one in deployment.predictors()))

    def compared() -> int:
        assert label(deployment) == "virginica"
        return deployment.shadow_report().compared

    assert eventually(compared)
    assert deployment.shadow_report().agreement < 1
    shadow = next(one for one in deployment.predictors() if one.role == "shadow")
    deployment.shadow(None)
    assert eventually(lambda: not psutil.pid_exists(shadow.process_id))


def test_a_deployment_goes_along_with_the_alias_that_it_follows(warm, deployment, pipelines):
    warm.registry.aliases.set("iris-champion", pipelines["nb"].id)
    deployment.follow("iris-champion")
    proposed = warm.registry.promotions.propose(pipelines["dummy"], "iris-champion", why="a test")
    for gate in proposed.open_gates:
        warm.registry.promotions.acknowledge(proposed, gate.name, by="Ana", why="a test")
    warm.registry.promotions.complete(proposed)
    assert deployment.record.pipeline_id == pipelines["dummy"].id
    deployment.follow(None)
    deployment.swap(pipelines["nb"])


@pytest.fixture
def followed(warm, deployment, pipelines):
    """A promotion that waits to be completed, of an alias that the deployment follows."""
    deployment.swap(pipelines["dummy"])
    deployment.swap(pipelines["nb"])
    warm.registry.aliases.set("iris-followed", pipelines["nb"].id)
    deployment.follow("iris-followed")
    proposed = warm.registry.promotions.propose(pipelines["dummy"], "iris-followed", why="a test")
    for gate in proposed.open_gates:
        warm.registry.promotions.acknowledge(proposed, gate.name, by="Ana", why="a test")
    yield proposed
    deployment.follow(None)


def test_a_promotion_that_is_interrupted_while_it_swaps_leaves_nothing_swapped(
    warm, deployment, followed, pipelines, eventually
):
    def interrupt() -> None:
        eventually(lambda: deployment.record.next_pipeline_id == pipelines["dummy"].id)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    before = deployment.record
    other = threading.Thread(target=interrupt)
    other.start()
    with pytest.raises(KeyboardInterrupt):
        warm.registry.promotions.complete(followed)
    other.join()
    after = deployment.wait()
    assert (after.pipeline_id, after.next_pipeline_id) == (pipelines["nb"].id, None)
    assert after.previous_pipeline_id == before.previous_pipeline_id
    assert warm.registry.aliases.get("iris-followed").pipeline_id == pipelines["nb"].id
    assert warm.registry.promotions.get(followed).status == "failed"
    assert label(deployment) == "virginica"


def test_a_deployment_that_was_swapped_along_goes_back_when_the_promotion_fails(warm, deployment, followed, pipelines):
    seen = []

    def fails(_) -> None:
        seen.append(deployment.record.pipeline_id)
        raise RuntimeError("what comes after it fails")

    before = deployment.record
    with pytest.raises(EngineFault) as raised:
        warm.registry.promotions.complete(followed, after=[fails])
    assert (seen, raised.value.about["not_put_back"]) == ([pipelines["dummy"].id], [])
    after = deployment.record
    assert (after.pipeline_id, after.next_pipeline_id) == (pipelines["nb"].id, None)
    assert after.previous_pipeline_id == before.previous_pipeline_id
    assert label(deployment) == "virginica"


def test_the_check_asks_for_no_more_rows_than_a_request_may_hold(warm, pipelines, eventually):
    with closing(connect(warm.settings.model_copy(update={"predict_rows": 3}))) as narrow:
        made = narrow.deployments.deploy(pipeline=pipelines["nb"].id, slug="iris-narrow")
        assert eventually(lambda: made.record.row_count) == 3
        made.delete()


def test_what_does_not_answer_when_it_is_checked_is_not_deployed(warm, pipelines):
    def tell(step: str) -> None:
        if step == "check":
            warm.deployments.get("iris-gone").stop()

    with pytest.raises(Conflict, match="iris-gone is stopped") as raised:
        warm.deployments.deploy(pipeline=pipelines["nb"].id, slug="iris-gone", tell=tell)
    assert (raised.value.code, raised.value.about["step"]) == ("deployment.step_failed", "check")
    assert "iris-gone" not in names(warm)


def test_a_batch_adds_predictions_to_a_whole_table(warm, deployment):
    batch = deployment.batch("iris")
    done = batch.wait(timeout_s=60)
    assert (done.status, done.rows_done, done.error) == ("succeeded", 150, None)
    frame, table = batch.frame(), warm.data.load(warm.data.get("iris"))
    assert list(frame.columns) == [*table.columns, "prediction_label", "prediction_score"]
    single = deployment.predict(table.drop(columns="species"))["predictions"]
    assert list(frame["prediction_label"]) == [one["prediction"] for one in single]


def test_a_batch_leaves_the_other_columns_of_a_table_as_they_were(warm, deployment, tmp_path):
    iris = warm.data.load(warm.data.get("iris")).head(4)
    notes = ['said "no", twice', "two\nlines", None, "=1+1"]
    odd = iris.assign(note=notes, seen=[True, None, False, True], prediction_label=[1e-9, None, 0.1 + 0.2, -7.0])
    odd.to_csv(tmp_path / "odd.csv", index=False)
    source = warm.data.upload(tmp_path / "odd.csv")
    batch = deployment.batch(source)
    assert batch.wait(timeout_s=60).status == "succeeded"
    frame = batch.frame()
    assert list(frame)[-2:] == ["prediction_label_2", "prediction_score"]
    pd.testing.assert_frame_equal(frame.iloc[:, :-2], warm.data.load(source))


def test_a_batch_on_a_table_that_lacks_columns_says_which(warm, deployment):
    done = deployment.batch(warm.data.sample("wine")).wait(timeout_s=60)
    assert done.status == "failed"
    assert "sepal_length_cm" in done.error


def test_a_batch_that_is_cancelled_has_no_process_and_no_file(warm, deployment, hold, eventually):
    batch = deployment.batch("iris")
    process = hold(batch)
    batch.cancel()
    done = batch.wait(timeout_s=60)
    assert (done.status, done.file) == ("cancelled", None)
    assert done.error.startswith("Cancelled by ")
    assert eventually(lambda: not process.is_running())
    assert not any(warm.settings.predictions.glob(f"{batch.id}*"))


def test_a_batch_that_is_deleted_leaves_nothing_and_one_that_runs_is_ended_first(warm, deployment, hold, eventually):
    over, running = deployment.batch("iris"), deployment.batch("iris")
    process = hold(running)
    path = over.wait(timeout_s=60) and over.path()
    for batch in (over, running):
        batch.delete()
        with pytest.raises(NotFound):
            warm.deployments.batch(batch.id)
    assert eventually(lambda: not process.is_running())
    assert not path.exists()


def test_what_is_stopped_has_no_process_and_can_be_swapped_and_warmed(deployment, pipelines, eventually):
    gone = live(deployment)
    deployment.stop()
    assert eventually(lambda: not psutil.pid_exists(gone.process_id))
    assert deployment.swap(pipelines["dummy"].id).status == "stopped"
    deployment.swap(pipelines["nb"].id)
    assert deployment.warm().status == "ready"
    assert label(deployment) == "virginica"
