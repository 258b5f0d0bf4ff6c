"""What the dataset analyst is shown."""

from __future__ import annotations

from typing import Literal

from workbench.advisors.advice import Told
from workbench.advisors.candidates import Candidate
from workbench.advisors.table import Look, Table, Target
from workbench.catalogue import TaskName


class Pair(Told):
    """Two features that go together, how strongly from 0 to 1, and by which measure."""

    left: str
    right: str
    strength: float


class Changed(Told):
    """How a column differs from that of an earlier version.

    Attributes
    ----------
    psi, noise
        Population stability index, and what chance alone stays below in 19 of 20 cases; None where they cannot be had.
    missing_before, missing
        Shares of the rows.
    appeared, vanished
        Values that one version has and the other has not, the most frequent first.
    """

    name: str
    psi: float | None = None
    noise: float | None = None
    missing_before: float = 0
    missing: float = 0
    appeared: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()


class Change(Told):
    """How the table differs from the version before.

    Attributes
    ----------
    kinds
        Columns that are of another kind now: name, kind before, kind now.
    """

    version: int
    rows: int
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kinds: tuple[tuple[str, str, str], ...] = ()
    columns: tuple[Changed, ...] = ()


class DatasetEvidence(Told):
    """A table, looked at for a target.

    Attributes
    ----------
    target_name
        None: the task has none, or none could be chosen.
    chosen
        Who chose the target: ``asked``; ``likeliest`` of the candidates; ``none``.
    target
        What the profile tells of it; None where it was not told.
    histogram
        Edges and counts of the target's values, where it is a number.
    pairs
        The features that go together most, strongest first, at most 20.
    look
        What pre-flight says; None where no request could be put together.
    change
        None where there is no earlier version.
    """

    table: Table
    target_name: str | None = None
    chosen: Literal["asked", "likeliest", "none"] = "none"
    task: TaskName | None = None
    candidates: tuple[Candidate, ...] = ()
    target: Target | None = None
    histogram: tuple[tuple[float, ...], tuple[int, ...]] | None = None
    pairs: tuple[Pair, ...] = ()
    look: Look | None = None
    change: Change | None = None
