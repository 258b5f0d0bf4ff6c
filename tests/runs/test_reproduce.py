"""What a run's notebook and its environment say; that their numbers are the run's is told where they are computed."""

from __future__ import annotations

import ast
import io
import json
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest

from workbench.access.actor import owner
from workbench.data.sources import Sources
from workbench.errors import BadRequest, Conflict
from workbench.recipe import Recipe
from workbench.run import Run
from workbench.runs import ending, events
from workbench.runs.scores import store_score
from workbench.store import artifacts
from workbench.store.tables import ArtifactRow, RunRow

VERSIONS = {"python": "3.11.7", "pycaret": "3.3.2", "pandas": "2.1.4"}


@pytest.fixture
def reproduce(store):
    """A run's reproduction, with its cells as texts."""

    def reproduce(run):
        made = Run(store.on_behalf_of(owner("ada")), run.id).reproduce()
        notebook = json.loads(made.notebook)
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
        for kind, text in cells:
            if kind == "code":
                ast.parse(text)
        code = [text for kind, text in cells if kind == "code"]
        prose = [text for kind, text in cells if kind == "markdown"]
        return SimpleNamespace(made=made, code="\n".join(code), cells=code, prose="\n".join(prose))

    return reproduce


@pytest.fixture
def scored(store, started):
    """A run whose field is made of recipes; each model's Accuracy on its folds is given."""

    def scored(board: dict[str, list[float]], *, status: str = "succeeded", best: str | None = None, **request):
        run = started(request.pop("field", ("lr", "knn", "dt")), **request)
        with store.database.write() as session:
            row = session.get_one(RunRow, run.id)
            row.field = [[model, model.upper(), Recipe(model=model).as_dict()] for model in board]
            row.fitted = {"versions": VERSIONS}
            for model, values in board.items():
                for fold, value in enumerate(values):
                    store_score(session, run.id, model, fold, "scored", metrics={"Accuracy": value})
        ending.finish(store, run.id, status, "By hand.", summary={"best": best} if best else None)
        return run

    return scored


def test_a_notebook_is_one_to_jupyter(submit, reproduce):
    notebook = nbformat.reads(reproduce(submit()).made.notebook, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)


def test_the_title_tells_what_it_reproduces(scored, iris, reproduce):
    run = scored({"lr": [0.5, 0.5, 0.5]}, sort="F1", seed=7)
    said = reproduce(run).prose
    for told in (
        run.id,
        iris.table_sha256,
        "150 rows",
        "3 folds",
        "seed 7",
        "ranked by F1",
        "pycaret 3.3.2",
        "python 3.11.7",
    ):
        assert told in said


FILES = {
    "semicolons in Latin-1": "größe;preis\nä;1,5\nö;2\n".encode("latin-1"),
    "UTF-16 and tabs": "a\tb\n1\tx\n2\ty\n".encode("utf-16"),
    "a byte-order mark": "\ufeffa,b\n1,x\n2,y\n".encode(),
    "names twice, empty and padded": b"a,a,, b \n1,2,3,4\n5,6,7,8\n",
    "digits to the last": b"x,y\n0.1234567890123456789,1\n2.7755575615628914e-17,2\n",
    "text that looks like more": b'id,note\n007,"a\nb"\n008,NA\n1e5,"say ""no"""\n',
    "short rows": b"a,b,c\n1,2\n3,4,5\n",
    "true and false": b"a,b\nTrue,1\nFalse,2\n",
    "dates": b"day,b\n2024-01-01,1\n2024-02-01,2\n",
}


@pytest.mark.parametrize("name", FILES)
def test_the_table_is_read_as_workbench_reads_it(name, store, submit, reproduce, tmp_path, monkeypatch):
    data = Sources(store)
    source = data.upload(io.BytesIO(FILES[name]), f"odd {name}")
    said = reproduce(submit(source=source, target=source.column_names[-1]))
    said.made.save(tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    imports = "import hashlib, pandas as pd\nfrom pathlib import Path\n"
    exec(imports + said.cells[1], names)
    pd.testing.assert_frame_equal(names["df"], data.load(source))


def test_the_default_reading_needs_few_words(submit, reproduce):
    reading = reproduce(submit()).cells[1].splitlines()[3]
    assert reading == 'df = pd.read_parquet("iris.parquet").fillna(float("nan"))'


def test_columns_of_dates_are_read_as_dates(store, submit, reproduce):
    notebook = reproduce(submit(setup={"date_features": ["species"]}, target="petal_length", task="regression"))
    assert 'df["species"] = pd.to_datetime(df["species"])' in str(notebook)


def test_only_set_up_options_that_are_no_defaults_are_written(submit, reproduce):
    run = submit(setup={"normalize": True, "train_size": 0.7, "n_features_to_select": 3}, seed=5)
    set_up = reproduce(run).cells[2]
    assert set_up.splitlines() == [
        "exp = ClassificationExperiment()",
        "exp.setup(",
        "    df,",
        '    target="species",',
        "    session_id=5,",
        "    fold=3,",
        "    n_jobs=1,",
        "    memory=False,",
        "    normalize=True,",
        "    n_features_to_select=3,",
        ")",
    ]


def test_a_comparison_names_its_field_so_that_another_machine_compares_the_same(scored, reproduce):
    said = reproduce(scored({"lr": [0.5, 0.6, 0.7], "dt": [0.4, 0.4, 0.4]}))
    assert 'best = exp.compare_models(include=["lr", "dt"], sort="Accuracy")' in said.code
    assert '"lr": [0.6]' in said.code


def test_a_run_that_ended_before_set_up_is_written_as_it_was_asked_for(store, submit, reproduce):
    run = submit(exclude=["lr", "catboost"])
    ending.finish(store, run.id, "cancelled", "Cancelled by bob.")
    said = reproduce(run)
    assert "include=[" in said.code
    assert '"knn"' in said.code
    assert '"lr"' not in said.code
    assert "Cancelled by bob" in said.prose
    assert "board" not in said.code


def test_what_yielded_nothing_is_left_out_of_the_calls_and_told_with_its_reason(store, started, score, reproduce):
    run = started(("lr", "knn", "dt"))
    score(run, "lr", 0.5, 0.5, 0.5)
    score(run, "knn", "ValueError: no_neighbours | here")
    score(run, "dt", "It took too long.", status="timed_out")
    ending.finish(store, run.id, "succeeded", "Done.")
    said = reproduce(run)
    assert 'include=["lr"]' in said.code
    assert r"- KNN: ValueError: no\_neighbours \| here" in said.prose
    assert "- DT: It took too long." in said.prose


def test_a_cancelled_run_compares_what_it_finished(store, started, score, reproduce):
    run = started(("lr", "knn"))
    score(run, "lr", 0.5, 0.5, 0.5)
    score(run, "knn", 0.9)
    ending.finish(store, run.id, "cancelled", "Cancelled by bob.")
    said = reproduce(run)
    assert 'include=["lr", "knn"]' in said.code
    assert '"lr": [' in said.cells[-1]
    assert "knn" not in said.cells[-1]
    assert "- KNN: The run ended after 1 of 3 folds." in said.prose


def test_a_value_that_differs_on_purpose_gives_way_to_pycarets_and_is_explained(store, scored, reproduce):
    run = scored({"lr": [0.5, 0.5, 0.5]})
    with store.database.write() as session:
        for fold in range(3):
            store_score(
                session,
                run.id,
                "dt",
                fold,
                "scored",
                metrics={"Accuracy": 0.25, "AUC": 0.75},
                pycaret={"AUC": 0.0},
            )
    said = reproduce(run)
    assert '"dt": [0.25, 0.0]' in said.code
    assert 'columns=["Accuracy", "AUC"]' in said.code
    assert "AUC: Workbench has 0.7500. PyCaret shows 0.0000" in said.prose


def test_a_value_that_pycaret_has_in_no_known_way_is_not_compared_and_says_why(store, started, score, reproduce):
    run = started(("lr",))
    score(run, "lr", 0.5, 0.5, 0.5)
    said = reproduce(run)
    assert 'columns=["Accuracy"]' in said.code
    assert "- LR, AUC: AUC is undefined: a class is missing" in said.prose


def test_racing_is_told(scored, reproduce):
    assert "raced" in reproduce(scored({"lr": [0.5, 0.5, 0.5]}, racing=True)).prose
    assert "raced" not in reproduce(scored({"lr": [0.5, 0.5, 0.5]})).prose


@pytest.mark.parametrize(
    ("tuned", "theirs"), [(0.50004, "Workbench keeps dt:1 and PyCaret dt:"), (0.5002, None), (0.4, None)]
)
def test_where_rounding_makes_pycaret_keep_another_model_that_is_told(tuned, theirs, scored, reproduce):
    board = {"dt": [0.5] * 3, "dt:1": [tuned] * 3}
    best = max(board, key=lambda model: board[model][0])
    run = scored(board, best=best, plan="tune", field=("dt",), options={"n_iter": 1})
    said = reproduce(run).prose
    assert (theirs in said) if theirs else ("Workbench keeps" not in said)


def test_that_pycaret_calibrates_without_a_choice_is_told(scored, reproduce):
    board = {"nb": [0.6] * 3, "nb:calibrated": [0.5] * 3}
    said = reproduce(scored(board, best="nb", plan="calibrate", field=("nb",), options={"choose_better": True}))
    assert "Workbench keeps nb and PyCaret nb:calibrated" in said.prose
    assert 'exp.calibrate_model(nb, method="sigmoid", calibrate_fold=5)' in said.code


def test_a_model_inside_a_model_inside_a_model_is_made_call_by_call(submit, reproduce):
    forest = Recipe(model="rf", params={"max_depth": 3, "verbose": 1})
    bagged = Recipe(kind="bagging", bases=(forest,), params={"n_estimators": 4})
    blend = Recipe(kind="blend", bases=(bagged, Recipe(model="lr")), params={"voting": "soft", "weights": None})
    run = submit(plan="stack", include=[blend, "rf"], options={"meta_model": "dt", "meta_model_fold": 4})
    calls = reproduce(run).cells[3].splitlines()
    assert calls == [
        "said = {}",
        'rf = exp.create_model("rf", max_depth=3, cross_validation=False, predict=False)',
        'bagging = exp.ensemble_model(rf, method="Bagging", n_estimators=4)',
        'lr = exp.create_model("lr", cross_validation=False, predict=False)',
        'blend = exp.blend_models([bagging, lr], method="soft")',
        'rf_2 = exp.create_model("rf", cross_validation=False, predict=False)',
        'dt = exp.create_model("dt", cross_validation=False, predict=False)',
        'stack = exp.stack_models([blend, rf_2], meta_model_fold=4, method="auto", restack=False, meta_model=dt)',
        "said = pd.DataFrame(said).T",
    ]


@pytest.mark.parametrize(
    ("task", "recipe", "call"),
    [
        ("clustering", Recipe(model="kmeans", params={"n_clusters": 7}), '"kmeans", num_clusters=7)'),
        ("anomaly", Recipe(model="knn", params={"contamination": 0.1}), '"knn", fraction=0.1)'),
        ("anomaly", Recipe(model="cluster", params={"n_clusters": 7}), '"cluster", fraction=0.05, n_clusters=7)'),
    ],
)
def test_what_a_recipe_names_goes_before_the_plans_option(task, recipe, call, submit, reproduce):
    """PyCaret sets its own parameter over the estimator's."""
    run = submit(task=task, target=None, folds=None, plan="create", model=recipe)
    assert f"exp.create_model({call}" in reproduce(run).code


def test_names_are_written_as_texts_whatever_is_in_them(store, submit, reproduce):
    frame = pd.DataFrame({'a"b': [1, 2, 3], "\\n'{x}": ["ä", "b", "c"], "y": [1, 2, 1]})
    source = Sources(store).upload(io.BytesIO(frame.to_csv(index=False).encode()), 'it"s {x} | `y`')
    run = submit(source=source, target='a"b', setup={"ignore_features": ["\\n'{x}"]})
    said = reproduce(run)
    assert r'ignore_features=["\\n' in said.code
    assert r'target="a\"b"' in said.code
    assert r"it\"s" not in said.prose
    assert r"\{x\} \| \`y\`" in said.prose


def test_the_environment_is_the_stored_one_without_workbench_itself(store, scored, reproduce):
    run = scored({"lr": [0.5, 0.5, 0.5]})
    kept = store.artifacts.put(run.id, artifacts.ENVIRONMENT, b"jupyter-workbench==0.1\npycaret==3.3.2\nsix==1.17\n")
    with store.database.write() as session:
        session.add(ArtifactRow(run_id=run.id, name=kept.name, sha256=kept.sha256, size_bytes=kept.size_bytes))
    head, python, how, *lines = reproduce(run).made.environment.splitlines()
    assert run.id in head
    assert (python, how) == ("# Python 3.11.7", "# pip install --no-deps -r requirements.txt")
    assert lines == ["# jupyter-workbench==0.1", "pycaret==3.3.2", "six==1.17"]


def test_without_a_stored_environment_it_is_the_libraries_that_the_run_named(scored, submit, reproduce):
    named = reproduce(scored({"lr": [0.5, 0.5, 0.5]})).made.environment.splitlines()
    assert [line for line in named if not line.startswith("#")] == ["pycaret==3.3.2", "pandas==2.1.4"]
    unknown = reproduce(submit()).made.environment.splitlines()
    assert [line for line in unknown if not line.startswith("#")] == ["pycaret==3.3.2"]


def test_a_reproduction_is_saved_with_its_environment_and_its_data(store, submit, iris, reproduce, tmp_path):
    made = reproduce(submit()).made
    notebook = made.save(tmp_path / "new" / "folder")
    assert notebook.name == f"{made.name}.ipynb"
    assert {path.name for path in notebook.parent.iterdir()} == {notebook.name, "requirements.txt", "iris.parquet"}
    assert (notebook.parent / "iris.parquet").read_bytes() == Sources(store).path(iris).read_bytes()
    assert made.save(notebook.parent) == notebook


@pytest.mark.parametrize("name", ["requirements.txt", "iris.parquet"])
def test_nothing_is_written_over_files_of_ones_own(name, submit, reproduce, tmp_path):
    mine = tmp_path / "mine" / name
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(Conflict) as caught:
        reproduce(submit()).made.save(mine.parent)
    assert caught.value.code == "run.file_exists"
    assert list(mine.parent.iterdir()) == [mine]
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("place", ["file", "file/below", "taken", "x" * 300])
def test_a_folder_that_takes_no_files_is_refused_and_nothing_is_left_there(place, submit, reproduce, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "taken" / "requirements.txt").mkdir(parents=True)
    made = reproduce(submit()).made
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadRequest) as caught:
        made.save(tmp_path / place)
    assert caught.value.code == "run.not_written"
    assert caught.value.message.startswith("Nothing can be written into ")
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_what_was_written_before_a_file_could_not_be_is_taken_back(store, submit, iris, reproduce, tmp_path):
    made = reproduce(submit()).made
    Sources(store).path(iris).unlink()
    with pytest.raises(BadRequest, match="No such file or directory"):
        made.save(tmp_path / "new" / "folder")
    assert list(tmp_path.glob("new*")) == []


def test_a_long_name_of_a_data_source_is_shortened_to_what_a_file_may_be_called(store, submit, reproduce, tmp_path):
    source = Sources(store).upload(io.BytesIO(b"a,b\n1,x\n2,y\n3,x\n4,y\n"), "表" * 100)
    notebook = reproduce(submit(source=source, target="b")).made.save(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir() if path != tmp_path / "home"} == {".ipynb", ".parquet", ".txt"}
    assert notebook.name.startswith("表" * 60)


def test_data_that_is_gone_is_asked_for_by_its_hash(store, submit, iris, reproduce, tmp_path):
    run = submit()
    Sources(store).path(iris).unlink()
    said = reproduce(run)
    assert "put it beside this notebook" in said.prose
    assert iris.table_sha256 in said.code
    notebook = said.made.save(tmp_path / "it")
    assert {path.name for path in notebook.parent.iterdir()} == {notebook.name, "requirements.txt"}


def test_a_set_up_is_held_to_what_it_made_of_the_table(store, started, reproduce):
    run = started(plan="setup")
    payload = {"train_rows": 104, "test_rows": 46, "features_in": 4, "features_out": 9}
    with store.database.write() as session:
        events.append(session, run.id, "experiment.fitted", "fitted", payload=payload)
    said = reproduce(run)
    assert "assert exp.X_train.shape == (104, 4)" in said.code
    assert "assert exp.X_train_transformed.shape[1] == 9" in said.code
