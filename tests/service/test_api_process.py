"""The API as its service sees it: one that hangs is replaced like one that died; a pause of the machine is no hang."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.serving.conftest import pipelines  # noqa: F401 - a fixture
from tests.serving.listener import Listener
from workbench.service import api
from workbench.service.api import ApiProcess
from workbench.serving import deployments, predictors
from workbench.serving.deployment import LIVE

SAYS = b'[{"index":0,"prediction":1.0}]'


@pytest.fixture
def started(settings) -> Iterator[ApiProcess]:
    process = ApiProcess(settings, "secret")
    yield process
    process.close()


def noted(settings) -> int:
    return int((settings.home / "api.port").read_text())


def test_the_port_of_last_time_stays_noted_while_somebody_else_has_it(settings, monkeypatch):
    monkeypatch.setattr(api, "LEAVING_S", 0)
    with api._bound(settings) as taken:
        port = taken.getsockname()[1]
        with api._bound(settings) as other:
            assert other.getsockname()[1] != port
        assert noted(settings) == port
    with api._bound(settings) as again:
        assert again.getsockname()[1] == port


def test_a_port_that_is_about_to_be_left_is_waited_for(settings, monkeypatch):
    leaving = api._bound(settings)
    port = leaving.getsockname()[1]
    monkeypatch.setattr(api.time, "sleep", lambda _: leaving.close())
    with api._bound(settings) as again:
        assert again.getsockname()[1] == noted(settings) == port


@pytest.fixture
def api_of(living, settings, eventually):
    """Find the process that is the API of this home, as soon as it runs its own program."""

    def find() -> psutil.Process | None:
        found = [process for process in living(settings.home) if "workbench.server" in process.cmdline()]
        return found[0] if found else None

    return lambda: eventually(find)


@pytest.fixture
def bring(store, pipelines, tmp_path_factory):  # noqa: F811
    """Bring a predictor that answers whatever it is asked, for the deployment ``juice``."""
    record = deployments.create(store, "juice", pipelines[0], by="ana", access="public")
    deployments.warm(store, "juice", by="ana")
    deployments.became_ready(store, record.id, by="service")
    folder, listeners = tmp_path_factory.mktemp("s"), []

    def bring() -> None:
        path: Path = folder / str(len(listeners))
        listeners.append(Listener(path, says=SAYS))
        listeners[-1].lets.release(100)
        predictor_id = predictors.ask_for(store, record.id, pipelines[0], LIVE)
        assert predictors.started(store, predictor_id, 1, 1.0)
        assert predictors.ready(store, predictor_id, str(path), {})

    yield bring
    for listener in listeners:
        listener.close()


def test_an_api_whose_service_is_gone_ends_though_its_last_sign_of_life_was_not_read(started, eventually):
    started._pulse.settimeout(60)
    assert started._pulse.recv(1, socket.MSG_PEEK)
    started._pulse.close()
    assert eventually(lambda: started._process.poll() is not None)


def predict(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/api/v1/deployments/juice/predict", json.dumps({"rows": [{}]}))
    status = connection.getresponse().status
    connection.close()
    return status


def test_an_api_that_hangs_is_replaced_and_what_it_counted_is_kept(
    started, store, bring, api_of, eventually, monkeypatch
):
    monkeypatch.setattr(api, "SILENT_S", 2)
    bring()
    assert predict(started.port) == 200
    eventually(lambda: deployments.get(store, "juice").request_count == 1)
    hung = api_of()
    hung.suspend()
    # The next one finds both; one that stands still learns of nothing.
    bring()
    eventually(lambda: not started.tend() and not hung.is_running())
    assert predict(started.port) == 200
    eventually(lambda: deployments.get(store, "juice").request_count == 2)


def test_a_machine_that_stood_still_for_hours_has_nothing_replaced(started, api_of, monkeypatch, caplog):
    before = api_of()
    before.suspend()
    present = time.monotonic
    for hours in range(1, 4):
        monkeypatch.setattr(api.time, "monotonic", lambda hours=hours: present() + hours * 3600)
        started.tend()
    before.resume()
    assert "no sign of life" not in caplog.text
