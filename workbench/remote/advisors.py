"""Consult the advisors, over HTTP: what `Workbench.advisors` is."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.adviser import PATIENCE_S
from workbench.advisors.thresholds import Threshold, Thresholds
from workbench.consulting.asking import Asking
from workbench.consulting.consultation import Consultation
from workbench.consulting.consultations import Reference
from workbench.consulting.lines import ConsultationLine
from workbench.data.source import Source
from workbench.errors import BadRequest
from workbench.pages import bounded
from workbench.registry.pipeline import Pipeline
from workbench.remote.deployment import Deployment
from workbench.remote.run import Run
from workbench.remote.sources import Sources
from workbench.remote.waiting import waited
from workbench.runs.record import RunRecord
from workbench.serving.deployment import DeploymentRecord

if TYPE_CHECKING:
    from workbench.remote.api import Api

Asked = Source | Run | RunRecord | Pipeline | Deployment | DeploymentRecord | str
"""What an advisor can be asked about; a text is looked up as what the advisor advises on."""

_CONSULT_S = 4 * PATIENCE_S
"""How long the API may take for an advice and its narration."""


class Advisors(Asking):
    """Six advisors; see `workbench.adviser.Advisors`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @property
    def thresholds(self) -> Thresholds:
        """What the advisors judge by, each number with its reason and source."""
        found = self._api.all_of(Threshold, self._api.get("advices", "thresholds"))
        return Thresholds({threshold.name: threshold for threshold in found})

    @property
    def has_narrator(self) -> bool:
        """Whether a language model is configured where the home is."""
        try:
            self.check_narrator()
        except BadRequest as error:
            return error.code != "advice.no_model"
        return True

    def consult(
        self, advisor: str, subject: Asked, *, narrate: bool | None = None, wait: bool = True, **asked: Any
    ) -> Consultation:
        """Consult an advisor; parameters and errors as of `workbench.adviser.Advisors.consult`."""
        if narrate and not wait:
            raise BadRequest("advice.invalid", "A narration is of an advice: wait for that, or ask for it afterwards.")
        body = {
            "advisor": advisor,
            "subject": _id_of(subject),
            "arguments": {name: value for name, value in asked.items() if value is not None},
            "narrate": narrate,
            "wait": wait,
        }
        return self.get(self._api.post("advices", body=body, timeout_s=_CONSULT_S)["id"])

    def narrate(self, consultation: Reference, *, wait: bool = True) -> Consultation:
        """Have the language model tell what a consultation found, also again."""
        told = self._api.post("advices", _id_of(consultation), "narrate", timeout_s=_CONSULT_S, wait=wait)
        return self.get(told["id"])

    def get(self, consultation: Reference) -> Consultation:
        """Find a consultation by its id or the end of it."""
        return self._api.of(Consultation, self._api.get("advices", _id_of(consultation), evidence=True))

    def list(
        self,
        subject: Asked | None = None,
        *,
        advisor: str | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> builtins.list[Consultation]:
        """Return consultations, newest first."""
        found = self._api.listed("advices", limit=limit, subject=_id_of(subject), advisor=advisor, before=before)
        return self._api.all_of(Consultation, found)

    def lines(
        self,
        *subject_ids: str,
        known: Mapping[str, ConsultationLine] = MappingProxyType({}),  # noqa: ARG002 - all lines come in one answer
        limit: int = 200,
    ) -> builtins.list[ConsultationLine]:
        """Return a line for each consultation on these things, newest first; what is `known` is told anew."""
        if not subject_ids:
            return []
        found = self._api.get("advices", "lines", subject=subject_ids, limit=bounded(limit))
        return self._api.all_of(ConsultationLine, found)

    def wait(self, consultation: Reference, timeout_s: float = PATIENCE_S) -> Consultation:
        """Wait until nothing of it is on its way, at most `timeout_s` seconds, and return it as it is then."""
        found = _id_of(consultation)
        return waited(lambda: self.get(found), lambda one: one.is_over, timeout_s)

    def is_over(self, consultation_id: str) -> bool:
        """Whether nothing of a consultation is on its way any more: to be asked again and again."""
        return self._api.of(Consultation, self._api.get("advices", consultation_id)).is_over

    def check_narrator(self) -> None:
        """Refuse where no language model can be asked."""
        self._api.get("advices", "narrator")

    def _source_id(self, source: Source | str) -> str:
        return Sources(self._api).get(source).id


def _id_of(thing: Any) -> Any:
    return thing if thing is None or isinstance(thing, str) else thing.id
