from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dask import config as configuration
from distributed import LocalCluster

from tests.training.dask.clusters import is_idle, observer, started, unit_processes


@pytest.fixture(scope="module", autouse=True)
def configured(tmp_path_factory) -> Iterator[None]:
    # A local cluster closes a worker for good that is not there some time after it was lost, also when lost again.
    options = {
        "distributed.deploy.lost-worker-timeout": "1h",
        "temporary-directory": str(tmp_path_factory.mktemp("dask")),
    }
    with configuration.set(options):
        yield


@pytest.fixture(scope="module")
def shared(configured: None) -> Iterator[LocalCluster]:
    """A cluster of two workers, each with one thread."""
    with started(2) as cluster:
        yield cluster
    assert unit_processes() == []


@pytest.fixture
def cluster(shared: LocalCluster, eventually) -> Iterator[LocalCluster]:
    """The same, left as it was found: both workers there, and nothing to do."""
    yield shared
    with observer(shared) as client:
        eventually(lambda: len(client.nthreads()) == 2)
        eventually(lambda: is_idle(client))


@pytest.fixture
def own_cluster() -> Iterator[Callable[..., LocalCluster]]:
    """Start clusters that a test may break."""
    open_ones = []

    def start(n_workers: int, **options: Any) -> LocalCluster:
        open_ones.append(started(n_workers, **options))
        return open_ones[-1]

    yield start
    for one in open_ones:
        one.close()
