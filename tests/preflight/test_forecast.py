"""What set-up will take, told before it starts, against what it takes and makes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.preflight.forecast import Forecast, forecast

GIB = 1024**3


@pytest.fixture
def told(desk):
    """Store a table for a moment, and forecast what set-up takes."""

    def told(frame: pd.DataFrame, setup=None, **asked) -> Forecast:
        source = desk.data.add(frame, "for a forecast")
        try:
            return forecast(source, setup or {}, **({"task": "classification", "target": "y"} | asked))
        finally:
            desk.data.delete("for a forecast")

    return told


@pytest.fixture
def mixed(random) -> pd.DataFrame:
    """A table with a column of every kind that set-up tells apart."""
    rows = 300
    return pd.DataFrame(
        {
            "size": random.normal(size=rows),
            "weight": np.where(random.random(rows) < 0.1, np.nan, random.normal(size=rows)),
            "count": random.integers(0, 1000, rows),
            "is_new": random.random(rows) < 0.5,
            "sex": random.choice(["female", "male"], rows),
            "plan": random.choice(["free", "basic", "plus", "pro"], rows),
            "town": [f"town {number % 60}" for number in range(rows)],
            "joined": [f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}" for number in range(rows)],
            "y": random.choice(["yes", "no"], rows),
        }
    )


_PARTS = ["day", "month", "year", "quarter"]


@pytest.mark.parametrize(
    "setup",
    [
        {},
        {"preprocess": False, "ignore_features": ["sex", "plan", "town", "joined"]},
        {"ignore_features": ["town"]},
        {"max_encoding_ohe": 3},
        {"max_encoding_ohe": 100, "ignore_features": ["joined"]},
        {"date_features": ["joined"], "create_date_columns": _PARTS},
        {"polynomial_features": True},
        {"polynomial_features": True, "polynomial_degree": 3},
        {"group_features": {"a": ["size", "weight"]}, "drop_groups": True},
        {"pca": True, "pca_components": 4},
        {"feature_selection": True, "n_features_to_select": 3},
        {"fix_imbalance": True, "normalize": True},
    ],
    ids=lambda setup: ", ".join(setup) or "as it is",
)
def test_as_many_columns_are_told_as_come_out(told, mixed, setup):
    assert told(mixed, setup).columns_after == _came_out(mixed, setup, "classification", "y")


@pytest.mark.parametrize("setup", [{}, {"max_encoding_ohe": 10}], ids=lambda setup: ", ".join(setup) or "as it is")
def test_so_they_are_without_a_target(told, mixed, setup):
    table = mixed.drop(columns="y")
    asked = {"task": "clustering", "target": None}
    assert told(table, setup, **asked).columns_after == _came_out(table, setup, **asked)


def _came_out(frame: pd.DataFrame, setup, task: str, target: str | None) -> int:
    from workbench.training.experiment import set_up
    from workbench.training.request import TrainingRequest

    return set_up(
        frame, TrainingRequest(task, target, plan="setup", sort="", seed=1, folds=3, setup=setup)
    ).shape.features_out


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the most memory that a process has held")
def test_set_up_takes_what_was_told(told, random):
    rows = 60_000
    frame = pd.DataFrame({f"x{number}": random.normal(size=rows) for number in range(10)})
    for number in range(8):
        frame[f"t{number}"] = random.choice([f"value {value}" for value in range(20)], rows)
    frame["y"] = random.choice(["yes", "no"], rows)
    found = told(frame)
    assert found.low_bytes <= _taken(frame) <= found.high_bytes


def _taken(frame: pd.DataFrame) -> int:
    """Most memory that set-up takes in a process of its own, the table that it is given being there already."""
    from workbench.training.executors.isolation import alone
    from workbench.training.request import Limits

    def taken() -> int:
        def told(name: str) -> int:
            lines = Path("/proc/self/status").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

        before = told("VmRSS") - frame.memory_usage().sum()
        Path("/proc/self/clear_refs").write_text("5")
        _came_out(frame, {}, "classification", "y")
        return int(told("VmHWM") - before)

    return alone(taken, Limits())


def test_a_text_that_becomes_most_columns_is_named_with_their_number(told):
    rows = 2_000
    found = told(
        pd.DataFrame({"ticket": [f"A{row}" for row in range(rows)], "fare": range(rows)}),
        task="clustering",
        target=None,
    )
    assert found.widest == (("ticket", rows),)
    assert (found.columns_before, found.columns_after) == (2, rows + 1)
    assert found.words.startswith("Set-up takes about ")
    assert found.words.endswith("while texts are encoded, for 2 columns become 2,001, 2,000 of them of 'ticket' alone.")


def test_nothing_is_said_of_columns_where_none_are_added(told, random):
    frame = pd.DataFrame(random.normal(size=(200, 3)), columns=["a", "b", "y"])
    assert told(frame, task="regression").words.endswith("while PyCaret takes the table over.")


def test_bounds_are_further_apart_where_only_the_least_number_of_texts_is_known(told, random):
    rows = 30_000
    each = pd.DataFrame({"code": [f"c{row}" for row in range(rows)], "x": random.normal(size=rows)})
    some = each.assign(code=[f"c{row // 2}" for row in range(rows)])
    firm, loose = (told(frame, task="clustering", target=None) for frame in (each, some))
    assert firm.columns_after == rows + 1
    assert 10_000 < loose.columns_after < rows
    assert loose.high_bytes / loose.low_bytes > 2 * firm.high_bytes / firm.low_bytes


def test_more_rows_to_train_on_take_more(told, mixed):
    sizes = [told(mixed, {"train_size": share, "max_encoding_ohe": 100}).setup_bytes for share in (0.3, 0.6, 0.9)]
    assert sizes == sorted(set(sizes))


def test_categories_of_a_task_with_a_target_beyond_the_most_become_a_column_each(told, mixed):
    encoded, counted = told(mixed, {"max_encoding_ohe": 100}), told(mixed)
    assert dict(encoded.widest)["town"] == 60
    assert "town" not in dict(counted.widest)


def test_a_kernel_matrix_grows_with_the_square_of_the_rows(told, random):
    few, many = (
        told(
            pd.DataFrame(random.normal(size=(rows, 5)), columns=[*"abcd", "y"]),
            {"pca": True, "pca_method": "kernel", "pca_components": 3},
            task="regression",
        ).setup_bytes
        for rows in (10_000, 20_000)
    )
    assert 3.5 < many / few < 4.1


def test_more_columns_than_can_be_counted_are_told_all_the_same(told, mixed):
    found = told(mixed, {"polynomial_features": True, "polynomial_degree": 5_000})
    assert found.needed(0) > 1024 * GIB


def test_a_run_takes_more_than_its_set_up_and_more_on_more_workers(told, mixed):
    found = told(mixed)
    assert found.needed(0) == found.setup_bytes < found.needed(1) < found.needed(4)


def test_a_run_has_as_many_workers_as_there_is_room_for(told, mixed):
    found = told(mixed)
    assert found.workers_within(1024 * GIB, 8) == 8
    assert found.workers_within(found.needed_perhaps(3), 8) == 3
    assert found.workers_within(0, 8) == 1


def test_a_series_is_told_by_its_rows(told):
    short, long = (
        told(
            pd.DataFrame({"when": pd.date_range("2000-01-01", periods=rows).strftime("%Y-%m-%d"), "y": range(rows)}),
            {"index": "when"},
            task="time_series",
        )
        for rows in (200, 20_000)
    )
    assert short.setup_bytes < long.setup_bytes
    assert long.phase == "the series is looked through"
