from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import MISSING
from workbench import Workbench
from workbench.exports.export import export
from workbench.registry.pipeline import Pipeline

DEPLOYMENT = ("the-deployment", "shoppers")


@pytest.fixture(scope="session")
def table(mixed) -> pd.DataFrame:
    """Numbers, texts and dates as text, with gaps; a column of whole numbers that has none."""
    frame = mixed["classification"]
    days = pd.date_range("2024-01-01", periods=len(frame), freq="D").strftime("%Y-%m-%d")
    return frame.assign(since=days)


@pytest.fixture(scope="session")
def promoted(warm: Workbench, table, mixed, tmp_path_factory) -> Callable[..., Pipeline]:
    """Fit a model in the warm service and promote it."""

    def promote(task: str, model: str, *, frame: pd.DataFrame | None = None, **asked: Any) -> Pipeline:
        path = tmp_path_factory.mktemp("table") / f"{task}-{model}.csv"
        (mixed[task] if frame is None else frame).to_csv(path, index=False)
        run = warm.runs.submit(warm.data.upload(path), task=task, plan="create", model=model, **asked)
        record = run.wait(120)
        assert record.status == "succeeded", record.error
        return warm.registry.promote(run)

    return promote


@pytest.fixture(scope="session")
def pipeline(promoted, table) -> Pipeline:
    """A classifier whose first step is Workbench's own: dates that come as text."""
    return promoted(
        "classification", "lightgbm", frame=table, target="buys", folds=2, setup={"date_features": ["since"]}
    )


@pytest.fixture(scope="session")
def exported(warm: Workbench, pipeline: Pipeline, tmp_path_factory) -> Callable[..., Path]:
    """Export a pipeline, the classifier unless told otherwise."""

    def exported(kind: str, of: Pipeline = pipeline) -> Path:
        folder = tmp_path_factory.mktemp("exports") / kind
        return export(warm._store, of, folder, kind, by="ada", deployment=DEPLOYMENT)

    return exported


@pytest.fixture(scope="session")
def container(exported) -> Path:
    return exported("container")


@pytest.fixture(scope="session")
def environment(uv: str, container: Path, tmp_path_factory) -> Callable[..., Path]:
    """Install what a folder requires into an environment that has no Workbench; return its interpreter."""
    folder = tmp_path_factory.mktemp("environment")
    python = folder / "bin" / "python"

    def install(requirements: Path) -> Path:
        if not python.exists():
            called([uv, "venv", "--quiet", "--python", f"{sys.base_prefix}/bin/python3", str(folder)], folder)
        called([uv, "pip", "install", "--quiet", "--python", str(python), "--requirement", str(requirements)], folder)
        return python

    def called(command: list[str], cwd: Path) -> None:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"{MISSING} packages of an exported model: {done.stderr.strip()}")

    return install


@pytest.fixture(scope="session")
def bare() -> dict[str, str]:
    """Variables of a process that knows nothing of these tests' own environment."""
    return {"PATH": os.defpath, "OMP_NUM_THREADS": "1"}
