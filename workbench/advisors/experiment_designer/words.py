"""The vocabulary by which goals are understood, and the words of a goal."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.advisors.names import parts_of, stems

_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d]+(?:_[^\W]+|\d+)*|[%.;?!,:()\n]")
_NOT = re.compile(r"n['’]t\b|\bcannot\b", re.IGNORECASE)
_SENTENCE, _PART = ".;?!\n", ",:()"
_BETWEEN, _NUMBER, _UNIT = "…", "#", "%unit"
_LONGEST = 40
"""Letters of a word that are read: no word of any language that is read here has more."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a goal.

    Attributes
    ----------
    stem
        Without its ending.
    sentence, part
        Numbers of the sentence that it stands in, and of the part of one between commas and the like.
    """

    text: str
    stem: str
    sentence: int
    part: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of the vocabulary in a goal: its words are those from `start` up to `stop`, which is not one of them."""

    phrase: str
    start: int
    stop: int


@cache
def vocabulary() -> Mapping[str, Any]:
    """Return the words that goals are understood by."""
    return MappingProxyType(tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")))


def words_of(goal: str, most: int) -> tuple[tuple[Word, ...], bool]:
    """Split a goal into its words.

    Parameters
    ----------
    most
        Words that are read.

    Returns
    -------
    tuple
        The words, and whether there were more of them.
    """
    told = _NOT.sub(" not", unicodedata.normalize("NFKC", goal[: most * _LONGEST]))
    parting = set(vocabulary()["parting"]["words"])
    found: list[tuple[str, int, int]] = []
    sentence = part = 0
    for token in _TOKEN.findall(told):
        if token in _SENTENCE or token in _PART:
            sentence, part = sentence + (token in _SENTENCE), part + 1
            continue
        for word in parts_of(token[:_LONGEST]) or (token,):
            part += word in parting
            found.append((word, sentence, part))
        if len(found) > most:
            break
    stemmed = stems([word for word, _, _ in found])
    words = tuple(Word(word, stem, *place) for (word, *place), stem in zip(found, stemmed, strict=True))
    return words[:most], len(words) > most


def find(words: Sequence[Word], phrases: Sequence[str], between: int) -> Iterator[Hit]:
    """Find phrases in a goal, one after the other.

    Parameters
    ----------
    between
        Words that "…" may stand for.
    """
    for phrase in phrases:
        wanted = _stemmed(phrase)
        for start in range(len(words)):
            stop = _matched(words, start, wanted, between)
            if stop is not None:
                yield Hit(phrase, start, stop)


def number_of(word: str) -> float | None:
    """Read a number in figures or in letters; None: it is none."""
    if word[:1].isdecimal():
        try:
            return float(word.replace(",", "."))
        except ValueError:
            return None
    number = vocabulary()["numbers"].get(word)
    return None if number is None else float(number)


def unit_of(stem: str) -> str | None:
    """Return the unit of time that a stem names."""
    return _units().get(stem)


@cache
def _units() -> Mapping[str, str]:
    names = list(vocabulary()["units"])
    return MappingProxyType(dict(zip(stems(names), names, strict=True)))


@cache
def _stemmed(phrase: str) -> tuple[str, ...]:
    words = phrase.split()
    kept = {_BETWEEN, _NUMBER, _UNIT, "%"}
    return tuple(word if word in kept else stem for word, stem in zip(words, stems(words), strict=True))


def _matched(words: Sequence[Word], at: int, wanted: Sequence[str], between: int) -> int | None:
    """Return where the wanted words end that begin at a place; None where they do not stand there."""
    if not wanted:
        return at
    if wanted[0] == _BETWEEN:
        places = range(at, min(at + between, len(words)) + 1)
        return next((stop for place in places if (stop := _matched(words, place, wanted[1:], between))), None)
    if at >= len(words) or not _is(words[at], wanted[0]):
        return None
    return _matched(words, at + 1, wanted[1:], between)


def _is(word: Word, wanted: str) -> bool:
    if wanted == _NUMBER:
        return number_of(word.text) is not None
    return unit_of(word.stem) is not None if wanted == _UNIT else word.stem == wanted
