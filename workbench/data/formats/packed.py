"""Compressed files and ZIP archives: the one table in them, unpacked within bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EINVAL
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

from workbench.data.formats.reader import LISTED_MOST, MIB, Asked, Limits
from workbench.errors import BadRequest, TooLarge, choices
from workbench.plain import shown

TABLE_ENDINGS = (
    ".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".feather", ".arrow", ".arrows",
    ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods",
)  # fmt: skip
"""How the names of files end that are tables."""
_CHUNK_BYTES = MIB
_ALWAYS_ALLOWED = 64 * MIB
_MOST_RATIO = 250
"""Beyond `_ALWAYS_ALLOWED`, how many bytes may come out of one: tables shrink to a tenth, rarely to a fiftieth."""
_ENCRYPTED = 0x1


@contextmanager
def _gzip(path: Path) -> Iterator[BinaryIO]:
    with gzip.open(path, "rb") as stream:
        yield stream  # type: ignore[misc]  # it is one in all that matters here


@contextmanager
def _bz2(path: Path) -> Iterator[BinaryIO]:
    with bz2.open(path, "rb") as stream:
        yield stream  # type: ignore[misc]


@contextmanager
def _xz(path: Path) -> Iterator[BinaryIO]:
    with lzma.open(path, "rb") as stream:
        yield stream  # type: ignore[misc]


def _by_arrow(name: str) -> Callable[[Path], Any]:
    def opened(path: Path) -> Any:
        import pyarrow as pa

        return pa.CompressedInputStream(pa.OSFile(str(path)), name)

    return opened


_PACKERS: dict[str, tuple[Callable[[Path], Any], str, tuple[str, ...]]] = {
    "gzip": (_gzip, "a gzip file", (".gz", ".gzip")),
    "bz2": (_bz2, "a bzip2 file", (".bz2",)),
    "xz": (_xz, "an xz file", (".xz",)),
    "zstd": (_by_arrow("zstd"), "a Zstandard file", (".zst", ".zstd")),
    "lz4": (_by_arrow("lz4"), "an LZ4 file", (".lz4",)),
}
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, ValueError)
"""What the libraries raise for bytes that are not what they say; Arrow's errors are among them."""


class Found(NamedTuple):
    """The table that was taken out of an archive.

    Attributes
    ----------
    path
        Of the unpacked file.
    called
        What it is to be called.
    member
        Its name in the archive.
    tables
        Names of all tables in the archive.
    notices
        What there is to tell.
    """

    path: Path
    called: str
    member: str
    tables: tuple[str, ...]
    notices: tuple[str, ...]


def unpack(path: Path, called: str, packer: str, limits: Limits) -> tuple[Path, str]:
    """Unpack a compressed file into the folder for work.

    Returns
    -------
    tuple
        The unpacked file, and what it is to be called.

    Raises
    ------
    BadRequest
        ``data.parse_failed`` when it is damaged.
    TooLarge
        ``data.too_large`` when more comes out of it than may, or so much of so little that it is no honest file.
    """
    opened, what, endings = _PACKERS[packer]
    name = next((called[: -len(ending)] for ending in endings if called.lower().endswith(ending)), called)
    with _intact(called, what), opened(path) as stream:
        return _written(stream, called, path.stat().st_size, limits), name


def table_of_archive(path: Path, called: str, limits: Limits, asked: Asked) -> Found:
    """Unpack the table of a ZIP archive into the folder for work.

    Raises
    ------
    BadRequest
        ``data.not_a_table`` when there is no table in it, several of which none was chosen by the option ``member``
        (which are told as ``members``), or a password on it; ``data.parse_failed`` when it is damaged.
    TooLarge
        As for `unpack`.
    """
    with _intact(called, "a ZIP archive"), zipfile.ZipFile(path) as archive:
        files = [info for info in archive.infolist() if _is_file(info)]
        tables = [info for info in files if _is_table(info.filename)] or files
        chosen, passed = _choose(files, tables, called, asked.options.get("member"))
        if chosen.flag_bits & _ENCRYPTED:
            raise BadRequest(
                "data.not_a_table", f"{called} is protected by a password.", hint="Unpack it first, and add the file."
            )
        packed = chosen.compress_size
        # An archive may lie about the size of what is in it; this reads what there is, and the checksum is still held.
        chosen.file_size = limits.expanded_bytes + 1
        with archive.open(chosen) as stream:
            made = _written(stream, called, packed, limits)  # type: ignore[arg-type]
    notices = (f"Of {called}, {chosen.filename} was read; passed over: {_some(passed)}.",) if passed else ()
    named = f"{called}/{PurePosixPath(chosen.filename).name}"
    return Found(made, named, chosen.filename, tuple(info.filename for info in tables), notices)


def members(path: Path) -> list[str]:
    """Return the names of all files of a ZIP archive; none where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except _BROKEN:
        return []


def contents(path: Path, called: str, limits: Limits, most: int) -> Iterator[tuple[str, bytes]]:
    """Unpack all that is in a ZIP archive to nowhere: the name of each file with each chunk of it.

    Raises
    ------
    BadRequest
        ``data.parse_failed`` when it is damaged.
    TooLarge
        ``data.too_large`` when more than `most` bytes come out of it, or as for `unpack`.
    """
    total = 0
    with _intact(called, "a ZIP archive"), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            packed = info.compress_size
            info.file_size = most + 1
            with archive.open(info) as stream:
                for chunk in _bounded(stream, called, packed, min(limits.expanded_bytes, most)):  # type: ignore[arg-type]
                    total += len(chunk)
                    _check(total, called, most)
                    yield info.filename, chunk


def _is_file(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename).parts
    is_hidden = any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in parts)
    return not info.is_dir() and not is_hidden


def _choose(
    files: list[zipfile.ZipInfo], tables: list[zipfile.ZipInfo], called: str, member: Any
) -> tuple[zipfile.ZipInfo, list[str]]:
    by_name = {info.filename: info for info in files}
    if member is not None:
        if member not in by_name:
            raise BadRequest(
                "data.not_a_table", f"{called} holds no file {shown(member)}.", hint=choices(str(member), by_name)
            )
        return by_name[member], []
    if not tables:
        raise BadRequest("data.not_a_table", f"{called} holds no file.")
    if len(tables) > 1:
        raise BadRequest(
            "data.not_a_table",
            f"{called} holds {len(tables):,} tables: {_some([info.filename for info in tables])}.",
            hint=f"Say which by the option member, as in member={tables[0].filename}.",
            members=[info.filename for info in tables[:LISTED_MOST]],
        )
    return tables[0], [info.filename for info in files if info is not tables[0]]


def _is_table(name: str) -> bool:
    lower = name.lower()
    for _, _, endings in _PACKERS.values():
        for ending in endings:
            lower = lower.removesuffix(ending)
    return lower.endswith(TABLE_ENDINGS)


def _some(names: list[str], most: int = 8) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f", and {more:,} more" if more > 0 else "")


def _written(stream: BinaryIO, called: str, packed: int, limits: Limits) -> Path:
    with tempfile.NamedTemporaryFile(dir=limits.work, prefix="unpacked-", delete=False) as made:
        for chunk in _bounded(stream, called, packed, limits.expanded_bytes):
            made.write(chunk)
    return Path(made.name)


def _bounded(stream: BinaryIO, called: str, packed: int, most: int) -> Iterator[bytes]:
    total = 0
    while chunk := stream.read(_CHUNK_BYTES):
        total += len(chunk)
        _check(total, called, most)
        if total > _ALWAYS_ALLOWED and total > packed * _MOST_RATIO:
            raise TooLarge(
                "data.too_large",
                f"{called} unpacks to more than {_MOST_RATIO} times its size, which no table does.",
                hint="Unpack it yourself if you trust it, and add the file.",
            )
        yield chunk


def _check(total: int, called: str, most: int) -> None:
    if total > most:
        raise TooLarge("data.too_large", f"{called} unpacks to more than {most / (1024 * MIB):,.4g} GiB.")


@contextmanager
def _intact(called: str, what: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        # A place before the start of the file is the archive's mistake.
        if isinstance(error, OSError) and error.errno not in (None, EINVAL):
            raise  # It is this machine's, such as a full disk.
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise BadRequest("data.parse_failed", f"{called} cannot be unpacked as {what}: {reason}.") from error
