"""Files that are fetched: whole, whatever part is asked for, and nothing of what was made for them is left."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from workbench.server.downloads import zip_of

PARTS = ["bytes=abc", "bytes=999999999-", "bytes=0-0", "bytes=0-1,3-4", "lines=1-2"]


@pytest.fixture(scope="module")
def fetched(owner, warm) -> dict[str, Any]:
    """What the API sends as files, by their paths."""
    source = owner.ask("POST", "/samples/iris").body["id"]
    asked = {"data": "iris", "target": "species", "folds": 2, "seed": 1, "plan": "create", "model": "dummy"}
    run = owner.ask("POST", "/runs", asked).body["id"]
    assert warm.runs.get(run).wait(timeout_s=60).status == "succeeded"
    paths = (f"/runs/{run}/reproduction", f"/data-sources/{source}/table")
    return {path: owner.ask("GET", path) for path in paths}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", ["reproduction", "table"])
def test_a_part_is_not_given_but_the_whole(owner, fetched, kind, part):
    path, whole = next((path, told) for path, told in fetched.items() if path.endswith(kind))
    answer = owner.ask("GET", path, Range=part)
    assert (answer.status, len(answer.body)) == (200, len(whole.body))
    assert answer.headers["Content-Length"] == str(len(whole.body))
    assert answer.headers["Content-Type"] == whole.headers["Content-Type"]


def test_an_archive_leaves_nothing_while_it_is_sent(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    answer = zip_of(written, "made")
    assert list(tmp_path.iterdir()) == []
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''made.zip"
    archive = zipfile.ZipFile(io.BytesIO(TestClient(answer).get("/").content))
    assert {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")} == {"a.txt": b"a"}


def test_what_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def fails(folder: Path) -> None:
        written(folder)
        raise OSError

    with pytest.raises(OSError):
        zip_of(fails, "made")
    assert list(tmp_path.iterdir()) == []


def written(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"a")
