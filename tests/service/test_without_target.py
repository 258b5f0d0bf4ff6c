"""Clustering and anomaly detection from submission to their end, on a real service."""

from __future__ import annotations

import cloudpickle
import pandas as pd
import pytest
from sqlalchemy import select

from workbench.catalogue import TASKS
from workbench.store import artifacts
from workbench.store.tables import ArtifactRow


@pytest.fixture(scope="module")
def iris(warm):
    return warm.data.sample("iris")


@pytest.fixture(scope="module")
def clustered(warm, iris):
    """A clustering of iris by its measures, judged by its species."""
    options = {"num_clusters": 3, "ground_truth": "species"}
    run = warm.runs.submit(iris, task="clustering", include=["kmeans", "ap"], options=options)
    assert run.wait(timeout_s=120).status == "succeeded", run.record.error
    return run


def test_a_clustering_tells_its_story_without_folds_and_without_a_target(clustered):
    assert clustered.record.target is None
    said = [event.message for event in clustered.log()]
    assert said[3] == "150 rows to train on, 4 → 4 features, 2 models in the field"
    assert said[4] == "the table, 4 features"
    assert any(line.startswith("K-Means Clustering: Silhouette 0.5") for line in said)
    assert not any("fold" in line for line in said)


def test_its_board_judges_models_by_shape_and_by_truth(clustered):
    rows = {row.model: row for row in clustered.rows()}
    assert rows["kmeans"].metrics["Rand Index"] == pytest.approx(0.716, abs=1e-3)
    assert (rows["kmeans"].rank, rows["ap"].rank) == (1, 2)


def test_its_pipeline_places_raw_rows(warm, clustered):
    stored = select(ArtifactRow).where(ArtifactRow.run_id == clustered.id, ArtifactRow.name == artifacts.PIPELINE)
    with warm._store.database.read() as session:
        pipeline = cloudpickle.loads(warm._store.artifacts.get(session.scalars(stored).one()))
    rows = pd.DataFrame([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]], columns=pipeline.feature_names_in_)
    first, second = pipeline.predict(rows)
    assert first != second


def test_a_model_that_cannot_place_new_rows_says_so_where_its_pipeline_is_told(warm, clustered):
    run = warm.runs.submit(from_run=clustered, plan="create", model="hclust")
    assert run.wait(timeout_s=120).status == "succeeded"
    note = TASKS["clustering"].model("hclust").new_rows
    assert run.record.summary["note"] == note
    assert next(event for event in run.log() if event.kind == "artifact.saved").message.endswith(note)


def test_anomalies_are_sought_in_a_table_of_numbers(warm, iris):
    setup = {"ignore_features": ["species"]}
    run = warm.runs.submit(iris, task="anomaly", include=["iforest", "pca"], setup=setup, options={"fraction": 0.1})
    assert run.wait(timeout_s=120).status == "succeeded", run.record.error
    assert {round(row.metrics["Flagged"], 2) for row in run.rows()} == {0.1}
    assert list(run.rows()[0].metrics) == ["Stability", "Flagged"]
