"""Artifacts: what comes out is what went in, or nothing does."""

from __future__ import annotations

import hashlib

import pytest

from workbench.errors import EngineFault, Gone
from workbench.store.artifacts import ArtifactStore, key
from workbench.store.tables import ArtifactRow

CONTENT = bytes(range(256)) * 100


@pytest.fixture
def artifacts(tmp_path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path / "artifacts"))


def row(artifacts: ArtifactStore, content: bytes = CONTENT, run_id: str = "r1") -> ArtifactRow:
    stored = artifacts.put(run_id, "pipeline.pkl", content)
    return ArtifactRow(run_id=run_id, name=stored.name, sha256=stored.sha256, size_bytes=stored.size_bytes)


def test_what_is_put_is_what_is_got(artifacts):
    kept = row(artifacts)
    assert artifacts.get(kept) == CONTENT
    assert kept.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert kept.size_bytes == len(CONTENT)


def test_an_empty_artifact_is_an_artifact(artifacts):
    assert artifacts.get(row(artifacts, b"")) == b""


def test_nothing_half_written_lies_beside_it(artifacts, tmp_path):
    row(artifacts)
    files = [str(path.relative_to(tmp_path / "artifacts")) for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [key("r1", "pipeline.pkl")]


def test_one_changed_byte_keeps_it_from_being_read(artifacts, tmp_path):
    kept = row(artifacts)
    path = tmp_path / "artifacts" / key("r1", "pipeline.pkl")
    path.write_bytes(CONTENT[:-1] + b"\x00")
    with pytest.raises(EngineFault) as caught:
        artifacts.get(kept)
    assert caught.value.code == "artifact.hash_mismatch"
    assert caught.value.about == {"run_id": "r1"}


def test_an_artifact_that_is_gone_is_said_to_be(artifacts, tmp_path):
    kept = row(artifacts)
    (tmp_path / "artifacts" / key("r1", "pipeline.pkl")).unlink()
    with pytest.raises(Gone) as caught:
        artifacts.get(kept)
    assert caught.value.code == "artifact.missing"


def test_deleting_a_runs_artifacts_leaves_those_of_others(artifacts):
    gone, kept = row(artifacts, run_id="r1"), row(artifacts, run_id="r2")
    artifacts.delete_run("r1")
    artifacts.delete_run("r1")
    with pytest.raises(Gone):
        artifacts.get(gone)
    assert artifacts.get(kept) == CONTENT


def test_any_fsspec_url_will_do():
    artifacts = ArtifactStore("memory://some/where/")
    assert artifacts.get(row(artifacts)) == CONTENT
    artifacts.delete_run("r1")


def test_a_place_that_cannot_be_written_is_said(artifacts, tmp_path):
    (tmp_path / "artifacts").write_text("a file where the folder should be")
    with pytest.raises(EngineFault) as caught:
        row(artifacts)
    assert caught.value.code == "artifact.missing"
