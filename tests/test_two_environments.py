"""The kernel has no PyCaret and the newest pandas; training has PyCaret and its pins; both see the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import kernel as script
from tests.conftest import MISSING
from tests.test_imports import LEARNING
from workbench import Workbench, connect
from workbench.service.interpreter import CURRENT
from workbench.settings import Settings

ROOT = Path(__file__).parents[1]

KINDS = """whole,real,text,quoted,day,moment,flag,gap,huge,unsigned,beyond,code,none
1,0.43606053216687435,Ä 😀,"two
lines",2024-01-01,2024-01-01T10:00:00Z,True,True,18446744073709551616,18446744073709551615,1e300,007,
2,-2.2012655822557426e-286,x,"say ""hi"", twice",2024-02-29,,False,,-9223372036854775809,1,-inf,7e3,NA
,123456789.123456789,,,,2024-01-02 10:00:00+02:00,True,False,2,2,,x7,
9007199254740993,1e-400,None, padded ,2023-12-31,2024-01-03,False,,,3,2.5,0x10,null
"""
"""Numbers, gaps, texts, dates and booleans, with cells of which one pandas and another may not make the same."""


def newest() -> list[Path]:
    """Find the interpreters on which a kernel may run, the newest first; the last is this one's own."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    on_path = [shutil.which(f"python3.{minor}") for minor in (12, 13, 14)]
    found = {path: minor(path) for path in [*map(Path, filter(None, on_path)), *pyenv.glob("versions/3.*/bin/python")]}
    newer = sorted((path for path in found if found[path] > 11), key=lambda path: -found[path])
    return [*newer, Path(sys.base_prefix, "bin", "python3")]


def minor(python: Path) -> int:
    """Ask an interpreter for its version, 13 for 3.13; 0 where it does not run, as some that pyenv puts on PATH."""
    code = "import sys; print(sys.version_info[1])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else 0


@pytest.fixture(scope="module")
def kernel(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kernel's interpreter: this Workbench with its panels, and otherwise the newest of all it needs."""
    said = ""
    for number, python in enumerate(newest()):
        folder = tmp_path_factory.mktemp("kernel") / str(number)
        into = folder / "bin" / "python"
        for command in (
            [uv, "venv", "--quiet", "--python", python, folder],
            [uv, "pip", "install", "--quiet", "--python", into, "--editable", f"{ROOT}[widgets]"],
        ):
            done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False)
            if done.returncode:
                said = done.stderr.strip()
                break
        else:
            return into
    pytest.skip(f"{MISSING} packages for a kernel: {said}")


@pytest.fixture(scope="module")
def run_kernel(kernel: Path):
    """Run Python in the kernel's environment, with a home and no other setting, and return what it prints."""

    def run_kernel(home: Path, *arguments: object) -> str:
        ours = ("WORKBENCH_", "PYTHONPATH", "VIRTUAL_ENV")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        done = subprocess.run(
            [kernel, *map(str, arguments)],
            env=environment | {"WORKBENCH_HOME": str(home)},
            cwd=home.parent,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run_kernel


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, mixed) -> list[Path]:
    folder = tmp_path_factory.mktemp("tables")
    mixed["classification"].to_csv(folder / "shoppers.csv", index=False)
    (folder / "kinds.csv").write_text(KINDS, encoding="utf-8")
    # The one cell of which older and newer versions of pandas do not make the same.
    (folder / "beyond.csv").write_text("number,other\n1e400,1\n2,2\n", encoding="utf-8")
    return [folder / f"{name}.csv" for name in ("shoppers", "kinds", "beyond")]


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory, end) -> Iterator[Workbench]:
    """The home as training sees it; these tests' own environment stands in for the one that is built there."""
    home = tmp_path_factory.mktemp("two") / "home"
    settings = Settings(home=home, database_url="", artifact_url="", training_python=None)
    settings.training.mkdir(parents=True)
    (settings.training / CURRENT).symlink_to(sys.prefix)
    opened = connect(settings)
    yield opened
    end(opened)


@pytest.fixture(scope="module")
def seen(training: Workbench, run_kernel, files) -> dict[str, Any]:
    """What a notebook saw from upload to leaderboard."""
    return json.loads(run_kernel(training.settings.home, script.__file__, *files))


def test_the_kernel_has_a_newer_pandas_and_numpy_than_training_ever_could(seen, training):
    trained_with = training.runs.get(seen["run"]).record.versions
    for package in ("pandas", "numpy"):
        assert int(seen["versions"][package].split(".")[0]) > int(trained_with[package].split(".")[0])


def test_the_kernel_loads_no_machine_learning_and_unpickles_nothing(seen):
    assert set(seen["modules"]).isdisjoint(LEARNING)
    assert {"pandas", "workbench_widgets"} <= set(seen["modules"])
    assert seen["unpickled"] == []


def test_the_run_that_the_kernel_submits_is_carried_out(seen):
    kinds = [event["kind"] for event in seen["log"]]
    assert [event["seq"] for event in seen["log"]] == list(range(1, len(kinds) + 1))
    assert kinds.count("unit.scored") == 4
    assert kinds[-2:] == ["run.succeeded", "run.closed"]


def test_both_read_the_same_log_and_leaderboard(seen, training):
    run = training.runs.get(seen["run"])
    assert seen["log"] == json.loads(json.dumps([event.as_dict() for event in run.log()], default=str))
    assert json.loads(seen["board"]) == json.loads(run.leaderboard().to_json(orient="split"))
    assert sorted(row.model for row in run.rows()) == ["dt", "lr"]


@pytest.mark.parametrize("name", ["shoppers", "kinds", "beyond"])
def test_both_read_the_same_table(seen, training, name):
    source = training.data.get(name)
    loaded = training.data.load(source)
    assert seen["tables"][name] == script.plain(loaded)
    assert seen["heads"][name] == training.data.head(source)


@pytest.mark.parametrize("name", ["shoppers", "kinds"])
def test_both_make_the_same_of_a_file(seen, training, files, name):
    (file,) = [file for file in files if file.stem == name]
    stored = training.data.upload(file, f"{name} again")
    assert [column.as_dict() for column in stored.columns] == seen["profiles"][name]
    assert script.plain(training.data.load(stored)) == seen["tables"][name]


def test_every_number_is_the_one_that_the_file_says(seen):
    reals = [float(line) for line in ("0.43606053216687435", "-2.2012655822557426e-286", "123456789.123456789", "0")]
    assert seen["tables"]["kinds"]["real"] == ["float64", [["float", repr(number)] for number in reals]]


def test_the_doctor_tells_the_kernel_what_is_in_force(seen, training, run_kernel):
    code = "from workbench.cli import main; main()"
    told = json.loads(run_kernel(training.settings.home, "-c", code, "doctor", "--json"))
    findings = {finding["about"]: finding for finding in told}
    assert [about for about, finding in findings.items() if not finding["is_well"]] == []
    assert f"{sys.prefix}/bin/python: `workbench training install` built it" in findings["training"]["text"]
    assert f"Python {seen['versions']['python']}" in findings["Workbench"]["text"]
    assert findings["service"]["text"].startswith("warm")


def test_without_an_environment_that_trains_the_kernel_is_told_how_to_get_one(run_kernel, tmp_path):
    code = """if True:
        import workbench
        wb = workbench.connect()
        try:
            wb.runs.submit(wb.data.sample("iris"), target="species")
        except workbench.WorkbenchError as error:
            print(error.code, error, len(wb.runs.list()))
    """
    told = run_kernel(tmp_path / "home", "-c", code)
    assert told.startswith("training.not_installed ")
    assert "`workbench training install`" in told
    assert told.endswith(" 0\n")
