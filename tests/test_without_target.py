"""Clustering and anomaly detection as requests: what is checked before anything is stored."""

from __future__ import annotations

import io

import pytest

from workbench.errors import BadRequest
from workbench.requests import resolve
from workbench.runs.spec import Asked, RunSpec, make_spec

TABLE = "age,income,city,kind,state,same,never\n" + "".join(
    f"{20 + row},{row * 7 % 50},{'Rome' if row % 3 else 'Oslo'},{'abc'[row % 3]},{int(row % 9 == 0)},x,\n"
    for row in range(30)
)


def spec(task: str = "clustering", **request: object) -> RunSpec:
    return make_spec(Asked(task=task, **request))


def refusal(task: str = "clustering", **request: object) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        spec(task, **request)
    return caught.value


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("clustering", {"num_clusters": 4, "ground_truth": None}),
        ("anomaly", {"fraction": 0.05, "ground_truth": None}),
    ],
)
def test_what_is_not_said_is_pycarets_default(task, options):
    model = "knn" if task == "anomaly" else "ap"
    for made in (spec(task), spec(task, plan="create", model=model)):
        assert (made.target, made.folds, made.options) == (None, 1, options)


def test_the_metric_that_ranks_follows_from_whether_there_is_a_truth():
    assert (spec().sort, spec(options={"ground_truth": "kind"}).sort) == ("Silhouette", "Silhouette")
    assert (spec("anomaly").sort, spec("anomaly", options={"ground_truth": "state"}).sort) == ("Stability", "AUC")
    assert spec(options={"ground_truth": "kind"}, sort="ari").sort == "Rand Index"


@pytest.mark.parametrize(
    ("sort", "words"),
    [
        ("Rand Index", "The metric 'Rand Index' needs the option ground_truth: a column."),
        ("clusters", "'Clusters' says nothing of which model is better: it cannot rank."),
        ("Accuracy", "There is no clustering metric 'Accuracy'."),
    ],
)
def test_a_metric_that_cannot_rank_the_run_is_refused_with_those_that_can(sort, words):
    error = refusal(sort=sort)
    assert (error.code, error.message) == ("spec.unknown_metric", words)
    assert error.hint.endswith("Valid: Calinski-Harabasz, Davies-Bouldin, Silhouette.")


def test_a_target_is_refused_and_the_option_named_that_may_be_meant():
    error = refusal(target="kind")
    assert error.code == "spec.invalid"
    assert error.message == "Clustering has no target, yet 'kind' was named."
    assert "ground_truth" in error.hint


@pytest.mark.parametrize("folds", [0, 2, 10, True, "1"])
def test_folds_are_refused(folds):
    message = "Anomaly detection scores each model once, on the whole table: it takes no folds."
    assert refusal("anomaly", folds=folds).message == message


def test_racing_is_refused():
    assert refusal(racing=True).message == "Clustering scores each model once: there are no folds to race over."


@pytest.mark.parametrize("plan", ["tune", "ensemble", "blend", "stack", "calibrate", "finalize"])
@pytest.mark.parametrize("task", ["clustering", "anomaly"])
def test_plans_that_pycaret_does_not_have_without_a_target_are_refused(task, plan):
    error = refusal(task, plan=plan)
    assert error.code == "plan.not_runnable"
    assert error.hint.endswith("Valid: compare, create, setup.")


@pytest.mark.parametrize(
    ("task", "options", "words"),
    [
        ("clustering", {"num_clusters": 1}, "num_clusters is 1; it must be a whole number from 2"),
        ("clustering", {"num_clusters": 2.5}, "'num_clusters' is 2.5; it takes a whole number."),
        ("clustering", {"fraction": 0.1}, "There is no compare option 'fraction'."),
        ("anomaly", {"fraction": 0}, "'fraction' is 0; it takes a number between 0 and 1."),
        ("anomaly", {"fraction": 0.6}, "fraction is 0.6; it must be more than 0 and at most 0.5."),
        ("anomaly", {"num_clusters": 4}, "There is no compare option 'num_clusters'."),
    ],
)
def test_options_that_do_not_fit_are_refused(task, options, words):
    assert words in refusal(task, options=options).message


@pytest.fixture
def asked(workbench):
    """Check a request against a table, storing nothing; return the spec."""

    def asked(table: str = TABLE, task: str = "clustering", **request: object) -> RunSpec:
        source = workbench.data.upload(io.BytesIO(table.encode()), name="people")
        return resolve(workbench._store, workbench.data, source, {"task": task, **request})[1]

    return asked


def test_a_request_that_fits_its_table_is_taken(asked):
    made = asked(setup={"ignore_features": ["same"]}, options={"ground_truth": "kind", "num_clusters": 3})
    assert made.options == {"ground_truth": "kind", "num_clusters": 3}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"options": {"ground_truth": "kinds"}}, "names 'kinds', which people does not have. Did you mean kind?"),
        ({"options": {"ground_truth": "same"}}, "The ground truth 'same' of people tells no two rows apart."),
        (
            {"options": {"ground_truth": "kind"}, "task": "anomaly"},
            "The ground truth 'kind' of people has 3 values; it takes two, of which the rarer one marks the anomalies.",
        ),
        (
            {"options": {"ground_truth": "state"}, "setup": {"numeric_features": ["state", "age"]}},
            "The option 'numeric_features' names the ground truth 'state'.",
        ),
        ({"setup": {"ignore_features": ["town"]}}, "names 'town', which people does not have"),
        (
            {
                "setup": {"ignore_features": ["age", "income", "city", "kind", "same"]},
                "options": {"ground_truth": "state"},
            },
            "people has no column with values left to learn from.",
        ),
        (
            {"setup": {"ignore_features": ["age", "income", "city", "kind", "state"]}},
            "Every column of people that is left is always the same.",
        ),
        ({"options": {"num_clusters": 30}}, "people has 30 rows, too few for 30 clusters."),
    ],
)
def test_what_would_fail_on_the_table_for_certain_is_refused(asked, request_, words):
    with pytest.raises(BadRequest) as caught:
        asked(**request_)
    assert words in str(caught.value)


def test_one_row_is_refused(asked):
    with pytest.raises(BadRequest, match=r"people has 1 row, and nothing to compare it with\."):
        asked("a,b\n1,2\n", task="anomaly")
