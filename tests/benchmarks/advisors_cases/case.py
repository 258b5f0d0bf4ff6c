"""A labelled case: what is asked of which advisor, and which risks it must and may name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tests.benchmarks.advisors_cases.room import Room
from workbench.advisors.advice import Advice

Play = Callable[[Room, np.random.Generator], Advice]


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes
    ----------
    about
        Risk flag that it is about.
    must
        Flags that the advice must raise; empty: a clean twin.
    may
        Flags that follow from what was seeded, so that raising them is neither right nor wrong.
    play
        Makes it from a random generator of its own, and returns the advice.
    """

    advisor: str
    name: str
    about: str
    play: Play
    must: frozenset[str] = frozenset()
    may: frozenset[str] = field(default=frozenset())

    @property
    def is_clean(self) -> bool:
        return not self.must


def faulty(
    advisor: str, name: str, flag: str, play: Play, *, also: tuple[str, ...] = (), may: tuple[str, ...] = ()
) -> Case:
    """Make a case whose fault is seeded; `also` are further flags that it must raise."""
    return Case(advisor, name, flag, play, frozenset({flag, *also}), frozenset(may))


def clean(advisor: str, name: str, flag: str, play: Play, *, may: tuple[str, ...] = ()) -> Case:
    """Make the clean twin of such a case."""
    return Case(advisor, name, flag, play, frozenset(), frozenset(may))
