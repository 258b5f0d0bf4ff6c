"""A consultation as it stands: a frozen copy of its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType

from sqlalchemy import Row

from workbench.advisors.advice import TITLES, Advice, AdvisorName, Finding, Tone
from workbench.consulting import markdown
from workbench.consulting.desks import SubjectKind
from workbench.decoding import rebuilt
from workbench.errors import Conflict, WorkbenchError, of_problem
from workbench.store.tables import ConsultationRow, now

ConsultationId = NewType("ConsultationId", str)

QUEUED, GATHERING, ADVISED, FAILED = "queued", "gathering", "advised", "failed"
OPEN = (QUEUED, GATHERING)

ASKED, TOLD, MALFORMED, LOST = "asked", "told", "malformed_response", "failed"


@dataclass(frozen=True, slots=True)
class Subject:
    """What an advisor is consulted about; `name` as it was called then."""

    kind: SubjectKind
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Consultation:
    """What an advisor was asked, and what it answered.

    Attributes
    ----------
    inputs
        What else was asked, by argument.
    status
        ``queued → gathering → advised | failed``.
    problem
        Why there is no advice, as problem details; while it waits for a process that was lost, why it starts again.
    advice
        None as long as there is none.
    evidence_given
        All that the advisor was shown; None as long as nothing is gathered, and in lists, which leave it out.
    narration_status
        None: no language model was asked; ``asked``, then ``told``, ``malformed_response`` or ``failed``.
    narration
        What the language model said on top of the advice, what of it was dropped, tokens and cost.
    """

    id: ConsultationId
    advisor: AdvisorName
    subject: Subject
    inputs: Mapping[str, Any]
    status: str
    problem: Mapping[str, Any] | None
    advice: Advice | None
    evidence_given: Mapping[str, Any] | None
    narration_status: str | None
    narration: Mapping[str, Any] | None
    created_by: str
    created_at: datetime
    advised_at: datetime | None

    @classmethod
    def of(cls, row: ConsultationRow, *, with_evidence: bool = True) -> Consultation:
        return cls(
            id=ConsultationId(row.id),
            advisor=row.advisor,  # type: ignore[arg-type]  # checked before it was stored
            subject=Subject(row.subject_kind, row.subject_id, row.subject_name),  # type: ignore[arg-type]
            inputs=row.inputs,
            status=row.status,
            problem=row.problem,
            advice=None if row.advice is None else Advice.model_validate(row.advice),
            evidence_given=row.evidence if with_evidence else None,
            narration_status=narration_status(row),
            narration=row.narration,
            created_by=row.created_by,
            created_at=row.created_at,
            advised_at=row.advised_at,
        )

    @property
    def short_id(self) -> str:
        """The id's last eight digits: its first ones are the time, alike for neighbours."""
        return self.id[-8:]

    @property
    def title(self) -> str:
        return f"{TITLES[self.advisor]} on {self.subject.name}"

    @property
    def is_over(self) -> bool:
        """Whether nothing is on its way any more, neither evidence nor a narration."""
        return self.status not in OPEN and self.narration_status != ASKED

    @property
    def given(self) -> Advice:
        """The advice.

        Raises
        ------
        WorkbenchError
            What stood in the way of it.
        Conflict
            ``advice.not_ready`` while there is none.
        """
        if self.advice is not None:
            return self.advice
        if self.status == FAILED and self.problem is not None:
            raise self.error
        raise Conflict("advice.not_ready", f"The consultation is {self.status}: wait for it.", consultation_id=self.id)

    @property
    def error(self) -> WorkbenchError:
        """What stood in the way of an advice, as the error that was raised."""
        assert self.problem is not None, "only a failed one has an error"
        return of_problem(self.problem)

    @property
    def verdict(self) -> str:
        return self.given.verdict

    @property
    def tone(self) -> Tone:
        return self.given.tone

    @property
    def reasoning_summary(self) -> str:
        return self.given.reasoning_summary

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.given.findings

    @property
    def risk_flags(self) -> tuple[str, ...]:
        return self.given.risk_flags

    @property
    def suggested_config(self) -> Mapping[str, Any] | None:
        return self.given.suggested_config

    @property
    def suggested_action(self) -> str:
        return self.given.suggested_action

    def as_dict(self, *, with_evidence: bool = False) -> dict[str, Any]:
        """JSON-ready.

        Parameters
        ----------
        with_evidence
            Whether all that the advisor was shown comes along; each finding has what it rests on in any case.
        """
        told = {
            "id": self.id,
            "advisor": self.advisor,
            "subject": {"kind": self.subject.kind, "id": self.subject.id, "name": self.subject.name},
            "inputs": dict(self.inputs),
            "status": self.status,
            "problem": None if self.problem is None else dict(self.problem),
            "advice": None if self.advice is None else self.advice.model_dump(mode="json"),
            "tone": None if self.advice is None else self.advice.tone,
            "narration_status": self.narration_status,
            "narration": None if self.narration is None else dict(self.narration),
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "advised_at": None if self.advised_at is None else self.advised_at.isoformat(),
        }
        return told | {"evidence": self.evidence_given} if with_evidence else told

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Consultation:
        """Rebuild what `as_dict` gave."""
        return rebuilt(cls, {**told, "evidence_given": told.get("evidence")})

    def as_markdown(self) -> str:
        """Write it for a reader, with what each finding rests on."""
        return markdown.write(self.title, self.as_dict(), self.given)

    def _repr_markdown_(self) -> str | None:
        return None if self.advice is None else self.as_markdown()

    def __repr__(self) -> str:
        told = self.advice.verdict if self.advice is not None else self.status
        return f"<{self.title}: {told}>"


def narration_status(row: ConsultationRow | Row[*tuple[Any, ...]]) -> str | None:
    """Tell how the narration stands: a process that should have answered by now is gone, wherever it ran."""
    is_late = row.narration_status == ASKED and row.narration_until is not None and row.narration_until < now()
    return LOST if is_late else row.narration_status
