"""What panels look at together: a run, a table, a pipeline, a deployment, chosen in one and followed by the others.

One panel may also wish another to act: a row of the leaderboard asks for a plan, an advisor proposes a run, and the
form shows what that takes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench import Run, Workbench
from workbench.people.project import Project
from workbench_widgets.advising import Advising
from workbench_widgets.choice import Choice, Kept
from workbench_widgets.deploying import Deploying
from workbench_widgets.profiling import Profiling


@dataclass(frozen=True, slots=True)
class Wish:
    """A run that somebody asked for, to be looked at before it is launched.

    Attributes
    ----------
    number
        From 1; the newest wish has the highest.
    request
        Arguments of `Runs.submit`, as JSON holds them.
    by
        Who proposes it, in a few words; empty: the reader asked for it.
    """

    number: int
    request: Mapping[str, Any]
    by: str = ""


class Desk:
    """The choices that panels share.

    A fresh kernel starts with the run that is under way, or the newest one, and with the newest data source, pipeline
    and deployment; nothing but the store is needed for that.

    A user's choice is set; what a panel concludes from a look at the store replaces only the choice that it looked
    with, as the user may have made another one in the meantime.

    Attributes
    ----------
    has_form
        Whether a launch panel takes wishes.
    kept
        What the registry shows in detail.
    deployment
        Id of the deployment that is shown in detail.
    deploying
        What is being deployed and promoted.
    profiling
        The profile of the chosen data source.
    advising
        What advisors are asked, and which advice is looked at.
    project
        The project that new runs go into; None: the one in which the home is open.
    """

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.has_form = False
        self._wish: Wish | None = None
        self._lock = threading.Lock()
        self._run = Choice(workbench.runs.current())
        sources = workbench.data.lines()
        self._source = Choice(sources[0].id if sources else None)
        self.kept: Choice[Kept] = Choice(None)
        self.deployment: Choice[str] = Choice(None)
        self.deploying = Deploying(workbench, self.kept, self.deployment)
        self.profiling = Profiling(workbench)
        self.project: Choice[Project] = Choice(None)
        self.advising = Advising(workbench, self.launching, self.watch, self.wish_for)

    @property
    def run(self) -> Run | None:
        return self._run.value

    def watch(self, run: Run | None) -> None:
        self._run.set(run)

    def replace_run(self, expected: Run | None, run: Run | None) -> Run | None:
        """Watch a run in place of `expected`; return the one that is watched now."""
        return self._run.replace(expected, run)

    def launching(self) -> Workbench:
        """Return the home, open in the project that new runs go into.

        Raises
        ------
        NotFound
            ``project.not_found`` when it was deleted meanwhile.
        """
        project = self.project.value
        return self.workbench if project is None else self.workbench.within(project=project.id)

    def look_at_projects(self, projects: Sequence[Project]) -> Project:
        """Return which of all the projects new runs go into; one that is gone is given up."""
        chosen = self.project.value
        if chosen is not None:
            now = next((project for project in projects if project.id == chosen.id), None)
            chosen = self.project.replace(chosen, now)
        return chosen or self.workbench.projects.current()

    @property
    def wish(self) -> Wish | None:
        """The newest wish, None before the first."""
        with self._lock:
            return self._wish

    def wish_for(self, request: Mapping[str, Any], *, by: str = "") -> Wish:
        """Ask for a run; arguments as `Wish` has them."""
        with self._lock:
            self._wish = Wish(self._wish.number + 1 if self._wish else 1, dict(request), by)
            return self._wish

    @property
    def source_id(self) -> str | None:
        return self._source.value

    def choose(self, source_id: str | None) -> None:
        self._source.set(source_id)

    def replace_source(self, expected: str | None, source_id: str | None) -> str | None:
        """Choose a data source in place of `expected`; return the one that is chosen now."""
        return self._source.replace(expected, source_id)
