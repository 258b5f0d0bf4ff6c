"""Which interpreter trains, why that one, and what is installed there."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import Conflict
from workbench.settings import Settings
from workbench.version import __version__

CURRENT = "current"
"""Link in `Settings.training` to the environment that is in force; it is set once that one is complete."""

_MEND = (
    "`workbench training install` builds one that fits, and it is used where WORKBENCH_TRAINING_PYTHON names no other."
)
_PATIENCE_S = 30.0
_PACKAGES = ("pycaret", "fastapi", "uvicorn")
# `workbench` is asked itself: what an editable installation told of its version is not always its version today.
_ASK = f"""
import importlib.metadata, json, platform
found = {{"python": platform.python_version()}}
for name in {_PACKAGES!r}:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
try:
    from workbench.version import __version__
    found["workbench"] = __version__
except ImportError:
    pass
print(json.dumps(found))
"""
# They name folders of this interpreter's packages, which another one would load and fail with.
_OURS_ALONE = ("PYTHONPATH", "PYTHONHOME")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The interpreter that trains.

    Attributes
    ----------
    why
        What made it the one, for people.
    """

    python: Path
    why: str

    @property
    def is_this(self) -> bool:
        """Whether it is the interpreter that asks."""
        return self.python == _this()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an interpreter said of itself.

    Attributes
    ----------
    versions
        Versions of ``python``, ``workbench``, ``pycaret``, ``fastapi`` and ``uvicorn``, as far as they are there.
    problem
        Why it said nothing, else None.
    """

    versions: Mapping[str, str]
    problem: str | None = None


def find(settings: Settings) -> Interpreter:
    """Find the interpreter that trains.

    Raises
    ------
    Conflict
        ``training.not_installed`` when none is named, this one has no PyCaret, and none was built in the home.
    """
    if settings.training_python is not None:
        return Interpreter(settings.training_python, "WORKBENCH_TRAINING_PYTHON names it")
    if _has_pycaret():
        return Interpreter(_this(), "PyCaret is installed beside this Workbench")
    built = installed(settings)
    if built is not None:
        return Interpreter(built, "`workbench training install` built it")
    raise Conflict(
        "training.not_installed",
        f"PyCaret is not installed for {sys.executable}, and no environment that has it was built.",
        hint="`workbench training install` builds one; or name an interpreter in WORKBENCH_TRAINING_PYTHON.",
    )


def installed(settings: Settings) -> Path | None:
    """Return the interpreter of the environment that was built in the home, or None where none is complete."""
    link = settings.training / CURRENT
    try:
        # The folder itself, not the link: what runs on it goes on where a newer one is built meanwhile.
        python = settings.training / link.readlink() / "bin" / "python"
    except OSError:
        return None
    return python if python.exists() else None


def ask(python: Path) -> Answer:
    """Ask an interpreter what it has; it takes a moment, because one is started."""
    try:
        done = subprocess.run(
            [str(python), "-c", _ASK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            # Without it, the folder we are in would be asked first.
            env=environment(python) | {"PYTHONSAFEPATH": "1"},
            check=False,
        )
        versions: dict[str, str] = json.loads(done.stdout) if done.returncode == 0 else {}
    except OSError as error:
        return Answer({}, f"it cannot be run: {error.strerror}")
    except subprocess.TimeoutExpired:
        return Answer({}, f"it did not answer within {_PATIENCE_S:g} s")
    except ValueError:
        return Answer({}, "it does not answer as Python does")
    if not versions:
        last = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
        return Answer({}, f"it ended with code {done.returncode} ({last})")
    return Answer(versions)


def check(python: Path, answer: Answer) -> None:
    """Refuse an interpreter that has answered and cannot train for this Workbench.

    Raises
    ------
    Conflict
        ``training.not_installed`` when it lacks PyCaret or Workbench; ``training.version_mismatch`` when its Workbench
        is of another version than this one.
    """
    lacking = [name for key, name in (("pycaret", "PyCaret"), ("workbench", "Workbench")) if key not in answer.versions]
    if lacking:
        raise Conflict(
            "training.not_installed",
            f"{python} has no {' and no '.join(lacking)}.",
            hint=_MEND,
        )
    theirs = answer.versions["workbench"]
    if theirs != __version__:
        raise Conflict(
            "training.version_mismatch",
            f"Training would run on Workbench {theirs} ({python}), and this is {__version__}.",
            hint=_MEND,
        )


def environment(python: Path) -> dict[str, str]:
    """Return this process's environment variables, without those that another interpreter must not have."""
    if python == _this():
        return dict(os.environ)
    return {name: value for name, value in os.environ.items() if name not in _OURS_ALONE}


def _this() -> Path:
    return Path(sys.executable)


def _has_pycaret() -> bool:
    try:
        importlib.metadata.version("pycaret")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
