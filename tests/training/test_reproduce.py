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
from workbench.catalogue import TASKS
from workbench.recipe import Recipe
from workbench.run import Run
from workbench.runs import queue
from workbench.runs.queue import SourceIdentity
from workbench.service.process import carry_out
from workbench.settings import Settings
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
    "set up": ("spends", {"plan": "setup", "setup": {"polynomial_features": True}}),
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
    "anomalies": ("cities", {"task": "anomaly", "target": None, "include": ["iforest", "knn", "pca"]}),
    "forecast dates in no order beside other columns": (
        "months",
        MONTHS | {"include": ["lr_cds_dt"], "setup": {"index": "month", "fh": 4, "gap": 2, "fold_strategy": "sliding"}},
    ),
    "tune a forecast": (
        "airline",
        MONTHS | {"plan": "tune", "model": "lr_cds_dt", "options": {"n_iter": 2}, "setup": {"index": "month", "fh": 4}},
    ),
}

NOTEBOOKS = """
import contextlib, io, json, os, sys, traceback, warnings
warnings.filterwarnings("ignore")
for path in sys.argv[1:]:
    os.chdir(os.path.dirname(path))
    cells = [cell for cell in json.load(open(path))["cells"] if cell["cell_type"] == "code"]
    said, error, names = io.StringIO(), None, {"__name__": "__main__"}
    with contextlib.redirect_stdout(said):
        try:
            for cell in cells:
                exec("".join(cell["source"]), names)
        except Exception:
            error = traceback.format_exc()
    print("TOLD", json.dumps({"said": said.getvalue(), "error": error}))
"""
"""Runs the code of notebooks one after the other, as one import of PyCaret is enough for all of them."""


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
        carry_out(run.id, "here:1", home._store.settings)
        return Run(home._store, run.id, "ada")

    return carry


@pytest.fixture(scope="module")
def runs(carried_out) -> dict[str, Run]:
    return {name: carried_out(*asked) for name, asked in ASKED.items()}


@pytest.fixture(scope="module")
def done_again(runs, tmp_path_factory) -> dict[str, dict[str, Any]]:
    """What each run's notebook prints and raises; two of them are spoilt first."""
    paths = {name: run.reproduce().save(tmp_path_factory.mktemp("again")) for name, run in runs.items()}
    paths["a number is another"] = _spoilt(runs["create"], tmp_path_factory, r"\[0\.\d", "[0.")
    paths["the data is another"] = _spoilt(runs["create"], tmp_path_factory)
    (paths["the data is another"].parent / "buys.csv").open("a").write("41,9000,Rome,2,no\n")
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
    assert {name: (run.status, run.record.error) for name, run in runs.items()} == dict.fromkeys(
        runs, ("succeeded", None)
    )
    lost = {name: [row.model for row in run.rows() if row.status != "scored"] for name, run in runs.items()}
    assert {name: models for name, models in lost.items() if models} == {}


@pytest.mark.parametrize("name", ASKED)
def test_a_notebook_of_pycaret_calls_gives_the_runs_numbers(name, runs, done_again):
    assert done_again[name]["error"] is None
    counted = re.findall(r"^(\d+) numbers, the largest difference is (\S+)\.$", done_again[name]["said"], re.MULTILINE)
    rows = runs[name].rows()
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
