from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest

from workbench import Run, Workbench
from workbench.runs import queue


@pytest.fixture(scope="session")
def process_of(eventually) -> Callable[[Workbench, Run], psutil.Process]:
    """Find the process that carries a run, waiting until there is one."""

    def process_of(workbench: Workbench, run: Run) -> psutil.Process:
        def find() -> int | None:
            active = queue.active(workbench._store)
            return next((found.process_id for found in active if found.run_id == run.id), None)

        return psutil.Process(eventually(find))

    return process_of


@pytest.fixture(scope="session")
def first_score(eventually) -> Callable[[Run], None]:
    """Wait until a run has scored its first unit."""

    def wait(run: Run) -> None:
        eventually(lambda: run.rows() and run.rows()[0].folds_scored)

    return wait


@pytest.fixture(scope="session")
def is_gone() -> Callable[[psutil.Process], bool]:
    """Whether a process has ended, reaped or not."""

    def is_gone(process: psutil.Process) -> bool:
        try:
            return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return is_gone
