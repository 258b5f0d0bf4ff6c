"""Keeps a predictor for each pipeline that a deployment is to be answered by, and tells what becomes of deployments."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workbench.service.alive import end_group, is_alive
from workbench.service.exits import explain
from workbench.serving import deployments, predictors
from workbench.serving.deployment import (
    ANSWERS,
    ASKED,
    BROKEN,
    DRAINING,
    ENDED,
    LIVE,
    READY,
    SERVED,
    STARTING,
    WARMING,
    DeploymentRecord,
    Predictor,
    PredictorId,
)
from workbench.serving.predictors import Served
from workbench.store.store import Store
from workbench.store.tables import DeploymentRow, now

BY = "service"
GRACE_S = 3.0
"""How long a predictor that was swapped out stays: the gateway learns of a swap within a fraction of that."""
KILL_S = 30.0
"""Longest it may take over what it was asked before."""
DEATHS_MOST = 8
DEATHS_WITHIN_S = 120.0
"""So many deaths within so long, and a pipeline is not tried again."""
PAUSE_S, PAUSE_MOST_S = 0.5, 10.0
"""How long is waited after the second death in a row, and at most; each time twice as long."""
START_S = 120.0
"""Longest that a predictor may take until it answers."""

log = logging.getLogger("workbench.service")
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Death:
    at: float
    why: str


@dataclass(slots=True)
class _Leaving:
    since: float = field(default_factory=time.monotonic)
    was_told: bool = False


class Keeper:
    """The service's side of all deployments.

    Parameters
    ----------
    fork
        Has the fork server make a predictor's process.
    hold
        Says to other homes that this one is there.
    """

    def __init__(self, store: Store, fork: Callable[[PredictorId], None], hold: Callable[[], None]) -> None:
        self._store = store
        self._fork = fork
        self._hold = hold
        self._processes: dict[PredictorId, int] = {}
        self._leaving: dict[PredictorId, _Leaving] = {}
        self._deaths: dict[_Key, deque[_Death]] = {}
        self._given_up: set[_Key] = set()
        self._is_new = True

    def look(self, *, is_warm: bool) -> bool:
        """See to every deployment; return whether any is to be served.

        Parameters
        ----------
        is_warm
            Whether processes can be forked.
        """
        if self._is_new:
            self._take_over()
            self._is_new = False
        found = predictors.served(self._store, SERVED)
        if found:
            self._hold()
        self._given_up &= {(one.deployment.id, *asked) for one in found if self._is_served(one) for asked in one.wanted}
        for served in found:
            self._see_to(served, is_warm=is_warm)
        return any(self._is_served(served) for served in found)

    def forked(self, predictor_id: PredictorId, pid: int) -> None:
        self._processes[predictor_id] = pid

    def lost_server(self) -> None:
        """Take note that the fork server is gone: what it was asked for and has not forked will not come.

        What it forked answers on; nobody tells of its end any more, so it is looked after from here.
        """
        self._processes.clear()
        for served in predictors.served(self._store, SERVED):
            for predictor in served.predictors:
                if predictor.status == ASKED:
                    predictors.ended(self._store, predictor.id)

    def exited(self, pid: int, status: int | None) -> bool:
        """Tell of a process that has ended; return whether it was a predictor."""
        gone = next((one for one, process in self._processes.items() if process == pid), None)
        if gone is None:
            return False
        del self._processes[gone]
        self._bury(gone, status)
        return True

    def give_up(self, why: str) -> None:
        """Tell of every deployment that it cannot be served here, and end what is here of it."""
        for served in predictors.served(self._store, SERVED):
            self._end_all(served)
            deployments.became_failed(self._store, served.deployment.id, by=BY, why=why)

    def _take_over(self) -> None:
        """Begin afresh: the predictors of an earlier service here ended with it."""
        for served in predictors.served(self._store, SERVED):
            self._end_all(served)
            # Where none was here, another home's service may answer.
            if served.deployment.status == READY and served.predictors:
                deployments.became_cold(self._store, served.deployment.id, by=BY, why="the service was started again")

    def _end_all(self, served: Served) -> None:
        for predictor in served.predictors:
            _kill(predictor)
            predictors.ended(self._store, predictor.id)

    def _see_to(self, served: Served, *, is_warm: bool) -> None:
        wanted = served.wanted if self._is_served(served) else ()
        for pipeline_id, role in wanted:
            if is_warm and served.coming(pipeline_id, role) is None:
                self._bring(served, pipeline_id, role)
        self._move_on(served)
        for predictor in served.predictors:
            if predictor.status != DRAINING and (predictor.pipeline_id, predictor.role) not in wanted:
                predictors.drain(self._store, predictor.id)
                # Where nobody is answered any more, nothing is asked of it any more either.
                self._leaving[predictor.id] = _Leaving(time.monotonic() - (0 if wanted else GRACE_S))
            elif predictor.status == DRAINING:
                self._lead_out(predictor)
            elif predictor.status != ANSWERS and _age_s(predictor) > START_S:
                predictors.cannot(self._store, predictor.id, f"It did not come to answer within {START_S:g} s.")
                self._end(predictor)
            elif predictor.status == ANSWERS and predictor.error is not None:
                self._end(predictor)
            elif predictor.status != ASKED and not _is_alive(predictor) and predictor.id not in self._processes:
                self._bury(predictor.id, None)

    def _move_on(self, served: Served) -> None:
        record = served.deployment
        if not self._is_served(served):
            return
        if record.status == WARMING and served.answering(record.pipeline_id, LIVE):
            deployments.became_ready(self._store, record.id, by=BY)
            log.info("deployment %s is ready", record.slug)
        if record.next_pipeline_id is not None and served.answering(record.next_pipeline_id, LIVE):
            deployments.swapped(self._store, record.id, record.next_pipeline_id, by=BY)
            log.info("deployment %s is swapped", record.slug)

    def _bring(self, served: Served, pipeline_id: str, role: str) -> None:
        record = served.deployment
        if (record.id, pipeline_id, role) in self._given_up:
            if predictors.is_answered_elsewhere(self._store, record.id, pipeline_id, role):
                return
            self._given_up.discard((record.id, pipeline_id, role))
        deaths = self._deaths.get((record.id, pipeline_id, role), ())
        recent = [death for death in deaths if time.monotonic() - death.at < DEATHS_WITHIN_S]
        if len(recent) >= DEATHS_MOST:
            del self._deaths[record.id, pipeline_id, role]
            told = f"Its predictor ended {len(recent)} times within {DEATHS_WITHIN_S:g} s, last so: {recent[-1].why}"
            self._give_up(record, pipeline_id, role, told)
            return
        if len(recent) > 1 and time.monotonic() - recent[-1].at < min(PAUSE_S * 2 ** (len(recent) - 2), PAUSE_MOST_S):
            return
        predictor_id = predictors.ask_for(self._store, record.id, pipeline_id, role)
        log.info("deployment %s: predictor %s for pipeline %s", record.slug, predictor_id[-8:], pipeline_id[-8:])
        self._fork(predictor_id)

    def _give_up(self, record: DeploymentRecord, pipeline_id: str, role: str, why: str) -> None:
        log.warning("deployment %s: pipeline %s is given up: %s", record.slug, pipeline_id[-8:], why)
        if predictors.is_answered_elsewhere(self._store, record.id, pipeline_id, role):
            # It is this home that cannot: it tries again once nobody else answers.
            self._given_up.add((record.id, pipeline_id, role))
        elif role != LIVE:
            deployments.shadow_failed(self._store, record.id, pipeline_id, by=BY, why=why)
        elif not deployments.not_swapped(self._store, record.id, pipeline_id, by=BY, why=why):
            deployments.became_failed(self._store, record.id, by=BY, why=why, pipeline_id=pipeline_id)

    def _bury(self, predictor_id: PredictorId, status: int | None) -> None:
        self._leaving.pop(predictor_id, None)
        gone = predictors.get(self._store, predictor_id)
        if gone is None:
            return
        if gone.address is not None:
            # One that was killed has left its socket.
            Path(gone.address).unlink(missing_ok=True)
        if gone.status in (ENDED, BROKEN):
            return
        if gone.status == DRAINING:
            predictors.ended(self._store, predictor_id)
            return
        why = gone.error or explain(status, "predictor")
        predictors.ended(self._store, predictor_id, error=why)
        log.warning("predictor %s: %s", predictor_id[-8:], why)
        if gone.status != STARTING or gone.error is None:
            key = (gone.deployment_id, gone.pipeline_id, gone.role)
            self._deaths.setdefault(key, deque(maxlen=DEATHS_MOST)).append(_Death(time.monotonic(), why))
            return
        # It said itself why the pipeline cannot be loaded: another try would end alike.
        store = self._store.holding(DeploymentRow, gone.deployment_id)
        record = deployments.get(store, gone.deployment_id)
        self._give_up(record, gone.pipeline_id, gone.role, why)

    def _lead_out(self, predictor: Predictor) -> None:
        leaving = self._leaving.setdefault(predictor.id, _Leaving())
        since = time.monotonic() - leaving.since
        if predictor.process_id is None or not _is_alive(predictor):
            if predictor.id not in self._processes:
                self._bury(predictor.id, None)
        elif since > GRACE_S + KILL_S:
            _kill(predictor)
        elif since > GRACE_S and not leaving.was_told:
            leaving.was_told = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(predictor.process_id, signal.SIGTERM)

    def _end(self, predictor: Predictor) -> None:
        _kill(predictor)
        if predictor.id not in self._processes:
            self._bury(predictor.id, None)

    @staticmethod
    def _is_served(served: Served) -> bool:
        return served.deployment.status in SERVED and not served.is_deleted


def _is_alive(predictor: Predictor) -> bool:
    return predictor.process_started is not None and is_alive(predictor.process_id, predictor.process_started)


def _age_s(predictor: Predictor) -> float:
    return (now() - predictor.created_at).total_seconds()


def _kill(predictor: Predictor) -> None:
    if predictor.process_id is not None and _is_alive(predictor):
        end_group(predictor.process_id)
