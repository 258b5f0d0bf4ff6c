"""What the experiment designer is shown."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.advisors.advice import Told
from workbench.advisors.table import Look, Refusal, Table, Target


class Cost(Told):
    """What the designed run would cost, judged by earlier runs.

    Attributes
    ----------
    seconds
        Wall time; None where no earlier run tells.
    words
        The same in one line.
    """

    units: int
    workers: int
    seconds: float | None
    words: str


class DesignEvidence(Told):
    """A goal and a table.

    Attributes
    ----------
    asked_target
        The target that was named beside the goal; None: the goal has to tell.
    asked_minutes
        Time that was named beside the goal; None: the goal may tell.
    target
        What the profile tells of the target that the goal was understood to mean; None where there is none.
    look
        What pre-flight says of a run on it; None where the goal is not clear.
    seconds_each
        Seconds that a model took on one fold of earlier runs, on this table or scaled from others by rows.
    workers
        Processes that share the work.
    cost
        Of the design; None while it is not designed.
    refusal
        Why the design would not be accepted; None: it is.
    """

    table: Table
    goal: str = ""
    asked_target: str | None = None
    asked_minutes: float | None = None
    target: Target | None = None
    look: Look | None = None
    seconds_each: Mapping[str, float] = {}
    workers: int = 1
    cost: Cost | None = None
    refusal: Refusal | None = None
