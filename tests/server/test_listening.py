"""Where the API listens, and that the service does without where nobody can."""

from __future__ import annotations

import socket

import pytest

from workbench.service import api
from workbench.service.api import ApiProcess


@pytest.fixture
def start(settings):
    started = []

    def start(**changed) -> ApiProcess:
        started.append(ApiProcess(settings.model_copy(update=changed), "secret"))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.mark.parametrize("noted", [b"", b"nonsense", b"-1", b"99999999", b"\xff"])
def test_a_port_noted_that_is_none_is_passed_over(settings, start, noted):
    (settings.home / "api.port").write_bytes(noted)
    port = start().port
    assert port
    assert (settings.home / "api.port").read_text() == str(port)


def test_an_address_that_is_taken_is_tried_again_until_it_is_free(start, monkeypatch, caplog):
    monkeypatch.setattr(api, "BIND_S", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(api_port=port)
        assert process.port is None
        assert f"127.0.0.1:{port}: Address already in use" in caplog.text
    process.tend()
    assert process.port == port


def test_sockets_in_a_folder_that_is_open_to_others_are_done_without(settings, start, caplog):
    settings.sockets.mkdir(mode=0o755)
    assert start().port
    assert "is open to others" in caplog.text
