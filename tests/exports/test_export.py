"""Exports: whole or not at all, told in the audit log, and refused in one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.test_imports import LEARNING
from workbench.errors import BadRequest, Conflict, EngineFault, NotFound
from workbench.exports.export import KINDS, export
from workbench.store.artifacts import PIPELINE, Key


def test_an_unknown_kind_is_refused_with_those_that_there_are(warm, pipeline, tmp_path):
    with pytest.raises(BadRequest, match=r"no export of kind 'mlflaw'\. Did you mean mlflow\?") as caught:
        export(warm._store, pipeline, tmp_path / "out", "mlflaw")
    assert caught.value.code == "export.failed"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_as_it_is(warm, pipeline, tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(Conflict, match="holds something already") as caught:
        export(warm._store, pipeline, tmp_path, "mlflow")
    assert caught.value.code == "export.failed"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_in_the_way_is_refused(warm, pipeline, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(BadRequest, match="is a file"):
        export(warm._store, pipeline, tmp_path / "out", "mlflow")
    with pytest.raises(BadRequest, match="Nothing can be written into"):
        export(warm._store, pipeline, tmp_path / "out" / "below", "mlflow")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_folder_is_filled_and_a_missing_one_is_made(warm, pipeline, tmp_path, kind):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "not" / "there"):
        assert export(warm._store, pipeline, folder, kind) == folder
        assert (folder / "requirements.txt").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "not"]


def test_a_pipeline_whose_bytes_have_changed_is_not_exported_and_nothing_is_left(warm, pipeline, tmp_path):
    other = warm.registry.promote(pipeline.run_id, name="spoilt")
    path = warm.settings.home / "artifacts" / str(Key("pipelines", other.id, PIPELINE))
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(EngineFault) as caught:
        export(warm._store, other, tmp_path / "out", "container")
    assert caught.value.code == "artifact.hash_mismatch"
    assert list(tmp_path.iterdir()) == []


def test_what_fails_while_it_is_written_leaves_nothing(warm, pipeline, tmp_path, monkeypatch):
    def fail(contents, folder) -> None:
        contents.write_model(folder / "model")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(KINDS, "mlflow", fail)
    with pytest.raises(BadRequest, match=r"Nothing can be written into .*: No space left on device"):
        export(warm._store, pipeline, tmp_path / "out", "mlflow")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_takes_no_new_rows_is_not_exported(warm, promoted, tmp_path):
    with pytest.raises(Conflict) as caught:
        export(warm._store, promoted("clustering", "dbscan"), tmp_path / "out", "mlflow")
    assert caught.value.code == "pipeline.takes_no_new_rows"


def test_an_unknown_pipeline_is_refused(warm, tmp_path):
    with pytest.raises(NotFound):
        export(warm._store, "nobody", tmp_path / "out", "mlflow")


def test_the_audit_log_tells_who_exported_what_and_where(warm, pipeline, tmp_path):
    export(warm._store, pipeline, tmp_path / "out", "mlflow", by="ada")
    newest = warm.audit.list(subject_id=pipeline.id, action="pipeline.exported")[0]
    assert (newest.by, newest.details["folder"]) == ("ada", str(tmp_path / "out"))
    assert newest.details["sha256"] == pipeline.sha256


def test_exporting_loads_no_machine_learning(warm, pipeline, tmp_path):
    code = (
        "import sys, workbench; from workbench.exports.export import export;"
        f"[export(workbench.connect()._store, {pipeline.name!r}, sys.argv[1] + kind, kind) for kind in"
        " ('mlflow', 'container')]; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=warm.settings.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()).isdisjoint({*LEARNING, "mlflow", "fastapi", "uvicorn"})
