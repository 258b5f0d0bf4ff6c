"""The fit at the end of a run, which may go wrong as any other."""

from __future__ import annotations

import os
import signal

import pytest

from workbench.training.request import FitFailed, FoldFailed, PipelineFitted, UnitScored
from workbench.training.supervised.experiment import SupervisedExperiment

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def spoil(monkeypatch):
    """Let the last fit of some models raise or die."""

    def spoil(spoilt):
        fit = SupervisedExperiment.fit

        def fit_unless_spoilt(self, recipe, *, all_rows):
            if recipe.model in spoilt:
                spoilt[recipe.model]()
            return fit(self, recipe, all_rows=all_rows)

        monkeypatch.setattr(SupervisedExperiment, "fit", fit_unless_spoilt)

    return spoil


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def refuse():
    raise ValueError("not all of them")


def test_where_the_best_cannot_be_fitted_the_next_best_is(train, spoil):
    models = ("dt", "nb", "ridge", "dummy")
    ranked = [update.model for update in train(models=models, workers=1) if isinstance(update, PipelineFitted)]
    spoil({ranked[0]: die})
    *_, lost, fitted = train(models=models)
    assert lost == FitFailed(ranked[0], "Its process died by SIGKILL.")
    assert isinstance(fitted, PipelineFitted)
    assert fitted.model != ranked[0]


def test_after_three_that_cannot_be_fitted_no_more_are_tried(train, spoil):
    spoil(dict.fromkeys(("dt", "nb", "ridge", "dummy"), refuse))
    updates = list(train(models=("dt", "nb", "ridge", "dummy")))
    assert [update.reason for update in updates[-3:]] == ["ValueError: not all of them."] * 3
    assert sum(isinstance(update, FitFailed) for update in updates) == 3
    assert not any(isinstance(update, PipelineFitted) for update in updates)


def test_the_best_is_chosen_on_the_folds_that_could_be_prepared(train, monkeypatch):
    prepare = SupervisedExperiment.prepare

    def refuse_second(self, fold):
        if fold == 1:
            refuse()
        return prepare(self, fold)

    monkeypatch.setattr(SupervisedExperiment, "prepare", refuse_second)
    updates = list(train(models=("dt", "nb", "dummy")))
    (lost,) = [update for update in updates if isinstance(update, FoldFailed)]
    assert lost == FoldFailed(1, "Fold 2 could not be prepared: ValueError: not all of them")
    assert {update.fold for update in updates if isinstance(update, UnitScored)} == {0, 2}
    assert isinstance(updates[-1], PipelineFitted)
