from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from workbench.catalogue import PLANS, TASKS
from workbench.training.request import Limits, TrainingRequest, Update

TARGETS = {"classification": "buys", "regression": "spends", "time_series": "sales"}


@pytest.fixture(scope="session")
def train(mixed: dict[str, Any]) -> Callable[..., Iterator[Update]]:
    """Carry a plan out on the mixed table of a task, or on another table."""

    def train(task: str = "classification", *, frame: Any = None, workers: int = 2, **request: Any) -> Iterator[Update]:
        from workbench.training import train as training

        asked = {
            "plan": "compare",
            "target": TARGETS.get(task),
            "sort": TASKS[task].sort,
            "seed": 11,
            "folds": 3 if TASKS[task].folds > 1 else 1,
            "limits": Limits(workers=workers),
        }
        asked |= {"task": task} | request
        known = PLANS[asked["plan"]].options_of(task)
        asked["options"] = {name: option.default for name, option in known.items()} | asked.get("options", {})
        table = mixed[task] if frame is None else frame
        return training.train(table, TrainingRequest(**asked))

    return train


@pytest.fixture(autouse=True)
def quick_collections() -> Iterator[None]:
    """Spare PyCaret, which collects garbage after every step, from going through all that is loaded."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def native_chatter_stays_out(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Keep what LightGBM prints for each tree out of the report."""
    yield
    if not os.environ.get("WORKBENCH_TEST_CHATTER"):
        capfd.readouterr()


@pytest.fixture
def no_worker_is_left() -> Iterator[None]:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    assert {child.pid for child in psutil.Process().children(recursive=True)} == before
