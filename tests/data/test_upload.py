"""Bytes on their way in: streamed, hashed, limited, and all or nothing."""

from __future__ import annotations

import hashlib
import io
import threading
from contextlib import suppress

import psutil
import pytest

from workbench.data.arrival import PARTIAL, sweep
from workbench.data.sources import Sources
from workbench.errors import BadRequest, Conflict, EngineFault, TooLarge
from workbench.settings import Settings
from workbench.store.store import open_store
from workbench.store.tables import new_id

TABLE = b"a,b\n1,x\n2,y\n"


class Counting(io.BytesIO):
    """A file that remembers how much was asked of it at once."""

    name = "big.csv"
    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        got = super().read(size)
        self.largest = max(self.largest, len(got))
        return got


class Breaking(io.BytesIO):
    """A connection that breaks after its first bytes."""

    name = "far.csv"

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise ConnectionResetError(104, "Connection reset by peer")
        return super().read(8)


def files(sources: Sources) -> list[str]:
    folder = sources._store.settings.files
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def limited(store, **limits) -> Sources:
    return Sources(open_store(Settings(home=store.settings.home, **limits)))


def test_an_upload_is_hashed_and_measured(sources, written):
    source = sources.upload(written(TABLE, "juice.csv"))
    assert (source.name, source.kind, source.row_count) == ("juice", "upload", 2)
    assert source.sha256 == hashlib.sha256(TABLE).hexdigest()
    assert source.size_bytes == len(TABLE)
    assert files(sources) == [f"{source.id}.parquet", f"{source.id}.raw"]


def test_a_file_is_read_a_mebibyte_at_a_time(sources):
    file = Counting(b"a,b\n" + b"1,2\n" * 1_000_000)
    assert sources.upload(file).row_count == 1_000_000
    assert file.largest == 1024 * 1024


def test_chunks_may_break_a_row_and_a_character_anywhere(sources):
    content = "naïve,b\né,1\n".encode()
    with sources.begin_upload("t.csv", len(content)) as upload:
        for at in range(len(content)):
            upload.write(content[at : at + 1])
            assert upload.received == at + 1
        source = upload.finish()
    assert source.column_names == ("naïve", "b")


def test_a_name_may_be_given(sources, written):
    assert sources.upload(written(TABLE), name="my juice").name == "my juice"
    assert sources.upload(io.BytesIO(TABLE), name="stream").name == "stream"


@pytest.mark.parametrize("name", ["", "  ", ".csv", "a/b", "a\\b", "a\nb", "a\x00", "x" * 101])
@pytest.mark.usefixtures("leaves_nothing")
def test_an_unfit_name_is_refused(sources, name):
    with pytest.raises(BadRequest) as caught:
        sources.begin_upload(name)
    assert caught.value.code == "data.name_invalid"


@pytest.mark.usefixtures("leaves_nothing")
def test_a_stream_without_a_name_needs_one(sources):
    with pytest.raises(BadRequest) as caught:
        sources.upload(io.BytesIO(TABLE))
    assert caught.value.code == "data.name_invalid"


def test_a_taken_name_is_refused_at_once_and_the_first_stays(sources, written):
    first = sources.upload(written(TABLE))
    with pytest.raises(Conflict) as caught:
        sources.begin_upload("table.csv")
    assert caught.value.code == "data.name_taken"
    assert sources.list() == [first]
    assert files(sources) == [f"{first.id}.parquet", f"{first.id}.raw"]


def test_of_two_uploads_of_one_name_the_first_to_finish_wins(sources):
    slow, quick = sources.begin_upload("t"), sources.begin_upload("t")
    slow.write(TABLE)
    quick.write(TABLE)
    won = quick.finish()
    with pytest.raises(Conflict) as caught:
        slow.finish()
    assert caught.value.code == "data.name_taken"
    assert sources.list() == [won]
    assert files(sources) == [f"{won.id}.parquet", f"{won.id}.raw"]


def test_many_uploads_of_one_name_at_the_same_moment_leave_one(sources):
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def upload() -> None:
        mine = sources.begin_upload("t")
        mine.write(TABLE)
        start.wait(10)
        try:
            outcomes.append(mine.finish().id)
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    winners = [outcome for outcome in outcomes if outcome != "data.name_taken"]
    assert len(outcomes) == 6
    assert files(sources) == [f"{winners[0]}.parquet", f"{winners[0]}.raw"]
    assert [source.id for source in sources.list()] == winners


def killed(store, source_id: str) -> None:
    """Leave what an upload leaves that is killed just before it would have cleared up after itself."""
    (store.settings.files / f"{source_id}{PARTIAL}").mkdir(parents=True)
    for name in (f"{source_id}{PARTIAL}/lock", f"{source_id}.parquet", f"{source_id}.raw"):
        (store.settings.files / name).touch()


def test_what_was_in_place_when_an_upload_was_killed_goes_unless_it_was_registered(sources, store, written):
    source = sources.upload(written(TABLE))
    kept = files(sources)
    killed(store, source.id)
    killed(store, new_id())
    sweep(store)
    assert files(sources) == kept
    assert sources.load(source).shape == (2, 2)


def test_what_was_in_place_stays_while_its_upload_is_under_way(sources, store):
    with sources.begin_upload("t") as upload:
        placed = upload._arrival.folder.name.replace(PARTIAL, ".parquet")
        (store.settings.files / placed).touch()
        sweep(store)
        assert placed in files(sources)


def test_no_upload_is_taken_for_an_abandoned_one_while_it_begins(sources, store):
    begun = threading.Event()

    def sweep_until_begun() -> None:
        while not begun.is_set():
            sweep(store)

    sweepers = [threading.Thread(target=sweep_until_begun) for _ in range(3)]
    for sweeper in sweepers:
        sweeper.start()
    try:
        for number in range(200):
            with sources.begin_upload(f"t{number}") as upload:
                upload.write(b"a,b\n")
                assert len(list(store.settings.files.glob(f"*{PARTIAL}"))) == 1
    finally:
        begun.set()
        for sweeper in sweepers:
            sweeper.join(30)


@pytest.mark.usefixtures("leaves_nothing")
def test_a_declared_size_over_the_limit_is_refused_before_a_byte_comes(store):
    with pytest.raises(TooLarge) as caught:
        limited(store, upload_limit=2048).begin_upload("big.csv", 2049)
    assert caught.value.code == "data.too_large"
    assert caught.value.message == "big.csv is larger than the limit of 2 KiB (WORKBENCH_UPLOAD_LIMIT)."


@pytest.mark.usefixtures("leaves_nothing")
def test_the_limit_is_enforced_as_bytes_come(store):
    upload = limited(store, upload_limit=10).begin_upload("big.csv")
    upload.write(b"a,b\n")
    with pytest.raises(TooLarge):
        upload.write(b"1,2\n3,4\n")


def test_a_file_just_at_the_limit_is_taken(store, written):
    assert limited(store, upload_limit=len(TABLE)).upload(written(TABLE)).row_count == 2


@pytest.mark.usefixtures("leaves_nothing")
def test_a_connection_that_breaks_leaves_nothing(sources):
    with pytest.raises(BadRequest) as caught:
        sources.upload(Breaking(TABLE))
    assert caught.value.code == "data.upload_broken"
    assert caught.value.message == "The upload of far.csv broke off: Connection reset by peer."


@pytest.mark.usefixtures("leaves_nothing")
def test_fewer_bytes_than_declared_are_no_upload(sources):
    upload = sources.begin_upload("t.csv", 100)
    upload.write(TABLE)
    with pytest.raises(BadRequest) as caught:
        upload.finish()
    assert caught.value.message == "The upload of t.csv broke off: 12 of 100 bytes came."


@pytest.mark.usefixtures("leaves_nothing")
def test_an_aborted_upload_leaves_nothing_and_takes_no_more(sources):
    upload = sources.begin_upload("t.csv")
    upload.write(TABLE)
    upload.abort()
    upload.abort()
    for more in (lambda: upload.write(TABLE), upload.finish):
        with pytest.raises(Conflict):
            more()


@pytest.mark.usefixtures("leaves_nothing")
def test_leaving_an_upload_unfinished_aborts_it(sources):
    with sources.begin_upload("t.csv") as upload:
        upload.write(TABLE)


@pytest.mark.usefixtures("leaves_nothing")
def test_an_interruption_leaves_nothing(sources):
    with pytest.raises(KeyboardInterrupt), sources.begin_upload("t.csv") as upload:
        upload.write(TABLE)
        raise KeyboardInterrupt


@pytest.mark.usefixtures("leaves_nothing")
def test_a_file_open_as_text_is_refused_with_the_way_out(sources, written):
    with written(TABLE).open(encoding="utf-8") as text, pytest.raises(BadRequest) as caught:
        sources.upload(text)
    assert "binary mode" in caught.value.message


def test_a_home_that_cannot_be_written_is_said(sources, store):
    store.settings.files.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(EngineFault) as caught:
        sources.begin_upload("t.csv")
    assert caught.value.code == "data.upload_broken"


def test_what_a_killed_upload_left_is_swept_and_one_under_way_is_not(sources, store):
    left = store.settings.files / f"left{PARTIAL}"
    left.mkdir(parents=True)
    for name in ("lock", "raw"):
        (left / name).write_bytes(TABLE)
    with sources.begin_upload("under-way") as under_way:
        under_way.write(TABLE)
        sources.begin_upload("t").abort()
        assert len(files(sources)) == 1
        assert under_way.finish().row_count > 0


class Stopped(Exception):
    """What the user's Cancel raises."""


@pytest.mark.usefixtures("leaves_nothing")
def test_reading_a_large_file_is_ended_by_what_its_progress_raises(sources):
    def tell(stage: str, done: int, total: int | None) -> None:
        if done:
            raise Stopped(f"{stage} {total}")

    with sources.begin_upload("large") as upload:
        upload.write(b"a,b\n")
        for _ in range(20):
            upload.write(b"1,2\n" * 250_000)
        with pytest.raises(Stopped, match="reading None"):
            upload.finish(tell)


@pytest.mark.usefixtures("leaves_nothing")
def test_a_process_that_dies_while_it_reads_is_said(sources):
    def reads(child: psutil.Process) -> bool:
        # One that has ended has no command any more.
        with suppress(psutil.Error):
            return "workbench.data.ingest" in child.cmdline()
        return False

    def kill(*_: object) -> None:
        next(filter(reads, psutil.Process().children())).kill()

    with sources.begin_upload("large") as upload:
        upload.write(b"a,b\n" + b"1,2\n" * 10_000_000)
        with pytest.raises(EngineFault, match="large could not be read: the process that did so died") as caught:
            upload.finish(kill)
    assert caught.value.code == "data.upload_broken"
