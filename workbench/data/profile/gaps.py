"""Values that may stand for a gap: suspected, never taken as one."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from workbench.data.arrays import arrow_texts, plain
from workbench.data.profile.measures import Suspect
from workbench.data.profile.spread import Spread
from workbench.data.values import label

PLACEHOLDERS = (
    "?", "??", "???", "-", "--", "---", ".", "..", "...", "*", "/", "_", "#", "x", "xx", "xxx",
    "na", "n.a.", "n.a", "n/a", "#n/a", "n/k", "nk", "nan", "null", "#null!", "nil", "none", "(none)", "<na>", "(null)",
    "missing", "(missing)", "unknown", "(unknown)", "unk", "unspecified", "undefined", "not available", "not known",
    "not applicable", "not specified", "not provided", "not given", "no data", "no answer", "tbd", "tba",
)  # fmt: skip
"""Texts that people write where they know nothing, in lower case."""
_NINES = re.compile(r"-?9{3,}")
_MOST = 10


def suspected_texts(
    values: pa.Array, trimmed: pa.Array, counts: NDArray[np.int64], *, with_numbers: bool
) -> tuple[Suspect, ...]:
    """Find placeholders among the distinct texts of a column, the most frequent first.

    Parameters
    ----------
    trimmed
        The same texts in lower case without blanks around them.
    with_numbers
        Whether a row of nines is one too: not where most texts are numbers.
    """
    found = plain(compute.is_in(trimmed, arrow_texts(("", *PLACEHOLDERS))))
    if with_numbers:
        found = found | plain(compute.match_substring_regex(trimmed, rf"^{_NINES.pattern}$"))
    places = np.flatnonzero(found)
    places = places[np.argsort(-counts[places], kind="stable")][:_MOST]
    rows = int(counts.sum())
    return tuple(
        Suspect(label(values[at].as_py()), int(counts[at]), int(counts[at]) / rows, _why(trimmed[at].as_py()))
        for at in places.tolist()
    )


def suspected_numbers(spread: Spread, *, integral: bool) -> tuple[Suspect, ...]:
    """Find numbers such as -1 and 999 that stand apart from all others and occur more than once."""
    values = spread.values
    if len(values) < 3:
        return ()
    found = []
    for at, why in ((0, _why_lowest(values)), (len(values) - 1, _why_highest(values))):
        if why is not None and spread.counts[at] > 1:
            value = spread.shown(at, integral=integral)
            found.append(Suspect(value.label, value.count, value.share, why))
    return tuple(found)


def _why(text: str) -> str:
    if text == "":
        return "a blank"
    return "a number that stands for no value in many tables" if _NINES.fullmatch(text) else "a word for no value"


def _why_lowest(values: NDArray[np.generic]) -> str | None:
    lowest, following, highest = float(values[0]), float(values[1]), float(values[-1])
    if following >= 0 and (_is_nines(-lowest) or (lowest == -1 and highest >= 10)):
        return "the only negative number"
    others = max(abs(following), abs(highest))
    return "far below all others" if _is_nines(-lowest) and -lowest >= 2 * others else None


def _why_highest(values: NDArray[np.generic]) -> str | None:
    highest, others = float(values[-1]), max(abs(float(values[-2])), abs(float(values[0])))
    return "far above all others" if _is_nines(highest) and highest >= 2 * others and highest >= 99 else None


def _is_nines(value: float) -> bool:
    return value >= 9 and value.is_integer() and set(str(int(value))) == {"9"}
