"""What went wrong, complaint by complaint: the error of the run, folds that were lost, models that failed alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.advisors.failure_debugger.evidence import FailureEvidence, ModelFailure
from workbench.catalogue import TASKS

Where = Literal["error", "leaderboard", "event", "log"]
LONGEST = 4000
"""Characters of an error that are looked at: its first and its last ones, half of each."""

_ALIKE = 160
"""Characters by which reasons are told apart."""

_WRAPPERS = (
    re.compile(r"^\d+ of \d+ folds failed: "),
    re.compile(r"^(?:BadRequest|experiment\.failed): (?=Set-up failed: )"),
    re.compile(r"^Set-up failed: "),
    re.compile(r"^(?P<fold>Fold \d+|The table) could not be prepared: "),
)
_UNFITTED = re.compile(r"(?:^|(?<=\. ))(?P<name>[^.:]+?) could not be fitted in the end: ")
_ABSENT = re.compile(r"\b(\w+) is not installed where training runs")
_NO_MODEL = "NoModel: "


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that went wrong.

    Attributes
    ----------
    text
        What is told of it, without the words that Workbench puts before it.
    who
        What failed, to begin a sentence with.
    failures
        Models that it cost.
    is_of_run
        Whether the run itself ended by it.
    absent
        Models that were asked for and are not installed, as it says.
    """

    text: str
    who: str
    where: Where
    failures: tuple[ModelFailure, ...] = ()
    is_of_run: bool = False
    absent: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Ids in PyCaret's library of the models that it cost, trials and ensembles under that of their first model."""
        failed = (failure.model.split(":")[0] for failure in self.failures)
        return tuple(dict.fromkeys((*failed, *self.absent)))

    @property
    def kind(self) -> str:
        """Class of the error; empty where the text does not begin with one."""
        found = re.match(r"(?:[\w.]+\.)?([A-Z]\w+)\b(?=:|$)", self.text)
        return found[1] if found else ""


def gather(evidence: FailureEvidence) -> tuple[Complaint, ...]:
    """Tell complaints apart, the one first that explains most."""
    of_models = sorted(_of_models(evidence), key=lambda complaint: -len(complaint.failures))
    error = evidence.error if evidence.status == "failed" else None
    if error is None or error.startswith(_NO_MODEL):
        # The board says why no model was left.
        return tuple(of_models) or ((_of_run(error, evidence),) if error else ())
    return (_of_run(error, evidence), *of_models)


def _of_run(error: str, evidence: FailureEvidence) -> Complaint:
    text, who = unwrapped(error.removeprefix(_NO_MODEL))
    is_set_up = "Set-up failed: " in error[:60]
    absent = tuple(dict.fromkeys(_ABSENT.findall(text)))
    names = [TASKS[evidence.task].model(model) for model in absent]
    told = " and ".join(model.name for model in names if model is not None)
    who = "Set-up" if is_set_up else who or told or "The run"
    return Complaint(bounded(text), who, "error", is_of_run=True, absent=absent)


def _of_models(evidence: FailureEvidence) -> Iterator[Complaint]:
    alike: dict[tuple[str, str], list[ModelFailure]] = {}
    for failure in evidence.failures:
        text, fold = unwrapped(failure.reason)
        alike.setdefault((_shape(text, failure), fold), []).append(failure)
    for (_, fold), failures in alike.items():
        text, _ = unwrapped(failures[0].reason)
        is_all = evidence.status == "failed" and len(failures) >= len(evidence.field or failures)
        yield Complaint(bounded(text), fold or named(failures), "leaderboard", tuple(failures), is_of_run=is_all)


def _shape(text: str, failure: ModelFailure) -> str:
    """Words of a reason without what differs from model to model."""
    own = rf"\b(?:{re.escape(failure.model)}|{re.escape(failure.name)})\b"
    return re.sub(r"\d[\d.]*", "#", re.sub(own, "", text))[:_ALIKE]


def unwrapped(text: str) -> tuple[str, str]:
    """Take off the words that Workbench puts before an error; return the fold too that they name, or nothing."""
    fold = ""
    for wrapper in (*_WRAPPERS, *_WRAPPERS):
        found = wrapper.match(text)
        if found:
            fold = found.groupdict().get("fold") or fold
            text = text[found.end() :]
    found = _UNFITTED.match(text)
    return (text[found.end() :] if found else text), fold


def bounded(text: str) -> str:
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]}\n…\n{text[-half:]}"


def named(failures: Sequence[ModelFailure]) -> str:
    """Name models to begin a sentence with."""
    names = [failure.name for failure in failures]
    if len(names) > 3:
        return f"{names[0]} and {len(names) - 1} other models"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
