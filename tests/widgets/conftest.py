from __future__ import annotations

from collections.abc import Iterator

import pytest
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder

import workbench
from tests.registry.conftest import finished, judged, pipelines, promoted, submitted  # noqa: F401
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.settings import Settings
from workbench.store.store import Store


@pytest.fixture
def iris(store: Store) -> Source:
    return Sources(store).sample("iris")


@pytest.fixture
def home(settings: Settings) -> Iterator[workbench.Workbench]:
    """A home without a service."""
    opened = workbench.connect(settings)
    yield opened
    opened.close()


@pytest.fixture
def feeder(home: workbench.Workbench) -> Iterator[Feeder]:
    made = Feeder(home)
    yield made
    made.close()


@pytest.fixture
def desk(home: workbench.Workbench) -> Desk:
    return Desk(home)


@pytest.fixture(scope="session")
def compared(warm: workbench.Workbench) -> workbench.Run:
    """A comparison on wine that is over."""
    run = warm.runs.submit(warm.data.sample("wine"), target="cultivar", include=["nb", "ridge", "dt"], folds=2)
    assert run.wait(60).status == "succeeded"
    return run
