"""The six advisors by name: what each is asked about, and what else it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.consulting.consultation import Consultation

if TYPE_CHECKING:
    from workbench.data.source import Source
    from workbench.deployment import Deployment
    from workbench.registry.pipeline import Pipeline
    from workbench.run import Run


class Asking:
    """Asks each advisor by its name; `consult` carries it out."""

    def consult(self, advisor: str, subject: Any, **how: Any) -> Consultation:
        raise NotImplementedError

    def _source_id(self, source: Source | str) -> str:
        raise NotImplementedError

    def analyse(self, data: Source | str, *, target: str | None = None, **how: Any) -> Consultation:
        """Ask the dataset analyst what is wrong with a table and how to set a run on it up.

        Parameters
        ----------
        target
            Column to predict; None: the likeliest one is taken, and said.
        **how
            ``task``, and what `consult` takes: ``narrate``, ``wait``.
        """
        return self.consult("dataset_analyst", data, **_named(target=target), **how)

    def design(self, data: Source | str, goal: str, *, target: str | None = None, **how: Any) -> Consultation:
        """Ask the experiment designer for a run that is ready to launch.

        Parameters
        ----------
        goal
            What is wanted, in words: "predict who will churn, miss as few as possible".
        **how
            ``minutes``: how long the run may take; and what `consult` takes.
        """
        return self.consult("experiment_designer", data, goal=goal, **_named(target=target), **how)

    def explain(self, run: Run | str, **how: Any) -> Consultation:
        """Ask the run explainer what won, by how much, whether it matters, and where it errs."""
        return self.consult("run_explainer", run, **how)

    def diagnose(self, run: Run | str, **how: Any) -> Consultation:
        """Ask the failure debugger why a run, or some of its models, failed, and what would mend it."""
        return self.consult("failure_debugger", run, **how)

    def review(
        self, subject: Deployment | Pipeline | Run | str, *, goal: str = "", segment: str | None = None, **how: Any
    ) -> Consultation:
        """Ask the deployment reviewer whether something should be served.

        Parameters
        ----------
        subject
            A deployment, its slug or id; a pipeline, its name, id or alias; a run that fitted a pipeline.
        goal
            What it is for, in words: whether its metric fits that is looked at too.
        segment
            Column by whose values errors should be alike.
        """
        return self.consult("deployment_reviewer", subject, **_named(goal=goal or None, segment=segment), **how)

    def drift(
        self, deployment: Deployment | str, *, on: Source | str | None = None, hours: float | None = None, **how: Any
    ) -> Consultation:
        """Ask the drift analyst whether what is predicted now is like what the model learned from.

        Parameters
        ----------
        on
            Rows to look at instead of those that were kept of requests; where they have the target, so is it.
        hours
            How far back the kept rows go; None: as far as they are kept.
        """
        asked = _named(on=None if on is None else self._source_id(on), hours=hours)
        return self.consult("drift_analyst", deployment, **asked, **how)


def _named(**asked: Any) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value is not None}
