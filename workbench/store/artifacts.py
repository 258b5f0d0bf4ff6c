"""Artifacts: bytes under a key, hashed on the way in and verified on the way out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import EngineFault, Gone

if TYPE_CHECKING:
    from workbench.store.tables import ArtifactRow

PIPELINE = "pipeline.pkl"
SCHEMA = "schema.json"
SAMPLE = "sample.json"
ENVIRONMENT = "environment.txt"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: the artifact's name, its SHA-256 as hex, its size in bytes."""

    name: str
    sha256: str
    size_bytes: int


def key(run_id: str, name: str) -> str:
    """Where a run's artifact lies under the store's root. Nothing else builds such a key."""
    return f"runs/{run_id}/{name}"


class ArtifactStore:
    """A folder or any fsspec URL.

    Parameters
    ----------
    url
        ``/some/folder``, ``s3://bucket/prefix``, …
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def put(self, run_id: str, name: str, content: bytes) -> Stored:
        """Store bytes; a reader sees all of them or none."""
        filesystem, root = self._open()
        path = f"{root}/{key(run_id, name)}"
        partial = f"{path}.partial"
        try:
            filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            filesystem.pipe_file(partial, content)
            filesystem.mv(partial, path)
        except OSError as error:
            raise EngineFault("artifact.missing", f"{name} could not be stored in {self.url}: {error}.") from error
        return Stored(name, hashlib.sha256(content).hexdigest(), len(content))

    def get(self, artifact: ArtifactRow) -> bytes:
        """Read an artifact and verify it against the hash that the database holds.

        Raises
        ------
        Gone
            ``artifact.missing`` when its bytes are not there any more.
        EngineFault
            ``artifact.hash_mismatch`` when they are not the bytes that were stored.
        """
        filesystem, root = self._open()
        try:
            content: bytes = filesystem.cat_file(f"{root}/{key(artifact.run_id, artifact.name)}")
        except OSError as error:
            raise Gone("artifact.missing", f"{artifact.name} is not in {self.url} any more.") from error
        found = hashlib.sha256(content).hexdigest()
        if found != artifact.sha256:
            raise EngineFault(
                "artifact.hash_mismatch",
                f"{artifact.name} is not what was stored: its SHA-256 is {found[:12]}…, not {artifact.sha256[:12]}….",
                hint="It will not be loaded.",
                run_id=artifact.run_id,
            )
        return content

    def delete_run(self, run_id: str) -> None:
        filesystem, root = self._open()
        folder = f"{root}/{key(run_id, '')}".rstrip("/")
        if filesystem.exists(folder):
            filesystem.rm(folder, recursive=True)

    def _open(self) -> tuple[Any, str]:
        # Imported late: a kernel that stores nothing need not pay for it.
        import fsspec

        filesystem, root = fsspec.core.url_to_fs(self.url)
        return filesystem, root
