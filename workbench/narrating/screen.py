"""What of an evidence may leave: counts, shares, means, scores and names of columns. Cells stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from workbench.advisors.failure_debugger.evidence import TRUNCATED
from workbench.narrating import figures, records, vocabulary

GROUP_LEAST = 5
"""Fewest rows that a mean may be of: that of fewer tells too much of each. A common rule of statistical offices."""

VALUE, NUMBER = "«value»", "«number»"

_NOTHING = object()
_CODE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,59}")
_RAISED = re.compile(r"[A-Z][A-Za-z]*(?:Error|Exception|Warning|Interrupt|Exit)")
_TOKEN = re.compile(r"(?<!\x03)\b\w+(?:[.\-/:@]\w+)*")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`|“[^”\n]*”|‘[^’\n]*’|«[^»\n]*»")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=(?:s|t|re|ll|ve)\b)")
_ENDING = re.compile(r"(?<=\w)['’](?:s|t|re|ll|ve)\b")
_PHRASE_MOST = 6
_STEM = 8


class Screen:
    """What may leave of one evidence.

    A name passes where it is a column's or made of the project's own words; a number where its name says that it is a
    count, a share, a mean, a score or the like, and not of a group of fewer than `GROUP_LEAST` rows; a text where it is
    a column's name, a term of the catalogue or a code word: the lists are in ``shown.toml``. Of sentences see `claim`
    and `foreign`. What is not known to be an aggregate stays.

    Only a field says what it holds. The keys of a mapping that is no record of the evidence's models may be names of
    columns, and a column may be called ``type`` or ``mean``: such a key says nothing of what stands by it.

    Parameters
    ----------
    columns
        Names of the table's columns.
    evidence, *others
        All that the sentences which shall be shown were made from; of the others no mapping is a record.
    """

    def __init__(self, columns: Iterable[str], evidence: Any, *others: Any) -> None:
        self._columns = frozenset(columns)
        self._texts: set[str] = set()
        self._cells: list[float] = []
        self._shown: list[float] = []
        self.withheld = 0
        self.evidence(evidence)
        for other in others:
            self.data(other)
        self.withheld = 0
        self._tokens = {token.lower() for text in self._texts for token in _TOKEN.findall(_ENDING.sub("", text))}
        self._phrases = sorted((text for text in self._texts if _is_phrase(text)), key=len, reverse=True)
        self._long = [text for text in self._texts if len(text) >= _STEM]
        self._cells += [number.value for text in self._texts for number in figures.stated(text)]

    def evidence(self, value: Any) -> Any:
        """Return what of an advisor's evidence may be shown; None where nothing may."""
        return self._shown_of(value, is_typed=True)

    def data(self, value: Any) -> Any:
        """Return what of other data may be shown, such as what a finding measured; None where nothing may."""
        return self._shown_of(value, is_typed=False)

    def claim(self, text: str) -> str:
        """Mask values in a sentence that was made from the evidence alone.

        Whatever of the evidence stays here is looked for in it: texts, also where they are cut short, and numbers, also
        rounded. What stands in quotes and is not known to be a name goes too.
        """
        kept, text = self._put_aside(text)
        for hidden in self._long:
            text = _without_stem(text, hidden)
        for phrase in self._phrases:
            if phrase.lower() not in vocabulary.listed("common"):
                text = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", VALUE, text, flags=re.IGNORECASE)
        text = _QUOTED.sub(lambda found: found.group() if VALUE in found.group() else f"'{VALUE}'", text)
        text = _TOKEN.sub(lambda found: self._token(found.group()), text)
        text = figures.replaced(text, lambda number: NUMBER if self._is_cell(number) else None)
        return _put_back(text, kept)

    def foreign(self, text: str) -> str:
        """Keep of a library's sentence only known words, names of columns and the kinds of errors.

        Numbers and everything in quotes are masked: in an error they are often a cell.
        """
        kept, text = self._put_aside(text)
        text = _QUOTED.sub(f"'{VALUE}'", text)
        text = _TOKEN.sub(lambda found: self._known(found.group()), text)
        return _put_back(re.sub(rf"(?:{VALUE}[^\w'«]*){{3,}}", f"{VALUE} ", text), kept)

    def is_known(self, name: str) -> bool:
        """Whether a name is a column's or a term of the catalogue."""
        return name in self._columns or name in vocabulary.terms_of_art()

    def _shown_of(self, value: Any, *, is_typed: bool) -> Any:
        found = self._value(value, "", in_small=False, is_typed=is_typed)
        return None if found is _NOTHING else found

    def _value(self, value: Any, name: str, *, in_small: bool, is_typed: bool) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, name, in_small=in_small)
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, Mapping):
            return self._mapping(value, name, in_small=in_small, is_typed=is_typed)
        if isinstance(value, Sequence):
            # A record has fields of its own: {"rows": [{"age": 41}]} holds a cell, {"rows": {"age": 41}} a count.
            found = [
                self._value(item, "" if isinstance(item, Mapping) else name, in_small=in_small, is_typed=is_typed)
                for item in value
            ]
            kept = [item for item in found if item is not _NOTHING]
            return kept if kept or not found else _NOTHING
        return self._withhold()

    def _number(self, value: float, name: str, *, in_small: bool) -> Any:
        if vocabulary.is_aggregate(name) and (not in_small or name in _COUNTS):
            self._shown.append(float(value))
            return value
        self._cells.append(float(value))
        return self._withhold()

    def _text(self, value: str, name: str) -> Any:
        if value in self._columns or value in vocabulary.terms_of_art() or not value:
            return value
        if name in vocabulary.listed("codes") and _CODE.fullmatch(value):
            return value
        self._texts.add(value)
        return self.foreign(value) if name in vocabulary.listed("sentences") else self._withhold()

    def _mapping(self, value: Mapping[str, Any], name: str, *, in_small: bool, is_typed: bool) -> Any:
        if name in vocabulary.listed("labelled"):
            self._texts.update(key for key in value if key not in self._columns)
            return self._value(list(value.values()), "shares", in_small=in_small, is_typed=False)
        is_record = is_typed and records.is_record(value)
        if is_record and value.get("kind") == TRUNCATED:
            # Of a log, how many lines are left out: a sentence of our own.
            return dict(value)
        fields = frozenset(value) if is_record else frozenset(value) - self._columns
        rows = value.get("rows", value.get("n"))
        is_group = isinstance(rows, int) and not isinstance(rows, bool)
        in_small = in_small or (is_group and rows < GROUP_LEAST)
        is_group = is_group and not in_small and not fields.isdisjoint(("rows", "n"))
        is_interval = not in_small and (
            vocabulary.listed("of_intervals").issuperset(value)
            or not vocabulary.listed("with_intervals").isdisjoint(fields)
        )
        found: dict[str, Any] = {}
        for at, (key, item) in enumerate(value.items(), 1):
            if key in fields and self._is_mean(key, item, is_group=is_group, is_interval=is_interval):
                self._shown.append(float(item))
                found[key] = item
                continue
            of = key if is_record else self._lent(key, name)
            inner = self._value(item, of, in_small=in_small, is_typed=is_typed and not records.is_open(key))
            is_shown = is_record or self.is_known(key) or vocabulary.is_field(key)
            if not is_shown:
                self._texts.add(key)
            if inner is not _NOTHING:
                found[key if is_shown else f"({at})"] = inner
        return found if found or not value else _NOTHING

    def _lent(self, key: str, name: str) -> str:
        """Say what stands by a key that may be data: by a column or a model it is of the kind that holds them all."""
        if key in self._columns:
            return name
        is_of_kind = bool(name) and key in vocabulary.terms_of_art() and not vocabulary.is_aggregate(key)
        return name if is_of_kind else key

    @staticmethod
    def _is_mean(key: str, item: Any, *, is_group: bool, is_interval: bool) -> bool:
        if isinstance(item, bool) or not isinstance(item, int | float):
            return False
        in_group = is_group and key in vocabulary.listed("of_groups")
        return in_group or (is_interval and key in vocabulary.listed("of_intervals"))

    def _withhold(self) -> Any:
        self.withheld += 1
        return _NOTHING

    def _is_cell(self, number: figures.Stated) -> bool:
        return number.is_among(self._cells) and not number.is_among(self._shown)

    def _token(self, token: str) -> str:
        """Mask a word that came from a text which stays here, unless sentences are made of it."""
        low = token.lower()
        if low not in self._tokens or low in vocabulary.words() or figures.is_number(token):
            return token
        return token if _RAISED.fullmatch(token) else VALUE

    def _known(self, token: str) -> str:
        if figures.is_number(token):
            return NUMBER
        if token.lower() in vocabulary.words() or _RAISED.fullmatch(token) or token in vocabulary.terms_of_art():
            return token
        return VALUE

    def _put_aside(self, text: str) -> tuple[list[str], str]:
        """Take names of columns and terms of the catalogue out of a sentence, so that nothing masks them."""
        kept: list[str] = []
        text = _APOSTROPHE.sub("\x03", text.replace("\x01", "").replace("\x02", "").replace("\x03", ""))

        def aside(found: re.Match[str]) -> str:
            kept.append(found.group())
            return f"\x01{_letters(len(kept) - 1)}\x02"

        names = sorted((name for name in self._columns | _long_terms() if name in text), key=len, reverse=True)
        for name in names:
            pattern = rf"(['\"`“‘«]?)(?<![\w\x01]){re.escape(name)}(?![\w\x02])(['\"`”’»]?)"
            text = re.sub(pattern, aside, text)
        return kept, text


def columns(*told: Any) -> frozenset[str]:
    """Find the names of columns in an evidence: by the names of the fields that hold them.

    What was measured is not looked into: a key there may be a column, and what stands by it a cell.

    Parameters
    ----------
    *told
        JSON-like values.
    """
    return frozenset(name for value in told for name in _columns(value, ""))


def _columns(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, str):
        if name in vocabulary.listed("columns"):
            yield value
    elif isinstance(value, Mapping):
        is_column = name in vocabulary.listed("columns") or value.get("of") in _OF_TABLE
        own = value.get("name")
        if is_column and isinstance(own, str):
            yield own
        elif name in vocabulary.listed("columns"):
            # Column → what is set for it, such as an order of its values.
            yield from value
            return
        for key, item in value.items():
            if key not in _LOOSE:
                yield from _columns(item, key)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _columns(item, name)


_OF_TABLE = ("input", "target")
"""Of what a shift of the drift analyst is where its name is a column's."""
_LOOSE = ("measured",)
_COUNTS = frozenset({"rows", "n", "count"})


def _is_phrase(text: str) -> bool:
    return bool(text.strip()) and len(text.split()) <= _PHRASE_MOST and not figures.is_number(text)


def _without_stem(text: str, hidden: str) -> str:
    """Mask a text in a sentence as far as it goes, so also where it is cut short."""
    if len(hidden.split()) > _PHRASE_MOST:
        return text
    low, stem = text.lower(), hidden.lower()[:_STEM]
    at = low.find(stem)
    while at >= 0:
        end = at
        while end < len(text) and end - at < len(hidden) and low[end] == hidden[end - at].lower():
            end += 1
        text = f"{text[:at]}{VALUE}{text[end:]}"
        low = text.lower()
        at = low.find(stem, at + len(VALUE))
    return text


def _long_terms() -> frozenset[str]:
    return frozenset(term for term in vocabulary.terms_of_art() if len(term) > 1)


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _put_back(text: str, kept: Sequence[str]) -> str:
    def back(found: re.Match[str]) -> str:
        at = int("".join(str(ord(letter) - ord("a")) for letter in found.group(1)))
        return kept[at]

    text = re.sub("\x01([a-j]+)\x02", back, text)
    return text.replace("\x03", "'")
