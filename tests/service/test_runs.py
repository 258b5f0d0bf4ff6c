"""Runs from submission to their end, on a real service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select

from workbench import Run
from workbench.errors import Conflict, NotFound
from workbench.runs import deaths, events, queue
from workbench.store.tables import ArtifactRow, RunRow

LONG = {"include": ["gbc"], "folds": 200}
"""A comparison of breast_cancer that takes minutes unless it is ended."""


@pytest.fixture(scope="module")
def iris(warm):
    return warm.data.sample("iris")


@pytest.fixture(scope="module")
def cancer(warm):
    return warm.data.sample("breast_cancer")


@pytest.fixture(scope="module")
def compared(warm, iris):
    """A small comparison that has ended."""
    run = warm.runs.submit(iris, target="species", include=["nb", "dt", "dummy"], folds=3, seed=5)
    assert run.wait(timeout_s=60).status == "succeeded"
    return run


def artifacts(workbench, run) -> dict[str, ArtifactRow]:
    with workbench._store.database.read() as session:
        return {row.name: row for row in session.scalars(select(ArtifactRow).where(ArtifactRow.run_id == run.id))}


def test_a_comparison_tells_its_whole_story_in_order(compared):
    kinds = [event.kind for event in compared.log()]
    assert kinds[:4] == ["run.queued", "run.started", "data.loaded", "experiment.fitted"]
    assert kinds[-3:] == ["artifact.saved", "run.succeeded", "run.closed"]
    assert {kind: kinds.count(kind) for kind in kinds[4:-3]} == {
        "folds.prepared": 1,
        "unit.scored": 9,
        "model.scored": 3,
    }
    assert [event.seq for event in compared.log()] == list(range(1, len(kinds) + 1))


def test_its_record_says_what_was_run_and_what_came_of_it(compared, iris):
    found = compared.record
    assert (found.error, found.plan, found.task) == (None, "compare", "classification")
    assert found.summary["rows"] == 150
    assert found.summary["sort"] == "Accuracy"
    assert found.summary["best"] == compared.rows()[0].model
    assert found.duration_ms > 0
    assert (found.spec["source_sha256"], found.spec["rows"], found.spec["seed"]) == (iris.sha256, 150, 5)
    assert found.versions["pycaret"] == "3.3.2"
    assert "versions" not in found.spec


def test_its_leaderboard_is_complete(compared):
    rows = compared.rows()
    assert [(row.rank, row.status, row.folds_scored) for row in rows] == [(n, "scored", 3) for n in (1, 2, 3)]
    assert rows[-1].model == "dummy"
    accuracies = [row.metrics["Accuracy"] for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    table = compared.leaderboard()
    assert list(table.index) == [row.model for row in rows]
    assert list(table["Accuracy"]) == accuracies


def test_every_score_is_told_as_an_event_too(compared):
    told = {
        (event.payload["model"], event.payload["fold"]): event.payload["metrics"]["Accuracy"]
        for event in compared.log()
        if event.kind == "unit.scored"
    }
    assert told == {
        (row.model, fold): value for row in compared.rows() for fold, value in enumerate(row.folds["Accuracy"])
    }


def test_its_progress_is_full(compared):
    found = compared.progress()
    assert (found.done, found.total, found.remaining_s) == (9, 9, None)


def test_its_artifacts_are_kept_with_their_hashes(warm, compared):
    kept = artifacts(warm, compared)
    of_a_run = {"pipeline.pkl", "schema.json", "sample.json", "environment.txt", "reference.json", "holdout.json"}
    assert set(kept) == of_a_run
    contents = {name: warm._store.artifacts.get(row) for name, row in kept.items()}
    assert {name: len(content) for name, content in contents.items()} == {
        name: row.size_bytes for name, row in kept.items()
    }
    schema = json.loads(contents["schema.json"])
    assert [column["name"] for column in schema] == [
        "sepal_length_cm",
        "sepal_width_cm",
        "petal_length_cm",
        "petal_width_cm",
    ]
    assert len(json.loads(contents["sample.json"])) == 10
    assert b"pycaret==3.3.2" in contents["environment.txt"].splitlines()


def test_its_pipeline_predicts_in_another_process(warm, compared, tmp_path):
    for name, row in artifacts(warm, compared).items():
        (tmp_path / name).write_bytes(warm._store.artifacts.get(row))
    code = (
        "import cloudpickle, json, pandas, pathlib\n"
        "pipeline = cloudpickle.loads(pathlib.Path('pipeline.pkl').read_bytes())\n"
        "rows = pandas.DataFrame(json.loads(pathlib.Path('sample.json').read_text()))\n"
        "print(json.dumps([str(label) for label in pipeline.predict(rows)]))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    # The sample is the head of iris, which is sorted by species.
    assert json.loads(told.stdout.splitlines()[-1]) == ["setosa"] * 10


def test_events_arrive_while_the_run_runs(warm, cancer):
    run = warm.runs.submit(cancer, target="diagnosis", **LONG)
    log = run.events()
    assert next(event for event in log if event.kind == "unit.scored").seq > 4
    assert run.status == "running"
    run.cancel()
    assert [event.kind for event in log][-2:] == ["run.cancelled", "run.closed"]
    assert run.status == "cancelled"


def test_a_cancel_ends_the_whole_process_group_and_keeps_what_was_scored(
    warm, cancer, process_of, first_score, is_gone, eventually
):
    run = warm.runs.submit(cancer, target="diagnosis", **LONG)
    first_score(run)
    process = process_of(warm, run)
    family = [process, *process.children(recursive=True)]
    assert len(family) > 1
    run.cancel()
    found = run.wait(timeout_s=30)
    eventually(lambda: all(is_gone(member) for member in family))
    assert found.status == "cancelled"
    assert found.error.startswith(f"Cancelled by {warm.user}")
    kinds = [event.kind for event in run.log(limit=5000)]
    assert "run.cancelling" in kinds
    assert kinds[-2:] == ["run.cancelled", "run.closed"]
    (row,) = run.rows()
    assert (row.status, row.rank) == ("stopped", 1)
    assert 0 < row.folds_scored < 200
    assert row.metrics["Accuracy"] > 0.5
    assert set(artifacts(warm, run)) == {"environment.txt"}


def numbers(run: Run) -> dict[str, tuple]:
    """What a leaderboard holds beside times."""
    return {row.model: (row.rank, row.status, row.folds, row.pycaret) for row in run.rows()}


def test_a_killed_run_process_goes_on_at_the_next_unit_and_ends_with_the_same_table(
    warm, cancer, process_of, first_score, is_gone, eventually
):
    request = {"target": "diagnosis", "include": ["gbc", "nb", "lr"], "folds": 12}
    run = warm.runs.submit(cancer, **request)
    first_score(run)
    process = process_of(warm, run)
    workers = process.children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: all(is_gone(worker) for worker in workers))
    assert run.wait(timeout_s=180).status == "succeeded"
    told = [event.kind for event in run.history()]
    assert (told.count("run.requeued"), told.count("unit.scored"), told.count("run.started")) == (1, 36, 2)
    assert next(event.message for event in run.history() if event.kind == "run.requeued").startswith(
        "The run process was killed (SIGKILL)."
    )
    undisturbed = warm.runs.submit(cancer, **request)
    assert undisturbed.wait(timeout_s=180).status == "succeeded"
    assert numbers(run) == numbers(undisturbed)


def test_a_process_that_comes_back_after_its_run_was_given_to_another_spoils_nothing(
    warm, cancer, process_of, first_score, stop, is_gone, eventually
):
    run = warm.runs.submit(cancer, target="diagnosis", include=["gbc", "nb"], folds=20)
    first_score(run)
    late = process_of(warm, run)
    with warm._store.database.write() as session:
        # Not while it writes itself: nobody else could.
        session.get_one(RunRow, run.id)
        stop(late)
    try:
        # As a service does that has looked for it in vain.
        assert deaths.bury(warm._store, run.id, "Lost.", process_id=late.pid, claimed_by=None) == "requeued"
        eventually(lambda: process_of(warm, run).pid != late.pid)
    finally:
        late.resume()
    eventually(lambda: is_gone(late))
    assert run.wait(timeout_s=180).status == "succeeded"
    told = [event.kind for event in run.history()]
    assert (told.count("run.requeued"), told.count("unit.scored")) == (1, 40)
    assert [row.folds_scored for row in run.rows()] == [20, 20]


def test_a_run_whose_process_dies_again_and_again_without_a_score_fails_and_says_by_what(warm, cancer, eventually):
    # Its first score takes seconds.
    run = warm.runs.submit(cancer, target="diagnosis", setup={"polynomial_features": True}, **LONG)
    known: list[int | None] = [None]

    def next_process() -> int | None:
        carried = [found.process_id for found in queue.active(warm._store) if found.run_id == run.id]
        return next((pid for pid in carried if pid not in known), None)

    for _ in range(3):
        known.append(eventually(next_process))
        os.kill(known[-1], signal.SIGKILL)
    found = run.wait(timeout_s=30)
    assert found.status == "failed"
    assert not any(row.folds_scored for row in run.rows())
    assert found.error.startswith("ProcessDied: The run process was killed (SIGKILL).")


def test_a_cancelled_run_is_resumed_by_another_that_keeps_its_scores(warm, cancer, first_score):
    request = {"target": "diagnosis", "include": ["gbc", "nb"], "folds": 20}
    run = warm.runs.submit(cancer, **request)
    first_score(run)
    run.cancel()
    assert run.wait(timeout_s=30).status == "cancelled"
    known = sum(row.folds_scored for row in run.rows())
    heir = warm.runs.resume(run)
    assert heir.wait(timeout_s=180).status == "succeeded"
    told = [event.kind for event in heir.history()]
    assert told.count("run.resumed") == 1
    assert told.count("unit.scored") == 40 - known
    assert [row.folds_scored for row in heir.rows()] == [20, 20]


def test_a_run_that_is_under_way_is_not_resumed(warm, cancer):
    run = warm.runs.submit(cancer, target="diagnosis", **LONG)
    with pytest.raises(Conflict) as caught:
        warm.runs.resume(run)
    assert caught.value.code == "run.not_ended"
    run.cancel()
    assert run.wait(timeout_s=30).status == "cancelled"


def test_the_best_model_that_a_cancelled_run_finished_can_still_be_had(warm, cancer, eventually):
    run = warm.runs.submit(cancer, target="diagnosis", include=["gbc", "nb", "dummy"], folds=150)
    eventually(lambda: any(row.folds_scored > 2 for row in run.rows()))
    run.cancel()
    assert run.wait(timeout_s=30).status == "cancelled"
    fitted = warm.runs.submit(from_run=run, plan="create", model="nb", folds=2)
    assert fitted.wait(timeout_s=60).status == "succeeded"
    assert (fitted.record.target, fitted.record.best) == ("diagnosis", "nb")
    assert "pipeline.pkl" in artifacts(warm, fitted)


def test_no_more_runs_than_the_settings_allow_are_under_way_and_a_waiting_one_can_be_cancelled(
    warm, cancer, eventually
):
    runs = [warm.runs.submit(cancer, target="diagnosis", seed=seed, **LONG) for seed in range(4)]
    eventually(lambda: [run.status for run in runs[:2]] == ["running", "running"])
    assert [run.status for run in runs[2:]] == ["queued", "queued"]
    assert runs[3].cancel().status == "cancelled"
    runs[0].cancel()
    eventually(lambda: runs[2].status == "running")
    for run in runs:
        run.cancel()
    assert [run.wait(timeout_s=30).status for run in runs] == ["cancelled"] * 4
    assert runs[3].record.started_at is None


def test_waiting_ends_in_time_whatever_the_state(warm, cancer):
    run = warm.runs.submit(cancer, target="diagnosis", **LONG)
    assert run.wait(timeout_s=0.2).status in ("queued", "running")
    run.cancel()
    assert run.wait(timeout_s=30).status == "cancelled"


def test_deleting_a_running_run_ends_its_process_and_removes_it(warm, cancer, process_of, is_gone, eventually):
    run = warm.runs.submit(cancer, target="diagnosis", **LONG)
    process = process_of(warm, run)
    run.delete()
    with pytest.raises(NotFound):
        warm.runs.get(run.id)
    eventually(lambda: is_gone(process))

    def rows() -> int:
        with warm._store.database.read() as session:
            return session.query(RunRow).where(RunRow.id == run.id).count()

    eventually(lambda: rows() == 0)
    assert events.page(warm._store.database, run.id) == []


def test_a_set_up_fits_the_preprocessing_and_keeps_its_environment_alone(warm, iris):
    run = warm.runs.submit(iris, target="species", plan="setup")
    assert run.wait(timeout_s=60).status == "succeeded"
    assert run.record.summary == {"rows": 150, "best": None, "sort": "Accuracy"}
    assert "experiment.fitted" in [event.kind for event in run.log()]
    assert (run.rows(), set(artifacts(warm, run))) == ([], {"environment.txt"})
    assert "six==" in run.reproduce().environment


def test_create_fits_its_one_model_and_a_number_is_regressed_on(warm, iris):
    run = warm.runs.submit(iris, target="petal_width_cm", plan="create", model="lr", folds=3)
    assert run.wait(timeout_s=60).status == "succeeded"
    assert run.record.task == "regression"
    (row,) = run.rows()
    assert (row.model, row.status) == ("lr", "scored")
    assert 0.8 < row.metrics["R2"] < 1
    assert "pipeline.pkl" in artifacts(warm, run)


def test_a_table_that_pycaret_refuses_fails_the_run_in_its_words(warm, iris):
    run = warm.runs.submit(
        iris, target="species", plan="setup", setup={"feature_selection": True, "feature_selection_estimator": "what"}
    )
    found = run.wait(timeout_s=60)
    assert found.status == "failed"
    assert found.error.startswith("BadRequest: Set-up failed: ValueError: ")
    assert "what" in found.error


def test_columns_that_lightgbm_chose_are_learned_from_by_workers_that_are_forked_after_it(warm):
    run = warm.runs.submit(
        warm.data.sample("wine"),
        target="cultivar",
        include=["nb", "lightgbm"],
        folds=2,
        setup={"feature_selection": True, "n_features_to_select": 0.5},
    )
    assert run.wait(timeout_s=60).status == "succeeded"
    assert [row.status for row in run.rows()] == ["scored", "scored"]


def test_a_model_that_fails_costs_its_row_alone(warm, tmp_path, mixed):
    frame = mixed["classification"].assign(buys=[f"c{row % 40}" for row in range(160)])
    frame.to_csv(tmp_path / "many_classes.csv", index=False)
    source = warm.data.upload(tmp_path / "many_classes.csv")
    run = warm.runs.submit(source, target="buys", include=["qda", "nb"], folds=2)
    assert run.wait(timeout_s=60).status == "succeeded"
    nb, qda = run.rows()
    assert (nb.model, nb.rank, nb.status) == ("nb", 1, "scored")
    assert (qda.model, qda.rank, qda.status) == ("qda", None, "failed")
    assert "ValueError: " in qda.reason
    assert "model.failed" in [event.kind for event in run.log()]


def test_a_model_that_is_not_installed_says_so_in_its_row(warm, iris):
    run = warm.runs.submit(iris, target="species", include=["nb", "catboost"], folds=2)
    assert run.wait(timeout_s=60).status == "succeeded"
    nb, catboost = run.rows()
    assert (nb.status, catboost.status) == ("scored", "failed")
    assert catboost.reason == "catboost is not installed where training runs."
    assert catboost.name == "CatBoost Classifier"


def test_a_model_over_its_time_costs_its_row_alone(warm, cancer):
    run = warm.runs.submit(
        cancer,
        target="diagnosis",
        include=["gbc", "nb"],
        folds=10,
        setup={"polynomial_features": True},
        model_timeout_s=8,
    )
    assert run.wait(timeout_s=60).status == "succeeded"
    nb, gbc = run.rows()
    assert (nb.model, nb.status, gbc.model, gbc.status) == ("nb", "scored", "gbc", "timed_out")
    assert gbc.reason.endswith("gbc took longer than the 8 s that a model may take.")
    assert [event.kind for event in run.log()].count("model.timed_out") == 1
    assert (run.progress().done, run.progress().total) == (20, 20)


def test_a_source_that_is_deleted_while_its_run_waits_is_still_there_for_it(warm, tmp_path, mixed):
    mixed["classification"].to_csv(tmp_path / "fleeting.csv", index=False)
    source = warm.data.upload(tmp_path / "fleeting.csv")
    run = warm.runs.submit(source, target="buys", include=["nb"], folds=2)
    warm.data.delete(source)
    assert run.wait(timeout_s=60).status == "succeeded"
    assert run.record.source_name == "fleeting"


def test_the_run_that_a_panel_should_watch_is_the_one_under_way(warm, compared, cancer):
    long = warm.runs.submit(cancer, target="diagnosis", **LONG)
    assert warm.runs.current().id == long.id
    long.cancel()
    assert long.wait(timeout_s=30).is_terminal
    assert warm.runs.get(compared.record.short_id).id == compared.id


def test_what_a_run_prints_goes_to_its_own_log(warm, compared):
    assert (warm.settings.logs / "runs" / f"{compared.id}.log").is_file()
    assert not any("unit.scored" in line for line in warm.service.log(lines=1000))
