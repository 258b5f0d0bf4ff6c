"""A whole table predicted: what is added, what is left as it was, and what a batch that is ended leaves."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.errors import NotFound


def test_a_batch_adds_predictions_to_a_whole_table(warm, deployment):
    batch = deployment.batch("iris")
    done = batch.wait(timeout_s=60)
    assert (done.status, done.rows_done, done.error) == ("succeeded", 150, None)
    frame, table = batch.frame(), warm.data.load(warm.data.get("iris"))
    assert list(frame.columns) == [*table.columns, "prediction_label", "prediction_score"]
    single = deployment.predict(table.drop(columns="species"))["predictions"]
    assert list(frame["prediction_label"]) == [one["prediction"] for one in single]


def test_a_batch_leaves_the_other_columns_of_a_table_as_they_were(warm, deployment, tmp_path):
    iris = warm.data.load(warm.data.get("iris")).head(4)
    notes = ['said "no", twice', "two\nlines", None, "=1+1"]
    odd = iris.assign(note=notes, seen=[True, None, False, True], prediction_label=[1e-9, None, 0.1 + 0.2, -7.0])
    odd.to_csv(tmp_path / "odd.csv", index=False)
    source = warm.data.upload(tmp_path / "odd.csv")
    batch = deployment.batch(source)
    assert batch.wait(timeout_s=60).status == "succeeded"
    frame = batch.frame()
    assert list(frame)[-2:] == ["prediction_label_2", "prediction_score"]
    pd.testing.assert_frame_equal(frame.iloc[:, :-2], warm.data.load(source))


def test_a_batch_on_a_table_that_lacks_columns_says_which(warm, deployment):
    done = deployment.batch(warm.data.sample("wine")).wait(timeout_s=60)
    assert done.status == "failed"
    assert "sepal_length_cm" in done.error


def test_a_batch_that_is_cancelled_has_no_process_and_no_file(warm, deployment, hold, eventually):
    batch, process = hold(lambda: deployment.batch("iris"))
    batch.cancel()
    done = batch.wait(timeout_s=60)
    assert (done.status, done.file) == ("cancelled", None)
    assert done.error.startswith("Cancelled by ")
    assert eventually(lambda: not process.is_running())
    assert not any(warm.settings.predictions.glob(f"{batch.id}*"))


def test_a_batch_that_is_deleted_leaves_nothing_and_one_that_runs_is_ended_first(warm, deployment, hold, eventually):
    over = deployment.batch("iris")
    running, process = hold(lambda: deployment.batch("iris"))
    path = over.wait(timeout_s=60) and over.path()
    for batch in (over, running):
        batch.delete()
        with pytest.raises(NotFound):
            warm.deployments.batch(batch.id)
    assert eventually(lambda: not process.is_running())
    assert not path.exists()
