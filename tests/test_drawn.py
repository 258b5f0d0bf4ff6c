"""What is drawn once: one value for all, whole or not there, its owner's alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.drawn import once


def test_all_who_come_at_once_get_the_same(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda number: once(tmp_path / "token", lambda: str(number)), range(8)))
    assert len(set(drawn)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_draw_that_fails_leaves_nothing(tmp_path):
    def fail() -> str:
        raise OSError("no randomness")

    with pytest.raises(OSError, match="no randomness"):
        once(tmp_path / "token", fail)
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_reads_it(tmp_path):
    once(tmp_path / "token", lambda: "x")
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
