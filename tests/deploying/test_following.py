"""A deployment goes along with the alias that it follows, and goes back where the promotion fails."""

from __future__ import annotations

import signal
import threading

import pytest

from tests.deploying.answers import label
from workbench.errors import EngineFault


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
