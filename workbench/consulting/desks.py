"""Which advisor is consulted about what, where its evidence comes from, and where that is gathered."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workbench.advisors.advice import Advice, AdvisorName, Told
from workbench.advisors.thresholds import Thresholds
from workbench.errors import BadRequest, choices
from workbench.plain import shown, storable
from workbench.store.store import Store

_NUMBERS = ("minutes", "hours")
LONGEST = 10_000
"""Longest text that an advisor is told, in characters."""

SubjectKind = Literal["source", "run", "pipeline", "deployment"]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one advisor is consulted.

    Attributes
    ----------
    subjects
        What it can be asked about.
    arguments
        What else it may be told, by name.
    gathering
        Name of the module whose ``gather(store, subject_id, **asked)`` returns its evidence.
    is_heavy
        Whether that takes scikit-learn and a pipeline to be loaded, so that a process of the service's does it.
    """

    advisor: AdvisorName
    subjects: tuple[SubjectKind, ...]
    arguments: tuple[str, ...]
    gathering: str
    is_heavy: bool

    def gather(self, store: Store, subject_id: str, asked: Mapping[str, Any]) -> Told:
        """Gather what the advisor is shown.

        Raises
        ------
        WorkbenchError
            ``advice.not_possible`` when there is nothing to advise on; what reading the subject raises.
        """
        module = importlib.import_module(f"workbench.consulting.gathering.{self.gathering}")
        found: Told = module.gather(store, subject_id, **asked)
        return found

    def advise(self, evidence: Told, thresholds: Thresholds) -> Advice:
        """Have the advisor answer."""
        module = importlib.import_module(f"workbench.advisors.{self.advisor}.advisor")
        found: Advice = module.advise(evidence, thresholds)
        return found

    def check(self, kind: SubjectKind, asked: Mapping[str, Any]) -> None:
        """Refuse what the advisor does not take.

        Raises
        ------
        BadRequest
            ``advice.invalid``
        """
        if kind not in self.subjects:
            raise BadRequest(
                "advice.invalid", f"The {self.advisor} advises on {_or(self.subjects)}, and this is a {kind}."
            )
        for name in asked:
            if name not in self.arguments:
                hint = f"It takes {_or(self.arguments)}." if self.arguments else "It takes none."
                raise BadRequest("advice.invalid", f"The {self.advisor} takes no argument '{name}'.", hint=hint)
            _check_value(name, asked[name])


DESKS: Mapping[AdvisorName, Desk] = {
    desk.advisor: desk
    for desk in (
        Desk("dataset_analyst", ("source",), ("target", "task"), "dataset", is_heavy=False),
        Desk("experiment_designer", ("source",), ("goal", "target", "minutes"), "design", is_heavy=False),
        Desk("run_explainer", ("run",), (), "explanation", is_heavy=True),
        Desk("failure_debugger", ("run",), (), "failure", is_heavy=False),
        Desk("deployment_reviewer", ("deployment", "pipeline", "run"), ("goal", "segment"), "review", is_heavy=True),
        Desk("drift_analyst", ("deployment",), ("on", "hours"), "drift", is_heavy=True),
    )
}


def desk(advisor: str) -> Desk:
    """Return where an advisor is consulted.

    Raises
    ------
    BadRequest
        ``advice.invalid`` when there is no such advisor.
    """
    found = DESKS.get(advisor)  # type: ignore[call-overload]
    if found is None:
        raise BadRequest("advice.invalid", f"There is no advisor '{advisor}'.", hint=choices(advisor, DESKS))
    return found  # type: ignore[no-any-return]


def _check_value(name: str, value: Any) -> None:
    if name in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise BadRequest("advice.invalid", f"'{name}' takes a number greater than 0, not {shown(value)}.")
    elif not isinstance(value, str):
        raise BadRequest("advice.invalid", f"'{name}' takes a text, not {shown(value)}.")
    elif storable(value) != value:
        raise BadRequest("advice.invalid", f"'{name}' has characters that no database holds: {shown(value)}.")
    elif len(value) > LONGEST:
        raise BadRequest("advice.invalid", f"'{name}' has {len(value):,} characters; it takes at most {LONGEST:,}.")


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
