"""Whether what a language model says holds against the findings that it names."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from workbench.advisors.advice import VERDICTS, Advice, AdvisorName, Finding
from workbench.narrating import figures, vocabulary
from workbench.narrating.narration import Line, Reason

_LINK = re.compile(r"\b(?:https?|ftp|file|data|javascript):|\bwww\.|\]\(", re.IGNORECASE)
_NAMED = re.compile(r"[^\W\d_]\w*\d\w*(?:[.\-]\w+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BETWEEN = r"(?:\s+(?!(?:not|no|never|without)\b)[\w'’-]+){0,4}?\s+"
LONGEST = 1_000
"""Longest line that is kept, in characters; what follows is cut."""


class Said(Protocol):
    """A line as a language model gives it."""

    text: str
    findings: list[str]


class Holding:
    """What holds of the lines of one answer, and how many do not, by reason.

    A line holds where it names findings, all of which there are; where every number in it, in digits or spelled, is one
    of theirs: in their measures, their claim or their recommendation, rounded as far as it is written or in percent;
    and where it gives no other of its advisor's verdicts than the advice, and no address. Nothing is reckoned with: a
    sum or difference that no finding has is not founded. Signs are not looked at.

    Parameters
    ----------
    ids
        What a finding was called to the model → the finding.
    """

    def __init__(self, advice: Advice, advisor: AdvisorName, ids: Mapping[str, Finding]) -> None:
        self._ids = ids
        self._config = tuple(figures.measured(advice.suggested_config))
        self._verdicts = _Verdicts(advisor, advice.verdict)
        self.dropped: Counter[Reason] = Counter()

    def statements(self, said: Sequence[Said]) -> tuple[Line, ...]:
        """Keep the statements that hold."""
        return self._kept(said, is_proposal=False)

    def suggestions(self, said: Sequence[Said]) -> tuple[Line, ...]:
        """Keep the suggestions that hold. They may propose whole numbers, and numbers that the advice proposes."""
        return self._kept(said, is_proposal=True)

    def _kept(self, said: Sequence[Said], *, is_proposal: bool) -> tuple[Line, ...]:
        lines = []
        for line in said:
            text = " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", line.text)).split())[:LONGEST]
            if not text:
                continue
            cited = [self._ids[name] for name in dict.fromkeys(line.findings) if name in self._ids]
            reason = self._reason(text, line.findings, cited, is_proposal=is_proposal)
            if reason is None:
                lines.append(Line(text=text, findings=tuple(dict.fromkeys(finding.id for finding in cited))))
            else:
                self.dropped[reason] += 1
        return tuple(lines)

    def _reason(self, text: str, named: Sequence[str], cited: Sequence[Finding], *, is_proposal: bool) -> Reason | None:
        if not named:
            return "no_finding"
        if not all(name in self._ids for name in named):
            return "unknown_finding"
        if self._verdicts.is_other_in(text):
            return "other_verdict"
        if _LINK.search(text):
            return "link"
        return None if self._is_founded(text, cited, is_proposal=is_proposal) else "unfounded_number"

    def _is_founded(self, text: str, cited: Sequence[Finding], *, is_proposal: bool) -> bool:
        known = {float(len(cited))}
        for finding in cited:
            known.update(_numbers(finding))
        if is_proposal:
            known.update(self._config)
        stated = figures.stated(_without_names(text, cited))
        return all(number.is_among(known) or (is_proposal and number.is_whole) for number in stated)


def _numbers(finding: Finding) -> set[float]:
    evidence = finding.evidence
    told = {*figures.in_text(evidence.claim), *figures.in_text(finding.recommendation)}
    return told | {*figures.measured(evidence.measured), float(len(evidence.columns))}


def _without_names(text: str, cited: Sequence[Finding]) -> str:
    """Leave out names that have digits in them, such as a column's or a metric's: those of the findings alone."""
    names = {term for term in vocabulary.terms_of_art() if not term.isalpha()}
    for finding in cited:
        evidence = finding.evidence
        names.update((*evidence.columns, finding.id, *evidence.measured))
        names.update(_NAMED.findall(evidence.claim))
    for name in sorted((name for name in names if not figures.is_number(name)), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text)
    return text


class _Verdicts:
    """The verdicts of one advisor, as a text may give them.

    In capitals; those that nobody writes without meaning a verdict in small letters too. Where one goes on from
    another, such as ``APPROVE WITH CAVEATS``, a few words may stand in between: "it approves this with caveats".
    """

    def __init__(self, advisor: AdvisorName, verdict: str) -> None:
        openings = sorted((opening.rstrip(": ") for opening in VERDICTS[advisor]), key=len, reverse=True)
        self._given = next((opening for opening in openings if verdict.startswith(opening)), "")
        self._patterns = [(opening, re.compile(_pattern(opening, openings))) for opening in openings]

    def is_other_in(self, text: str) -> bool:
        at = 0
        while found := min(self._found(text, at), key=lambda each: each[:2], default=None):
            _, _, opening, at = found
            if opening != self._given:
                return True
        return False

    def _found(self, text: str, begin: int) -> Iterator[tuple[int, int, str, int]]:
        """Yield where each is found next, the longer of two in the same place first."""
        for rank, (opening, pattern) in enumerate(self._patterns):
            found = pattern.search(text, begin)
            if found:
                yield found.start(), rank, opening, found.end()


def _pattern(opening: str, openings: Sequence[str]) -> str:
    first = next((other for other in openings if opening.startswith(f"{other} ")), opening)
    # A sentence says "approves" and "approved" too.
    pattern = rf"\b{re.escape(first)}" + (r"\w*" if first == "APPROVE" else r"\b")
    if first != opening:
        pattern += _BETWEEN + re.escape(opening.removeprefix(first).strip()) + r"\b"
    return f"(?i:{pattern})" if " " in opening or first == "APPROVE" else pattern
