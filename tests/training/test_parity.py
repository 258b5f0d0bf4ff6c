"""The numbers are PyCaret's: every cell that it prints is ours, rounded as it rounds."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from workbench.catalogue import TASKS
from workbench.recipe import Recipe
from workbench.training.request import UnitScored

SEED, FOLDS = 11, 3
ROUNDED = 0.5e-4 + 1e-9
"""Half of the last digit that PyCaret prints."""

TARGETS = {"classification": "buys", "regression": "spends"}
QUICK = {"classification": ["lr", "knn", "nb", "dt", "lda", "svm"], "regression": ["lr", "knn", "dt", "huber", "par"]}

pytestmark = pytest.mark.filterwarnings("ignore")


def means(updates: Any, folds: int = FOLDS) -> dict[str, dict[str, float | None]]:
    """Mean of each metric over the folds, a model; None where one fold has no value."""
    units: dict[str, list[UnitScored]] = {}
    for update in updates:
        if isinstance(update, UnitScored):
            units.setdefault(update.model, []).append(update)
    assert {len(scored) for scored in units.values()} == {folds}
    return {
        model: {
            metric: None if None in (values := [unit.metrics[metric] for unit in scored]) else statistics.fmean(values)
            for metric in scored[0].metrics
        }
        for model, scored in units.items()
    }


def apart(ours: dict[str, dict[str, float | None]], theirs: Any) -> list[tuple[str, str, float | None, float]]:
    """Find the cells of PyCaret's table that ours does not round to."""
    assert theirs.size > 0
    return [
        (model, metric, ours[model][metric], value)
        for model, row in theirs.iterrows()
        for metric, value in row.items()
        if ours[model][metric] is None or abs(ours[model][metric] - value) > ROUNDED
    ]


@pytest.mark.parametrize("task", TARGETS)
def test_the_turbo_field_scores_as_pycaret_scores_it(task, train, mixed, pycaret_says):
    theirs = pycaret_says(task, mixed[task], TARGETS[task], None, folds=2)
    ours = means(train(task, seed=SEED, folds=2), folds=2)
    assert set(ours) == {model.id for model in TASKS[task].turbo}
    assert set(theirs.index) <= set(ours)
    assert apart(ours, theirs) == []


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_models_that_pycaret_leaves_out_for_their_slowness_score_as_it_scores_them(
    task, train, mixed, pycaret_says
):
    models = [model.id for model in TASKS[task].models if not model.is_turbo and model.requires is None]
    theirs = pycaret_says(task, mixed[task], TARGETS[task], models, folds=2)
    ours = means(train(task, models=tuple(models), seed=SEED, folds=2), folds=2)
    assert set(theirs.index) == set(models) == set(ours)
    assert apart(ours, theirs) == []


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("classification", {"normalize": True, "remove_outliers": True, "fix_imbalance": True}),
        ("classification", {"pca": True, "fold_strategy": "kfold", "fold_shuffle": True, "train_size": 0.8}),
        ("regression", {"normalize": True, "remove_outliers": True, "transform_target": True}),
    ],
)
def test_options_change_the_numbers_as_they_change_pycarets(task, options, train, mixed, pycaret_says):
    theirs = pycaret_says(task, mixed[task], TARGETS[task], QUICK[task], **options)
    ours = means(train(task, models=tuple(QUICK[task]), setup=options, seed=SEED))
    assert set(theirs.index) == set(QUICK[task])
    assert apart(ours, theirs) == []


@pytest.mark.parametrize("task", TARGETS)
def test_each_fold_and_the_spread_over_folds_are_pycarets(task, train, mixed, pycaret_folds):
    theirs = pycaret_folds(task, mixed[task], "lr")
    units = [unit for unit in train(task, plan="create", bases=(Recipe(model="lr"),)) if isinstance(unit, UnitScored)]
    for metric in theirs.columns:
        ours = [unit.metrics[metric] for unit in sorted(units, key=lambda unit: unit.fold)]
        assert ours == pytest.approx(list(theirs[metric][:FOLDS]), abs=ROUNDED)
        assert statistics.pstdev(ours) == pytest.approx(theirs[metric]["Std"], abs=ROUNDED)


@pytest.fixture(scope="module")
def pycaret_folds():
    """Let PyCaret cross-validate one model by itself and return what it prints, a row a fold."""
    import importlib

    def create(task: str, frame: Any, model: str) -> Any:
        experiment = getattr(importlib.import_module(f"pycaret.{task}"), f"{task.title()}Experiment")()
        quiet = {"verbose": False, "html": False, "system_log": False, "memory": False, "n_jobs": 1}
        experiment.setup(frame, target=TARGETS[task], session_id=SEED, fold=FOLDS, **quiet)
        experiment.create_model(model, verbose=False)
        return experiment.pull()

    return create
