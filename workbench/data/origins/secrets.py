"""Secrets of a source: named where it is stored, found when it is opened, and nowhere in what is said of it.

An address holds ``${NAME}`` for an environment variable, or ``${keyring:SERVICE/USER}`` for an entry of the keyring.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus, unquote

from workbench.errors import BadRequest, WorkbenchError

REFERENCE = re.compile(r"\$\{(keyring:[^{}]+|[A-Za-z_][A-Za-z0-9_]*)\}")
"""A secret's name, where the secret goes."""
HIDDEN = "***"
HOW = "Write ${NAME} for the environment variable NAME, or ${keyring:SERVICE/USER} for an entry of the keyring."
_STANDS_FOR = "secret{}here"
_DIVIDES = re.compile(r"[/:@?&=;#]+")
_KEYRING = "keyring:"
_SHORT = 4


def in_sql(secret: str) -> str:
    """Write a secret into a text of a query."""
    return secret.replace("'", "''")


def in_mysql(secret: str) -> str:
    """Write it where a backslash means something, too."""
    return in_sql(secret.replace("\\", "\\\\"))


_IN_SQL = (in_sql, in_mysql)

Answer = TypeVar("Answer")


class Hidden(str):
    """A text with a secret in it, which a debugger or a traceback does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(HIDDEN)


def masked(text: str) -> tuple[str, dict[str, str]]:
    """Put a word that means nothing in an address where a text names a secret.

    Returns
    -------
    tuple
        The text, and word → the name that it stands for.
    """
    references: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        word = _STANDS_FOR.format(len(references))
        references[word] = found[0]
        return word

    return REFERENCE.sub(stand_in, text), references


def restored(part: str, references: Mapping[str, str]) -> str:
    """Put the names back into a part of what `masked` gave."""
    for word, reference in references.items():
        part = part.replace(word, reference)
    return part


class Secrets:
    """The secrets that were found for one source; whatever is said of it goes through `scrub`."""

    def __init__(self) -> None:
        self._found: set[str] = set()

    def __repr__(self) -> str:
        return f"Secrets({len(self._found)})"

    def fill(self, text: str, write: Callable[[str], str] = str) -> str:
        """Put the secrets where a text names them.

        Parameters
        ----------
        write
            How a secret is written there, such as by ``quote`` in an address.

        Raises
        ------
        BadRequest
            ``data.secret_missing`` when there is none of such a name.
        """
        filled = REFERENCE.sub(lambda found: write(self._find(found[1])), text)
        return text if filled == text else Hidden(filled)

    def fill_all(self, value: Any) -> Any:
        """Do so with each text of a nested value."""
        if isinstance(value, str):
            return self.fill(value)
        if isinstance(value, Mapping):
            return {name: self.fill_all(item) for name, item in value.items()}
        return [self.fill_all(item) for item in value] if isinstance(value, list | tuple) else value

    def hide(self, secret: str | None) -> None:
        """Take note of another secret, such as one within a secret."""
        if secret:
            shown = (str.__repr__(secret)[1:-1], repr(secret.encode())[2:-1])
            self._found |= {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), unquote(secret), *shown}
            self._found |= {write(secret) for write in _IN_SQL}

    def hide_login(self, address: str, known: Iterable[str | None]) -> None:
        """Take note of all that precedes the last @ of an address, also where a library takes it for something else.

        Parameters
        ----------
        known
            What may be said of it, such as the user's name.
        """
        said = {part for part in known if part}
        for part in _DIVIDES.split(address.rpartition("@")[0]):
            if part not in said:
                self.hide(part)
                self.hide(unquote(part))

    def scrub(self, text: str) -> str:
        """Take all secrets out of a text, however they are written."""
        for secret in sorted(self._found, key=len, reverse=True):
            # A very short one is a part of many words.
            edges = (r"(?<!\w)", r"(?!\w)") if len(secret) < _SHORT else ("", "")
            text = re.sub(edges[0] + re.escape(secret) + edges[1], HIDDEN, text)
        return text

    def first_line(self, error: BaseException) -> str:
        """Return what an error says, in a line and without secrets."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return self.scrub(lines[0] if lines else type(error).__name__).rstrip(".")

    def call(self, function: Callable[[], Answer], told: Callable[[Exception], WorkbenchError]) -> Answer:
        """Call a library, of which no error gets out with a secret in it: not its text, nor what led to it.

        Parameters
        ----------
        told
            Makes one of ours of an error of the library.
        """
        try:
            return function()
        except WorkbenchError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it may hold the secret
            failure = told(error)
        # Beyond the handler, where the library's error is no context of this one.
        raise failure

    def _find(self, name: str) -> str:
        found = _of_keyring(name.removeprefix(_KEYRING)) if name.startswith(_KEYRING) else os.environ.get(name)
        secret = Hidden(found or "")
        del found  # What is raised below would show it.
        if not _is_text(secret):
            raise BadRequest(
                "data.secret_missing",
                f"What {name.removeprefix(_KEYRING)} holds, which a source's secret is to be taken from, is no text.",
                hint="It has to be written in UTF-8.",
                secret=name,
            )
        if not secret:
            where = "The keyring has no entry" if name.startswith(_KEYRING) else "There is no environment variable"
            raise BadRequest(
                "data.secret_missing",
                f"{where} {name.removeprefix(_KEYRING)}, which a source's secret is to be taken from.",
                hint=None if name.startswith(_KEYRING) else "Set it where Workbench's service and kernel start.",
                secret=name,
            )
        self.hide(secret)
        return secret


def _is_text(secret: str) -> bool:
    try:
        secret.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of_keyring(entry: str) -> str | None:
    service, _, user = entry.rpartition("/")
    try:
        import keyring
    except ImportError:
        raise missing_package("keyring", "Reading a secret from the keyring") from None
    try:
        return keyring.get_password(service, user)
    except Exception:  # noqa: BLE001  # backends raise what they like
        failure = BadRequest(
            "data.secret_missing", f"The keyring cannot be read for {entry}.", secret=f"keyring:{entry}"
        )
    raise failure


_EXTRAS = {
    "keyring": "keyring",
    "psycopg": "postgres",
    "duckdb": "duckdb",
    "s3fs": "s3",
}
"""Package → the extra that brings it."""


def missing_package(package: str, what: str) -> BadRequest:
    """Say that a package is not installed, and how it comes."""
    extra = _EXTRAS.get(package)
    wanted = f'"jupyter-workbench[{extra}]"' if extra else package
    return BadRequest(
        "data.driver_missing",
        f"{what} takes {package}, which is not installed.",
        hint=f"pip install {wanted}",
        package=package,
    )
