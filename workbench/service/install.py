"""Builds the environment that trains: Python 3.11, PyCaret with its pins, and this same Workbench.

Each installation is a folder of its own under `Settings.training`. It is in force once the link ``current`` names it,
which is the last thing that is done: what was interrupted is never taken for whole, and what ran on the one before goes
on. Packages that somebody added are listed beside that link, and taken along whenever an environment is built anew.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil

from workbench.errors import BadRequest, Conflict, EngineFault
from workbench.service import interpreter, uv
from workbench.service.interpreter import CURRENT, Answer
from workbench.settings import Settings
from workbench.version import __version__

PYTHON = "3.11"
"""The newest that PyCaret runs on, and the oldest that Workbench does."""

DISTRIBUTION = "jupyter-workbench"
EXTRAS = "[training,server]"
PACKAGE = Path(__file__).parents[1]
CONSTRAINTS = PACKAGE / "constraints.txt"
"""The versions that Workbench is tested with; it travels with the package."""

ADDED = "added.txt"
"""Requirements that were asked for beside Workbench's own, one a line, in `Settings.training`."""

_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment that is complete.

    Attributes
    ----------
    answer
        What its interpreter says of itself.
    is_new
        False where it was there already.
    added
        Requirements that it has beside Workbench's own.
    """

    python: Path
    answer: Answer
    is_new: bool
    added: tuple[str, ...] = ()


def install(
    settings: Settings,
    *,
    tell: Callable[[str], None],
    force: bool = False,
    extra: Sequence[str] = (),
    requirements: Sequence[str] | None = None,
) -> Installed:
    """Build the environment that trains, unless there is one of this version.

    Parameters
    ----------
    tell
        Called with a line whenever there is progress to tell of.
    force
        Build anew also where there is one of this version. The old one stays in force until the new one is complete.
    extra
        Further requirements, such as ``xgboost``. Those of earlier installations are taken along.
    requirements
        What to install instead of this very Workbench from where it came: arguments of ``uv pip install``.

    Raises
    ------
    BadRequest
        ``training.install_failed`` when there is no uv, no Python 3.11, or not any more what this Workbench was
        installed from.
    Conflict
        ``training.install_failed`` when another installation is under way in this home.
    EngineFault
        ``training.install_failed`` when a package cannot be installed.
    """
    command = uv.find()
    with _alone(settings):
        earlier = _added(settings)
        found = interpreter.installed(settings)
        if found is not None and not force and not extra:
            answer = interpreter.ask(found)
            if answer.versions.get("workbench") == __version__ and "pycaret" in answer.versions:
                return Installed(found, answer, is_new=False, added=earlier)
        named = {_name(requirement) for requirement in extra}
        again = [requirement for requirement in earlier if _name(requirement) not in named]
        if again:
            tell(f"Taking {', '.join(again)} along, as {settings.training / ADDED} says")
        return _build(settings, command, requirements or source(), (*again, *extra), tell)


def source() -> list[str]:
    """Say what installs this very Workbench, from where it came, as arguments of ``uv pip install``.

    Raises
    ------
    BadRequest
        ``training.install_failed`` when it came from a place on this machine that is gone: a package of its name in a
        registry may be anybody's.
    """
    origin = _origin()
    url = origin.get("url", "")
    if "vcs_info" in origin:
        told = origin["vcs_info"]
        return [f"{DISTRIBUTION}{EXTRAS} @ {told['vcs']}+{url}@{told['commit_id']}"]
    if url.startswith("file:"):
        path = Path(unquote(urlsplit(url).path))
        if (path / "pyproject.toml").is_file():
            is_editable = origin.get("dir_info", {}).get("editable", False)
            # Refreshed, or what uv once built of it would be taken, whatever it holds by now.
            return [*(["--editable"] if is_editable else ["--refresh-package", DISTRIBUTION]), f"{path}{EXTRAS}"]
        if not path.exists():
            raise BadRequest(
                "training.install_failed",
                f"This Workbench was installed from {path}, which is not there any more.",
                hint="Install it again from a place that stays.",
            )
    return [f"{DISTRIBUTION}{EXTRAS} @ {url}" if url else f"{DISTRIBUTION}{EXTRAS}=={__version__}"]


def _origin() -> dict[str, Any]:
    """Return where this Workbench was installed from, as ``direct_url.json`` tells; empty: from a package registry."""
    try:
        told = importlib.metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        # Nobody installed it: a checkout that is on the path.
        return {"url": PACKAGE.parent.as_uri(), "dir_info": {"editable": True}}
    origin: dict[str, Any] = json.loads(told or "{}")
    return origin


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Make the folder and hold the lock under which it may change; the system frees it however the holder ends."""
    from filelock import FileLock, Timeout

    folder = settings.training
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise Conflict("training.install_failed", f"An installation into {folder} is under way already.") from error
    except OSError as error:
        reason = error.strerror or error
        raise EngineFault("training.install_failed", f"{folder} cannot be written: {reason}.") from error
    try:
        yield
    finally:
        lock.release()


def _added(settings: Settings) -> tuple[str, ...]:
    try:
        return tuple((settings.training / ADDED).read_text(encoding="utf-8").split("\n")[:-1])
    except FileNotFoundError:
        return ()


def _name(requirement: str) -> str:
    """Return what a requirement is about: its name without case and version, or all of it where it has no name."""
    found = re.fullmatch(r"\s*([\w.-]+)\s*([\[(<>=!~;@].*)?", requirement)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else requirement


def _build(
    settings: Settings,
    command: list[str],
    requirements: Sequence[str],
    added: tuple[str, ...],
    tell: Callable[[str], None],
) -> Installed:
    _sweep(settings, tell)
    folder = settings.training / f"{__version__}-{secrets.token_hex(4)}"
    log = settings.logs / "training-install.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("w", encoding="utf-8") as written:
            run = partial(uv.run, folder=settings.home, log=written, tell=tell)
            tell(f"Making an environment with Python {PYTHON} in {folder}")
            python = _make(command, folder, run)
            tell(f"Installing PyCaret and Workbench {__version__}; this takes a minute or more")
            _fill(command, python, [*requirements, *added], run, log)
        answer = _checked(python)
        if added:
            (settings.training / ADDED).write_text("".join(f"{each}\n" for each in added), encoding="utf-8")
        _put_in_force(settings, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _sweep(settings, tell)
    return Installed(python, answer, is_new=True, added=added)


def _make(command: list[str], folder: Path, run: Callable[[list[str]], None]) -> Path:
    try:
        run([*command, "venv", "--quiet", "--no-project", "--python", PYTHON, str(folder)])
    except uv.Failed as error:
        raise BadRequest(
            "training.install_failed",
            f"PyCaret needs Python {PYTHON}, and uv could neither find nor fetch it: {error}",
            hint=f"Install Python {PYTHON} so that `uv python find {PYTHON}` finds it.",
        ) from error
    return folder / "bin" / "python"


def _fill(
    command: list[str], python: Path, requirements: list[str], run: Callable[[list[str]], None], log: Path
) -> None:
    # Compiled at once, or the first import pays for it.
    options = ["--compile-bytecode", "--constraints", str(CONSTRAINTS)]
    try:
        run([*command, "pip", "install", "--python", str(python), *options, *requirements])
    except uv.Failed as error:
        raise EngineFault(
            "training.install_failed", f"PyCaret could not be installed: {error}", hint=f"{log} says more."
        ) from error


def _checked(python: Path) -> Answer:
    answer = interpreter.ask(python)
    if answer.problem is not None:
        raise EngineFault("training.install_failed", f"{python} does not work: {answer.problem}.")
    interpreter.check(python, answer)
    return answer


def _put_in_force(settings: Settings, folder: Path) -> None:
    link = settings.training / CURRENT
    new = settings.training / f".{folder.name}"
    new.symlink_to(folder.name)
    new.replace(link)


def _sweep(settings: Settings, tell: Callable[[str], None]) -> None:
    """Remove what an interrupted installation left, and older environments that nothing runs on any more."""
    found = interpreter.installed(settings)
    kept = None if found is None else found.parents[1]
    for path in settings.training.iterdir():
        if path.name == CURRENT or path == kept or path.name == _LOCK:
            continue
        if path.is_symlink():
            path.unlink()
        elif path.is_dir() and not _in_use(path):
            tell(f"Removing {path}, which is not in force")
            shutil.rmtree(path, ignore_errors=True)


def _in_use(folder: Path) -> bool:
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
        except psutil.Error:
            continue
        if command and Path(command[0]).is_relative_to(folder):
            return True
    return False
