"""What a file is, by how its bytes begin, and by its name where that is not enough."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.data.formats import packed
from workbench.data.formats.reader import LISTED_MOST, OPTIONS_OF, Asked, Limits, Reader
from workbench.errors import BadRequest, choices

_HEAD_BYTES = 4096
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKERS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
)
_JSON = re.compile(rb'\s*(\[\s*)?(\{\s*("|\})|\[\s*\])')
_JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
_TAR_AT = 257
# What has columns, and yet is not read: where it begins, what it begins with, what it is.
_REFUSED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PARE", "an encrypted Parquet file"),
    (0, b"FEA1", "a Feather file of the first version"),
    (0, b"ORC", "an ORC file"),
    (0, b"Obj\x01", "an Avro file"),
    (0, b"\x80\x04\x95", "a pickle"),
    (0, b"\x80\x05\x95", "a pickle"),
    (0, b"<stata_dta>", "a Stata file"),
    (0, b"$FL2", "an SPSS file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (_TAR_AT, b"ustar", "a tar archive"),
)
_DATABASES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"SQLite format 3\0", "a SQLite database", "sqlite"),
    (8, b"DUCK", "a DuckDB database", "duckdb"),
)
_MEMBERS: tuple[tuple[str, str], ...] = (
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("xl/workbook.bin", "a binary Excel workbook (xlsb)"),
    ("Index/Document.iwa", "an Apple Numbers document"),
)
_WORKBOOK = "xl/workbook.xml"


def open_file(path: Path, called: str, limits: Limits, asked: Asked) -> Reader:
    """Find out what a file is, and begin to read it.

    Parameters
    ----------
    path
        The file. What is packed is unpacked into the folder for work.
    called
        What the user calls it, for messages; its ending counts where the bytes do not tell.
    asked
        The options that formats take: ``encoding`` and ``delimiter`` of text, ``sheet`` and ``header_row`` of a
        workbook, ``member`` of a ZIP archive.

    Raises
    ------
    BadRequest
        ``data.empty``, ``data.not_a_table``, ``data.parse_failed``, ``data.columns_too_many``, ``data.kind_unfit``.
    TooLarge
        ``data.too_large`` when what is packed is larger than it may be.
    """
    return _open(path, called, limits, asked, is_unpacked=False)


def _open(path: Path, called: str, limits: Limits, asked: Asked, *, is_unpacked: bool) -> Reader:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    packer = next((name for signature, name in _PACKERS if head.startswith(signature)), None)
    names = packed.members(path) if head.startswith(_ZIP) else []
    is_archive = head.startswith(_ZIP) and not _is_workbook(names, head)
    if is_unpacked and (packer or is_archive):
        raise BadRequest("data.not_a_table", f"{called} is packed twice.", hint="Unpack it, and add the table in it.")
    if packer:
        inner, name = packed.unpack(path, called, packer, limits)
        return _Unpacked(_open(inner, name, limits, asked, is_unpacked=True), {"packed": packer})
    _refuse(called, head, names)
    if is_archive:
        return _of_archive(path, called, limits, asked)
    return _plain(path, called, head, limits, asked)


def _plain(path: Path, called: str, head: bytes, limits: Limits, asked: Asked) -> Reader:
    # Each is loaded only where it is needed: they bring libraries along.
    if head.startswith((*_ZIP, _OLD_OFFICE)):
        from workbench.data.formats.workbook import workbook

        check_options(called, asked, OPTIONS_OF["workbook"])
        return workbook(path, called, limits, asked)
    if head.startswith((b"PAR1", b"ARROW1", b"\xff\xff\xff\xff")):
        from workbench.data.formats import columnar

        check_options(called, asked, ())
        if head.startswith(b"PAR1"):
            return columnar.parquet(path, called, limits, asked)
        opened = columnar.arrow_file if head.startswith(b"ARROW1") else columnar.arrow_stream
        return opened(path, called, limits, asked)
    if _JSON.match(head.removeprefix(codecs.BOM_UTF8)) or (head.strip() and called.lower().endswith(_JSON_ENDINGS)):
        from workbench.data.formats.json_records import json_records

        check_options(called, asked, ())
        return json_records(path, called, limits, asked)
    from workbench.data.formats.text import TextReader

    check_options(called, asked, OPTIONS_OF["csv"])
    return TextReader(path, called, limits, asked)


def _of_archive(path: Path, called: str, limits: Limits, asked: Asked) -> Reader:
    found = packed.table_of_archive(path, called, limits, asked)
    others = {option: value for option, value in asked.options.items() if option != "member"}
    reader = _open(found.path, found.called, limits, replace(asked, options=others), is_unpacked=True)
    told: dict[str, Any] = {"packed": "zip", "member": found.member}
    if len(found.tables) > 1:
        told["members"] = list(found.tables[:LISTED_MOST])
    return _Unpacked(reader, told, tuple(found.notices))


@dataclass(frozen=True, slots=True)
class _Unpacked:
    """The reader of what was packed, which tells of the packing too."""

    reader: Reader
    told: dict[str, Any]
    more: tuple[str, ...] = ()

    @property
    def schema(self) -> Any:
        return self.reader.schema

    @property
    def format(self) -> dict[str, Any]:
        return dict(self.reader.format) | self.told

    @property
    def dates(self) -> Sequence[str]:
        return self.reader.dates

    @property
    def notices(self) -> Sequence[str]:
        return (*self.more, *self.reader.notices)

    def batches(self) -> Any:
        return self.reader.batches()


def _is_workbook(names: list[str], head: bytes) -> bool:
    return _WORKBOOK in names or b"opendocument.spreadsheet" in head[:200]


def _refuse(called: str, head: bytes, names: list[str]) -> None:
    """Name for what it is what is no table that can be read, where the reader of text could not."""
    for at, signature, what, scheme in _DATABASES:
        if head[at:].startswith(signature):
            hint = f"Name it as a SQL source: {scheme}:///{called}, and a table or a query."
            raise BadRequest("data.not_a_table", f"{called} is {what}, which may hold many tables.", hint=hint)
    for at, signature, what in _REFUSED:
        if head[at:].startswith(signature):
            raise _not_read(called, what)
    for member, what in _MEMBERS:
        if member in names:
            raise _not_read(called, what)


def _not_read(called: str, what: str) -> BadRequest:
    return BadRequest(
        "data.not_a_table", f"{called} is {what}, which is not read.", hint="Save it as CSV or Parquet first."
    )


def check_options(called: str, asked: Asked, taken: tuple[str, ...]) -> None:
    """Refuse an option that nothing would heed.

    Raises
    ------
    BadRequest
        ``data.unknown_option``.
    """
    strangers = [option for option in asked.options if option not in taken]
    if strangers:
        raise BadRequest(
            "data.unknown_option",
            f"{called} takes no option {strangers[0]}.",
            hint=choices(strangers[0], taken) if taken else "There is none.",
            option=strangers[0],
        )
