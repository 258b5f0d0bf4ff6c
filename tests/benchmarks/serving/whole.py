"""What many deployments hold, and how long one takes to come."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import psutil

import workbench
from tests.benchmarks.serving.bench import Bench

DEPLOYMENTS = 16


def memory(bench: Bench) -> None:
    """Hold many deployments at once."""
    home, pipelines = bench.home, list(bench.pipelines.values())
    before = held(home)
    made = []
    try:
        for number in range(DEPLOYMENTS):
            pipeline = pipelines[number % len(pipelines)]
            deployment = home.deployments.deploy(pipeline=pipeline, slug=f"many-{number:02}")
            made.append(deployment)
            deployment.predict(bench.sample(pipeline)[:1])
        whole, processes = held(home), family(home)
    finally:
        for deployment in made:
            deployment.delete()
    bench.note("memory", "all", before_mib=before, with_all_mib=whole, processes=len(processes))
    print(
        f"\n{DEPLOYMENTS} deployments: {whole:,.0f} MiB in {len(processes)} processes, service and API among them; "
        f"{before:,.0f} MiB without; {(whole - before) / DEPLOYMENTS:.0f} MiB each"
    )


def held(home: workbench.Workbench) -> float:
    """Return what the service and all below it hold, in MiB: proportional set size, shared pages counted once."""
    total = 0
    for process in family(home):
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        total += int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1])
    return total / 1024


def family(home: workbench.Workbench) -> list[psutil.Process]:
    state = home.service.state()
    assert state is not None
    service = psutil.Process(state.pid)
    return [service, *service.children(recursive=True)]


def deploying(bench: Bench) -> None:
    """Deploy finished runs."""
    print()
    for name, pipeline in bench.pipelines.items():
        took = []
        for number in range(5):
            started = time.perf_counter()
            deployment = bench.home.deployments.deploy(pipeline.run_id, slug=f"timed-{number}")
            took.append(time.perf_counter() - started)
            deployment.delete()
        bench.note("deploy", name, seconds=took)
        print(f"{name}: from a finished run to an answer {statistics.median(took):.2f} s, at most {max(took):.2f} s")
