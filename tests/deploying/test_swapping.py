"""Another pipeline behind a slug: no request is lost, no answer mixed up, and only what fits takes over or shadows."""

from __future__ import annotations

import threading

import psutil
import pytest

from tests.deploying.answers import label, live
from workbench.errors import Conflict


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


def test_a_predictor_that_was_swapped_out_ends(deployment, pipelines, eventually):
    before = live(deployment)
    deployment.swap(pipelines["dummy"])
    assert eventually(lambda: not psutil.pid_exists(before.process_id))
    deployment.rollback()


def test_a_pipeline_that_takes_other_columns_is_swapped_in_only_where_that_is_allowed(
    warm, deployment, runs, pipelines
):
    less = warm.runs.submit(
        from_run=runs["nb"], plan="create", model="nb", setup={"ignore_features": ["sepal_width_cm"]}
    )
    assert less.wait(timeout_s=240).status == "succeeded"
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
    assert wine.wait(timeout_s=240).status == "succeeded"
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
