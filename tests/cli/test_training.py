"""``workbench training``: which interpreter trains, and the way to one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from workbench.service.interpreter import CURRENT
from workbench.version import __version__


@pytest.fixture
def with_uv(fresh, uv, tmp_path):
    """Run the command where uv is on PATH, may fetch nothing, and leaves nothing elsewhere."""
    path = os.pathsep.join([str(Path(uv).parent), os.environ["PATH"]])
    fixed = {"PATH": path, "UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "cache")}
    return lambda *arguments, **environment: fresh(*arguments, **fixed, **environment)


def test_show_tells_which_interpreter_trains_and_why(fresh):
    said = fresh("training", "show", "--json")
    assert said.code == 0
    assert said.document["python"] == sys.executable
    assert said.document["why"] == "PyCaret is installed beside this Workbench"
    assert said.document["problem"] is None
    assert said.document["versions"]["workbench"] == __version__


def test_show_tells_the_same_in_three_lines(fresh):
    lines = fresh("training", "show").out.splitlines()
    assert lines[:2] == [sys.executable, "PyCaret is installed beside this Workbench"]
    assert "pycaret 3.3.2" in lines[2]


def test_show_tells_what_is_wrong_with_the_one_that_is_named(fresh):
    said = fresh("training", "show", WORKBENCH_TRAINING_PYTHON="/nowhere/python")
    assert said.code == 0
    assert said.out.splitlines()[0] == "/nowhere/python"
    assert "it cannot be run: No such file or directory" in said.out


def test_what_is_installed_already_is_not_installed_again(with_uv, settings):
    settings.training.mkdir()
    (settings.training / "1").symlink_to(sys.prefix)
    (settings.training / CURRENT).symlink_to("1")
    said = with_uv("training", "install")
    assert (said.code, said.err) == (0, "")
    first, note = said.out.splitlines()
    assert first.startswith("installed already: PyCaret 3.3.2 on Python 3.11.")
    assert first.endswith(f" in {settings.training / '1'}")
    assert note.startswith(f"note: {sys.executable} trains, for PyCaret is installed beside this Workbench")


def test_an_installation_that_fails_is_one_sentence(with_uv, settings, tmp_path):
    none = {"UV_PYTHON_PREFERENCE": "only-managed", "UV_PYTHON_INSTALL_DIR": str(tmp_path)}
    with_uv("training", "install", **none).refuses("PyCaret needs Python 3.11", "`uv python find 3.11`")
    assert [path.name for path in settings.training.iterdir()] == [".lock"]
