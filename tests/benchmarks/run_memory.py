"""The forecast of a whole run's memory against what the run takes, models aside.

    python -m tests.benchmarks.run_memory [--only NAME …] [--workers 2] [--data FOLDER]

A process forked as the service forks a run's carries out a comparison of a few models that take little. Measured is
the most memory of it and its workers together, beyond what it held before its table was loaded: what they hold for
themselves, each shared page in equal parts (Linux' ``Pss_Anon``), and the folds that are laid out for all of them. It
is looked at some hundred times a second, so that a short peak may be missed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from tests.benchmarks.setup_memory import FREE, SEED, SHARED, upload, warm_up
from tests.benchmarks.setup_tables import HELD_AGAINST, Case
from workbench.catalogue import TASKS
from workbench.data.source import Source
from workbench.preflight.forecast import MIB, forecast
from workbench.settings import Settings
from workbench.training.executors.isolation import alone
from workbench.training.request import Limits, TrainingRequest

FIELD = {
    "classification": ("dummy", "nb", "ridge", "lda", "qda", "dt"),
    "regression": ("dummy", "lr", "ridge", "br", "omp", "dt"),
}
FOLDS = 4
EVERY_S = 0.005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these tables only")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of the real tables")
    asked = parser.parse_args()
    warm_up()
    print(f"{'table':<32}{'set-up':>10}{'forecast':>10}{'measured':>10}{'ratio':>7}  MiB, of them folds")
    for case in HELD_AGAINST:
        is_there = not isinstance(case.table, str) or (asked.data / case.table).is_file()
        if case.task in FIELD and is_there and (not asked.only or case.name in asked.only):
            compare(case, asked.data, asked.workers)


def compare(case: Case, data: Path, workers: int) -> None:
    with tempfile.TemporaryDirectory(prefix="run-memory-") as home:
        settings = Settings(home=Path(home), database_url="", artifact_url="", column_limit=10_000)
        source = alone(lambda: upload(case, data, settings), FREE)
        measured, folds = measure(case, source, settings, workers)
    told = forecast(source, case.setup, task=case.task, target=case.target)
    needed = told.run_bytes(workers)
    print(
        f"{case.name:<32}{told.setup_bytes / MIB:>10.1f}{needed / MIB:>10.1f}{measured / MIB:>10.1f}"
        f"{needed / measured:>7.2f}  {folds / MIB:.1f}",
        flush=True,
    )


def measure(case: Case, source: Source, settings: Settings, workers: int) -> tuple[int, int]:
    """Return the most memory that a run took, and the most that its folds took, in bytes."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=carry_out, args=(theirs, case, source, settings, workers)
    )
    process.start()
    ours.recv()
    assert process.pid is not None
    before, _ = look(process.pid)
    ours.send("go on")
    most = most_folds = 0
    while process.is_alive():
        own, folds = look(process.pid)
        most, most_folds = max(most, own + folds - before), max(most_folds, folds)
        time.sleep(EVERY_S)
    return most, most_folds


def carry_out(pipe: Connection, case: Case, source: Source, settings: Settings, workers: int) -> None:
    import gc

    from workbench.data.sources import Sources
    from workbench.store.store import open_store
    from workbench.training.train import train

    gc.freeze()
    sources = Sources(open_store(settings))
    pipe.send("ready")
    pipe.recv()
    request = TrainingRequest(
        case.task,
        case.target,
        plan="compare",
        sort=TASKS[case.task].sort,
        seed=SEED,
        folds=FOLDS,
        models=FIELD[case.task],
        setup=dict(case.setup),
        limits=Limits(workers=workers),
    )
    for _ in train(sources.load(source), request):
        pass
    os._exit(0)


def look(pid: int) -> tuple[int, int]:
    """Return the bytes that a process and its children hold for themselves, and those of the folds they share."""
    own, folds = 0, {}
    children = ""
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    for each in (pid, *map(int, children.split())):
        with suppress(OSError):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            own += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon"))
        with suppress(OSError):
            for descriptor in Path(f"/proc/{each}/fd").iterdir():
                with suppress(OSError):
                    if "workbench-fold" in str(descriptor.readlink()):
                        about = descriptor.stat()
                        folds[about.st_ino] = about.st_blocks * 512
    return own, sum(folds.values())


if __name__ == "__main__":
    main()
