"""The facade: what a submission checks before anything is stored."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from workbench import connect
from workbench.errors import BadRequest, Conflict, NotFound, WorkbenchError
from workbench.requests import resolve
from workbench.settings import Settings
from workbench.store.tables import EventRow, ExperimentRow, RunRow

TABLE = "age,city,buys,same,never\n" + "".join(
    f"{20 + row},{'Rome' if row % 3 else 'Oslo'},{row % 2},x,\n" for row in range(30)
)


@pytest.fixture
def shoppers(workbench):
    return workbench.data.upload(io.BytesIO(TABLE.encode()), name="shoppers")


@pytest.fixture
def refusal(workbench, living):
    """Submit what must be refused, and see that nothing came of it."""

    def refusal(data, **request) -> WorkbenchError:
        with pytest.raises(WorkbenchError) as caught:
            workbench.runs.submit(data, **{"target": "buys"} | request)
        with workbench._store.database.read() as session:
            assert [session.query(table).count() for table in (RunRow, EventRow, ExperimentRow)] == [0, 0, 0]
        assert living(workbench.settings.home) == []
        return caught.value

    return refusal


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        ({"target": ""}, "spec.target_missing", "No target was named."),
        ({"target": "bys"}, "spec.target_missing", "Did you mean buys?"),
        ({"target": "same"}, "spec.target_constant", "is always the same"),
        ({"target": "never"}, "spec.target_empty", "has no values at all"),
        ({"target": "city", "task": "regression"}, "spec.target_not_numeric", "is not a number"),
        ({"setup": {"ignore_features": ["town"]}}, "spec.invalid", "names 'town', which shoppers does not have"),
        ({"setup": {"group_features": {"all": ["age", "town"]}}}, "spec.invalid", "names 'town', which shoppers"),
        ({"setup": {"categorical_features": ["age"]}}, "spec.invalid", "leaves out 'city', a text"),
        ({"setup": {"fold_groups": "town"}}, "spec.invalid", "names 'town', which shoppers does not have"),
        ({"setup": {"ordinal_features": {"city": ["Rome", "Olso"]}}}, "spec.invalid", "leaves out 'Oslo', a value of"),
        ({"setup": {"ordinal_features": {"age": [20, 21]}}}, "spec.invalid", "orders 2 values of 'age', which has 30."),
        (
            {"setup": {"ignore_features": ["age", "city", "same", "never"]}},
            "spec.no_features",
            "no column beside the target 'buys'",
        ),
        ({"folds": 31}, "spec.invalid", "31 folds cannot be made of the 21 rows of"),
        ({"task": "clusterin"}, "spec.unknown_task", "Did you mean clustering?"),
        (
            {"task": "regression", "target": "age", "plan": "calibrate", "model": "dt"},
            "plan.not_runnable",
            "Valid: blend",
        ),
        ({"include": ["lgbm"]}, "spec.unknown_model", "Did you mean lightgbm?"),
        ({"sort": "Acuracy"}, "spec.unknown_metric", "Did you mean Accuracy?"),
        ({"setup": {"normalize": "perhaps"}}, "spec.invalid", "it takes true or false"),
        ({"plan": "create"}, "spec.invalid", "takes exactly one of the models; 0 named"),
        ({"model_timeout_s": -1}, "spec.invalid", "takes 0 or more seconds"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_stored(shoppers, refusal, request_, code, words):
    error = refusal(shoppers, **request_)
    assert (type(error), error.code) == (BadRequest, code)
    assert words in str(error)


@pytest.mark.parametrize("data", ["", None])
def test_a_run_without_data_is_refused_with_the_way_to_some(refusal, data):
    error = refusal(data)
    assert error.code == "spec.no_data"
    assert "Upload a table or load a sample" in str(error)


@pytest.mark.parametrize(
    "data", [5, ["shoppers"], pd.DataFrame({"age": [1]}), b"shoppers"], ids=["number", "list", "frame", "bytes"]
)
def test_what_is_no_data_source_is_refused_in_a_sentence(refusal, data):
    error = refusal(data)
    assert error.code == "spec.invalid"
    assert error.message.endswith("it takes one data source, its name or its id.")


@pytest.mark.parametrize("name", ["\udcff", "a\0b", "x" * 400, 5, None, ["shoppers"]])
def test_a_name_that_no_data_source_can_have_finds_none(workbench, shoppers, name):
    for find in (workbench.data.get, workbench.data.delete, workbench.data.sample):
        with pytest.raises(NotFound):
            find(name)


@pytest.mark.parametrize("run", ["\udcff", "", 5, None, ["a"]])
def test_what_is_no_run_finds_none(workbench, run):
    for find in (workbench.runs.get, workbench.runs.resume):
        with pytest.raises(NotFound) as caught:
            find(run)
        assert caught.value.code == "run.not_found"


def test_a_run_to_go_on_from_is_one_run(workbench, refusal):
    assert refusal(None, from_run=["a", "b"]).message.startswith("from_run is ['a', 'b']; it takes a run")


@pytest.mark.parametrize("limits", [{"model_timeout_s": "60"}, {"unit_memory": "much"}, {"executor": 5}])
def test_a_limit_that_is_none_is_refused_before_a_run_is_resumed(workbench, limits):
    with pytest.raises(BadRequest) as caught:
        workbench.runs.resume("abcd", **limits)
    assert caught.value.code == "spec.invalid"


def test_data_that_is_not_there_is_refused(shoppers, refusal):
    error = refusal("shopers")
    assert (type(error), error.code) == (NotFound, "data.not_found")
    assert "Did you mean shoppers?" in str(error)


def test_a_class_with_a_single_row_is_refused_unless_the_split_is_not_stratified(workbench, refusal):
    table = "a,b\n" + "".join(f"{row},{'xy'[row % 2]}\n" for row in range(30)) + "30,z\n"
    source = workbench.data.upload(io.BytesIO(table.encode()), name="rare")
    assert refusal(source, target="b").code == "spec.target_rare"
    found = workbench.runs.estimate(source, target="b", setup={"data_split_stratify": False})
    assert found.units > 0


def test_a_word_that_a_request_does_not_know_is_answered_with_the_nearest(workbench, shoppers):
    with pytest.raises(BadRequest) as caught:
        workbench.runs.estimate(shoppers, target="buys", moddel="dt")
    assert str(caught.value).startswith("A request has no 'moddel'. Did you mean model?")


def test_a_service_of_another_version_is_given_no_run(workbench, shoppers, monkeypatch, eventually):
    workbench.service.start()
    eventually(lambda: workbench.service.state() is not None)
    monkeypatch.setattr("workbench.launcher.__version__", "9.9")
    with pytest.raises(Conflict) as caught:
        workbench.runs.submit(shoppers, target="buys")
    assert caught.value.code == "training.version_mismatch"
    assert workbench.runs.list() == []


def test_the_same_is_refused_in_an_estimate(workbench, shoppers):
    for request in ({"target": "bys"}, {"target": "buys", "include": ["lgbm"]}, {"target": "buys", "folds": 1}):
        with pytest.raises(BadRequest):
            workbench.runs.estimate(shoppers, **request)


def test_an_estimate_counts_the_field_that_would_run(workbench, shoppers):
    def units(**request) -> int:
        return workbench.runs.estimate(shoppers, target="buys", folds=5, **request).units

    assert units(include=["lr", "nb"]) == 10
    assert units(include=["lr", "nb"], exclude=["nb"]) == 5
    assert units(exclude=["nb"]) == units() - 5
    assert units(plan="create", model="lr") == 5
    assert units(plan="setup") == 0


def test_how_long_a_cluster_takes_is_not_made_up(workbench, shoppers):
    found = workbench.runs.estimate(shoppers, target="buys", include=["lr", "nb"], folds=5, executor="dask://host:8786")
    assert (found.units, found.workers, found.seconds) == (10, 0, None)
    assert found.words == "2 models × 5 folds = 10 units; how long that takes is for the cluster to say"


@pytest.mark.parametrize(
    ("target", "task"),
    [("buys", "classification"), ("city", "classification"), ("age", "regression"), ("share", "regression")],
)
def test_the_task_is_suggested_by_the_targets_values(workbench, target, task):
    table = "age,city,buys,share\n" + "".join(f"{row},{'ab'[row % 2]},{row % 3},{row / 7}\n" for row in range(60))
    source = workbench.data.upload(io.BytesIO(table.encode()), name="t")
    _, spec = resolve(workbench._store, workbench.data, source, {"target": target})
    assert spec.task == task


def test_a_home_is_made_where_it_is_not_there(tmp_path):
    opened = connect(Settings(home=tmp_path / "a" / "new" / "home", database_url="", artifact_url=""))
    assert (tmp_path / "a" / "new" / "home" / "workbench.db").is_file()
    assert opened.data.list() == opened.runs.list() == opened.runs.records() == []
    opened.close()


def test_settings_come_from_the_environment_and_may_be_overridden(tmp_path, monkeypatch, settings):
    monkeypatch.setenv("WORKBENCH_HOME", str(settings.home))
    monkeypatch.setenv("WORKBENCH_CONCURRENT_RUNS", "5")
    for overrides, home in (({}, settings.home), ({"home": tmp_path / "other"}, tmp_path / "other")):
        opened = connect(**overrides)
        assert (opened.settings.home, opened.settings.concurrent_runs) == (home, 5)
        opened.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [("WORKBENCH_CONCURRENT_RUNS", "0"), ("WORKBENCH_WORKERS", "many"), ("WORKBENCH_UPLOAD_LIMIT", "-1")],
)
def test_an_unfit_setting_is_refused_by_its_variables_name(monkeypatch, settings, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadRequest) as caught:
        connect()
    assert caught.value.code == "settings.invalid"
    assert caught.value.message.startswith(f"{name} is not valid")


def test_settings_reach_a_child_as_they_are(settings, monkeypatch):
    made = Settings(home=settings.home, concurrent_runs=3, model_timeout_s=1.5)
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == made
