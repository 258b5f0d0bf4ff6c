"""What the way over HTTP adds to a call: ``python tests/benchmarks/remote.py ADDRESS`` with ``WORKBENCH_KEY`` set.

The home needs the sample wine and a run on it; both are made where they are missing.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import workbench
from workbench.remote import Workbench

CALLS = 200


def measured(name: str, call: Callable[[], Any], calls: int = CALLS) -> None:
    call()
    took = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    print(f"{name:<28} p50 {statistics.median(took):7.2f} ms   p95 {took[int(0.95 * len(took))]:7.2f} ms")


def run_of(wb: Workbench) -> Any:
    source = wb.data.sample("wine")
    known = wb.runs.list(source="wine", status="succeeded", limit=1)
    if known:
        return known[0]
    run = wb.runs.submit(source, target="cultivar", plan="compare", include=["nb", "dummy"], folds=2)
    run.wait(300)
    return run


def main(address: str) -> None:
    began = time.perf_counter()
    wb = workbench.connect(address)
    print(f"{'connect':<28} {(time.perf_counter() - began) * 1000:.0f} ms, imports included")
    run = run_of(wb)
    measured("me", wb.me)
    measured("run.record (unchanged)", lambda: run.record)
    measured("run.rows (unchanged)", run.rows)
    measured("runs.records(100)", lambda: wb.runs.records(limit=100), 50)
    measured("run.events, replayed", lambda: list(run.events()), 50)
    measured("data.load of 178 rows", lambda: wb.data.load(wb.data.get("wine")), 50)
    wb.close()


if __name__ == "__main__":
    main(sys.argv[1])
