"""What every format gives: a table as record batches, and what was decided and repaired on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

MIB = 1024 * 1024


FORMAT_OPTIONS = ("encoding", "delimiter", "sheet", "header_row", "member")
"""What the user may say of how a file is read, whatever its format."""


class Widened(Exception):
    """A column turned out to hold other values than it began with: what was read is void, read from the start."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a table may go.

    Attributes
    ----------
    columns
        Most columns.
    expanded_bytes
        Most bytes that a packed table may unpack to.
    row_bytes
        Most bytes of one row of text.
    block_bytes
        How much text is parsed at once.
    work
        Folder in which what is needed for the moment may be written; whoever gave it empties it.
    """

    work: Path
    columns: int = 2000
    expanded_bytes: int = 16 * 1024 * MIB
    row_bytes: int = 4 * MIB
    block_bytes: int = 4 * MIB


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user decided of a table that is otherwise found out.

    Attributes
    ----------
    kinds
        Column → what it is to be: ``text``, ``number``, or ``date`` and perhaps how its dates are written, as in
        ``date:%d/%m/%Y``.
    options
        What a format takes besides, such as a workbook's ``sheet`` or a text table's ``delimiter``.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


class Reader(Protocol):
    """A table that can be read, in bounded memory."""

    @property
    def schema(self) -> pa.Schema:
        """Clean, distinct names; types int64, uint64, float64, bool, string, or string by way of a dictionary."""

    @property
    def format(self) -> dict[str, Any]:
        """Type of the format, and whatever it takes to read the same bytes so again; plain data."""

    @property
    def dates(self) -> Sequence[str]:
        """String columns that hold dates by their own type, as ISO 8601."""

    @property
    def notices(self) -> Sequence[str]:
        """What was repaired or decided, a sentence each; complete once all batches were read."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Read the table from its start, each batch of `schema`.

        Raises
        ------
        Widened
            When `schema` had to be changed; it is the new one from here on.
        BadRequest
            When it cannot be read, naming the place.
        """


def one_batch(table: pa.Table) -> pa.RecordBatch:
    """Make one batch of a table; each text that has a dictionary has one for all of it."""
    return table.unify_dictionaries().combine_chunks().to_batches()[0]
