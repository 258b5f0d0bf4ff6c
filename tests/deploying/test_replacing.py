"""A predictor that is killed, hangs or cannot load its pipeline is replaced, and the deployment answers on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil

from tests.deploying.answers import label, live
from workbench.serving import predictors


def test_a_predictor_that_is_killed_is_replaced_and_nothing_is_forgotten(deployment, eventually):
    label(deployment)
    counted = eventually(lambda: deployment.record.request_count)
    gone = live(deployment)
    os.kill(gone.process_id, signal.SIGKILL)
    assert label(deployment) == "virginica"
    assert live(deployment).id != gone.id
    assert deployment.status == "ready"
    assert eventually(lambda: deployment.record.request_count > counted)


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
