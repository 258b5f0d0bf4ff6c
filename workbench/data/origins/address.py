"""The address of a database, with the names of its secrets in it, made the one to connect to."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.data.origins.literals import check_pairs, is_literal, literal
from workbench.data.origins.secrets import HIDDEN, REFERENCE, Secrets, masked, restored
from workbench.errors import BadRequest

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_DRIVERS = {"postgresql": ("psycopg", "psycopg2"), "mysql": ("pymysql", "MySQLdb"), "mariadb": ("pymysql", "MySQLdb")}
"""Packages that are taken, the first that is installed, where the address names none."""


def check(text: str) -> str:
    """Return the address as it is stored: with an absolute path where it is a file's.

    Raises
    ------
    BadRequest
        ``data.source_invalid`` when it is none, ``data.secret_literal`` when a secret stands in it.
    """
    if REFERENCE.fullmatch(text):
        return text
    url, references = _parsed(text)
    shown = f"the address of {url.get_backend_name()}"
    if url.password is not None and REFERENCE.sub("", restored(str(url.password), references)):
        raise literal("the password", shown)
    check_pairs([(name, restored(value, references)) for name, value in _pairs(url)], of=shown)
    for part in (url.host, url.database):
        if part and is_literal("", restored(part, references)):
            raise literal("a part", shown)
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
        secrets.hide_login(whole, (url.drivername, url.username, url.host))
        for name, value in _pairs(url):
            if is_literal(name, value):
                secrets.hide(value)
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
    return _unshown(_with_driver(url))


def _parsed(text: str) -> tuple[URL, dict[str, str]]:
    """Parse an address of which each reference is held by a word that means nothing in one."""
    bare, references = masked(text)
    return _parse(bare, "That"), references


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


def _pairs(url: URL) -> list[tuple[str, str]]:
    """Return what follows the question mark."""
    return [
        (name, value)
        for name, values in url.query.items()
        for value in ([values] if isinstance(values, str) else values)
    ]


def _unshown(url: URL) -> URL:
    """Return an address that a traceback does not show, not even what follows its question mark."""
    from sqlalchemy.engine import URL

    class Unshown(URL):
        def __repr__(self) -> str:
            return repr(HIDDEN)

    return Unshown(*url)


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
