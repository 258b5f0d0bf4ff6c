"""Columns that a goal names, in whatever words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from workbench.advisors.experiment_designer.words import Word, vocabulary
from workbench.advisors.names import parts_of, stems
from workbench.advisors.table import Column, Table
from workbench.advisors.thresholds import Thresholds

AS_IT_IS, WORD_BY_WORD, SAME_MEANING, IN_PART, BY_VALUE, NEARLY = range(6)
_HOW = (
    "'{}' is named",
    "'{}' is named",
    "'{}' means the same",
    "'{}' is a part of its name",
    "'{}' is one of its values",
    "'{}' is nearly its name",
)
_QUOTED = re.compile(r"[\"'`“”‘’]([^\"'`“”‘’\n]{1,80})[\"'`“”‘’]|\b([^\W_]+(?:_[^\W_]+)+)\b")


@dataclass(frozen=True, slots=True)
class Mention:
    """A column, named by the words from `start` up to `stop`, which is not one of them.

    Attributes
    ----------
    tier
        How it is named; the less, the surer.
    share
        Of the words of its name, those that the goal has in some form.
    """

    column: str
    tier: int
    start: int
    stop: int
    said: str
    share: float = 1.0

    @property
    def how(self) -> str:
        """What speaks for it, as a clause."""
        return _HOW[self.tier].format(self.said)


def mentions(goal: str, words: Sequence[Word], table: Table, thresholds: Thresholds) -> tuple[Mention, ...]:
    """Find the columns that a goal names, each as surely as it is named, the surest first."""
    found = []
    for column in table.columns:
        best = min(_found(goal, words, column, thresholds), key=_surest, default=None)
        if best is not None:
            found.append(best)
    return tuple(sorted(found, key=_surest))


def _surest(mention: Mention) -> tuple[int, float, int]:
    return mention.tier, -mention.share, mention.start


def named_but_absent(goal: str, table: Table) -> tuple[str, ...]:
    """Return what a goal names as a column, in quotes or with underscores, and the table does not have."""
    known = {_plain(column.name) for column in table.columns}
    values = {_plain(value) for column in table.columns for value, _ in column.top}
    told = [quoted or joined for quoted, joined in _QUOTED.findall(goal)]
    return tuple(dict.fromkeys(name for name in told if _plain(name) and _plain(name) not in known | values))


def _plain(name: str) -> str:
    return "".join(stems(parts_of(name)))


def _found(goal: str, words: Sequence[Word], column: Column, thresholds: Thresholds) -> Iterator[Mention]:
    yield from _as_it_is(goal, words, column)
    own = stems(parts_of(column.name))
    telling = [stem for stem in own if stem not in _fillers()] or list(own)
    if telling:
        yield from _by_words(words, column, telling, int(thresholds["designer.abbreviation"]))
        yield from _nearly(words, column, telling, thresholds)
    yield from _values(words, column, thresholds)


def _by_words(words: Sequence[Word], column: Column, telling: Sequence[str], letters: int) -> Iterator[Mention]:
    """Find the words of a name, each as it is, cut short as in ``arr_delay``, or by a word that means the same."""
    said = [(part, start, size) for size in (1, 2) for start, part in enumerate(_joined(words, size))]
    at = {
        stem: [start for part, start, size in said if size == 1 and _is_short(part, stem, letters)] for stem in telling
    }
    meant = {stem: [(start, size) for part, start, size in said if _mean_same(part, stem)] for stem in telling}
    share = sum(bool(at[stem] or meant[stem]) for stem in telling) / len(telling)
    for start in at[telling[0]] if len(telling) == 1 else sorted({place for places in at.values() for place in places}):
        window = range(start, start + len(telling) + 1)
        inside = {stem: [place for place in at[stem] if place in window] for stem in telling}
        matched = [stem for stem in telling if inside[stem]]
        stop = max(place for places in inside.values() for place in places) + 1
        if len(matched) == len(telling):
            yield _mention(column, WORD_BY_WORD, words, start, stop)
        elif telling[-1] in matched or len(matched) > 1:
            # The last word of a name says what it is, the first ones of what.
            yield _mention(column, IN_PART, words, start, stop, share)
        elif len(matched[0]) >= letters:
            yield _mention(column, NEARLY, words, start, stop, share)
    for stem in {telling[0], telling[-1]}:
        for start, size in meant[stem]:
            yield _mention(column, SAME_MEANING, words, start, start + size, share)


def _joined(words: Sequence[Word], size: int) -> list[str]:
    return [" ".join(word.stem for word in words[start : start + size]) for start in range(len(words) - size + 1)]


def _is_short(said: str, stem: str, letters: int) -> bool:
    """Whether a word of a name is one that was said, or its beginning."""
    return said == stem or (len(stem) >= letters and said.startswith(stem) and stem not in _nothing())


def _mean_same(said: str, stem: str) -> bool:
    return said != stem and any(stem in group for group in _synonyms().get(said, ()))


def _as_it_is(goal: str, words: Sequence[Word], column: Column) -> Iterator[Mention]:
    at = re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", goal, re.IGNORECASE)
    if at is None or (len(column.name) < 2 and at.group() != column.name):
        return
    wanted = parts_of(column.name) or (column.name,)
    texts = [word.text for word in words]
    for start in range(len(texts)):
        if tuple(texts[start : start + len(wanted)]) == wanted:
            yield Mention(column.name, AS_IT_IS, start, start + len(wanted), at.group())


def _values(words: Sequence[Word], column: Column, thresholds: Thresholds) -> Iterator[Mention]:
    if column.kind != "text":
        return
    for value, _ in column.top:
        wanted = stems(parts_of(value))
        # A short value, such as yes or no, stands in any sentence.
        if not wanted or len("".join(wanted)) < thresholds["designer.value_characters"] or set(wanted) <= _nothing():
            continue
        for start in range(len(words)):
            if tuple(word.stem for word in words[start : start + len(wanted)]) == wanted:
                yield _mention(column, BY_VALUE, words, start, start + len(wanted))


def _nearly(
    words: Sequence[Word], column: Column, telling: Collection[str], thresholds: Thresholds
) -> Iterator[Mention]:
    name = "".join(telling)
    for start in range(len(words)):
        for size in (1, 2):
            said = "".join(word.stem for word in words[start : start + size])
            if len(said) < thresholds["designer.value_characters"] or words[start].stem in _nothing():
                continue
            # Whoever mistypes a word seldom mistypes how it begins.
            is_near = said[0] == name[0] and difflib.SequenceMatcher(None, said, name).ratio()
            if is_near >= thresholds["designer.close_match"]:
                yield _mention(column, NEARLY, words, start, start + size)


def _mention(column: Column, tier: int, words: Sequence[Word], start: int, stop: int, share: float = 1.0) -> Mention:
    return Mention(column.name, tier, start, stop, " ".join(word.text for word in words[start:stop]), share)


@cache
def _fillers() -> frozenset[str]:
    return frozenset(stems(vocabulary()["fillers"]["words"]))


@cache
def _nothing() -> frozenset[str]:
    return frozenset(stems(vocabulary()["nothing"]["words"]))


def is_nothing(word: Word) -> bool:
    """Whether a word names nothing that a table could have."""
    return word.stem in _nothing() or word.text[:1].isdecimal()


@cache
def _synonyms() -> dict[str, tuple[frozenset[str], ...]]:
    """Return the groups of words that a stem, or two of them, stands in."""
    found: dict[str, tuple[frozenset[str], ...]] = {}
    for group in vocabulary()["synonyms"]["groups"]:
        meant = frozenset(" ".join(stems(each.split())) for each in group)
        for each in meant:
            found[each] = (*found.get(each, ()), meant)
    return found
