from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from workbench.catalogue import TASKS
from workbench.training.request import TrainingRequest, Update

TARGETS = {"classification": "buys", "regression": "spends"}


@pytest.fixture(scope="session")
def train(mixed: dict[str, Any]) -> Callable[..., Iterator[Update]]:
    """Carry a plan out on the mixed table of a task, or on another table."""

    def train(task: str = "classification", *, frame: Any = None, **request: Any) -> Iterator[Update]:
        from workbench.training import plans

        asked = {
            "plan": "compare",
            "target": TARGETS[task],
            "sort": TASKS[task].sort,
            "seed": 11,
            "folds": 3,
            "workers": 2,
        }
        table = mixed[task] if frame is None else frame
        return plans.train(table, TrainingRequest(**asked | {"task": task} | request))

    return train


@pytest.fixture(autouse=True)
def native_chatter_stays_out(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Keep what LightGBM prints for each tree out of the report."""
    yield
    if not os.environ.get("WORKBENCH_TEST_CHATTER"):
        capfd.readouterr()
