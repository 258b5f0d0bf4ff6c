"""What each plan would score, judged from the catalogue alone, and the pace of a run that was resumed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workbench.recipe import Recipe
from workbench.runs import lookup
from workbench.runs.progress import estimate, field_of, progress
from workbench.runs.spec import Asked, make_spec
from workbench.store.tables import RunRow, ScoreRow, now

BAG = Recipe(kind="bagging", bases=(Recipe(model="dt"),), params={"n_estimators": 3})
GRID = {"max_depth": [2, 3, 4]}


def spec(plan: str, *models: str | Recipe, task: str = "classification", **options: object):
    target = {"clustering": None}.get(task, "species")
    return make_spec(Asked(plan=plan, task=task, target=target, include=models or None, options=options))


@pytest.mark.parametrize(
    ("plan", "models", "options", "candidates", "fits"),
    [
        ("create", ["dt"], {}, 1, ["dt"]),
        ("finalize", [BAG], {}, 1, 3 * ["dt"]),
        ("tune", ["dt"], {"n_iter": 4}, 5, 5 * ["dt"]),
        ("tune", ["dt"], {"custom_grid": GRID, "n_iter": 2}, 3, 3 * ["dt"]),
        ("tune", ["dt"], {"custom_grid": GRID, "search_algorithm": "grid"}, 4, 4 * ["dt"]),
        ("ensemble", ["dt"], {"n_estimators": 3, "choose_better": True}, 2, 4 * ["dt"]),
        ("blend", ["lr", "nb"], {}, 1, ["lr", "nb"]),
        ("blend", ["lr", "nb"], {"choose_better": True}, 3, ["lr", "nb", "lr", "nb"]),
        ("stack", ["lr", "nb"], {"meta_model_fold": 2, "meta_model": "dt"}, 1, [*(3 * ["lr", "nb"]), "dt"]),
        ("calibrate", ["nb"], {"calibrate_fold": 3}, 1, 3 * ["nb"]),
    ],
)  # fmt: skip
def test_a_plan_scores_so_many_candidates_and_fits_these_models(plan, models, options, candidates, fits):
    found = field_of(spec(plan, *models, **options))
    assert (found.candidates, list(found.models)) == (candidates, fits)


def test_a_comparison_of_forecasts_has_the_baselines_in_it_always():
    found = field_of(spec("compare", "theta", task="time_series"))
    assert (found.candidates, set(found.models)) == (3, {"naive", "snaive", "theta"})


def test_how_large_pycarets_own_grid_is_is_not_made_up(store):
    asked = spec("tune", "dt", search_algorithm="grid")
    field = field_of(asked)
    words = estimate(
        store.database, asked, field.models, candidates=field.candidates, source_id="", rows=150, workers=2
    ).words
    assert words == "every set of PyCaret's own grid × 10 folds"


def test_a_task_without_folds_is_estimated_in_models(store):
    asked = spec("compare", "kmeans", "birch", task="clustering")
    found = estimate(store.database, asked, field_of(asked).models, source_id="", rows=150, workers=2)
    assert (found.units, found.words) == (2, "2 models; no earlier run to judge the time by")


def test_what_a_resumed_run_started_with_does_not_count_as_its_pace(store, started, score):
    run = started(("lr", "knn"))
    score(run, "lr", 0.5, 0.5, 0.5)
    with store.database.write() as session:
        session.get_one(RunRow, run.id).claimed_at = now() + timedelta(seconds=1)
    found = progress(store.database, lookup.get(store, run.id))
    assert (found.done, found.remaining_s) == (3, None)
    score(run, "knn", 0.5, 0.5)
    with store.database.write() as session:
        for row in session.query(ScoreRow).filter_by(model="knn"):
            row.created_at = now() + timedelta(seconds=2)
    assert progress(store.database, lookup.get(store, run.id)).remaining_s is not None
