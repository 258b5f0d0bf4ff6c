from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Commands
from workbench.settings import Settings

_SCRIPT = Path(sys.executable).with_name("workbench")
COMMAND = [str(_SCRIPT)] if _SCRIPT.is_file() else [sys.executable, "-c", "from workbench.cli import main; main()"]


@dataclass(frozen=True)
class Said:
    """What a command left on its two streams, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    def refuses(self, *words: str) -> None:
        """Check that it refused as it should: exit code 2, one sentence, no traceback."""
        assert self.code == 2, self
        (sentence,) = self.err.splitlines()
        assert sentence.startswith("error: ")
        assert [word for word in words if word not in sentence] == [], sentence


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The empty folder in which commands are run."""
    return tmp_path_factory.mktemp("shell")


@pytest.fixture(scope="session")
def environment(user_home: Path) -> Callable[[Settings], dict[str, str]]:
    """Variables under which a command runs: nothing of the developer's own settings is among them."""

    def environment(settings: Settings) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
        return own | {"HOME": str(user_home), "WORKBENCH_HOME": str(settings.home), "COLUMNS": "160"}

    return environment


@pytest.fixture(scope="session")
def start(shell: Path, environment: Callable[[Settings], dict[str, str]]) -> Callable[..., subprocess.Popen[str]]:
    """Start the command as in a shell."""

    def start(settings: Settings, *arguments: object, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            env=environment(settings) | more,
            cwd=shell,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="session")
def commands(shell: Path, environment: Callable[[Settings], dict[str, str]]) -> Iterator[Commands]:
    # What is imported is the same in every home.
    opened = Commands(shell, environment(Settings(home=shell)))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def say(commands: Commands, environment: Callable[[Settings], dict[str, str]]) -> Callable[..., Said]:
    """Run the command to its end, in a process of its own."""

    def say(settings: Settings, *arguments: object, **more: str) -> Said:
        return Said(*commands.run([str(_SCRIPT), *map(str, arguments)], environment(settings) | more))

    return say


@pytest.fixture
def fresh(settings: Settings, say: Callable[..., Said]) -> Callable[..., Said]:
    """Run the command in a home of its own, where nothing runs."""
    return lambda *arguments, **environment: say(settings, *arguments, **environment)


@pytest.fixture(scope="session")
def shared(warm: Any, say: Callable[..., Said]) -> Callable[..., Said]:
    """Run the command in the home whose service is warm."""
    return lambda *arguments, **environment: say(warm.settings, *arguments, **environment)
