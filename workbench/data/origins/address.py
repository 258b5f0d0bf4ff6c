"""The address of a database, with the names of its secrets in it, made the one to connect to."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.data.origins.secrets import REFERENCE, Secrets, check_query, literal
from workbench.errors import BadRequest

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_DRIVERS = {"postgresql": ("psycopg", "psycopg2"), "mysql": ("pymysql", "MySQLdb"), "mariadb": ("pymysql", "MySQLdb")}
"""Packages that are taken, the first that is installed, where the address names none."""
_STANDS_FOR = "secret{}here"


def check(text: str) -> str:
    """Return the address as it is stored: with an absolute path where it is a file's.

    Raises
    ------
    BadRequest
        ``data.source_invalid`` when it is none, ``data.secret_literal`` when a secret stands in it.
    """
    if REFERENCE.fullmatch(text):
        return text
    url, _ = _parsed(text)
    shown = f"the address of {url.get_backend_name()}"
    if url.password is not None and REFERENCE.sub("", _restored(str(url.password), text)):
        raise literal("the password", shown)
    pairs = [
        (name, value)
        for name, values in url.query.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    check_query([(name, _restored(value, text)) for name, value in pairs], of=shown)
    if url.get_backend_name() in ("sqlite", "duckdb") and url.database and not REFERENCE.search(text):
        path = Path(url.database).expanduser().absolute()
        return str(url.set(database=str(path)).render_as_string(hide_password=False))
    return text


def resolve(text: str, secrets: Secrets) -> URL:
    """Return the address with its secrets, and a driver that is installed.

    Raises
    ------
    BadRequest
        ``data.secret_missing``; ``data.source_invalid`` when what a variable holds is no address.
    """
    if REFERENCE.fullmatch(text):
        whole = secrets.fill(text)
        url = _parse(whole, f"What {text} holds")
        secrets.hide(url.password)
    else:
        url, references = _parsed(text)
        found = {token: secrets.fill(reference) for token, reference in references.items()}
        url = url.set(
            username=_filled(url.username, found),
            password=_filled(url.password, found),
            host=_filled(url.host, found),
            database=_filled(url.database, found),
            query={
                name: _filled(value, found) or ""
                if isinstance(value, str)
                else [_filled(one, found) or "" for one in value]
                for name, value in url.query.items()
            },
        )
    return _with_driver(url)


def _parsed(text: str) -> tuple[URL, dict[str, str]]:
    """Parse an address of which each reference is held by a word that means nothing in one."""
    tokens: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        token = _STANDS_FOR.format(len(tokens))
        tokens[token] = found[0]
        return token

    return _parse(REFERENCE.sub(stand_in, text), "That"), tokens


def _parse(text: str, what: str) -> URL:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        # What it says has the whole address in it.
        failure = BadRequest(
            "data.source_invalid",
            f"{what} is no address of a database.",
            hint="One is written as in postgresql://USER:${PASSWORD}@HOST/DATABASE.",
        )
    raise failure


def _restored(part: str, text: str) -> str:
    """Put the references back into a part of an address."""
    for number, reference in enumerate(REFERENCE.finditer(text)):
        part = part.replace(_STANDS_FOR.format(number), reference[0])
    return part


def _filled(part: str | None, found: dict[str, str]) -> str | None:
    for token, secret in found.items():
        part = part.replace(token, secret) if part else part
    return part


def _with_driver(url: URL) -> URL:
    name = "postgresql" if url.drivername == "postgres" else url.drivername
    for driver in _DRIVERS.get(name, ()):
        if importlib.util.find_spec(driver):
            return url.set(drivername=f"{name}+{driver.lower()}")
    return url.set(drivername=f"{name}+{_DRIVERS[name][0]}" if name in _DRIVERS else name)
