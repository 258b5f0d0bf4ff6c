"""The service's own life: found by a lock, started on demand, stopped by a signal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import signal
import subprocess
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal

from workbench import drawn
from workbench.errors import EngineFault
from workbench.service import interpreter
from workbench.settings import Settings
from workbench.training.variables import TRAINING_ENVIRONMENT

START_PATIENCE_S = 20.0
STOP_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What a running service tells of itself.

    Attributes
    ----------
    phase
        ``starting`` until the fork server has imported PyCaret, then ``warm``; ``stopping`` when it takes no more runs.
    api_port
        Port of the HTTP API on the loopback interface; None while there is none.
    api_token
        Secret that the API asks for; readable by the home's owner alone.
    settings
        The settings it runs under, as environment variables; they are read once, when it starts.
    api_trouble
        Why there is no port; None where there is one, or it is not known yet.
    """

    pid: int
    phase: Literal["starting", "warm", "stopping"]
    started_at: float
    version: str
    api_port: int | None
    # A representation ends in notebooks.
    api_token: str = field(repr=False)
    settings: dict[str, str] = field(default_factory=dict, repr=False)
    api_trouble: str | None = None


class ServiceLock:
    """The lock that the one service of a home holds as long as it lives.

    The kernel frees it however the service ends. Those who only ask take it shared, so that they never stand in each
    other's way.
    """

    def __init__(self, settings: Settings) -> None:
        self._path = settings.home / "service.lock"
        self._told = _state_file(settings)
        self._descriptor: int | None = None

    def hold(self, *, patience_s: float = 2.0) -> bool:
        """Take the lock for good; False when another service has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience_s
        while not _flock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(descriptor)
                return False
            time.sleep(0.02)
        self._descriptor = descriptor
        # What an earlier service told would pass for this one's words until it tells its own.
        self._told.unlink(missing_ok=True)
        return True

    def release(self) -> None:
        assert self._descriptor is not None, "hold the lock first"
        os.close(self._descriptor)
        self._descriptor = None

    def is_lost(self) -> bool:
        """Whether the file that is locked here is not in the home any more: somebody removed the home."""
        assert self._descriptor is not None, "hold the lock first"
        try:
            return not os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return True

    def is_held(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            return not _flock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)


def _flock(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_running(settings: Settings) -> bool:
    """Whether a service holds the home's lock; what a dead one left behind does not count."""
    return ServiceLock(settings).is_held()


def state(settings: Settings) -> ServiceState | None:
    """Return what the running service tells, or None where none runs or it has not told yet."""
    if not is_running(settings):
        return None
    try:
        told = json.loads(_state_file(settings).read_text())
        # A service of another version may tell more, or less.
        return ServiceState(**{each.name: told[each.name] for each in fields(ServiceState) if each.name in told})
    except (OSError, ValueError, TypeError):
        return None


def write_state(settings: Settings, told: ServiceState) -> None:
    path = _state_file(settings)
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(told), file)
    partial.replace(path)


def token(settings: Settings) -> str:
    """Return the secret that the home's API asks for, drawn once: whoever noted it can use it after a restart too.

    It lies in a file that only the home's owner can read; where that is removed, the next start draws another.
    """
    return drawn.once(settings.home / "token", lambda: secrets.token_urlsafe(32))


def log_file(settings: Settings) -> Path:
    return settings.logs / "service.log"


def start(settings: Settings) -> None:
    """Start a service on the interpreter that trains, unless one runs, and return without waiting for it.

    It is detached: it outlives this process, its terminal and its session.

    Raises
    ------
    Conflict
        ``training.not_installed`` when no interpreter has PyCaret, ``training.version_mismatch`` when the one that has
        it has another Workbench.
    EngineFault
        ``service.not_started`` when the training interpreter cannot be run.
    """
    _await_leaving(settings)
    if is_running(settings):
        return
    chosen = interpreter.find(settings)
    if not chosen.is_this:
        answer = interpreter.ask(chosen.python)
        # One that says nothing is tried all the same: the log then holds its own words.
        if answer.problem is None:
            interpreter.check(chosen.python, answer)
    log = log_file(settings)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        try:
            # Ends at once: what it starts detaches itself, so that no process of ours is its parent.
            code = subprocess.run(
                [str(chosen.python), "-P", "-m", "workbench.service"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=settings.home,
                env=interpreter.environment(chosen.python)
                | TRAINING_ENVIRONMENT
                | {"NUMBA_CACHE_DIR": str(settings.home / "cache" / "numba")}
                | settings.environment()
                | {"WORKBENCH_TRAINING_PYTHON": str(chosen.python)},
                check=False,
            ).returncode
        except OSError as error:
            raise _not_started(chosen.python, f"{error.strerror}") from error
    if code:
        raise _not_started(chosen.python, f"it ended with code {code}, and {log} says why")


def _await_leaving(settings: Settings) -> None:
    """Wait while a service is on its way out: it holds the lock and takes no more runs."""
    deadline = time.monotonic() + STOP_PATIENCE_S
    while (told := state(settings)) is not None and told.phase == "stopping" and time.monotonic() < deadline:
        time.sleep(0.02)


def _not_started(python: Path, why: str) -> EngineFault:
    return EngineFault(
        "service.not_started",
        f"The service could not be started with {python}: {why}.",
        hint="WORKBENCH_TRAINING_PYTHON names the interpreter to use; `workbench training install` builds one.",
    )


def wait_until_running(settings: Settings, *, patience_s: float = START_PATIENCE_S) -> ServiceState:
    """Wait until a started service tells its state.

    Raises
    ------
    EngineFault
        ``service.not_started`` when it does not within `patience_s` seconds.
    """
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        told = state(settings)
        if told is not None:
            return told
        time.sleep(0.05)
    raise EngineFault(
        "service.not_started",
        f"The service did not start within {patience_s:g} s.",
        hint=f"Its log is {log_file(settings)}.",
    )


def api_port(settings: Settings) -> int:
    """Return the port of the running service's API, waiting until it tells.

    Raises
    ------
    EngineFault
        ``service.not_started`` when it does not tell in time, or has no API.
    """
    return _with_api(settings)[0]


def api_address(settings: Settings) -> str:
    """Return where the running service's API answers on this machine; raises as `api_port` does."""
    port, told = _with_api(settings)
    host = told.settings.get("WORKBENCH_API_HOST", settings.api_host)
    scheme = "https" if told.settings.get("WORKBENCH_API_CERTFILE") else "http"
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{scheme}://{f'[{here}]' if ':' in here else here}:{port}"


def _with_api(settings: Settings) -> tuple[int, ServiceState]:
    deadline = time.monotonic() + START_PATIENCE_S
    # It tells that it starts before it has bound its port.
    while (told := wait_until_running(settings)).api_port is None and told.phase == "starting":
        if told.api_trouble or time.monotonic() > deadline:
            break
        time.sleep(0.02)
    if told.api_port is None:
        raise EngineFault(
            "service.not_started",
            f"The service has no API to answer by: {told.api_trouble or 'it tells no port'}.",
            hint="Where it runs, the extra `server` must be installed and the address free; `workbench doctor` and "
            "`workbench service logs` say more.",
        )
    return told.api_port, told


def stop(settings: Settings, *, patience_s: float = STOP_PATIENCE_S) -> bool:
    """Ask the service to stop and wait for it; runs under way go on and are adopted by the next service.

    Returns
    -------
    bool
        Whether one was running.

    Raises
    ------
    EngineFault
        When it is still there `patience_s` seconds after it was asked, or does not tell which process it is.
    """
    if not is_running(settings):
        return False
    asked: list[int] = []
    # Just started, it does not tell yet whom to ask.
    deadline = time.monotonic() + START_PATIENCE_S
    while is_running(settings):
        told = state(settings)
        # One that was started beside it may have waited for its place.
        if told is not None and told.pid not in asked:
            asked.append(told.pid)
            deadline = time.monotonic() + patience_s
            with contextlib.suppress(ProcessLookupError):
                os.kill(told.pid, signal.SIGTERM)
        if time.monotonic() > deadline:
            which = f"process {asked[-1]}" if asked else "which does not tell its process"
            raise EngineFault("service.not_started", f"The service ({which}) does not stop.")
        time.sleep(0.05)
    return True


def _state_file(settings: Settings) -> Path:
    return settings.home / "service.json"
