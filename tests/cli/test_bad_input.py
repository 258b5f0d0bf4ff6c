"""Bad input: one clear sentence, exit code 2, and neither row nor file nor process."""

from __future__ import annotations

import pytest

from workbench.settings import Settings
from workbench.store.store import open_store
from workbench.store.tables import EventRow, ExperimentRow, RunRow, SourceRow

GOOD = "age,city,buys\n" + "".join(f"{20 + row},{'Rome' if row % 3 else 'Oslo'},{row % 2}\n" for row in range(30))
WIDE = ",".join(f"c{number}" for number in range(3000)) + "\n" + ",".join("1" * 3000) + "\n"
BINARY = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8

NO_TABLE = [
    pytest.param("", ["table.csv is empty."], id="empty file"),
    pytest.param("age,city,buys\n", ["has a header but no rows"], id="header only"),
    pytest.param(BINARY, ["is not a text table", "PNG image"], id="binary file named csv"),
    pytest.param(WIDE, ["3,000 columns", "the limit is 2,000"], id="3000 columns"),
]


def rows(settings: Settings) -> dict[str, int]:
    store = open_store(settings)
    with store.database.read() as session:
        counts = {t.__tablename__: session.query(t).count() for t in (SourceRow, ExperimentRow, RunRow, EventRow)}
    store.close()
    return counts


@pytest.fixture(autouse=True)
def nothing_is_left(settings, living, tmp_path):
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    yield
    assert set(rows(settings).values()) == {0}
    assert not settings.files.exists() or list(settings.files.iterdir()) == []
    assert living(settings.home) == []
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()} - {path.name for path in before}
    assert {name for name in left if not name.startswith(("table.csv", "workbench.db"))} == set()


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(("content", "words"), NO_TABLE)
def test_what_is_no_table_is_not_added(fresh, write, content, words):
    fresh("data", "add", write(content)).refuses(*words)


@pytest.mark.parametrize(("content", "words"), NO_TABLE)
def test_what_is_no_table_is_not_compared_on(fresh, write, content, words):
    fresh("run", "compare", "--data", write(content), "--target", "buys").refuses(*words)


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        pytest.param("b\n" + "1\n0\n" * 9, ["--target", "b"], ["no column beside the target 'b'"], id="one column"),
        pytest.param(GOOD, ["--target", "bys"], ["no column 'bys'", "Did you mean buys?"], id="missing target"),
        pytest.param("a,b\n1,x\n2,x\n", ["--target", "b"], ["is always the same"], id="constant target"),
        pytest.param("a,b\n1,\n2,\n", ["--target", "b"], ["has no values at all"], id="all-null target"),
        pytest.param(
            GOOD,
            ["--target", "buys", "--include", "lr,lgbm"],
            ["no classification model 'lgbm'", "Did you mean lightgbm?"],
            id="unknown model",
        ),
        pytest.param(
            GOOD,
            ["--target", "buys", "--set", "normalise=true"],
            ["no set-up option 'normalise'", "Did you mean normalize?"],
            id="unknown option",
        ),
        pytest.param(GOOD, ["--target", "buys", "--set", "normalize"], ["--set takes OPTION=VALUE"], id="no value"),
        pytest.param(GOOD, ["--target", "buys", "--include", ""], ["No model is left"], id="no model"),
    ],
)
def test_what_cannot_be_compared_is_not(fresh, write, content, arguments, words):
    fresh("run", "compare", "--data", write(content), *arguments).refuses(*words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("nowhere.csv", 'There is no data source "nowhere.csv".'),
        ("x" * 300, "There is no data source"),
    ],
)
def test_data_that_is_not_there_is_refused(fresh, data, words):
    fresh("run", "compare", "--data", data, "--target", "buys").refuses(words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["compare", "--target", "buys"], ["No data source was named."], id="no data"),
        pytest.param(["compare"], ["No data source was named."], id="nothing at all"),
        pytest.param(["tune", "--from-run", "zzzz"], ["There is no run 'zzzz'."], id="unknown run to go on from"),
        pytest.param(["resume", "zzzz"], ["There is no run 'zzzz'."], id="unknown run to resume"),
    ],
)
def test_a_run_of_nothing_is_refused(fresh, arguments, words):
    fresh("run", *arguments).refuses(*words)


@pytest.mark.parametrize(
    ("plan", "arguments", "words"),
    [
        pytest.param("tune", [], ["'tune' takes exactly one of the models; 0 named"], id="no model to tune"),
        pytest.param("blend", ["--include", "lr"], ["'blend' takes at least 2 of the models"], id="too few to blend"),
        pytest.param("tune", ["--model", "lr", "--option", "n_iter"], ["--option takes NAME=VALUE"], id="no value"),
        pytest.param(
            "tune", ["--model", "lr", "--option", "iters=3"], ["no tune option 'iters'", "n_iter"], id="unknown option"
        ),
        pytest.param(
            "tune", ["--model", "lr", "--option", "custom_grid=[1]"], ["a mapping of names to lists"], id="no grid"
        ),
        pytest.param("calibrate", ["--task", "regression", "--model", "lr"], ["'calibrate' for regression"], id="plan"),
        pytest.param("create", ["--model", "lr", "--unit-memory", "much"], ["'much'", "2GiB"], id="memory"),
        pytest.param("create", ["--model", "lr", "--model-timeout", "-1"], ["time limit of a model"], id="time"),
        pytest.param(
            "create", ["--model", "lr", "--executor", "ray://x"], ["ray://x", "dask://HOST:PORT"], id="executor"
        ),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(fresh, write, plan, arguments, words):
    fresh("run", plan, "--data", write(GOOD), "--target", "buys", *arguments).refuses(*words)


def test_a_dry_run_says_what_a_request_would_cost_and_leaves_nothing(fresh, write):
    asked = ["run", "compare", "--data", write(GOOD), "--target", "buys", "--include", "lr,nb", "--fold", "5"]
    said = fresh(*asked, "--dry-run")
    assert (said.code, said.err) == (0, "")
    assert said.out == "2 models × 5 folds = 10 units; no earlier run to judge the time by\n"
    told = fresh(*asked, "--executor", "dask://host:8786", "--dry-run", "--json").document
    assert (told["units"], told["workers"], told["seconds"]) == (10, 0, None)


def test_a_dry_run_refuses_what_a_run_would(fresh, write):
    fresh("run", "compare", "--data", write(GOOD), "--target", "bys", "--dry-run").refuses("Did you mean buys?")


def test_a_file_that_is_not_there_is_not_added(fresh, tmp_path):
    fresh("data", "add", tmp_path / "nowhere.csv").refuses("There is no file", "nowhere.csv")


def test_a_refusal_is_told_as_json_where_json_is_asked_for(fresh, write):
    said = fresh("run", "compare", "--data", write(GOOD), "--target", "bys", "--json")
    said.refuses("no column 'bys'")
    assert said.document["error"]["code"] == "spec.target_missing"
    assert said.document["error"]["status"] == 400


def test_a_run_that_is_not_there_is_refused(fresh):
    fresh("run", "show", "zzzz").refuses("There is no run 'zzzz'.")


def test_a_command_that_is_misspelt_is_refused_with_its_usage(fresh):
    said = fresh("run", "compare", "--fold", "many")
    assert said.code == 2
    assert "Usage: " in said.err
    assert "Traceback" not in said.err
