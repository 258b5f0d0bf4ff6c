"""``workbench run reproduce``: a run as a notebook on disk."""

from __future__ import annotations

import json
import shutil

import pytest

from workbench.data.sources import Sources
from workbench.runs import queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.spec import Asked, make_spec


@pytest.fixture
def run(store):
    """A run on iris that nobody carries out."""
    iris = Sources(store).sample("iris")
    spec = make_spec(Asked(plan="create", task="classification", target="species", model="nb"))
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    return queue.submit(store, identity, spec, by="ada", snapshot={}, service_is_warm=True)


def test_a_run_is_written_into_a_folder_named_for_it(run, fresh, shell):
    said = fresh("run", "reproduce", run.short_id)
    name = f"iris-create-{run.short_id}"
    found = {path.name for path in (shell / name).iterdir()}
    # Other tests look whether anything was left here.
    shutil.rmtree(shell / name)
    assert (said.code, said.out, said.err) == (0, f"{name}/{name}.ipynb\n", "")
    assert found == {f"{name}.ipynb", "iris.parquet", "requirements.txt"}


def test_it_goes_where_it_is_told_and_tells_where_as_json(run, fresh, tmp_path):
    said = fresh("run", "reproduce", run.id, "--to", tmp_path / "there", "--json")
    assert said.code == 0
    assert {name: path.removeprefix(f"{tmp_path}/") for name, path in said.document.items()} == {
        "notebook": f"there/iris-create-{run.short_id}.ipynb",
        "environment": "there/requirements.txt",
        "data": "there/iris.parquet",
    }
    cells = json.loads((tmp_path / "there" / f"iris-create-{run.short_id}.ipynb").read_text())["cells"]
    assert any('exp.create_model("nb")' in "".join(cell["source"]) for cell in cells)


def test_a_file_is_no_folder_to_write_into(run, fresh, tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("mine")
    fresh("run", "reproduce", run.id, "--to", mine).refuses("Nothing can be written into", "Name another folder.")
    assert mine.read_text() == "mine"


def test_files_of_ones_own_are_not_written_over(run, fresh, tmp_path):
    mine = tmp_path / "mine" / "requirements.txt"
    mine.parent.mkdir()
    mine.write_text("numpy\n")
    fresh("run", "reproduce", run.id, "--to", mine.parent).refuses("requirements.txt is there already")
    assert mine.read_text() == "numpy\n"
