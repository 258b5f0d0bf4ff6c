"""What is installed, where things live, what is wrong and how to mend it."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.service import interpreter, lifecycle
from workbench.service.interpreter import Answer, Interpreter
from workbench.settings import Settings
from workbench.store.store import open_store
from workbench.version import __version__

_PARTS = {
    "panels": ("anywidget", "ipywidgets", "widgets"),
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
    chosen = _chosen(settings)
    answer = Answer({}) if isinstance(chosen, WorkbenchError) else interpreter.ask(chosen.python)
    yield _training(chosen, answer)
    yield _api(answer)
    for about, (first, second, extra) in _PARTS.items():
        yield _part(about, first, second, extra)
    yield _service(settings, chosen)


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


def _chosen(settings: Settings) -> Interpreter | WorkbenchError:
    try:
        return interpreter.find(settings)
    except WorkbenchError as error:
        return error


def _training(chosen: Interpreter | WorkbenchError, answer: Answer) -> Finding:
    mend = "Run `workbench training install`, or name an interpreter that has PyCaret in WORKBENCH_TRAINING_PYTHON."
    if isinstance(chosen, WorkbenchError):
        return Finding("training", False, chosen.message, chosen.hint)
    if answer.problem is not None:
        return Finding("training", False, f"{chosen.python} cannot train: {answer.problem}.", mend)
    try:
        interpreter.check(chosen.python, answer)
    except WorkbenchError as error:
        return Finding("training", False, error.message, error.hint)
    versions = answer.versions
    text = f"PyCaret {versions['pycaret']} on Python {versions['python']} ({chosen.python}: {chosen.why})"
    return Finding("training", True, text)


def _api(answer: Answer) -> Finding:
    if not answer.versions:
        return Finding("HTTP API", False, "it is served from where training runs")
    lacking = [name for name in ("fastapi", "uvicorn") if name not in answer.versions]
    if lacking:
        text = f"{' and '.join(lacking)} not installed where training runs"
        return Finding("HTTP API", False, text, "Install the `server` extra there.")
    return Finding("HTTP API", True, ", ".join(f"{name} {answer.versions[name]}" for name in ("fastapi", "uvicorn")))


def _part(about: str, first: str, second: str, extra: str) -> Finding:
    try:
        versions = {name: importlib.metadata.version(name) for name in dict.fromkeys((first, second))}
    except importlib.metadata.PackageNotFoundError as error:
        if extra == "lab":
            # A kernel of a JupyterLab that is installed elsewhere needs none of its own.
            return Finding(about, True, f"{error.name} is not installed here; the `lab` extra has it")
        return Finding(about, False, f"{error.name} is not installed.", f"Install the `{extra}` extra.")
    return Finding(about, True, ", ".join(f"{name} {version}" for name, version in versions.items()))


def _service(settings: Settings, chosen: Interpreter | WorkbenchError) -> Finding:
    told = lifecycle.state(settings)
    if told is None:
        return Finding("service", True, "stopped; it starts with the next run")
    if told.version != __version__:
        text = f"runs version {told.version}, but {__version__} is installed"
        return Finding("service", False, text, "Run `workbench service stop`; the next run starts the new one.")
    ours = settings.environment()
    if isinstance(chosen, Interpreter):
        ours["WORKBENCH_TRAINING_PYTHON"] = str(chosen.python)
    other = [name for name, value in ours.items() if told.settings.get(name) != value]
    if other:
        text = f"runs under other settings than these: {', '.join(other)}"
        return Finding("service", False, text, "Run `workbench service stop`; the next run starts one with these.")
    return Finding("service", True, f"{told.phase}, process {told.pid}, log {lifecycle.log_file(settings)}")
