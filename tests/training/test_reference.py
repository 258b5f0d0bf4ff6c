"""What a run keeps of the rows that its pipeline learned from, and which rows it was not fitted on."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from workbench.catalogue import TASKS
from workbench.recipe import Recipe
from workbench.training.columns import schema
from workbench.training.experiment import Fitted, set_up
from workbench.training.reference import held_out, summarise
from workbench.training.request import PipelineFitted, TrainingRequest

pytestmark = pytest.mark.filterwarnings("ignore")

TARGETS = {"classification": "buys", "regression": "spends", "time_series": "sales"}


@pytest.fixture
def fit(mixed):
    """Set a task up on its mixed table and fit a model; return it with PyCaret's own experiment."""

    def fit(task="classification", model="dummy", *, frame=None, all_rows=False, **setup):
        known = TASKS[task]
        request = TrainingRequest(
            task,
            TARGETS.get(task),
            "create",
            known.sort,
            seed=11,
            folds=3 if known.folds > 1 else 1,
            setup=setup,
            options={"num_clusters": 3, "ground_truth": None, "fraction": 0.05},
        )
        experiment = set_up(mixed[task] if frame is None else frame, request)
        return experiment.fit(Recipe(model=model), all_rows=all_rows), experiment.pycaret

    return fit


class Says:
    """A pipeline that says the same of every row."""

    def __init__(self, said):
        self.said = said

    def predict(self, X):
        if isinstance(self.said, Exception):
            raise self.said
        return np.full(len(X), self.said)


def learned(frame, target=None, said=0, **more):
    """A pipeline that was fitted on all rows of a table."""
    rows = np.arange(len(frame))
    return Fitted(Says(said), frame, frame, target, rows, rows[:0], rows, **more)


@pytest.mark.parametrize(
    "setup",
    [
        {},
        {"data_split_shuffle": False, "data_split_stratify": False},
        {"train_size": 0.9},
        {"ignore_features": ["age"]},
        {"remove_outliers": True},
        {"fix_imbalance": True},
        {"numeric_imputation": "drop"},
        {"fold_strategy": "groupkfold", "fold_groups": "visits"},
    ],
    ids=str,
)
def test_the_held_out_rows_are_those_that_the_pipeline_was_not_fitted_on(fit, mixed, setup):
    fitted, experiment = fit(**setup)
    told, table = held_out(fitted), mixed["classification"]
    ours, theirs = table.iloc[told["rows"]], experiment.X_test.sort_index()
    assert told["of"] == len(table)
    np.testing.assert_allclose(ours["income"], theirs["income"], rtol=1e-6)
    assert ours["buys"].tolist() == experiment.y_test.sort_index().tolist()
    assert table["income"].is_unique
    assert sorted([*told["rows"], *fitted.rows]) == list(range(len(table)))


def test_no_row_is_held_out_of_what_was_fitted_on_all_rows(fit, mixed):
    fitted, _ = fit("regression", all_rows=True)
    assert held_out(fitted) == {"rows": [], "of": len(mixed["regression"])}
    assert summarise(fitted, seed=1)["rows"] == len(mixed["regression"])


@pytest.mark.parametrize(("task", "model"), [("clustering", "kmeans"), ("anomaly", "iforest")])
def test_a_task_without_a_target_holds_nothing_out(fit, mixed, task, model):
    fitted, _ = fit(task, model)
    told = summarise(fitted, seed=1)
    assert held_out(fitted) == {"rows": [], "of": len(mixed[task])}
    assert (told["target"], told["predictions"]["rows"]) == (None, len(mixed[task]))


@pytest.mark.parametrize(("task", "model"), [("regression", "lr"), ("clustering", "kmeans"), ("anomaly", "knn")])
def test_a_column_that_is_left_out_is_neither_asked_for_nor_learned_from(fit, mixed, task, model):
    fitted, _ = fit(task, model, ignore_features=["visits"])
    assert [column["name"] for column in schema(fitted.takes)] == ["age", "income", "city"]
    told = summarise(fitted, seed=1)
    assert list(told["columns"]) == ["age", "income", "city"]
    assert told["predictions"]["rows"] == len(fitted.rows)


@pytest.mark.parametrize(
    ("setup", "months"),
    [({"fh": 3}, [45, 46, 47]), ({"fh": 2, "gap": 3}, [46, 47]), ({"fh": [1, 4]}, [44, 47])],
    ids=str,
)
def test_of_a_series_the_rows_of_the_horizon_are_held_out_wherever_the_table_has_them(fit, mixed, setup, months):
    dates = pd.date_range("2020-01-01", periods=48, freq="MS").astype(str)
    shuffled = mixed["time_series"].assign(month=dates).sample(frac=1, random_state=3).reset_index(drop=True)
    fitted, _ = fit("time_series", "naive", frame=shuffled, index="month", **setup)
    told = held_out(fitted)
    assert list(shuffled["month"].iloc[told["rows"]]) == [dates[month] for month in months]
    last = 47 - max(setup["fh"] if isinstance(setup["fh"], list) else [setup["fh"]]) - setup.get("gap", 0)
    assert list(shuffled["month"].iloc[told["ahead"]]) == list(dates[last + 1 :])
    assert summarise(fitted, seed=1)["until"] == f"{dates[last]}T00:00:00"


def test_a_forecaster_says_why_it_predicts_none_of_its_own_rows(fit):
    fitted, _ = fit("time_series", "naive", fh=3)
    told = summarise(fitted, seed=1)
    assert (told["rows"], told["predictions"], told["target"]["kind"]) == (45, None, "number")
    assert told["note"] == "A forecaster predicts the rows after those that it was fitted on."


def test_a_run_tells_what_its_pipeline_learned_from(train, mixed):
    fitted = list(train(plan="create", bases=(Recipe(model="dt"),), setup={"ignore_features": ["visits"]}))[-1]
    assert isinstance(fitted, PipelineFitted)
    told, table = fitted.reference, mixed["classification"]
    learned_from = table.drop(index=fitted.holdout["rows"])
    assert told["rows"] == len(learned_from) == fitted.rows
    assert told["columns"]["income"]["mean"] == pytest.approx(learned_from["income"].mean())
    assert dict(told["columns"]["city"]["values"]) == learned_from["city"].value_counts().to_dict()
    assert told["columns"]["age"]["missing"] == pytest.approx(learned_from["age"].isna().mean())
    assert dict(told["target"]["values"]) == learned_from["buys"].value_counts().to_dict()
    # A tree that was grown to its end says of its own rows what they are.
    assert told["predictions"]["values"] == told["target"]["values"]
    sample = told["sample"]
    assert sample["predictions"] == sample["target"] == table["buys"].iloc[sample["numbers"]].tolist()
    assert sample["columns"]["income"] == table["income"].iloc[sample["numbers"]].tolist()
    assert not set(sample["numbers"]) & set(fitted.holdout["rows"])


def test_kinds_tell_what_a_column_holds_whatever_pandas_makes_of_its_gaps():
    frame = pd.DataFrame(
        {
            "count": [1, 2],
            "share": [0.5, None],
            "is_new": [True, False],
            "is_paid": [True, None],
            "name": ["a", None],
            "day": ["2024-01-01", None],
            "time": pd.to_datetime(["2024-01-01", None]),
            "nothing": [None, None],
        }
    )
    told = {column["name"]: (column["kind"], column["dtype"]) for column in schema(frame, ["day"])}
    assert told == {
        "count": ("number", "int64"),
        "share": ("number", "float64"),
        "is_new": ("bool", "bool"),
        "is_paid": ("bool", "object"),
        "name": ("text", "object"),
        "day": ("date", "object"),
        "time": ("date", "datetime64[ns]"),
        "nothing": ("text", "object"),
    }


def test_numbers_are_told_by_moments_quantiles_and_bins():
    column = summarise(learned(pd.DataFrame({"x": [*range(101), np.nan, np.inf]})), seed=1)["columns"]["x"]
    assert (column["mean"], column["min"], column["max"]) == (50, 0, 100)
    assert column["std"] == pytest.approx(np.arange(101).std())
    assert column["missing"] == 2 / 103
    assert column["quantiles"] == {str(percent): percent for percent in (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)}
    assert (len(column["histogram"]["edges"]), sum(column["histogram"]["counts"])) == (21, 101)


def test_dates_are_told_as_dates():
    frame = pd.DataFrame({"day": ["2024-01-01", "2024-01-03", None]})
    column = summarise(learned(frame, dates={"day": None}), seed=1)["columns"]["day"]
    assert (column["min"], column["quantiles"]["50"]) == ("2024-01-01T00:00:00", "2024-01-02T00:00:00")


def test_of_many_values_the_most_frequent_are_counted_and_the_rest_together():
    texts = [f"v{number}" for number in range(60)] + ["v7"] * 5 + ["long" * 100] * 3
    column = summarise(learned(pd.DataFrame({"k": texts})), seed=1)["columns"]["k"]
    assert column["values"][0] == ["v7", 6]
    assert (len(column["values"]), column["distinct"]) == (49, 61)
    assert sum(count for _, count in column["values"]) + column["rest"] == len(texts)


@pytest.mark.parametrize(
    "values",
    [[1e308, -1e308, 0.0], [np.nan] * 3, [np.inf, -np.inf, np.nan], [5e-324, 0.0, 0.0], [2**62, 1, 0], [None, 1, "a"]],
    ids=str,
)
def test_whatever_a_column_holds_the_summary_is_plain_json(values):
    told = summarise(learned(pd.DataFrame({"x": values}), pd.Series(values, name="y")), seed=1)
    assert json.loads(json.dumps(told, allow_nan=False)) == told


@pytest.mark.parametrize(("cell", "width"), [(1.5, 2000), ("words " * 5000, 40)], ids=["numbers", "long texts"])
def test_a_wide_table_makes_a_small_summary(cell, width):
    wide = pd.DataFrame({f"c{number}": [cell] * 60 for number in range(width)})
    assert len(json.dumps(summarise(learned(wide), seed=1))) < 6_000_000


def test_a_pipeline_that_cannot_predict_its_rows_says_why():
    told = summarise(learned(pd.DataFrame({"x": [1.0]}), said=ValueError("not these\nat all")), seed=1)
    assert (told["predictions"], told["sample"]["predictions"]) == (None, None)
    assert told["note"] == "It cannot predict the rows that it was fitted on: ValueError: not these."
