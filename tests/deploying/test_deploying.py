"""From a run to answers: one call, and whatever fails on the way leaves nothing half made."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from tests.deploying.answers import label, live, names
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import BadRequest, Conflict, NotFound
from workbench.serving import predictors
from workbench.store.artifacts import Key
from workbench.store.tables import PredictorRow
from workbench.workbench import connect


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


@pytest.mark.parametrize(
    ("actor", "told"),
    [
        (Actor("ana", Role.OWNER, key_id="a key"), '  File "…/loading.py", line 7'),
        (Actor("vera", Role.VIEWER), '  File "…/loading.py", line 7'),
        (Actor("ed", Role.EDITOR), '  File "/srv/app/loading.py", line 7'),
    ],
    ids=["by a key", "viewer", "editor on the server"],
)
def test_a_log_tells_places_on_the_server_to_whoever_works_there(warm, deployment, actor, told):
    with warm._store.settings.process_log("predictor", live(deployment).id).open("a") as log:
        log.write('  File "/srv/app/loading.py", line 7\n')
    assert warm.on_behalf_of(actor).deployments.get(deployment.id).log(1) == [told]


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
    assert run.wait(timeout_s=240).status == "succeeded"
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


def test_what_is_stopped_has_no_process_and_can_be_swapped_and_warmed(deployment, pipelines, eventually):
    gone = live(deployment)
    deployment.stop()
    assert eventually(lambda: not psutil.pid_exists(gone.process_id))
    assert deployment.swap(pipelines["dummy"].id).status == "stopped"
    deployment.swap(pipelines["nb"].id)
    assert deployment.warm().status == "ready"
    assert label(deployment) == "virginica"
