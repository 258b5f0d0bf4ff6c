"""Promoted pipelines: what is kept of a run, how they are named and found, when they may go."""

from __future__ import annotations

import dataclasses
import hashlib
import threading

import pytest
from sqlalchemy.exc import DBAPIError

from workbench.access.actor import owner
from workbench.errors import BadRequest, Conflict, EngineFault, Gone, NotFound
from workbench.registry import names
from workbench.registry.pipelines import Pipelines
from workbench.runs import ending
from workbench.store.artifacts import ENVIRONMENT, HOLDOUT, PIPELINE, REFERENCE, SAMPLE, SCHEMA, ArtifactStore
from workbench.store.tables import BatchRow, DeploymentRow, PipelineRow, new_id


def folders(store) -> list[str]:
    root = store.settings.home / "artifacts" / "pipelines"
    return sorted(path.name for path in root.iterdir()) if root.is_dir() else []


def rows(store) -> int:
    with store.database.read() as session:
        return session.query(PipelineRow).count()


def test_a_promoted_model_keeps_what_it_is_and_where_it_comes_from(pipelines, finished, iris):
    run = finished("rf", setup={"normalize": True})
    kept = pipelines.promote(run.id[-8:], note="for the shop")
    assert (kept.name, kept.model, kept.task, kept.target) == ("iris-rf", "rf", "classification", "species")
    assert (kept.run_id, kept.note, kept.created_by, kept.is_deleted) == (run.id, "for the shop", "ada", False)
    assert kept.source == {"id": iris.id, "name": "iris", "sha256": iris.sha256, "rows": 150}
    lineage = kept.lineage
    assert (lineage["plan"], lineage["seed"], lineage["folds"], lineage["setup"]) == (
        "create",
        7,
        3,
        {"normalize": True},
    )
    assert lineage["recipe"] == {"kind": "model", "model": "rf"}
    assert lineage["versions"] == {"python": "3.11.7", "pycaret": "3.3.2"}
    assert lineage["rows"] == {"trained": 105, "held_out": 45}
    assert lineage["notes"] == ["4 repeated rows"]
    assert pipelines.get(kept.id) == kept


def test_a_run_that_was_finalized_held_nothing_out(promoted):
    assert promoted(plan="finalize").lineage["rows"] == {"trained": 150, "held_out": 0}


def test_its_hash_is_the_runs(promoted):
    kept = promoted(content=b"a pickle")
    assert kept.sha256 == hashlib.sha256(b"a pickle").hexdigest()
    assert kept.size_bytes == 8


def test_its_metrics_are_its_row_on_the_leaderboard(promoted):
    metrics = promoted(accuracy=(0.8, 0.9, 1.0)).metrics
    accuracy = metrics["Accuracy"]
    assert accuracy.mean == pytest.approx(0.9)
    assert accuracy.std == pytest.approx(0.0816496580927726)
    assert accuracy.folds == (0.8, 0.9, 1.0)
    assert accuracy.interval is not None and accuracy.interval[0] < 0.9 < accuracy.interval[1]
    assert (metrics["AUC"].mean, metrics["AUC"].note) == (None, "AUC is undefined: a class is missing")


def test_it_takes_all_its_artifacts_along(pipelines, promoted):
    kept = promoted(kept={REFERENCE: b'{"rows": 105}', HOLDOUT: b'{"rows": [1]}'})
    assert list(kept.artifacts) == [PIPELINE, SCHEMA, SAMPLE, ENVIRONMENT, REFERENCE, HOLDOUT]
    assert pipelines.artifact(kept, HOLDOUT) == b'{"rows": [1]}'


def test_what_an_earlier_version_did_not_keep_is_lacked_and_said_to_be(pipelines, promoted):
    kept = promoted()
    assert pipelines.document(kept, REFERENCE) is None
    with pytest.raises(NotFound, match="iris-rf has no reference") as caught:
        pipelines.artifact(kept, REFERENCE)
    assert caught.value.code == "artifact.missing"


def test_deleting_the_run_loses_nothing(store, pipelines, finished):
    run = finished(content=b"a pickle")
    kept = pipelines.promote(run.id)
    assert ending.delete(store, run.id, by="ada")
    assert pipelines.artifact(kept, PIPELINE) == b"a pickle"
    assert pipelines.get("iris-rf") == kept


@pytest.mark.parametrize(
    ("status", "why"), [("failed", "it failed"), ("cancelled", "it was cancelled")], ids=["failed", "cancelled"]
)
def test_a_run_that_has_not_succeeded_has_no_pipeline(pipelines, finished, status, why):
    run = finished(status=status)
    with pytest.raises(Conflict, match=f"Run {run.short_id} has no pipeline to promote: {why}") as caught:
        pipelines.promote(run.id)
    assert caught.value.code == "run.no_pipeline"


def test_a_run_that_is_queued_has_no_pipeline(pipelines, submitted):
    with pytest.raises(Conflict, match="it is queued still"):
        pipelines.promote(submitted().id)


def test_a_set_up_fits_no_model(store, pipelines, submitted):
    run = submitted(plan="setup")
    ending.finish(store, run.id, "succeeded", "done", summary={"rows": 150, "best": None, "sort": "Accuracy"})
    with pytest.raises(Conflict, match="the plan 'setup' fits no model"):
        pipelines.promote(run.id)


def test_promoting_a_run_again_gives_the_same_pipeline(store, pipelines, finished):
    run = finished()
    kept = pipelines.promote(run.id)
    assert pipelines.promote(run.id, note="again") == pipelines.promote(run.id, name="iris-rf") == kept
    assert (rows(store), folders(store)) == (1, [kept.id])


def test_under_another_name_it_is_a_second_pipeline_of_the_same_bytes(pipelines, finished):
    run = finished()
    first, second = pipelines.promote(run.id), pipelines.promote(run.id, name="Night shift")
    assert (second.name, second.sha256, second.run_id) == ("Night shift", first.sha256, first.run_id)
    assert second.id != first.id
    assert pipelines.of_run(run.id) == first


def test_those_who_promote_a_run_at_once_get_the_same_pipeline_and_one_of_them_made_it(store, finished):
    run, got = finished(), []
    start = threading.Barrier(4)

    def promote() -> None:
        start.wait()
        got.append(Pipelines(store.on_behalf_of(owner("ada"))).make(run.id))

    threads = [threading.Thread(target=promote) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(is_new for _, is_new in got) == [False, False, False, True]
    assert folders(store) == [got[0][0].id] == sorted({pipeline.id for pipeline, _ in got})


def test_names_are_made_of_data_and_model_and_numbered(promoted):
    assert [promoted().name for _ in range(3)] == ["iris-rf", "iris-rf-2", "iris-rf-3"]


def test_a_name_is_free_again_once_its_pipeline_is_deleted(pipelines, promoted):
    pipelines.delete(promoted())
    assert promoted().name == "iris-rf"


def test_an_alias_takes_its_name_from_the_pipelines(promoted, aliases):
    aliases.set("iris-dt", promoted("rf"))
    assert promoted("dt").name == "iris-dt-2"


def test_a_name_that_is_taken_is_refused_and_leaves_nothing(store, pipelines, promoted, finished):
    first = promoted(name="shop")
    run = finished("dt")
    with pytest.raises(Conflict) as caught:
        pipelines.promote(run.id, name="shop")
    assert caught.value.code == "pipeline.name_taken"
    assert (rows(store), folders(store)) == (1, [first.id])


@pytest.mark.parametrize("name", ["", "  ", "a/b", "-x", "a\nb", "x" * 101, 7], ids=repr)
def test_a_name_that_does_not_do_is_refused(name):
    with pytest.raises(BadRequest) as caught:
        names.checked(name)
    assert caught.value.code == "pipeline.name_invalid"


@pytest.mark.parametrize("name", ["x", "Größe 2.1_b", "x" * 100])
def test_a_name_that_does_is_taken(name):
    assert names.checked(f" {name} ") == name


def test_a_run_is_not_promoted_under_a_name_that_does_not_do(store, pipelines, finished):
    with pytest.raises(BadRequest):
        pipelines.promote(finished().id, name="a/b")
    assert (rows(store), folders(store)) == (0, [])


def test_a_run_whose_bytes_have_changed_is_not_promoted(store, pipelines, finished):
    run = finished()
    (store.settings.home / "artifacts" / "runs" / run.id / SAMPLE).write_bytes(b"[{}]")
    with pytest.raises(EngineFault) as caught:
        pipelines.promote(run.id)
    assert caught.value.code == "artifact.hash_mismatch"
    assert (rows(store), folders(store)) == (0, [])


def test_a_run_whose_bytes_are_gone_is_not_promoted(store, pipelines, finished):
    run = finished()
    (store.settings.home / "artifacts" / "runs" / run.id / SCHEMA).unlink()
    with pytest.raises(Gone):
        pipelines.promote(run.id)
    assert (rows(store), folders(store)) == (0, [])


def test_where_the_row_cannot_be_stored_no_copy_is_left(store, pipelines, finished):
    run = finished()
    with store.database.write() as session:
        stop = "CREATE TRIGGER full BEFORE INSERT ON pipelines BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        session.connection().exec_driver_sql(stop)
    with pytest.raises(DBAPIError, match="the disk is full"):
        pipelines.promote(run.id)
    assert (rows(store), folders(store)) == (0, [])


def test_what_a_killed_process_left_is_removed_once_it_is_old(store, promoted):
    old, young, foreign = "01900000-0000-7000-8000-000000000001", new_id(), "notes"
    for folder in (old, young, foreign):
        left = store.settings.home / "artifacts" / "pipelines" / folder / PIPELINE
        left.parent.mkdir(parents=True)
        left.write_bytes(b"half")
    kept = promoted()
    assert folders(store) == sorted([young, foreign, kept.id])


def test_what_is_old_and_has_a_row_is_left_alone(store, promoted, pipelines):
    old = "01900000-0000-7000-8000-000000000001"
    kept = promoted()
    root = store.settings.home / "artifacts" / "pipelines"
    (root / kept.id).rename(root / old)
    with store.database.write() as session:
        session.get_one(PipelineRow, kept.id).id = old
    promoted("dt")
    pipelines.verify(old)


def test_it_is_found_by_id_end_of_id_name_and_alias(pipelines, promoted, aliases):
    kept = promoted(name="shop")
    promoted("dt")
    aliases.set("champion", kept)
    for reference in (kept.id, kept.id[-6:], kept.id.upper()[-8:], "shop", "champion", kept):
        assert pipelines.get(reference) == kept


def test_a_name_stands_before_the_end_of_an_id(pipelines, promoted):
    first = promoted()
    second = promoted("dt", name=first.id[-8:])
    assert pipelines.get(first.id[-8:]) == second


def test_an_end_that_several_have_is_refused(store, pipelines, promoted):
    first, second = promoted(), promoted("dt")
    with store.database.write() as session:
        for number, kept in enumerate((first, second)):
            session.get_one(PipelineRow, kept.id).id = f"01900000-0000-7000-8000-00000{number}abcdef"
    with pytest.raises(BadRequest, match="Several pipelines end in 'abcdef'") as caught:
        pipelines.get("abcdef")
    assert caught.value.code == "pipeline.ambiguous"


def test_what_is_not_there_is_said_with_what_there_is(pipelines, promoted):
    promoted()
    for reference in ("iris-fr", "abcdef", "\0", "\ud800", 7, None):
        with pytest.raises(NotFound, match="iris-rf") as caught:
            pipelines.get(reference)
        assert caught.value.code == "pipeline.not_found"


def test_the_list_shows_the_newest_first_and_none_that_is_deleted(pipelines, promoted):
    first, gone, last = promoted(), promoted("dt"), promoted("lr")
    pipelines.delete(gone)
    assert pipelines.list() == [last, first]


def test_a_deleted_pipeline_is_gone_with_its_bytes(store, pipelines, promoted):
    kept = promoted()
    pipelines.delete("iris-rf")
    assert folders(store) == []
    for reference in (kept.id, kept.name):
        with pytest.raises(NotFound):
            pipelines.get(reference)


def test_a_pipeline_that_an_alias_names_stays(pipelines, promoted, aliases):
    kept = promoted()
    aliases.set("champion", kept)
    with pytest.raises(Conflict, match="iris-rf is needed by the alias champion") as caught:
        pipelines.delete(kept)
    assert caught.value.code == "pipeline.in_use"
    aliases.unset("champion")
    pipelines.delete(kept)


def test_a_pipeline_that_a_deployment_serves_or_may_come_back_to_stays(store, pipelines, promoted):
    kept, other = promoted(), promoted("dt")
    for role in ("pipeline_id", "next_pipeline_id", "previous_pipeline_id", "shadow_pipeline_id"):
        with store.database.write() as session:
            served = {"pipeline_id": other.id} | {role: kept.id}
            shop = {"slug": role, "live_slug": role, "access": "public", "created_by": "ada"}
            row = DeploymentRow(workspace_id=store.workspace_id, **shop, **served)
            session.add(row)
        with pytest.raises(Conflict, match=f"the deployment {role}"):
            pipelines.delete(kept)
        with store.database.write() as session:
            session.get_one(DeploymentRow, row.id).deleted_at = kept.created_at
    pipelines.delete(kept)


def test_a_pipeline_that_a_promotion_or_a_batch_waits_for_stays(store, pipelines, promoted, promotions, aliases, iris):
    champion, challenger = promoted(), promoted("dt")
    aliases.set("champion", champion)
    proposed = promotions.propose(challenger, "champion")
    with store.database.write() as session:
        batch = {"source_id": iris.id, "rows_total": 150, "created_by": "ada", "workspace_id": store.workspace_id}
        session.add(BatchRow(pipeline_id=challenger.id, **batch))
    with pytest.raises(Conflict, match="a promotion for champion, a batch prediction"):
        pipelines.delete(challenger)
    promotions.cancel(proposed)
    with pytest.raises(Conflict, match="needed by a batch prediction"):
        pipelines.delete(challenger)


def test_bytes_that_have_changed_are_not_handed_out_and_the_audit_log_tells(pipelines, promoted, spoil, told):
    kept = promoted()
    spoil(kept)
    for read in (lambda: pipelines.artifact(kept, PIPELINE), lambda: pipelines.verify(kept)):
        with pytest.raises(EngineFault) as caught:
            read()
        assert caught.value.code == "artifact.hash_mismatch"
        assert caught.value.about == {"pipeline_id": kept.id}
    assert told(subject_id=kept.id) == ["pipeline.promoted", "pipeline.hash_mismatch", "pipeline.hash_mismatch"]


def test_what_was_done_to_it_is_in_the_audit_log(pipelines, promoted, told):
    kept = promoted()
    pipelines.delete(kept)
    assert told(subject="pipeline", subject_id=kept.id) == ["pipeline.promoted", "pipeline.deleted"]


def test_names_and_kinds_of_columns_make_the_version_of_its_input(promoted):
    first = promoted(columns={"a": "number", "b": "text"})
    assert promoted(columns={"b": "text", "a": "number"}).schema_sha256 == first.schema_sha256
    assert promoted(columns={"a": "number", "b": "bool"}).schema_sha256 != first.schema_sha256
    assert promoted(columns={"a": "number"}).schema_sha256 != first.schema_sha256


def test_any_fsspec_url_will_do(store, finished):
    run = finished(content=b"a pickle")
    elsewhere = ArtifactStore("memory://registry")
    for name in (PIPELINE, SCHEMA, SAMPLE, ENVIRONMENT):
        source = store.settings.home / "artifacts" / "runs" / run.id / name
        elsewhere.put(run.id, name, source.read_bytes())
    there = Pipelines(dataclasses.replace(store, artifacts=elsewhere).on_behalf_of(owner("ada")))
    kept = there.promote(run.id)
    assert there.artifact(kept, PIPELINE) == b"a pickle"
    there.delete(kept)


def test_it_is_told_as_json_and_shown_in_a_notebook(promoted):
    kept = promoted(name="a b", note="x")
    told = kept.as_dict()
    assert told["metrics"]["Accuracy"]["folds"] == [0.9, 0.92, 0.97]
    assert told["artifacts"][PIPELINE] == {"sha256": kept.sha256, "size_bytes": kept.size_bytes}
    assert "<b>a b</b>" in kept._repr_html_()
    assert repr(kept) == "<Pipeline a b: RF for species on iris>"
