"""Artifacts: bytes under a key, hashed on the way in and verified on the way out."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from workbench.access.places import without_places
from workbench.errors import EngineFault, Gone

if TYPE_CHECKING:
    from workbench.store.tables import ArtifactRow

PIPELINE = "pipeline.pkl"
SCHEMA = "schema.json"
SAMPLE = "sample.json"
ENVIRONMENT = "environment.txt"
REFERENCE = "reference.json"
HOLDOUT = "holdout.json"

Owner = Literal["runs", "pipelines"]


@dataclass(frozen=True, slots=True)
class Key:
    """Where an artifact lies under the store's root. Nothing else builds such a key or takes it apart.

    Attributes
    ----------
    owner, owner_id
        What kind of thing it belongs to, and that thing's id.

    Raises
    ------
    ValueError
        When a part is empty, is a way to another folder, or holds a slash.

    Examples
    --------
    >>> str(Key("runs", "r1", "pipeline.pkl"))
    'runs/r1/pipeline.pkl'
    >>> Key.parse("pipelines/p1/schema.json").owner_id
    'p1'
    """

    owner: Owner
    owner_id: str
    name: str

    def __post_init__(self) -> None:
        if self.owner not in get_args(Owner) or any(part in _NO_PART or "/" in part for part in self._own):
            raise ValueError(f"{self} is no key of an artifact.")

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read a key that was written by ``str``."""
        owner, _, rest = text.partition("/")
        owner_id, _, name = rest.partition("/")
        return cls(owner, owner_id, name)  # type: ignore[arg-type]  # checked as it is made

    @property
    def folder(self) -> str:
        """Where all of its owner's artifacts lie."""
        return f"{self.owner}/{self.owner_id}"

    @property
    def about(self) -> dict[str, str]:
        """The owner's id, as errors name it."""
        return {f"{self.owner.removesuffix('s')}_id": self.owner_id}

    @property
    def _own(self) -> tuple[str, str]:
        return self.owner_id, self.name

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}"


_NO_PART = ("", ".", "..")


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: the artifact's name, its SHA-256 as hex, its size in bytes."""

    name: str
    sha256: str
    size_bytes: int


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
        """Store a run's artifact; a reader sees all of its bytes or none."""
        filesystem, root = self._open()
        path = f"{root}/{Key('runs', run_id, name)}"
        partial = f"{path}.partial"
        try:
            filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            filesystem.pipe_file(partial, content)
            filesystem.mv(partial, path)
        except OSError as error:
            raise _failed(f"{name} could not be stored", error) from error
        return Stored(name, hashlib.sha256(content).hexdigest(), len(content))

    def get(self, artifact: ArtifactRow) -> bytes:
        """Read a run's artifact, as `read` does."""
        return self.read(Key("runs", artifact.run_id, artifact.name), artifact.sha256)

    def read(self, key: Key, sha256: str) -> bytes:
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
            content: bytes = filesystem.cat_file(f"{root}/{key}")
        except OSError as error:
            raise self._gone(key) from error
        _verify(key, hashlib.sha256(content).hexdigest(), sha256)
        return content

    def verify(self, key: Key, sha256: str) -> None:
        """Verify an artifact against the hash that the database holds, holding little of it in memory.

        Raises
        ------
        Gone, EngineFault
            As `read`.
        """
        filesystem, root = self._open()
        try:
            found = _digest(filesystem, f"{root}/{key}")
        except OSError as error:
            raise self._gone(key) from error
        _verify(key, found, sha256)

    def copy(self, source: Key, target: Key, sha256: str) -> Stored:
        """Copy an artifact where it lies, so that its bytes need not come by here; the copy is whole or not there.

        Parameters
        ----------
        sha256
            Of the source; the copy is verified against it.

        Raises
        ------
        Gone
            ``artifact.missing`` when the source is not there any more.
        EngineFault
            ``artifact.hash_mismatch`` when it is not what was stored; ``artifact.missing`` when the copy cannot be
            stored.
        """
        filesystem, root = self._open()
        path = f"{root}/{target}"
        partial = f"{path}.partial"
        try:
            filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            filesystem.cp_file(f"{root}/{source}", partial)
            _verify(source, _digest(filesystem, partial), sha256)
            size = int(filesystem.size(partial))
            filesystem.mv(partial, path)
        except FileNotFoundError as error:
            raise self._gone(source) from error
        except OSError as error:
            raise _failed(f"{target.name} could not be stored", error) from error
        finally:
            with suppress(OSError):
                filesystem.rm_file(partial)
        return Stored(target.name, sha256, size)

    def delete_run(self, run_id: str) -> None:
        self._delete(Key("runs", run_id, PIPELINE).folder)

    def delete_pipeline(self, pipeline_id: str) -> None:
        self._delete(Key("pipelines", pipeline_id, PIPELINE).folder)

    def pipelines(self) -> list[str]:
        """Return the ids of pipelines that have artifacts, or what is left of some."""
        filesystem, root = self._open()
        folder = f"{root}/{Key('pipelines', 'any', PIPELINE).folder}".rsplit("/", 1)[0]
        try:
            found: list[str] = filesystem.ls(folder, detail=False)
        except FileNotFoundError:
            return []
        return [path.rstrip("/").rsplit("/", 1)[-1] for path in found]

    def _delete(self, folder: str) -> None:
        filesystem, root = self._open()
        path = f"{root}/{folder}"
        try:
            if filesystem.exists(path):
                filesystem.rm(path, recursive=True)
        except FileNotFoundError:
            # Somebody else removes it at this moment.
            return
        except OSError as error:
            raise _failed(f"{folder} could not be removed", error) from error

    def _gone(self, key: Key) -> Gone:
        return Gone("artifact.missing", f"{key.name} is not in the store of artifacts any more.", **key.about)

    def _open(self) -> tuple[Any, str]:
        # Imported late: a kernel that stores nothing need not pay for it.
        import fsspec

        filesystem, root = fsspec.core.url_to_fs(self.url)
        return filesystem, root


def _failed(what: str, error: OSError) -> EngineFault:
    return EngineFault("artifact.missing", f"{what}: {without_places(str(error))}.")


def _digest(filesystem: Any, path: str) -> str:
    with filesystem.open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify(key: Key, found: str, sha256: str) -> None:
    if found != sha256:
        raise EngineFault(
            "artifact.hash_mismatch",
            f"{key.name} is not what was stored: its SHA-256 is {found[:12]}…, not {sha256[:12]}….",
            hint="It will not be loaded.",
            **key.about,
        )
