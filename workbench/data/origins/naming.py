"""From what a user types, or what was stored, to the origin that it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.data.origins.file import File
from workbench.data.origins.inline import Inline
from workbench.data.origins.object import Object
from workbench.data.origins.origin import Origin
from workbench.data.origins.secrets import REFERENCE
from workbench.data.origins.sql import Sql
from workbench.errors import BadRequest
from workbench.plain import shown

_BETWEEN = "://"
_ALMOST = re.compile(r"[A-Za-z][\w+.-]+:/?[^/\\][^@]*@")
"""How an address begins that lacks a slash, or all before them: with a login, which no message is to show."""
_DATABASES = ("sqlite", "duckdb", "postgresql", "postgres", "mysql", "mariadb", "oracle", "mssql")
"""How addresses begin that stand for databases, whatever comes after a plus sign; there are others, by extensions."""


def of(told: Mapping[str, Any]) -> Origin:
    """Rebuild an origin from what its `told` gave.

    Raises
    ------
    BadRequest
        ``data.source_invalid`` when there is no such kind.
    """
    kind = told.get("kind")
    if kind == "file":
        return File(Path(told["path"]))
    if kind == "sql":
        return Sql(told["url"], told["table"], told["query"])
    if kind == "object":
        reach = told.get("reach")
        return Object(told["url"], told["options"], None if reach is None else tuple(reach))
    if kind == "inline":
        return Inline(None, told["called"])
    raise BadRequest("data.source_invalid", f"There is no kind of source {shown(kind)}.")


def named(
    text: str | Path,
    *,
    table: str | None = None,
    query: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Origin:
    """Find out what a user means.

    Parameters
    ----------
    text
        A path of a file or folder, an address of an object store or of the web, or one of a database. Secrets in it
        are named, as in ``${NAME}``; it may be such a name altogether.
    table, query
        What of a database.
    options
        Of an object store, as for fsspec; of the web, ``headers``.

    Raises
    ------
    BadRequest
        ``data.source_invalid`` when it is none of these, or lacks a part; ``data.secret_literal`` when a secret stands
        in it.
    """
    address = str(text)
    if table is not None or query is not None:
        _refuse_options(options, "A database")
        return Sql(address, table, query)
    scheme = address.partition(_BETWEEN)[0] if _BETWEEN in address else None
    if scheme is None and not REFERENCE.fullmatch(address):
        _refuse_options(options, "A file")
        return File(_file(address))
    if scheme == "file":
        return File(_absolute(address.removeprefix(f"file{_BETWEEN}")))
    if scheme is not None and scheme.partition("+")[0] in _DATABASES:
        return Sql(address)
    _check_protocol(scheme)
    return Object(address, options or {})


def _file(address: str) -> Path:
    path = _absolute(address)
    if _ALMOST.match(address) and not path.exists():
        raise BadRequest(
            "data.source_invalid",
            "That is neither a file nor an address, which begins as in https:// or postgresql://.",
        )
    return path


def _absolute(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise BadRequest("data.file_missing", f"There is no file {path}.") from error


def _refuse_options(options: Mapping[str, Any] | None, what: str) -> None:
    if options:
        raise BadRequest("data.source_invalid", f"{what} takes no options; an object store does.")


def _check_protocol(scheme: str | None) -> None:
    from fsspec import available_protocols

    known = available_protocols()
    if scheme is not None and scheme not in known:
        raise BadRequest(
            "data.source_invalid",
            f"Nothing is known that is read from {scheme}://.",
            hint="A database is named with a table or a query besides.",
        )
