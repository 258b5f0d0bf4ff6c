"""A column made what the user says it is: text, a number, or dates that are written in a certain way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import pyarrow as pa
from pyarrow import compute

from workbench.data.formats.kinds import NA_TEXTS
from workbench.data.formats.moments import Moments
from workbench.data.formats.reader import Asked
from workbench.dates import read_date
from workbench.errors import BadRequest, choices
from workbench.plain import shown

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("text", "number", "date")
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_WHOLE = r"^[+-]?\d{1,18}$"
_DATE, _PATTERNED = "date", "date:"
_ISO = re.compile(r"\d{4}-\d\d(-\d\d([T ]\d\d:\d\d.*)?)?", re.ASCII)
_TIMED = re.compile(r"%[HIMSfpXcTz]")
"""What a pattern has that writes more than a day."""
_TODAYS = ("now", "today")
"""What pandas reads as the day on which it is read, whatever the pattern."""
_MONTH_FIRST, _DAY_FIRST = "%m/%d", "%d/%m"
_DAYS = (
    "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y%m%d", "%m/%d/%y",
    "%d/%m/%y", "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%b %Y",
    "%B %Y", "%m/%Y", "%Y",
)  # fmt: skip
"""How days are written, apart from ISO 8601; months before days where both are possible, as pandas has it."""
_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S", " %H:%M:%S.%f")


def check_asked(asked: Asked, names: Sequence[str], called: str) -> None:
    """Refuse what was asked of a column that there is not.

    Raises
    ------
    BadRequest
        ``data.kind_unfit``, naming the nearest.
    """
    strangers = [name for name in asked.kinds if name not in names]
    if strangers:
        raise BadRequest(
            "data.kind_unfit",
            f"{called} has no column {strangers[0]}.",
            hint=choices(strangers[0], names),
            absent=strangers,
        )


class Cast:
    """Makes one column what it is to be.

    Parameters
    ----------
    asked
        ``text``, ``number``, ``date``, or ``date:`` and a pattern as for ``strptime``.
    is_date
        Whether the column's texts are ISO 8601 dates already.

    Attributes
    ----------
    type
        What it makes; another type once `make` gave None.
    pattern
        By which dates are read; None where none are, before the first, and where they are ISO 8601.

    Raises
    ------
    BadRequest
        ``data.kind_unfit`` when there is no such kind, or no date can be read by its pattern.
    """

    def __init__(self, name: str, called: str, asked: str, *, is_date: bool = False) -> None:
        if asked not in KINDS and not (asked.startswith(_PATTERNED) and "%" in asked):
            raise BadRequest(
                "data.kind_unfit",
                f"Column {name} cannot be made {shown(asked)}.",
                hint="A column can be text, number, date, or a date by a pattern, as in date:%d/%m/%Y.",
                column=name,
            )
        self._name, self._called, self._was_date = name, called, is_date
        self._kind, _, pattern = asked.partition(":")
        self.pattern: str | None = pattern or None
        if pattern:
            _check_pattern(pattern, name)
        self._is_iso = False
        self._moments: Moments | None = None
        self.type = pa.int64() if self._kind == "number" else pa.string()

    @property
    def is_date(self) -> bool:
        return self._kind == _DATE

    def make(self, values: pa.Array, start: int) -> pa.Array | None:
        """Return the values as `type`; None where the type, or how dates are written, had to change with them.

        Parameters
        ----------
        values
            Of one of the types that a table is kept in.
        start
            Rows before the first of them.

        Raises
        ------
        BadRequest
            ``data.kind_unfit``, naming the first value that does not fit and its row.
        """
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if self._kind == "text":
            return as_text(values)
        if self._kind == "number":
            return self._numbers(values, start)
        if self._was_date and pa.types.is_string(values.type):
            return values
        return self._dates(values, start)

    def _numbers(self, values: pa.Array, start: int) -> pa.Array | None:
        if pa.types.is_string(values.type):
            return self._read_numbers(values, start)
        if not pa.types.is_boolean(values.type):
            self.type = values.type
            return values
        return values.cast(self.type)

    def _read_numbers(self, texts: pa.Array, start: int) -> pa.Array | None:
        trimmed = _without_gaps(compute.utf8_trim_whitespace(texts))
        fits = compute.match_substring_regex(trimmed, _NUMBER)
        if compute.all(fits).as_py() is False:
            self._refuse(texts, compute.index(fits, value=False).as_py(), start)
        if self.type == pa.int64():
            if compute.all(compute.match_substring_regex(trimmed, _WHOLE)).as_py() is not False:
                return compute.utf8_ltrim(trimmed, "+").cast(self.type)
            self.type = pa.float64()
            return None
        return compute.utf8_ltrim(trimmed, "+").cast(self.type)

    def _dates(self, values: pa.Array, start: int) -> pa.Array | None:
        import pandas as pd

        texts = _without_gaps(compute.utf8_trim_whitespace(as_text(values)))
        coded = texts.dictionary_encode()
        distinct = coded.dictionary
        if len(distinct) == 0:
            return texts
        if self.pattern is None and not self._is_iso:
            self._guess(texts, start)
        written = pd.Series(distinct.to_pylist(), dtype=object)
        read = _read(written.mask(written.isin(_TODAYS)), self.pattern or "ISO8601", in_utc=self._is_iso)
        if bool(read.isna().any()):
            wrong = int(read.isna().to_numpy().argmax())
            self._refuse(texts, compute.index(coded.indices, value=wrong).as_py(), start)
        if self._is_iso:
            return texts
        moments = pa.Array.from_pandas(read)
        if self._moments is None:
            has_time = _TIMED.search(self.pattern or "")
            self._moments = Moments(moments.type if has_time else pa.date32())
        made = self._moments.write(moments if _TIMED.search(self.pattern or "") else moments.cast(pa.date32()))
        return None if made is None else made.take(coded.indices)

    def _guess(self, texts: pa.Array, start: int) -> None:
        """Find how the dates are written: by a pattern that the first fits, and all of these if there is one."""
        import pandas as pd

        place = compute.index(compute.is_valid(texts), value=True).as_py()
        first = texts[place].as_py()
        if _ISO.fullmatch(first):
            self._is_iso = True
            return
        fitting = [pattern for pattern in _patterns() if read_date(first, pattern)]
        if not fitting:
            self._refuse(texts, place, start)
        written = pd.Series(texts.unique().drop_null().to_pylist(), dtype=object)
        every = (p for p in fitting if bool(pd.to_datetime(written, format=p, errors="coerce").notna().all()))
        self.pattern = next(every, fitting[0])

    def _refuse(self, values: pa.Array, place: int, start: int) -> NoReturn:
        value, row = values[place].as_py(), start + place + 1
        if self._kind == "number":
            hint = "Leave the column as text, or mend the value."
        elif self.pattern is None:
            hint = "Say how its dates are written, as in date:%d/%m/%Y."
        elif _MONTH_FIRST in self.pattern:
            hint = f"If days come before months, say date:{self.pattern.replace(_MONTH_FIRST, _DAY_FIRST)}."
        else:
            hint = "Say how its dates are written, or leave the column as text."
        by = f" by {self.pattern}" if self.pattern else ""
        raise BadRequest(
            "data.kind_unfit",
            f"Column {self._name} of {self._called} cannot be read as {self._kind}{by}: row {row:,} holds "
            f"{shown(value)}.",
            hint=hint,
            column=self._name,
            row=row,
        )


def _check_pattern(pattern: str, name: str) -> None:
    """Refuse a pattern that nothing can be read by."""
    import pandas as pd

    try:
        pattern.encode()
        _read(pd.Series([""], dtype=object), pattern)
    except (ValueError, re.error) as error:
        reason = "the same part is in it twice" if isinstance(error, re.error) else str(error)
        raise BadRequest(
            "data.kind_unfit",
            f"Column {name} cannot be read as dates by {shown(pattern)}: {reason.rstrip('.')}.",
            hint="A pattern is written as for strptime, as in date:%d/%m/%Y.",
            column=name,
        ) from error


def _read(written: pd.Series[Any], pattern: str, *, in_utc: bool = False) -> pd.Series[Any]:
    """Read dates by a pattern; what does not fit is a gap."""
    import pandas as pd

    try:
        return pd.to_datetime(written, format=pattern, errors="coerce", utc=in_utc)
    except ValueError:
        if in_utc or "%z" not in pattern:
            raise
        # So pandas answers to several zones in one column.
        return pd.to_datetime(written, format=pattern, errors="coerce", utc=True)


def _patterns() -> Iterator[str]:
    return (day + clock for clock in _CLOCKS for day in _DAYS)


def as_text(values: pa.Array) -> pa.Array:
    """Write values of any type that a table is kept in as a CSV file would hold them."""
    if pa.types.is_boolean(values.type):
        return compute.if_else(values, "True", "False")
    return values.cast(pa.string())


def _without_gaps(texts: pa.Array) -> pa.Array:
    gaps = compute.is_in(texts, value_set=pa.array(NA_TEXTS, pa.string()))
    return compute.if_else(gaps, pa.scalar(None, pa.string()), texts)
