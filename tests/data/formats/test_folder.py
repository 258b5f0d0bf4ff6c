"""Files of a folder, read as one table."""

from __future__ import annotations

import gzip

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from tests.data.reading import columns, refused, whole
from workbench.data.formats.folder import FolderReader
from workbench.data.formats.reader import Asked, Limits


@pytest.fixture
def folder(tmp_path):
    """Begin to read files of these names and contents as one table."""

    def begin(asked=None, **files):
        made, work = tmp_path / "parts", tmp_path / "work"
        for each in (made, work):
            each.mkdir(exist_ok=True)
        for name, content in files.items():
            (made / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return FolderReader(sorted(made.iterdir()), "parts", Limits(work), asked or Asked())

    return begin


def parquet(**arrays) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(arrays), sink)
    return sink.getvalue().to_pybytes()


def test_files_are_read_by_name_as_one_table(folder):
    reader = folder(b="a,b\n3,z\n", a="b,a\nx,1\ny,2\n")
    assert columns(reader) == {"b": ["x", "y", "z"], "a": [1, 2, 3]}
    assert reader.format["files"] == 2
    assert reader.notices[0] == "2 files of parts were read as one table."


def test_whole_numbers_in_one_and_fractions_in_another_are_floats(folder):
    read = whole(folder(a="a\n1\n", b="a\n2.5\n"))
    assert read.schema.field("a").type == pa.float64()
    assert read["a"].to_pylist() == [1.0, 2.5]


def test_a_column_that_is_empty_in_one_file_has_the_type_of_the_others(folder):
    assert columns(folder(a="a,b\n1,\n", b="a,b\n2,x\n", c="a,b\n3,\n"))["b"] == [None, "x", None]


def test_what_is_text_in_one_is_text_in_all_as_it_was_written(folder):
    read = columns(folder(a="a,b\n007,1.50\n", b="a,b\nx,2\n", c="a,b\n08,\n"))
    assert read == {"a": ["007", "x", "08"], "b": [1.5, 2.0, None]}


def test_a_text_that_comes_late_in_a_file_changes_all_of_them(folder):
    late = "a\n" + "1\n" * 400_000 + "x\n"
    read = columns(folder(a="a\n01\n", b=late, c="a\n02\n"))["a"]
    assert (read[0], read[-2], read[-1], len(read)) == ("01", "x", "02", 400_003)


def test_packed_and_columnar_files_can_be_parts(folder):
    assert columns(folder(a=gzip.compress(b"a\n1\n"), b="a\n2\n")) == {"a": [1, 2]}
    assert columns(folder(a=parquet(x=[1]), b=parquet(x=[2]))) == {"x": [1, 2]}


def test_dates_are_dates_where_they_are_in_every_file(folder):
    day = pa.array([0], pa.date32())
    assert list(folder(a=parquet(d=day), b=parquet(d=day)).dates) == ["d"]


def test_kinds_that_are_asked_for_hold_in_every_file(folder):
    assert columns(folder(Asked({"a": "text"}), a="a\n1\n", b="a\n2\n")) == {"a": ["1", "2"]}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a": "a,b\n1,2\n", "b": "a\n1\n"}, "b has no column b, which a has."),
        ({"a": "a\n1\n", "b": "a,c\n1,2\n"}, "b has a column c, which a has not."),
        ({"a": "a\n1\n", "b": '[{"a": 1}]'}, "The files of parts are of several formats: a is csv, b is json."),
    ],
)
def test_files_that_are_no_parts_of_one_table_are_named(folder, files, said):
    error = refused(lambda: folder(**files))
    assert (error.code, error.message) == ("data.not_a_table", said)
