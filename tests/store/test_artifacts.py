"""Artifacts: what comes out is what went in, or nothing does."""

from __future__ import annotations

import hashlib

import pytest

from workbench.errors import EngineFault, Gone
from workbench.store.artifacts import ArtifactStore, Key
from workbench.store.tables import ArtifactRow

CONTENT = bytes(range(256)) * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SOURCE, TARGET = Key("runs", "r1", "pipeline.pkl"), Key("pipelines", "p1", "pipeline.pkl")


@pytest.fixture
def artifacts(tmp_path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path / "artifacts"))


def row(artifacts: ArtifactStore, content: bytes = CONTENT, run_id: str = "r1") -> ArtifactRow:
    stored = artifacts.put(run_id, "pipeline.pkl", content)
    return ArtifactRow(run_id=run_id, name=stored.name, sha256=stored.sha256, size_bytes=stored.size_bytes)


def test_what_is_put_is_what_is_got(artifacts):
    kept = row(artifacts)
    assert artifacts.get(kept) == CONTENT
    assert kept.sha256 == SHA256
    assert kept.size_bytes == len(CONTENT)


def test_an_empty_artifact_is_an_artifact(artifacts):
    assert artifacts.get(row(artifacts, b"")) == b""


def test_nothing_half_written_lies_beside_it(artifacts, tmp_path):
    row(artifacts)
    assert files(tmp_path) == [str(SOURCE)]


def test_one_changed_byte_keeps_it_from_being_read(artifacts, tmp_path):
    kept = row(artifacts)
    path = tmp_path / "artifacts" / str(SOURCE)
    path.write_bytes(CONTENT[:-1] + b"\x00")
    with pytest.raises(EngineFault) as caught:
        artifacts.get(kept)
    assert caught.value.code == "artifact.hash_mismatch"
    assert caught.value.about == {"run_id": "r1"}


def test_an_artifact_that_is_gone_is_said_to_be(artifacts, tmp_path):
    kept = row(artifacts)
    (tmp_path / "artifacts" / str(SOURCE)).unlink()
    with pytest.raises(Gone) as caught:
        artifacts.get(kept)
    assert caught.value.code == "artifact.missing"


def test_what_goes_wrong_tells_no_place_of_the_server(artifacts, tmp_path):
    kept = row(artifacts)
    (tmp_path / "artifacts").rename(tmp_path / "away")
    with pytest.raises(Gone) as gone:
        artifacts.get(kept)
    (tmp_path / "artifacts").touch()
    with pytest.raises(EngineFault) as failed:
        artifacts.put("r2", "pipeline.pkl", CONTENT)
    assert str(tmp_path) not in f"{gone.value} {failed.value}"


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


def files(tmp_path) -> list[str]:
    return sorted(str(path.relative_to(tmp_path / "artifacts")) for path in tmp_path.rglob("*") if path.is_file())


def test_a_copy_is_what_was_copied_and_outlives_it(artifacts):
    row(artifacts)
    assert artifacts.copy(SOURCE, TARGET, SHA256).size_bytes == len(CONTENT)
    artifacts.delete_run("r1")
    assert artifacts.read(TARGET, SHA256) == CONTENT
    artifacts.verify(TARGET, SHA256)


@pytest.mark.parametrize("url", ["{}", "memory://copies"], ids=["folder", "memory"])
def test_copies_are_made_and_deleted_wherever_artifacts_lie(tmp_path, url):
    artifacts = ArtifactStore(url.format(tmp_path))
    row(artifacts)
    artifacts.copy(SOURCE, TARGET, SHA256)
    artifacts.verify(TARGET, SHA256)
    artifacts.delete_pipeline("p1")
    artifacts.delete_pipeline("p1")
    with pytest.raises(Gone):
        artifacts.read(TARGET, SHA256)
    artifacts.delete_run("r1")


def test_a_copy_of_what_has_changed_is_not_there(artifacts, tmp_path):
    row(artifacts)
    (tmp_path / "artifacts" / str(SOURCE)).write_bytes(CONTENT + b"x")
    with pytest.raises(EngineFault) as caught:
        artifacts.copy(SOURCE, TARGET, SHA256)
    assert caught.value.code == "artifact.hash_mismatch"
    assert caught.value.about == {"run_id": "r1"}
    assert files(tmp_path) == [str(SOURCE)]


def test_a_copy_of_what_is_gone_is_said_to_be(artifacts):
    with pytest.raises(Gone) as caught:
        artifacts.copy(SOURCE, TARGET, SHA256)
    assert caught.value.about == {"run_id": "r1"}


def test_a_copy_that_cannot_be_stored_is_said_and_leaves_nothing(artifacts, tmp_path):
    row(artifacts)
    (tmp_path / "artifacts" / "pipelines").write_text("a file where the folder should be")
    with pytest.raises(EngineFault) as caught:
        artifacts.copy(SOURCE, TARGET, SHA256)
    assert caught.value.code == "artifact.missing"
    assert files(tmp_path) == ["pipelines", str(SOURCE)]


def test_what_is_verified_must_be_there_and_be_what_was_stored(artifacts, tmp_path):
    row(artifacts)
    artifacts.verify(SOURCE, SHA256)
    with pytest.raises(EngineFault):
        artifacts.verify(SOURCE, hashlib.sha256(b"other").hexdigest())
    with pytest.raises(Gone) as caught:
        artifacts.verify(TARGET, SHA256)
    assert caught.value.about == {"pipeline_id": "p1"}


@pytest.mark.parametrize("key", [SOURCE, TARGET])
def test_a_key_is_read_as_it_was_written(key):
    assert Key.parse(str(key)) == key


@pytest.mark.parametrize(
    "text", ["", "runs", "runs/r1", "runs/r1/", "runs//x", "models/r1/x", "runs/r1/a/b", "runs/../x", "runs/r1/.."]
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match="is no key of an artifact"):
        Key.parse(text)


def test_a_place_that_cannot_be_written_is_said(artifacts, tmp_path):
    (tmp_path / "artifacts").write_text("a file where the folder should be")
    with pytest.raises(EngineFault) as caught:
        row(artifacts)
    assert caught.value.code == "artifact.missing"
