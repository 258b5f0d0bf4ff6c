"""The parameters that the catalogue knows are those of the libraries, and no others come to an estimator."""

from __future__ import annotations

import pytest

from scripts import write_parameters
from workbench.catalogue import TASKS
from workbench.catalogue.parameters import check_parameters, parameters
from workbench.errors import BadRequest
from workbench.recipe import Recipe
from workbench.training import recipes
from workbench.training.experiment import pycaret_experiment


@pytest.fixture(scope="module")
def experiment(mixed):
    quiet = {"verbose": False, "html": False, "system_log": False, "n_jobs": 1, "memory": False}
    return pycaret_experiment("classification").setup(mixed["classification"], target="buys", session_id=1, **quiet)


def test_the_file_is_as_the_libraries_have_it(tmp_path):
    written = tmp_path / "parameters.json"
    write_parameters.main(written)
    assert written.read_text() == write_parameters.FILE.read_text()


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_each_model_has_parameters_and_no_other_has_any(task):
    assert all(parameters(task.name, model.id) for model in task.models)
    assert parameters(task.name, "nothing") == ()


def test_pycarets_own_searches_are_within_it(experiment):
    from pycaret.internal.distributions import get_base_distributions

    for model in TASKS["classification"].models:
        definition = experiment._all_models_internal.get(model.id)
        if definition is not None:
            grid = {name: list(values) for name, values in get_base_distributions(definition.tune_grid).items()}
            check_parameters("classification", model.id, grid)


@pytest.mark.parametrize("params", [{"machines": "127.0.0.1:1"}, {"objective": "binary machines=127.0.0.1:1"}])
def test_what_an_older_run_was_stored_with_comes_to_no_estimator(experiment, params):
    bagged = Recipe(kind="bagging", bases=(Recipe(model="lightgbm", params=params),))
    with pytest.raises(BadRequest) as caught:
        recipes.estimator(experiment, bagged)
    assert caught.value.code == "spec.invalid"
