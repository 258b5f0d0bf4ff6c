"""The service's own life: one a home, detached, found by its lock."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading

import psutil
import pytest

from workbench.errors import EngineFault
from workbench.service import lifecycle
from workbench.settings import Settings
from workbench.version import __version__
from workbench.workbench import connect


@pytest.fixture
def services(living, settings):
    """Find the processes that are services of this home."""

    def services() -> list[int]:
        found = []
        for process in living(settings.home):
            try:
                if process.cmdline()[-2:] == ["-m", "workbench.service"]:
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found

    return services


def test_in_a_fresh_home_nothing_runs(workbench, living):
    assert workbench.service.state() is None
    assert workbench.service.stop() is False
    assert workbench.service.log() == []
    assert living(workbench.settings.home) == []


def test_opening_a_home_and_adding_data_starts_nothing(workbench, living):
    workbench.data.sample("iris")
    workbench.runs.list()
    assert workbench.runs.current() is None
    assert living(workbench.settings.home) == []


def test_a_started_service_tells_who_and_where_it_is_to_its_owner_alone(workbench, services, eventually):
    workbench.service.start()
    told = workbench.service.wait()
    assert (told.phase, told.version) == ("starting", __version__)
    # A child that it has just forked bears its name until it runs a program of its own.
    eventually(lambda: services() == [told.pid])
    assert len(told.api_token) > 30
    assert told.api_token not in repr(told)
    file = workbench.settings.home / "service.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_service_is_nobodys_child_and_leads_no_terminal(workbench):
    workbench.service.start()
    process = psutil.Process(workbench.service.wait().pid)
    assert process.pid not in [child.pid for child in psutil.Process().children(recursive=True)]
    assert os.getsid(process.pid) != os.getsid(0)
    assert process.terminal() is None


def test_of_five_that_are_started_at_once_one_stays(workbench, services, eventually):
    code = "from workbench.service import lifecycle; from workbench.settings import load; lifecycle.start(load())"
    environment = os.environ | workbench.settings.environment()
    starters = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(5)]
    assert [starter.wait(60) for starter in starters] == [0] * 5
    told = workbench.service.wait()
    eventually(lambda: services() == [told.pid])
    assert workbench.service.state().pid == told.pid


def test_starting_it_again_changes_nothing(workbench, services, eventually):
    workbench.service.start()
    told = workbench.service.wait()
    workbench.service.start()
    eventually(lambda: services() == [told.pid])
    assert workbench.service.state().pid == told.pid


def test_stopping_it_ends_all_that_belongs_to_it(workbench, living, eventually):
    workbench.service.start()
    workbench.service.wait()
    assert workbench.service.stop() is True
    assert workbench.service.state() is None
    eventually(lambda: living(workbench.settings.home) == [])


def test_stopping_it_stops_what_was_started_beside_it_and_waited_for_its_place(settings):
    held = lifecycle.ServiceLock(settings)
    assert held.hold()
    services = [subprocess.Popen(["sleep", "600"]) for _ in range(2)]

    def tell(service: subprocess.Popen[bytes]) -> None:
        told = lifecycle.ServiceState(service.pid, "warm", 1.0, __version__, None, "t")
        lifecycle.write_state(settings, told)

    def live() -> None:
        for service in services:
            tell(service)
            service.wait(30)
        held.release()

    tell(services[0])
    lives = threading.Thread(target=live)
    lives.start()
    try:
        assert lifecycle.stop(settings) is True
    finally:
        for service in services:
            service.kill()
        lives.join(30)
    assert [service.returncode for service in services] == [-signal.SIGTERM] * 2


def test_what_a_killed_service_left_behind_does_not_count(workbench, living, eventually):
    workbench.service.start()
    told = workbench.service.wait()
    os.kill(told.pid, signal.SIGKILL)
    eventually(lambda: workbench.service.state() is None)
    assert workbench.service.stop() is False
    # Its children notice that it is gone.
    eventually(lambda: living(workbench.settings.home) == [])
    workbench.service.start()
    assert workbench.service.wait().pid != told.pid


def test_it_ends_when_its_home_is_removed(settings, living, eventually):
    lifecycle.start(settings)
    lifecycle.wait_until_running(settings)

    def is_removed() -> bool:
        # It may be writing there at this very moment.
        shutil.rmtree(settings.home, ignore_errors=True)
        return not settings.home.exists()

    eventually(is_removed)
    eventually(lambda: living(settings.home) == [])


def test_its_log_tells_of_its_start(workbench, eventually):
    workbench.service.start()
    told = workbench.service.wait()
    eventually(lambda: any(line.endswith(f":{told.pid} started") for line in workbench.service.log()))


def test_a_cold_submission_says_at_once_what_it_waits_for(workbench):
    source = workbench.data.sample("iris")
    run = workbench.runs.submit(source, target="species", plan="setup")
    assert [event.kind for event in run.log()][:2] == ["run.queued", "service.starting"]
    assert run.cancel().status in ("queued", "running", "cancelled")


def test_a_run_that_no_service_can_be_started_for_is_not_kept(settings, tmp_path):
    workbench = connect(Settings(home=settings.home, training_python=tmp_path / "nowhere" / "python"))
    source = workbench.data.sample("iris")
    with pytest.raises(EngineFault) as caught:
        workbench.runs.submit(source, target="species")
    assert caught.value.code == "service.not_started"
    assert str(tmp_path / "nowhere" / "python") in caught.value.message
    assert workbench.runs.list() == []
    workbench.close()


def test_an_interpreter_that_lacks_the_engine_is_said(settings, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'No module named workbench' >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(EngineFault) as caught:
        lifecycle.start(Settings(home=settings.home, training_python=python))
    assert caught.value.code == "service.not_started"
    assert "ended with code 1" in caught.value.message
    assert "No module named workbench" in lifecycle.log_file(settings).read_text()


def test_waiting_for_a_service_that_does_not_come_ends(settings):
    with pytest.raises(EngineFault) as caught:
        lifecycle.wait_until_running(settings, patience_s=0.1)
    assert caught.value.code == "service.not_started"


def test_a_service_of_another_version_is_understood(settings):
    held = lifecycle.ServiceLock(settings)
    assert held.hold()
    told = {"pid": 1, "phase": "warm", "started_at": 1.0, "version": "9", "api_port": None, "api_token": "t", "new": 1}
    (settings.home / "service.json").write_text(json.dumps(told))
    found = lifecycle.state(settings)
    held.release()
    assert found is not None
    assert (found.version, found.settings) == ("9", {})
