"""What a user is told where the training interpreter cannot do its work."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from workbench import Run, connect
from workbench.runs import queue
from workbench.runs.asked import Asked
from workbench.runs.queue import SourceIdentity
from workbench.runs.spec import make_spec
from workbench.settings import Settings


@pytest.fixture(scope="module")
def without_pycaret(tmp_path_factory) -> Path:
    """An interpreter that has Workbench and all it needs, and no PyCaret."""
    folder = tmp_path_factory.mktemp("without") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    hidden = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    paths = [path for path in sys.path if path and Path(path).is_dir()]
    (hidden / "others.pth").write_text("\n".join([*paths, str(Path(__file__).parents[2])]))
    (hidden / "pycaret.py").write_text("raise ImportError('no PyCaret here')\n")
    # Before all other folders, so that this pycaret is the one that is found.
    (hidden / "first.pth").write_text(f"import sys; sys.path.insert(0, {str(hidden)!r})\n")
    return folder / "bin" / "python"


def test_a_run_whose_service_cannot_import_pycaret_fails_and_says_so(settings: Settings, without_pycaret, eventually):
    workbench = connect(Settings(home=settings.home, training_python=without_pycaret))
    run = workbench.runs.submit(workbench.data.sample("iris"), target="species", include=["lr"], folds=2)
    ended = eventually(lambda: run.record if run.record.is_terminal else None, patience_s=60)
    assert ended.status == "failed"
    assert "cannot import PyCaret" in ended.error
    assert "WORKBENCH_TRAINING_PYTHON" in ended.error
    eventually(lambda: workbench.service.state() is None)
    workbench.close()


def test_an_interpreter_that_is_not_there_is_refused_at_submit(settings: Settings):
    from workbench import WorkbenchError

    workbench = connect(Settings(home=settings.home, training_python=Path("/nowhere/python")))
    with pytest.raises(WorkbenchError) as caught:
        workbench.runs.submit(workbench.data.sample("iris"), target="species", include=["lr"], folds=2)
    assert caught.value.code == "service.not_started"
    assert workbench.runs.list() == []
    workbench.close()


@pytest.mark.parametrize("end", [Run.cancel, Run.delete])
def test_a_queued_run_is_ended_without_an_interpreter_that_trains(settings: Settings, end):
    workbench = connect(Settings(home=settings.home, training_python=Path("/nowhere/python")))
    iris = workbench.data.sample("iris")
    spec = make_spec(Asked(task="classification", target="species"))
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    queued = queue.submit(workbench._store, identity, spec, by="ada", snapshot={}, service_is_warm=True)
    end(workbench.runs.get(queued.id))
    assert queue.active(workbench._store) == []
    assert [run.status for run in workbench.runs.list()] == (["cancelled"] if end is Run.cancel else [])
    workbench.close()
