"""Files and folders of this machine."""

from __future__ import annotations

import os

import pytest

from tests.data.reading import columns, opened, refused
from workbench.data import origins
from workbench.data.formats.reader import Asked, Limits
from workbench.data.origins.origin import digest


def test_a_path_is_a_file_that_is_read_where_it_lies(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("a\n1\n")
    monkeypatch.chdir(tmp_path)
    origin = origins.named("t.csv")
    assert origin.told() == {"kind": "file", "path": str(tmp_path / "t.csv")}
    assert origin.called == "t.csv"
    told = []
    made = origins.of(origin.told()).open(Limits(tmp_path), Asked(), lambda *progress: told.append(progress))
    assert made.raw == tmp_path / "t.csv"
    assert columns(made.reader) == {"a": [1]}
    assert told == [(4, 4)]


@pytest.mark.parametrize("written", ["file://{}/t.csv", "{}/t.csv"])
def test_an_address_of_a_file_is_a_file(tmp_path, written):
    (tmp_path / "t.csv").write_text("a\n1\n")
    assert columns(opened(origins.named(written.format(tmp_path)), tmp_path)) == {"a": [1]}


def test_a_folder_of_tables_is_one_table(tmp_path):
    parts = tmp_path / "parts"
    parts.mkdir()
    for name, content in {"b.csv": "a\n2\n", "a.csv": "a\n1\n", "_SUCCESS": "", ".a.crc": "\0"}.items():
        (parts / name).write_text(content)
    work = tmp_path / "work"
    work.mkdir()
    assert columns(opened(origins.named(parts), work)) == {"a": [1, 2]}


def test_what_is_not_there_is_refused(tmp_path):
    error = refused(origins.named(tmp_path / "nowhere.csv").test)
    assert (error.code, error.message) == ("data.file_missing", f"There is no file {tmp_path}/nowhere.csv.")


def test_what_cannot_be_read_is_refused_with_the_systems_reason(tmp_path):
    (tmp_path / "t.csv").touch()
    error = refused(origins.named(tmp_path / "t.csv" / "x.csv").test)
    assert error.message == f"{tmp_path}/t.csv/x.csv cannot be read: Not a directory."


def test_a_folder_without_files_or_with_folders_is_refused(tmp_path):
    parts = tmp_path / "parts"
    parts.mkdir()
    assert refused(origins.named(parts).test).code == "data.empty"
    (parts / "year=2020").mkdir()
    error = refused(origins.named(parts).test)
    assert error.code == "data.not_a_table"
    assert "holds another folder, year=2020" in error.message


def test_the_stamp_changes_with_the_file_and_is_none_without_it(tmp_path):
    path = tmp_path / "t.csv"
    origin = origins.named(path)
    assert origin.stamp() is None
    path.write_text("a\n1\n")
    first = origin.stamp()
    assert origin.stamp() == first is not None
    os.utime(path, ns=(1, 1))
    assert origin.stamp() != first


def test_the_digest_of_a_folder_depends_on_names_and_contents(tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    for folder, name, content in (("one", "a", "x"), ("two", "b", "x"), ("three", "a", "y")):
        (tmp_path / folder / name).write_text(content)
    hashes = {digest(tmp_path / folder)[0] for folder in ("one", "two", "three")}
    assert len(hashes) == 3
    assert digest(tmp_path / "one" / "a")[1] == digest(tmp_path / "one")[1] == 1
