"""Serving: Workbench, an MLflow server and PyCaret's generated API on the same pipeline, in one run, on one machine.

    python tests/benchmarks/serve.py [--only latency …] [--data FOLDER] [--tables juice …] [--models lightgbm rf]

Sections, all unless named by ``--only``:

latency
    One row over HTTP on a connection that is kept: p50 and p95, the median of rounds in turn; beside them FastAPI that
    answers nothing.
throughput
    Rows a second of 32 connections that ask for one row each, the client in a process of its own; likewise in turn.
inside
    One row in a predictor's process, schema check included, beside the pipeline itself and the bare estimator.
batch
    100,000 rows: in a predictor's process, and as a batch from data source to file, each against the pipeline itself.
swap
    The pipeline behind a slug is swapped under 32 connections: answers that fail, and answers that neither gives.
kill
    The predictor is killed under 32 connections: until it answers again, what callers are told, what is counted.
memory
    16 deployments, each asked once: what the service and all below it hold, its shared pages counted once.
deploy
    From a finished run to a deployment that answers, the service warm.

Native threads are pinned to one for every server. MLflow's environment is built once, with uv, into ``--cache``; it has
the versions of the run. ``--json FILE`` writes all figures.
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
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import workbench
from tests.benchmarks.compare import LARGE, SHARED, Case
from tests.benchmarks.serving import rivals
from tests.benchmarks.serving.bench import CLIENTS, PATIENCE_S, Bench, show, wait_until
from tests.benchmarks.serving.disturbed import kill, swap
from tests.benchmarks.serving.inside import alike
from tests.benchmarks.serving.load import ROOT, Asked, Told
from tests.benchmarks.serving.rivals import Server
from tests.benchmarks.serving.whole import deploying, memory
from workbench.exports.export import export
from workbench.registry.pipeline import Pipeline
from workbench.store.artifacts import PIPELINE, SAMPLE, SCHEMA
from workbench.training.variables import TRAINING_ENVIRONMENT

SECTIONS = ("latency", "throughput", "inside", "batch", "swap", "kill", "memory", "deploy")
OURS = "Workbench"
MANY = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="SECTION")
    parser.add_argument("--tables", nargs="+", choices=[case.name for case in LARGE], default=["juice"])
    parser.add_argument("--models", nargs="+", default=["lightgbm", "rf"], metavar="MODEL")
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of the tables")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/workbench-benchmarks").expanduser())
    parser.add_argument("--skip-mlflow", action="store_true", help="build no environment for it")
    parser.add_argument("--requests", type=int, default=1000, help="requests of a round of latency")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of a round of throughput")
    parser.add_argument("--json", type=Path, help="file for all figures")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = workbench.connect(home=f"{folder}/home")
        bench = Bench(asked, home, Path(folder))
        try:
            prepare(bench)
            for name, pipeline in bench.pipelines.items():
                print(f"\n{name}: {pipeline.model_name}, {os.cpu_count()} processors", flush=True)
                measure(bench, name, pipeline)
            if "memory" in asked.only:
                memory(bench)
            if "deploy" in asked.only:
                deploying(bench)
        finally:
            home.service.stop()
            home.close()
    if asked.json:
        asked.json.write_text(json.dumps(bench.figures, indent=2))


def prepare(bench: Bench) -> None:
    """Fit a model a table, and promote it."""
    home = bench.home
    home.service.start()
    wait_until(lambda: (state := home.service.state()) is not None and state.phase == "warm")
    for case in cases(bench.asked):
        source = home.data.upload(case.path(bench.asked.data))
        for model in bench.asked.models:
            run = home.runs.submit(source, target=case.target, task=case.task, plan="create", model=model, folds=2)
            record = run.wait(PATIENCE_S)
            if record.status != "succeeded":
                sys.exit(f"{case.name} {model}: {record.error}")
            bench.pipelines[f"{case.name} {model}"] = home.registry.promote(run)


def cases(asked: argparse.Namespace) -> list[Case]:
    found = [case for case in LARGE if case.name in asked.tables]
    for case in found:
        if case.path(asked.data) is None:
            sys.exit(f"{case.table} is not in {asked.data}; name its folder by --data")
    return found


def case_of(name: str) -> Case:
    return next(case for case in LARGE if name.startswith(f"{case.name} "))


def measure(bench: Bench, name: str, pipeline: Pipeline) -> None:
    """Carry out the sections that are about one pipeline."""
    only = bench.asked.only
    if {"latency", "throughput"} & set(only):
        over_http(bench, name, pipeline)
    if {"inside", "batch"} & set(only):
        inside(bench, name, pipeline)
    if "batch" in only:
        batch(bench, name, pipeline)
    if "swap" in only:
        swap(bench, name, pipeline)
    if "kill" in only:
        kill(bench, name, pipeline)


def over_http(bench: Bench, name: str, pipeline: Pipeline) -> None:
    folder = bench.folder / name.replace(" ", "-")
    folder.mkdir()
    path = folder / PIPELINE
    path.write_bytes(bench.home.registry.artifact(pipeline, PIPELINE))
    row = bench.sample(pipeline)[0]
    python = None if bench.asked.skip_mlflow else mlflow_environment(bench, pipeline)
    with (
        bench.deployed(pipeline) as deployment,
        rivals.serving(path, row, pipeline.task, python, folder) as servers,
    ):
        clients = {OURS: bench.asking(deployment, [row])} | {server.name: client(server) for server in servers}
        if "latency" in bench.asked.only:
            latency(bench, name, clients)
        if "throughput" in bench.asked.only:
            throughput(bench, name, clients)


def client(server: Server) -> Asked:
    return Asked(server.port, server.path, server.body)


def mlflow_environment(bench: Bench, pipeline: Pipeline) -> Path:
    folder = bench.folder / f"mlflow-{pipeline.id}"
    export(bench.home._store, pipeline, folder, "mlflow")
    return rivals.environment((folder / "requirements.txt").read_text(), bench.asked.cache)


def latency(bench: Bench, name: str, clients: Mapping[str, Asked]) -> None:
    rounds: dict[str, list[Told]] = {server: [] for server in clients}
    for _ in range(bench.asked.rounds):
        for server, asked in clients.items():
            # A slow server need not be asked as often.
            seconds = 20.0 if server == "PyCaret's API" else 60.0
            more = {"requests": bench.asked.requests, "warm_up": 20, "seconds": seconds}
            rounds[server].append(sound(server, Asked(**vars(asked) | more).run()))
    table = {}
    for server, runs in rounds.items():
        table[server] = [statistics.median(run.p50 for run in runs), statistics.median(run.p95 for run in runs)]
        bench.note("latency", name, **{server: {"p50_ms": table[server][0], "p95_ms": table[server][1]}})
    show("one row over HTTP, ms", ("p50", "p95", "× ours"), table, lambda row: row[0] / table[OURS][0])


def throughput(bench: Bench, name: str, clients: Mapping[str, Asked]) -> None:
    rounds: dict[str, list[Told]] = {server: [] for server in clients}
    for _ in range(max(1, bench.asked.rounds // 2)):
        for server, asked in clients.items():
            more = {"connections": CLIENTS, "warm_up": CLIENTS, "seconds": bench.asked.seconds}
            rounds[server].append(sound(server, Asked(**vars(asked) | more).run()))
    table = {}
    for server, runs in rounds.items():
        table[server] = [statistics.median(run.rate for run in runs), statistics.median(run.p95 for run in runs)]
        bench.note("throughput", name, **{server: {"rows_a_second": table[server][0], "p95_ms": table[server][1]}})
    show(f"{CLIENTS} connections", ("rows/s", "p95 ms", "ours ×"), table, lambda row: table[OURS][0] / row[0])


def sound(server: str, found: Told) -> Told:
    if set(found.statuses) != {"200"}:
        print(f"  {server} answered {found.statuses}: {next(iter(found.bodies.values()), '')[:300]}")
    return found


def inside(bench: Bench, name: str, pipeline: Pipeline) -> None:
    folder = bench.folder / f"inside-{pipeline.id}"
    folder.mkdir()
    for artifact in (PIPELINE, SCHEMA, SAMPLE):
        (folder / artifact).write_bytes(bench.home.registry.artifact(pipeline, artifact))
    (folder / "task").write_text(pipeline.task)
    table = case_of(name).path(bench.asked.data)
    rows = MANY if "batch" in bench.asked.only else 0
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.serving.inside", str(folder), str(table), str(rows)],
        cwd=ROOT,
        env=os.environ | TRAINING_ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    bench.note("inside", name, **found)
    print(f"in a predictor's process: {found['engine']}, loaded and proven in {found['load and prove']:.0f} ms")
    for what in [what for what in found if what.startswith("one row")]:
        print(f"  {what:<44}{found[what]:>9.3f} ms")
    if rows:
        print(f"{MANY:,} rows in a predictor's process; predictions alike: {found['alike']}")
        for what in [what for what in found if what.startswith("many rows")]:
            print(f"  {what:<44}{found[what]:>9.2f} s{found[what] / found['many rows']:>8.2f} × ours")


BY_THE_PIPELINE = """
import pickle, sys, pandas as pd
pipeline, to = pickle.load(open(sys.argv[1], "rb")), sys.argv[3]
import time; started = time.perf_counter()
table = pd.read_csv(sys.argv[2])
said = {"label": pipeline.predict(table)}
if hasattr(pipeline, "predict_proba"): said["score"] = pipeline.predict_proba(table).max(axis=1)
table.assign(**said).to_csv(to, index=False)
print(time.perf_counter() - started)
"""
"""A batch as one would write it by hand. Its imports, and loading the pipeline, are not counted."""


def batch(bench: Bench, name: str, pipeline: Pipeline) -> None:
    """Predict a data source into a file, by a batch and by hand."""
    import pandas as pd

    home = bench.home
    case = case_of(name)
    drawn = pd.read_csv(case.path(bench.asked.data)).sample(MANY, replace=True, random_state=0)
    path = bench.folder / f"{case.name}-many.csv"
    drawn.drop(columns=[case.target]).to_csv(path, index=False)
    source = home.data.find_content(path) or home.data.upload(path)
    with bench.deployed(pipeline) as deployment:
        ours = []
        for _ in range(3):
            started = time.perf_counter()
            made = deployment.batch(source)
            record = made.wait(PATIENCE_S)
            ours.append(time.perf_counter() - started)
            if record.status != "succeeded":
                sys.exit(f"the batch {record.status}: {record.error}")
        labels = made.frame()["prediction_label"].tolist()
    pickled, to = bench.folder / "by-hand.pkl", bench.folder / "by-hand.csv"
    pickled.write_bytes(home.registry.artifact(pipeline, PIPELINE))
    theirs = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", BY_THE_PIPELINE, str(pickled), str(path), str(to)],
            env=os.environ | TRAINING_ENVIRONMENT,
            cwd=bench.folder,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        theirs.append(float(done.stdout.splitlines()[-1]))
    is_alike = alike(labels, pd.read_csv(to)["label"].tolist())
    bench.note("batch", name, ours_s=min(ours), by_hand_s=min(theirs), alike=is_alike)
    print(
        f"{MANY:,} rows from data source to file: {min(ours):.2f} s; by hand with the pipeline loaded "
        f"{min(theirs):.2f} s, {min(theirs) / min(ours):.2f} ×; predictions alike: {is_alike}"
    )


if __name__ == "__main__":
    main()
