"""Going on from a run: what is taken over, what is added to it, and from which models."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.data.sources import Sources
from workbench.errors import BadRequest, Conflict, Gone
from workbench.recipe import Recipe
from workbench.requests import resolve
from workbench.runs import ending, lookup
from workbench.runs.follow import fitting_plan, models_to_follow, recipe_to_fit
from workbench.runs.scores import leaderboard
from workbench.runs.spec import RunSpec
from workbench.store.tables import RunRow

BLEND = Recipe(kind="blend", bases=(Recipe(model="lr"), Recipe(model="dt")))
LIMITS = {"executor": "dask://host:8786", "model_timeout_s": 60.0, "run_timeout_s": 600.0, "unit_memory": 2**31}


@pytest.fixture
def before(store, started, score):
    """A cancelled run: dt and a blend are scored in full, nb looks best on its only fold, knn failed on one."""

    def before(**request):
        run = started(("lr", "dt", "nb", "knn"), **request)
        known = {"blend": BLEND, "dt": Recipe(model="dt", params={"max_depth": 2})}
        known |= {model: Recipe(model=model) for model in ("nb", "knn", "lr")}
        with store.database.write() as session:
            row = session.get_one(RunRow, run.id)
            row.field = [[model, model.upper(), recipe.as_dict()] for model, recipe in known.items()]
        score(run, "blend", 0.8, 0.8, 0.8)
        score(run, "dt", 0.7, 0.7, 0.7)
        score(run, "nb", 0.99)
        score(run, "knn", 0.9, "ValueError: no", 0.9)
        ending.finish(store, run.id, "cancelled", "Cancelled by bob.")
        return lookup.get(store, run.id)

    return before


@pytest.fixture
def follow(store):
    def follow(run, named=None, **request) -> RunSpec:
        return resolve(store, Sources(store), named, {"from_run": run.id, **request})[1]

    return follow


def test_what_was_scored_in_full_is_gone_on_from_before_what_was_not(store, before):
    board = leaderboard(store.database, before())
    assert [(row.model, row.rank) for row in board[:3]] == [("nb", 1), ("blend", 2), ("dt", 3)]
    assert [row.model for row in models_to_follow(board)] == ["blend", "dt", "nb"]
    assert [row.model for row in models_to_follow(board, "tune")] == ["dt", "nb"]


@pytest.mark.parametrize(
    ("plan", "models"), [("create", ["blend"]), ("tune", ["dt"]), ("stack", ["blend", "dt", "nb"])]
)
def test_a_plan_takes_the_first_of_the_models_to_go_on_from(store, before, follow, plan, models):
    run = before()
    told = models_to_follow(leaderboard(store.database, run), plan)
    taken = follow(run, plan=plan).bases
    assert list(taken) == [Recipe.of(row.recipe) for row in told][: len(models)]
    assert [row.model for row in told][: len(models)] == models


def test_a_model_of_the_board_is_taken_as_it_was_made_there(before, follow):
    assert follow(before(), plan="create", model="dt").bases == (Recipe(model="dt", params={"max_depth": 2}),)
    assert follow(before(), plan="blend", include=["dt", "rf"]).bases[1] == Recipe(model="rf")


@pytest.mark.parametrize("request_", [{"model": Recipe("model", "rf")}, {"include": [Recipe("model", "rf")]}])
def test_a_recipe_of_ones_own_may_be_gone_on_with(before, follow, request_):
    assert follow(before(), plan="create", **request_).bases == (Recipe(model="rf"),)


def test_too_few_scored_models_are_refused(store, started, follow):
    run = started()
    with pytest.raises(BadRequest, match=rf"Run {run.short_id} has 0 scored models; the plan 'blend' takes 2\."):
        follow(run, plan="blend")


def test_limits_follow_unless_others_are_named(before, follow):
    run = before(**LIMITS)
    assert follow(run, plan="tune").model_dump(include=set(LIMITS)) == LIMITS
    own = {"executor": "local", "model_timeout_s": 0.0, "run_timeout_s": 5.0, "unit_memory": 0}
    assert follow(run, plan="tune", **own).model_dump(include=set(LIMITS)) == own


def test_limits_follow_whatever_the_settings_say(before, store):
    run = before(**LIMITS | {"run_timeout_s": 0})
    elsewhere = replace(
        store, settings=store.settings.model_copy(update={"model_timeout_s": 9.0, "run_timeout_s": 9.0})
    )
    _, made = resolve(elsewhere, Sources(store), None, {"from_run": run.id, "plan": "tune"})
    assert (made.model_timeout_s, made.run_timeout_s) == (60, 0)


@pytest.mark.parametrize(
    ("named", "whole"),
    [
        (None, {"ignore_features": ["petal_width_cm"], "train_size": 0.8}),
        ({}, {"ignore_features": ["petal_width_cm"], "train_size": 0.8}),
        (
            {"normalize": "true"},
            {"ignore_features": ["petal_width_cm"], "train_size": 0.8, "normalize": True},
        ),
        ({"train_size": "0.6"}, {"ignore_features": ["petal_width_cm"], "train_size": 0.6}),
        ({"train_size": "none"}, {"ignore_features": ["petal_width_cm"]}),
        ({"train_size": None, "ignore_features": None}, {"ignore_features": None}),
        ({"ignore_features": "none", "normalize": "none"}, {"ignore_features": None, "train_size": 0.8}),
        (
            {"imputation_type": "none"},
            {"ignore_features": ["petal_width_cm"], "train_size": 0.8, "imputation_type": None},
        ),
    ],
)
def test_set_up_options_are_added_and_none_takes_one_back(before, follow, named, whole):
    run = before(setup={"ignore_features": ["petal_width_cm"], "train_size": 0.8})
    assert follow(run, plan="compare", setup=named).setup == whole


def test_an_unknown_set_up_option_is_refused_also_where_it_is_taken_back(before, follow):
    with pytest.raises(BadRequest, match="There is no set-up option 'normalise'"):
        follow(before(), setup={"normalise": None})


def test_of_another_task_only_what_holds_for_both_is_taken_over(before, follow):
    run = before(
        seed=7, setup={"fix_imbalance": True, "normalize": True}, model_timeout_s=60, exclude=["nb"], sort="F1"
    )
    made = follow(run, task="clustering", plan="compare")
    assert (made.target, made.folds, made.sort, made.include, made.exclude) == (None, 1, "Silhouette", None, ())
    assert (made.seed, made.setup, made.model_timeout_s) == (7, {"normalize": True}, 60)
    with pytest.raises(BadRequest, match="has 0 scored models"):
        follow(run, task="regression", target="petal_width_cm", plan="create")
    with pytest.raises(BadRequest, match="There is no task 'clusterin'"):
        follow(run, task="clusterin")


@pytest.mark.parametrize("how", ["deleted", "lost"])
def test_data_that_is_gone_is_told_by_its_name(store, iris, before, follow, how):
    run = before()
    if how == "deleted":
        Sources(store).delete("iris")
    else:
        Sources(store).path(iris).unlink()
    with pytest.raises(Gone) as caught:
        follow(run, plan="tune")
    assert caught.value.code == "data.file_missing"
    assert caught.value.message == 'The data source "iris" of that run is gone.'
    again = Sources(store).sample("wine")
    with pytest.raises(BadRequest, match="no column 'species'"):
        follow(run, again, plan="tune")


def test_what_is_scored_in_full_can_be_fitted_as_it_was_scored(store, before):
    run = before()
    board = leaderboard(store.database, run)
    assert recipe_to_fit(board, run, "blend") == BLEND
    assert recipe_to_fit(board, run, "dt") == Recipe(model="dt", params={"max_depth": 2})
    assert fitting_plan(run) == "create"


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("nb", "cannot be fitted: The run ended after 1 of 3 folds. Resume the run first."),
        ("knn", "cannot be fitted: 1 of 3 folds failed: ValueError: no"),
        ("lr", "cannot be fitted: The run ended after 0 of 3 folds. Resume the run first."),
    ],
)
def test_what_is_not_scored_in_full_cannot_be_fitted_by_itself(store, before, model, why):
    run = before()
    with pytest.raises(Conflict) as caught:
        recipe_to_fit(leaderboard(store.database, run), run, model)
    assert caught.value.code == "run.no_pipeline"
    assert str(caught.value).endswith(why)
