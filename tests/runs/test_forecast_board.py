"""The leaderboard of forecasts: a bias is best near zero, and stability is a figure of a row over its splits."""

from __future__ import annotations

import pytest

from workbench.ranking import relative_spread
from workbench.runs import lookup
from workbench.runs.scores import leaderboard, store_score
from workbench.store.tables import RunRow


@pytest.fixture
def board(store, submit):
    """A comparison of forecasts, scored on some splits: WAPE and bias on each."""

    def board(scores, **request):
        models = sorted(scores)
        run = submit(task="time_series", target="sales", include=models, **{"folds": 2} | request)
        with store.database.write() as session:
            session.get_one(RunRow, run.id).field = [[model, model.upper()] for model in models]
            for model, folds in scores.items():
                for fold, (wape, bias) in enumerate(folds):
                    metrics = {"WAPE": wape, "Bias": bias, "MASE": wape}
                    store_score(session, run.id, model, fold, "scored", metrics=metrics, fit_s=0.1, score_s=0.1)
        return leaderboard(store.database, lookup.get(store, run.id))

    return board


def test_the_bias_that_is_nearest_to_zero_ranks_first(board):
    rows = board({"naive": [(1, -9), (1, -9)], "theta": [(1, 4), (1, 2)], "ets": [(1, -3), (1, 1)]}, sort="Bias")
    assert [(row.model, row.rank) for row in rows] == [("ets", 1), ("theta", 2), ("naive", 3)]
    assert [row.metrics["Bias"] for row in rows] == [-1, 3, -9]


def test_biases_of_one_size_on_either_side_of_zero_cannot_be_told_apart(board):
    biases = {"naive": [(1, 2.1), (1, 1.9)], "theta": [(1, -1.9), (1, -2.2)], "ets": [(1, -9), (1, -9.1)]}
    told = [(row.model, row.is_separable) for row in board(biases, sort="Bias")]
    assert told == [("naive", None), ("theta", False), ("ets", True)]


def test_stability_is_the_spread_of_wape_over_the_splits_in_percent(board):
    rows = {row.model: row for row in board({"naive": [(10, 0), (30, 0)], "theta": [(20, 0), (20, 0)]})}
    assert rows["naive"].metrics["Stability"] == pytest.approx(50)
    assert rows["theta"].metrics["Stability"] == 0
    assert rows["naive"].std["Stability"] is None


def test_one_split_has_no_stability(board):
    assert board({"naive": [(10, 0)]})[0].metrics["Stability"] is None


def test_a_spread_in_percent_takes_two_values_and_a_mean():
    assert relative_spread([5.0, None]) is None
    assert relative_spread([-1.0, 1.0]) is None
    assert relative_spread([-1.0, -3.0]) == pytest.approx(50)


def test_coverage_is_a_column_where_a_quantile_was_asked_for(board):
    assert "COVERAGE" not in board({"naive": [(1, 1)]})[0].metrics
    assert "COVERAGE" in board({"naive": [(1, 1)]}, setup={"point_alpha": 0.5})[0].metrics
