"""The bell at the service's door."""

from __future__ import annotations

import select

import pytest

from workbench.service.bell import NAME, Bell, ring
from workbench.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def is_rung(bell: Bell) -> bool:
    return bool(select.select(bell.descriptors, [], [], 0)[0])


def test_it_is_heard_until_it_is_hushed_however_often_it_was_rung(settings):
    bell = Bell(settings)
    assert not is_rung(bell)
    ring(settings)
    ring(settings)
    assert is_rung(bell)
    bell.hush()
    assert not is_rung(bell)
    bell.close()


def test_ringing_where_nobody_listens_does_nothing(settings):
    ring(settings)
    Bell(settings).close()
    ring(settings)
    bell = Bell(settings)
    assert not is_rung(bell)
    bell.close()


def test_where_there_can_be_no_bell_the_service_does_without(settings):
    (settings.home / NAME).write_text("a file, not a pipe")
    bell = Bell(settings)
    assert bell.descriptors == []
    bell.hush()
    bell.close()
