"""A complaint, named: by a pattern that is known, or by what kind of error it is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.advisors.failure_debugger import suspects
from workbench.advisors.failure_debugger.circumstances import holds, in_force, named_options
from workbench.advisors.failure_debugger.complaints import Complaint
from workbench.advisors.failure_debugger.evidence import FailureEvidence
from workbench.advisors.failure_debugger.lines import Line, frames, last_error, of_match
from workbench.advisors.failure_debugger.patterns import Category, Known, Pattern

_FACT = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a complaint comes from.

    Attributes
    ----------
    pattern
        None where its words are not known.
    told
        What the pattern's expression found, by name.
    columns
        Columns that may be at fault.
    """

    complaint: Complaint
    category: Category
    title: str
    cause: str
    recommendation: str
    line: Line
    pattern: Pattern | None = None
    told: Mapping[str, str] | None = None
    columns: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.pattern.id if self.pattern is not None else "unrecognised"


def diagnose(complaint: Complaint, evidence: FailureEvidence, known: Known) -> Diagnosis:
    """Name what a complaint comes from."""
    found = _search(complaint.text, evidence, known)
    if complaint.is_of_run and (found is None or found[0].is_generic):
        # Of a process that only died, the log may know more than whoever saw it die.
        for line in reversed(evidence.log):
            better = _search(line, evidence, known)
            if better is not None and not better[0].is_generic:
                return _named(complaint, evidence, *better, Line("log", line.strip()))
    if found is not None:
        return _named(complaint, evidence, *found, of_match(complaint, found[1].start(), evidence))
    return _unrecognised(complaint, evidence, known)


def _search(text: str, evidence: FailureEvidence, known: Known) -> tuple[Pattern, re.Match[str]] | None:
    for pattern in known.patterns:
        if pattern.tasks and evidence.task not in pattern.tasks:
            continue
        if pattern.option and not in_force(evidence, pattern.option):
            continue
        found = pattern.search(text)
        if found is not None and holds(pattern.when, evidence, text):
            return pattern, found
    return None


def _named(
    complaint: Complaint, evidence: FailureEvidence, pattern: Pattern, found: re.Match[str], line: Line
) -> Diagnosis:
    columns = suspects.find(pattern.suspects, evidence)
    told = {name: _plain(value) for name, value in found.groupdict().items() if value}
    facts: dict[str, Any] = {
        "who": complaint.who,
        "whom": _inside(complaint.who),
        "models": ", ".join(complaint.models),
        "target": evidence.target or "",
        "source": evidence.source_name,
        "rows": "" if evidence.rows is None else f"{evidence.rows:,}",
        "folds": evidence.folds,
        "suspects": _quoted(columns),
    }
    named = named_options(evidence, complaint.text)
    known = facts | told | ({"option": named[0]} if named else {})
    cause = _filled(pattern.cause, known)
    if columns and columns != (evidence.target,) and "{suspects}" not in pattern.cause:
        cause += f" Look at {_quoted(columns)}."
    recommendation = pattern.recommendation.format_map({"package": known.get("package") or "PACKAGE"})
    return Diagnosis(complaint, pattern.category, pattern.title, cause, recommendation, line, pattern, told, columns)


def _plain(value: str) -> str:
    """Take quotes and the brackets around single words off what an error tells."""
    return re.sub(r"\((\w+)\)", r"\1", value.strip().strip("'\""))


def _inside(who: str) -> str:
    """Name what failed inside a sentence; names of models stay as they are."""
    return who[0].lower() + who[1:] if who.startswith(("The ", "Set-up", "Fold ")) else who


def _unrecognised(complaint: Complaint, evidence: FailureEvidence, known: Known) -> Diagnosis:
    """Say what is most likely at fault where nobody has met these words: nothing more is claimed."""
    at = frames(evidence.log) if complaint.is_of_run else ()
    line = of_match(complaint, 0, evidence) if complaint.text else last_error(evidence)
    category = _likely(complaint, at[-1].file if at else "", known)
    kind = complaint.kind or "an error"
    where = f" It was raised in {at[-1].words}." if at else ""
    what = {"DATA": "the table", "CONFIG": "what was asked for", "ENGINE": "a library or the machine"}[category]
    return Diagnosis(
        complaint,
        category,
        f"an error that is not known ({kind})",
        f"The cause was not recognised: {complaint.who} ended with {kind}. By its kind and words {what} is most likely "
        f"at fault.{where}",
        "Read the line that matters, and what the log says before it; search for its words in the library's issues.",
        line,
        columns=_mentioned(complaint.text, evidence),
    )


def _likely(complaint: Complaint, file: str, known: Known) -> Category:
    by_words = Counter({name: len(expression.findall(complaint.text)) for name, expression in known.words.items()})
    by_class = known.exceptions.get(complaint.kind)
    if by_class == "ENGINE" and complaint.kind not in ("RuntimeError", "AttributeError", "AssertionError"):
        return "ENGINE"
    best, count = by_words.most_common(1)[0]
    is_clear = count > 0 and list(by_words.values()).count(count) == 1
    if is_clear:
        return best
    if by_class is not None:
        return by_class
    return "ENGINE" if "/workbench/" in file or not complaint.kind else "DATA"


def _mentioned(text: str, evidence: FailureEvidence) -> tuple[str, ...]:
    names = [column.name for column in evidence.columns if re.search(rf"['\"\[]{re.escape(column.name)}['\"\]]", text)]
    return tuple(names)


def _quoted(columns: tuple[str, ...], *, most: int = 3) -> str:
    more = f" and {len(columns) - most} more" if len(columns) > most else ""
    return ", ".join(f'"{name}"' for name in columns[:most]) + more


def _filled(template: str, facts: Mapping[str, Any]) -> str:
    """Fill a sentence in; what stands in brackets goes where a fact in it is not known."""

    def kept(found: re.Match[str]) -> str:
        return found[1] if all(facts.get(name) for name in _FACT.findall(found[1])) else ""

    text = re.sub(r"\[([^\[\]]*)\]", kept, template).format_map(defaultdict(str, facts))
    return text[:1].upper() + text[1:]
