"""What it takes to cancel, and what a kill costs: measured on a real service.

    python tests/benchmarks/faults.py [--cancels 50] [--kills 20]

Cancels comparisons at random moments, among them while a model spins in C and while one ignores SIGTERM, and prints
the time from the call to the terminal state, orphans, and whether the scores told by events are all in the table. Then
kills the run process with SIGKILL at random units and compares the leaderboard of each resumed run with an
uninterrupted one.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import psutil

from workbench import Run, Workbench, connect
from workbench.runs import queue

SABOTAGE = Path(__file__).parents[1] / "faults" / "sabotage"
FIELD = ["lr", "dt", "ridge", "rf", "ada", "gbc", "et", "lightgbm"]
SPINS_IN_C, IGNORES_SIGTERM = "knn", "svm"
PATIENCE_S = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cancels", type=int, default=50)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(SABOTAGE), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as home:
        workbench = connect(home=home)
        workbench.service.start()
        wait_until(lambda: (told := workbench.service.state()) is not None and told.phase == "warm")
        try:
            cancels(workbench, asked.cancels, chance)
            kills(workbench, asked.kills, chance)
        finally:
            workbench.service.stop()
            workbench.close()


def cancels(workbench: Workbench, number: int, chance: random.Random) -> None:
    source = workbench.data.sample("breast_cancer")
    took, orphans, lost = [], 0, 0
    for index in range(number):
        faulty = [[], [SPINS_IN_C], [IGNORES_SIGTERM]][index % 3]
        run = workbench.runs.submit(source, target="diagnosis", include=[*FIELD, *faulty], seed=index)
        time.sleep(chance.uniform(0.0, 3.0))
        family = processes(workbench, run)
        started = time.perf_counter()
        run.cancel()
        wait_until(lambda run=run: run.record.is_terminal)
        took.append(time.perf_counter() - started)
        if run.status != "cancelled":
            print(f"  run {index} had {run.status} before")
        told = sum(event.kind == "unit.scored" for event in run.history())
        lost += told != sum(row.folds_scored for row in run.rows())
        _, alive = psutil.wait_procs(family, timeout=1)
        orphans += len([process for process in alive if process.status() != psutil.STATUS_ZOMBIE])
    took.sort()
    p95 = took[max(0, int(0.95 * len(took)) - 1)]
    print(f"{number} cancels at random moments: median {statistics.median(took):.3f} s, p95 {p95:.3f} s, ", end="")
    print(f"most {took[-1]:.3f} s; {orphans} orphans a second later; {lost} runs whose scores were not all kept")


def kills(workbench: Workbench, number: int, chance: random.Random) -> None:
    source = workbench.data.get("breast_cancer")
    request: dict[str, Any] = {"target": "diagnosis", "include": FIELD, "folds": 5, "seed": 7}
    undisturbed = finished(workbench.runs.submit(source, **request))
    units = len(FIELD) * 5
    equal = 0
    for _ in range(number):
        run = workbench.runs.submit(source, **request)
        unit = chance.randrange(units)
        wait_until(lambda run=run, unit=unit: run.progress().done >= unit)
        for process in processes(workbench, run)[:1]:
            os.kill(process.pid, signal.SIGKILL)
        same = table(finished(run)) == table(undisturbed)
        equal += same
        if not same:
            print(f"  killed at unit {unit}: another table")
    print(f"{number} kills of the run process at random units: {equal} resumed runs end with the same table")


def table(run: Run) -> dict[str, Any]:
    """A leaderboard less its times."""
    return {row.model: (row.rank, row.status, row.reason, row.folds, row.notes) for row in run.rows()}


def finished(run: Run) -> Run:
    found = run.wait(PATIENCE_S)
    if found.status != "succeeded":
        sys.exit(f"a run ended otherwise: {found.status}: {found.error}")
    return run


def processes(workbench: Workbench, run: Run) -> list[psutil.Process]:
    """Return the process that carries a run, and its workers."""
    pid = next((found.process_id for found in queue.active(workbench._store) if found.run_id == run.id), None)
    try:
        return [] if pid is None else [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("waited for too long")
        time.sleep(0.005)


if __name__ == "__main__":
    main()
