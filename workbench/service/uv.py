"""The tool that builds environments: where it is, how it is run, and what it says."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TextIO

from workbench.errors import BadRequest

_LONGEST_REASON = 600
# They would make uv write elsewhere than it is told, or its build tools load packages of ours.
_ELSEWHERE = ("UV_SYSTEM_PYTHON", "UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")


class Failed(Exception):
    """Uv ended with an error; its reason as one sentence."""


def find() -> list[str]:
    """Find the command that runs uv: the one on PATH, else this interpreter's own.

    Raises
    ------
    BadRequest
        ``training.install_failed`` when it is not installed.
    """
    on_path = shutil.which("uv")
    if on_path:
        return [on_path]
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    raise BadRequest("training.install_failed", "uv is not installed; `pip install uv` gets it.")


def run(command: Sequence[str], *, folder: Path, log: TextIO, tell: Callable[[str], None]) -> None:
    """Run a command of uv's to its end; whatever interrupts us ends it.

    Parameters
    ----------
    folder
        Where it runs: not where the user happens to be, for a project there may have settings of its own for uv.
    log
        Takes all that it says.
    tell
        Takes the lines that tell of progress.

    Raises
    ------
    Failed
        When it ends with an error.
    """
    said: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=_environment(),
        cwd=folder,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                log.write(line)
                said.append(line.strip())
                # A line for each of more than a hundred packages is for the log.
                if line.strip() and not line.startswith(" + "):
                    tell(line.strip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise Failed(reason(said))


def reason(said: Sequence[str]) -> str:
    """Return the reason that uv gave for failing, as one sentence.

    >>> reason(["Resolving", "× No solution found", "╰─▶ Because a was not found", "and you require a."])
    'No solution found: Because a was not found and you require a.'
    """
    first = next((place for place, line in enumerate(said) if line.startswith(("error:", "×"))), max(0, len(said) - 1))
    told = takewhile(lambda line: line and not line.startswith("hint:"), said[first:])
    words = " ".join(told).removeprefix("error:").lstrip("× ") or "it said nothing"
    words = re.sub(r"\s*(cause:|[├╰]─▶)\s*", ": ", words)[:_LONGEST_REASON]
    return words if words.endswith(".") else f"{words}."


def _environment() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    trusted = ssl.get_default_verify_paths()
    if trusted.cafile or trusted.capath:
        # Like pip, trust what the system trusts, such as a company's own certificate; uv alone would not.
        environment.setdefault("UV_SYSTEM_CERTS", "1")
    return environment
