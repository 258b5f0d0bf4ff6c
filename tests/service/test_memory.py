"""The even share of memory: of what a machine, or the container that we are in, has left."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from workbench.preflight.machine import free
from workbench.service.memory import FREE_PART, LEAST, even_share

GIB = 2**30
UNLIMITED = 9223372036854771712
"""What the first version of control groups tells where nothing is limited."""


@pytest.fixture
def group(tmp_path: Path):
    """Write what a container's control group tells, in bytes."""

    def group(limit: int | str, usage: int, cache: int) -> Path:
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        (tmp_path / "memory.current").write_text(f"{usage}\n")
        (tmp_path / "memory.stat").write_text(f"anon {usage - cache}\nfile {cache}\ninactive_file {cache}\n")
        return tmp_path

    return group


@pytest.fixture
def older_group(tmp_path: Path):
    """Write the same as the first version of control groups tells it."""

    def older_group(limit: int, usage: int, cache: int) -> Path:
        (tmp_path / "memory").mkdir()
        (tmp_path / "memory" / "memory.limit_in_bytes").write_text(f"{limit}\n")
        (tmp_path / "memory" / "memory.usage_in_bytes").write_text(f"{usage}\n")
        (tmp_path / "memory" / "memory.stat").write_text(f"inactive_file 0\ntotal_inactive_file {cache}\n")
        return tmp_path

    return older_group


def test_the_page_cache_of_a_container_counts_as_free(group):
    assert free(group(limit=GIB, usage=GIB - 4096, cache=GIB // 2)) == GIB // 2 + 4096


def test_so_it_does_under_older_control_groups(older_group):
    assert free(older_group(limit=GIB, usage=GIB - 4096, cache=GIB // 2)) == GIB // 2 + 4096


def test_a_container_that_is_over_its_limit_has_nothing_free(group):
    assert free(group(limit=GIB, usage=GIB + 4096, cache=0)) == 0


def test_without_a_limit_the_machine_decides(group, older_group, tmp_path):
    def is_machines(told: int) -> bool:
        return abs(told - psutil.virtual_memory().available) < GIB

    assert is_machines(free(tmp_path / "nothing is told"))
    assert is_machines(free(group(limit="max", usage=GIB, cache=0)))
    assert is_machines(free(older_group(limit=UNLIMITED, usage=GIB, cache=0)))


def test_what_is_free_is_shared_evenly(group):
    groups = group(limit=4 * GIB, usage=GIB, cache=0)
    assert even_share(1, groups) == int(free(groups) * FREE_PART)
    assert even_share(4, groups) == int(free(groups) * FREE_PART) // 4


def test_a_share_is_never_less_than_what_a_model_needs(group):
    assert even_share(8, group(limit=GIB, usage=GIB, cache=0)) == LEAST
