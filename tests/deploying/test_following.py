"""A deployment goes along with the alias that it follows, and goes back where the promotion fails."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
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


@contextmanager
def no_predictor_comes(warm) -> Iterator[None]:
    """Hold up what the service's processes are forked from, so that a swap that has begun does not end."""
    service = psutil.Process(warm.service.state().pid)
    (forks,) = [child for child in service.children() if "workbench.service.forkserver" in child.cmdline()]
    forks.suspend()
    try:
        yield
    finally:
        forks.resume()


@contextmanager
def interrupted_once(condition: Callable[[], bool], eventually) -> Iterator[None]:
    """Interrupt the block when a condition holds, and never what comes after it."""
    is_over = threading.Event()

    def interrupt() -> None:
        eventually(lambda: is_over.is_set() or condition())
        if not is_over.is_set():
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()
    try:
        yield
    finally:
        is_over.set()
        other.join()


def test_a_promotion_that_is_interrupted_while_it_swaps_leaves_nothing_swapped(
    warm, deployment, followed, pipelines, eventually
):
    def is_swapping() -> bool:
        return deployment.record.next_pipeline_id == pipelines["dummy"].id

    before = deployment.record
    with no_predictor_comes(warm), pytest.raises(KeyboardInterrupt), interrupted_once(is_swapping, eventually):
        warm.registry.promotions.complete(followed)
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
