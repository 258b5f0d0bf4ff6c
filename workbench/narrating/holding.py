"""Whether what a language model says holds against the findings that it names."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from workbench.advisors.advice import TONES, Advice, Finding
from workbench.narrating import figures, vocabulary
from workbench.narrating.narration import Line, Reason

_LINK = re.compile(r"\b(?:https?|ftp|file|data|javascript):|\bwww\.|\]\(", re.IGNORECASE)
_NAMED = re.compile(r"[^\W\d_]\w*\d\w*(?:[.\-]\w+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
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
    and where it gives no other verdict than the advice, and no address. Nothing is reckoned with: a sum or difference
    that no finding has is not founded. Signs are not looked at.

    Parameters
    ----------
    ids
        What a finding was called to the model → the finding.
    """

    def __init__(self, advice: Advice, ids: Mapping[str, Finding]) -> None:
        self._ids = ids
        self._config = tuple(figures.measured(advice.suggested_config))
        self._verdicts = _others(advice.verdict)
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
        if self._verdicts.search(text):
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


def _others(verdict: str) -> re.Pattern[str]:
    """Match the beginnings of all verdicts but the one that was given.

    In capitals; those that nobody writes without meaning a verdict in small letters too.
    """
    openings = {opening.rstrip(": ") for opening in TONES}
    given = max((opening for opening in openings if verdict.startswith(opening)), key=len, default="")
    patterns = []
    for opening in openings - {given}:
        pattern = rf"\b{re.escape(opening)}" + (r"\w*" if opening == "APPROVE" else r"\b")
        # A verdict that is the beginning of the one that was given must not be found in that.
        rest = given.removeprefix(opening) if given.startswith(opening) else ""
        pattern += rf"(?!{re.escape(rest)})" if rest else ""
        is_plain = " " in opening or opening == "APPROVE"
        patterns.append(rf"(?i:{pattern})" if is_plain else pattern)
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)))
