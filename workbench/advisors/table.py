"""A table as advisors are shown it before a run: columns, target, what pre-flight finds and what would mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from workbench.advisors.advice import Severity, Told
from workbench.catalogue import TaskName


class Column(Told):
    """One column: what is known of all rows, and what its profile tells.

    Attributes
    ----------
    missing, distinct
        Rows without a value, and distinct values; at least so many where `is_exact` is False.
    infinite
        Rows with an infinite number; None where the profile does not tell. The bounds are those of the finite ones.
    top
        The most frequent values with their rows, at most five.
    rarest
        Rows of the least frequent value; None where that is not known.
    is_unique
        Whether every row has a value of its own.
    names_rows
        Whether its name sounds like that of an identifier.
    suits
        The task that its values suggest where it is the target.
    skew, far_share
        Of numbers: adjusted Fisher-Pearson skewness, and the share beyond three interquartile ranges from the
        quartiles; None where the profile does not tell.
    suspects
        Values that may stand for a gap, with their rows and the reason.
    variants
        Groups of texts that differ by upper and lower case or by blanks only, each with its spellings.
    like_numbers, like_dates
        Share of its texts that look like a number, or a date; None where next to none does.
    order
        How the rows stand by it, of dates; None where the profile does not tell.
    step_days
        Days from one of its dates to the next, on the median of the first rows; None of others.
    gap_days, span_days
        Days of the longest time without a row, and from the first date to the last; None where the profile does not
        tell.
    """

    name: str
    kind: Literal["number", "text", "bool", "date"]
    missing: int = 0
    distinct: int
    is_exact: bool = True
    is_integral: bool = False
    is_unique: bool = False
    minimum: float | None = None
    maximum: float | None = None
    infinite: int | None = None
    top: tuple[tuple[str, int], ...] = ()
    rarest: int | None = None
    names_rows: bool = False
    suits: TaskName = "classification"
    skew: float | None = None
    far_share: float | None = None
    suspects: tuple[tuple[str, int, str], ...] = ()
    variants: tuple[tuple[str, ...], ...] = ()
    like_numbers: float | None = None
    like_dates: float | None = None
    order: Literal["ascending", "descending", "constant", "none"] | None = None
    step_days: float | None = None
    gap_days: float | None = None
    span_days: float | None = None


class Table(Told):
    """A version of a data source.

    Attributes
    ----------
    unseen
        What could not be looked at, a sentence each.
    known_target, known_task
        What is known of a table that comes with Workbench; None of others.
    """

    source_id: str
    name: str
    version: int = 1
    rows: int
    columns: tuple[Column, ...]
    unseen: tuple[str, ...] = ()
    known_target: str | None = None
    known_task: TaskName | None = None

    def column(self, name: str | None) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


class Associated(Told):
    """How strongly a feature goes with the target, from 0 to 1, and by which measure."""

    name: str
    strength: float
    measure: str


class Target(Told):
    """The column that is to be predicted, as its profile tells it.

    Attributes
    ----------
    classes
        The most frequent ones with their rows, at most 50; empty where its values are no classes.
    sampled_rows
        Rows that the features were rated on; None: all.
    """

    name: str
    classes: tuple[tuple[str, int], ...] = ()
    class_count: int = 0
    features: tuple[Associated, ...] = ()
    sampled_rows: int | None = None


class Found(Told):
    """What pre-flight finds, with the changes to a request that would mend it.

    Attributes
    ----------
    label
        What the mend does, in a few words; empty: nothing would mend it.
    is_mended
        Whether it is mended in the request that was put together.
    """

    code: str
    severity: Severity
    columns: tuple[str, ...] = ()
    message: str
    measured: Mapping[str, Any] = {}
    label: str = ""
    changes: Mapping[str, Any] = {}
    is_mended: bool = False


class Refusal(Told):
    """Why a request would not be accepted."""

    code: str
    message: str
    hint: str = ""


class Look(Told):
    """What pre-flight says of a request.

    Attributes
    ----------
    findings
        Of the request as it was asked for, the gravest first.
    request
        That request with its mends merged in: arguments of ``Runs.submit``, the data source left out.
    left
        What is found of that one still.
    refusal
        Why the request, mended or not, is refused; None: it is accepted.
    looked_at
        How many rows were looked at, in a sentence; empty where none were.
    """

    findings: tuple[Found, ...] = ()
    request: Mapping[str, Any] = {}
    left: tuple[Found, ...] = ()
    refusal: Refusal | None = None
    looked_at: str = ""

    def of(self, *codes: str) -> Sequence[Found]:
        """Return the findings of some codes."""
        return [found for found in self.findings if found.code in codes]
