"""Predictors against the pipelines themselves: every model family, every set-up option, on random rows.

    python tests/benchmarks/parity_predict.py [--rows 10000] [--tasks …] [--models rf …] [--options pca …]

For each pipeline: how it is carried out; rows that were compared, and how many both refuse; the largest difference of a
number, relative to it (labels must be equal); one row and all rows, by the predictor and by the pipeline itself. Half
of the rows are drawn as for the proof at load, with another seed: gaps, unknown categories, numbers out of proportion.
The others are rows of the table, shuffled column by column. Ends with 1 where one pipeline differs.
"""

# ruff: noqa: E402 - numeric libraries read once how many threads they may have
from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.theirs import ONE_THREAD

os.environ |= ONE_THREAD | {"PYCARET_CUSTOM_LOGGING_PATH": os.devnull}
warnings.simplefilter("ignore")

import numpy as np

from tests.predictor.pipelines import Asked, Stored, fit, set_up, table
from workbench.catalogue import TASKS
from workbench.errors import BadRequest
from workbench.predictor import rows as drawn
from workbench.predictor.original import first_line
from workbench.predictor.predictor import Predictor, warm_up
from workbench.predictor.proof import Unequal, difference
from workbench.predictor.table import Table, join
from workbench.recipe import Recipe
from workbench.training.shortcuts import hush

GROUPED = {"g": ["age", "income", "visits"]}
OPTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "preprocess off": {"preprocess": False},
    "normalize": {"normalize": True},
    "minmax": {"normalize": True, "normalize_method": "minmax"},
    "maxabs": {"normalize": True, "normalize_method": "maxabs"},
    "robust": {"normalize": True, "normalize_method": "robust"},
    "yeo-johnson": {"transformation": True},
    "quantile": {"transformation": True, "transformation_method": "quantile"},
    "polynomial": {"polynomial_features": True},
    "pca": {"pca": True, "pca_components": 4},
    "pca of some": {"pca": True, "pca_components": 0.9, "keep_features": ["income"]},
    "pca kernel": {"pca": True, "pca_method": "kernel", "pca_components": 4},
    "pca incremental": {"pca": True, "pca_method": "incremental", "pca_components": 4},
    "selection classic": {"feature_selection": True, "n_features_to_select": 0.5},
    "selection univariate": {
        "feature_selection": True,
        "feature_selection_method": "univariate",
        "n_features_to_select": 4,
        "keep_features": ["visits"],
    },
    "selection sequential": {
        "feature_selection": True,
        "feature_selection_method": "sequential",
        "feature_selection_estimator": "lr",
        "n_features_to_select": 2,
    },
    "bins": {"bin_numeric_features": ["income", "visits"]},
    "groups": {"group_features": GROUPED},
    "groups dropped": {"group_features": GROUPED, "drop_groups": True},
    "collinear": {"remove_multicollinearity": True, "multicollinearity_threshold": 0.8},
    "outliers": {"remove_outliers": True},
    "low variance": {"low_variance_threshold": 0.1},
    "imbalance": {"fix_imbalance": True},
    "target encoding": {"max_encoding_ohe": 0},
    "one-hot all": {"max_encoding_ohe": -1},
    "rare": {"rare_to_value": 0.15},
    "ordinal": {"ordinal_features": {"grade": ["low", "mid", "high"]}},
    "ordinal number": {"ordinal_features": {"visits": list(range(8))}},
    "categorical number": {"categorical_features": ["visits", "city", "sex", "zip", "grade"]},
    "numeric": {"numeric_features": ["age", "income"]},
    "dates": {"date_features": ["since"]},
    "dates in full": {
        "date_features": ["since"],
        "create_date_columns": [
            "day",
            "month",
            "year",
            "quarter",
            "dayofweek",
            "dayofyear",
            "hour",
            "minute",
            "second",
        ],
    },
    "text": {"text_features": ["note"]},
    "text counted": {"text_features": ["note"], "text_features_method": "bow"},
    "median": {"numeric_imputation": "median", "categorical_imputation": "unknown"},
    "mode": {"numeric_imputation": "mode"},
    "a number": {"numeric_imputation": -1.5},
    "knn": {"numeric_imputation": "knn"},
    "drop numbers": {"numeric_imputation": "drop"},
    "drop categories": {"categorical_imputation": "drop"},
    "iterative": {"imputation_type": "iterative", "iterative_imputation_iters": 2},
    "no imputation": {"imputation_type": None},
    "ignored": {"ignore_features": ["visits", "zip"]},
    "target yeo-johnson": {"transform_target": True},
    "target quantile": {"transform_target": True, "transform_target_method": "quantile"},
    "much": {
        "polynomial_features": True,
        "normalize": True,
        "transformation": True,
        "pca": True,
        "pca_components": 5,
        "low_variance_threshold": 0.01,
        "remove_multicollinearity": True,
        "date_features": ["since"],
        "text_features": ["note"],
    },
}
PUT_TOGETHER = {
    "classification": {
        "bagging": Recipe("bagging", params={"n_estimators": 5}, bases=(Recipe(model="dt"),)),
        "bagging of lda": Recipe("bagging", params={"n_estimators": 5}, bases=(Recipe(model="lda"),)),
        "boosting": Recipe("boosting", params={"n_estimators": 5}, bases=(Recipe(model="rf"),)),
        "blend soft": Recipe(
            "blend", params={"voting": "soft"}, bases=tuple(Recipe(model=m) for m in ("lr", "rf", "lightgbm"))
        ),
        "blend hard": Recipe(
            "blend", params={"voting": "hard"}, bases=tuple(Recipe(model=m) for m in ("ridge", "dt", "gbc"))
        ),
        "stack": Recipe("stack", bases=tuple(Recipe(model=m) for m in ("lr", "et", "lightgbm"))),
        "calibrated rf": Recipe("calibrated", bases=(Recipe(model="rf"),)),
        "calibrated svm": Recipe("calibrated", params={"method": "isotonic"}, bases=(Recipe(model="svm"),)),
    },
    "regression": {
        "bagging": Recipe("bagging", params={"n_estimators": 5}, bases=(Recipe(model="dt"),)),
        "boosting": Recipe("boosting", params={"n_estimators": 5}, bases=(Recipe(model="lr"),)),
        "blend": Recipe("blend", bases=tuple(Recipe(model=m) for m in ("lr", "rf", "lightgbm"))),
        "stack": Recipe("stack", bases=tuple(Recipe(model=m) for m in ("lr", "gbr", "knn"))),
    },
}


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--rows", type=int, default=10_000)
    asked.add_argument("--tasks", nargs="*", default=["classification", "regression", "clustering", "anomaly"])
    asked.add_argument("--models", nargs="*", help="families to look at; none: no family")
    asked.add_argument("--options", nargs="*", help="options to look at; none: no option")
    given = asked.parse_args()
    for _ in warm_up():
        pass
    hush()
    print(f"{'pipeline':46} {'path':16} {'rows':>6} {'refused':>7} {'apart':>8} {'one row':>18} {'all rows':>18}  load")
    differ = 0
    for name, stored in _pipelines(given):
        differ += _compare(name, stored, given.rows)
    return 1 if differ else 0


def _pipelines(given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Stored]]]:
    for task in given.tasks:
        for classes in (2, 4) if task == "classification" else (2,):
            called = f"{task} of {classes}" if classes > 2 else task
            yield from _families(called, Asked(task, classes=classes), given)
    for task, model in (("classification", "lightgbm"), ("classification", "lr"), ("regression", "rf")):
        if task in given.tasks:
            yield from _options(task, model, given)


def _families(called: str, asked: Asked, given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Stored]]]:
    there = {model.id: model.id for model in TASKS[asked.task].models if not model.requires}
    recipes = there | PUT_TOGETHER.get(asked.task, {})
    wanted = {name: recipe for name, recipe in recipes.items() if given.models is None or name in given.models}
    if wanted:
        experiment = set_up(asked)
        for name, recipe in wanted.items():
            yield f"{called}: {name}", lambda recipe=recipe: fit(experiment, asked.task, recipe)


def _options(task: str, model: str, given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Stored]]]:
    for name, setup in OPTIONS.items():
        known = all(option in TASKS[task].options for option in setup)
        if known and (given.options is None or name in given.options):
            asked = Asked(task, setup, frame=_numbers(task) if name == "preprocess off" else None)
            yield f"{task}, {model}: {name}", lambda asked=asked: fit(set_up(asked), task, model)


def _numbers(task: str) -> Any:
    frame = table(Asked(task))
    kept = frame.select_dtypes("number").fillna(0.0)
    return kept.assign(**{target: frame[target] for target in ("buys", "spends") if target in frame})


def _compare(name: str, make: Callable[[], Stored], rows: int) -> bool:
    """Print a line; return whether the two differ."""
    try:
        stored = make()
        started = time.perf_counter()
        predictor = stored.load()
        load = time.perf_counter() - started
    except Exception as error:  # noqa: BLE001 - a set-up that PyCaret refuses, a model that takes no new rows
        print(f"{name:46} — {type(error).__name__}: {first_line(error)}")
        return False
    asked = _rows(predictor, stored, rows)
    compared, refused, apart = _apart(predictor, asked)
    alone = asked.take([0])
    ones = [_time(lambda way=way: _tried(way, alone), repeat=20) for way in (predictor.predict, predictor.original)]
    alls = [_time(lambda way=way: _tried(way, asked), repeat=1) for way in (predictor.predict, predictor.original)]
    engine = predictor.engine
    one, many = (f"{ours * 1e3:6.2f} {theirs * 1e3:8.2f} ms" for ours, theirs in (ones, alls))
    print(
        f"{name:46} {engine.path:16} {compared:6} {refused:7} {apart:>8} {one:>18} {many:>18} {load * 1e3:5.0f} ms  "
        f"{engine.estimator}; {engine.why}",
        flush=True,
    )
    return apart.startswith("!")


def _rows(predictor: Predictor, stored: Stored, rows: int) -> Table:
    original = predictor._itself
    random = np.random.default_rng(5)
    known = drawn.domains(original.steps, predictor.schema.columns, stored.sample)
    wild = drawn.draw(known.values(), rows // 2, random, wild=True)
    frame = table(Asked(stored.task, {"date_features": ["since"], "text_features": ["note"]}))
    if not all(column.name in frame for column in predictor.schema.columns):
        return wild
    shuffled = {name: frame[name].sample(rows - rows // 2, replace=True, random_state=5).to_numpy() for name in frame}
    from pandas import DataFrame

    return join([wild, predictor.schema.of_frame(DataFrame(shuffled).astype(frame.dtypes))])


def _apart(predictor: Predictor, asked: Table) -> tuple[int, int, str]:
    """Return rows compared, rows that both refuse, and the largest difference, or what differs."""
    try:
        theirs = _tried(predictor.original, asked)
        if theirs is None:
            return _apart_by_row(predictor, asked)
        ours = _tried(predictor.predict, asked)
        if ours is None:
            return 0, 0, "! refuses"
        return len(asked), 0, f"{difference(ours, theirs):.0e}"
    except Unequal as unequal:
        return len(asked), 0, f"! {unequal}"


def _apart_by_row(predictor: Predictor, asked: Table) -> tuple[int, int, str]:
    gaps = np.isnan(asked.numbers).any(axis=0)
    for texts in asked.texts:
        gaps |= [text is None for text in texts]
    compared, refused, largest = 0, 0, 0.0
    whole = asked.take(np.flatnonzero(~gaps))
    if _tried(predictor.original, whole) is not None:
        largest = difference(_must(predictor, whole), predictor.original(whole))
        compared += len(whole)
    for row in np.flatnonzero(gaps)[:100]:
        alone = asked.take([row])
        theirs, ours = _tried(predictor.original, alone), _tried(predictor.predict, alone)
        if (theirs is None) != (ours is None):
            return compared, refused, f"! row {row} is refused by one"
        if theirs is None or ours is None:
            refused += 1
        else:
            compared += 1
            largest = max(largest, difference(ours, theirs))
    return compared, refused, f"{largest:.0e}"


def _must(predictor: Predictor, rows: Table) -> Any:
    predicted = _tried(predictor.predict, rows)
    if predicted is None:
        raise Unequal("refuses")
    return predicted


def _tried(way: Callable[[Table], Any], rows: Table) -> Any:
    try:
        return way(rows)
    except BadRequest:
        return None


def _time(work: Callable[[], Any], repeat: int = 1) -> float:
    best = float("inf")
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


if __name__ == "__main__":
    sys.exit(main())
