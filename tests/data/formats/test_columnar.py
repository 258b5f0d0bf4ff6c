"""Parquet and Arrow files."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from tests.data.reading import columns, refused, whole


def stream_of(table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def parquet_of(table, **more) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **more)
    return sink.getvalue().to_pybytes()


def test_parquet_is_read_row_group_by_row_group(open_arrow):
    reader = open_arrow(pa.table({"a": range(10)}), rows=4)
    assert reader.format == {"type": "parquet"}
    assert [batch.num_rows for batch in reader.batches()] == [10]
    assert columns(reader)["a"] == list(range(10))


@pytest.mark.parametrize("parquet", [True, False])
def test_a_group_of_many_rows_comes_in_batches_of_bounded_size(open_arrow, parquet):
    rows = 200_000
    reader = open_arrow(pa.table({"a": range(rows), "b": ["x" * 500] * rows}), parquet=parquet)
    sizes = [batch.nbytes for batch in reader.batches()]
    assert len(sizes) > 2
    assert max(sizes) < 64 * 1024 * 1024


def test_feather_compressed_or_not_and_streams_are_arrow(open_bytes, tmp_path):
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    for compression in ("lz4", "zstd", "uncompressed"):
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}).to_feather(tmp_path / "made", compression=compression)
        reader = open_bytes((tmp_path / "made").read_bytes(), "made.feather")
        assert columns(reader) == table.to_pydict()
        assert reader.format == {"type": "arrow"}
    reader = open_bytes(stream_of(table), "made.arrows")
    assert columns(reader) == table.to_pydict()
    assert reader.format == {"type": "arrow-stream"}


def test_names_are_repaired_as_for_any_table(open_arrow):
    reader = open_arrow(pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", " a", ""]))
    assert reader.schema.names == ["a", "a.1", "column_3"]
    assert "Repeated column names were numbered: a → a.1." in reader.notices


def test_row_labels_of_pandas_are_left_out_unless_they_have_a_name(open_bytes, tmp_path):
    frame = pd.DataFrame({"a": [1, 2]}, index=[5, 6])
    frame.to_parquet(tmp_path / "made")
    reader = open_bytes((tmp_path / "made").read_bytes())
    assert reader.schema.names == ["a"]
    assert reader.notices == ("The row labels that pandas stored beside the columns were left out.",)
    frame.rename_axis("id").to_parquet(tmp_path / "made")
    assert open_bytes((tmp_path / "made").read_bytes()).schema.names == ["a", "id"]


def test_a_table_without_rows_has_its_columns(open_arrow):
    reader = open_arrow(pa.table({"a": pa.array([], pa.int32()), "b": pa.array([], pa.string())}))
    assert whole(reader).num_rows == 0
    assert reader.schema.types == [pa.int64(), pa.string()]


def test_a_table_without_columns_is_empty(open_arrow):
    assert refused(lambda: open_arrow(pa.table({}))).code == "data.empty"


def test_too_many_columns_are_refused_before_any_is_read(open_arrow):
    error = refused(lambda: open_arrow(pa.table({f"c{at}": [1] for at in range(12)}), limits={"columns": 10}))
    assert error.message == "table.parquet has 12 columns; the limit is 10 (WORKBENCH_COLUMN_LIMIT)."


@pytest.mark.parametrize("kept", [0.2, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["parquet", "arrow", "stream"])
def test_a_file_that_was_cut_is_refused_in_a_sentence(open_bytes, kind, kept):
    table = pa.table({"a": range(5000), "b": [f"x{at}" for at in range(5000)]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    made = {"parquet": parquet_of(table), "arrow": sink.getvalue().to_pybytes(), "stream": stream_of(table)}[kind]
    cut = made[: int(len(made) * kept)]
    if kind == "stream" and kept > 0.99:
        cut = made[:-9]  # Without its end a stream may still be whole.
    error = refused(lambda: whole(open_bytes(cut, "cut")))
    assert error.code == "data.parse_failed"
    assert error.message.startswith("cut cannot be read as ")
    assert "\n" not in error.message


def test_an_arrow_file_whose_codes_lead_nowhere_is_refused_before_it_is_used(open_bytes):
    table = pa.table({"a": pa.array(["x", "y"] * 50).dictionary_encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    made, codes = bytearray(sink.getvalue().to_pybytes()), (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    at = made.index(codes * 50)
    made[at : at + 4] = b"\xff\xff\xff\x7f"
    assert refused(lambda: whole(open_bytes(bytes(made), "t.arrow"))).code == "data.parse_failed"


def test_parquet_whose_pages_were_changed_is_refused(open_bytes):
    made = bytearray(parquet_of(pa.table({"a": [f"x{at}" for at in range(5000)]}), compression="gzip"))
    made[200:400] = bytes(200)
    assert refused(lambda: whole(open_bytes(bytes(made), "changed.parquet"))).code == "data.parse_failed"
