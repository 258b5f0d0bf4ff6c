"""Columns of dates, which come as text."""

from __future__ import annotations

import pickle

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from workbench.errors import BadRequest
from workbench.training.dates import Dates, learn_patterns, read_dates
from workbench.training.request import PipelineFitted

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def dated(mixed):
    frame = mixed["classification"].copy()
    days = pd.date_range("2024-01-01", periods=len(frame), freq="D")
    return frame.assign(since=days.strftime("%Y-%m-%d"))


@pytest.mark.parametrize(
    ("task", "model"), [("classification", "nb"), ("clustering", "kmeans"), ("anomaly", "iforest")]
)
def test_dates_that_come_as_text_are_dates_to_set_up_and_to_the_pipeline(train, dated, task, model):
    frame = dated if task == "classification" else dated.drop(columns="buys")
    *_, last = train(task, frame=frame, models=(model,), setup={"date_features": ["since"]})
    assert isinstance(last, PipelineFitted)
    pipeline = cloudpickle.loads(last.pickled)
    as_text = pd.DataFrame(last.sample).fillna(np.nan)
    assert as_text["since"].iloc[0] == "2024-01-01"
    as_dates = as_text.assign(since=pd.to_datetime(as_text["since"]))
    assert list(pipeline.predict(as_text)) == list(pipeline.predict(as_dates))


def test_a_value_that_is_no_date_is_named_with_its_row(train, dated):
    frame = dated.assign(since=dated["since"].where(dated.index != 4, "soon"))
    with pytest.raises(BadRequest, match=r"^The column 'since' has 'soon' in row 5, which is no date\.$"):
        list(train(frame=frame, plan="setup", setup={"date_features": ["since"]}))


def test_a_table_may_have_days_before_months_whatever_row_comes_first_to_be_learned_from(train, dated):
    days = pd.date_range("2019-12-31", periods=len(dated), freq="D")
    frame = dated.assign(since=days.strftime("%d/%m/%Y"))
    *_, last = train("classification", frame=frame, models=("nb",), setup={"date_features": ["since"]})
    told = last.reference["columns"]["since"]
    assert pd.Timestamp(told["max"]) <= days[-1]
    pipeline = cloudpickle.loads(last.pickled)
    row = frame.iloc[[1]]
    assert pipeline.steps[0][1].transform(row)["since"].tolist() == [pd.Timestamp("2020-01-01")]


@pytest.mark.parametrize(
    "texts",
    [
        ["31/12/2019", "01/02/2020", None],
        ["01/02/2020", "02/12/2020"],
        ["2020-01-01", "2020-02-01"],
        ["2020-01-01 10:00:00.123456789", "2020-01-02 00:00:00.000000000"],
        ["1/2/20", "3 May 2021", "31/12/19"],
        [None, "", "Jan 5, 2020"],
    ],
)
def test_texts_are_read_one_by_one_as_pandas_reads_the_column_that_is_learned_from(texts):
    frame = pd.DataFrame({"since": pd.Series(texts, dtype=object)})
    step = Dates(["since"], learn_patterns(frame, ["since"]))
    expected = read_dates(frame["since"]).dt.floor("us")
    assert step.transform(frame)["since"].dt.floor("us").equals(expected)
    for row in range(len(frame)):
        alone = step.transform(frame.iloc[[row]])["since"].dt.floor("us")
        assert alone.equals(expected.iloc[[row]])


def test_a_step_that_was_stored_without_patterns_reads_dates_as_it_did():
    step = Dates(["since"])
    del step.patterns
    frame = pd.DataFrame({"since": ["31/12/2019", "01/02/2020"]})
    assert pickle.loads(pickle.dumps(step)).transform(frame)["since"].dt.month.tolist() == [12, 2]


@pytest.mark.parametrize("text", ["now", "today"])
def test_a_word_that_means_another_day_each_day_is_no_date(text):
    with pytest.raises(BadRequest, match=f"has '{text}' in row 2, which is no date"):
        read_dates(pd.Series(["2020-01-01", text], name="since"))
