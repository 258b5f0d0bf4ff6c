"""Building the environment that trains, with a real uv and real environments; only the packages are tiny."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.service import wheels
from workbench.errors import BadRequest, Conflict, EngineFault
from workbench.service import install, interpreter
from workbench.version import __version__

BLOCKED = "import signal\n\ndef build_wheel(*_):\n    open('begun', 'w').close()\n    signal.pause()\n"
"""A package whose build begins and never ends."""


@pytest.fixture(autouse=True)
def environment(monkeypatch, uv):
    """Nothing comes from a network, and PATH leads to uv and to a Python 3.11."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(uv).parent), f"{sys.base_prefix}/bin", os.environ["PATH"]]))
    monkeypatch.setenv("UV_OFFLINE", "1")


@pytest.fixture(scope="session")
def packages(tmp_path_factory) -> list[str]:
    """What installs a Workbench that knows its version, and a PyCaret that knows nothing."""
    folder = tmp_path_factory.mktemp("wheels")
    extras = {"training": "pycaret", "server": "more"}
    told = {"workbench/__init__.py": "", "workbench/version.py": f'__version__ = "{__version__}"\n'}
    wheels.write(folder, install.DISTRIBUTION, __version__, told, extras=extras)
    wheels.write(folder, install.DISTRIBUTION, "0.0.9", told | {"workbench/version.py": '__version__ = "0.0.9"\n'})
    wheels.write(folder, "more", "1", {"more.py": ""})
    for version in ("3.3.2", "3.4.0"):
        wheels.write(folder, "pycaret", version, {"pycaret.py": ""})
    wheels.write(folder, "xgboost", "2", {"xgboost.py": ""})
    return ["--no-index", "--find-links", str(folder), f"{install.DISTRIBUTION}[training,server]=={__version__}"]


@pytest.fixture
def build(settings, packages):
    def build(requirements=packages, **options):
        lines = []
        return install.install(settings, tell=lines.append, requirements=requirements, **options), lines

    return build


@pytest.fixture
def environments(settings):
    """Name the environments that are in the home, complete or not."""

    def environments() -> list[str]:
        found = settings.training.iterdir() if settings.training.exists() else ()
        return sorted(path.name for path in found if path.is_dir() and not path.is_symlink())

    return environments


def test_an_environment_is_built_and_put_in_force(build, settings, environments):
    built, lines = build()
    assert built.is_new
    assert interpreter.installed(settings) == built.python
    assert environments() == [built.python.parents[1].name]
    assert (built.answer.versions["workbench"], built.answer.problem) == (__version__, None)
    assert built.answer.versions["python"].startswith("3.11.")
    assert lines[0].startswith("Making an environment with Python 3.11")
    assert any(line.startswith("Installed ") for line in lines)
    assert "+ pycaret==3.3.2" in (settings.logs / "training-install.log").read_text()


def test_the_versions_are_those_that_travel_with_the_package(build):
    # 3.4.0 lies beside it.
    assert build()[0].answer.versions["pycaret"] == "3.3.2"


def test_one_that_is_there_is_not_built_again(build, environments):
    first, _ = build()
    second, lines = build()
    assert (second.python, second.is_new, lines) == (first.python, False, [])


def test_by_force_it_is_built_anew_and_the_old_one_goes(build, settings, environments):
    first, _ = build()
    second, _ = build(force=True)
    assert second.is_new
    assert interpreter.installed(settings) == second.python != first.python
    assert environments() == [second.python.parents[1].name]


def test_a_further_package_is_installed_with_the_rest(build):
    build()
    built, _ = build(extra=["xgboost"])
    assert built.is_new
    subprocess.run([built.python, "-c", "import xgboost, pycaret, more"], check=True)


def test_what_was_added_comes_along_when_it_is_built_anew_and_that_is_said(build, settings):
    build(extra=["xgboost==2"])
    built, lines = build(force=True)
    assert built.added == ("xgboost==2",)
    assert f"Taking xgboost==2 along, as {settings.training / install.ADDED} says" in lines
    subprocess.run([built.python, "-c", "import xgboost"], check=True)


def test_what_is_added_again_takes_the_place_of_what_was(build):
    build(extra=["more==1", "xgboost==2"])
    built, lines = build(extra=["XGBoost>=1"])
    assert built.added == ("more==1", "XGBoost>=1")
    assert not any("xgboost==2" in line for line in lines)
    assert build()[0].added == built.added


def test_what_could_not_be_added_does_not_come_along(build):
    with pytest.raises(EngineFault):
        build(extra=["no-such-package"])
    assert build()[0].added == ()


def test_one_that_something_runs_on_stays_until_nothing_does(build, environments):
    first, _ = build()
    with subprocess.Popen([first.python, "-c", "input()"], stdin=subprocess.PIPE):
        build(force=True)
        assert first.python.parents[1].name in environments()
    last, _ = build(force=True)
    assert environments() == [last.python.parents[1].name]


def test_a_package_that_does_not_install_leaves_what_was_there(build, settings, environments):
    first, _ = build()
    with pytest.raises(EngineFault, match="no-such-package") as caught:
        build(force=True, extra=["no-such-package"])
    assert caught.value.code == "training.install_failed"
    assert "no-such-package" in (settings.logs / "training-install.log").read_text()
    assert interpreter.installed(settings) == first.python
    assert environments() == [first.python.parents[1].name]


def test_a_workbench_of_another_version_is_not_put_in_force(build, packages, settings, environments):
    first, _ = build()
    other = [*packages[:-1], f"{install.DISTRIBUTION}==0.0.9", "pycaret"]
    with pytest.raises(Conflict) as caught:
        build(other, force=True)
    assert caught.value.code == "training.version_mismatch"
    assert interpreter.installed(settings) == first.python
    assert environments() == [first.python.parents[1].name]


@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_an_interrupted_installation_is_not_taken_for_whole(
    build, settings, environments, eventually, is_gone, tmp_path, name
):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "backend.py").write_text(BLOCKED)
    system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (tmp_path / "package" / "pyproject.toml").write_text(f'{system}[project]\nname = "blocked"\nversion = "1"\n')
    code = (
        "import sys; from workbench.service.install import install; from workbench.settings import load;"
        "install(load(), tell=print, requirements=sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "package")],
        env=os.environ | settings.environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: (tmp_path / "package" / "begun").exists())
        with pytest.raises(Conflict, match="under way already"):
            build()
        (child,) = psutil.Process(process.pid).children()
        process.send_signal(getattr(signal, name))
        assert process.wait(30) != 0
        assert name == "SIGKILL" or eventually(lambda: is_gone(child))
    finally:
        # The build outlives whoever asked for it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert interpreter.installed(settings) is None
    assert len(environments()) == (name == "SIGKILL")
    built, _ = build()
    assert environments() == [built.python.parents[1].name]


def test_without_uv_the_way_to_it_is_told(build, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(BadRequest, match="`pip install uv` gets it"):
        build()


def test_without_python_311_the_way_to_it_is_told(build, monkeypatch, tmp_path, environments):
    monkeypatch.setenv("UV_PYTHON_PREFERENCE", "only-managed")
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    with pytest.raises(BadRequest, match=r"needs Python 3\.11, and uv could neither find nor fetch it") as caught:
        build()
    assert "uv python find 3.11" in caught.value.hint
    assert environments() == []


def test_a_home_that_cannot_be_written_is_said(build, settings):
    settings.training.write_text("in the way")
    with pytest.raises(EngineFault) as caught:
        build()
    assert caught.value.code == "training.install_failed"
    assert str(settings.training) in caught.value.message


@pytest.fixture
def came_from(tmp_path, monkeypatch):
    """Let this Workbench have been installed from somewhere."""

    def came_from(origin: dict | None) -> None:
        info = tmp_path / f"jupyter_workbench-{__version__}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: jupyter-workbench\nVersion: {__version__}\n")
        if origin is not None:
            (info / "direct_url.json").write_text(json.dumps(origin))
        monkeypatch.syspath_prepend(tmp_path)

    return came_from


@pytest.mark.parametrize(
    ("origin", "installs"),
    [
        (None, [f"jupyter-workbench[training,server]=={__version__}"]),
        ({"url": "CHECKOUT", "dir_info": {"editable": True}}, ["--editable", "PATH[training,server]"]),
        (
            {"url": "CHECKOUT", "dir_info": {}},
            ["--refresh-package", "jupyter-workbench", "PATH[training,server]"],
        ),
        (
            {"url": "https://host/a.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            ["jupyter-workbench[training,server] @ git+https://host/a.git@abc"],
        ),
        (
            {"url": "https://host/a-1-py3-none-any.whl", "archive_info": {}},
            ["jupyter-workbench[training,server] @ https://host/a-1-py3-none-any.whl"],
        ),
    ],
    ids=["registry", "editable checkout", "checkout", "repository", "archive"],
)
def test_the_same_workbench_is_installed_from_where_it_came(origin, installs, came_from, tmp_path):
    checkout = tmp_path / "a checkout"
    checkout.mkdir()
    (checkout / "pyproject.toml").touch()
    came_from(None if origin is None else json.loads(json.dumps(origin).replace("CHECKOUT", checkout.as_uri())))
    assert install.source() == [word.replace("PATH", str(checkout)) for word in installs]


@pytest.mark.parametrize("kind", [{"dir_info": {}}, {"archive_info": {}}], ids=["checkout", "wheel"])
def test_a_place_that_is_gone_is_named_and_no_registry_is_asked_instead(kind, came_from):
    came_from({"url": "file:///gone/workbench"} | kind)
    with pytest.raises(BadRequest, match="from /gone/workbench, which is not there any more") as caught:
        install.source()
    assert caught.value.code == "training.install_failed"


def test_a_checkout_that_nobody_installed_is_installed_as_such(monkeypatch):
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    assert install.source() == ["--editable", f"{Path(__file__).parents[2]}[training,server]"]
