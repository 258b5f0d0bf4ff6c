"""A batch checks its table a part at a time."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.predictor.schema import InvalidRows, Schema
from workbench.service.batch import CHUNK_ROWS, checked


def test_a_wrong_cell_is_told_by_its_row_in_the_whole_table():
    schema = Schema.of([{"name": "since", "dtype": "object", "kind": "date"}])
    part = pd.DataFrame({"since": ["2020-01-01"] * 5 + ["soon"]})
    with pytest.raises(InvalidRows, match=r"^Row 20005: 'since' is 'soon', which is no date\.$") as refused:
        checked(part, schema, CHUNK_ROWS)
    assert [problem["row"] for problem in refused.value.about["problems"]] == [20005]
