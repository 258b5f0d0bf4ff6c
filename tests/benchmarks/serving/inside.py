"""What is measured without a server, in a process like that of a predictor: one row, and many at once.

    python -m tests.benchmarks.serving.inside FOLDER TABLE ROWS

FOLDER holds a pipeline's artifacts. Prints JSON: milliseconds, by what was done.
"""

from __future__ import annotations

import json
import math
import pickle
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ONES, OF_THE_PIPELINE = 1000, 60
REPEAT = 3


def median_ms(what: Callable[[], Any], times: int) -> float:
    for _ in range(max(3, times // 20)):
        what()
    took = []
    for _ in range(times):
        started = time.perf_counter()
        what()
        took.append(time.perf_counter() - started)
    return statistics.median(took) * 1000


def seconds(what: Callable[[], Any]) -> float:
    took = []
    for _ in range(REPEAT):
        started = time.perf_counter()
        what()
        took.append(time.perf_counter() - started)
    return min(took)


def main() -> None:
    import pandas as pd

    from workbench.predictor.predictor import Predictor, warm_up

    warnings.simplefilter("ignore")
    folder, table, rows = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    task = (folder / "task").read_text()
    schema, sample = (json.loads((folder / name).read_text()) for name in ("schema.json", "sample.json"))
    pickled = (folder / "pipeline.pkl").read_bytes()
    for _ in warm_up():
        pass
    # The first imports what the fork server has imported already.
    predictor = Predictor.load(pickled, schema, sample, task=task)
    loaded_ms = seconds(lambda: Predictor.load(pickled, schema, sample, task=task)) * 1000
    pipeline = pickle.loads(pickled)
    one = sample[:1]
    frame = predictor.schema.read(one).frame()
    told: dict[str, Any] = {
        "engine": predictor.engine.path,
        "load and prove": loaded_ms,
        "one row": median_ms(lambda: predictor.predict(predictor.schema.read(one)), ONES),
        "one row, the pipeline": median_ms(lambda: pipeline.predict(frame), OF_THE_PIPELINE),
        **bare(pipeline, frame),
    }
    if rows:
        drawn = pd.read_csv(table).sample(rows, replace=True, random_state=0).reset_index(drop=True)
        many = predictor.schema.of_frame(drawn)
        features = many.frame()
        told |= {
            "many rows": seconds(lambda: predictor.predict(predictor.schema.of_frame(drawn))),
            "many rows, the pipeline, labels": seconds(lambda: pipeline.predict(features)),
            "many rows, the pipeline, labels and scores": seconds(lambda: both(pipeline, features)),
            "alike": alike(predictor.predict(many).labels, pipeline.predict(features).tolist()),
        }
    print(json.dumps(told))


def alike(ours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    """Whether labels are equal, and numbers to 1e-9 of their size."""
    return len(ours) == len(theirs) and all(
        one == other or (isinstance(other, float) and math.isclose(one, other, rel_tol=1e-9))
        for one, other in zip(ours, theirs, strict=True)
    )


def both(pipeline: Any, features: Any) -> None:
    """Ask a pipeline for all that a predictor answers."""
    pipeline.predict(features)
    if hasattr(pipeline, "predict_proba"):
        pipeline.predict_proba(features)


def bare(pipeline: Any, frame: Any) -> dict[str, float]:
    """Measure the estimator alone, on a row that is prepared."""
    *_, (_, estimator) = pipeline.steps
    prepared = frame
    for _, step in pipeline.steps[:-1]:
        if hasattr(step, "transform") and not getattr(step, "_train_only", False):
            made = step.transform(prepared)
            prepared = made[0] if isinstance(made, tuple) else made
    ask = getattr(estimator, "predict_proba", estimator.predict)
    row = prepared.to_numpy(dtype=float)
    found = {"one row, the bare estimator": median_ms(lambda: ask(row), OF_THE_PIPELINE)}
    booster = getattr(estimator, "booster_", None)
    if booster is not None:
        found["one row, the bare booster"] = median_ms(lambda: booster.predict(row, num_threads=1), ONES)
    return found


if __name__ == "__main__":
    main()
