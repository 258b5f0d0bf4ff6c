"""What the bytes of a file are: text in some encoding, or no text at all."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

from workbench.errors import BadRequest
from workbench.plain import shown

_SIGNED_BYTES = 4096
_MOST_CONTROLS = 0.05

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# Longer signatures come before their own beginnings.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x7fELF", "a program"),
)
_MARKUP: tuple[tuple[bytes, str], ...] = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "XML"),
    (b'{"', "JSON"),
    (b"[{", "JSON"),
)


def detect(path: Path, file: str, head_bytes: int) -> str:
    """Find the encoding that a file's text begins in.

    Whether all of it is UTF-8 shows when it is parsed.

    Parameters
    ----------
    file
        What the user calls the file, for messages.
    head_bytes
        How much of it is looked at.

    Returns
    -------
    str
        ``utf-8``, ``utf-8-sig``, ``utf-16``, or ``latin-1``, which is what is left when nothing else fits.

    Raises
    ------
    BadRequest
        ``data.empty`` when there is no byte in it, ``data.not_a_table`` when it is not text.
    """
    head = _head(path, file, head_bytes)
    if head.startswith(_UTF16_MARKS):
        if not _decodes(head, "utf-16"):
            raise not_as_begun(file, "utf-16")
        return "utf-16"
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head[:_SIGNED_BYTES])
    if b"\0" in head or controls > _MOST_CONTROLS * len(head[:_SIGNED_BYTES]):
        raise not_text(file)
    if not _decodes(head, "utf-8"):
        return "latin-1"
    return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"


def named(path: Path, file: str, name: Any, head_bytes: int) -> str:
    """Take the encoding that the user named, where the file's text begins in it.

    Raises
    ------
    BadRequest
        ``data.unknown_option`` when there is no encoding of that name, or the text does not begin in it; whatever
        `detect` refuses.
    """
    head = _head(path, file, head_bytes)
    try:
        is_utf8 = codecs.lookup(name).name == "utf-8"
        # Some codecs make something else than text of bytes.
        "".encode(name)
    except (LookupError, TypeError, ValueError) as error:
        raise BadRequest(
            "data.unknown_option",
            f"There is no encoding {shown(name)} to read {file} in.",
            hint="Say one such as utf-8, latin-1, cp1252 or utf-16.",
            option="encoding",
        ) from error
    if not _decodes(head, name):
        raise BadRequest(
            "data.unknown_option",
            f"{file} is not text in the encoding {name}.",
            hint="Say another one, or none: it is then found out.",
            option="encoding",
        )
    if is_utf8:
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    return str(name)


def not_text(file: str) -> BadRequest:
    return BadRequest("data.not_a_table", f"{file} is not a text table (it holds binary data).")


def not_as_begun(file: str, encoding: str) -> BadRequest:
    name = encoding.removesuffix("-sig").upper()
    return BadRequest("data.not_a_table", f"{file} begins as {name} text but does not go on as such.")


def _head(path: Path, file: str, size: int) -> bytes:
    with path.open("rb") as stream:
        head = stream.read(size)
    if not head:
        raise BadRequest("data.empty", f"{file} is empty.")
    looks = _looks_like(head[:_SIGNED_BYTES])
    if looks:
        raise BadRequest(
            "data.not_a_table", f"{file} is not a text table (it looks like {looks}).", hint="Save it as CSV first."
        )
    return head


def _looks_like(head: bytes) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        if b"opendocument" in head:
            return "an OpenDocument spreadsheet"
        return "an Excel workbook" if b"xl/" in head or b"[Content_Types].xml" in head else "a ZIP archive"
    text = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    for signature, kind in _MARKUP:
        if text.startswith(signature):
            return kind
    return None


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeError:
        return False
    return True
