"""Jupyter servers in processes of their own, started as a user starts them, each with a deadline and a log."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from workbench import Workbench

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "tests" / "artifacts"
TOKEN = "for-tests-only"
START_S = 60
"""Longest that a server or a kernel may take to start."""
WARM_S = 240
"""Longest until a service is warm: it imports PyCaret, and others may be using the processors."""
SEEN_S = 20
"""Longest that something may take to show itself; a cold kernel and two busy processors are in it."""


def eventually(condition: Callable[[], Any], what: str, *, within_s: float = SEEN_S) -> Any:
    """Wait until `condition` answers something true, and return that."""
    deadline = time.monotonic() + within_s
    while not (answer := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"Not within {within_s:g} s: {what}")
        time.sleep(0.02)
    return answer


def holds_no_tables(home: Workbench) -> None:
    """Expect neither tables nor their files; what is being told of one that is gone goes once its writer notices."""
    assert home.data.list() == []
    eventually(lambda: list(home.settings.files.glob("*")) == [], "an empty folder of tables")


@dataclass
class Server:
    """A Jupyter server in a process of its own; its log stays in the test artifacts."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, name: str, command: list[str], *, cwd: Path, env: dict[str, str], page: str) -> Server:
        """Start `workbench COMMAND` on a free port and wait until `page` answers."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        ARTIFACTS.mkdir(exist_ok=True)
        log = ARTIFACTS / f"{name}.log"
        workbench_command = [sys.executable, "-c", "from workbench.cli import main; main()", *command]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*workbench_command, f"--port={port}"], cwd=cwd, env=env, stdout=output, stderr=output
            )
        server = cls(f"http://127.0.0.1:{port}", process, log)
        try:
            eventually(lambda: server._answers(page), f"{name} answers; see {log}", within_s=START_S)
        except BaseException:
            server.stop()
            raise
        return server

    def _answers(self, page: str) -> bool:
        if self.process.poll() is not None:
            pytest.fail(f"{self.log.stem} ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
        return self.status(page) == 200

    def status(self, page: str) -> int | None:
        """Answer the HTTP status of a page, None where nobody listens."""
        try:
            with urllib.request.urlopen(f"{self.url}{page}", timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def end_kernels(self) -> None:
        """End the kernels of all notebooks, as shutting them down in JupyterLab does."""
        with self._ask("GET", "/api/sessions") as answer:
            sessions = json.load(answer)
        for session in sessions:
            self._ask("DELETE", f"/api/sessions/{session['id']}").close()

    def _ask(self, method: str, path: str) -> HTTPResponse:
        asked = urllib.request.Request(f"{self.url}{path}", method=method, headers={"Authorization": f"token {TOKEN}"})
        return urllib.request.urlopen(asked, timeout=START_S)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
