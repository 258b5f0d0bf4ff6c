"""Rows that a pipeline refuses are refused in its own words, by the fast way as by the pipeline itself."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import BadRequest

COLUMNS = ("age", "income", "city", "member")
ROW = {"age": 40.0, "income": 20000.0, "city": "Rome", "member": True}

pytestmark = pytest.mark.filterwarnings("ignore")


def words(way, predictor, rows) -> str:
    with pytest.raises(BadRequest) as refused:
        getattr(predictor, way)(predictor.read(rows))
    assert refused.value.code == "predict.failed"
    return refused.value.message


@pytest.mark.parametrize(
    ("model", "setup", "row", "said"),
    [
        ("lr", {}, ROW | {"member": None}, "contains NaN"),
        ("rf", {}, ROW | {"income": 1e39}, "too large for dtype('float32')"),
        ("lightgbm", {"numeric_imputation": "drop"}, ROW | {"age": None}, "drops rows with missing values"),
    ],
)
def test_a_refusal_is_the_pipelines_own(model, setup, row, said, loaded):
    predictor = loaded(model, setup=setup, columns=COLUMNS)
    assert predictor.engine.path == "compiled", predictor.engine.why
    assert words("predict", predictor, [row]) == words("original", predictor, [row])
    assert said in words("predict", predictor, [ROW, row])


@pytest.mark.parametrize("model", ["lightgbm", "lr"])
def test_a_value_beyond_float32_is_taken_where_the_model_takes_it(model, loaded):
    predictor = loaded(model, columns=COLUMNS)
    rows = predictor.read([ROW | {"income": 1e300}, ROW])
    assert predictor.predict(rows) == predictor.original(rows)


def test_a_missing_date_is_taken_as_in_a_table_where_most_are_there(loaded):
    predictor = loaded("lightgbm", setup={"date_features": ["since"]}, columns=(*COLUMNS, "since"))
    rows = predictor.read([ROW | {"since": None}])
    assert predictor.engine.path == "compiled", predictor.engine.why
    assert predictor.predict(rows) == predictor.original(rows)


def test_a_date_in_full_is_read_with_its_time_or_without(loaded):
    predictor = loaded("lightgbm", setup={"date_features": ["since"]}, columns=(*COLUMNS, "since"))
    ways = ["2020-03-04", "2020-03-04T00:00:00", "2020-03-04 00:00", "2020-03-04T00:00:00.000Z"]
    said = [predictor.predict(predictor.read([ROW | {"since": way}])) for way in ways]
    assert said == [predictor.original(predictor.read([ROW | {"since": way}])) for way in ways]
    assert said == [said[0]] * len(ways)


def test_a_column_that_was_left_out_need_not_be_sent(loaded):
    predictor = loaded("lightgbm", setup={"ignore_features": ["city"]}, columns=COLUMNS)
    without = {name: value for name, value in ROW.items() if name != "city"}
    assert predictor.predict(predictor.read([without])).labels


def test_labels_come_back_as_the_target_had_them(stored):
    from tests.predictor.pipelines import Asked, table

    frame = table(Asked("classification", columns=COLUMNS))
    for labels in ({"yes": True, "no": False}, {"yes": 7, "no": 3}, {"yes": 1, "no": 0}):
        predictor = stored("dt", frame=frame.assign(buys=frame.buys.map(labels))).load()
        (said,) = predictor.predict(predictor.read([ROW])).labels
        assert type(said) is type(labels["yes"])
        assert said in labels.values()


NUMBERS = st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "age": NUMBERS,
            "income": NUMBERS,
            "city": st.none() | st.text() | st.just("Rome"),
            "member": st.none() | st.booleans(),
        }
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("model", ["lightgbm", "lr"])
def test_whatever_fits_the_schema_is_predicted_or_refused_as_the_pipeline_does(model, loaded):
    predictor = loaded(model, columns=COLUMNS)

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(ROWS)
    def check(rows) -> None:
        table = predictor.read(rows)
        try:
            expected = predictor.original(table)
        except BadRequest:
            with pytest.raises(BadRequest):
                predictor.predict(table)
        else:
            said = predictor.predict(table)
            assert said.labels == expected.labels
            assert said.scores == pytest.approx(expected.scores, rel=1e-9)

    check()
