"""What may be asked of a database: one statement that reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.errors import BadRequest

_OPAQUE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL
)
"""Texts, quoted names and comments."""
_COMMENTS = ("--", "/*")
_COMMENT = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*", re.DOTALL)
_FIRST_WORD = re.compile(r"[A-Za-z]+")
_READING = ("SELECT", "WITH", "VALUES", "TABLE", "FROM")


def one_reading(query: str) -> str:
    """Return a query without the semicolon at its end.

    Raises
    ------
    BadRequest
        ``data.query_failed`` when it is empty, is several statements, or does not begin as one that reads.
    """
    query = query.strip()
    while query.endswith(";"):
        query = query[:-1].rstrip()
    start = _COMMENT.match(query)
    word = _FIRST_WORD.match(query, start.end() if start else 0)
    if word is None or word[0].upper() not in _READING:
        begins = f"this one begins with {word[0]}" if word else "this one is empty"
        raise BadRequest("data.query_failed", f"A query has to be one SELECT; {begins}.")
    if ";" in _OPAQUE.sub(" ", query):
        raise BadRequest("data.query_failed", "A query has to be one SELECT; this one is several statements.")
    return query


def texts(query: str) -> Iterator[str]:
    """Return what stands in quotation marks in a query, as it is meant."""
    for found in _OPAQUE.finditer(query):
        if not found[0].startswith(_COMMENTS):
            yield found[0][1:-1].replace("''", "'")
