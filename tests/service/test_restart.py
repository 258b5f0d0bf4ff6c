"""What hangs is replaced, and what a killed service served and carried is there again with the next."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil
import pytest

from tests.server.calling import Caller
from workbench.batch import Batch
from workbench.serving.deployment import Predictor
from workbench.settings import Settings
from workbench.workbench import connect

ROW = {"sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 1.4, "petal_width_cm": 0.2}
ROWS = 30_000
PATIENCE_S = 3.0
"""Longest that a predictor may take here."""
WARM_S = 120.0
"""Longest that a service may take from its start until something is answered or fitted."""


@pytest.fixture(scope="module")
def home(tmp_path_factory, end):
    """A workbench whose service may be ended."""
    home = tmp_path_factory.mktemp("restarted")
    opened = connect(Settings(home=home, database_url="", artifact_url="", predict_timeout_s=PATIENCE_S))
    yield opened
    end(opened)


@pytest.fixture(scope="module")
def deployment(home):
    run = home.runs.submit(home.data.sample("iris"), target="species", plan="create", model="nb", folds=2, seed=1)
    assert run.wait(timeout_s=WARM_S).status == "succeeded"
    return home.deployments.deploy(run, slug="iris-restarted")


@pytest.fixture(scope="module")
def table(home, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "many.csv"
    path.write_text("\n".join([",".join(ROW), *[",".join(map(str, ROW.values()))] * ROWS]))
    return home.data.upload(path)


@dataclass(frozen=True)
class Left:
    """What a service left when it was killed: answers that it had counted, and two batches of which one died too."""

    counted: int
    alive: tuple[Batch, psutil.Process]
    dead: Batch


@pytest.fixture(scope="module")
def left(home, deployment, table, hold, eventually) -> Iterator[Left]:
    # What counts is written down once a second; the sample was asked for when it was deployed.
    assert label(deployment) == "setosa"
    assert eventually(lambda: answered(deployment) == 2)
    alive, going_on = hold(lambda: deployment.batch(table))
    dead, dying = hold(lambda: deployment.batch(table))
    os.kill(home.service.state().pid, signal.SIGKILL)
    dying.kill()
    eventually(lambda: home.service.state() is None)
    home.service.start()
    yield Left(2, (alive, going_on), dead)
    with suppress(psutil.NoSuchProcess):
        going_on.resume()


def label(deployment) -> str:
    return deployment.predict([ROW], timeout_s=WARM_S)["predictions"][0]["prediction"]


def answered(deployment) -> int:
    """Requests that were answered; those that came too early were refused, and are counted too."""
    record = deployment.record
    return record.request_count - record.error_count


def test_a_deployment_that_was_ready_answers_again_and_goes_on_counting(deployment, left, eventually):
    assert label(deployment) == "setosa"
    assert (deployment.status, deployment.slug) == ("ready", "iris-restarted")
    assert eventually(lambda: answered(deployment) == left.counted + 1)


def test_a_batch_goes_on_by_itself_and_the_next_service_adopts_it(left):
    batch, process = left.alive
    assert batch.status == "running"
    process.resume()
    assert batch.wait(timeout_s=60).status == "succeeded"
    assert len(batch.frame()) == ROWS


def test_a_batch_that_ended_with_its_service_is_carried_again_from_the_start(home, left):
    done = left.dead.wait(timeout_s=60)
    assert (done.status, done.error, done.rows_done) == ("succeeded", None, ROWS)
    assert len(left.dead.frame()) == ROWS
    whole = {f"{batch.id}.csv" for batch in (left.dead, left.alive[0])}
    assert {path.name for path in home.settings.predictions.iterdir()} == whole


def predictor(deployment, predictor_id: str) -> Predictor:
    return next(one for one in deployment.predictors() if one.id == predictor_id)


@pytest.mark.usefixtures("left")
def test_while_a_predictor_hangs_callers_are_told_to_come_again_and_another_one_comes(home, deployment, eventually):
    label(deployment)
    hung = next(one for one in deployment.predictors() if one.status == "ready")
    psutil.Process(hung.process_id).suspend()
    caller = Caller(home.service.state().api_port, home.service.state().api_token)
    refused = caller.predict(deployment.slug, {"rows": [ROW]})
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "deployment.unavailable", "1")
    answered = eventually(lambda: (now := caller.predict(deployment.slug, {"rows": [ROW]})).status == 200 and now)
    caller.close()
    assert answered.body["predictions"][0]["prediction"] == "setosa"
    assert eventually(lambda: not psutil.pid_exists(hung.process_id))
    # That its process is gone is seen here before the service tells.
    found = eventually(lambda: (now := predictor(deployment, hung.id)).status == "failed" and now)
    assert found.error == "It did not answer within 3 s."
    assert deployment.status == "ready"
