"""What PyCaret and scikit-learn are spared: the answers are theirs."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators
from sklearn.utils._param_validation import InvalidParameterError

from workbench.training.experiment import pycaret_experiment
from workbench.training.shortcuts import checked_once, param_names

pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_names_of_parameters_are_those_of_the_signature():
    kinds = [kind for _, kind in all_estimators()]
    assert len(kinds) > 150
    for kind in kinds:
        signature = inspect.signature(kind.__init__).parameters.values()
        named = [one.name for one in signature if one.name != "self" and one.kind is one.POSITIONAL_OR_KEYWORD]
        named += [one.name for one in signature if one.kind is one.KEYWORD_ONLY]
        assert list(param_names(kind)) == sorted(named), kind


def test_an_estimator_names_its_parameters_in_a_list_of_its_own():
    pycaret_experiment("classification")
    RandomForestClassifier._get_param_names().clear()
    assert "max_depth" in RandomForestClassifier().get_params()


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(n_estimators=0),
        BaggingClassifier(DecisionTreeClassifier(max_depth=-1)),
    ],
)
def test_a_parameter_that_is_out_of_range_is_refused_wherever_it_stands(estimator):
    with pytest.raises(InvalidParameterError), checked_once(estimator, is_finite=True):
        raise AssertionError("not refused")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"b": [7.0, 8.0]}, {"a": [1, 2], "b": [7.0, 8.0], "c": ["x", "y"]}),
        ({"c": ["u", "v"], "a": [3, 4]}, {"a": [3, 4], "b": [5, 6], "c": ["u", "v"]}),
    ],
)
def test_changed_columns_are_laid_in_place_of_the_old_ones(changed, expected):
    table = pd.DataFrame({"a": [1, 2], "b": [5, 6], "c": ["x", "y"]}, index=[4, 9])
    laid = reorder(pd.DataFrame(changed, index=[4, 9]), table, include=list(changed))
    pd.testing.assert_frame_equal(laid, pd.DataFrame(expected, index=[4, 9]))


def test_columns_that_a_step_has_dropped_are_gone():
    table = pd.DataFrame({"a": [1, 2], "b": [5, 6], "c": ["x", "y"]})
    laid = reorder(pd.DataFrame({"b": [7, 8]}), table, include=["a", "b"])
    assert list(laid.columns) == ["b", "c"]


def test_new_columns_stand_where_pycaret_puts_them():
    table = pd.DataFrame({"a": [1, 2], "b": ["u", "v"], "c": ["x", "y"]})
    laid = reorder(pd.DataFrame({"b_u": [1, 0], "b_v": [0, 1]}), table, include=["b"])
    assert list(laid.columns) == ["a", "b_u", "b_v", "c"]


def test_a_column_that_is_there_already_is_refused_as_pycaret_refuses_it():
    table = pd.DataFrame({"a": [1, 2], "b": [5, 6]})
    with pytest.raises(ValueError, match="already exists"):
        reorder(pd.DataFrame({"a": [0, 0]}), table, include=["b"])


def reorder(changed: pd.DataFrame, table: pd.DataFrame, *, include: list[str]) -> pd.DataFrame:
    from pycaret.internal.preprocess.transformers import TransformerWrapper

    pycaret_experiment("classification")
    wrapper = TransformerWrapper(None, include=include)
    return wrapper._reorder_cols(changed, table)
