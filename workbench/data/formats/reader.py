"""What every format gives: a table as record batches, and what was decided and repaired on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import BadRequest
from workbench.plain import shown

if TYPE_CHECKING:
    import pyarrow as pa

MIB = 1024 * 1024


OPTIONS_OF = {"zip": ("member",), "workbook": ("sheet", "header_row"), "csv": ("encoding", "delimiter")}
"""What the user may say of how a file is read, by its packing and its format."""
FORMAT_OPTIONS = tuple(option for options in OPTIONS_OF.values() for option in options)
"""The same, whatever the format."""
LISTED_MOST = 200
"""Most sheets of a workbook, or tables of an archive, that are told as a choice."""


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
    sent_bytes
        Most bytes that anybody may have come who is not the home's owner.
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
    sent_bytes: int = 1024 * MIB
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

    Raises
    ------
    BadRequest
        ``data.kind_unfit``, ``data.unknown_option`` when what the user gave cannot be such.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given: object = self.kinds
        said = [part for pair in given.items() for part in pair] if isinstance(given, Mapping) else [given]
        wrong = [part for part in said if not isinstance(part, str)]
        if wrong:
            raise BadRequest(
                "data.kind_unfit",
                f"What columns are to be is said by texts, as in {{'zip': 'text'}}; {shown(wrong[0])} is none.",
            )
        option = next((name for name, value in self.options.items() if not isinstance(value, str | int | None)), None)
        if option is not None:
            raise BadRequest(
                "data.unknown_option",
                f"The option {option} is a text or a whole number; {shown(self.options[option])} is neither.",
                option=option,
            )


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
