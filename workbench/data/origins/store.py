"""What is fetched from afar: a part at a time, and again where one breaks off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from workbench.data.formats.reader import MIB
from workbench.data.origins.secrets import Secrets
from workbench.errors import Unavailable, WorkbenchError

PART_BYTES = 4 * MIB
"""Most that is asked for, and held in memory, at once."""
_PAUSES_S = (0.5, 3.0)
"""How long to wait before each new try, where one broke off."""
_RETRY_AFTER_S = 60

Answer = TypeVar("Answer")


class Passing(Exception):
    """A store failed in a way that may pass; what it says, without secrets."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a store tells of a file.

    Attributes
    ----------
    path
        As the store calls it.
    size
        In bytes; None where it does not tell.
    sign
        Another one for another version of it; None where it tells nothing.
    """

    path: str
    name: str
    size: int | None
    sign: str | None


class Store(Protocol):
    """A place that files are fetched from.

    Attributes
    ----------
    is_folder
        Whether the address is that of several files; known once `entries` was called.
    """

    is_folder: bool

    def entries(self) -> list[Entry]:
        """Ask for the file, or for the files of the folder, by name.

        Raises
        ------
        Passing
        BadRequest
            ``data.file_missing``, ``data.source_denied``, ``data.source_invalid``.
        """

    def parts(self, entry: Entry, start: int) -> Iterator[tuple[int, bytes]]:
        """Fetch a file from a place on, or from its start where that cannot be: each part with its place.

        Raises
        ------
        Passing
            Also when it ends before all of it came, or became another version meanwhile.
        BadRequest
            As for `entries`.
        """


def listed(store: Store, called: str) -> list[Entry]:
    """Ask a store for its entries.

    Raises
    ------
    BadRequest
        As for `Store.entries`.
    Unavailable
        ``data.source_unreachable``.
    """
    try:
        return store.entries()
    except Passing as error:
        raise unreachable(called, f"does not answer: {error}") from None


def fetch(store: Store, entry: Entry, called: str, to: Path) -> Iterator[int]:
    """Fetch a file, telling how many bytes are there after each part.

    What breaks off goes on where it was, or begins again.

    Raises
    ------
    BadRequest
        As for `Store.entries`.
    Unavailable
        ``data.source_unreachable`` when it broke off three times without a byte in between, or was begun three times.
    """
    failures = begun = 0
    with to.open("wb") as target:
        while True:
            try:
                for at, part in store.parts(entry, target.tell()):
                    if at == 0:
                        begun += 1
                        target.seek(0)
                        target.truncate()
                    target.write(part)
                    failures = 0
                    yield target.tell()
            except Passing as error:
                if failures == len(_PAUSES_S) or begun > len(_PAUSES_S):
                    raise unreachable(called, f"broke off again and again; at last: {error}") from None
            else:
                return
            time.sleep(_PAUSES_S[failures])
            failures += 1


def call(
    function: Callable[[], Answer], secrets: Secrets, refusal: Callable[[Exception, str], WorkbenchError | None]
) -> Answer:
    """Call a library.

    Parameters
    ----------
    refusal
        Says what an error means, given it and what it says without secrets; None where asking again may help.

    Raises
    ------
    Passing, WorkbenchError
    """
    passing: list[str] = []

    def told(error: Exception) -> WorkbenchError:
        reason = secrets.first_line(error)
        meant = refusal(error, reason)
        if meant is None:
            passing.append(reason)
        return meant or Unavailable("data.source_unreachable", reason)

    try:
        return secrets.call(function, told)
    except WorkbenchError:
        if not passing:
            raise
    raise Passing(passing[0])


def unreachable(called: str, what: str) -> Unavailable:
    """Say that a store does not answer."""
    return Unavailable("data.source_unreachable", f"The store of {called} {what}.", retry_after_s=_RETRY_AFTER_S)
