"""Tables with columns of every kind, and pipelines fitted on them as a run fits them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.catalogue import PLANS, TASKS
from workbench.recipe import Recipe
from workbench.training.request import TrainingRequest

SEED = 11
TARGETS = {"classification": "buys", "regression": "spends", "time_series": "sales"}
FREE = ("since", "note")
"""Columns of dates and of free text, which are in the table for those who name them."""


@dataclass(frozen=True)
class Asked:
    """What is fitted: a task, what it is set up with, on which table.

    Attributes
    ----------
    columns
        Names of the features that the table of customers has; empty: all of them.
    frame
        Another table; None: that of the task.
    """

    task: str
    setup: dict[str, Any] = field(default_factory=dict)
    classes: int = 2
    columns: tuple[str, ...] = ()
    frame: Any = None


@dataclass(frozen=True)
class Stored:
    """A fitted pipeline as a run stores it."""

    task: str
    pickled: bytes
    schema: list[dict[str, str]]
    sample: list[dict[str, Any]]

    def load(self, **other: Any) -> Any:
        from workbench.predictor.predictor import Predictor

        return Predictor.load(self.pickled, self.schema, self.sample, **{"task": self.task} | other)


def customers(rows: int = 260, seed: int = 7) -> Any:
    """A table of numbers, categories few and many, truth values, dates and free text, with gaps."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(seed)
    words = ["good", "bad", "great", "service", "slow", "fast", "food", "price", "nice"]
    frame = pd.DataFrame(
        {
            "age": random.normal(40, 12, rows).round(),
            "income": random.lognormal(10, 0.5, rows).round(2),
            "city": random.choice(["Rome", "Oslo", "Bern", "Paris"], rows, p=[0.4, 0.3, 0.2, 0.1]).astype(object),
            "sex": random.choice(["f", "m"], rows).astype(object),
            "member": random.random(rows) < 0.4,
            "zip": random.choice([f"z{place}" for place in range(40)], rows).astype(object),
            "grade": random.choice(["low", "mid", "high"], rows).astype(object),
            "visits": random.poisson(3, rows),
            "since": (np.datetime64("2015-01-01") + random.integers(0, 3000, rows)).astype(str).astype(object),
            "note": [" ".join(random.choice(words, random.integers(2, 7))) for _ in range(rows)],
        }
    )
    frame["score"] = frame.age * 2 + random.normal(0, 0.1, rows)
    for column in ("age", "city"):
        frame.loc[random.choice(rows, rows // 12, replace=False), column] = np.nan
    return frame


def table(asked: Asked) -> Any:
    """The table of a task, its target with as many classes as are asked for."""
    import numpy as np
    import pandas as pd

    if asked.frame is not None:
        return asked.frame
    if asked.task == "time_series":
        steps, random = np.arange(48), np.random.default_rng(7)
        return pd.DataFrame(
            {"sales": (50 + 0.6 * steps + 8 * np.sin(steps * np.pi / 2) + random.normal(0, 2, 48)).round(2)}
        )
    frame, random = customers(), np.random.default_rng(8)
    named = {name for option in ("date_features", "text_features") for name in asked.setup.get(option) or ()}
    wish = (frame.age.fillna(40) - 40) / 12 + (frame.city == "Oslo") * 1.2 + np.log(frame.income) - 10
    wish += random.normal(0, 0.8, len(frame))
    frame = frame[[name for name in asked.columns or frame if name in named or name not in FREE]]
    if asked.task == "classification":
        labels = np.array(["no", "yes", "maybe", "never"], dtype=object)
        return frame.assign(buys=labels[pd.qcut(wish, asked.classes, labels=False)])
    return frame.assign(spends=(100 + 30 * wish).round(2)) if asked.task == "regression" else frame


def set_up(asked: Asked) -> Any:
    """Set an experiment up, on which any number of models can be fitted."""
    from workbench.training.experiment import set_up

    task = TASKS[asked.task]
    options = {name: option.default for name, option in PLANS["create"].options_of(asked.task).items()}
    return set_up(
        table(asked),
        TrainingRequest(
            task.name,
            TARGETS.get(asked.task),
            plan="create",
            sort=task.sort,
            seed=SEED,
            folds=2 if task.folds > 1 else 1,
            setup=asked.setup,
            options=options,
        ),
    )


def fit(experiment: Any, task: str, recipe: Recipe | str) -> Stored:
    """Fit a model behind an experiment's preprocessing, and store it as a run does."""
    import cloudpickle

    from workbench.training import columns

    fitted = experiment.fit(Recipe(model=recipe) if isinstance(recipe, str) else recipe, all_rows=False)
    return Stored(
        task,
        cloudpickle.dumps(fitted.pipeline),
        columns.schema(fitted.takes, fitted.dates),
        columns.records(fitted.takes.head(10)),
    )
