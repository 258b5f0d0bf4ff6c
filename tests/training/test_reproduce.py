"""Runs that are carried out here, and then done again by their notebooks with PyCaret alone, in another process."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench import requests
from workbench.access.actor import owner
from workbench.catalogue import TASKS
from workbench.recipe import Recipe
from workbench.run import Run
from workbench.runs import ending, queue, scores
from workbench.runs.queue import SourceIdentity
from workbench.service.process import carry_out
from workbench.settings import Settings
from workbench.store.tables import RunRow, ScoreRow
from workbench.workbench import Workbench, connect

pytestmark = pytest.mark.filterwarnings("ignore")

SMALL = Recipe(model="rf", params={"max_depth": 3, "n_estimators": 10})
SMALLER = Recipe(model="rf", params={"max_depth": 1, "n_estimators": 5})
BAGGED = Recipe(kind="bagging", bases=(SMALL,), params={"n_estimators": 3})
BLENDED = Recipe(kind="blend", bases=(Recipe(model="nb"), SMALL), params={"voting": "soft", "weights": [1, 2]})
STACKED = Recipe(
    kind="stack",
    bases=(Recipe(model="nb"), Recipe(model="dt")),
    meta=Recipe(model="lr", params={"C": 0.5}),
    params={"cv": 3, "passthrough": False, "stack_method": "auto"},
)
MONTHS = {"target": "passengers", "task": "time_series"}
YEARS = {"index": "month", "fh": 4}

ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "compare, set up in an odd way": (
        "buys",
        {
            "include": ["lr", "dt", "nb", "knn"],
            "sort": "F1",
            "setup": {
                "normalize": True,
                "fold_strategy": "kfold",
                "fold_shuffle": True,
                "ignore_features": ["visits"],
                "train_size": 0.8,
            },
        },
    ),
    "compare a regression": ("spends", {"include": ["lr", "huber", "knn", "dt", "dummy"], "sort": "MAE"}),
    "compare several classes": ("cities", {"include": ["lr", "nb", "ridge", "dt"]}),
    "create": ("buys", {"plan": "create", "model": SMALL}),
    "tune": ("buys", {"plan": "tune", "model": "dt", "options": {"n_iter": 3}, "sort": "AUC"}),
    "tune a network": (
        "spends",
        {"plan": "tune", "model": "mlp", "options": {"n_iter": 2, "choose_better": False}, "sort": "MAE"},
    ),
    "ensemble": (
        "buys",
        {
            "plan": "ensemble",
            "model": "dt",
            "options": {"method": "Boosting", "n_estimators": 3, "choose_better": True},
        },
    ),
    "blend": (
        "buys",
        {
            "plan": "blend",
            "include": ["lr", SMALL, SMALLER],
            "options": {"weights": [1, 2, 0.5], "choose_better": True},
        },
    ),
    "stack": (
        "buys",
        {
            "plan": "stack",
            "include": ["lr", BAGGED],
            "options": {"meta_model": "rf", "meta_model_fold": 3, "restack": True},
        },
    ),
    "calibrate": (
        "buys",
        {"plan": "calibrate", "model": BLENDED, "options": {"method": "isotonic", "calibrate_fold": 3}},
    ),
    "finalize": ("buys", {"plan": "finalize", "model": STACKED}),
    "blend softly": ("buys", {"plan": "blend", "include": ["nb", "dt"], "options": {"method": "soft"}}),
    "blend what has no probabilities": ("buys", {"plan": "blend", "include": ["ridge", "nb"]}),
    "set up": ("buys", {"plan": "setup"}),
    "a class too rare for one model": ("rare", {"include": ["nb", "qda", "dt"]}),
    "create a regression": ("spends", {"plan": "create", "model": Recipe(model="ridge", params={"alpha": 0.5})}),
    "ensemble a regression": ("spends", {"plan": "ensemble", "model": "dt", "options": {"n_estimators": 2}}),
    "blend a regression": (
        "spends",
        {"plan": "blend", "include": ["lr", "dt"], "options": {"weights": [2, 1], "choose_better": True}},
    ),
    "stack a regression": ("spends", {"plan": "stack", "include": ["lr", "dt"], "options": {"meta_model_fold": 2}}),
    "finalize a regression": (
        "spends",
        {"plan": "finalize", "model": "lasso", "setup": {"transform_target": True}},
    ),
    "set up a regression": ("spends", {"plan": "setup", "setup": {"polynomial_features": True}}),
    "race a regression": ("spends", {"include": ["lr", "dummy", "en"], "racing": True, "folds": 6}),
    "cluster by a truth": (
        "cities",
        {
            "task": "clustering",
            "target": None,
            "include": ["kmeans", "hclust", "dbscan"],
            "options": {"num_clusters": 3, "ground_truth": "buys"},
            "setup": {"normalize": True, "remove_outliers": True},
        },
    ),
    "cluster with one model": (
        "cities",
        {"task": "clustering", "target": None, "plan": "create", "model": "kmeans", "options": {"num_clusters": 3}},
    ),
    "set up a clustering": ("cities", {"task": "clustering", "target": None, "plan": "setup"}),
    "anomalies by a truth of two values alike": (
        "halves",
        {
            "task": "anomaly",
            "target": None,
            "plan": "create",
            "model": "histogram",
            "options": {"ground_truth": "state", "fraction": 0.1},
        },
    ),
    "set up a search for anomalies": ("cities", {"task": "anomaly", "target": None, "plan": "setup"}),
    "anomalies": ("cities", {"task": "anomaly", "target": None, "include": ["iforest", "knn", "pca"]}),
    "forecast dates in no order beside other columns": (
        "months",
        MONTHS | {"include": ["lr_cds_dt"], "setup": {"index": "month", "fh": 4, "gap": 2, "fold_strategy": "sliding"}},
    ),
    "tune a forecast": (
        "airline",
        MONTHS | {"plan": "tune", "model": "lr_cds_dt", "options": {"n_iter": 2}, "setup": YEARS},
    ),
    "create a forecast": ("airline", MONTHS | {"plan": "create", "model": "polytrend", "setup": YEARS}),
    "blend a forecast": (
        "airline",
        MONTHS | {"plan": "blend", "include": ["naive", "snaive"], "options": {"method": "median"}, "setup": YEARS},
    ),
    "finalize a forecast": ("airline", MONTHS | {"plan": "finalize", "model": "snaive", "setup": YEARS}),
    "set up a forecast": ("airline", MONTHS | {"plan": "setup", "setup": YEARS}),
}

NOTEBOOKS = """
import contextlib, functools, gc, io, json, multiprocessing, os, sys, traceback, warnings
import pycaret.classification, pycaret.regression
from pycaret.containers import models
warnings.filterwarnings("ignore")

for module in (models.classification, models.regression):
    # PyCaret makes the same grids of parameters a dozen times a set-up, which is most of its time.
    once = functools.lru_cache(None, typed=True)(module.np_list_arange)
    module.np_list_arange = lambda *bounds, once=once, **options: list(once(*bounds, **options))
# It looks for garbage after every step: not among what is imported.
gc.freeze()

def run(path):
    os.chdir(os.path.dirname(path))
    cells = [cell for cell in json.load(open(path))["cells"] if cell["cell_type"] == "code"]
    said, error, names = io.StringIO(), None, {"__name__": "__main__"}
    with contextlib.redirect_stdout(said):
        try:
            for cell in cells:
                exec("".join(cell["source"]), names)
        except Exception:
            error = traceback.format_exc()
    return {"said": said.getvalue(), "error": error}

with multiprocessing.get_context("fork").Pool(2) as pool:
    for told in pool.imap(run, sys.argv[1:]):
        print("TOLD", json.dumps(told))
"""
"""Runs the code of notebooks, two at a time: one import of PyCaret is enough for all of them."""


@pytest.fixture(scope="module")
def home(tmp_path_factory, migrated_home) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("reproduce")
    shutil.copy(migrated_home / "workbench.db", folder / "workbench.db")
    opened = connect(Settings(home=folder, database_url="", artifact_url="", workers=2))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def carried_out(home, mixed) -> Callable[..., Run]:
    """Carry a run out in this process, as a service's process would."""

    def upload(name: str, frame: pd.DataFrame) -> None:
        home.data.upload(io.BytesIO(frame.to_csv(index=False).encode()), name)

    frame = mixed["classification"]
    upload("buys", frame)
    upload("spends", mixed["regression"])
    upload("rare", frame.assign(buys=[f"c{row % 40}" for row in range(len(frame))]))
    upload("halves", frame.assign(state=["a", "b"] * (len(frame) // 2)))
    upload("cities", frame.assign(buys=frame["city"].fillna("Rome")).drop(columns="city"))
    series = home.data.load(home.data.sample("airline"))
    day = [f"{month}-{1 + place % 27:02}" for place, month in enumerate(series["month"])]
    wave = np.sin(np.arange(len(series)) / 3)
    beside = series.assign(month=day, wave=wave, high=wave > 0.5)
    upload("months", beside.sample(frac=1, random_state=1))

    def carry(source: str, request: dict[str, Any]) -> Run:
        target = {"spends": "spends", "airline": "passengers", "months": "passengers"}.get(source, "buys")
        asked = {"target": target, "folds": 2, "seed": 11} | request
        if asked.get("task") in ("clustering", "anomaly"):
            del asked["folds"]
        found, spec = requests.resolve(home._store, home.data, source, asked)
        identity = SourceIdentity(found.id, found.name, found.sha256)
        run = queue.submit(home._store, identity, spec, by="ada", snapshot={}, service_is_warm=True)
        assert queue.claim(home._store, "here:1", most=1) == [run.id]
        # With more workers the quickest may have had all its folds before another has had enough to be compared on.
        alone = {"workers": 1} if spec.racing else {}
        carry_out(run.id, "here:1", home._store.settings.model_copy(update=alone))
        return Run(home._store.on_behalf_of(owner("ada")), run.id)

    return carry


@pytest.fixture(scope="module")
def runs(carried_out, home) -> dict[str, Run]:
    made = {name: carried_out(*asked) for name, asked in ASKED.items()}
    return made | {"cancelled": _cancelled(home, made["compare, set up in an odd way"])}


def _cancelled(home: Workbench, whole: Run) -> Run:
    """Store a run as one that was cancelled before the last score of another."""
    store, found = home._store, whole.record
    asked = {name: found.spec[name] for name in ("task", "target", "folds", "seed", "sort", "setup", "include")}
    source, spec = requests.resolve(store, home.data, found.source_id, asked)
    identity = SourceIdentity(source.id, source.name, source.sha256)
    run = queue.submit(store, identity, spec, by="ada", snapshot={}, service_is_warm=True)
    with store.database.write() as session:
        session.get_one(RunRow, run.id).field = session.get_one(RunRow, whole.id).field
        scores.carry_over(session, whole.id, run.id)
        session.delete(session.query(ScoreRow).filter_by(run_id=run.id, model="knn", fold=1).one())
    ending.finish(store, run.id, "cancelled", "Cancelled by ada.")
    return Run(store.on_behalf_of(owner("ada")), run.id)


@pytest.fixture(scope="module")
def done_again(runs, tmp_path_factory) -> dict[str, dict[str, Any]]:
    """What each run's notebook prints and raises; two of them are spoilt first."""
    paths = {name: run.reproduce().save(tmp_path_factory.mktemp("again")) for name, run in runs.items()}
    paths["a number is another"] = _spoilt(runs["create"], tmp_path_factory, r"\[0\.\d", "[0.")
    paths["the data is another"] = _spoilt(runs["create"], tmp_path_factory)
    (paths["the data is another"].parent / "buys.parquet").open("ab").write(b"more")
    process = subprocess.run(
        [sys.executable, "-c", NOTEBOOKS, *map(str, paths.values())],
        env=os.environ | {"PYCARET_CUSTOM_LOGGING_PATH": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    )
    told = [json.loads(line.removeprefix("TOLD ")) for line in process.stdout.splitlines() if line.startswith("TOLD ")]
    return dict(zip(paths, told, strict=True))


def _spoilt(run: Run, folders: pytest.TempPathFactory, pattern: str = "$^", by: str = "") -> Path:
    path = run.reproduce().save(folders.mktemp("spoilt"))
    path.write_text(re.sub(pattern, by, path.read_text()))
    return path


def test_every_run_came_to_its_end(runs):
    assert {name: (run.status, run.record.error) for name, run in runs.items() if name != "cancelled"} == dict.fromkeys(
        ASKED, ("succeeded", None)
    )
    lost = {name: {row.model: row.status for row in run.rows() if row.status != "scored"} for name, run in runs.items()}
    assert {name: models for name, models in lost.items() if models} == {
        "a class too rare for one model": {"qda": "failed"},
        "race a regression": {"dummy": "raced_out"},
        "cancelled": {"knn": "stopped"},
    }


def test_every_plan_of_every_task_is_among_them(runs):
    there = {(run.record.task, run.record.plan) for run in runs.values()}
    assert there == {(name, plan) for name, task in TASKS.items() for plan in task.plans}


@pytest.mark.parametrize("name", [*ASKED, "cancelled"])
def test_a_notebook_of_pycaret_calls_gives_the_runs_numbers(name, runs, done_again):
    assert done_again[name]["error"] is None
    counted = re.findall(r"^(\d+) numbers, the largest difference is (\S+)\.$", done_again[name]["said"], re.MULTILINE)
    rows = [row for row in runs[name].rows() if row.status == "scored"]
    if not rows:
        assert counted == []
        return
    here = [
        row.pycaret.get(metric, value)
        for row in rows
        for metric, value in row.metrics.items()
        if not TASKS[runs[name].record.task].metric(metric).spread_of
    ]
    ((count, difference),) = counted
    assert int(count) == sum(value is not None for value in here)
    assert float(difference) <= 0.00005


def test_two_parts_of_one_model_have_a_row_and_a_name_each(runs, done_again):
    recipes = {row.model: row.recipe for row in runs["blend"].rows()}
    assert (recipes["rf"], recipes["rf_2"]) == (SMALL.as_dict(), SMALLER.as_dict())
    assert set(recipes) == {"lr", "rf", "rf_2", "blend"}
    assert done_again["blend"]["error"] is None


def test_a_cell_that_differs_on_purpose_is_held_to_pycarets_value(runs, done_again):
    marked = [row.model for row in runs["compare several classes"].rows() if row.pycaret]
    assert set(marked) == {"lr", "ridge"}
    assert done_again["compare several classes"]["error"] is None


def test_a_number_that_is_another_is_told(done_again):
    assert "AssertionError" in done_again["a number is another"]["error"]


def test_data_that_is_another_is_told_before_anything_is_fitted(done_again):
    assert "AssertionError" in done_again["the data is another"]["error"]
    assert done_again["the data is another"]["said"] == ""


def test_the_environment_is_the_one_that_the_run_trained_in(runs):
    lines = runs["create"].reproduce().environment.splitlines()
    assert "pycaret==3.3.2" in lines
    assert lines[1] == f"# Python {sys.version.split()[0]}"
    assert [line for line in lines if line.startswith("jupyter-workbench")] == []
