"""Words in names and sentences, brought to a common form: ``is_churned``, ``CustomerChurn`` and "who churns"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import snowballstemmer  # type: ignore[import-untyped]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")


def parts_of(name: str) -> tuple[str, ...]:
    """Split a column's name into words, at what is no letter or digit, and where upper case begins.

    >>> parts_of("SalePrice_EUR")
    ('sale', 'price', 'eur')
    """
    return tuple(word.casefold() for word in _WORD.findall(_CAMEL.sub(" ", unicodedata.normalize("NFKC", name))))


def stems(words: Iterable[str]) -> tuple[str, ...]:
    """Return what is left of English words without their endings (Porter, Snowball, 2001).

    >>> stems(["churned", "churning", "prices"])
    ('churn', 'churn', 'price')
    """
    # One each: a stemmer holds the word that it is about, and advisors are asked from several threads.
    return tuple(snowballstemmer.stemmer("english").stemWords([word.casefold() for word in words]))
