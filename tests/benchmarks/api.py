"""How fast the API lists and submits runs. ``python -m tests.benchmarks.api [RUNS]``.

A home with 10,000 runs (as rows: none of them is carried out) and a service that is warm; one kept connection over TCP,
with a key. Submitted runs are on a table as large as the juice sample of PyCaret, 1,070 rows and 19 columns; they are
carried out meanwhile. What the API computed for a request stands beside how long it took: others do not change it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import uuid4

import psutil
from sqlalchemy import insert

from tests.server.calling import Caller
from workbench.settings import Settings
from workbench.store.tables import RunRow, new_id, now
from workbench.workbench import Workbench, connect

RUNS, LISTS, SUBMITS = 10_000, 100, 60


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory() as folder:
        home = connect(Settings(home=Path(folder), concurrent_runs=1))
        home.service.start()
        while not (told := home.service.state()) or told.phase != "warm":
            time.sleep(0.1)
        source = home.data.add(_table(), "juice")
        first = home.runs.submit(source, target="Purchase", plan="setup")
        first.wait(120)
        _fill(home, first.id, count)
        caller = Caller(told.api_port, None)
        api = _api(told.pid)
        shown = {"X-Workbench-Key": home.keys.create("benchmark", ["*"], requests_per_minute=0).secret}
        asked = {"data": "juice", "target": "Purchase", "plan": "setup"}
        _say(api, f"first page of {count:,} runs", lambda: caller.ask("GET", "/runs", **shown), LISTS, 200)
        _say(api, "one run", lambda: caller.ask("GET", f"/runs/{first.id}", **shown), LISTS, 200)
        _say(api, "check", lambda: caller.ask("POST", "/runs/check", asked, **shown), SUBMITS, 200)
        submitted: list[str] = []

        def submit() -> Any:
            # As the Python client asks: once, however often it is sent.
            answer = caller.ask("POST", "/runs", asked, **shown, **{"Idempotency-Key": str(uuid4())})
            submitted.append(answer.body["id"])
            return answer

        _say(api, "submit", submit, SUBMITS, 201)
        for run in submitted:
            caller.ask("POST", f"/runs/{run}/cancel", **shown)
        home.service.stop()


def _api(service_pid: int) -> psutil.Process:
    children = psutil.Process(service_pid).children()
    return next(child for child in children if "workbench.server" in child.cmdline())


def _say(api: psutil.Process, what: str, ask: Callable[[], Any], times: int, status: int) -> None:
    ask()
    took, before = [], sum(api.cpu_times()[:2])
    for _ in range(times):
        started = time.perf_counter()
        answer = ask()
        took.append((time.perf_counter() - started) * 1000)
        assert answer.status == status, answer.body
    computed = (sum(api.cpu_times()[:2]) - before) / times * 1000
    cuts = quantiles(took, n=100)
    told = f"p50 {cuts[49]:7.2f} ms   p95 {cuts[94]:7.2f} ms   worst {max(took):7.2f} ms   computed {computed:6.2f} ms"
    print(f"{what:32} {told}", flush=True)


def _table() -> Any:
    import numpy as np
    import pandas as pd

    random, rows = np.random.default_rng(1), 1070
    numbers = {f"measure_{place}": random.normal(place, 1, rows).round(3) for place in range(14)}
    texts = {f"choice_{place}": random.choice(["yes", "no", "maybe"], rows) for place in range(3)}
    return pd.DataFrame({"week": random.integers(200, 300, rows), **numbers, **texts}).assign(
        Purchase=random.choice(["CH", "MM"], rows, p=[0.6, 0.4])
    )


def _fill(home: Workbench, run_id: str, count: int) -> None:
    """Add runs that look like one that was carried out."""
    with home._store.database.write() as session:
        row = session.get_one(RunRow, run_id)
        like = {column.name: getattr(row, column.key) for column in RunRow.__table__.columns}
        rows = [{**like, "id": new_id(), "created_at": now()} for _ in range(count)]
        session.execute(insert(RunRow), rows)


if __name__ == "__main__":
    main()
