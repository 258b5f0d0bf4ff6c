"""The catalogue is PyCaret's own: held against PyCaret 3.3.2 itself."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
from typing import Any

import pytest

from workbench.catalogue import PLANS, TASKS, Task
from workbench.training.forecasting.imports import spared

EXPERIMENTS = {
    "classification": "ClassificationExperiment",
    "regression": "RegressionExperiment",
    "time_series": "TSForecastingExperiment",
    "clustering": "ClusteringExperiment",
    "anomaly": "AnomalyExperiment",
}
KINDS_OF_DEFAULT = {
    "bool": (bool,),
    "int": (int,),
    "float": (float,),
    "number": (int, float),
    "text": (str,),
    "columns": (list,),
    "parts": (list,),
    "mapping": (dict,),
    "values": (int, float, str, list),
}

OWN_DEFAULTS = {"search_algorithm": "PyCaret's None means random", "meta_model": "PyCaret's None means lr"}
"""Options of plans whose default says what PyCaret's None means."""
PUT_TOGETHER = ("ensemble_forecaster",)
"""What PyCaret counts among its models, and leaves out of every comparison: it is made of others."""
MENDED = {"Davies-Bouldin": "PyCaret has it that more is better; less is (Davies and Bouldin 1979)"}
"""Metrics of which the catalogue says the contrary of PyCaret's container."""

tasks = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


@pytest.fixture(scope="module")
def experiments(mixed):
    """PyCaret's own experiments after set-up, one a task."""
    more = {"classification": {"target": "buys"}, "regression": {"target": "spends"}}
    # Two steps ahead and a season: with less, PyCaret leaves R2 and two of its models out.
    more["time_series"] = {"target": "sales", "fh": 2, "seasonal_period": 4}
    made = {}
    for task in EXPERIMENTS:
        quiet = {"verbose": False, "html": False, "system_log": False, "n_jobs": 1}
        if task != "time_series":
            quiet["memory"] = False
        made[task] = experiment_of(task)().setup(mixed[task], session_id=1, **quiet, **more.get(task, {}))
    return made


def experiment_of(task: str) -> Any:
    """Return PyCaret's own class; forecasting is imported as training imports it, see there."""
    return getattr(spared(f"pycaret.{task}"), EXPERIMENTS[task])


def parameters(task: Task) -> dict[str, object]:
    """Read the set-up parameters of PyCaret's experiment and their defaults."""
    experiment = experiment_of(task.name)
    found = inspect.signature(experiment.setup).parameters.values()
    return {parameter.name: parameter.default for parameter in found if parameter.name != "self"}


def test_pycaret_is_the_version_that_the_catalogue_describes():
    assert importlib.metadata.version("pycaret") == "3.3.2"


@tasks
def test_the_models_are_pycarets_in_its_order(task, experiments):
    there = experiments[task.name]._all_models.items()
    # Where PyCaret does not compare, it knows no turbo: every model is compared.
    theirs = [
        (id_, model.name, bool(getattr(model, "is_turbo", True))) for id_, model in there if id_ not in PUT_TOGETHER
    ]
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
    there = experiments[task.name]._all_models.items()
    theirs = [id_ for id_, model in there if getattr(model, "is_turbo", True) and id_ not in PUT_TOGETHER]
    optional = {model.id for model in task.models if model.requires is not None}
    assert [model.id for model in task.turbo] == [id_ for id_ in theirs if id_ not in optional]


@tasks
def test_the_metrics_are_pycarets_in_its_order(task, experiments):
    theirs = [
        (
            id_,
            metric.display_name,
            bool(metric.greater_is_better) != (metric.display_name in MENDED),
            getattr(metric, "needs_ground_truth", False),
        )
        for id_, metric in experiments[task.name]._all_metrics.items()
    ]
    ours = [metric for metric in task.metrics_of({"ground_truth": "y"}, {}) if not metric.is_own]
    assert [(m.id, m.name, m.greater_is_better, m.needs_ground_truth) for m in ours] == theirs


@tasks
def test_a_metric_of_workbenchs_own_bears_another_name_than_pycarets_and_says_what_it_means(task, experiments):
    theirs = {metric.display_name for metric in experiments[task.name]._all_metrics.values()}
    own = [metric for metric in task.metrics if metric.is_own]
    assert theirs.isdisjoint(metric.name for metric in own)
    assert [metric.name for metric in own if not metric.about.endswith(".")] == []


@tasks
def test_the_ranking_metric_is_the_one_by_which_pycaret_sorts(task):
    experiment = experiment_of(task.name)
    if hasattr(experiment, "compare_models"):
        assert inspect.signature(experiment.compare_models).parameters["sort"].default == task.sort
    sorts = {task.sort_of({}), task.sort_of({"ground_truth": "y"})}
    assert all((metric := task.metric(sort)) is not None and metric.ranks for sort in sorts)


@tasks
def test_a_plan_that_pycaret_does_not_have_for_a_task_is_not_offered(task):
    experiment = experiment_of(task.name)
    methods = {plan: f"{plan}_model{'s' if plan in ('compare', 'blend', 'stack') else ''}" for plan in task.plans}
    # The inherited finalize_model of tasks without a target does nothing; their models are compared by Workbench alone.
    missing = {plan for plan, method in methods.items() if plan != "setup" and not hasattr(experiment, method)}
    assert missing == (set() if task.has_target else {"compare"})


@tasks
def test_the_options_are_pycarets_with_its_defaults(task):
    theirs = {name: default for name, default in parameters(task).items() if name not in task.managed}
    assert {name: option.default for name, option in task.options.items() if not option.is_own} == theirs


@tasks
def test_an_option_of_workbenchs_own_bears_another_name_than_pycarets(task):
    assert {option.name for option in task.options.values() if option.is_own}.isdisjoint(parameters(task))


def test_a_metric_that_needs_an_option_is_pycarets_where_that_is_set(mixed):
    needing = [metric for metric in TASKS["time_series"].metrics if metric.needs_setup]
    setup = {metric.needs_setup: 0.5 for metric in needing}
    quiet = {"verbose": False, "html": False, "system_log": False, "n_jobs": 1}
    experiment = experiment_of("time_series")().setup(mixed["time_series"], target="sales", fh=2, **quiet, **setup)
    theirs = [metric.display_name for metric in experiment._all_metrics.values()]
    ours = TASKS["time_series"].metrics_of({}, setup)
    assert [metric.name for metric in ours if not metric.is_own] == theirs
    assert {metric.name for metric in needing}.isdisjoint(m.name for m in TASKS["time_series"].metrics_of({}, {}))


@tasks
def test_every_other_parameter_of_setup_is_governed_by_something(task):
    own = {option.name for option in task.options.values() if option.is_own}
    assert set(parameters(task)) == (set(task.options) - own) | (set(parameters(task)) & set(task.managed))


def test_nothing_is_governed_that_no_setup_has():
    governed = set().union(*(task.managed for task in TASKS.values()))
    assert governed <= set().union(*(parameters(task) for task in TASKS.values()))


@tasks
def test_a_default_is_of_its_options_kind(task):
    for option in task.options.values():
        if option.kind == "choice":
            assert option.default in option.choices, option.name
        elif option.default is not None:
            assert type(option.default) in KINDS_OF_DEFAULT[option.kind], option.name


@pytest.mark.parametrize("task", [task for task in TASKS.values() if task.folds > 1], ids=lambda task: task.name)
def test_pycaret_takes_each_choice_of_how_folds_are_made(task, mixed):
    options = task.options["fold_strategy"]
    documented = inspect.getdoc(experiment_of(task.name).setup)
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


@tasks
def test_a_model_whose_pipeline_has_no_predict_says_so(task, experiments):
    there = experiments[task.name]._all_models
    without = [
        model.id for model in task.models if model.id in there and not hasattr(there[model.id].class_def, "predict")
    ]
    assert [model for model in without if not task.model(model).new_rows] == []
    if task.name == "clustering":
        assert [model.id for model in task.models if model.new_rows] == without


@tasks
def test_the_options_of_a_plan_are_parameters_of_pycarets_method_with_its_defaults(task):
    methods = {"tune": "tune_model", "ensemble": "ensemble_model", "blend": "blend_models", "stack": "stack_models"}
    methods |= {"calibrate": "calibrate_model", "create": "create_model"}
    experiment = experiment_of(task.name)
    for plan, method in methods.items():
        if plan in task.plans:
            theirs = inspect.signature(getattr(experiment, method)).parameters
            for name, option in PLANS[plan].options_of(task.name).items():
                if not option.is_own and name not in OWN_DEFAULTS:
                    assert option.default == theirs[name].default, (plan, name)


def test_a_field_is_what_is_asked_for_and_after_it_what_is_always_compared():
    forecasts = TASKS["time_series"]
    assert forecasts.field(["theta", "theta", "snaive"]) == ("theta", "snaive", "naive")
    assert forecasts.asked(["theta", "naive"], ["naive"]) == ("theta",)
    assert forecasts.field(["theta", "naive"], ["naive"]) == ("theta", "naive", "snaive")


@tasks
def test_a_field_that_is_not_named_is_the_turbo_set_as_far_as_it_is_there(task):
    turbo = tuple(model.id for model in task.turbo)
    assert task.field() == turbo
    assert task.asked(None, turbo[:2]) == turbo[2:]
    everything = [model.id for model in reversed(task.models)]
    assert task.field(there=everything) == tuple(model.id for model in task.models if model.is_turbo)
    assert task.asked(there=[]) == ()
