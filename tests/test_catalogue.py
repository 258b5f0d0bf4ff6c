"""The catalogue is PyCaret's own: held against PyCaret 3.3.2 itself."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect

import pytest

from workbench.catalogue import MANAGED_OPTIONS, PLANS, TASKS, Task

EXPERIMENTS = {"classification": "ClassificationExperiment", "regression": "RegressionExperiment"}
KINDS_OF_DEFAULT = {
    "bool": (bool,),
    "int": (int,),
    "float": (float,),
    "number": (int, float),
    "text": (str,),
    "columns": (list,),
    "mapping": (dict,),
}

tasks = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


@pytest.fixture(scope="module")
def experiments(mixed):
    """PyCaret's own experiments after set-up, one a task."""
    targets = {"classification": "buys", "regression": "spends"}
    made = {}
    for task, name in EXPERIMENTS.items():
        experiment = getattr(importlib.import_module(f"pycaret.{task}"), name)()
        quiet = {"verbose": False, "html": False, "system_log": False, "memory": False, "n_jobs": 1}
        made[task] = experiment.setup(mixed[task], target=targets[task], session_id=1, **quiet)
    return made


def parameters(task: Task) -> dict[str, object]:
    """Read the set-up parameters of PyCaret's experiment and their defaults."""
    experiment = getattr(importlib.import_module(f"pycaret.{task.name}"), EXPERIMENTS[task.name])
    found = inspect.signature(experiment.setup).parameters.values()
    return {parameter.name: parameter.default for parameter in found if parameter.name != "self"}


def test_pycaret_is_the_version_that_the_catalogue_describes():
    assert importlib.metadata.version("pycaret") == "3.3.2"


@tasks
def test_the_models_are_pycarets_in_its_order(task, experiments):
    theirs = [(id_, model.name, bool(model.is_turbo)) for id_, model in experiments[task.name]._all_models.items()]
    ours = [(model.id, model.name, model.is_turbo) for model in task.models]
    installed = {id_ for id_, _, _ in theirs}
    needed = {model.id: model.requires for model in task.models if model.requires is not None}
    assert [model for model in ours if model[0] in installed or model[0] not in needed] == theirs


@tasks
def test_a_model_that_needs_a_package_is_there_just_where_the_package_is(task, experiments):
    there = experiments[task.name]._all_models
    for model in task.models:
        if model.requires is not None:
            assert (model.id in there) == (importlib.util.find_spec(model.requires) is not None)


@tasks
def test_the_field_without_a_choice_is_pycarets_turbo_set(task, experiments):
    theirs = [id_ for id_, model in experiments[task.name]._all_models.items() if model.is_turbo]
    optional = {model.id for model in task.models if model.requires is not None}
    assert [model.id for model in task.turbo] == [id_ for id_ in theirs if id_ not in optional]


@tasks
def test_the_metrics_are_pycarets_in_its_order(task, experiments):
    theirs = [
        (id_, metric.display_name, bool(metric.greater_is_better))
        for id_, metric in experiments[task.name]._all_metrics.items()
    ]
    assert [(metric.id, metric.name, metric.greater_is_better) for metric in task.metrics] == theirs


@tasks
def test_the_ranking_metric_is_the_one_by_which_pycaret_sorts(task):
    experiment = getattr(importlib.import_module(f"pycaret.{task.name}"), EXPERIMENTS[task.name])
    assert inspect.signature(experiment.compare_models).parameters["sort"].default == task.sort


@tasks
def test_the_options_are_pycarets_with_its_defaults(task):
    theirs = {name: default for name, default in parameters(task).items() if name not in MANAGED_OPTIONS}
    assert {name: option.default for name, option in task.options.items()} == theirs


@tasks
def test_every_other_parameter_of_setup_is_governed_by_something(task):
    unknown = set(MANAGED_OPTIONS) - set().union(*(parameters(every) for every in TASKS.values()))
    assert set(parameters(task)) == set(task.options) | (set(parameters(task)) & set(MANAGED_OPTIONS))
    assert unknown == set()


@tasks
def test_a_default_is_of_its_options_kind(task):
    for option in task.options.values():
        if option.kind == "choice":
            assert option.default in option.choices, option.name
        elif option.default is not None:
            assert type(option.default) in KINDS_OF_DEFAULT[option.kind], option.name


@tasks
def test_the_default_fold_strategy_is_the_tasks_own(task):
    assert task.options["fold_strategy"].default == task.fold_strategy


@tasks
def test_pycaret_takes_each_choice_of_how_folds_are_made(task, mixed):
    options = task.options["fold_strategy"]
    documented = inspect.getdoc(getattr(importlib.import_module(f"pycaret.{task.name}"), EXPERIMENTS[task.name]).setup)
    assert [choice for choice in options.choices if f"'{choice}'" not in documented] == []


@tasks
def test_a_metric_is_found_by_id_and_by_name_whatever_the_case(task):
    for metric in task.metrics:
        assert task.metric(metric.id.upper()) is task.metric(metric.name.lower()) is metric
    assert task.metric("nothing") is None


@tasks
def test_a_model_is_found_by_its_id(task):
    assert [task.model(model.id) for model in task.models] == list(task.models)
    assert task.model("nothing") is None


def test_the_plans_are_those_of_the_contract():
    assert list(PLANS) == ["setup", "create", "compare", "tune", "ensemble", "blend", "stack", "calibrate", "finalize"]
    assert [plan.name for plan in PLANS.values() if plan.is_runnable] == ["setup", "create", "compare"]
