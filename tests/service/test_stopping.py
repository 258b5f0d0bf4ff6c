"""Stopping a service that comes or goes at that very moment."""

from __future__ import annotations

import pytest

from workbench.errors import EngineFault
from workbench.service import lifecycle
from workbench.service.lifecycle import ServiceLock
from workbench.settings import Settings


@pytest.fixture
def place(settings: Settings) -> ServiceLock:
    """The place of a service that has told nothing of itself yet."""
    held = ServiceLock(settings)
    assert held.hold()
    return held


def test_a_service_that_ends_before_it_is_asked_to_has_stopped(settings, place, monkeypatch):
    def leave(_: Settings) -> None:
        place.release()

    monkeypatch.setattr(lifecycle, "state", leave)
    assert lifecycle.stop(settings) is True


def test_a_service_that_does_not_tell_its_process_does_not_stop(settings, place, monkeypatch):
    monkeypatch.setattr(lifecycle, "START_PATIENCE_S", 0.1)
    with pytest.raises(EngineFault, match="does not tell its process"):
        lifecycle.stop(settings)
    place.release()
