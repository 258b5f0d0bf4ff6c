"""Racing: who is spared its other folds hangs on scores over shared folds, and costs no run its pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest

from workbench.ranking import p_of_no_difference
from workbench.training.racing import FOLDS_LEAST, P_MOST, Race
from workbench.training.request import (
    FoldFailed,
    FoldPrepared,
    Past,
    PipelineFitted,
    RacedOut,
    TrainingRequest,
    UnitFailed,
    UnitScored,
)
from workbench.training.work import Work

FOLDS = 10
GOOD = [0.95, 0.94, 0.96, 0.95, 0.93, 0.95, 0.96, 0.94, 0.95, 0.95]
CLOSE = [0.94, 0.95, 0.94, 0.95, 0.95, 0.94, 0.95, 0.94, 0.95, 0.94]
POOR = [0.80, 0.81, 0.79, 0.80, 0.82, 0.80, 0.81, 0.80, 0.79, 0.80]


class Run:
    """A race over units that are made up, told in whatever order."""

    def __init__(
        self,
        scores: Mapping[str, Sequence[float | None]],
        *,
        eligible: Iterable[str] | None = None,
        past: Past | None = None,
        test_ratio: float | None = None,
    ) -> None:
        self.scores = scores
        request = TrainingRequest(
            "classification", "y", "compare", "Accuracy", seed=1, folds=FOLDS, racing=True, past=past or Past()
        )
        # Nothing is computed: the race sees answers only.
        self.work = Work(dict.fromkeys(scores), FOLDS, lambda fold: None, past=request.past)  # type: ignore[arg-type]
        self.race = Race(self.work, request, eligible=set(eligible or scores), test_ratio=test_ratio)
        self.out: dict[str, str] = {}

    def hear(self, update: object) -> None:
        for told in self.race.hear(update):  # type: ignore[arg-type]
            assert isinstance(told, RacedOut)
            assert told.model in self.work.dropped
            self.out[told.model] = told.reason

    def score(self, model: str, fold: int) -> None:
        if model not in self.work.dropped:
            self.hear(UnitScored(model, fold, {"Accuracy": self.scores[model][fold]}, {}, 0.1, 0.1))

    def score_folds(self, *folds: int) -> set[str]:
        """Score every model on folds, one fold after another; return who is out by then."""
        for fold in folds:
            for model in self.scores:
                self.score(model, fold)
        return set(self.out)


def field(**more: Sequence[float | None]) -> dict[str, Sequence[float | None]]:
    return {"good": GOOD, "close": CLOSE, "poor": POOR, **more}


def test_a_model_that_is_worse_by_more_than_noise_on_four_folds_is_out():
    run = Run(field())
    assert run.score_folds(*range(FOLDS_LEAST - 1)) == set()
    assert run.score_folds(FOLDS_LEAST - 1) == {"poor"}
    assert run.out["poor"] == "It cannot catch good any more: paired t-test over the first 4 folds, p < 0.01."


def test_the_test_takes_the_ratio_of_rows_as_the_folds_were_split():
    noisy = [0.85, 0.80, 0.88, 0.84, *POOR[4:]]
    p = {ratio: p_of_no_difference(GOOD[:4], noisy[:4], test_ratio=ratio) for ratio in (1 / 9, 1 / 3)}
    assert p[1 / 9] < P_MOST < p[1 / 3]
    assert Run(field(noisy=noisy)).score_folds(*range(4)) == {"poor", "noisy"}
    assert "noisy" not in Run(field(noisy=noisy), test_ratio=1 / 3).score_folds(*range(4))


def test_a_model_within_noise_of_the_leader_stays():
    assert "close" not in Run(field(third=CLOSE)).score_folds(*range(FOLDS))


def test_the_second_best_stays_however_far_behind_it_is():
    assert Run({"good": GOOD, "poor": POOR}).score_folds(*range(FOLDS)) == set()
    worse = [value - 0.1 for value in POOR]
    assert Run({"good": GOOD, "poor": POOR, "worse": worse}).score_folds(*range(FOLDS)) == {"worse"}


def test_a_model_that_failed_on_a_fold_beats_nobody():
    scores = {"failing": GOOD, "sound": POOR, "other": POOR, "third": POOR}
    run = Run(scores)
    run.hear(UnitFailed("failing", 0, "ValueError: no"))
    assert run.score_folds(*range(FOLDS)) == set()
    assert Run(scores).score_folds(*range(FOLDS)) == {"other", "third"}


def test_a_model_that_failed_on_a_fold_is_scored_on_the_others():
    """Its row says why it failed, not that it was raced out."""
    run = Run(field())
    run.hear(UnitFailed("poor", 0, "ValueError: no"))
    assert run.score_folds(*range(1, FOLDS)) == set()


def test_a_model_that_failed_keeps_nobody_waiting():
    run = Run(field(hangs=GOOD, bad=POOR))
    for fold in range(4):
        for model in ("good", "close", "poor", "bad"):
            run.score(model, fold)
    assert run.out == {}
    run.hear(UnitFailed("hangs", 0, "It took too long.", timed_out=True, gives_up=True))
    assert set(run.out) == {"poor", "bad"}


def test_a_model_that_may_not_be_chosen_in_the_end_beats_nobody():
    """The model that a tuning starts from is scored beside its trials and is none of them."""
    trials = dict.fromkeys(("base:1", "base:2", "base:3"), POOR)
    assert Run({"base": GOOD, **trials}, eligible=trials).score_folds(*range(FOLDS)) == set()
    assert Run({"base": GOOD, **trials}).score_folds(*range(FOLDS)) == {"base:2", "base:3"}


def test_who_leads_is_judged_on_folds_that_all_have():
    """One that is ahead on an easy fold has the better mean until the others are as far."""
    hard, easy = [0.5, 0.51, 0.49, 0.5], [0.99] * 6
    run = Run({"good": [0.6, 0.61, 0.59, 0.6, *easy], "fast": hard + easy, "third": [*hard, *easy]})
    for fold in range(FOLDS):
        run.score("fast", fold)
    assert run.score_folds(*range(4)) == {"third"}
    assert "It cannot catch good" in run.out["third"]


def test_the_order_in_which_answers_come_does_not_change_who_is_out():
    scores = field(third=[value - 0.02 for value in GOOD], fourth=[*POOR[:5], *GOOD[5:]])
    in_turn = Run(scores)
    in_turn.score_folds(*range(FOLDS))
    uneven = Run(scores)
    for model in ("good", "third"):
        for fold in reversed(range(7)):
            uneven.score(model, fold)
    uneven.score_folds(*range(FOLDS))
    assert uneven.out == in_turn.out
    assert "poor" in uneven.out


def test_a_model_that_has_all_its_folds_is_not_out():
    run = Run(field())
    for fold in range(FOLDS):
        run.score("poor", fold)
    assert run.score_folds(*range(FOLDS)) == set()


def test_a_fold_that_could_not_be_prepared_keeps_nobody_waiting():
    run = Run(field())
    run.hear(FoldFailed(0, "Fold 1 could not be prepared."))
    run.hear(FoldPrepared(1, 90, 10, 4, 0.1))
    assert run.score_folds(1, 2, 3) == set()
    assert run.score_folds(4) == {"poor"}


def test_folds_on_which_the_metric_is_undefined_are_not_shared():
    holes = [None, None, *POOR[2:]]
    run = Run({"good": GOOD, "close": CLOSE, "holes": holes})
    assert run.score_folds(*range(5)) == set()
    assert run.score_folds(5) == {"holes"}


def test_a_model_without_a_value_where_others_have_one_leads_nobody():
    lucky = [None, 0.99, 0.99, 0.99, 0.99, *GOOD[5:]]
    run = Run({"good": POOR, "close": POOR, "third": [value - 0.005 for value in POOR], "lucky": lucky})
    assert run.score_folds(*range(6)) == {"third"}
    assert "It cannot catch good" in run.out["third"]


def known(scores: Mapping[str, Sequence[float | None]], folds: int) -> dict[str, dict[int, dict[str, float | None]]]:
    """What an earlier process has scored on the first folds."""
    return {model: {fold: {"Accuracy": values[fold]} for fold in range(folds)} for model, values in scores.items()}


def test_a_run_that_goes_on_judges_what_was_scored_before():
    run = Run(field(), past=Past(scored=known(field(), 4)))
    run.score("good", 4)
    assert set(run.out) == {"poor"}
    assert "first 4 folds" in run.out["poor"]


def test_a_fold_that_could_not_be_prepared_before_is_nobodys_failure():
    lost = dict.fromkeys(field(), frozenset({0}))
    run = Run(field(), past=Past(failed=lost, unprepared=frozenset({0})))
    assert run.score_folds(1, 2, 3, 4) == {"poor"}


def test_what_was_raced_out_before_neither_leads_nor_is_out_again():
    scores = {"out": GOOD, "good": CLOSE, "close": CLOSE, "poor": POOR}
    left = {"out": frozenset(range(4, FOLDS))}
    run = Run(scores, past=Past(scored=known(scores, 4), failed=left))
    assert run.score_folds(4) == {"poor"}
    assert "out" not in run.out["poor"]


@pytest.mark.filterwarnings("ignore")
def test_a_comparison_under_racing_spares_hopeless_models_folds_and_ends_with_the_best(train):
    # With more workers the quickest may have had all its folds before another has had enough to be compared on.
    updates = list(train(models=("lr", "lda", "dummy"), folds=8, racing=True, sort="AUC", workers=1))
    assert [update.model for update in updates if isinstance(update, RacedOut)] == ["dummy"]
    assert sum(isinstance(update, UnitScored) and update.model == "dummy" for update in updates) < 8
    assert isinstance(updates[-1], PipelineFitted)
    assert updates[-1].model in ("lr", "lda")
