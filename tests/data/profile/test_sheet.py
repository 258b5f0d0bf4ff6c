"""The file in which a profile is told: one writer at a time, any number of readers, whatever dies."""

from __future__ import annotations

import fcntl
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.data.profile import sheet, writing
from workbench.data.profile.job import Job
from workbench.data.profile.measures import Distinct
from workbench.data.profile.parts import ColumnPart, End, Failed, encoded
from workbench.data.profile.sheet import Sheet

COLUMNS = {"n": [1, 2, 3], "t": ["a", "b", None], "y": [True, False, True]}


@pytest.fixture
def job(stored):
    return Job(stored(COLUMNS))


def kinds(told):
    return [part.part for part in told.parts]


def column(name):
    return ColumnPart("column", 0, name, "number", 1, 0, Distinct(1), None)


def died(job, *lines):
    """Begin to write, and end as a process does that is killed."""
    descriptor = sheet.begin(job.path, job)
    for line in lines:
        sheet.append(descriptor, line)
    os.close(descriptor)


def test_what_is_written_is_told_in_order_and_complete_at_the_end(job):
    writing.write(sheet.begin(job.path, job))
    with Sheet(job.path) as read:
        assert kinds(read.read()) == ["head", "column", "column", "column", "association", "end"]
        assert read.read().is_over
        assert [part.name for part in read.read().parts[1:4]] == list(COLUMNS)
    assert job.path.exists()
    assert not sheet.partial(job.path).exists()


def test_the_same_table_has_the_same_profile(stored):
    told = []
    for id in ("v1", "v2"):
        job = Job(stored(COLUMNS, id=id))
        writing.write(sheet.begin(job.path, job))
        told.append(Sheet(job.path).read().parts[:-1])
    assert told[0] == told[1]


def test_a_reader_is_told_each_part_as_it_lands_also_over_the_renaming(job):
    descriptor = sheet.begin(job.path, job)
    with Sheet(job.path) as read:
        assert read.read().parts == []
        line = encoded(column("n"))
        sheet.append(descriptor, line[:10])
        assert read.read().parts == []
        sheet.append(descriptor, line[10:])
        assert kinds(read.read()) == ["column"]
        sheet.append(descriptor, encoded(End("end", 1.0, 1)))
        sheet.partial(job.path).rename(job.path)
        assert read.read().is_over
    os.close(descriptor)


def test_of_many_that_ask_at_once_one_writes(job):
    with ThreadPoolExecutor(8) as pool:
        held = [place for place in pool.map(lambda _: sheet.begin(job.path, job), range(40)) if place is not None]
    assert len(held) == 1
    writing.write(held[0])
    assert sheet.begin(job.path, job) is None
    assert not sheet.partial(job.path).exists()


def test_the_place_of_a_dead_writer_is_taken_and_what_it_told_does_not_count(job):
    died(job, encoded(column("from the dead")), b'{"part":"col')
    with Sheet(job.path) as read:
        assert kinds(read.read()) == ["column"]
        assert not read.read().is_over
        writing.write(sheet.begin(job.path, job))
        assert kinds(read.read()) == ["head", "column", "column", "column", "association", "end"]


def test_where_writers_die_again_and_again_it_is_said_and_nobody_tries_for_a_while(job):
    died(job)
    died(job)
    assert sheet.begin(job.path, job) is None
    with Sheet(job.path) as read:
        told = read.read()
        assert told.has_failed
        assert "died more than once" in told.parts[-1].reason
    assert sheet.begin(job.path, job) is None
    long_ago = time.time() - 2 * sheet.REST_S
    os.utime(sheet.partial(job.path), (long_ago, long_ago))
    writing.write(sheet.begin(job.path, job))
    assert job.path.exists()


def test_a_table_that_is_gone_is_told_in_a_sentence(job):
    descriptor = sheet.begin(job.path, job)
    job.table.path.unlink()
    writing.write(descriptor)
    assert Sheet(job.path).read().parts == [Failed("failed", "The file of the table is gone.")]
    assert sheet.begin(job.path, job) is None


def test_of_a_table_that_is_gone_nothing_is_begun_and_nothing_left(job):
    job.table.path.unlink()
    assert sheet.begin(job.path, job) is None
    assert list(job.path.parent.iterdir()) == []


def test_of_a_table_that_goes_while_its_file_is_made_nothing_is_left(job, monkeypatch):
    made = sheet.partial(job.path)
    lock = fcntl.flock

    def dropped_first(descriptor, operation):
        job.table.path.unlink()
        return lock(descriptor, operation)

    monkeypatch.setattr(sheet.fcntl, "flock", dropped_first)
    assert sheet.begin(job.path, job) is None
    assert not made.exists()


def test_a_profile_that_is_completed_while_its_table_is_dropped_stays_away(job, monkeypatch):
    descriptor = sheet.begin(job.path, job)
    monkeypatch.setattr(writing, "_peak_bytes", lambda: job.table.path.unlink() or 1)
    writing.write(descriptor)
    assert not job.path.exists()
    assert not sheet.partial(job.path).exists()


def test_a_file_that_is_no_table_is_told_in_a_sentence(job):
    job.table.path.write_text("a,b\n1,2\n" * 20)
    writing.write(sheet.begin(job.path, job))
    (failed,) = Sheet(job.path).read().parts
    assert failed.reason.startswith("The table could not be profiled: ")
    assert failed.reason.count("\n") == 0


def test_a_profile_that_is_dropped_while_it_is_written_stays_away(job):
    descriptor = sheet.begin(job.path, job)
    sheet.partial(job.path).unlink()
    writing.write(descriptor)
    assert not job.path.exists()
    assert not job.table.sample.exists()


def test_what_goes_with_a_target_or_changed_since_a_version_has_a_file_of_its_own(stored, job):
    before = stored({"n": [1, 2], "gone": [1, 2]}, id="v0")
    paths = {job.path}
    for other in (Job(job.table, target="t"), Job(job.table, target="../n"), Job(job.table, before=before)):
        paths.add(other.path)
        assert other.path.parent == job.path.parent
        assert other.path.name.startswith("t.profile")
        assert Job.of(other.as_dict()) == other
    assert len(paths) == 4
    for other in (Job(job.table, target="t"), Job(job.table, before=before)):
        writing.write(sheet.begin(other.path, other))
    assert kinds(Sheet(Job(job.table, target="t").path).read()) == ["target", "end"]
    (drift, _) = Sheet(Job(job.table, before=before).path).read().parts
    assert (drift.added, drift.removed) == (("t", "y"), ("gone",))
    # What was drawn for one of them serves the others.
    assert job.table.sample.exists()
    assert before.sample.exists()


def test_who_needs_the_drawn_rows_waits_for_who_draws_them(job):
    columns = sheet.begin(job.path, job)
    other = Job(job.table, target="t")
    aimed = sheet.begin(other.path, other)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(writing.write, aimed)
        writing.write(columns)
        waiting.result(60)
    assert kinds(Sheet(other.path).read()) == ["target", "end"]
