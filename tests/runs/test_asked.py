"""What a request may hold, by type: each refusal is one sentence, and nothing is taken for something else."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import pytest

from workbench.errors import BadRequest
from workbench.recipe import Recipe
from workbench.runs.asked import Asked
from workbench.runs.spec import RunSpec, make_spec

NAN, INF = float("nan"), float("inf")
FRAME = pd.DataFrame({"a": range(9), "b": range(9)})


def spec(**request: object) -> RunSpec:
    return make_spec(Asked.of({"task": "classification", "target": "y", **request}))


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"task": ["classification"]}, "task is ['classification']; it takes a task's name."),
        ({"plan": 5}, "plan is 5; it takes a plan's name."),
        ({"target": 3}, "target is 3; it takes a column's name."),
        ({"target": ["y"]}, "target is ['y']; it takes a column's name."),
        ({"target": FRAME["a"]}, "target is a Series; it takes a column's name."),
        ({"sort": 5}, "sort is 5; it takes a metric's name."),
        ({"sort": True}, "sort is True; it takes a metric's name."),
        ({"from_run": 7}, "from_run is 7; it takes a run, its id or the end of that."),
        (
            {"plan": "create", "model": ["lr", "nb"]},
            "model is ['lr', 'nb']; it takes one model, by its id or as a recipe; several are named by 'include'.",
        ),
        (
            {"plan": "create", "model": 5},
            "model is 5; it takes one model, by its id or as a recipe; several are named by 'include'.",
        ),
        ({"include": "lr"}, "include is 'lr'; it takes a list of models, each by its id or as a recipe."),
        ({"include": b"lr"}, "include is b'lr'; it takes a list of models, each by its id or as a recipe."),
        ({"include": {"lr"}}, "include is {'lr'}; it takes a list of models, each by its id or as a recipe."),
        ({"include": [None]}, "include is [None]; it takes a list of models, each by its id or as a recipe."),
        ({"include": FRAME}, "include is a DataFrame; it takes a list of models, each by its id or as a recipe."),
        ({"exclude": "lr"}, "exclude is 'lr'; it takes a list of models, each by its id."),
        ({"exclude": [5]}, "exclude is [5]; it takes a list of models, each by its id."),
        ({"folds": NAN}, "folds is nan; it must be a whole number from 2 to 200."),
        ({"folds": np.float64(2.5)}, "folds is 2.5; it must be a whole number from 2 to 200."),
        ({"folds": [3, 4]}, "folds is [3, 4]; it must be a whole number from 2 to 200."),
        ({"seed": INF}, "seed is inf; it must be a whole number from 0 to 4294967295."),
        ({"seed": np.bool_(True)}, "seed is True; it must be a whole number from 0 to 4294967295."),
        ({"setup": ["normalize"]}, "setup is ['normalize']; it takes a mapping of options' names to values."),
        ({"setup": {5: True}}, "setup is {5: True}; it takes a mapping of options' names to values."),
        ({"options": "n_iter=3"}, "options is 'n_iter=3'; it takes a mapping of options' names to values."),
        ({"racing": "perhaps"}, "racing is 'perhaps'; it takes true or false."),
        ({"racing": 1}, "racing is 1; it takes true or false."),
        ({"executor": 5}, "executor is 5; it takes a text: local, or dask://HOST:PORT."),
        ({"executor": "dask://host"}, "There is no executor 'dask://host'."),
        ({"executor": "dask://:8786"}, "There is no executor 'dask://:8786'."),
        ({"executor": "dask://host:0"}, "There is no executor 'dask://host:0'."),
        ({"executor": "dask://host:99999"}, "There is no executor 'dask://host:99999'."),
        ({"executor": "dask://a b:1"}, "There is no executor 'dask://a b:1'."),
        ({"executor": "dask://tcp://host:1"}, "There is no executor 'dask://tcp://host:1'."),
        ({"model_timeout_s": "60"}, "The time limit of a model is '60'; it takes 0 or more seconds, at most 10⁹."),
        ({"model_timeout_s": -1}, "The time limit of a model is -1; it takes 0 or more seconds, at most 10⁹."),
        ({"model_timeout_s": NAN}, "The time limit of a model is nan; it takes 0 or more seconds, at most 10⁹."),
        ({"model_timeout_s": True}, "The time limit of a model is True; it takes 0 or more seconds, at most 10⁹."),
        ({"model_timeout_s": [60]}, "The time limit of a model is [60]; it takes 0 or more seconds, at most 10⁹."),
        ({"run_timeout_s": INF}, "The time limit of a run is inf; it takes 0 or more seconds, at most 10⁹."),
        ({"run_timeout_s": 10**400}, "The time limit of a run is an int; it takes 0 or more seconds, at most 10⁹."),
        ({"unit_memory": True}, "The memory limit is True; it takes bytes, or a size such as 500MB or 2GiB."),
        ({"unit_memory": 1.5}, "The memory limit is 1.5; it takes bytes, or a size such as 500MB or 2GiB."),
        ({"unit_memory": -1}, "The memory limit is -1; it takes bytes, or a size such as 500MB or 2GiB."),
        ({"unit_memory": "-2GiB"}, "The memory limit is '-2GiB'; it takes bytes, or a size such as 500MB or 2GiB."),
        ({"unit_memory": INF}, "The memory limit is inf; it takes bytes, or a size such as 500MB or 2GiB."),
        ({"unit_memory": [2]}, "The memory limit is [2]; it takes bytes, or a size such as 500MB or 2GiB."),
        ({"setup": {"train_size": NAN}}, "The option 'train_size' is nan; it takes a number between 0 and 1."),
        (
            {"setup": {"low_variance_threshold": 10**400}},
            "The option 'low_variance_threshold' is an int; it takes a number.",
        ),
        (
            {"setup": {"low_variance_threshold": decimal.Decimal("0.1")}},
            "The option 'low_variance_threshold' is Decimal('0.1'); it takes a number.",
        ),
        ({"setup": {"max_encoding_ohe": None}}, "The option 'max_encoding_ohe' is None; it takes a whole number."),
        ({"setup": {"numeric_imputation": NAN}}, "The option 'numeric_imputation' is nan; it takes a text."),
        ({"setup": {"numeric_imputation": None}}, "The option 'numeric_imputation' is None; it takes a text."),
        ({"setup": {"rare_value": "\ud800"}}, r"The option 'rare_value' is '\ud800'; it takes a text."),
        ({"setup": {"ignore_features": {"a"}}}, "The option 'ignore_features' is {'a'}; it takes a list of columns."),
        (
            {"setup": {"ignore_features": FRAME}},
            "The option 'ignore_features' is a DataFrame; it takes a list of columns.",
        ),
        (
            {"setup": {"group_features": {"g": [1]}}},
            "The option 'group_features' is {'g': [1]}; it takes a mapping of names to lists.",
        ),
        (
            {"plan": "tune", "model": "dt", "options": {"n_iter": None}},
            "The option 'n_iter' is None; it takes a whole number.",
        ),
        (
            {"plan": "tune", "model": "dt", "options": {"custom_grid": {"max_depth": 3}}},
            "The option 'custom_grid' is {'max_depth': 3}; it takes a mapping of names to lists.",
        ),
        (
            {"plan": "tune", "model": "dt", "options": {"custom_grid": {"max_depth": [NAN]}}},
            "The option 'custom_grid' is {'max_depth': [nan]}; it takes a mapping of names to lists.",
        ),
        (
            {"plan": "tune", "model": "dt", "options": {"custom_grid": {}}},
            "The option 'custom_grid' needs at least one value for each parameter.",
        ),
        (
            {"plan": "tune", "model": "dt", "options": {"custom_grid": {"max depth": [1]}}},
            "'max depth' is no name of a parameter.",
        ),
        (
            {"plan": "blend", "include": ["lr", "nb"], "options": {"weights": [1, -1]}},
            "Weights are 0 or more, and not all of them 0.",
        ),
        (
            {"plan": "blend", "include": ["lr", "nb"], "options": {"weights": [0, 0]}},
            "Weights are 0 or more, and not all of them 0.",
        ),
        (
            {"plan": "blend", "include": ["lr", "nb"], "options": {"weights": [1, NAN]}},
            "The option 'weights' is [1, nan]; it takes a list of numbers.",
        ),
        (
            {"plan": "blend", "include": ["lr", "nb"], "options": {"weights": []}},
            "0 weights for 2 models: name one a model.",
        ),
        (
            {"plan": "blend", "include": ["lr", "nb"], "options": {"weights": 1}},
            "The option 'weights' is 1; it takes a list of numbers.",
        ),
    ],
)  # fmt: skip
def test_what_is_not_of_its_type_is_refused_in_one_sentence(request_, sentence):
    with pytest.raises(BadRequest) as caught:
        spec(**request_)
    assert (caught.value.code, caught.value.message) == ("spec.invalid", sentence)


@pytest.mark.parametrize(
    ("request_", "field", "read"),
    [
        ({"folds": np.int64(3)}, "folds", 3),
        ({"seed": np.uint8(7)}, "seed", 7),
        ({"racing": "false"}, "racing", False),
        ({"racing": np.bool_(True)}, "racing", True),
        ({"racing": None}, "racing", False),
        ({"include": FRAME.columns.map({"a": "lr", "b": "nb"})}, "include", ("lr", "nb")),
        ({"include": np.array(["dt"])}, "include", ("dt",)),
        ({"include": ("lr", "dt", "lr")}, "include", ("lr", "dt")),
        ({"exclude": None}, "exclude", ()),
        ({"exclude": pd.Series(["lr", "lr"])}, "exclude", ("lr",)),
        ({"model_timeout_s": np.int64(60)}, "model_timeout_s", 60.0),
        ({"run_timeout_s": 0}, "run_timeout_s", 0.0),
        ({"unit_memory": np.int64(2**31)}, "unit_memory", 2**31),
        ({"unit_memory": "1.5 KiB"}, "unit_memory", 1536),
        ({"executor": "dask://cluster.local:8786"}, "executor", "dask://cluster.local:8786"),
        ({"executor": "dask://[::1]:8786"}, "executor", "dask://[::1]:8786"),
        ({"setup": {"train_size": np.float32(0.5)}}, "setup", {"train_size": 0.5}),
        ({"setup": {"ignore_features": FRAME.columns}}, "setup", {"ignore_features": ["a", "b"]}),
        ({"setup": {"ignore_features": ["a", "b", "a"]}}, "setup", {"ignore_features": ["a", "b"]}),
        ({"setup": {"normalize": np.True_}}, "setup", {"normalize": True}),
        ({"setup": None}, "setup", {}),
    ],
)  # fmt: skip
def test_what_numpy_and_pandas_hold_is_read_as_what_it_is(request_, field, read):
    found = getattr(spec(**request_), field)
    assert (found, type(found)) == (read, type(read))


def test_a_grid_may_be_written_as_for_scikit_learn():
    grid = {"max_depth": range(2, 5), "min_samples_leaf": np.arange(1, 3), "ccp_alpha": [np.float64(0.1), np.int64(0)]}
    made = spec(plan="tune", model="dt", options={"custom_grid": grid})
    assert made.options["custom_grid"] == {"max_depth": [2, 3, 4], "min_samples_leaf": [1, 2], "ccp_alpha": [0.1, 0]}
    assert RunSpec.model_validate_json(made.model_dump_json()) == made


def test_parameters_of_a_recipe_may_be_numpys():
    made = spec(plan="create", model=Recipe(model="rf", params={"max_depth": np.int64(3), "class_weight": {"0": 1}}))
    (base,) = made.as_dict()["bases"]
    assert base["params"] == {"max_depth": 3, "class_weight": {"0": 1}}
    assert type(base["params"]["max_depth"]) is int


def test_a_field_that_no_request_has_is_answered_with_the_nearest():
    with pytest.raises(BadRequest) as caught:
        Asked.of({"modle": "lr"})
    assert str(caught.value).startswith("A request has no 'modle'. Did you mean model?")


BASE = Recipe(model="dt")
NAMES = [
    "",
    "max depth",
    "max_depth=3); __import__('os').system('true'); dict(x",
    "lambda",
    "None",
    "1st",
    "a-b",
    "a\n",
    "a.b",
    "**",
    "__debug__",
    5,
    None,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_bears_a_name_that_python_could_have_for_one(name):
    inside = Recipe(kind="bagging", bases=(Recipe(model="rf", params={name: 1}),))
    for recipe in (Recipe(model="rf", params={name: 1}), inside):
        with pytest.raises(BadRequest, match="is no name of a parameter") as caught:
            spec(plan="create", model=recipe)
        assert caught.value.code == "spec.invalid"


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(kind="foo"), "There is no recipe of the kind 'foo'."),
        (Recipe(kind=["stack"]), "There is no recipe of the kind ['stack']."),
        (Recipe(), "A recipe of the kind 'model' names one model"),
        (Recipe(model=5), "A recipe of the kind 'model' names one model"),
        (Recipe(model="rf", bases=(BASE,)), "A recipe of the kind 'model' names one model"),
        (Recipe(kind="stack"), "A recipe of the kind 'stack' takes two bases or more"),
        (Recipe(kind="stack", bases=(BASE,)), "A recipe of the kind 'stack' takes two bases or more"),
        (Recipe(kind="blend", bases="ab"), "A recipe of the kind 'blend' takes two bases or more"),
        (Recipe(kind="bagging"), "A recipe of the kind 'bagging' takes exactly one base"),
        (Recipe(kind="boosting", bases=(BASE, BASE)), "A recipe of the kind 'boosting' takes exactly one base"),
        (Recipe(kind="calibrated", model="dt"), "A recipe of the kind 'calibrated' takes exactly one base"),
        (Recipe(kind="bagging", bases=("dt",)), "'dt' stands where a recipe should."),
        (Recipe(kind="bagging", bases=(BASE,), meta=BASE), "has no model on top: only a stack has."),
        (Recipe(kind="stack", bases=(BASE, BASE), meta="lr"), "'lr' stands where a recipe should."),
        (Recipe(kind="bagging", bases=(BASE,), params={"fold": 3}), "A bagging has no parameter 'fold'."),
        (Recipe(model="rf", params=["max_depth"]), "The parameters of rf are ['max_depth']; they take a mapping"),
        (Recipe(model="rf", params={"max_depth": object}), "The parameter 'max_depth' of rf is <class 'object'>; it"),
        (Recipe(model="rf", params={"max_depth": NAN}), "The parameter 'max_depth' of rf is nan; it takes numbers,"),
        (Recipe(model="rf", params={"class_weight": {0: 1}}), "The parameter 'class_weight' of rf is {0: 1}; it takes"),
    ],
)
def test_a_recipe_of_which_nothing_can_be_made_is_refused(recipe, words):
    with pytest.raises(BadRequest) as caught:
        spec(plan="create", model=recipe)
    assert caught.value.code == "spec.invalid"
    assert words in caught.value.message


def test_a_recipe_that_pycaret_cannot_make_for_a_task_is_refused():
    calibrated = Recipe(kind="calibrated", bases=(BASE,))
    with pytest.raises(BadRequest) as caught:
        spec(task="regression", plan="create", model=Recipe(kind="bagging", bases=(calibrated,)))
    assert caught.value.code == "plan.not_runnable"
    assert caught.value.message == "PyCaret has no 'calibrate' for regression, and so no calibrated of models."
