"""Columns that teach nothing, mislead, or are there twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.mark.parametrize("asked", [{}, {"task": "clustering"}, {"task": "anomaly"}])
def test_nothing_is_found_in_an_honest_table(look, honest, asked):
    frame = honest()
    found = look(frame if not asked else frame.drop(columns="y"), **asked)
    assert found.findings == ()
    assert found.looked_at == "All 400 rows were looked at."


def test_nothing_is_found_in_an_honest_table_of_numbers(look, honest):
    assert look(honest(number=True)).findings == ()


def test_a_text_with_a_value_of_its_own_in_each_row_is_named_with_examples(look, honest):
    frame = honest()
    frame["name"] = [f"Mr. {row}" for row in range(len(frame))]
    (finding,) = look(frame).findings
    assert (finding.code, finding.severity, finding.columns) == ("column.identifier", "warning", ("name",))
    assert "'name' has a value of its own in each of 400 rows" in finding.message
    assert finding.evidence == {"rows": 400, "share": 1.0, "examples": ["Mr. 0", "Mr. 1", "Mr. 2"]}
    assert finding.mend.changes == {"setup": {"ignore_features": ["name"]}}


def test_a_text_with_a_value_of_its_own_in_most_rows_is_named_too(look, honest):
    frame = honest()
    frame["name"] = [f"Mr. {row // 2 if row < 40 else row}" for row in range(len(frame))]
    (finding,) = look(frame).findings
    assert finding.code == "column.identifier"
    assert "in 95% of 400 rows" in finding.message


def test_a_number_that_counts_the_rows_is_named(look, honest, random):
    frame = honest()
    frame["row"] = random.permutation(len(frame)) + 1000
    (finding,) = look(frame).findings
    assert (finding.code, finding.columns) == ("column.identifier", ("row",))
    assert "tree" not in finding.message


@pytest.mark.parametrize(
    ("name", "is_named"), [("customer_id", True), ("OrderNo", True), ("income", False), ("paid", False)]
)
def test_whole_numbers_that_are_far_apart_are_named_by_what_they_are_called(look, honest, random, name, is_named):
    frame = honest()
    frame[name] = random.choice(10**6, len(frame), replace=False)
    assert [finding.columns for finding in look(frame).of("column.identifier")] == [(name,)] * is_named


def test_what_is_left_out_already_is_not_found(look, honest):
    frame = honest()
    frame["name"] = [f"Mr. {row}" for row in range(len(frame))]
    assert look(frame, setup={"ignore_features": ["name"]}).findings == ()


def test_a_text_that_somebody_said_is_words_is_no_identifier(look, honest):
    frame = honest()
    frame["review"] = [f"word{row} and more" for row in range(len(frame))]
    assert look(frame, setup={"text_features": ["review"]}).of("column.identifier") == ()


def test_a_mend_keeps_what_is_left_out_already(look, honest):
    frame = honest()
    frame["name"] = [f"Mr. {row}" for row in range(len(frame))]
    (finding,) = look(frame, setup={"ignore_features": ["age"]}).findings
    assert finding.mend.changes == {"setup": {"ignore_features": ["age", "name"]}}


def test_nothing_is_offered_that_would_leave_no_feature(look):
    frame = pd.DataFrame({"name": [f"Mr. {row}" for row in range(60)], "y": ["a", "b"] * 30})
    (finding,) = look(frame).of("column.identifier")
    assert finding.mend is None


def test_columns_that_are_always_the_same_are_one_finding(look, honest):
    frame = honest()
    (finding,) = look(frame.assign(same="x", never=np.nan)).findings
    assert (finding.code, finding.severity, finding.columns) == ("column.constant", "note", ("same", "never"))
    assert finding.evidence == {"values": {"same": "x", "never": None}}
    assert finding.mend.changes == {"setup": {"ignore_features": ["same", "never"]}}


def test_columns_that_hold_the_same_are_found_whatever_they_call_it(look, honest):
    frame = honest()
    frame["farbe"] = frame["colour"].map({"red": "rot", "green": "gruen", "blue": "blau"})
    frame["mm"] = frame["width"] * 10
    frame["again"] = frame["height"]
    found = look(frame).of("column.duplicate")
    assert [finding.columns for finding in found] == [("width", "mm"), ("height", "again"), ("colour", "farbe")]
    assert {finding.severity for finding in found} == {"note"}
    assert found[0].mend.changes == {"setup": {"ignore_features": ["mm"]}}


def test_columns_that_differ_in_one_row_are_not_the_same(look, honest):
    frame = honest()
    frame["again"] = frame["height"]
    frame.loc[7, "again"] += 1
    frame["farbe"] = frame["colour"].map({"red": "rot", "green": "gruen", "blue": "blau"})
    frame.loc[9, "farbe"] = "rot" if frame.loc[9, "colour"] != "red" else "blau"
    assert look(frame).of("column.duplicate") == ()


def test_of_two_identifiers_none_is_the_other_under_another_name(look, honest):
    frame = honest()
    frame["name"] = [f"Mr. {row}" for row in range(len(frame))]
    frame["ticket"] = [f"T{7 * row % 400}" for row in range(len(frame))]
    assert look(frame).of("column.duplicate") == ()


def test_names_that_lightgbm_refuses_are_shown_as_pycaret_writes_them(look, honest):
    frame = honest().rename(columns={"width": "width [cm]", "height": "=height"})
    found = look(frame).of("column.name")
    assert [finding.columns for finding in found] == [("width [cm]",), ("=height",)]
    assert found[0].evidence == {"become": {"width [cm]": "width cm"}}
    assert {finding.severity for finding in found} == {"note"}


def test_names_that_become_one_are_warned_of(look, honest):
    (finding,) = look(honest().rename(columns={"width": "a:x", "height": "ax"})).of("column.name")
    assert (finding.severity, finding.columns) == ("warning", ("a:x", "ax"))


def test_a_text_with_hardly_any_rows_a_value_is_warned_of(look, honest, random):
    frame = honest()
    frame["ticket"] = [f"T{value}" for value in random.integers(0, 200, len(frame))]
    (finding,) = look(frame).of("column.cardinality")
    assert (finding.severity, finding.columns) == ("warning", ("ticket",))
    assert finding.mend.changes == {"setup": {"ignore_features": ["ticket"]}}


def test_dates_that_would_be_taken_for_categories_are_told_with_a_mend(look, honest, random):
    frame = honest()
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, len(frame)), unit="D")
    frame["born"] = days.strftime("%Y-%m-%d")
    (finding,) = look(frame).findings
    assert (finding.code, finding.severity) == ("column.dates", "warning")
    assert finding.mend.changes == {"setup": {"date_features": ["born"]}}
    assert look(frame, setup={"date_features": ["born"]}).findings == ()


def test_of_many_findings_of_a_code_the_last_are_told_as_one(look, honest):
    frame = honest()
    frame = frame.assign(**{f"id{number}": [f"{number}-{row}" for row in range(len(frame))] for number in range(30)})
    found = look(frame).of("column.identifier")
    assert len(found) == 21
    assert found[-1].columns == tuple(f"id{number}" for number in range(20, 30))
    assert found[-1].mend.changes == {"setup": {"ignore_features": [f"id{number}" for number in range(20, 30)]}}
