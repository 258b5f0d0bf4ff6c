"""A comparison against PyCaret's own, on one machine, in one run.

    python -m tests.benchmarks.compare TABLE.csv --target TARGET [--task regression] [--repeat 3] [--skip-default]

Each figure is the wall time of a whole process from start to exit: PyCaret as installed, PyCaret on one thread, the
Workbench command with its service warm, and once with its service cold. Without a table it uses the `loans` sample.
The last line says whether the leaderboards agree to four decimals.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SEED = 42

PYCARET = """
import sys, warnings; warnings.filterwarnings("ignore")
import pandas as pd
path, target, task, seed, n_jobs = sys.argv[1:]
if task == "classification":
    from pycaret.classification import ClassificationExperiment as Experiment
else:
    from pycaret.regression import RegressionExperiment as Experiment
experiment = Experiment()
experiment.setup(pd.read_csv(path), target=target, session_id=int(seed), n_jobs=int(n_jobs), html=False, verbose=False)
experiment.compare_models(verbose=False)
experiment.pull().to_json(sys.stdout)
"""
COMMAND = "from workbench.cli import main; main()"


def timed(arguments: list[str], environment: dict[str, str]) -> tuple[float, str]:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", *arguments],
            env=os.environ | environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{arguments[1:4]} failed:\n{done.stderr[-2000:]}")
    return took, done.stdout


def several(repeat: int, arguments: list[str], environment: dict[str, str]) -> tuple[list[float], str]:
    outcomes = [timed(arguments, environment) for _ in range(repeat)]
    return [seconds for seconds, _ in outcomes], outcomes[-1][1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sample = Path(__file__).parents[2] / "workbench" / "data" / "samples" / "loans.csv"
    parser.add_argument("table", nargs="?", type=Path, default=sample)
    parser.add_argument("--target", default="default")
    parser.add_argument("--task", default="classification", choices=["classification", "regression"])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--skip-default", action="store_true", help="leave out PyCaret as installed, which is slow")
    asked = parser.parse_args()
    table = str(asked.table.resolve())
    request = [table, asked.target, asked.task, str(SEED)]

    with tempfile.TemporaryDirectory() as home:
        environment = {"WORKBENCH_HOME": home}
        command = [COMMAND, "run", "compare", "--data", table, "--target", asked.target, "--task", asked.task]
        command += ["--session-id", str(SEED), "--json"]
        try:
            cold, _ = several(1, command, environment)
            warm, ours = several(asked.repeat, command, environment)
        finally:
            timed([COMMAND, "service", "stop"], environment)
    single, theirs = several(asked.repeat, [PYCARET, *request, "1"], ONE_THREAD)
    default = [] if asked.skip_default else several(1, [PYCARET, *request, "-1"], {})[0]

    median = statistics.median(warm)
    print(f"\n{asked.table.name}, target {asked.target}, {os.cpu_count()} processors; seconds, whole processes")
    print(f"{'':<34}{'median':>8}{'min':>8}{'max':>8}{'runs':>6}{'ratio':>8}")
    for name, times in (
        ("PyCaret, as installed", default),
        ("PyCaret, one thread (n_jobs=1)", single),
        ("Workbench, service cold", cold),
        ("Workbench, service warm", warm),
    ):
        if times:
            middle = statistics.median(times)
            figures = f"{middle:>8.2f}{min(times):>8.2f}{max(times):>8.2f}{len(times):>6}{middle / median:>8.1f}"
            print(f"{name:<34}{figures}")
    print(agreement(json.loads(ours), json.loads(theirs)))


def agreement(ours: dict, theirs: dict) -> str:
    """Compare every cell that PyCaret prints with ours, rounded as it rounds."""
    ignored = {"Model", "TT (Sec)"}
    board = {row["model"]: row["metrics"] for row in ours["leaderboard"]}
    cells, apart = 0, []
    for metric, column in theirs.items():
        for model, value in column.items() if metric not in ignored else ():
            cells += 1
            mine = board[model][metric]
            if mine is None or abs(mine - value) > 0.5e-4 + 1e-9:
                apart.append(f"{model} {metric}: {value} there, {mine} here")
    return f"{cells - len(apart)} of {cells} cells equal to four decimals" + "".join(f"\n  {line}" for line in apart)


if __name__ == "__main__":
    main()
