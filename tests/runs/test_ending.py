"""How runs end: once, and for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from workbench.data.sources import Sources
from workbench.errors import NotFound
from workbench.runs import ending, events, lookup, queue
from workbench.store.tables import ArtifactRow, EventRow, ExperimentRow, RunRow, ScoreRow, SourceRow


def last(store, run, count: int = 2) -> list[tuple[str, str]]:
    return [(event.kind, event.message) for event in events.page(store.database, run.id)][-count:]


def counts(store) -> dict[str, int]:
    with store.database.read() as session:
        return {
            table.__tablename__: session.query(table).count()
            for table in (RunRow, EventRow, ScoreRow, ArtifactRow, ExperimentRow)
        }


def keep_artifact(store, run) -> None:
    stored = store.artifacts.put(run.id, "pipeline.pkl", b"content")
    with store.database.write() as session:
        session.add(ArtifactRow(run_id=run.id, name=stored.name, sha256=stored.sha256, size_bytes=stored.size_bytes))


def test_a_succeeded_run_keeps_its_summary_and_has_no_error(store, started):
    run = started()
    assert ending.finish(store, run.id, "succeeded", "LR is best", summary={"best": "lr"})
    found = lookup.get(store, run.id)
    assert (found.status, found.error, found.summary) == ("succeeded", None, {"best": "lr"})
    assert found.duration_ms == (found.finished_at - found.started_at).total_seconds() * 1000
    assert last(store, run) == [("run.succeeded", "LR is best"), ("run.closed", "no more events")]


def test_a_failed_run_says_why(store, started):
    run = started()
    ending.finish(store, run.id, "failed", "ValueError: no")
    assert lookup.get(store, run.id).error == "ValueError: no"
    assert last(store, run)[0] == ("run.failed", "ValueError: no")


def test_why_a_run_failed_tells_no_place_of_the_server(store, started):
    run = started()
    ending.finish(store, run.id, "failed", "OSError: No space left on device: '/srv/home/files/table.parquet'")
    told = "OSError: No space left on device: '…/table.parquet'"
    assert lookup.get(store, run.id).error == told
    assert last(store, run)[0] == ("run.failed", told)


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_an_ended_run_never_changes(store, started, status):
    run = started()
    ending.finish(store, run.id, status, "first", summary={"best": "lr"})
    before, log = lookup.get(store, run.id), events.page(store.database, run.id)
    for other in ("succeeded", "failed", "cancelled"):
        assert not ending.finish(store, run.id, other, "second", summary={"best": "dt"})
    assert lookup.get(store, run.id) == before
    assert events.page(store.database, run.id) == log


def test_a_run_that_is_not_there_cannot_end(store):
    assert not ending.finish(store, "nothing", "failed", "X: y")


def test_cancelling_a_queued_run_ends_it_at_once_and_says_who_and_when(store, submit):
    found = ending.request_cancel(store, submit().id, by="bob")
    assert (found.status, found.duration_ms) == ("cancelled", None)
    told = datetime.strptime(found.error, "Cancelled by bob at %Y-%m-%d %H:%M:%S %Z.").replace(tzinfo=UTC)
    assert found.created_at - timedelta(seconds=1) < told <= found.finished_at
    assert last(store, found) == [("run.cancelled", found.error), ("run.closed", "no more events")]


def test_a_run_that_was_ended_for_somebody_says_so(store, started):
    run = started()
    assert ending.cancelled(store, run.id, by="bob")
    assert not ending.cancelled(store, run.id, by="eve")
    found = lookup.get(store, run.id)
    assert found.status == "cancelled"
    assert found.error.startswith("Cancelled by bob at ")


def test_cancelling_a_running_run_asks_its_service_once(store, started):
    run = started()
    for by in ("bob", "eve"):
        found = ending.request_cancel(store, run.id, by=by)
        assert (found.status, found.cancel_requested) == ("running", True)
    assert queue.active(store)[0].cancel_requested_by == "bob"
    assert last(store, run) == [("run.started", "claimed by the service"), ("run.cancelling", "bob asked to cancel")]


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_cancelling_an_ended_run_changes_nothing(store, started, status):
    run = started()
    ending.finish(store, run.id, status, "over")
    before, log = lookup.get(store, run.id), events.page(store.database, run.id)
    assert ending.request_cancel(store, run.id, by="bob") == before
    assert events.page(store.database, run.id) == log


def test_deleting_an_ended_run_removes_all_of_it(store, started, score):
    run = started()
    score(run, "lr", 0.5, 0.6, 0.7)
    keep_artifact(store, run)
    ending.finish(store, run.id, "succeeded", "over")
    ending.delete(store, run.id, by="bob")
    assert set(counts(store).values()) == {0}
    folder = store.settings.home / "artifacts" / "runs"
    assert list(folder.iterdir()) == []
    with pytest.raises(NotFound):
        lookup.get(store, run.id)


def test_deleting_a_queued_run_removes_it_at_once(store, submit):
    ending.delete(store, submit().id, by="bob")
    assert set(counts(store).values()) == {0}


def test_deleting_a_running_run_hides_it_until_its_process_is_gone(store, started, score):
    run = started()
    score(run, "lr", 0.5)
    ending.delete(store, run.id, by="bob")
    with pytest.raises(NotFound):
        lookup.get(store, run.id)
    assert lookup.listed(store) == []
    assert queue.active(store)[0].is_deleted
    ending.remove_deleted(store)
    assert counts(store)["runs"] == 1
    ending.finish(store, run.id, "cancelled", "over")
    ending.remove_deleted(store)
    assert set(counts(store).values()) == {0}


def test_deleting_a_run_leaves_the_others_of_its_experiment(store, started, submit, score):
    kept, gone = started(), submit()
    score(kept, "lr", 0.5)
    keep_artifact(store, kept)
    ending.delete(store, gone.id, by="bob")
    assert counts(store) == {"runs": 1, "events": 2, "scores": 1, "artifacts": 1, "experiments": 1}


def test_deleting_the_last_run_on_a_source_frees_the_source(store, submit, iris):
    ending.delete(store, submit().id, by="bob")
    Sources(store).delete(iris)
    with store.database.read() as session:
        assert session.get(SourceRow, iris.id) is None


def test_deleting_what_is_not_there_is_refused(store):
    with pytest.raises(NotFound):
        ending.delete(store, "nothing", by="bob")
