"""``workbench doctor``, ``workbench service`` and what holds for every command."""

from __future__ import annotations

import venv

import pytest

from workbench.settings import Settings
from workbench.store.database import Database
from workbench.version import __version__


def test_the_version_is_told(fresh):
    assert fresh("--version").out == f"{__version__}\n"


def test_without_a_command_the_commands_are_named(fresh):
    said = fresh()
    assert all(
        command in said.out + said.err
        for command in ("data", "run", "service", "training", "doctor", "lab", "dashboards")
    )


def test_the_doctor_finds_nothing_wrong_where_all_is_installed(fresh, settings):
    said = fresh("doctor", "--json")
    findings = {finding["about"]: finding for finding in said.document}
    assert [about for about, finding in findings.items() if not finding["is_well"]] == []
    assert said.code == 0
    assert list(findings) == [
        "Workbench",
        "home",
        "store",
        "training",
        "HTTP API",
        "panels",
        "JupyterLab",
        "dashboards",
        "service",
    ]
    assert str(settings.home) in findings["home"]["text"]
    assert "PyCaret 3.3.2" in findings["training"]["text"]
    assert findings["service"]["text"].startswith("stopped")


def test_the_doctor_says_what_runs(shared, warm):
    said = shared("doctor")
    assert said.code == 0
    assert f"warm, process {warm.service.state().pid}" in said.out


def test_the_doctor_says_how_to_mend_a_database_that_is_not_ours(fresh, settings):
    (settings.home / "workbench.db").unlink()
    database = Database(settings.database)
    with database.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE customers (id INTEGER)")
    database.close()
    said = fresh("doctor")
    assert said.code == 1
    assert "wrong store" in said.out
    assert "customers" in said.out
    assert "→ Name an empty database" in said.out
    assert "Traceback" not in said.err


@pytest.fixture
def python(tmp_path):
    """An interpreter that has no package at all."""
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    return tmp_path / "venv" / "bin" / "python"


def test_the_doctor_says_how_to_mend_a_training_python_without_pycaret(fresh, python):
    said = fresh("doctor", WORKBENCH_TRAINING_PYTHON=str(python))
    assert said.code == 1
    assert f"{python} has no PyCaret and no Workbench." in said.out
    assert "`workbench training install`" in said.out
    assert "WORKBENCH_TRAINING_PYTHON" in said.out


def test_the_doctor_says_what_is_wrong_with_a_training_python_that_does_not_run(fresh):
    said = fresh("doctor", WORKBENCH_TRAINING_PYTHON="/nowhere/python")
    assert said.code == 1
    assert "/nowhere/python cannot train: it cannot be run: No such file or directory." in said.out


def test_the_doctor_says_where_the_service_trains_elsewhere(shared, python):
    said = shared("doctor", WORKBENCH_TRAINING_PYTHON=str(python))
    assert "runs under other settings than these: WORKBENCH_TRAINING_PYTHON" in said.out


@pytest.mark.parametrize("command", [["doctor"], ["run", "list"]])
def test_a_home_that_cannot_be_made_is_said(say, tmp_path, command):
    (tmp_path / "file").write_text("in the way")
    said = say(Settings(home=tmp_path / "file" / "home"), *command)
    assert said.code == 1
    assert str(tmp_path / "file" / "home") in said.out + said.err
    assert "WORKBENCH_HOME" in said.out + said.err
    assert "Traceback" not in said.err


def test_where_no_service_runs_the_command_says_so(fresh):
    assert fresh("service", "status").out == "stopped; it starts with the next run\n"
    assert fresh("service", "status", "--json").document == {"running": False, "service": None}
    assert fresh("service", "stop").out == "it was not running\n"
    assert fresh("service", "logs").out == ""


def test_a_running_service_is_told_without_its_secret(shared, warm):
    said = shared("service", "status", "--json")
    told = warm.service.state()
    assert said.document["running"]
    assert (said.document["service"]["pid"], said.document["service"]["phase"]) == (told.pid, "warm")
    assert told.api_token not in said.out
    assert shared("service", "status").out.startswith(f"warm, process {told.pid}, up ")


def test_the_services_log_is_printed_from_its_end(shared, warm):
    assert shared("service", "logs", "-n", "1").out.splitlines() == warm.service.log(1)


def test_a_service_that_runs_is_stopped(workbench, fresh, living, eventually):
    workbench.service.start()
    workbench.service.wait()
    assert fresh("service", "stop").out == "stopped\n"
    eventually(lambda: living(workbench.settings.home) == [])


def test_a_run_touches_nothing_outside_the_home(shared, warm, shell, user_home):
    warm.data.sample("iris")
    said = shared("run", "compare", "--data", "iris", "--target", "species", "--include", "nb,lightgbm", "--fold", "2")
    assert said.code == 0
    assert list(shell.rglob("*")) == []
    # Matplotlib keeps its list of the machine's fonts where it always does.
    assert [path for path in user_home.rglob("*") if path.is_file() and "matplotlib" not in path.parts] == []


def test_an_unfit_setting_is_named(fresh):
    fresh("data", "list", WORKBENCH_CONCURRENT_RUNS="none").refuses("WORKBENCH_CONCURRENT_RUNS is not valid")
