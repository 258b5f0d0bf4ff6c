"""The leaderboard of a task without folds: one value a model, no spread, and columns that belong to the run."""

from __future__ import annotations

import pytest

from workbench.runs import follow, lookup
from workbench.runs.asked import Asked
from workbench.runs.scores import leaderboard, store_score
from workbench.store.tables import ExperimentRow, RunRow


@pytest.fixture
def clustered(store, submit):
    """A clustering of which three models have an outcome."""

    def clustered(**request):
        run = submit(task="clustering", target=None, folds=None, include=["kmeans", "dbscan", "ap", "sc"], **request)
        with store.database.write() as session:
            session.get_one(RunRow, run.id).field = [
                [model, model.upper(), {"kind": "model", "model": model}] for model in ("kmeans", "dbscan", "ap", "sc")
            ]
            why = {"Silhouette": "No cluster was found: every row is noise."}
            for model, value in (("kmeans", 0.4), ("dbscan", None), ("sc", 0.6)):
                metrics = {"Silhouette": value, "Clusters": 4.0, "Noise": 0.0}
                undefined, pycaret = (why, {"Silhouette": 0.0}) if value is None else (None, None)
                times = {"fit_s": 0.1, "score_s": 0.1}
                store_score(
                    session, run.id, model, 0, "scored", metrics=metrics, undefined=undefined, pycaret=pycaret, **times
                )
            store_score(session, run.id, "ap", 0, "failed", reason="It ran out of memory.")
        return lookup.get(store, run.id)

    return clustered


def test_models_rank_by_their_one_value_and_those_without_come_last(store, clustered):
    rows = leaderboard(store.database, clustered())
    assert [(row.model, row.rank, row.status) for row in rows] == [
        ("sc", 1, "scored"),
        ("kmeans", 2, "scored"),
        ("dbscan", None, "scored"),
        ("ap", None, "failed"),
    ]
    assert rows[2].remarks["Silhouette"].startswith("Silhouette is undefined: No cluster was found")
    assert rows[2].pycaret == {"Silhouette": 0.0}


def test_one_value_has_neither_spread_nor_interval_nor_anything_to_be_told_apart_by(store, clustered):
    for row in leaderboard(store.database, clustered()):
        assert set(row.std.values()) == set(row.interval.values()) == {None}
        assert row.is_separable is None
        assert row.folds_total == 1


def test_metrics_that_need_a_ground_truth_are_there_only_with_one(store, clustered):
    without = leaderboard(store.database, clustered())[0].metrics
    assert list(without) == ["Silhouette", "Calinski-Harabasz", "Davies-Bouldin", "Clusters", "Noise"]
    assert "Rand Index" in leaderboard(store.database, clustered(options={"ground_truth": "species"}))[0].metrics


def test_the_run_and_its_experiment_have_no_target(store, clustered):
    run = clustered()
    assert (run.target, run.subject) == (None, "iris")
    with store.database.read() as session:
        assert session.query(ExperimentRow).one().target is None
        assert session.query(ExperimentRow).one().name == "iris · clustering"


def test_a_run_that_follows_looks_for_the_same(store, clustered):
    before = clustered(options={"num_clusters": 6, "ground_truth": "species"})
    board = leaderboard(store.database, before)
    taken = follow.filled_in(Asked(plan="create"), before, board)
    assert taken.options == {"num_clusters": 6, "ground_truth": "species"}
    assert [recipe.model for recipe in taken.include] == ["sc"]
    other = follow.filled_in(Asked(plan="create", options={"num_clusters": 3}), before, board)
    assert other.options == {"num_clusters": 3, "ground_truth": "species"}
    assert follow.filled_in(Asked(plan="setup"), before, board).options == {}
