"""The line that matters: of an error, of the leaderboard, or of what the process wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.advisors.failure_debugger.complaints import Complaint, Where
from workbench.advisors.failure_debugger.evidence import FailureEvidence

LONGEST = 400
"""Characters of a line that are shown."""
WHERE: dict[Where, str] = {
    "error": "the run's error",
    "leaderboard": "the leaderboard",
    "event": "the event log",
    "log": "the process's log",
}

_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>.+?)\s*$')
_ERROR = re.compile(r"^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit|Fault|Gone|Conflict)\b(?::|$)")
_WORSE = re.compile(r"\b(?:fatal|killed|segmentation fault|core dumped|error)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and where it stands."""

    where: Where
    text: str

    @property
    def shown(self) -> str:
        return self.text if len(self.text) <= LONGEST else f"{self.text[: LONGEST - 1]}…"


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a traceback."""

    file: str
    line: int
    function: str

    @property
    def words(self) -> str:
        short = re.sub(r"^.*/(?:site-packages|dist-packages|lib/python[\d.]+)/", "", self.file)
        short = re.sub(r"^.*/(?=workbench/)", "", short)
        return f"{short}, line {self.line}, in {self.function}"


def of_match(complaint: Complaint, place: int, evidence: FailureEvidence) -> Line:
    """Return the line of a complaint at a place in its text; the next one that says anything where that is empty."""
    text = complaint.text
    start = text.rfind("\n", 0, place) + 1
    told = next((line.strip() for line in text[start:].splitlines() if line.strip()), "")
    return Line(complaint.where, told) if told else last_error(evidence)


def last_error(evidence: FailureEvidence) -> Line:
    """Return the last line of the log that tells of an error, else the last event, else the last line of all."""
    for sought in (_ERROR, _WORSE):
        for line in reversed(evidence.log):
            if sought.search(line.strip()):
                return Line("log", line.strip())
    for event in reversed(evidence.events):
        if event.kind.endswith((".failed", ".timed_out", ".requeued")):
            return Line("event", event.message)
    return Line("log", next((line.strip() for line in reversed(evidence.log) if line.strip()), ""))


def frames(log: Sequence[str]) -> tuple[Frame, ...]:
    """Return the places of the last traceback that a log holds, the innermost last."""
    found: list[Frame] = []
    for line in log:
        if line.startswith("Traceback (most recent call last)"):
            found.clear()
        elif at := _FRAME.match(line):
            found.append(Frame(at["file"], int(at["line"]), at["function"]))
    return tuple(found)
