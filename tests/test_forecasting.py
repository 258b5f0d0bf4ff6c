"""Forecasting as requests: what is checked before anything is stored."""

from __future__ import annotations

import io

import pytest

from workbench.catalogue.horizon import Horizon, pycaret_setup
from workbench.errors import BadRequest
from workbench.requests import resolve
from workbench.runs.spec import Asked, RunSpec, make_spec

ROWS = 40
TABLE = "day,year,twice,level,promo,city,heat,sales,gaps\n" + "".join(
    f"2024-{1 + row // 28:02}-{1 + row % 28:02},{1980 + row},{row // 2},{row / 4},{row % 3 == 0},Rome,"
    f"{10 + row % 7},{100 + row},{row if row % 9 else ''}\n"
    for row in range(ROWS)
)
NUMBERS = {"ignore_features": ["twice", "city", "gaps", "year"], "index": "day"}


def spec(**request: object) -> RunSpec:
    return make_spec(Asked(task="time_series", **request))


@pytest.fixture
def source(workbench):
    return workbench.data.upload(io.BytesIO(TABLE.encode()), name="shop")


@pytest.fixture
def refused(workbench, source):
    def refused(target: str = "sales", **request: object) -> BadRequest:
        asked = {"task": "time_series", "target": target, "folds": 2} | request
        with pytest.raises(BadRequest) as caught:
            resolve(workbench._store, workbench.data, source, asked)
        return caught.value

    return refused


def test_what_is_not_said_is_pycarets_default():
    made = spec(target="sales")
    assert (made.folds, made.sort, made.setup, made.include) == (3, "MASE", {}, None)
    assert spec(target="sales", plan="blend", include=["naive", "theta"]).options == {
        "method": "mean",
        "weights": None,
        "choose_better": False,
    }


@pytest.mark.parametrize(
    ("option", "given", "read"),
    [
        ("fh", "12", 12),
        ("fh", "1, 3,6", [1, 3, 6]),
        ("fh", [2, 4], [2, 4]),
        ("seasonal_period", "M", "M"),
        ("seasonal_period", "7, 30", [7, 30]),
        ("seasonal_period", None, None),
        ("coverage", "0.8", 0.8),
        ("coverage", "0.1,0.9", [0.1, 0.9]),
        ("index", " day ", "day"),
        ("numeric_imputation_target", "0", 0.0),
        ("gap", "2", 2),
    ],
)
def test_options_are_read_as_pycaret_takes_them(option, given, read):
    found = spec(target="sales", setup={option: given}).setup[option]
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(("option", "value"), [("fh", "soon!"), ("index", 3), ("point_alpha", 2), ("gap", "x")])
def test_a_value_that_an_option_does_not_take_is_refused(option, value):
    with pytest.raises(BadRequest, match=f"The option '{option}' is "):
        spec(target="sales", setup={option: value})


def test_an_object_cannot_be_named():
    with pytest.raises(BadRequest, match="governed by Workbench itself: an object cannot be named"):
        spec(target="sales", setup={"fe_exogenous": []})


def test_plans_that_pycaret_has_no_forecast_for_are_refused():
    with pytest.raises(BadRequest, match="PyCaret has no 'stack' for forecasting"):
        spec(target="sales", plan="stack", include=["naive", "theta"])


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"sort": "Stability"}, "it cannot rank"),
        ({"sort": "COVERAGE"}, "The metric 'COVERAGE' needs the set-up option point_alpha."),
        ({"sort": "Bias", "racing": True}, "cannot race by 'Bias'"),
    ],
)
def test_a_metric_that_cannot_rank_is_refused(request_, said):
    with pytest.raises(BadRequest, match=said):
        spec(target="sales", **request_)


def test_what_workbench_adds_ranks():
    assert spec(target="sales", sort="wape").sort == "WAPE"
    assert spec(target="sales", sort="bias").sort == "Bias"
    assert spec(target="sales", sort="coverage", setup={"point_alpha": 0.5}).sort == "COVERAGE"


def test_weights_of_a_least_or_a_largest_forecast_are_refused():
    options = {"method": "max", "weights": [1, 2]}
    with pytest.raises(BadRequest, match="Weights count for nothing in the max"):
        spec(target="sales", plan="blend", include=["naive", "theta"], options=options)


def test_a_request_that_the_table_bears_is_resolved(workbench, source):
    asked = {"task": "time_series", "target": "sales", "folds": 3, "setup": NUMBERS | {"fh": 6, "gap": 1}}
    _, made = resolve(workbench._store, workbench.data, source, asked)
    assert made.setup["fh"] == 6


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"target": "day"}, "The target 'day' of shop is not a number, so it cannot be forecast."),
        ({"setup": {"index": "date"}}, "The option 'index' names 'date', which shop does not have."),
        ({"setup": {"index": "sales"}}, "The option 'index' names the target 'sales'."),
        ({"setup": NUMBERS | {"index": "level"}}, "The index 'level' of shop holds neither dates nor whole numbers."),
        ({"setup": NUMBERS | {"index": "twice"}}, "The index 'twice' of shop has 0 in 2 rows"),
        ({"setup": NUMBERS | {"index": "gaps"}}, "The index 'gaps' of shop has no value in 5 rows."),
        ({"setup": {}}, "The column 'day' of shop is not a number, so nothing can be forecast from it. Name it by"),
        ({"setup": {"index": "day"}}, "The column 'city' of shop is not a number"),
        (
            {"setup": NUMBERS | {"ignore_features": ["city"]}},
            "'gaps' of shop has 5 gaps: say by numeric_imputation_exogenous how to fill them.",
        ),
        (
            {"target": "gaps", "setup": NUMBERS | {"ignore_features": ["city"]}},
            "'gaps' of shop has 5 gaps: say by numeric_imputation_target how to fill them.",
        ),
        ({"setup": NUMBERS | {"fh": 0}}, "The option 'fh' is 0; it takes a number of steps"),
        ({"setup": NUMBERS | {"fh": [2, 2]}}, "it names a step twice"),
        ({"setup": NUMBERS | {"gap": -1}}, "The option 'gap' is -1; it takes 0 or more rows."),
    ],
    ids=lambda value: None if isinstance(value, dict) else value[:40],
)
def test_what_cannot_be_forecast_is_refused_in_one_sentence(request_, said, refused):
    assert said in str(refused(**request_))


def test_more_than_the_rows_bear_is_refused_and_not_reduced(refused):
    error = refused(folds=3, setup=NUMBERS | {"fh": 9, "gap": 2})
    assert error.code == "spec.invalid"
    assert error.message == (
        "3 folds of 9 steps after a gap of 2 rows, with 11 rows held out, take 42 rows; shop has 40."
    )


@pytest.mark.parametrize("gap", [0, 1, 5])
@pytest.mark.parametrize("fh", [1, 3, [2, 5]], ids=str)
@pytest.mark.parametrize("folds", [2, 4])
def test_the_rows_that_are_asked_for_are_the_fewest_that_do(gap, fh, folds):
    horizon = Horizon.of({"fh": fh, "gap": gap})
    needed = next(rows for rows in range(1, 200) if horizon.first_window(rows, folds) >= 2)
    horizon.check(needed, folds, "it")
    with pytest.raises(BadRequest, match=f"take {needed} rows; it has {needed - 1}."):
        horizon.check(needed - 1, folds, "it")


def test_a_gap_is_told_to_pycaret_as_a_horizon_that_leaves_steps_out():
    assert pycaret_setup({"fh": 3, "gap": 2, "index": "day"}) == {"fh": [3, 4, 5], "index": "day"}
    assert pycaret_setup({"fh": 3, "gap": 0}) == {"fh": 3}
    assert pycaret_setup({"fh": [1, 4], "gap": 1}) == {"fh": [2, 5]}
    assert pycaret_setup({"index": "day"}) == {"index": "day"}
