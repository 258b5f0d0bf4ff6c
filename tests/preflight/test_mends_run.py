"""Set-ups that PyCaret is particular about: what pre-flight offers is what it takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.preflight.findings import apply


@pytest.fixture(scope="module")
def visits(warm):
    """Visits in the order of their days, ten of each customer at once, whose answers are alike and change with time."""
    random, rows = np.random.default_rng(4), 400
    habit = np.repeat(np.clip(np.linspace(0.1, 0.9, 40) + random.normal(0, 0.25, 40), 0.02, 0.98), 10)
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2023-01-01", periods=rows).strftime("%Y-%m-%d"),
            "customer_id": np.repeat(random.choice(10**6, 40, replace=False), 10),
            "amount": random.normal(50, 9, rows).round(2),
            "answer": np.where(random.random(rows) < habit, "yes", "no"),
        }
    )
    return warm.data.add(frame, "visits in order")


@pytest.mark.parametrize("code", ["column.dates", "split.groups", "split.time"])
def test_a_mended_request_is_one_that_pycaret_sets_up(warm, visits, code):
    request = {"target": "answer", "plan": "setup", "folds": 4}
    (finding,) = warm.runs.check(visits, **request).of(code)
    run = warm.runs.submit(visits, **apply(request, finding.mend))
    assert (run.wait(timeout_s=60).status, run.record.error) == ("succeeded", None)
    assert code not in [each["code"] for each in run.record.spec["preflight"]["findings"]]
