"""Under load: the pipeline behind a slug is swapped, the predictor is killed."""

from __future__ import annotations

import json
import os
import pickle
import signal
import time
from collections import Counter
from typing import Any

from tests.benchmarks.serving.bench import CLIENTS, Bench
from tests.benchmarks.serving.inside import alike
from tests.benchmarks.serving.load import told
from workbench.registry.pipeline import Pipeline
from workbench.store.artifacts import PIPELINE


def swap(bench: Bench, name: str, pipeline: Pipeline) -> None:
    """Swap there and back under load; every answer must be the one that the pipeline gives that it names."""
    others = [found for found in bench.pipelines.values() if found.run_id != pipeline.run_id]
    same_rows = [found for found in others if found.schema_sha256 == pipeline.schema_sha256]
    if not same_rows:
        print("swap: there is no other pipeline of this table; name two --models")
        return
    other = same_rows[0]
    rows = bench.sample(pipeline)[:3]
    right = {found.id: said_by(bench, found, rows) for found in (pipeline, other)}
    with bench.deployed(pipeline) as deployment:
        before = wait_for_counts(deployment, 1)
        process = bench.asking(deployment, rows, connections=CLIENTS, seconds=10, keeps_answers=True).start()
        took = []
        for to in (other, pipeline, other):
            time.sleep(2)
            started = time.perf_counter()
            deployment.swap(to)
            took.append(time.perf_counter() - started)
        found = told(process)
        counted = wait_for_counts(deployment, before.request_count + len(found.ms)).request_count - before.request_count
    failed = sum(count for status, count in found.statuses.items() if status != "200")
    wrong = 0
    answered_by: Counter[str] = Counter()
    for said, count in found.answers.items():
        pipeline_id, _, predictions = said.partition(" ")
        answered_by[pipeline_id] += count
        wrong += 0 if are_equal(json.loads(predictions), right[pipeline_id]) else count
    figures = {"answers": len(found.ms), "failed": failed, "wrong": wrong, "counted": counted, "swap_s": took}
    bench.note("swap", name, **figures, answered_by=dict(answered_by))
    times = ", ".join(f"{one:.2f}" for one in took)
    print(
        f"swap under {CLIENTS} connections, three times ({times} s): {counted:,} requests counted, "
        f"{len(found.ms):,} answers by {len(answered_by)} pipelines, {failed} failed, {wrong} wrong"
    )


def said_by(bench: Bench, pipeline: Pipeline, rows: list[dict[str, Any]]) -> list[tuple[Any, float | None]]:
    """Ask a pipeline itself for labels and scores."""
    import pandas as pd

    itself = pickle.loads(bench.home.registry.artifact(pipeline, PIPELINE))
    frame = pd.DataFrame(rows)
    labels = itself.predict(frame).tolist()
    if not hasattr(itself, "predict_proba"):
        return [(label, None) for label in labels]
    return list(zip(labels, itself.predict_proba(frame).max(axis=1).tolist(), strict=True))


def are_equal(predictions: list[dict[str, Any]], right: list[tuple[Any, float | None]]) -> bool:
    labels, scores = zip(*right, strict=True)
    return alike([said["prediction"] for said in predictions], labels) and alike(
        [said.get("score") for said in predictions], scores
    )


def kill(bench: Bench, name: str, pipeline: Pipeline) -> None:
    """Kill the predictor under load."""
    rows = bench.sample(pipeline)[:1]
    with bench.deployed(pipeline) as deployment:
        deployment.predict(rows)
        before = wait_for_counts(deployment, 1)
        process = bench.asking(deployment, rows, connections=CLIENTS, seconds=8).start()
        time.sleep(2)
        (victim,) = [one for one in deployment.predictors() if one.status == "ready"]
        killed = time.time()
        os.kill(victim.process_id, signal.SIGKILL)
        found = told(process)
        after = wait_for_counts(deployment, before.request_count + len(found.ms))
    noticed = found.refused[0][0] if found.refused else killed
    back = min((at for at in found.answered if at > noticed), default=float("inf"))
    refusals = {status: count for status, count in found.statuses.items() if status != "200"}
    counted = after.request_count - before.request_count
    bench.note(
        "kill",
        name,
        back_s=back - killed,
        told=refusals,
        answers=len(found.ms),
        counted=counted,
        counted_errors=after.error_count - before.error_count,
    )
    heads = {status: body.partition("\r\n\r\n")[0].splitlines() for status, body in found.bodies.items()}
    retry = {status: [line for line in lines if "retry-after" in line.lower()] for status, lines in heads.items()}
    print(
        f"killed under {CLIENTS} connections: answered again after {back - killed:.2f} s; told meanwhile: {refusals} "
        f"{retry}; {len(found.ms):,} answers and {sum(refusals.values()):,} refusals, counted {counted:,} requests, "
        f"{after.error_count - before.error_count:,} of them errors"
    )


def wait_for_counts(deployment: Any, requests: int) -> Any:
    """Wait until so many requests are written down, as long as that may take, and then what comes after them."""
    deadline = time.monotonic() + 10
    while deployment.record.request_count < requests and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1.5)
    return deployment.record
