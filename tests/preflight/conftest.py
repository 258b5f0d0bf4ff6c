from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.preflight.findings import Preflight
from workbench.settings import Settings
from workbench.workbench import Workbench, connect


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workbench that all tests share which start nothing."""
    opened = connect(Settings(home=tmp_path_factory.mktemp("desk"), database_url="", artifact_url=""))
    yield opened
    opened.close()


@pytest.fixture
def look(desk: Workbench, tmp_path: Path) -> Callable[..., Preflight]:
    """Store a table and look at it for a run that predicts ``y``, or does what else is asked for."""

    def look(frame: pd.DataFrame, **asked: Any) -> Preflight:
        path = tmp_path / "table.csv"
        frame.to_csv(path, index=False)
        source = desk.data.upload(path, f"table {len(desk.data.lines())}")
        if "y" in frame and asked.get("task") not in ("clustering", "anomaly"):
            asked = {"target": "y"} | asked
        return desk.runs.check(source, **asked)

    return look


@pytest.fixture
def honest() -> Callable[..., pd.DataFrame]:
    """A table with nothing to be found in it; ``y`` is yes or no, or a number."""

    def honest(rows: int = 400, *, number: bool = False) -> pd.DataFrame:
        random = np.random.default_rng(3)
        frame = pd.DataFrame(
            {
                "width": random.normal(10, 2, rows),
                "height": random.normal(5, 1, rows),
                "colour": random.choice(["red", "green", "blue"], rows),
                "age": random.integers(18, 80, rows),
            }
        )
        wish = frame["width"] / 2 + frame["height"] + random.normal(0, 2, rows)
        return frame.assign(y=wish.round(2) if number else np.where(wish > 10, "yes", "no"))

    return honest


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(8)
