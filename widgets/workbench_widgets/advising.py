"""Ask advisors from any panel: what may be asked about what, a card for each, and which advice is looked at.

A consultation is a row of the store; what is held here is what is being asked at this moment, and what is looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workbench import Run, Workbench
from workbench.advisors.advice import TITLES, AdvisorName
from workbench.consulting.consultation import Consultation
from workbench.consulting.desks import DESKS, SubjectKind
from workbench.consulting.lines import ConsultationLine
from workbench.data.source import Source
from workbench.deployment import Deployment
from workbench.errors import BadRequest
from workbench.registry.pipeline import Pipeline
from workbench_widgets.choice import Choice

BESIDE = frozenset({"consult"})
"""Commands that may take longer than a moment."""
ASKING = "asking"
"""Status of what is being asked and not stored yet."""


@dataclass(frozen=True, slots=True)
class Words:
    """How panels speak of an advisor.

    Attributes
    ----------
    verb, again
        On the button, before and after there is an answer.
    about
        What it tells, in a few words.
    """

    verb: str
    again: str
    about: str


WORDS: Mapping[AdvisorName, Words] = {
    "dataset_analyst": Words("Analyse", "Re-analyse", "What is wrong with the table, and how to set a run on it up"),
    "experiment_designer": Words("Design", "Re-design", "A run that is ready to launch, from a goal in words"),
    "run_explainer": Words("Explain", "Re-explain", "What won, by how much, whether it matters, where it errs"),
    "failure_debugger": Words("Diagnose", "Re-diagnose", "Why it failed, and what would mend it"),
    "deployment_reviewer": Words("Review", "Re-review", "Whether it should be served"),
    "drift_analyst": Words("Check drift", "Re-check drift", "Whether what is asked now is like what was learned from"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One advisor on one thing."""

    advisor: AdvisorName
    kind: SubjectKind
    id: str


class Advising:
    """What panels over one desk ask advisors.

    Parameters
    ----------
    launching
        Answers the home, open in the project that new runs go into.
    watch
        Has a run watched.
    wish
        Has a request shown in the form; ``by`` says who proposes it.

    Attributes
    ----------
    kind
        What the review panel looks at: of the things that are chosen on the desk, the one of this kind.
    picked
        Id of the consultation that it shows; None: the newest of that thing.
    """

    def __init__(
        self,
        workbench: Workbench,
        launching: Callable[[], Workbench],
        watch: Callable[[Run], None],
        wish: Callable[..., Any],
    ) -> None:
        self._workbench = workbench
        self._launching = launching
        self._watch = watch
        self._wish = wish
        self.kind: Choice[SubjectKind] = Choice(None)
        self.picked: Choice[str] = Choice(None)
        self._lock = threading.Lock()
        self._asking: list[Question] = []
        self._known: Mapping[str, ConsultationLine] = {}

    def cards(self, asked: Sequence[Question], *, read_only: bool = False) -> list[dict[str, Any]]:
        """Return a card for each: what the newest consultation says, or that nobody was asked yet.

        Parameters
        ----------
        read_only
            Only those that say something.
        """
        told = self.lines(*dict.fromkeys(one.id for one in asked))
        cards = [self.card(one, told) for one in asked]
        return [card for card in cards if not read_only or card["id"]]

    def lines(self, *subject_ids: str) -> list[ConsultationLine]:
        """Return a line for each consultation on these things, newest first."""
        found = self._workbench.advisors.lines(*subject_ids, known=self._known)
        with self._lock:
            self._known = {**self._known, **{line.id: line for line in found}}
        return found

    def card(self, asked: Question, lines: Sequence[ConsultationLine]) -> dict[str, Any]:
        """Return the card of one advisor on one thing."""
        newest = next((line for line in lines if line.advisor == asked.advisor and line.subject_id == asked.id), None)
        words = WORDS[asked.advisor]
        card: dict[str, Any] = {
            "advisor": asked.advisor,
            "title": TITLES[asked.advisor],
            "kind": asked.kind,
            "subject": asked.id,
            "verb": words.verb if newest is None else words.again,
            "about": words.about,
            "id": None,
            "status": None,
        }
        if newest is not None:
            card |= newest.as_dict()
        return card | ({"status": ASKING} if self.is_asking(asked) else {})

    def is_asking(self, asked: Question) -> bool:
        """Whether it is being asked at this moment."""
        with self._lock:
            return asked in self._asking

    def commands(self, wake: Callable[[], None]) -> Mapping[str, Callable[..., Any]]:
        """Return what a panel lets its page ask for.

        Parameters
        ----------
        wake
            Has panels look anew.
        """

        def consult(advisor: AdvisorName, kind: SubjectKind, subject: str, **asked: Any) -> dict[str, Any]:
            with self.under_way(Question(advisor, kind, subject), wake):
                made = self._workbench.advisors.consult(advisor, self.found(kind, subject), wait=False, **asked)
            self.picked.set(made.id)
            return {"id": made.id}

        def open_advice(kind: SubjectKind, id: str) -> None:
            self.open(kind, id)
            wake()

        def apply(id: str) -> None:
            found = self._workbench.advisors.get(id)
            self._wish(_config(found), by=f"the {TITLES[found.advisor].lower()}")
            wake()

        def relaunch(id: str) -> dict[str, Any]:
            run = self._launching().runs.submit(**_config(self._workbench.advisors.get(id)))
            self._watch(run)
            wake()
            return {"id": run.id}

        return {"consult": consult, "open_advice": open_advice, "apply": apply, "relaunch": relaunch}

    def open(self, kind: SubjectKind, id: str | None) -> None:
        """Have a consultation shown; None: the newest on what of that kind is chosen on the desk."""
        self.picked.set(id)
        self.kind.set(kind)

    def found(self, kind: SubjectKind, id: str) -> Source | Run | Pipeline | Deployment:
        """Find what is asked about by its id.

        Raises
        ------
        NotFound
        """
        workbench = self._workbench
        finders: Mapping[SubjectKind, Callable[[str], Source | Run | Pipeline | Deployment]] = {
            "source": workbench.data.get,
            "run": workbench.runs.get,
            "pipeline": workbench.registry.get,
            "deployment": workbench.deployments.get,
        }
        return finders[kind](id)

    @contextmanager
    def under_way(self, asked: Question, wake: Callable[[], None]) -> Iterator[None]:
        """Have it known that something is being asked for as long as it is."""
        with self._lock:
            self._asking.append(asked)
        wake()
        try:
            yield
        finally:
            with self._lock:
                self._asking.remove(asked)
            wake()


def _config(found: Consultation) -> Mapping[str, Any]:
    """Return what an advice suggests to run.

    Raises
    ------
    BadRequest
        ``advice.invalid`` when it suggests nothing.
    """
    config = found.given.suggested_config
    if config is None:
        raise BadRequest("advice.invalid", "This advice comes with nothing to launch.", consultation_id=found.id)
    return config


def takes(advisor: AdvisorName) -> tuple[str, ...]:
    """Return what an advisor may be told, by name."""
    return DESKS[advisor].arguments
