"""Any model that a run scored can be had as a pipeline, whichever was its best."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from workbench.errors import BadRequest
from workbench.store.tables import ArtifactRow


@pytest.fixture(scope="module")
def iris(warm):
    return warm.data.sample("iris")


@pytest.fixture(scope="module")
def compared(warm, iris):
    run = warm.runs.submit(iris, target="species", include=["nb", "dt", "dummy"], folds=3, setup={"normalize": True})
    assert run.wait(timeout_s=60).status == "succeeded"
    return run


@pytest.fixture
def fitted(warm):
    """Have a model of a run fitted and wait for it."""

    def fit(run, model):
        found = warm.runs.fit_of(run, model)
        assert found.wait(timeout_s=60).status == "succeeded", found.record.error
        return found

    return fit


def artifacts(workbench, run) -> set[str]:
    with workbench._store.database.read() as session:
        return set(session.scalars(select(ArtifactRow.name).where(ArtifactRow.run_id == run.id)))


def test_the_best_model_is_fitted_by_its_run_already(warm, compared):
    assert warm.runs.fit_of(compared, compared.record.best).id == compared.id


def test_another_model_is_fitted_on_its_own_and_scored_no_second_time(warm, compared, fitted):
    run = fitted(compared, "dummy")
    assert (run.id != compared.id, run.record.best, run.record.plan) == (True, "dummy", "create")
    kinds = [event.kind for event in run.log()]
    assert (kinds.count("run.resumed"), kinds.count("unit.scored"), kinds.count("folds.prepared")) == (1, 0, 0)
    before = next(row for row in compared.rows() if row.model == "dummy")
    (row,) = run.rows()
    assert (row.metrics, row.folds, row.interval) == (before.metrics, before.folds, before.interval)
    assert run.record.spec["setup"] == {"normalize": True}
    assert {"pipeline.pkl", "schema.json", "reference.json", "holdout.json"} <= artifacts(warm, run)


def test_the_same_model_is_not_fitted_twice(warm, compared, fitted):
    first = fitted(compared, "dummy")
    assert warm.runs.fit_of(compared.id, "dummy").id == first.id


def test_a_trial_of_a_search_keeps_its_parameters_and_scores(warm, iris, fitted):
    options = {"n_iter": 2, "choose_better": False}
    tuned = warm.runs.submit(iris, target="species", plan="tune", model="dt", folds=2, options=options)
    assert tuned.wait(timeout_s=60).status == "succeeded"
    trial = next(row for row in tuned.rows() if row.model not in (tuned.record.best, "dt"))
    run = fitted(tuned, trial.model)
    (row,) = run.rows()
    assert (row.recipe, row.folds) == (trial.recipe, trial.folds)
    assert "unit.scored" not in [event.kind for event in run.log()]


def test_a_model_that_a_cancelled_run_scored_in_full_can_be_had(warm, fitted, eventually):
    cancer = warm.data.sample("breast_cancer")
    setup = {"polynomial_features": True}
    run = warm.runs.submit(cancer, target="diagnosis", include=["nb", "gbc", "ada", "rf"], folds=2, setup=setup)
    eventually(lambda: any((row.model, row.status) == ("nb", "scored") for row in run.rows()))
    run.cancel()
    assert run.wait(timeout_s=30).status == "cancelled"
    had = fitted(run, "nb")
    assert had.record.best == "nb"
    assert "unit.scored" not in [event.kind for event in had.log()]


def test_a_model_that_is_not_on_the_board_is_refused_with_those_that_are(warm, compared):
    with pytest.raises(BadRequest) as caught:
        warm.runs.fit_of(compared, "knn")
    assert (caught.value.code, caught.value.hint) == ("spec.unknown_model", "Valid: dt, dummy, nb.")
