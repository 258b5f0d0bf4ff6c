"""The service's loop: claim, fork, watch, kill, reap, and say why a process died."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import psutil

from workbench.errors import WorkbenchError
from workbench.runs import deaths, ending, queue
from workbench.runs.queue import Active
from workbench.runs.record import RunId
from workbench.service.alive import end_group, is_alive
from workbench.service.bell import Bell
from workbench.service.errands import Errands
from workbench.service.exits import UNKNOWN, explain
from workbench.service.keeper import Keeper
from workbench.service.retention import Retention
from workbench.serving.deployment import PredictorId
from workbench.settings import Settings
from workbench.store.homes import Lease
from workbench.store.store import Store

PACE_S = 0.05
"""Shortest time from one look to the next, in seconds."""
POLL_S = 0.2
"""How often the store is asked for news that nobody rang for."""
LOOK_S = 0.5
RETRY_S = 0.5
RENEW_S = 10.0
DEATHS_MOST = 2
"""Fork servers in a row that may die before they are warm; a third would not fare better."""

log = logging.getLogger("workbench.service")


class ForkServer:
    """The runner's side of the warm fork server.

    Parameters
    ----------
    lifeline
        Descriptor by which predictors see that this service has ended, however it ended.
    """

    def __init__(self, settings: Settings, lifeline: int) -> None:
        ours, theirs = socket.socketpair()
        self.channel = ours
        self._buffer = b""
        self.is_warm = False
        self.was_rung_for = False
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "workbench.service.forkserver", str(theirs.fileno()), str(lifeline)],
            pass_fds=[theirs.fileno(), lifeline],
            stdin=subprocess.DEVNULL,
            env=os.environ | settings.environment(),
        )
        theirs.close()

    def fork(self, what: str, of: str, owner: str) -> None:
        # A server that has just died is noticed by the next look at its messages; what was asked for goes back then.
        with contextlib.suppress(OSError):
            self.channel.sendall(json.dumps({"fork": of, "what": what, "owner": owner}).encode() + b"\n")

    def messages(self, patience_s: float, bell: Bell) -> list[dict[str, Any]]:
        """Wait for messages, at most so long and until somebody rings.

        Raises
        ------
        EOFError
            When the fork server is gone.
        """
        channel = self.channel.fileno()
        readable, _, _ = select.select([channel, *bell.descriptors], [], [], patience_s)
        self.was_rung_for = any(descriptor in readable for descriptor in bell.descriptors)
        bell.hush()
        if channel not in readable:
            return []
        received = self.channel.recv(65536)
        if not received:
            raise EOFError
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> int:
        """End it, at once where it does not end by itself; the runs it forked go on."""
        self.channel.close()
        try:
            return self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Runner:
    """Carries out a home's runs until told to stop.

    Parameters
    ----------
    owner
        ``host:pid`` under which runs are claimed.
    on_warm
        Called once the fork server can fork.
    each_round
        Called in every round of the loop.
    """

    def __init__(
        self, store: Store, owner: str, *, on_warm: Callable[[], None], each_round: Callable[[], None]
    ) -> None:
        self._store = store
        self._settings = store.settings
        self._owner = owner
        self._on_warm = on_warm
        self._each_round = each_round
        self._bell = Bell(self._settings)
        # The other end is nobody's but this process's: it closes when the process ends.
        self._lifeline, self._life = os.pipe()
        self._server = ForkServer(self._settings, self._lifeline)
        lease = Lease(store)
        self._keeper = Keeper(store, lambda predictor: self._server.fork("predictor", predictor, owner), lease.hold)
        self._errands = Errands(store, owner, lambda what, of: self._server.fork(what, of, owner), lease.hold)
        self._retention = Retention(store)
        # What the fork server was asked for and has not answered; what it forked and has not seen end.
        self._ordered: set[RunId] = set()
        self._processes: dict[int, RunId] = {}
        self._unheard: deque[dict[str, Any]] = deque()
        self._deaths = 0
        self._stopping = False
        self._renewed = 0.0
        self._busy_at = time.monotonic()

    def stop(self) -> None:
        self._stopping = True

    def run(self) -> None:
        """Loop until stopped or idle for the time that the settings allow."""
        log.info("service %s started", self._owner)
        changes = self._store.database.changes()
        looked = paced = 0.0
        while not self._stopping and time.monotonic() - self._busy_at < self._settings.service_idle_s:
            try:
                heard = self._hear()
                # Whatever no commit tells of, a process that died or a limit that passed, waits for the slow look.
                is_due = heard or self._server.was_rung_for or time.monotonic() - looked > LOOK_S
                # Every unit of a run is a commit: only runs are looked at for each of them.
                if changes.any() or is_due:
                    # A burst of bells and commits is heard as one; the first is heard at once.
                    time.sleep(max(0.0, PACE_S - (time.monotonic() - paced)))
                    paced = time.monotonic()
                    self._look()
                if is_due:
                    looked = time.monotonic()
                    self._look_around()
                    self._each_round()
            except WorkbenchError as error:
                # A database that is away for a moment is no reason to let go of the runs.
                log.warning("%s", error)
                self._rest()
            except Exception:
                # Nor is anything else that one run or one file can bring about.
                log.exception("a round failed")
                self._rest()
        changes.close()
        self._bell.close()
        self._server.close()
        os.close(self._life)
        log.info("service %s stopped", self._owner)

    def _rest(self) -> None:
        """Wait after a round that failed; it may be because the home is gone, which each round looks for."""
        time.sleep(RETRY_S)
        # What it raises is raised, and told, by the next round that comes so far.
        with contextlib.suppress(Exception):
            self._each_round()

    def _look(self) -> None:
        """Claim what waits; kill what was cancelled, deleted or is overdue; adopt what an earlier service left."""
        active = queue.active(self._store)
        if active:
            self._busy_at = time.monotonic()
        running = [run for run in active if not run.is_queued]
        for run in running:
            self._look_at(run)
        room = self._settings.concurrent_runs - sum(not self._is_elsewhere(run) for run in running)
        if self._server.is_warm and len(running) < len(active) and room > 0:
            for run_id in queue.claim(self._store, self._owner, most=room):
                log.info("claimed run %s", run_id)
                self._ordered.add(run_id)
                self._server.fork("run", run_id, self._owner)
        if running and time.monotonic() - self._renewed > RENEW_S:
            self._renewed = time.monotonic()
            mine = [run.run_id for run in running if not self._is_elsewhere(run)]
            queue.renew(self._store, mine, self._owner)

    def _look_around(self) -> None:
        """See to what is not a run: deployments, and what is to be done once."""
        is_served = self._keeper.look(is_warm=self._server.is_warm)
        if self._errands.look(is_warm=self._server.is_warm) or is_served:
            self._busy_at = time.monotonic()
        self._retention.look()

    def _hear(self) -> bool:
        """Take what the fork server says, waiting for it a little; return whether it said anything."""
        try:
            self._unheard.extend(self._server.messages(POLL_S, self._bell))
        except (EOFError, ConnectionError):
            self._replace_server()
            return True
        heard = bool(self._unheard)
        while self._unheard:
            # Taken off only when it was dealt with: what a store that is away interrupts is dealt with again.
            self._take(self._unheard[0])
            self._unheard.popleft()
        return heard

    def _take(self, message: dict[str, Any]) -> None:
        if "warm" in message:
            self._server.is_warm = True
            self._deaths = 0
            self._on_warm()
            log.info("warm after %.1f s", message["warm"])
        elif "forked" in message:
            self._forked(message["what"], message["forked"], message["pid"])
        elif "exited" in message:
            self._exited(message["exited"], message["status"])

    def _forked(self, what: str, of: str, pid: int) -> None:
        if what == "run":
            self._processes[pid] = RunId(of)
            self._ordered.discard(RunId(of))
        elif what == "predictor":
            self._keeper.forked(PredictorId(of), pid)
        else:
            self._errands.forked(what, of, pid)

    def _replace_server(self) -> None:
        was_warm = self._server.is_warm
        code = self._server.close()
        # Its runs go on without a parent; from now on they are watched like those of an earlier service.
        self._ordered.clear()
        self._processes.clear()
        self._unheard.clear()
        self._keeper.lost_server()
        self._errands.lost_server()
        self._deaths += not was_warm
        if self._deaths >= DEATHS_MOST:
            self._give_up(code)
            return
        log.warning("the fork server ended with %s; starting another", code)
        self._server = ForkServer(self._settings, self._lifeline)

    def _give_up(self, code: int) -> None:
        """Tell every run that waits why it cannot be carried out, and stop: the next submit tries again."""
        why = (
            f"EngineFault: {sys.executable} cannot import PyCaret (exit code {code}). `workbench training install` "
            "builds an environment that can, or WORKBENCH_TRAINING_PYTHON names one; `workbench doctor` says more."
        )
        log.error("%s", why)
        for run in queue.active(self._store):
            if run.is_queued:
                ending.finish(self._store, run.run_id, "failed", why)
        self._keeper.give_up(why)
        self._stopping = True

    def _exited(self, pid: int, status: int) -> None:
        if pid in self._processes:
            _end_rest(pid)
            self._bury(self._processes[pid], explain(status), process_id=pid, claimed_by=self._owner)
            del self._processes[pid]
        elif not self._keeper.exited(pid, status):
            self._errands.exited(pid, status)

    def _bury(
        self, run_id: RunId, why: str, *, process_id: int | None, claimed_by: str | None, was_seen: bool = True
    ) -> None:
        """See to a run that has lost its process; one that told its own end, or has another process, is left alone."""
        became = deaths.bury(self._store, run_id, why, process_id=process_id, claimed_by=claimed_by, was_seen=was_seen)
        if became is not None:
            log.warning("run %s is %s: %s", run_id, became, why)
        ending.remove_deleted(self._store)

    def _look_at(self, run: Active) -> None:
        if self._is_elsewhere(run):
            return
        if run.process_id is None:
            self._look_at_claim(run)
            return
        if not is_alive(run.process_id, run.process_started):
            # Of one of ours the fork server tells the end, with its exit status, be it gone before its begin was heard.
            if run.process_id not in self._processes and run.run_id not in self._ordered:
                if self._is_here(run):
                    _end_rest(run.process_id, run.process_started)
                gone = run.process_id
                self._bury(run.run_id, explain(UNKNOWN), process_id=gone, claimed_by=run.claimed_by, was_seen=False)
            return
        limit_s = run.run_timeout_s
        if run.cancel_requested_by is not None or run.is_deleted:
            end_group(run.process_id)
            ending.cancelled(self._store, run.run_id, by=run.cancel_requested_by or "nobody")
            ending.remove_deleted(self._store)
        elif limit_s and run.used_s > limit_s:
            end_group(run.process_id)
            ending.finish(self._store, run.run_id, "failed", f"TimedOut: the run took longer than {limit_s:g} s.")

    def _look_at_claim(self, run: Active) -> None:
        """Look at a run that was claimed and whose process has not registered."""
        if run.cancel_requested_by is not None or run.is_deleted:
            # A process that comes to life now is refused when it registers.
            ending.cancelled(self._store, run.run_id, by=run.cancel_requested_by or "nobody")
            ending.remove_deleted(self._store)
        elif run.claimed_by != self._owner:
            why = "The service ended before it had a process for the run."
            self._bury(run.run_id, why, process_id=None, claimed_by=run.claimed_by)
        elif run.run_id not in self._ordered and run.run_id not in self._processes.values():
            # As long as the fork server lives, its answer comes, however long it takes; a second order would double it.
            why = "The fork server ended before it had a process for the run."
            self._bury(run.run_id, why, process_id=None, claimed_by=run.claimed_by)

    def _is_elsewhere(self, run: Active) -> bool:
        """Whether another machine's service holds the run; of its processes nothing can be said from here."""
        return not self._is_here(run) and not run.is_lease_over

    def _is_here(self, run: Active) -> bool:
        """Whether a service on this machine claimed the run."""
        return (run.claimed_by or "").rpartition(":")[0] == self._owner.rpartition(":")[0]


def _end_rest(pid: int, started: float | None = None) -> None:
    """End what a dead process left of its group, unless its id is another one's by now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        found = psutil.Process(pid)
        is_it = started is not None and abs(found.create_time() - started) < 1
        if not is_it or found.status() != psutil.STATUS_ZOMBIE:
            return
    end_group(pid)
