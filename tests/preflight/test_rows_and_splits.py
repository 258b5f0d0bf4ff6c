"""Rows that are there twice, belong together, or follow each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def only(found, code):
    (finding,) = found.of(code)
    return finding


def test_rows_that_are_repeated_are_counted_with_what_that_means_for_the_folds(look, honest):
    frame = honest(200)
    frame = pd.concat([frame, frame[:100]]).sample(frac=1, random_state=1)
    frame.iloc[:40, frame.columns.get_loc("y")] = "no"
    finding = only(look(frame, folds=5), "rows.duplicate")
    told = finding.evidence
    assert (finding.severity, told["alike"], told["rows"]) == ("warning", 200, 300)
    # Of two rows that are alike the other one is in another fold with a chance of four in five.
    assert told["across_folds"] == pytest.approx(200 / 300 * 0.8, abs=1e-4)
    seen = frame.groupby(list(frame.columns[:-1]))["y"].agg(["size", "nunique"])
    assert told["conflicting"] == seen[seen["nunique"] > 1]["size"].sum() > 0


def test_rows_with_little_to_differ_in_are_alike_by_chance(look, random):
    frame = pd.DataFrame({name: random.choice(["a", "b"], 500) for name in ("p", "q", "r", "y")})
    finding = only(look(frame), "rows.duplicate")
    assert finding.severity == "note"
    assert finding.evidence["pairs"] == pytest.approx(finding.evidence["expected_pairs"], rel=0.2)


def test_copies_of_all_rows_are_warned_of_though_they_make_every_value_frequent(look, random):
    once = pd.DataFrame({"a": random.normal(size=60).round(3), "b": random.choice(list("uvw"), 60)})
    once["y"] = random.integers(0, 2, 60)
    finding = only(look(pd.concat([once] * 10)), "rows.duplicate")
    assert (finding.severity, finding.evidence["copied"]) == ("warning", True)
    assert finding.evidence["pairs"] < 10 * finding.evidence["expected_pairs"]


def test_copies_with_a_rare_target_are_warned_of_though_some_of_them_differ(look, random):
    once = pd.DataFrame({"a": random.normal(size=300), "b": random.normal(size=300)})
    once["y"] = (random.random(300) < 0.05).astype(int)
    frame = pd.concat([once, once])
    frame.iloc[:4, 2] = 1 - frame.iloc[:4, 2]
    assert only(look(frame), "rows.duplicate").severity == "warning"


def test_a_target_that_follows_from_a_few_whole_numbers_makes_no_copies(look, random):
    frame = pd.DataFrame({"age": random.integers(18, 60, 1000), "sex": random.choice(["f", "m"], 1000)})
    finding = only(look(frame.assign(y=np.where(frame["age"] > 40, "old", "young"))), "rows.duplicate")
    assert (finding.severity, finding.evidence["copied"]) == ("note", False)


def test_rows_that_are_alike_and_have_other_targets_are_not_learned_by_heart(look, random):
    frame = pd.DataFrame({"a": np.repeat(random.normal(size=100), 2), "y": [0, 1] * 100})
    finding = only(look(frame), "rows.duplicate")
    assert finding.severity == "note"
    assert "they are no copies" in finding.message


def test_rows_without_anything_that_differs_are_not_compared(look, random):
    frame = pd.DataFrame({"a": 1, "b": "x", "y": random.integers(0, 2, 200)})
    assert look(frame).of("rows.duplicate") == ()


def test_rows_are_compared_in_the_features_that_are_left(look, honest):
    frame = pd.concat([honest(200)] * 2)
    frame["row_id"] = range(400)
    assert look(frame).of("rows.duplicate") == ()
    assert only(look(frame, setup={"ignore_features": ["row_id"]}), "rows.duplicate").evidence["alike"] == 400


@pytest.fixture
def daily(honest):
    """A table of which the rows follow a date, and the target a little too."""
    frame = honest(1000)
    frame["day"] = pd.date_range("2021-01-01", periods=1000).strftime("%Y-%m-%d")
    frame["y"] = np.where(np.random.default_rng(1).random(1000) < np.linspace(0.1, 0.9, 1000), "yes", "no")
    return frame


def test_rows_that_follow_a_date_suggest_folds_in_order(look, daily):
    finding = only(look(daily), "split.time")
    assert (finding.severity, finding.columns) == ("warning", ("day",))
    assert finding.evidence["ascending"] == 1.0
    assert finding.evidence["drift"] > 0.6
    setup = {"fold_strategy": "timeseries", "data_split_shuffle": False, "data_split_stratify": False}
    assert finding.mend.changes == {"setup": setup}
    assert look(daily, setup=setup).of("split.time") == ()


def test_rows_that_follow_a_date_that_the_target_does_not_follow_are_noted(look, daily, random):
    daily["y"] = random.choice(["yes", "no"], 1000)
    assert only(look(daily), "split.time").severity == "note"


@pytest.mark.parametrize("order", ["newest first", "any"])
def test_rows_in_another_order_are_to_be_sorted_first(look, daily, order):
    table = daily[::-1] if order == "newest first" else daily.sample(frac=1, random_state=1)
    finding = only(look(table), "split.time")
    assert finding.mend is None
    assert "bring the table sorted by it" in finding.message
    assert ("the newest first" in finding.message) == (order == "newest first")


def test_a_date_that_neither_rows_nor_target_follow_suggests_nothing(look, daily, random):
    daily["y"] = random.choice(["yes", "no"], 1000)
    assert look(daily.sample(frac=1, random_state=1)).of("split.time") == ()


@pytest.fixture
def visits(random):
    """Eight visits of each customer, in a row, whose targets are much alike."""
    customer = np.repeat(random.choice(10**6, 100, replace=False), 8)
    habit = np.repeat(random.random(100), 8)
    frame = pd.DataFrame({"customer": customer, "amount": random.normal(size=800).round(3)})
    return frame.assign(y=np.where(random.random(800) < (habit > 0.5) * 0.8 + 0.1, "yes", "no"))


def test_groups_of_rows_with_targets_alike_suggest_that_they_stay_together(look, visits):
    finding = only(look(visits), "split.groups")
    assert (finding.severity, finding.columns) == ("warning", ("customer",))
    assert (finding.evidence["groups"], finding.evidence["rows_each"]) == (100, 8.0)
    assert finding.evidence["likeness"] > 0.4
    setup = {"fold_strategy": "groupkfold", "fold_groups": "customer"}
    assert finding.mend.changes == {"setup": setup}
    assert look(visits, setup=setup).of("split.groups") == ()


def test_groups_are_told_of_numbers_too(look, visits, random):
    visits["y"] = (visits["customer"] % 97 + random.normal(0, 5, 800)).round(2)
    assert only(look(visits, task="regression"), "split.groups").columns == ("customer",)


def test_groups_in_any_order_are_told_by_their_name(look, visits):
    mixed = visits.sample(frac=1, random_state=2)
    assert look(mixed).of("split.groups") == ()
    assert only(look(mixed.rename(columns={"customer": "customer_id"})), "split.groups").severity == "warning"


def test_groups_that_are_left_out_cannot_be_named_and_that_is_said(look, visits):
    finding = only(look(visits, setup={"ignore_features": ["customer"]}), "split.groups")
    assert finding.mend is None
    assert "left out" in finding.message


def test_groups_whose_targets_are_not_alike_suggest_nothing(look, visits, random):
    visits["y"] = random.choice(["yes", "no"], 800)
    assert look(visits).of("split.groups") == ()


def test_a_measure_that_the_target_goes_with_is_no_group(look, random):
    age = np.sort(random.integers(18, 80, 800))
    frame = pd.DataFrame({"age": age, "y": np.where(random.random(800) < (age - 18) / 62, "yes", "no")})
    assert look(frame).of("split.groups") == ()
