"""Deploy and promote from any panel: a few commands that several offer, and what of them is under way, seen by all.

Another model of a board is fitted first, which may take as long as a run. So each attempt is carried out in a thread of
its own, tells its steps here, and what went wrong stays until somebody has read it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from workbench import Run, Workbench, WorkbenchError
from workbench.runs.record import SUCCEEDED, RunRecord
from workbench_widgets.choice import Choice, Kept
from workbench_widgets.trials import short_name

BESIDE = frozenset({"deploy", "promote"})
"""Commands that may take longer than a moment."""
SLUG_MOST = 64
_ROOM_FOR_NUMBER = 4


@dataclass(frozen=True, slots=True)
class Attempt:
    """A deployment or a promotion under way.

    Attributes
    ----------
    id
        As the page that asked for it calls it.
    verb
        ``deploy`` or ``promote``.
    what
        What is deployed or promoted, in a few words.
    steps
        Those that it takes, in order.
    step
        The one under way; None before the first.
    error
        Why it ended; None while it is under way.
    """

    id: str
    verb: str
    what: str
    steps: tuple[str, ...]
    step: str | None = None
    error: str | None = None


class Deploying:
    """What panels over one desk deploy and promote.

    Parameters
    ----------
    kept, deployment
        Choices that are set to what was made.
    """

    def __init__(self, workbench: Workbench, kept: Choice[Kept], deployment: Choice[str]) -> None:
        self._workbench = workbench
        self._kept = kept
        self._deployment = deployment
        self._lock = threading.Lock()
        self._attempts: dict[str, Attempt] = {}

    def lines(self) -> list[dict[str, Any]]:
        """Return the attempts under way, and those that failed and were not dismissed, oldest first."""
        with self._lock:
            return [asdict(attempt) for attempt in self._attempts.values()]

    def dismiss(self, id: str) -> None:
        """Take a failure away."""
        with self._lock:
            if id in self._attempts and self._attempts[id].error is not None:
                del self._attempts[id]

    def commands(self, wake: Callable[[], None]) -> Mapping[str, Callable[..., Any]]:
        """Return what a panel lets its page ask for.

        Parameters
        ----------
        wake
            Has panels look anew.
        """

        def deploy(**asked: Any) -> dict[str, Any]:
            return self.deploy(wake, **asked)

        def promote(**asked: Any) -> dict[str, Any]:
            return self.promote(wake, **asked)

        return {"offer": self.offer, "check_slug": self.check_slug, "deploy": deploy, "promote": promote}

    def offer(self, run: str | None = None, model: str | None = None, pipeline: str | None = None) -> dict[str, Any]:
        """Return what a form is filled with: a slug that is free, aliases to follow, and the steps that it takes."""
        workbench = self._workbench
        if run is not None:
            record = workbench.runs.get(run).record
            about, which, fits = record.source_name, model or record.best or "", _fits(record, model)
        else:
            found = workbench.registry.get(pipeline or "")
            about, which, fits = found.source["name"], found.model, False
        taken = {record.slug for record in workbench.deployments.records()}
        named = [alias.as_dict() for alias in workbench.registry.aliases.list()]
        return {"slug": _free_slug(about, which, taken), "aliases": named, "fits": fits}

    def check_slug(self, slug: str) -> None:
        """Refuse a slug that cannot be had, as the engine does."""
        self._workbench.deployments.check_slug(slug)

    def deploy(
        self,
        wake: Callable[[], None],
        *,
        attempt: str,
        slug: str,
        access: str = "workspace",
        follow: str | None = None,
        run: str | None = None,
        model: str | None = None,
        pipeline: str | None = None,
    ) -> dict[str, Any]:
        """Deploy, and have the deployment shown."""
        first = self._steps_of(run, model) if run is not None else ()
        with self._attempt(Attempt(attempt, "deploy", slug, (*first, "create", "warm", "check")), wake) as tell:
            made = self._workbench.deployments.deploy(
                run,
                slug=slug,
                model=model if "fit" in first else None,
                pipeline=pipeline,
                access=access,
                follow=follow,
                tell=tell,
            )
        self._deployment.set(made.id)
        wake()
        return {"id": made.id, "slug": slug}

    def promote(
        self,
        wake: Callable[[], None],
        *,
        attempt: str,
        run: str,
        model: str | None = None,
        name: str | None = None,
        note: str = "",
    ) -> dict[str, Any]:
        """Promote a row of a board, and have the pipeline shown."""
        record = self._workbench.runs.get(run).record
        steps = self._steps_of(run, model)
        chosen = model or record.best or ""
        what = short_name(chosen, record.model_name(chosen))
        with self._attempt(Attempt(attempt, "promote", what, steps), wake) as tell:
            source: Run | str = run
            if "fit" in steps:
                tell("fit")
                source = self._workbench.registry.fitted(run, chosen)
            tell("promote")
            made = self._workbench.registry.promote(source, name=name or None, note=note)
        self._kept.set(Kept("pipeline", made.id))
        wake()
        return {"id": made.id, "name": made.name}

    def _steps_of(self, run: str, model: str | None) -> tuple[str, ...]:
        return ("fit", "promote") if _fits(self._workbench.runs.get(run).record, model) else ("promote",)

    @contextmanager
    def _attempt(self, attempt: Attempt, wake: Callable[[], None]) -> Iterator[Callable[[str], None]]:
        def put(now: Attempt) -> None:
            with self._lock:
                self._attempts[now.id] = now
            wake()

        put(attempt)
        try:
            yield lambda step: put(replace(self._attempts[attempt.id], step=step))
        except Exception as error:
            if isinstance(error, WorkbenchError) and error.is_users:
                # Whoever asked is told, and mends it.
                self._forget(attempt.id)
            else:
                put(replace(self._attempts[attempt.id], error=str(error)))
            raise
        self._forget(attempt.id)

    def _forget(self, id: str) -> None:
        with self._lock:
            self._attempts.pop(id, None)


def _fits(record: RunRecord, model: str | None) -> bool:
    """Whether a model of a run's board has to be fitted before it can be promoted."""
    return model is not None and (record.status != SUCCEEDED or record.best != model)


def _free_slug(about: str, model: str, taken: set[str]) -> str:
    """Make a slug of the table's name, with the model's and a number where that is not free."""

    def written(words: str) -> str:
        return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[: SLUG_MOST - _ROOM_FOR_NUMBER].strip("-")

    short, long = written(about), written(f"{about}-{model}") or "model"
    if len(short) > 2 and short not in taken:
        return short
    base = long if len(long) > 2 else f"{long}-model"
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
