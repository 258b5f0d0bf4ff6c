"""Whatever is sent, the API says no as it should, and goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.server.conftest import TOKEN, Api
from tests.server.fuzzing import Fuzz, send_all

REQUESTS = 700


@pytest.fixture
def api(serve, end) -> Iterator[Api]:
    made = serve(address_requests_per_minute=0, head_timeout_s=2, body_timeout_s=2)
    made.listeners[0].lets.release(10_000)
    yield made
    # Some of what was asked may have started the home's service.
    made.home.service.stop()


def test_nothing_that_is_sent_brings_about_a_fault(api, caplog):
    fuzz = Fuzz(api.ask("/openapi.json")[2]["paths"], TOKEN)
    with caplog.at_level(logging.ERROR):
        outcome = send_all(api.port, fuzz, range(REQUESTS))
    assert outcome.wrong == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert len({kind for kind, _ in outcome.statuses}) == 14
    assert api.predict()[0] in (200, 404, 409)
    assert api.ask("/health")[0] == 200
