"""What the service has done besides runs and predictors: batches, evaluations, consultations, a process each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.consulting.consultations import ConsultationQueue
from workbench.registry.evaluations import Evaluations
from workbench.service.alive import end_group, is_alive
from workbench.service.exits import explain
from workbench.serving.batches import BatchQueue
from workbench.store.store import Store

AT_ONCE = 2
"""Errands of one kind that may be under way at once."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An errand that has a process, or is about to have one.

    Attributes
    ----------
    process_id, process_started
        None until the process has registered.
    is_unwanted
        Whether somebody asked for its end.
    """

    id: str
    process_id: int | None
    process_started: float | None
    is_unwanted: bool


class Errand(Protocol):
    """One kind of errand, as its room keeps it in the store."""

    def waiting(self) -> Sequence[str]:
        """Ids of those that have no process yet, oldest first."""
        ...

    def under_way(self) -> Sequence[tuple[str, int | None, float | None, bool]]:
        """Those for whose process this home answers: id, process, when that was started, whether they are unwanted."""
        ...

    def lost(self, of: str, why: str, process_id: int | None) -> None:
        """See to an errand whose process is gone; one that told its own end, or has another one, is left alone."""
        ...


class Errands:
    """The service's side of all errands.

    Parameters
    ----------
    fork
        Has the fork server make the process of an errand: its kind, its id.
    hold
        Says to other homes that this one is there.
    """

    def __init__(self, store: Store, owner: str, fork: Callable[[str, str], None], hold: Callable[[], None]) -> None:
        self._fork = fork
        self._hold = hold
        self._kinds: Mapping[str, Errand] = {
            "batch": BatchQueue(store),
            "evaluation": Evaluations(store, owner),
            "consultation": ConsultationQueue(store),
        }
        self._ordered: set[tuple[str, str]] = set()
        self._processes: dict[int, tuple[str, str]] = {}

    def look(self, *, is_warm: bool) -> bool:
        """See to every errand; return whether any waits or is under way."""
        is_busy = False
        for what, kind in self._kinds.items():
            is_busy |= self._look_at(what, kind, is_warm=is_warm)
        return is_busy

    def _look_at(self, what: str, kind: Errand, *, is_warm: bool) -> bool:
        under_way = [UnderWay(*found) for found in kind.under_way()]
        for errand in under_way:
            if is_alive(errand.process_id, errand.process_started):
                if errand.is_unwanted and errand.process_id is not None:
                    end_group(errand.process_id)
            elif not self._will_hear_of(what, errand.id):
                kind.lost(errand.id, explain(None, f"{what} process"), errand.process_id)
        waiting = kind.waiting()
        if under_way or waiting:
            self._hold()
        busy = len(under_way) + sum(ordered == what for ordered, _ in self._ordered)
        for of in waiting if is_warm else ():
            if busy >= AT_ONCE:
                break
            if not self._will_hear_of(what, of):
                busy += 1
                self._ordered.add((what, of))
                self._fork(what, of)
        return bool(under_way or waiting)

    def _will_hear_of(self, what: str, of: str) -> bool:
        """Whether the fork server has still to tell what becomes of an errand: of its own children it tells the end.

        A process may be at work, and gone again, before it is heard that it was forked.
        """
        return (what, of) in self._ordered or (what, of) in self._processes.values()

    def forked(self, what: str, of: str, pid: int) -> None:
        self._ordered.discard((what, of))
        self._processes[pid] = what, of

    def lost_server(self) -> None:
        """Take note that the fork server is gone: what it was asked for is asked for again."""
        self._ordered.clear()
        self._processes.clear()

    def exited(self, pid: int, status: int | None) -> None:
        """Tell of a process that has ended."""
        if pid in self._processes:
            what, of = self._processes.pop(pid)
            self._kinds[what].lost(of, explain(status, f"{what} process"), pid)
