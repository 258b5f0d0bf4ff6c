"""What is packed: one table comes out of it, or a sentence that says why not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tracemalloc
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.reading import columns, refused, whole

TABLE = b"a,b\n1,x\n2,y\n"
_BOMB = 70 << 20
READ = {"a": [1, 2], "b": ["x", "y"]}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def by_arrow(content: bytes, name: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, name) as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("content", "name", "packer"),
    [
        (gzip.compress(TABLE), "t.csv.gz", "gzip"),
        (gzip.compress(TABLE) + gzip.compress(b"3,z\n"), "t.csv.gz", "gzip"),
        (bz2.compress(TABLE), "t.csv.bz2", "bz2"),
        (lzma.compress(TABLE), "t.csv.xz", "xz"),
        (by_arrow(TABLE, "zstd"), "t.csv.zst", "zstd"),
        (by_arrow(TABLE, "lz4"), "t.csv.lz4", "lz4"),
    ],
    ids=["gzip", "gzip of two parts", "bz2", "xz", "zstd", "lz4"],
)
def test_a_compressed_table_is_read_whatever_packed_it(open_bytes, content, name, packer):
    reader = open_bytes(content, name)
    assert columns(reader)["a"][:2] == [1, 2]
    assert reader.format["packed"] == packer
    assert reader.format["type"] == "csv"


def test_what_is_inside_is_recognised_by_itself(open_bytes, tmp_path):
    made = tmp_path / "made.parquet"
    pq.write_table(pa.table({"a": [1]}), made)
    assert columns(open_bytes(gzip.compress(made.read_bytes()), "t.gz")) == {"a": [1]}
    assert columns(open_bytes(gzip.compress(b'{"a": 1}\n'), "t.jsonl.gz")) == {"a": [1]}


def test_the_one_table_of_an_archive_is_read(open_bytes):
    reader = open_bytes(zipped({"made/t.csv": TABLE}), "t.zip")
    assert columns(reader) == READ
    assert reader.format["member"] == "made/t.csv"


def test_what_systems_leave_in_archives_is_passed_over_and_a_readme_is_named(open_bytes):
    files = {"__MACOSX/._t.csv": b"\0", ".DS_Store": b"\0", "README.md": b"hello", "t.csv": TABLE}
    reader = open_bytes(zipped(files), "t.zip")
    assert columns(reader) == READ
    assert reader.notices[0] == "Of t.zip, t.csv was read; passed over: README.md."


def test_a_name_that_leads_elsewhere_is_only_a_name(open_bytes, tmp_path):
    assert columns(open_bytes(zipped({"../../../evil.csv": TABLE}), "t.zip")) == READ
    assert not list(tmp_path.parent.rglob("evil.csv"))


def test_several_tables_are_named_and_one_can_be_chosen(open_bytes):
    made = zipped({"a.csv": TABLE, "b.csv": b"c\n1\n"})
    error = refused(lambda: open_bytes(made, "t.zip"))
    assert error.code == "data.not_a_table"
    assert error.message == "t.zip holds 2 tables: a.csv, b.csv."
    assert error.hint == "Say which by the option member, as in member=a.csv."
    assert columns(open_bytes(made, "t.zip", member="b.csv")) == {"c": [1]}
    assert "Did you mean b.csv?" in refused(lambda: open_bytes(made, "t.zip", member="bb.csv")).hint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped({}), "holds no file"),
        (zipped({"t.zip": zipped({"a.csv": TABLE})}), "is packed twice"),
        (gzip.compress(gzip.compress(TABLE)), "is packed twice"),
        (zipped({"word/document.xml": b"<a/>"}), "is a Word document"),
    ],
    ids=["an empty archive", "an archive in an archive", "gzip in gzip", "a Word document"],
)
def test_what_holds_no_table_is_refused(open_bytes, content, said):
    error = refused(lambda: open_bytes(content, "t.zip"))
    assert error.code == "data.not_a_table"
    assert said in error.message


def test_an_archive_with_a_password_is_refused(open_bytes):
    made = bytearray(zipped({"t.csv": TABLE}, zipfile.ZIP_STORED))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.index(signature) + at] |= 1  # The flag by which an archive says that a file is encrypted.
    assert refused(lambda: open_bytes(bytes(made), "t.zip")).message == "t.zip is protected by a password."


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TABLE * 1000)[:-10],
        gzip.compress(TABLE * 1000)[:-8] + b"\0" * 8,
        bz2.compress(TABLE * 1000)[:-10],
        lzma.compress(TABLE * 1000)[:-10],
        by_arrow(TABLE * 1000, "zstd")[:-10],
        zipped({"t.csv": TABLE * 1000})[:-30],
        zipped({"t.csv": TABLE}).replace(b"1,x", b"1,z"),
    ],
    ids=["gzip", "gzip, its sum", "bz2", "xz", "zstd", "zip", "zip, its sum"],
)
def test_what_is_damaged_is_refused_in_a_sentence(open_bytes, content):
    if content.startswith(b"PK") and b"1,z" not in content:
        content = content[:40] + bytes(20) + content[60:]
    error = refused(lambda: whole(open_bytes(content, "t")))
    assert error.code == "data.parse_failed"
    assert error.message.startswith("t cannot be unpacked as ")


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda bomb: zipped({"t.csv": bomb}), lambda bomb: by_arrow(bomb, "zstd")]
)
def test_a_bomb_is_refused_without_memory_growing(open_bytes, pack):
    made = pack(b"0" * _BOMB)
    tracemalloc.start()
    try:
        error = refused(lambda: open_bytes(made, "bomb"))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (error.code, error.status) == ("data.too_large", 413)
    assert error.message == "bomb unpacks to more than 250 times its size, which no table does."
    assert most < 32 << 20


def test_an_archive_that_lies_about_a_size_is_refused_all_the_same(open_bytes):
    made = bytearray(zipped({"t.csv": b"0" * _BOMB}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = made.rindex(signature) + at
        made[start : start + 4] = (1000).to_bytes(4, "little")
    assert refused(lambda: open_bytes(bytes(made), "bomb.zip")).code == "data.too_large"


def test_more_than_may_come_out_is_refused(open_bytes):
    error = refused(lambda: open_bytes(gzip.compress(TABLE * 1000), "t.gz", limits={"expanded_bytes": 5000}))
    assert error.code == "data.too_large"
