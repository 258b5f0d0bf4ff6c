"""The leaderboard: every model of the field, ranked on what is scored so far."""

from __future__ import annotations

import json
import statistics

import pytest

from workbench.access.actor import owner
from workbench.catalogue import TASKS
from workbench.ranking import interval
from workbench.run import Run
from workbench.runs import ending, lookup
from workbench.runs.scores import leaderboard, store_score, zeros
from workbench.store.tables import RunRow, ScoreRow


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
    assert lr.interval["Accuracy"] == pytest.approx(interval([0.8, 0.9, 0.4], test_ratio=1 / 2))
    assert lr.interval["Accuracy"][0] < 0.7 < lr.interval["Accuracy"][1]
    assert knn.interval["Accuracy"] is None


def test_an_interval_rests_on_how_rows_were_split_and_not_on_how_far_the_run_is(store, started, score, board):
    run = started(("lr",), folds=10)
    score(run, "lr", 0.8, 0.9, 0.4)
    assert board(run)[0].interval["Accuracy"] == pytest.approx(interval([0.8, 0.9, 0.4], test_ratio=1 / 9))
    with store.database.write() as session:
        session.get_one(RunRow, run.id).fitted = {"folds": 10, "versions": {}, "test_ratio": 0.25}
    assert board(run)[0].interval["Accuracy"] == pytest.approx(interval([0.8, 0.9, 0.4], test_ratio=0.25))


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


@pytest.fixture
def fail(store):
    """Store folds on which a model failed to fit, as training tells them of a plan."""

    def fail(run, model, *folds, **counted):
        with store.database.write() as session:
            for fold in folds:
                store_score(session, run.id, model, fold, "failed", reason="ValueError: no", **counted)

    return fail


def test_what_pycaret_averages_in_for_a_fold_that_failed_stands_beside_the_mean_of_the_others(
    started, score, fail, board
):
    run = started(("lr",))
    score(run, "lr", 0.6, 0.9)
    fail(run, "lr", 2, pycaret=zeros("classification"))
    (row,) = board(run)
    assert (row.status, row.metrics["Accuracy"]) == ("failed", pytest.approx(0.75))
    assert row.pycaret["Accuracy"] == pytest.approx(0.5)
    assert row.remarks["Accuracy"] == "PyCaret shows 0.5000: it counts a fold on which the model fails as 0."


def test_nothing_is_said_of_pycaret_where_it_has_no_row_or_would_not_have_failed(store, started, score, fail, board):
    counted = {"pycaret": zeros("classification")}
    run = started(("lr", "knn", "dt"))
    # It leaves a model out of a comparison whose first fold fails, and one that fails throughout.
    fail(run, "lr", 0, **counted)
    with store.database.write() as session:
        store_score(session, run.id, "lr", 1, "scored", metrics={"Accuracy": 0.9}, pycaret={"AUC": 0.0})
    fail(run, "knn", 0, 1, 2, **counted)
    # It knows no limit of memory.
    score(run, "dt", 0.6, 0.9, "It ran out of memory.")
    assert [row.pycaret for row in board(run)] == [{}, {}, {}]


def test_a_fold_that_could_not_be_prepared_costs_no_model_its_rank(store, started, score, board):
    run = started(("lr", "knn"))
    why = "Fold 3 could not be prepared: ValueError: no"
    score(run, "lr", 0.6, 0.9)
    score(run, "knn", 0.6)
    with store.database.write() as session:
        for model in ("lr", "knn"):
            store_score(session, run.id, model, 2, "unprepared", reason=why, pycaret=zeros("classification"))
    assert standing(board(run)) == [("lr", 1, "scored"), ("knn", 2, "scoring")]
    lr, knn = board(run)
    assert lr.reason == knn.reason == why
    assert (lr.metrics["Accuracy"], lr.pycaret["Accuracy"]) == (pytest.approx(0.75), pytest.approx(0.5))


def test_where_no_fold_could_be_prepared_every_model_failed(store, started, score, board):
    run = started(("lr",), folds=2)
    score(run, "lr", "Fold 1: no", "Fold 2: no", status="unprepared")
    (row,) = board(run)
    assert (row.status, row.rank, row.reason) == ("failed", None, "Fold 1: no")


def test_own_measures_are_none_of_those_that_pycaret_counts_as_zero():
    assert "MAE" in zeros("regression")
    # A forecast that fails leaves PyCaret with no number, or with no row.
    assert zeros("time_series") == {}
    own = {task.name: {metric.name for metric in task.metrics if metric.is_own} for task in TASKS.values()}
    assert all(own[task].isdisjoint(zeros(task)) for task in own)


def test_a_measure_that_pycaret_takes_by_a_folds_own_labels_says_so(store, started, board):
    run = started(("lr",), folds=2)
    with store.database.write() as session:
        for fold, pycaret in enumerate((None, {"Recall": 0.0})):
            store_score(session, run.id, "lr", fold, "scored", metrics={"Recall": 0.8}, pycaret=pycaret)
    (row,) = board(run)
    assert row.remarks["Recall"] == (
        "PyCaret shows 0.4000: it takes a fold whose rows are all of the classes 0 and 1 for one of two classes."
    )


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


def test_the_table_of_a_board_is_short_unless_it_is_asked_for_in_detail(store, started, score):
    run = started(("lr", "knn"))
    score(run, "lr", 0.8, 0.9, 0.4)
    score(run, "knn", 0.3)
    table = Run(store.on_behalf_of(owner("ada")), run.id).leaderboard()
    metrics = ["Accuracy", "AUC", "Recall", "Prec.", "F1", "Kappa", "MCC"]
    assert list(table.columns) == ["Model", *metrics, "Fit (s)", "Folds", "Status", "Reason"]
    assert list(table.index) == ["lr", "knn"]


def test_in_detail_a_table_tells_all_that_a_row_knows(store, started, score, board):
    run = started(("lr", "knn"))
    score(run, "lr", 0.8, 0.9, 0.4)
    score(run, "knn", 0.3, 0.2, 0.3)
    with store.database.write() as session:
        counted = {"AUC": 0.0}
        unit = session.query(ScoreRow).filter_by(model="knn", fold=0).one()
        unit.pycaret = counted
    table = Run(store.on_behalf_of(owner("ada")), run.id).leaderboard(detail=True)
    for row in board(run):
        told = table.loc[row.model]
        assert (told["Rank"], told["Folds"], told["Separable"]) == (row.rank, 3, row.is_separable)
        assert (told["Accuracy"], told["Accuracy std"]) == (row.metrics["Accuracy"], row.std["Accuracy"])
        assert (told["Accuracy low"], told["Accuracy high"]) == row.interval["Accuracy"]
        assert (told["Fit (s)"], told["Score (s)"]) == (row.fit_s, row.score_s)
        assert told["AUC note"] == row.remarks["AUC"]
    assert "Accuracy note" not in table.columns
    assert list(table.filter(like="PyCaret").columns) in ([], ["AUC PyCaret"])


def test_a_board_of_nothing_is_an_empty_table(store, submit):
    for detail in (False, True):
        assert Run(store.on_behalf_of(owner("ada")), submit().id).leaderboard(detail=detail).empty
