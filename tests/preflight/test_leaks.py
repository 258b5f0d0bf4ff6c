"""Features that know the target."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def only(found, code):
    (finding,) = found.of(code)
    return finding


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(lambda y: y, id="the same"),
        pytest.param(lambda y: y.map({"yes": "alive", "no": "dead"}), id="renamed"),
        pytest.param(lambda y: y == "yes", id="true or false"),
        pytest.param(lambda y: y.map({"yes": 7, "no": -1}), id="numbers"),
        pytest.param(lambda y: y.mask(y.index < 30), id="with gaps"),
    ],
)
def test_a_copy_of_the_classes_blocks_the_run(look, honest, copied):
    frame = honest()
    finding = only(look(frame.assign(alive=copied(frame["y"]))), "leak.copy")
    assert (finding.severity, finding.columns) == ("blocking", ("alive",))
    assert finding.evidence["how"] == "renamed"
    assert finding.evidence["score"] > 0.9
    assert finding.mend.changes == {"setup": {"ignore_features": ["alive"]}}


@pytest.mark.parametrize(
    ("copied", "how"),
    [
        pytest.param(lambda y: y, "linear", id="the same"),
        pytest.param(lambda y: y * 1.8 + 32, "linear", id="another scale"),
        pytest.param(lambda y: -y / 3, "linear", id="the other way round"),
        pytest.param(lambda y: np.exp(y / 3), "ordered", id="no straight line"),
        pytest.param(lambda y: -(y**3), "ordered", id="falling"),
    ],
)
def test_a_copy_of_numbers_blocks_the_run(look, honest, copied, how):
    frame = honest(number=True)
    finding = only(look(frame.assign(fee=copied(frame["y"]))), "leak.copy")
    assert (finding.severity, finding.columns, finding.evidence["how"]) == ("blocking", ("fee",), how)


def test_a_column_that_is_zero_where_the_target_is_and_else_of_its_own_is_no_copy(look, random):
    is_claimed = random.random(400) < 0.4
    amount, days = (np.where(is_claimed, random.gamma(2, 500, 400), 0) for _ in range(2))
    found = look(pd.DataFrame({"days": days, "age": random.normal(size=400), "y": amount}))
    assert found.of("leak.copy") == ()


def test_what_differs_from_the_target_in_one_row_is_a_suspect_with_its_score(look, honest):
    frame = honest()
    nearly = frame["y"].copy()
    nearly[5] = "no" if nearly[5] == "yes" else "yes"
    found = look(frame.assign(nearly=nearly))
    assert found.of("leak.copy") == ()
    finding = only(found, "leak.score")
    assert (finding.severity, finding.columns, finding.evidence["measure"]) == ("warning", ("nearly",), "AUC")
    assert 0.98 <= finding.evidence["score"] < 1
    assert f"{finding.evidence['score']:.3f}" in finding.message


def test_a_number_from_which_the_classes_are_cut_is_a_suspect(look, honest, random):
    frame = honest()
    frame["probability"] = np.where(frame["y"] == "yes", random.uniform(0.6, 1, 400), random.uniform(0, 0.5, 400))
    assert only(look(frame), "leak.score").columns == ("probability",)


def test_one_of_three_classes_known_is_not_all_of_them(look, honest, random):
    frame = honest()
    frame["y"] = random.choice(["a", "b", "c"], len(frame))
    frame["hint"] = (frame["y"] == "a") * 1.0
    found = look(frame)
    assert found.of("leak.copy") == found.of("leak.score") == ()


def test_a_number_close_to_the_target_is_a_suspect_by_the_variance_it_explains(look, honest, random):
    frame = honest(2000, number=True)
    finding = only(look(frame.assign(near=frame["y"] + random.normal(0, 0.1, 2000))), "leak.score")
    assert (finding.columns, finding.evidence["measure"]) == (("near",), "R² by rank")


@pytest.mark.parametrize(
    "near",
    [
        pytest.param(lambda y, noise: y.round(-3), id="rounded"),
        pytest.param(lambda y, noise: y * (1 + 0.01 * noise), id="with noise"),
        pytest.param(lambda y, noise: np.log(y).round(2), id="its logarithm"),
        pytest.param(lambda y, noise: y.mask(y.index == 7, 0.0), id="but for a row"),
        pytest.param(lambda y, noise: y.mask(y.index < 15), id="with gaps and one row off"),
    ],
)
@pytest.mark.parametrize("scale", [lambda x: np.exp(12 + x), lambda x: 1e6 + 1e5 * x], ids=["skewed", "even"])
def test_what_is_nearly_the_target_is_a_suspect_in_a_small_table(look, random, scale, near):
    frame = pd.DataFrame({"x": random.normal(size=300), "y": scale(random.normal(size=300))})
    frame["near"] = near(frame["y"], random.normal(size=300))
    frame.loc[200, "near"] = frame["near"].median()
    finding = only(look(frame), "leak.score")
    assert (finding.columns, finding.evidence["measure"]) == (("near",), "R² by rank")
    assert f"an R² of {finding.evidence['score']:.3f} by rank" in finding.message


def test_what_is_nearly_the_target_is_a_suspect_where_few_rows_of_a_large_table_are_ranked(look, random):
    frame = pd.DataFrame({"x": random.normal(size=20_000), "y": random.pareto(1.5, 20_000) + 1})
    frame["near"] = (frame["y"] / 1.2).round(2).where(random.random(20_000) > 0.005, 0.0)
    assert only(look(frame), "leak.score").columns == ("near",)


def test_whether_there_is_a_claim_is_no_suspect_where_its_amount_is(look, random):
    amounts = np.where(random.random(2000) < 0.1, np.exp(random.normal(7, 1, 2000)), 0.0)
    frame = pd.DataFrame({"claims": (amounts > 0) * 1, "paid": (amounts / 1.2).round(-2), "y": amounts})
    assert only(look(frame), "leak.score").columns == ("paid",)


def test_a_few_great_numbers_that_are_foretold_make_no_suspect(look, random):
    size = random.pareto(1.2, 2000) + 1
    frame = pd.DataFrame({"size": size, "y": size * np.exp(random.normal(0, 0.3, 2000))})
    assert look(frame).of("leak.score") == ()


def test_a_date_with_which_the_target_grows_ever_faster_is_no_suspect(look, random):
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=300).strftime("%Y-%m-%d")})
    found = look(frame.assign(y=np.exp(np.linspace(0, 12, 300)) * random.uniform(0.9, 1.1, 300)))
    assert found.of("leak.score") == ()


def test_a_text_that_is_never_the_same_predicts_nothing(look, honest):
    frame = honest()
    frame["name"] = [f"Mr. {row}" for row in range(len(frame))]
    assert {finding.code for finding in look(frame).findings} == {"column.identifier"}


def test_what_divides_a_few_rows_alike_may_do_so_by_chance(look):
    frame = pd.DataFrame({"a": [1, 2] * 10, "b": range(20), "y": ["x", "z"] * 10})
    assert look(frame).blocking == ()


@pytest.mark.parametrize(("has", "says"), [(True, "has"), (False, "lacks")])
def test_gaps_that_tell_a_class_are_told(look, honest, random, has, says):
    frame = honest()
    frame["y"] = random.choice(["alive", "dead", "lost"], 400)
    frame["body"] = np.where((frame["y"] == "dead") == has, random.normal(size=400), np.nan)
    finding = only(look(frame), "leak.gaps")
    assert (finding.severity, finding.columns, finding.evidence["class"]) == ("warning", ("body",), "dead")
    assert f"'body' {says} a value exactly where 'y' is 'dead'" in finding.message


def test_gaps_that_go_with_a_class_but_for_one_row_tell_none(look, honest, random):
    frame = honest()
    frame["y"] = random.choice(["alive", "dead", "lost"], 400)
    frame["body"] = np.where(frame["y"] == "dead", random.normal(size=400), np.nan)
    frame.loc[frame["body"].isna().idxmax(), "body"] = 0.0
    assert look(frame).of("leak.gaps") == ()


@pytest.mark.parametrize(
    ("made", "formula"),
    [
        (lambda a, b: a + b, "casual + registered"),
        (lambda a, b: a - b, "casual − registered"),
        (lambda a, b: a * b, "casual × registered"),
        (lambda a, b: a / b, "casual ÷ registered"),
    ],
)
def test_a_target_that_two_columns_give_blocks_the_run(look, honest, random, made, formula):
    frame = honest(number=True)
    frame["casual"], frame["registered"] = random.integers(1, 900, 400), random.integers(1, 5000, 400)
    frame["y"] = made(frame["casual"], frame["registered"])
    finding = only(look(frame), "leak.computed")
    assert (finding.severity, finding.evidence["formula"]) == ("blocking", formula)
    assert finding.mend.changes == {"setup": {"ignore_features": ["casual", "registered"]}}


def test_a_sum_with_something_else_in_it_is_no_computed_target(look, honest, random):
    frame = honest(number=True)
    frame["casual"], frame["registered"] = random.integers(1, 900, 400), random.integers(1, 5000, 400)
    frame["y"] = frame["casual"] + frame["registered"] + random.integers(0, 2, 400)
    assert look(frame).of("leak.computed") == ()


def test_a_copy_of_most_rows_of_a_large_table_is_looked_for_in_all_of_them(look, random):
    rows = 60_000
    frame = pd.DataFrame({"x": random.normal(size=rows).round(3), "y": random.choice(["yes", "no"], rows)})
    frame["same"] = frame["y"]
    frame["nearly"] = frame["y"].where(np.arange(rows) != rows // 2, "other")
    found = look(frame)
    assert only(found, "leak.copy").columns == ("same",)
    assert only(found, "leak.copy").evidence["rows"] == rows
    assert only(found, "leak.score").columns == ("nearly",)
    assert found.looked_at.startswith("49,984 of 60,000 rows were looked at")


def test_no_leak_is_sought_where_nothing_is_predicted(look, honest):
    frame = honest()
    found = look(frame.assign(twin=frame["colour"]).drop(columns="y"), task="clustering")
    assert [finding.code for finding in found.findings] == ["column.duplicate"]


def test_a_copy_of_a_series_blocks_its_forecast(look, random):
    sales = random.normal(100, 10, 60).round(2)
    frame = pd.DataFrame({"y": sales, "revenue": sales * 12.5, "price": random.normal(5, 1, 60)})
    found = look(frame, task="time_series")
    assert [finding.columns for finding in found.blocking] == [("revenue",)]


def test_a_date_that_the_target_rises_with_is_no_copy_of_it(look, random):
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=200).strftime("%Y-%m-%d")})
    found = look(frame.assign(y=random.uniform(1, 9, 200).cumsum().round(2), x=random.normal(size=200)))
    assert found.blocking == ()
    assert only(found, "leak.score").columns == ("day",)
