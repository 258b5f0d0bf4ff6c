"""What an exported model says of itself, and how it is loaded where there is no store. This module travels with it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import EngineFault
from workbench.store.artifacts import PIPELINE, SAMPLE, SCHEMA

if TYPE_CHECKING:
    from workbench.predictor.predictor import Predictor

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be asked of a server at once.

    Attributes
    ----------
    rows
        Most rows of a request.
    body_bytes
        Largest body of a request.
    queue
        Requests that may wait.
    timeout_s
        Longest that a request waits for its answer, in seconds.
    """

    rows: int
    body_bytes: int
    queue: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """An exported pipeline.

    Attributes
    ----------
    deployment_id, slug
        What its answers name: of the deployment that was exported, else the pipeline's own id and name.
    workbench
        Version that wrote it.
    files
        Name → SHA-256 as hex, of what lies beside the manifest.
    """

    deployment_id: str
    slug: str
    pipeline_id: str
    name: str
    model_name: str
    task: str
    target: str | None
    workbench: str
    files: Mapping[str, str]
    limits: Limits

    def write(self, folder: Path) -> None:
        """Write it beside the files that it names."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read what `write` wrote.

        Raises
        ------
        EngineFault
            ``artifact.missing`` when there is none.
        """
        told: dict[str, Any] = json.loads(_read(folder / MANIFEST))
        return cls(**told | {"limits": Limits(**told["limits"])})


@dataclass(frozen=True, slots=True)
class Loaded:
    """An exported model in memory.

    Attributes
    ----------
    sample
        Some rows of the table that it learned from.
    """

    manifest: Manifest
    predictor: Predictor
    sample: list[dict[str, Any]]


def load(folder: Path) -> Loaded:
    """Verify all files of an exported model, and only then load it.

    Raises
    ------
    EngineFault
        ``artifact.missing`` when a file is not there, ``artifact.hash_mismatch`` when it is not the one that was
        exported. Nothing is unpickled then.
    """
    manifest = Manifest.read(folder)
    contents = {name: _verified(folder / name, sha256) for name, sha256 in manifest.files.items()}
    # PyCaret writes a log into the current folder when it is imported, unless it is told where.
    os.environ.setdefault("PYCARET_CUSTOM_LOGGING_PATH", os.devnull)
    from workbench.predictor.predictor import Predictor

    schema, sample = json.loads(contents[SCHEMA]), json.loads(contents[SAMPLE])
    return Loaded(manifest, Predictor.load(contents[PIPELINE], schema, sample, task=manifest.task), sample)


def _verified(path: Path, sha256: str) -> bytes:
    content = _read(path)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise EngineFault(
            "artifact.hash_mismatch",
            f"{path.name} is not what was exported: its SHA-256 is {found[:12]}…, not {sha256[:12]}….",
            hint="It will not be loaded.",
        )
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EngineFault("artifact.missing", f"{path} cannot be read: {error.strerror}.") from error
