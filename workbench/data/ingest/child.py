"""Ingesting in a process of its own, so that a kernel neither grows nor waits, and can end it at any time."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench import errors
from workbench.data.formats.reader import Asked, Limits
from workbench.data.ingest.job import Ingested, Job, Tell, carry_out
from workbench.errors import EngineFault, WorkbenchError

_IDLE_S = 0.25
"""How often is asked whether to go on while nothing happens, in seconds."""
_SMALL_BYTES = 8 * 1024 * 1024
"""Up to this size, starting a process takes longer than the work."""


def ingest(job: Job, tell: Tell) -> Ingested:
    """Ingest a table: a small file here, whatever else in a child process, which ends where `tell` raises.

    Raises
    ------
    WorkbenchError
        Whatever the table's origin or format refuses; ``data.upload_broken`` when the process died.
    """
    if job.raw is not None and job.origin is None and job.raw.stat().st_size <= _SMALL_BYTES:
        return carry_out(job, tell)
    command = [sys.executable, "-P", "-m", "workbench.data.ingest"]
    progress: tuple[Any, ...] = ("reading", 0, None)
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log) as child,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps(_told(job)).encode())
            child.stdin.close()
            for line in _lines(child.stdout.fileno()):
                said: dict[str, Any] = json.loads(line) if line else {"progress": progress}
                if "ingested" in said:
                    return Ingested.of(said["ingested"])
                if "error" in said:
                    raise _rebuilt(said["error"])
                progress = tuple(said["progress"])
                tell(*progress)
        finally:
            child.kill()
        child.wait()
        log.seek(0)
        last = log.read().decode(errors="replace").strip().splitlines()
    ended = f"it ended with code {child.returncode}" + (f": {last[-1]}" if last else "")
    raise EngineFault("data.upload_broken", f"{job.called} could not be read: the process that did so died; {ended}.")


def _lines(stream: int) -> Iterator[bytes]:
    """Give the lines of a stream as they come, and an empty one from time to time while none does."""
    held = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(_IDLE_S):
                yield b""
                continue
            chunk = os.read(stream, 65536)
            if not chunk:
                return
            *lines, held = (held + chunk).split(b"\n")
            yield from lines


def serve(given: str) -> None:
    """Carry out a job that came as JSON, and print what happens as lines of JSON."""
    told = json.loads(given)
    job = Job(
        called=told["called"],
        limits=Limits(**{**told["limits"], "work": Path(told["limits"]["work"])}),
        asked=Asked(**told["asked"]),
        origin=told["origin"],
        raw=None if told["raw"] is None else Path(told["raw"]),
        sha256=told["sha256"],
    )
    try:
        ingested = carry_out(job, lambda *progress: _say(progress=progress))
    except WorkbenchError as error:
        said = {"type": type(error).__name__, "code": error.code, "message": error.message, "hint": error.hint}
        _say(error=said | {"about": error.about})
    else:
        _say(ingested=ingested.as_dict())


def _say(**said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _told(job: Job) -> dict[str, Any]:
    limits = asdict(job.limits) | {"work": str(job.limits.work)}
    asked = {"kinds": dict(job.asked.kinds), "options": dict(job.asked.options)}
    raw = None if job.raw is None else str(job.raw)
    told = {"called": job.called, "limits": limits, "asked": asked, "origin": job.origin}
    return told | {"raw": raw, "sha256": job.sha256}


def _rebuilt(said: Mapping[str, Any]) -> WorkbenchError:
    kind: type[WorkbenchError] = getattr(errors, said["type"])
    return kind(said["code"], said["message"], hint=said["hint"], **said["about"])
