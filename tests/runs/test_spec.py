"""What may be asked for, and what each refusal says."""

from __future__ import annotations

import pytest

from workbench.catalogue import FOLDS, PLANS, SEED, SEED_MOST, TASKS
from workbench.errors import BadRequest
from workbench.recipe import Recipe
from workbench.runs import options
from workbench.runs.spec import Asked, RunSpec, make_spec

MANAGED = TASKS["classification"].managed
PARTS = TASKS["classification"].options["create_date_columns"].choices


def spec(*, task: str = "classification", **request: object) -> RunSpec:
    has_target = task not in TASKS or TASKS[task].has_target
    return make_spec(Asked(**{"task": task, "target": "y" if has_target else None} | request))


def refusal(**request: object) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        spec(**request)
    return caught.value


def option(name: str, value: object, task: str = "classification") -> object:
    return options.read(TASKS[task].options, {name: value}, kind="set-up", managed=MANAGED)[name]


def test_what_is_not_said_is_pycarets_default():
    made = spec()
    assert (made.folds, made.seed, made.sort, made.include, made.exclude) == (FOLDS, SEED, "Accuracy", None, ())
    assert (made.plan, made.executor, made.racing) == ("compare", "local", False)
    assert spec(task="regression").sort == "R2"


def test_an_unknown_task_is_answered_with_the_valid_ones():
    error = refusal(task="classificaton")
    assert error.code == "spec.unknown_task"
    assert str(error) == (
        f"There is no task 'classificaton'. Did you mean classification? Valid: {', '.join(sorted(TASKS))}."
    )


def test_an_unknown_plan_is_answered_with_the_valid_ones():
    error = refusal(plan="compere")
    assert error.code == "spec.unknown_plan"
    assert "Did you mean compare?" in error.hint
    assert "calibrate" in error.hint


def test_a_plan_that_pycaret_does_not_have_for_a_task_is_answered_with_those_that_it_has():
    error = refusal(task="regression", plan="calibrate", model="dt")
    assert (error.code, error.message) == ("plan.not_runnable", "PyCaret has no 'calibrate' for regression.")
    assert error.hint == "Did you mean create? Valid: blend, compare, create, ensemble, finalize, setup, stack, tune."


@pytest.mark.parametrize("where", ["include", "exclude"])
def test_an_unknown_model_is_answered_with_the_valid_ones(where):
    error = refusal(**{where: ["lr", "lgbm"]})
    assert error.code == "spec.unknown_model"
    assert str(error).startswith("There is no classification model 'lgbm'. Did you mean lightgbm?")
    assert "qda" in error.hint


def test_a_model_of_the_other_task_is_unknown():
    assert refusal(include=["huber"]).code == "spec.unknown_model"
    assert refusal(task="regression", include=["nb"]).code == "spec.unknown_model"


@pytest.mark.parametrize("request_", [{}, {"include": []}, {"include": ["lr", "dt"]}])
def test_create_takes_exactly_one_model(request_):
    error = refusal(plan="create", **request_)
    assert error.code == "spec.invalid"
    assert "exactly one" in error.message


@pytest.mark.parametrize("request_", [{"include": ["lr"]}, {"model": "lr"}, {"model": Recipe(model="lr")}])
def test_the_one_model_of_a_plan_may_be_named_in_three_ways(request_):
    assert spec(plan="create", **request_).bases == (Recipe(model="lr"),)


def test_models_named_in_two_ways_at_once_are_refused():
    assert refusal(plan="create", model="lr", include=["lr"]).code == "spec.invalid"


@pytest.mark.parametrize("plan", ["blend", "stack"])
def test_putting_models_together_takes_two(plan):
    assert "at least 2" in refusal(plan=plan, include=["lr"]).message
    assert len(spec(plan=plan, include=["lr", "dt"]).bases) == 2


def test_tuning_takes_a_model_of_the_library():
    bagged = Recipe(kind="bagging", bases=(Recipe(model="dt"),))
    assert refusal(plan="tune", model=bagged).message == (
        "The plan 'tune' searches one model's parameters, not a bagging's."
    )


def test_models_inside_a_recipe_are_checked_too():
    assert refusal(plan="create", model=Recipe(kind="bagging", bases=(Recipe(model="nothing"),))).code == (
        "spec.unknown_model"
    )


def test_a_plans_options_are_filled_with_pycarets_defaults():
    assert spec(plan="tune", model="dt").options == {
        "n_iter": 10,
        "search_algorithm": "random",
        "custom_grid": None,
        "choose_better": True,
    }
    assert spec(plan="tune", model="dt", options={"n_iter": "25"}).options["n_iter"] == 25


def test_an_option_of_another_plan_is_answered_with_the_valid_ones():
    error = refusal(plan="tune", model="dt", options={"n_iters": 5})
    assert (error.code, error.message) == ("spec.unknown_option", "There is no tune option 'n_iters'.")
    assert "Did you mean n_iter?" in error.hint


@pytest.mark.parametrize(
    ("plan", "options_", "said"),
    [
        ("tune", {"n_iter": 0}, "n_iter is 0"),
        ("tune", {"custom_grid": {"max_depth": []}}, "at least one value"),
        ("blend", {"weights": [1.0]}, "1 weights for 2 models"),
        ("stack", {"meta_model": "nothing"}, "no classification model 'nothing'"),
        ("stack", {"meta_model_fold": 1}, "meta_model_fold is 1"),
    ],
)
def test_an_option_that_the_plan_cannot_work_with_is_refused(plan, options_, said):
    models = ["dt"] if PLANS[plan].most == 1 else ["dt", "lr"]
    error = refusal(plan=plan, include=models, options=options_)
    assert said in error.message


@pytest.mark.parametrize("address", ["dusk://host:1", "dask://", "somewhere", ""])
def test_an_executor_that_is_none_is_refused(address):
    assert refusal(executor=address).hint == "Valid: local, or dask://HOST:PORT."


@pytest.mark.parametrize("request_", [{"include": []}, {"include": ["lr"], "exclude": ["lr"]}])
def test_a_field_of_which_nothing_is_left_is_refused(request_):
    error = refusal(**request_)
    assert (error.code, error.message) == ("spec.invalid", "No model is left: name at least one that is not excluded.")


def test_excluding_the_whole_turbo_set_is_refused():
    everything = [model.id for model in TASKS["classification"].models]
    assert refusal(exclude=everything).code == "spec.invalid"


def test_a_model_named_twice_is_in_the_field_once():
    made = spec(include=["dt", "lr", "dt"], exclude=["nb", "nb"])
    assert (made.include, made.exclude) == (("dt", "lr"), ("nb",))


def test_an_unknown_metric_is_answered_with_the_valid_ones():
    error = refusal(sort="Acuracy")
    assert error.code == "spec.unknown_metric"
    assert "Did you mean Accuracy?" in error.hint


@pytest.mark.parametrize(("sort", "name"), [("acc", "Accuracy"), ("PREC.", "Prec."), ("precision", "Prec.")])
def test_a_metric_may_be_named_by_id_or_name(sort, name):
    assert spec(sort=sort).sort == name


@pytest.mark.parametrize("folds", [1, 0, -3, 201, 2.5, "3", True])
def test_folds_out_of_bounds_are_refused(folds):
    error = refusal(folds=folds)
    assert error.code == "spec.invalid"
    assert error.message == f"folds is {folds!r}; it must be a whole number from 2 to 200."


@pytest.mark.parametrize("seed", [-1, SEED_MOST + 1, 1.0, "7", False])
def test_a_seed_out_of_bounds_is_refused(seed):
    error = refusal(seed=seed)
    assert error.code == "spec.invalid"
    assert error.message.startswith(f"seed is {seed!r}; it must be a whole number from 0 to")


def test_the_bounds_themselves_are_taken():
    assert spec(folds=2, seed=0).folds == 2
    assert spec(folds=200, seed=SEED_MOST).seed == SEED_MOST


def test_a_negative_time_limit_is_refused():
    assert refusal(model_timeout_s=-0.5).code == "spec.invalid"
    assert refusal(run_timeout_s=float("nan")).code == "spec.invalid"
    assert refusal(unit_memory=-1).code == "spec.invalid"


def test_an_unknown_option_is_answered_with_the_nearest():
    error = refusal(setup={"normalise": True})
    assert error.code == "spec.unknown_option"
    assert "Did you mean normalize?" in error.hint


def test_an_option_of_the_other_task_is_unknown():
    assert refusal(setup={"transform_target": True}).code == "spec.unknown_option"
    assert spec(task="regression", setup={"transform_target": True}).setup == {"transform_target": True}


@pytest.mark.parametrize("name", MANAGED)
def test_an_option_that_workbench_governs_is_refused_with_what_governs_it(name):
    error = refusal(setup={name: 1})
    assert error.code == "spec.unknown_option"
    assert error.message == f"The option '{name}' is governed by {MANAGED[name]}."


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("normalize", "true", True),
        ("normalize", " Yes ", True),
        ("normalize", "on", True),
        ("normalize", "0", False),
        ("normalize", "False", False),
        ("max_encoding_ohe", "12", 12),
        ("max_encoding_ohe", " -1 ", -1),
        ("train_size", "0.8", 0.8),
        ("rare_to_value", "None", None),
        ("rare_to_value", "1e-2", 0.01),
        ("pca_components", "3", 3),
        ("pca_components", "0.9", 0.9),
        ("pca_components", "none", None),
        ("n_features_to_select", "3.0", 3.0),
        ("normalize_method", "robust", "robust"),
        ("imputation_type", "none", None),
        ("numeric_imputation", "median", "median"),
        ("numeric_imputation", "-1.5", -1.5),
        ("numeric_imputation", "0", 0.0),
        ("categorical_imputation", "unknown", "unknown"),
        ("categorical_imputation", "nan", "nan"),
        ("rare_value", "other", "other"),
        ("fold_groups", "none", None),
        ("ignore_features", "a, b ,,c", ["a", "b", "c"]),
        ("ignore_features", "None", None),
        ("ordinal_features", '{"size": ["S", "M"]}', {"size": ["S", "M"]}),
        ("group_features", "none", None),
    ],
)
def test_a_text_is_read_as_its_options_type(name, text, value):
    read = option(name, text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("normalize", True, True),
        ("max_encoding_ohe", 5, 5),
        ("max_encoding_ohe", 5.0, 5),
        ("low_variance_threshold", 1, 1.0),
        ("pca_components", 4, 4),
        ("imputation_type", None, None),
        ("numeric_imputation", 3, 3),
        ("ignore_features", ["a", "b"], ["a", "b"]),
        ("ignore_features", ("a", "b"), ["a", "b"]),
        ("ignore_features", None, None),
        ("ordinal_features", {"size": ("S", "M")}, {"size": ["S", "M"]}),
    ],
)
def test_a_value_of_the_right_type_is_kept(name, value, kept):
    read = option(name, value)
    assert (read, type(read)) == (kept, type(kept))


def test_a_count_stays_a_count_and_a_share_a_share():
    assert type(option("pca_components", 3)) is int
    assert type(option("pca_components", 3.0)) is float
    assert type(option("pca_components", "+3")) is int


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("normalize", "maybe", "true or false"),
        ("normalize", 1, "true or false"),
        ("normalize", None, "true or false"),
        ("max_encoding_ohe", "many", "a whole number"),
        ("max_encoding_ohe", 1.5, "a whole number"),
        ("max_encoding_ohe", True, "a whole number"),
        ("max_encoding_ohe", "none", "a whole number"),
        ("low_variance_threshold", "most", "a number"),
        ("low_variance_threshold", True, "a number"),
        ("low_variance_threshold", "nan", "a number"),
        ("low_variance_threshold", "inf", "a number"),
        ("pca_components", float("nan"), "a number"),
        ("pca_components", [3], "a number"),
        ("normalize_method", "zscores", "one of zscore, minmax, maxabs, robust"),
        ("normalize_method", None, "one of zscore, minmax, maxabs, robust"),
        ("fix_imbalance_method", ["SMOTE"], "a text"),
        ("ignore_features", 3, "a list of columns"),
        ("ignore_features", ["a", 3], "a list of columns"),
        ("create_date_columns", "month, week", "some of " + ", ".join(PARTS)),
        ("ordinal_features", "S < M < L", "a mapping of names to lists"),
        ("ordinal_features", '["S"]', "a mapping of names to lists"),
        ("ordinal_features", '{"size": "S"}', "a mapping of names to lists"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(name, value, wanted):
    with pytest.raises(BadRequest) as caught:
        option(name, value)
    assert caught.value.code == "spec.invalid"
    assert caught.value.message == f"The option '{name}' is {value!r}; it takes {wanted}."


@pytest.mark.parametrize("task", TASKS)
def test_every_default_is_taken_as_it_is(task):
    defaults = {name: found.default for name, found in TASKS[task].options.items()}
    assert spec(task=task, setup=defaults).setup == defaults


@pytest.mark.parametrize("task", TASKS)
def test_every_choice_is_taken_as_text(task):
    for found in TASKS[task].options.values():
        for choice in found.choices:
            assert option(found.name, str(choice), task) == ([choice] if found.kind == "parts" else choice)


def test_a_spec_survives_being_stored():
    made = spec(include=["lr"], setup={"normalize": "yes", "ordinal_features": {"size": ["S"]}}, folds=5)
    assert RunSpec.model_validate_json(made.model_dump_json()) == made
    stacked = spec(plan="stack", include=["lr", Recipe(model="dt", params={"max_depth": 3})])
    assert (
        RunSpec(**stacked.as_dict() | {"bases": tuple(Recipe.of(base) for base in stacked.as_dict()["bases"])})
        == stacked
    )


def test_a_spec_does_not_change():
    with pytest.raises(ValueError, match="frozen"):
        spec().folds = 3


@pytest.mark.parametrize("limit", [float("nan"), float("inf"), -1.0])
def test_a_time_limit_that_is_no_time_is_refused(limit):
    with pytest.raises(BadRequest) as caught:
        spec(model_timeout_s=limit)
    assert caught.value.code == "spec.invalid"


@pytest.mark.parametrize("share", [0, 1, 5, "1.2"])
def test_a_share_outside_of_zero_and_one_is_refused(share):
    with pytest.raises(BadRequest, match="between 0 and 1"):
        spec(setup={"train_size": share})
