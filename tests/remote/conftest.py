"""What these tests share: one home, held in the hand and reached over HTTP with an owner's key."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

import workbench
from tests.remote.cutting import Cutter
from workbench.remote import Workbench as Remote


@pytest.fixture(scope="session")
def secret(warm) -> str:
    """A key that is good for all that the home's owner may do."""
    return warm.keys.create("the client's tests", "*", days=1).secret


@pytest.fixture(scope="session")
def address(warm) -> str:
    return f"http://127.0.0.1:{warm.service.state().api_port}"


@pytest.fixture(scope="session")
def remote(address, secret) -> Iterator[Remote]:
    """The warm home, over HTTP."""
    with workbench.connect(address, key=secret) as opened:
        yield opened


@pytest.fixture(params=["local", "remote"])
def wb(request: pytest.FixtureRequest) -> Any:
    """The warm home, from here and from elsewhere: what holds for one holds for the other."""
    return request.getfixturevalue("warm" if request.param == "local" else "remote")


@pytest.fixture(params=["local", "socket"])
def everywhere(request: pytest.FixtureRequest, warm) -> Iterator[Any]:
    """The warm home in the hands of its owner, whom no key holds to one workspace."""
    if request.param == "local":
        yield warm
        return
    with workbench.connect(f"unix://{warm.settings.api_socket}") as opened:
        yield opened


@pytest.fixture
def called() -> str:
    """A name that nothing else in the home has."""
    return f"remote-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def fitted(warm) -> Any:
    """A run of two models on the sample wine, which has ended."""
    source = warm.data.sample("wine")
    run = warm.runs.submit(source, target="cultivar", plan="compare", include=["nb", "dummy"], folds=2, seed=5)
    assert run.wait(timeout_s=120).status == "succeeded"
    return run


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens, and nobody begins to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def cutter(address) -> Iterator[Cutter]:
    """What lies between client and API, and cuts connections where it is told to."""
    with Cutter(int(address.rpartition(":")[2])) as opened:
        yield opened
