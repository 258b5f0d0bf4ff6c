"""Numbers that a text states, and whether what was measured has them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(
    r"(?P<digits>\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<exponent>[eE][+-]?\d+)?"
    r"(?P<unit>\s?(?:%|‰|percent\b|per cent\b|percentage points?\b|k\b|thousand\b|million\b|billion\b))?",
)
_SCALE = {"k": 3, "thousand": 3, "million": 6, "billion": 9}
_SPELLED = {
    word: float(value)
    for value, word in enumerate(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 2
    )
} | {"twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "hundred": 100.0, "half": 0.5, "quarter": 0.25}
_SPELLED |= {"twice": 2.0, "double": 2.0, "triple": 3.0, "dozen": 12.0, "thousand": 1000.0, "million": 1e6}
_WORDS = re.compile(rf"\b(?:{'|'.join(_SPELLED)})\b", re.IGNORECASE)

_RELATIVE_MOST = 0.1
"""How far a rounded number may be from what was measured, as a share of it: 2.8 may be told as 3, 0.51 not as 1."""
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Stated:
    """A number as a text states it, its sign left out.

    Attributes
    ----------
    unit
        What one is in its last digit that counts: 0.01 of 0.87, 100 of 45,200.
    is_percent
        Whether it is told in percent, so that a share of a hundredth may be meant.
    is_whole
        Whether it is written without decimals, and not in percent.
    """

    value: float
    unit: float
    is_percent: bool = False
    is_whole: bool = True

    def is_(self, measured: float) -> bool:
        """Whether it is what was measured, rounded as far as it is written, or that in percent."""
        found = abs(measured)
        return self._is_rounded(found) or (self.is_percent and self._is_rounded(found * 100))

    def is_among(self, measured: Iterable[float]) -> bool:
        return any(self.is_(value) for value in measured)

    def _is_rounded(self, measured: float) -> bool:
        off = abs(self.value - measured)
        if off <= _EPSILON * max(1.0, measured):
            return True
        return off <= self.unit / 2 + _EPSILON * measured and off <= _RELATIVE_MOST * measured


def stated(text: str) -> Iterator[Stated]:
    """Yield all numbers of a text, spelled ones too; 1 as a word is none.

    >>> [number.value for number in stated("AUC 0.87 on 45,211 rows, 12 % of them twice")]
    [0.87, 45211.0, 12.0, 2.0]
    """
    text = unicodedata.normalize("NFKC", text)
    spans: list[tuple[int, int]] = []
    for found in _NUMBER.finditer(text):
        spans.append(found.span())
        yield _of(found)
    for word in _WORDS.finditer(text):
        if not any(begin <= word.start() < end for begin, end in spans):
            yield Stated(_SPELLED[word.group().lower()], 0.0)


def replaced(text: str, by: Callable[[Stated], str | None]) -> str:
    """Replace numbers of a text, those written in digits; None leaves one as it is."""
    return _NUMBER.sub(lambda found: by(_of(found)) or found.group(), text)


def is_number(token: str) -> bool:
    return bool(_NUMBER.fullmatch(unicodedata.normalize("NFKC", token)))


def measured(value: Any) -> Iterator[float]:
    """Yield all numbers of a JSON-like value: those in its texts too, and how many items its lists have."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, str):
        yield from in_text(value)
    elif isinstance(value, Mapping):
        yield float(len(value))
        for item in value.values():
            yield from measured(item)
    elif isinstance(value, Sequence):
        yield float(len(value))
        for item in value:
            yield from measured(item)


def in_text(text: str) -> Iterator[float]:
    """Yield what numbers of a text may stand for: one in percent for a share too."""
    for number in stated(text):
        yield number.value
        if number.is_percent:
            yield number.value / 100


def _of(found: re.Match[str]) -> Stated:
    digits = re.sub(r"[,\u00a0\u202f ]", "", found["digits"])
    unit = (found["unit"] or "").strip().lower()
    power = int(found["exponent"][1:]) if found["exponent"] else 0
    # An absurd exponent is a number that nothing measured, not an overflow.
    power = max(-300, min(300, power)) + _SCALE.get(unit, 0)
    decimals = len(digits.partition(".")[2])
    value = float(f"{digits}e{power}")
    is_percent = unit.startswith(("%", "per"))
    if unit == "‰":
        value, is_percent, decimals = value / 10, True, decimals + 1
    is_whole = decimals == 0 and not is_percent and power == 0
    return Stated(value, 10.0 ** (power - decimals) * _round_zeros(digits, decimals), is_percent, is_whole)


def _round_zeros(digits: str, decimals: int) -> float:
    """Return by how much the zeros at the end of a whole number make its last digit that counts larger.

    Two digits must be left that count, or 1,000 would stand for anything from 500 to 1,500.
    """
    whole = digits.lstrip("0")
    zeros = len(whole) - len(whole.rstrip("0"))
    return 1.0 if decimals else 10.0 ** max(0, min(zeros, len(whole) - 2))
