"""Advices over HTTP."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from workbench.advisors.advice import Tone
from workbench.advisors.thresholds import Threshold
from workbench.consulting import consultation
from workbench.consulting.lines import ConsultationLine
from workbench.server.bodies.base import Asked, alike

__all__ = ["ConsultationLine", "Threshold"]


class Consult(Asked):
    """An advisor and its subject, by id, name or slug; `arguments` by the advisor's own names."""

    advisor: str
    subject: str
    arguments: dict[Literal["target", "task", "goal", "minutes", "segment", "on", "hours"], Any] = Field(
        default_factory=dict
    )
    narrate: bool | None = None
    wait: bool = Field(
        True, description="Whether to answer once the advice, and the narration, is there; else at once, and neither."
    )


Consultation = alike("Consultation", consultation.Consultation, without=("evidence_given",), tone=Tone | None)
ConsultationInFull = alike(
    "ConsultationInFull", consultation.Consultation, without=("evidence_given",), tone=Tone | None, evidence=Any
)
