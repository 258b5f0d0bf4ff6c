"""A column that is never the same drives tree models to chance; pre-flight names it, and its mend lets them rise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.preflight.findings import apply

TREES = ("dt", "lightgbm")


@pytest.fixture(scope="module")
def passengers(warm):
    """As many as the Titanic's list has, of whom women, children and the rich survive more often."""
    random, rows = np.random.default_rng(12), 891
    sex = random.choice(["male", "female"], rows, p=[0.65, 0.35])
    pclass = random.choice([1, 2, 3], rows, p=[0.24, 0.21, 0.55])
    age = random.normal(30, 14, rows).clip(0.5, 80).round()
    fare = (random.lognormal(2.3, 0.6, rows) * (4 - pclass)).round(2)
    wish = 5 * (sex == "female") - 2 * (pclass - 2) - 0.05 * (age - 30) - 2.5
    title = np.where(sex == "male", "Mr.", "Mrs.")
    frame = pd.DataFrame(
        {
            "Pclass": pclass,
            "Name": [f"Passenger {number}, {title[number]} {random.integers(10**6)}" for number in range(rows)],
            "Sex": sex,
            "Age": pd.Series(age).mask(random.random(rows) < 0.2),
            "Fare": fare,
            "Survived": (random.random(rows) < 1 / (1 + np.exp(-wish))).astype(int),
        }
    )
    return warm.data.add(frame, "passengers")


def accuracies(run):
    assert run.wait(timeout_s=120).status == "succeeded"
    return {row.model: row.metrics["Accuracy"] for row in run.rows()}


def test_the_mend_of_a_unique_name_lets_trees_rise_above_the_dummy(warm, passengers):
    request = {"target": "Survived", "include": ["dummy", *TREES], "folds": 5}
    found = warm.runs.check(passengers, **request)
    (finding,) = found.findings
    assert (finding.code, finding.severity, finding.columns) == ("column.identifier", "warning", ("Name",))
    as_it_is = warm.runs.submit(passengers, **request)
    mended = warm.runs.submit(passengers, **apply(request, finding.mend))
    before, after = accuracies(as_it_is), accuracies(mended)
    assert mended.record.spec["setup"] == {"ignore_features": ["Name"]}
    assert as_it_is.record.spec["preflight"]["findings"][0]["columns"] == ["Name"]
    assert before["dummy"] == after["dummy"]
    for tree in TREES:
        assert before[tree] == pytest.approx(before["dummy"], abs=0.01)
        assert after[tree] > after["dummy"] + 0.08
