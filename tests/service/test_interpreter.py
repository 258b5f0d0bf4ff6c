"""Which interpreter trains: what is named, else this one, else the one built in the home, else a sentence."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

import pytest

from workbench.errors import Conflict
from workbench.service import interpreter, lifecycle
from workbench.service.interpreter import Answer, Interpreter
from workbench.settings import Settings, load
from workbench.version import __version__

THIS = Path(sys.executable)


@pytest.fixture
def without_pycaret(monkeypatch):
    """Let this interpreter find no installed package: the way a kernel looks that has no PyCaret."""
    monkeypatch.setattr(sys, "path", [])


@pytest.fixture
def built(settings) -> Path:
    """An environment that is in force in the home."""
    python = settings.training / "1" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(THIS)
    (settings.training / interpreter.CURRENT).symlink_to("1")
    return python


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """An interpreter that has nothing at all."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture
def says(tmp_path):
    """Make an interpreter that answers whatever it is asked with the same words."""

    def says(words: str, code: int = 0) -> Path:
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\necho '{words}'\nexit {code}\n")
        python.chmod(0o755)
        return python

    return says


def test_the_one_that_is_named_comes_first(settings, built):
    named = Settings(home=settings.home, training_python=Path("/somewhere/python"))
    found = interpreter.find(named)
    assert (found.python, found.is_this) == (Path("/somewhere/python"), False)
    assert "WORKBENCH_TRAINING_PYTHON" in found.why


def test_this_one_comes_before_the_one_in_the_home_where_it_has_pycaret(settings, built):
    found = interpreter.find(settings)
    assert (found.python, found.is_this) == (THIS, True)


def test_the_one_in_the_home_is_taken_where_this_one_has_no_pycaret(settings, built, without_pycaret):
    assert interpreter.find(settings) == Interpreter(built, "`workbench training install` built it")


def test_where_there_is_none_the_command_that_builds_one_is_named(settings, without_pycaret):
    with pytest.raises(Conflict) as caught:
        interpreter.find(settings)
    assert caught.value.code == "training.not_installed"
    assert "`workbench training install`" in caught.value.hint
    assert "WORKBENCH_TRAINING_PYTHON" in caught.value.hint


def test_an_environment_that_no_link_names_is_not_taken(settings, built):
    (settings.training / interpreter.CURRENT).unlink()
    assert interpreter.installed(settings) is None


def test_an_environment_that_was_removed_is_not_taken(settings, built):
    built.unlink()
    assert interpreter.installed(settings) is None


def test_an_empty_variable_names_none(settings, monkeypatch):
    monkeypatch.setenv("WORKBENCH_TRAINING_PYTHON", "")
    assert load(home=settings.home).training_python is None


def test_settings_without_an_interpreter_survive_their_way_through_the_environment(settings, monkeypatch):
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load() == settings


def test_an_interpreter_tells_what_it_has():
    answer = interpreter.ask(THIS)
    assert answer.problem is None
    assert set(answer.versions) == {"python", "workbench", "pycaret", "fastapi", "uvicorn"}
    assert answer.versions["workbench"] == __version__
    assert answer.versions["pycaret"] == "3.3.2"


def test_the_current_folder_does_not_pass_for_what_an_interpreter_has(bare, tmp_path, monkeypatch):
    (tmp_path / "workbench").mkdir()
    (tmp_path / "workbench" / "__init__.py").touch()
    (tmp_path / "workbench" / "version.py").write_text("__version__ = '9'\n")
    monkeypatch.chdir(tmp_path)
    assert set(interpreter.ask(bare).versions) == {"python"}


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONHOME"])
def test_folders_of_this_interpreters_packages_are_kept_from_another(bare, monkeypatch, name):
    monkeypatch.setenv(name, os.pathsep.join(sys.path))
    assert interpreter.ask(bare) == Answer({"python": sys.version.split()[0]})
    assert name in interpreter.environment(THIS)


def test_what_cannot_be_run_is_a_problem(tmp_path):
    assert "No such file" in interpreter.ask(tmp_path / "python").problem


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [("hello", 0, "does not answer as Python does"), ("", 3, "ended with code 3")],
)
def test_what_is_no_python_is_a_problem(says, words, code, problem):
    assert problem in interpreter.ask(says(words, code)).problem


def test_an_interpreter_with_nothing_is_refused(bare):
    with pytest.raises(Conflict, match="has no PyCaret and no Workbench") as caught:
        interpreter.check(bare, interpreter.ask(bare))
    assert caught.value.code == "training.not_installed"


def test_a_service_is_not_started_on_another_version_of_workbench(settings, says, living):
    python = says('{"python": "3.11.9", "pycaret": "3.3.2", "workbench": "0.0.9"}')
    with pytest.raises(Conflict) as caught:
        lifecycle.start(Settings(home=settings.home, training_python=python))
    assert caught.value.code == "training.version_mismatch"
    assert f"Workbench 0.0.9 ({python}), and this is {__version__}" in caught.value.message
    assert "`workbench training install`" in caught.value.hint
    assert living(settings.home) == []
