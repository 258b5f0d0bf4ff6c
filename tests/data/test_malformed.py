"""Files as people have them: each is read rightly, or refused in one sentence that leaves nothing behind."""

from __future__ import annotations

import bz2
import gzip
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from workbench.errors import WorkbenchError

GAP = None
MIB = 1024 * 1024


@dataclass(frozen=True)
class Reads:
    """What a file is read as."""

    content: bytes
    columns: dict[str, list[Any]]
    name: str = "table.csv"
    notice: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """By which code a file is refused, and what its sentence says."""

    content: bytes
    code: str
    says: str
    name: str = "table.csv"


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


def bomb_of_gzip() -> bytes:
    """1 GiB of one letter, in about a megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"a" * MIB
    return b"".join([packer.compress(b"a,b\n"), *(packer.compress(block) for _ in range(1024)), packer.flush()])


def lying_zip() -> bytes:
    """An archive that says its member is far smaller than it is."""
    made = bytearray(zipped(("table.csv", b"a,b\n" + b"1,2\n" * 300_000)))
    at = made.rindex(b"PK\x01\x02")
    made[at + 24 : at + 28] = struct.pack("<I", 100)
    return bytes(made)


READS: dict[str, Callable[[], Reads]] = {
    "a byte-order mark": lambda: Reads(b"\xef\xbb\xbfa,b\n1,x\n", {"a": [1], "b": ["x"]}),
    "UTF-16, little end first": lambda: Reads("ä;b\n1;x\n".encode("utf-16"), {"ä": [1], "b": ["x"]}),
    "UTF-16, big end first": lambda: Reads(
        b"\xfe\xff" + "ä,b\n1,x\n".encode("utf-16-be"), {"ä": [1], "b": ["x"]}
    ),
    "Latin-1": lambda: Reads("naïve,b\né,1\n".encode("latin-1"), {"naïve": ["é"], "b": [1]}, notice="Latin-1"),
    "Latin-1 that begins far behind": lambda: Reads(
        b"a,b\n" + b"1,x\n" * 300_000 + b"2,\xe9\n", {"a": [1] * 300_000 + [2], "b": ["x"] * 300_000 + ["é"]}
    ),
    "line ends of three systems": lambda: Reads(b"a,b\r\n1,x\n2,y\r3,z", {"a": [1, 2, 3], "b": ["x", "y", "z"]}),
    "no line end at the end": lambda: Reads(b"a,b\n1,x", {"a": [1], "b": ["x"]}),
    "blank lines everywhere": lambda: Reads(b"\n \na,b\n\n1,x\n   \n2,y\n\n\n", {"a": [1, 2], "b": ["x", "y"]}),
    "line breaks in quotes": lambda: Reads(b'a,b\n1,"two\nlines"\n2,y\n', {"a": [1, 2], "b": ["two\nlines", "y"]}),
    "doubled quotes": lambda: Reads(b'a,b\n1,"say ""hi"""\n', {"a": [1], "b": ['say "hi"']}),
    "a quote inside a word": lambda: Reads(b'a,b\n5" pipe,1\n', {"a": ['5" pipe'], "b": [1]}),
    "text after a closing quote": lambda: Reads(b'a,b\n"x"y,1\n', {"a": ["xy"], "b": [1]}),
    "delimiters in quotes": lambda: Reads(b'a;b\n"x;y";1\n', {"a": ["x;y"], "b": [1]}),
    "tabs": lambda: Reads(b"a\tb\n1\t\n\t2\n", {"a": [1, GAP], "b": [GAP, 2]}, name="table.tsv"),
    "decimal commas": lambda: Reads(b"a;b\n1,5;x\n", {"a": ["1,5"], "b": ["x"]}),
    "rows that are too short": lambda: Reads(
        b"a,b,c\n1,2\n3,4,5\n6\n", {"a": [1, 3, 6], "b": [2, 4, GAP], "c": [GAP, 5, GAP]}, notice="fewer values"
    ),
    "names twice, none, and with control characters": lambda: Reads(
        b'x,x,,"b\r\nc",d\x07\n1,2,3,4,5\n',
        {"x": [1], "x.1": [2], "column_3": [3], "b c": [4], "d": [5]},
        notice="control characters",
    ),
    "every spelling of a gap": lambda: Reads(
        b"a,b\nNA,1\nnull,2\nN/A,3\n,4\n#N/A,5\n7,6\n", {"a": [GAP] * 5 + [7], "b": [1, 2, 3, 4, 5, 6]}
    ),
    "a column of nothing": lambda: Reads(b"a,b\n1,\n2,\n", {"a": [1, 2], "b": [GAP, GAP]}),
    "one text among numbers": lambda: Reads(
        b"a,b\n" + b"1,2\n" * 200_000 + b"n/k,2\n", {"a": ["1"] * 200_000 + ["n/k"], "b": [2] * 200_001}
    ),
    "numbers that become fractions late": lambda: Reads(
        b"a,b\n" + b"1,2\n" * 300_000 + b"0.5,2\n", {"a": [1.0] * 300_000 + [0.5], "b": [2] * 300_001}
    ),
    "truths that become texts": lambda: Reads(b"a,b\nTrue,1\nFalse,2\nmaybe,3\n",
                                              {"a": ["True", "False", "maybe"], "b": [1, 2, 3]}),
    "numbers beyond 64 bits": lambda: Reads(
        b"a,b\n123456789012345678901234567890,1\n2,2\n", {"a": ["123456789012345678901234567890", "2"], "b": [1, 2]}
    ),
    "hexadecimal codes": lambda: Reads(b"a,b\n0x1F,1\n12,2\n", {"a": ["0x1F", "12"], "b": [1, 2]}),
    "formulas, which stay texts": lambda: Reads(
        b'a,b\n"=cmd|\' /C calc\'!A0",1\n@SUM(A1),2\n+1+2,3\n',
        {"a": ["=cmd|' /C calc'!A0", "@SUM(A1)", "+1+2"], "b": [1, 2, 3]},
    ),
    "markup": lambda: Reads(b"a,b\n<script>alert(1)</script>,1\n",
                            {"a": ["<script>alert(1)</script>"], "b": [1]}),
    "a cell of a megabyte": lambda: Reads(b"a,b\n" + b"x" * MIB + b",1\n", {"a": ["x" * MIB], "b": [1]}),
    "a table of one column with blank lines": lambda: Reads(b"a\n1\n\n  \n2\n", {"a": [1, 2]}, notice="one column"),
    "gzip": lambda: Reads(gzip.compress(b"a,b\n1,x\n"), {"a": [1], "b": ["x"]}, name="table.csv.gz"),
    "bzip2": lambda: Reads(bz2.compress(b"a,b\n1,x\n"), {"a": [1], "b": ["x"]}, name="table.csv.bz2"),
    "a ZIP archive with what a system adds": lambda: Reads(
        zipped(("t.csv", b"a,b\n1,x\n"), ("__MACOSX/._t.csv", b"\0\5")), {"a": [1], "b": ["x"]}, name="table.zip"
    ),
    "a ZIP archive that lies about its size": lambda: Reads(
        lying_zip(), {"a": [1] * 300_000, "b": [2] * 300_000}, name="t.zip"
    ),
    "JSON lines": lambda: Reads(b'{"a": 1, "b": "x"}\n{"b": null, "a": 2}\n', {"a": [1, 2], "b": ["x", GAP]},
                                name="table.jsonl"),
}  # fmt: skip

REFUSED: dict[str, Callable[[], Refused]] = {
    "nothing": lambda: Refused(b"", "data.empty", "is empty"),
    "nothing but blanks": lambda: Refused(b"\n  \n\t\n", "data.empty", "is empty"),
    "a header alone": lambda: Refused(b"a,b\n", "data.no_rows", "no rows"),
    "a row that is too long": lambda: Refused(b"a,b\n1,2\n1,2,3\n", "data.ragged", "Line 3 of table.csv has 3 values"),
    "a long row far behind": lambda: Refused(
        b"a,b\n" + b"1,2\n" * 400_000 + b"1,2,3\n", "data.ragged", "Line 400,002 of table.csv has 3 values"
    ),
    "a quote that is never closed": lambda: Refused(
        b'a,b\n1,"x\n' + b"2,y\n" * 1000, "data.parse_failed", "at line 2 is never closed"
    ),
    "a quote that is never closed, in the header": lambda: Refused(
        b'a,"b\n1,2\n', "data.parse_failed", "its header does not end"
    ),
    "one line of many megabytes": lambda: Refused(b"x" * (64 * MIB), "data.parse_failed", "its header does not end"),
    "a row of many megabytes": lambda: Refused(
        b"a,b\n1,2\n" + b"x" * (16 * MIB) + b",3\n", "data.parse_failed", "a row of more than 4 MiB"
    ),
    "zero bytes late": lambda: Refused(b"a,b\n" + b"1,x\n" * 900_000 + b"1,\0\n", "data.not_a_table", "binary data"),
    "half of UTF-16": lambda: Refused(
        b"\xff\xfe" + "a,b\n1,x\n".encode("utf-16-le") + b"\x00", "data.not_a_table", "does not go on as such"
    ),
    "a picture that is called a table": lambda: Refused(b"\x89PNG\r\n\x1a\n\0\0", "data.not_a_table", "a PNG image"),
    "a web page": lambda: Refused(b"<!doctype html><html>", "data.not_a_table", "a web page"),
    "a gzip bomb": lambda: Refused(bomb_of_gzip(), "data.too_large", "table.csv.gz", name="table.csv.gz"),
    "a gzip file that was cut": lambda: Refused(
        gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:-20], "data.parse_failed", "table.csv.gz", name="table.csv.gz"
    ),
    "a ZIP archive in a ZIP archive": lambda: Refused(
        zipped(("inner.zip", zipped(("t.csv", b"a,b\n1,2\n")))), "data.not_a_table", "packed twice", name="t.zip"
    ),
    "a ZIP archive of two tables": lambda: Refused(
        zipped(("a.csv", b"a,b\n1,2\n"), ("b.csv", b"a,b\n1,2\n")), "data.not_a_table", "a.csv", name="t.zip"
    ),
    "too many columns": lambda: Refused(
        b",".join([b"c"] * 2001) + b"\n" + b",".join([b"1"] * 2001) + b"\n", "data.columns_too_many", "2,001 columns"
    ),
    "Parquet that was cut": lambda: Refused(b"PAR1" + b"\1" * 200, "data.parse_failed", "t.parquet", name="t.parquet"),
    "a workbook that is none": lambda: Refused(
        zipped(("xl/workbook.xml", b"x")), "data.parse_failed", "t.xlsx", name="t.xlsx"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READS)
def test_it_is_read_rightly(sources, written, case):
    made = READS[case]()
    source = sources.upload(written(made.content, made.name), **made.options)
    loaded = sources.load(source)
    found = {
        name: [GAP if isinstance(value, float) and math.isnan(value) else value for value in column]
        for name, column in loaded.to_dict("list").items()
    }
    assert found == made.columns
    assert made.notice in " ".join(source.notices)


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.usefixtures("leaves_nothing")
def test_it_is_refused_in_one_sentence(sources, written, case):
    made = REFUSED[case]()
    with pytest.raises(WorkbenchError) as caught:
        sources.upload(written(made.content, made.name))
    message = caught.value.message
    assert (caught.value.code, made.says in message) == (made.code, True), message
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 300


def test_a_file_that_takes_a_process_of_its_own_is_refused_as_one_that_does_not(sources, written):
    content = b"a,b\n" + b"1,2\n" * 3_000_000 + b"1,2,3\n"
    with pytest.raises(WorkbenchError) as caught:
        sources.upload(written(content))
    assert caught.value.message == "Line 3,000,002 of table.csv has 3 values, but its header names 2 columns."
