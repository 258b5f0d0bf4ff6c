"""Consult the advisors: what `Workbench.advisors` is."""

from __future__ import annotations

import builtins
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workbench.access.permissions import Permission
from workbench.advisors.thresholds import Thresholds
from workbench.consulting import consultations
from workbench.consulting.asking import Asking
from workbench.consulting.consultation import LOST, OPEN, Consultation, Subject
from workbench.consulting.consultations import Reference, unforeseen
from workbench.consulting.desks import Desk, SubjectKind, desk
from workbench.consulting.lines import ConsultationLine, lines
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.deployment import Deployment
from workbench.errors import BadGateway, BadRequest, NotFound, WorkbenchError
from workbench.pages import bounded
from workbench.plain import shown
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.run import Run
from workbench.runs import lookup
from workbench.runs.record import RunRecord
from workbench.service import bell, lifecycle
from workbench.serving import deployments
from workbench.serving.deployment import DeploymentRecord
from workbench.store.needs import needs
from workbench.store.store import Store
from workbench.store.tables import now

log = logging.getLogger("workbench.advisors")

PATIENCE_S = 120.0
"""How long a consultation is waited for."""
_NARRATOR_STARTS_S = 30.0
"""What its process may take before and after it talks to the language model."""

Asked = Source | Run | RunRecord | Pipeline | Deployment | DeploymentRecord | str
"""What an advisor can be asked about; a text is looked up as what the advisor advises on."""


class Advisors(Asking):
    """Six advisors. Each answers with a verdict and findings that carry their evidence; none of them acts.

    They need no key and no network. Where a language model is configured (``WORKBENCH_LLM_MODEL``), it tells what was
    found in its own words on top of that.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sources = Sources(store)
        self._pipelines = Pipelines(store)

    @property
    @needs(Permission.ADVICES_READ)
    def thresholds(self) -> Thresholds:
        """What the advisors judge by, each number with its reason and source.

        Raises
        ------
        BadRequest
            ``settings.invalid`` when the file that ``WORKBENCH_THRESHOLDS`` names does not fit.
        """
        return Thresholds.load(self._store.settings.thresholds)

    @property
    @needs(Permission.ADVICES_READ)
    def has_narrator(self) -> bool:
        """Whether a language model is configured."""
        return bool(self._store.settings.llm_model)

    @needs(Permission.ADVICES_WRITE)
    def consult(
        self, advisor: str, subject: Asked, *, narrate: bool | None = None, wait: bool = True, **asked: Any
    ) -> Consultation:
        """Consult an advisor. The consultation is stored, whatever comes of it.

        Parameters
        ----------
        narrate
            Whether a language model is to tell what was found; None: where one is configured, and what goes wrong with
            it is told in the consultation alone.
        wait
            Whether to wait for the advice, and the narration, at most two minutes.
        **asked
            What the advisor takes beside its subject.

        Raises
        ------
        BadRequest
            ``advice.invalid``, also when a narration is wanted and not waited for: `narrate` asks for it afterwards;
            ``advice.no_model`` when one is wanted and no language model configured.
        NotFound
            When there is no such subject.
        Conflict
            ``advice.not_possible`` when there is nothing to advise on.
        EngineFault
            ``advice.failed``, ``service.not_started``
        BadGateway
            ``advice.provider_failed`` when a narration is wanted and the language model fails. ``about`` has the
            consultation, whose advice holds.
        """
        at = desk(advisor)
        if narrate and not wait:
            raise BadRequest("advice.invalid", "A narration is of an advice: wait for that, or ask for it afterwards.")
        if narrate:
            self.check_narrator()
        found = self._subject(at, subject)
        told = {name: value for name, value in asked.items() if value is not None}
        at.check(found.kind, told)
        made = self._begin(at, found, told)
        if not wait:
            return made
        made = self.wait(made)
        made.given  # noqa: B018 - raises what stood in the way
        if narrate or (narrate is None and self.has_narrator):
            return self._narrate(made, is_wanted=bool(narrate))
        return made

    @needs(Permission.ADVICES_WRITE)
    def narrate(self, consultation: Reference, *, wait: bool = True) -> Consultation:
        """Have the language model tell what a consultation found, also again.

        Raises
        ------
        BadRequest
            ``advice.no_model``
        NotFound
            ``advice.not_found``
        Conflict
            ``advice.not_ready`` while there is no advice.
        BadGateway
            ``advice.provider_failed``
        """
        found = self.get(consultation)
        found.given  # noqa: B018 - as above
        self.check_narrator()
        return self._narrate(found, is_wanted=True, wait=wait)

    @needs(Permission.ADVICES_READ)
    def get(self, consultation: Reference) -> Consultation:
        """Find a consultation by its id or the end of it.

        Raises
        ------
        NotFound, BadRequest
            ``advice.not_found``, ``advice.ambiguous``
        """
        return consultations.get(self._store, consultation)

    @needs(Permission.ADVICES_READ)
    def list(
        self,
        subject: Asked | None = None,
        *,
        advisor: str | None = None,
        limit: int = 100,
        before: str | None = None,
    ) -> builtins.list[Consultation]:
        """Return consultations, newest first.

        Parameters
        ----------
        subject
            Only those on this; a text is the id of it, or what it was called when it was asked about.
        before
            Id of a consultation that they are older than.

        Raises
        ------
        NotFound
            ``advice.not_found`` when that is none.
        """
        of = subject if subject is None or isinstance(subject, str) else subject.id
        return consultations.listed(self._store, subject=of, advisor=advisor, limit=bounded(limit), before=before)

    @needs(Permission.ADVICES_READ)
    def lines(
        self, *subject_ids: str, known: Mapping[str, ConsultationLine] = MappingProxyType({}), limit: int = 200
    ) -> builtins.list[ConsultationLine]:
        """Return a line for each consultation on these things, newest first: what a list takes, and no more.

        Parameters
        ----------
        known
            Lines that were returned before, by id, so that their advice is not read again.
        """
        return lines(self._store, subject_ids, known=known, limit=bounded(limit))

    @needs(Permission.ADVICES_READ)
    def wait(self, consultation: Reference, timeout_s: float = PATIENCE_S) -> Consultation:
        """Wait until nothing of it is on its way, at most `timeout_s` seconds, and return it as it is then."""
        deadline = time.monotonic() + timeout_s
        found = self.get(consultation)
        looked = time.monotonic()
        is_heavy = found.status in OPEN
        while not self.is_over(found.id) and time.monotonic() < deadline:
            if is_heavy and time.monotonic() - looked > 1:
                looked = time.monotonic()
                lifecycle.start(self._store.settings)
            time.sleep(0.02)
        return self.get(found.id)

    @needs(Permission.ADVICES_READ)
    def is_over(self, consultation_id: str) -> bool:
        """Whether nothing of a consultation is on its way any more: to be asked again and again."""
        return consultations.is_over(self._store, consultation_id)

    def _begin(self, at: Desk, subject: Subject, asked: Mapping[str, Any]) -> Consultation:
        if at.is_heavy:
            made = consultations.ask(self._store, at.advisor, subject, asked, by=self._store.user)
            lifecycle.start(self._store.settings)
            bell.ring(self._store.settings)
            return made
        began = now()
        try:
            evidence = at.gather(self._store, subject.id, asked)
            found: Any = (evidence, at.advise(evidence, self.thresholds))
        except WorkbenchError as error:
            found = error
        except Exception as error:
            # Whatever it was, what was asked is kept with it.
            log.exception("the %s failed", at.advisor)
            found = unforeseen(error)
        return consultations.keep(self._store, at.advisor, subject, asked, found, by=self._store.user, began=began)

    @needs(Permission.ADVICES_READ)
    def check_narrator(self) -> None:
        """Refuse where no language model can be asked.

        Raises
        ------
        BadRequest
            ``advice.no_model``
        """
        from workbench.narrating import terms

        terms.check(self._store.settings)

    def _narrate(self, found: Consultation, *, is_wanted: bool, wait: bool = True) -> Consultation:
        settings = self._store.settings
        within_s = settings.llm_timeout_s + _NARRATOR_STARTS_S
        token = consultations.ask_narrator(self._store, found.id, within_s=within_s)
        if token is not None:
            # It ends at once: what it starts detaches itself, so that what is paid for is kept whoever dies.
            subprocess.run(
                [sys.executable, "-P", "-m", "workbench.narrating", found.id, token],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=os.environ | settings.environment(),
                check=False,
            )
        if not wait:
            return self.get(found)
        told = self.wait(found, within_s)
        if is_wanted and told.narration_status == LOST:
            raise failure(told)
        return told

    def _source_id(self, source: Source | str) -> str:
        return self._sources.get(source).id

    def _subject(self, at: Desk, asked: Asked) -> Subject:
        """Find what is asked about; a text may be any of the things that the advisor advises on."""
        kinds: dict[type, SubjectKind] = {
            Source: "source",
            Run: "run",
            RunRecord: "run",
            Pipeline: "pipeline",
            Deployment: "deployment",
            DeploymentRecord: "deployment",
        }
        for kind, name in kinds.items():
            if isinstance(asked, kind):
                return self._found(name, asked.id)  # type: ignore[union-attr]  # all four have one
        if not isinstance(asked, str):
            raise BadRequest("advice.invalid", f"The {at.advisor} cannot advise on {shown(asked)}.")
        last: NotFound | None = None
        for of in at.subjects:
            try:
                return self._found(of, asked)
            except NotFound as error:
                last = last or error
        assert last is not None, "an advisor advises on something"
        raise last

    def _found(self, kind: SubjectKind, reference: str) -> Subject:
        if kind == "source":
            source = self._sources.get(reference)
            return Subject(kind, source.id, source.name)
        if kind == "run":
            run = lookup.get(self._store, reference)
            return Subject(kind, run.id, f"run {run.short_id} ({run.plan} of {run.subject})")
        if kind == "pipeline":
            pipeline = self._pipelines.get(reference)
            return Subject(kind, pipeline.id, pipeline.name)
        deployment = deployments.get(self._store, reference)
        return Subject(kind, deployment.id, deployment.slug)


def failure(found: Consultation) -> BadGateway:
    """Return the error of a narration that failed, with the consultation that holds all the same."""
    problem = (found.narration or {}).get("problem") or {}
    told = problem.get("message") or "The process that asked the language model is gone."
    return BadGateway(
        "advice.provider_failed",
        told,
        hint="The advice by rules holds; ask again for the narration.",
        consultation_id=found.id,
        reason=problem.get("kind"),
        consultation=found.as_dict(),
    )
