"""What is installed, where things live, what is wrong and how to mend it."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.service import lifecycle
from workbench.settings import Settings
from workbench.store.store import open_store
from workbench.version import __version__

_ASK_TRAINING = "import importlib.metadata as m, sys; print(sys.version.split()[0], m.version('pycaret'))"
_PARTS = {
    "panels": ("anywidget", "ipywidgets", "widgets"),
    "HTTP API": ("fastapi", "uvicorn", "server"),
    "JupyterLab": ("jupyterlab", "jupyter-server-proxy", "lab"),
    "dashboards": ("voila", "voila", "lab"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    mend
        What to do where it is not well, else None.
    """

    about: str
    is_well: bool
    text: str
    mend: str | None = None


def examine(settings: Settings) -> list[Finding]:
    """Look at the installation; nothing is changed but what opening the store creates."""
    return list(_look(settings))


def _look(settings: Settings) -> Iterator[Finding]:
    yield Finding("Workbench", True, f"{__version__} on Python {sys.version.split()[0]}")
    yield _home(settings)
    yield _store(settings)
    yield _training(settings)
    for about, (first, second, extra) in _PARTS.items():
        yield _part(about, first, second, extra)
    yield _service(settings)


def _home(settings: Settings) -> Finding:
    mend = "Set WORKBENCH_HOME to a folder of yours."
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        free = os.statvfs(settings.home)
    except OSError as error:
        return Finding("home", False, f"{settings.home} cannot be made: {error.strerror}.", mend)
    gib = free.f_bavail * free.f_frsize / 2**30
    text = f"{settings.home} ({gib:,.1f} GiB free)"
    if not os.access(settings.home, os.W_OK):
        return Finding("home", False, f"{settings.home} cannot be written.", mend)
    if gib < 0.5:
        return Finding("home", False, text, "Free some disk space, or set WORKBENCH_HOME to a larger disk.")
    return Finding("home", True, text)


def _store(settings: Settings) -> Finding:
    try:
        store = open_store(settings)
    except WorkbenchError as error:
        return Finding("store", False, error.message, error.hint or "Look at WORKBENCH_DATABASE_URL.")
    where = store.database.url.render_as_string(hide_password=True)
    store.close()
    return Finding("store", True, f"{where}, artifacts in {settings.artifacts}")


def _training(settings: Settings) -> Finding:
    mend = "Install the `training` extra on Python 3.11, and set WORKBENCH_TRAINING_PYTHON to that interpreter."
    try:
        answer = subprocess.run(
            [str(settings.training_python), "-c", _ASK_TRAINING],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("training", False, f"{settings.training_python} cannot be run: {error}.", mend)
    if answer.returncode:
        return Finding("training", False, f"{settings.training_python} has no PyCaret.", mend)
    python, pycaret = answer.stdout.split()
    return Finding("training", True, f"PyCaret {pycaret} on Python {python} ({settings.training_python})")


def _part(about: str, first: str, second: str, extra: str) -> Finding:
    try:
        versions = {name: importlib.metadata.version(name) for name in dict.fromkeys((first, second))}
    except importlib.metadata.PackageNotFoundError as error:
        return Finding(about, False, f"{error.name} is not installed.", f"Install the `{extra}` extra.")
    return Finding(about, True, ", ".join(f"{name} {version}" for name, version in versions.items()))


def _service(settings: Settings) -> Finding:
    told = lifecycle.state(settings)
    if told is None:
        return Finding("service", True, "stopped; it starts with the next run")
    if told.version != __version__:
        text = f"runs version {told.version}, but {__version__} is installed"
        return Finding("service", False, text, "Run `workbench service stop`; the next run starts the new one.")
    other = [name for name, value in settings.environment().items() if told.settings.get(name) != value]
    if other:
        text = f"runs under other settings than these: {', '.join(other)}"
        return Finding("service", False, text, "Run `workbench service stop`; the next run starts one with these.")
    return Finding("service", True, f"{told.phase}, process {told.pid}, log {lifecycle.log_file(settings)}")
