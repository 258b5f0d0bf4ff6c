"""The leaderboard: every model of the field, ranked on what is scored so far."""

from __future__ import annotations

import json
import statistics

import pytest

from workbench.ranking import interval
from workbench.runs import ending, lookup
from workbench.runs.scores import leaderboard, store_score


@pytest.fixture
def board(store):
    def board(run):
        return leaderboard(store.database, lookup.get(store, run.id))

    return board


def standing(rows) -> list[tuple[str, int | None, str]]:
    return [(row.model, row.rank, row.status) for row in rows]


def test_before_anything_is_scored_every_model_waits(started, board):
    rows = board(started())
    assert standing(rows) == [("lr", None, "waiting"), ("knn", None, "waiting"), ("dt", None, "waiting")]
    assert all(value is None for row in rows for value in row.metrics.values())
    assert [(row.folds_scored, row.folds_total, row.fit_s, row.reason) for row in rows] == [(0, 3, None, None)] * 3


def test_before_the_field_is_known_there_is_no_row(submit, board):
    assert board(submit()) == []


def test_a_set_up_scores_nothing_and_has_no_row(started, board):
    assert board(started(plan="setup")) == []


def test_the_best_mean_ranks_first_and_nothing_is_left_out(started, score, board):
    run = started(("lr", "knn", "dt", "nb", "rf", "svm"))
    score(run, "lr", 0.80, 0.90, 0.70)
    score(run, "knn", 0.95, 0.85)
    score(run, "dt", "ValueError: no")
    score(run, "nb", 0.99, "It took longer than 1 s on one fold.", status="timed_out")
    score(run, "rf", 0.80, 0.80, 0.90)
    assert standing(board(run)) == [
        ("knn", 1, "scoring"),
        ("rf", 2, "scored"),
        ("lr", 3, "scored"),
        ("dt", None, "failed"),
        ("nb", None, "timed_out"),
        ("svm", None, "waiting"),
    ]


def test_equal_means_keep_pycarets_order_of_models(started, score, board):
    run = started(("lr", "knn", "dt"))
    for model in ("dt", "lr", "knn"):
        score(run, model, 0.5, 0.5, 0.5)
    assert standing(board(run)) == [("lr", 1, "scored"), ("knn", 2, "scored"), ("dt", 3, "scored")]


def test_where_less_is_better_the_least_ranks_first(store, started, board):
    run = started(("lr", "huber"), task="regression", target="petal_width_cm", sort="MAE")
    with store.database.write() as session:
        for model, error in (("lr", 3.0), ("huber", 2.0)):
            for fold in range(3):
                store_score(session, run.id, model, fold, "scored", metrics={"MAE": error, "R2": 1 / error})
    assert standing(board(run)) == [("huber", 1, "scored"), ("lr", 2, "scored")]


def test_mean_and_spread_are_over_the_folds_scored_so_far(started, score, board):
    run = started(("lr", "knn"))
    score(run, "lr", 0.8, 0.9, 0.4)
    score(run, "knn", 0.3, 0.4)
    lr, knn = board(run)
    assert lr.metrics["Accuracy"] == pytest.approx(0.7, abs=1e-15)
    assert lr.std["Accuracy"] == pytest.approx(statistics.pstdev([0.8, 0.9, 0.4]), abs=1e-15)
    assert knn.std["Accuracy"] == pytest.approx(0.05, abs=1e-15)
    assert lr.folds["Accuracy"] == [0.8, 0.9, 0.4]
    assert knn.folds["Accuracy"] == [0.3, 0.4, None]
    assert (lr.folds_scored, knn.folds_scored, knn.folds_total) == (3, 2, 3)


def test_the_time_to_fit_is_the_mean_over_folds(store, started, board):
    run = started(("lr",))
    with store.database.write() as session:
        for fold, fit_s in enumerate((1.0, 2.0, 6.0)):
            store_score(session, run.id, "lr", fold, "scored", metrics={"Accuracy": 0.5}, fit_s=fit_s)
    assert board(run)[0].fit_s == 3.0


def test_every_metric_of_the_task_is_told_by_pycarets_name(started, score, board):
    run = started(("lr",))
    score(run, "lr", 0.5, 0.5, 0.5)
    assert list(board(run)[0].metrics) == ["Accuracy", "AUC", "Recall", "Prec.", "F1", "Kappa", "MCC"]


def test_a_metric_that_is_undefined_on_one_fold_is_averaged_over_the_others_and_says_so(store, started, board):
    run = started(("lr",))
    with store.database.write() as session:
        for fold, value in enumerate((0.9, None, 0.7)):
            metrics, why = {"Accuracy": 0.5, "AUC": value}, {} if value else {"AUC": "only one class"}
            counted = {} if value else {"AUC": 0.0}
            store_score(session, run.id, "lr", fold, "scored", metrics=metrics, undefined=why, pycaret=counted)
    (row,) = board(run)
    assert (row.metrics["AUC"], row.folds["AUC"]) == (pytest.approx(0.8), [0.9, None, 0.7])
    assert row.notes == {"AUC": "AUC is undefined on fold 2, the mean is over the others: only one class"}
    assert row.pycaret == {"AUC": pytest.approx(1.6 / 3)}
    assert (row.status, row.reason, row.metrics["Accuracy"]) == ("scored", None, 0.5)


def test_a_metric_that_is_undefined_everywhere_has_no_mean_and_says_why(started, score, board):
    run = started(("lr",))
    score(run, "lr", 0.5, 0.5, 0.5)
    (row,) = board(run)
    assert (row.metrics["AUC"], row.std["AUC"], row.interval["AUC"]) == (None, None, None)
    assert row.notes == {"AUC": "AUC is undefined: a class is missing"}
    assert row.pycaret == {}


def test_a_mean_has_a_confidence_interval_from_two_folds_on(started, score, board):
    run = started(("lr", "knn"))
    score(run, "lr", 0.8, 0.9, 0.4)
    score(run, "knn", 0.3)
    lr, knn = board(run)
    assert lr.interval["Accuracy"] == pytest.approx(interval([0.8, 0.9, 0.4]))
    assert lr.interval["Accuracy"][0] < 0.7 < lr.interval["Accuracy"][1]
    assert knn.interval["Accuracy"] is None


def test_a_model_is_separable_from_the_best_when_their_folds_differ_by_more_than_noise(started, score, board):
    run = started(("lr", "knn", "dt"))
    score(run, "lr", 0.90, 0.91, 0.89)
    score(run, "knn", 0.91, 0.88, 0.90)
    score(run, "dt", 0.50, 0.52, 0.49)
    assert [(row.model, row.is_separable) for row in board(run)] == [("lr", None), ("knn", False), ("dt", True)]


def test_a_model_that_was_raced_out_keeps_its_scores_and_comes_after_those_that_rank(started, score, board):
    run = started(("lr", "knn", "dt"))
    score(run, "lr", 0.5, 0.5, 0.5)
    score(run, "knn", "ValueError: no")
    score(run, "dt", 0.9, "It cannot catch lr any more.", "It cannot catch lr any more.", status="raced_out")
    rows = board(run)
    assert standing(rows) == [("lr", 1, "scored"), ("dt", None, "raced_out"), ("knn", None, "failed")]
    assert rows[1].reason == "Stopped after 1 of 3 folds: It cannot catch lr any more."
    assert rows[1].metrics["Accuracy"] == 0.9


def test_a_model_without_the_ranking_metric_has_no_rank_and_stays_above_those_that_failed(started, score, board):
    run = started(("lr", "knn", "dt"))
    score(run, "lr", None, None, None)
    score(run, "knn", "ValueError: no")
    score(run, "dt", 0.1, 0.1, 0.1)
    assert standing(board(run)) == [("dt", 1, "scored"), ("lr", None, "scored"), ("knn", None, "failed")]


def test_a_model_that_failed_on_every_fold_gives_its_first_reason(started, score, board):
    run = started(("lr",))
    score(run, "lr", "ValueError: a", "ValueError: b", "ValueError: c")
    assert board(run)[0].reason == "ValueError: a"


def test_a_model_that_failed_on_some_folds_says_on_how_many(started, score, board):
    run = started(("lr",))
    score(run, "lr", 0.5, "ValueError: b", 0.5)
    (row,) = board(run)
    assert (row.status, row.reason) == ("failed", "1 of 3 folds failed: ValueError: b")
    assert row.folds["Accuracy"] == [0.5, None, 0.5]


def test_what_was_scored_stays_when_the_run_ends_before_its_time(store, started, score, board):
    run = started(("lr", "knn", "dt", "nb"))
    score(run, "lr", 0.5, 0.5, 0.5)
    score(run, "knn", 0.9)
    score(run, "nb", "ValueError: no")
    ending.finish(store, run.id, "cancelled", "Cancelled by bob.")
    rows = board(run)
    assert standing(rows) == [
        ("knn", 1, "stopped"),
        ("lr", 2, "scored"),
        ("nb", None, "failed"),
        ("dt", None, "stopped"),
    ]
    assert (rows[0].reason, rows[0].metrics["Accuracy"]) == ("The run ended after 1 of 3 folds.", 0.9)
    assert rows[3].reason == "The run ended after 0 of 3 folds."


def test_a_row_is_plain_data_for_json(started, score, board):
    run = started(("lr",))
    score(run, "lr", 0.5, 0.75)
    told = json.loads(json.dumps(board(run)[0].as_dict(), allow_nan=False))
    assert (told["model"], told["name"], told["rank"], told["status"]) == ("lr", "LR", 1, "scoring")
    assert (told["metrics"]["Accuracy"], told["std"]["Accuracy"]) == (0.625, 0.125)
    assert (told["folds"]["Accuracy"], told["fit_s"]) == ([0.5, 0.75, None], 0.5)
