from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from workbench.catalogue import TASKS
from workbench.recipe import Recipe

TARGETS = {"classification": "buys", "regression": "spends", "time_series": "sales"}


@pytest.fixture(scope="session")
def learned(mixed: dict[str, Any]) -> Callable[..., Any]:
    """Fit a model on the mixed table of a task, or on another; the same one is fitted once."""
    import cloudpickle

    from workbench.judging.sides import Side
    from workbench.training import columns, reference
    from workbench.training.experiment import set_up
    from workbench.training.request import TrainingRequest

    made: dict[str, Any] = {}

    def learn(
        role: str,
        task: str,
        model: str,
        *,
        frame: Any = None,
        sha256: str = "mixed",
        all_rows: bool = False,
        **setup: Any,
    ) -> Side:
        key = f"{task} {model} {sha256} {all_rows} {setup}"
        if key not in made:
            table = mixed[task] if frame is None else frame
            request = TrainingRequest(task, TARGETS[task], "create", TASKS[task].sort, seed=3, folds=2, setup=setup)
            experiment = set_up(table, request)
            fitted = experiment.fit(Recipe(model=model), all_rows=all_rows)
            made[key] = Side(
                role="champion",
                task=task,
                pickled=cloudpickle.dumps(fitted.pipeline),
                table_sha256=sha256,
                schema=columns.schema(fitted.takes, fitted.dates),
                sample=columns.records(fitted.takes.head(10)),
                holdout=reference.held_out(fitted),
                reference=reference.summarise(fitted, seed=3),
                index=setup.get("index"),
                gap=setup.get("gap", 0),
            )
        return replace(made[key], role=role)

    return learn


@pytest.fixture(scope="session")
def table(mixed: dict[str, Any]) -> Callable[..., Any]:
    """The mixed table of a task, as pipelines are judged on it."""
    from workbench.judging.sides import Table

    def table(task: str, frame: Any = None, *, name: str = "mixed", sha256: str = "mixed") -> Table:
        return Table(mixed[task] if frame is None else frame, name, sha256)

    return table
