"""What a profile is made of: parts, each a line of JSON, in the order in which they are computed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from workbench.data.profile.measures import Distinct, Measures, Value
from workbench.data.values import ColumnKind

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Head:
    """The table.

    Attributes
    ----------
    columns
        Name and kind, in the table's order.
    sampled_rows
        Rows that were drawn at random for what is told of a sample; None where all rows were taken.
    drawn
        How, in a sentence.
    """

    part: Literal["head"]
    rows: int
    columns: tuple[tuple[str, ColumnKind], ...]
    sampled_rows: int | None
    drawn: str


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """One column.

    Attributes
    ----------
    index
        Its place in the table, from 0.
    measures
        None where no row has a value.
    """

    part: Literal["column"]
    index: int
    name: str
    kind: ColumnKind
    rows: int
    missing: int
    distinct: Distinct
    measures: Measures | None


@dataclass(frozen=True, slots=True)
class Measure:
    """How the association of two columns is measured, for which kinds, from where, and between which bounds."""

    name: str
    between: str
    source: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Association:
    """How strongly columns go together, pair by pair.

    Attributes
    ----------
    columns
        Those that were compared.
    cells
        A row a column; None where too few rows have both values, or one of them is always the same.
    left_out
        Columns with nothing to compare: always the same, or another text in nearly every row.
    beyond
        How many more there are than are compared, the last of the table.
    lumped
        Columns of text of which all but the most frequent values were taken as one.
    sampled_rows
        None where all rows were taken.
    """

    part: Literal["association"]
    columns: tuple[str, ...]
    cells: tuple[tuple[float | None, ...], ...]
    measures: tuple[Measure, ...]
    left_out: tuple[str, ...]
    beyond: int
    lumped: tuple[str, ...]
    sampled_rows: int | None


@dataclass(frozen=True, slots=True)
class Strength:
    """How strongly a feature goes with the target: from 0 to 1, and by which measure."""

    name: str
    strength: float
    measure: str


@dataclass(frozen=True, slots=True)
class Target:
    """The column that is to be predicted.

    Attributes
    ----------
    is_classes
        Whether its values are taken as classes: texts, truths, and whole numbers of which there are few.
    classes
        The most frequent ones, at most 50, of all rows; empty where they are no classes.
    evenness
        1 where all classes have as many rows, 0 where one has them all: Shannon's entropy over its maximum (Pielou, The
        measurement of diversity in different types of biological collections, 1966).
    imbalance
        Rows of the most frequent class for one of the rarest.
    measures
        Its figures as a column.
    features
        Strongest first, of `sampled_rows` rows, or of all where that is None.
    unrated
        Features for which nothing can be said: always the same, or another text in nearly every row.
    """

    part: Literal["target"]
    name: str
    kind: ColumnKind
    rows: int
    missing: int
    is_classes: bool
    class_count: int
    classes: tuple[Value, ...]
    evenness: float | None
    imbalance: float | None
    measures: Measures | None
    features: tuple[Strength, ...]
    unrated: tuple[str, ...]
    sampled_rows: int | None


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """How one column changed.

    Attributes
    ----------
    psi
        Population stability index; None where one version has no values, or they cannot be held against each other.
    noise
        What chance alone stays below in 19 of 20 cases where nothing changed.
    band
        ``stable`` below 0.1 or within the noise, ``shifted`` below 0.25, ``changed`` beyond.
    missing_before, missing
        Shares of the rows.
    appeared, vanished
        Values of text and truth that one version has and the other has not, the most frequent first, at most ten, with
        their share in the version that has them; None where that cannot be told, as there are too many.
    """

    name: str
    kind: ColumnKind
    psi: float | None
    noise: float | None
    band: Literal["stable", "shifted", "changed"] | None
    missing_before: float
    missing: float
    appeared: tuple[Value, ...] | None
    vanished: tuple[Value, ...] | None


@dataclass(frozen=True, slots=True)
class Drift:
    """How the table differs from an earlier version of it.

    Attributes
    ----------
    before
        Id of that version.
    kinds
        Columns that are of another kind now: name, kind before, kind now.
    columns
        Those that both have, in the table's order.
    sampled_rows_before, sampled_rows
        Rows that the indices are of; None where all rows were taken.
    measure, bands
        Where the index and its bands come from.
    """

    part: Literal["drift"]
    before: str
    rows_before: int
    rows: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    kinds: tuple[tuple[str, ColumnKind, ColumnKind], ...]
    columns: tuple[ColumnDrift, ...]
    sampled_rows_before: int | None
    sampled_rows: int | None
    measure: str
    bands: str


@dataclass(frozen=True, slots=True)
class End:
    """All was computed.

    Attributes
    ----------
    seconds
        What it took, without the start of the process.
    peak_bytes
        Most memory that the process had by then.
    """

    part: Literal["end"]
    seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be computed, and why, in a sentence."""

    part: Literal["failed"]
    reason: str


GONE = Failed("failed", "The file of the table is gone.")

Part = Head | ColumnPart | Association | Target | Drift | End | Failed


def encoded(part: Part) -> bytes:
    """Write a part as a line of JSON, whatever its texts hold.

    Raises
    ------
    ValueError
        When a number is not finite.
    """
    return json.dumps(asdict(part), allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def decoded(line: bytes) -> Part:
    """Read what `encoded` wrote.

    Raises
    ------
    ValueError
        When it is not such a line.
    """
    return _adapter().validate_json(line)


def as_dict(part: Part) -> dict[str, Any]:
    """Return a part as plain data that JSON can hold."""
    return asdict(part)


@cache
def _adapter() -> TypeAdapter[Part]:
    from pydantic import Field, TypeAdapter

    return TypeAdapter(Annotated[Part, Field(discriminator="part")])
