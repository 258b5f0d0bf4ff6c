"""Comparisons against PyCaret's own and against the limit, side by side in one run, on one machine.

    python tests/benchmarks/compare.py [--quick] [--only juice …] [--data FOLDER] [--repeat 3] [--skip-default]

Each table gives seconds from asking to the result:

- PyCaret as installed, and PyCaret with ``n_jobs=1`` and native threads pinned: ``setup`` and ``compare_models`` (for
  clustering and anomaly detection ``create_model`` over the field), imports not counted;
- Workbench: from submit to the terminal state, the service warm;
- the limit: CPU time of the bare estimators' fits and predictions on prepared folds, on one thread, shared out over the
  processors.

The last column says how many times longer than Workbench each takes. Below it stand the cells of the leaderboard that
differ from PyCaret's table by more than its rounding, and the largest difference. ``--quick`` takes the small samples
that come with Workbench. Without it, juice.csv, insurance.csv and bank.csv are looked for in ``--data``.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.theirs import ONE_THREAD

SEED = 42
SAMPLES = Path(__file__).parents[2] / "workbench" / "data" / "samples"
SHARED = Path(__file__).parents[3] / "shared" / "data"
PATIENCE_S = 3600


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes
    ----------
    setup
        Set-up options, the same for both.
    """

    name: str
    table: str
    task: str
    target: str | None = None
    setup: dict[str, Any] = field(default_factory=dict)
    folds: int | None = None

    def path(self, folder: Path) -> Path | None:
        return next((path for path in (folder / self.table, SAMPLES / self.table) if path.is_file()), None)

    def as_json(self, folder: Path) -> str:
        path = self.path(folder)
        known = {"task": self.task, "target": self.target, "setup": self.setup, "folds": self.folds}
        return json.dumps(known | {"table": str(path), "seed": SEED})


LARGE = (
    Case("juice", "juice.csv", "classification", "Purchase"),
    Case("insurance", "insurance.csv", "regression", "charges"),
    Case("bank", "bank.csv", "classification", "deposit"),
)
OTHERS = (
    Case("airline", "airline.csv", "time_series", "passengers", {"fh": 12, "index": "month"}, 3),
    Case("wine", "wine.csv", "clustering"),
    Case("cells", "breast_cancer.csv", "clustering", setup={"ignore_features": ["diagnosis"]}),
    Case("outliers", "wine.csv", "anomaly"),
)
QUICK = (
    Case("loans", "loans.csv", "classification", "default"),
    Case("diabetes", "diabetes.csv", "regression", "progression"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small samples only")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these cases only")
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of the large tables")
    parser.add_argument("--repeat", type=int, default=3, help="runs of Workbench and of PyCaret on one thread")
    parser.add_argument("--skip-default", action="store_true", help="leave out PyCaret as installed, which is slow")
    asked = parser.parse_args()
    cases = QUICK if asked.quick else LARGE
    cases = [case for case in (*cases, *OTHERS) if not asked.only or case.name in asked.only]
    for case in [case for case in cases if case.path(asked.data) is None]:
        print(f"{case.name}: {case.table} is not in {asked.data}; name its folder by --data")
        cases.remove(case)
    with tempfile.TemporaryDirectory() as home:
        ours = Ours(home)
        try:
            for case in cases:
                compare(case, ours, asked)
        finally:
            ours.close()


class Ours:
    """Workbench in a home of its own, its service warm."""

    def __init__(self, home: str) -> None:
        from workbench import connect

        self._workbench = connect(home=home)
        self._workbench.service.start()
        deadline = time.monotonic() + PATIENCE_S
        while (told := self._workbench.service.state()) is None or told.phase != "warm":
            if time.monotonic() > deadline:
                sys.exit("the service does not get warm")
            time.sleep(0.1)

    def run(self, asked: dict[str, Any]) -> tuple[float, dict[str, float], list[dict[str, Any]]]:
        """Return the seconds to the end, those to the first score and to the ranked field, and the board."""
        path = Path(asked["table"])
        source = self._workbench.data.find_content(path) or self._workbench.data.upload(path)
        request = {name: asked[name] for name in ("task", "target", "setup", "folds", "seed")}
        submitted = time.time()
        started = time.perf_counter()
        run = self._workbench.runs.submit(source, **request)
        found = run.wait(PATIENCE_S)
        took = time.perf_counter() - started
        if found.status != "succeeded":
            sys.exit(f"{path.name}: {found.status}: {found.error}")
        scored = [event for event in run.history() if event.kind == "unit.scored"]
        first = [event.emitted_at.timestamp() - submitted for event in scored if event.payload["fold"] == 0]
        return took, {"first score": min(first), "field ranked": max(first)}, [row.as_dict() for row in run.rows()]

    def close(self) -> None:
        self._workbench.service.stop()
        self._workbench.close()


def compare(case: Case, ours: Ours, asked: argparse.Namespace) -> None:
    request = case.as_json(asked.data)
    runs = [ours.run(json.loads(request)) for _ in range(asked.repeat)]
    mine = [took for took, _, _ in runs]
    single = [theirs("pycaret", request, jobs=1) for _ in range(asked.repeat if case.name != "bank" else 1)]
    default = [] if asked.skip_default else [theirs("pycaret", request, jobs=-1)]
    limit = theirs("limit", request, jobs=1)["seconds"] / (os.cpu_count() or 1)

    median = statistics.median(mine)
    print(
        f"\n{case.name}: {case.task}, {Path(json.loads(request)['table']).name}, {os.cpu_count()} processors; seconds"
    )
    print(f"{'':<36}{'median':>8}{'min':>8}{'max':>8}{'runs':>6}{'ratio':>8}")
    for name, times in (
        ("PyCaret, as installed", [told["seconds"] for told in default]),
        ("PyCaret, n_jobs=1, threads pinned", [told["seconds"] for told in single]),
        ("Workbench", mine),
        ("the limit", [limit]),
    ):
        if times:
            middle = statistics.median(times)
            figures = f"{middle:>8.2f}{min(times):>8.2f}{max(times):>8.2f}{len(times):>6}{middle / median:>8.2f}"
            print(f"{name:<36}{figures}")
    print(f"Workbench takes {median / limit:.2f} × the limit")
    for name in runs[0][1]:
        print(f"{name:<36}{statistics.median(told[name] for _, told, _ in runs):>8.2f}")
    print(agreement(runs[-1][2], single[-1]["board"]))


def theirs(script: str, request: str, *, jobs: int) -> dict[str, Any]:
    """Run one of the other sides in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("theirs.py")), script, request, str(jobs), str(answer)],
            env=os.environ | (ONE_THREAD if jobs == 1 else {}),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{script} failed:\n{done.stderr[-2000:]}")
        return json.loads(answer.read_text())


def agreement(board: list[dict[str, Any]], theirs: dict[str, dict[str, float]]) -> str:
    """Compare every cell that PyCaret prints with what it would be here, rounded as it rounds.

    A cell that is marked, because PyCaret counts a failure as 0, is compared by the mark.
    """
    mine = {row["model"]: {k: v for k, v in row["metrics"].items() if v is not None} | row["pycaret"] for row in board}
    marked = sum(len(row["pycaret"]) for row in board)
    cells, largest, apart = 0, 0.0, []
    for model, row in theirs.items():
        for metric, value in row.items():
            if model in mine and metric not in mine[model]:
                continue  # A measure that needs a ground truth: PyCaret prints 0 without one.
            told = mine.get(model, {}).get(metric)
            cells += 1
            difference = float("inf") if told is None else abs(round(told, 4) - round(value, 4))
            largest = max(largest, difference)
            # Half of the last digit may fall to either side.
            if told is None or abs(told - value) > 0.5e-4 + 1e-9:
                apart.append(f"{model} {metric}: {value} there, {told} here")
    lines = [f"{cells - len(apart)} of {cells} cells equal at PyCaret's rounding, {marked} of them marked"]
    return "\n  ".join([*lines, f"largest difference of rounded cells {largest:.4g}", *apart])


if __name__ == "__main__":
    main()
