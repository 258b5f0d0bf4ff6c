"""Columns of dates, which come as text."""

from __future__ import annotations

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from workbench.errors import BadRequest
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
