"""Batches in the store: who carries one, what becomes of it when its process is gone, what a deleted one leaves."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from workbench.data.sources import Sources
from workbench.errors import Conflict, NotFound
from workbench.serving import batches
from workbench.serving.batches import DEATHS_MOST, BatchQueue
from workbench.store.homes import AWAY, LEASE, Lease
from workbench.store.tables import BatchRow, HomeRow, now

WHY = "The batch process is gone."


@pytest.fixture
def batch(store, pipelines) -> str:
    return batches.submit(store, pipelines[0], "s", 150, by="ana").id


def files(store) -> list[Path]:
    return sorted(store.settings.predictions.iterdir())


def write(store, name: str) -> None:
    store.settings.predictions.mkdir(exist_ok=True)
    (store.settings.predictions / name).touch()


def lose(store, batch: str, process_id: int = 7) -> None:
    assert batches.register(store, batch, process_id, 1.0)
    BatchQueue(store).lost(batch, WHY, process_id)


def test_a_batch_that_loses_its_process_starts_again_and_leaves_no_part_of_a_file(store, batch):
    assert batches.register(store, batch, 7, 1.0)
    assert batches.progress(store, batch, 100)
    write(store, f"{batch}.partial")
    BatchQueue(store).lost(batch, WHY, 7)
    found = batches.get(store, batch)
    assert (found.status, found.rows_done, found.started_at) == ("queued", 0, None)
    assert found.error == f"{WHY} It starts again."
    assert (BatchQueue(store).waiting(), files(store)) == ([batch], [])


def test_a_batch_that_started_again_and_ends_well_has_no_error(store, batch):
    lose(store, batch)
    assert batches.register(store, batch, 8, 2.0)
    assert batches.finish(store, batch, file="f.csv", sha256="0", rows_done=150)
    assert (batches.get(store, batch).status, batches.get(store, batch).error) == ("succeeded", None)


def test_a_batch_that_loses_its_process_too_often_is_given_up(store, batch):
    for _ in range(DEATHS_MOST):
        lose(store, batch)
        assert batches.get(store, batch).status == "queued"
    lose(store, batch)
    found = batches.get(store, batch)
    assert (found.status, found.error) == ("failed", WHY)
    assert found.finished_at is not None


def test_why_a_batch_failed_tells_no_place_of_the_server(store, batch):
    assert batches.register(store, batch, 7, 1.0)
    assert batches.fail(store, batch, "OSError: No space left on device: '/srv/home/predictions/1.csv'")
    assert batches.get(store, batch).error == "OSError: No space left on device: '…/1.csv'"


def test_the_end_of_another_process_changes_nothing(store, batch):
    assert batches.register(store, batch, 7, 1.0)
    BatchQueue(store).lost(batch, WHY, 8)
    assert batches.get(store, batch).status == "running"


def test_a_batch_that_waits_is_cancelled_at_once(store, batch):
    found = batches.request_cancel(store, batch, by="ben")
    assert (found.status, found.error) == ("cancelled", "Cancelled by ben.")
    assert batches.register(store, batch, 7, 1.0) is None


def test_a_batch_whose_end_was_asked_for_does_not_go_on_and_is_cancelled_however_it_ends(store, batch):
    assert batches.register(store, batch, 7, 1.0)
    assert batches.request_cancel(store, batch, by="ben").status == "running"
    assert not batches.progress(store, batch, 100)
    assert not batches.finish(store, batch, file="f.csv", sha256="0", rows_done=150)
    assert batches.fail(store, batch, "RuntimeError: The batch was ended.")
    assert (batches.get(store, batch).status, batches.get(store, batch).error) == ("cancelled", "Cancelled by ben.")


def test_a_home_that_is_there_keeps_its_batch(store, elsewhere, batch):
    Lease(elsewhere).hold()
    assert batches.register(elsewhere, batch, 7, 1.0)
    assert [one for one, *_ in BatchQueue(elsewhere).under_way()] == [batch]
    assert BatchQueue(store).under_way() == []


def test_a_home_that_is_gone_leaves_its_batch_to_whoever_is_there(store, elsewhere, batch):
    Lease(elsewhere).hold()
    assert batches.register(elsewhere, batch, 7, 1.0)
    with store.database.write() as session:
        session.get_one(HomeRow, elsewhere.settings.identity).lease_until = now() - timedelta(seconds=1)
    assert BatchQueue(store).under_way() == [(batch, 7, 1.0, False)]
    BatchQueue(store).lost(batch, WHY, 7)
    assert batches.register(store, batch, 8, 2.0)
    # What comes back late finds that out at its next word.
    assert not batches.progress(elsewhere, batch, 100)
    assert not batches.finish(elsewhere, batch, file="f.csv", sha256="0", rows_done=150)
    assert not batches.fail(elsewhere, batch, "why")
    assert batches.progress(store, batch, 10)


def test_what_waits_is_left_to_its_home_while_that_is_there_and_to_whoever_has_its_table_then(
    store, elsewhere, pipelines
):
    source = Sources(store).sample("iris")
    batch = batches.submit(store, pipelines[0], source.id, 150, by="ana").id
    shutil.copytree(store.settings.files, elsewhere.settings.files)
    Lease(store).hold()
    assert (BatchQueue(store).waiting(), BatchQueue(elsewhere).waiting()) == ([batch], [])
    with store.database.write() as session:
        session.get_one(HomeRow, store.settings.identity).lease_until = now() - timedelta(seconds=1)
    assert BatchQueue(elsewhere).waiting() == [batch]


def test_a_batch_whose_table_lies_with_a_home_that_is_gone_waits_and_says_so(store, elsewhere, pipelines):
    batch = batches.submit(store, pipelines[0], Sources(store).sample("iris").id, 150, by="ana").id
    assert (BatchQueue(elsewhere).waiting(), batches.get(store, batch).error) == ([], None)
    with store.database.write() as session:
        session.get_one(BatchRow, batch).created_at -= LEASE + timedelta(seconds=1)
    assert (BatchQueue(elsewhere).waiting(), batches.get(store, batch).error) == ([], AWAY)
    assert BatchQueue(store).waiting() == [batch]
    assert batches.register(store, batch, 7, 1.0).error is None


def test_a_batch_that_another_home_saw_die_is_its_own_homes_again(store, elsewhere, pipelines):
    batch = batches.submit(store, pipelines[0], Sources(store).sample("iris").id, 150, by="ana").id
    assert batches.register(store, batch, 7, 1.0)
    BatchQueue(elsewhere).lost(batch, WHY, 7)
    assert (BatchQueue(store).waiting(), BatchQueue(elsewhere).waiting()) == ([batch], [])


def test_a_lease_is_good_for_half_a_minute_and_renewed_before(store):
    Lease(store).hold()
    with store.database.read() as session:
        left = session.get_one(HomeRow, store.settings.identity).lease_until - now()
    assert timedelta(seconds=20) < left <= LEASE


def test_what_is_deleted_leaves_neither_row_nor_file_nor_log(store, batch):
    assert batches.register(store, batch, 7, 1.0)
    assert batches.finish(store, batch, file=f"{batch}.csv", sha256="0", rows_done=150)
    write(store, f"{batch}.csv")
    write(store, "another.csv")
    log = store.settings.process_log("batch", batch)
    log.parent.mkdir(parents=True)
    log.touch()
    batches.delete(store, batch)
    assert ([path.name for path in files(store)], log.exists()) == (["another.csv"], False)
    with store.database.read() as session:
        assert session.get(BatchRow, batch) is None
    with pytest.raises(NotFound, match="There is no batch"):
        batches.delete(store, batch)


def test_what_has_not_ended_is_not_deleted(store, batch):
    with pytest.raises(Conflict) as raised:
        batches.delete(store, batch)
    assert raised.value.code == "batch.not_ended"
    assert batches.get(store, batch).status == "queued"
