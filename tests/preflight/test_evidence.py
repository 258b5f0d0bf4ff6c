"""Evidence: measured once for a table and a target, kept beside the table, elsewhere where the table is large."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from workbench.preflight import asking
from workbench.preflight.evidence import Evidence


@pytest.fixture
def table(desk, honest):
    source = desk.data.add(honest(), "table")
    yield source
    if source.name in [line.name for line in desk.data.lines()]:
        desk.data.delete(source)


@pytest.fixture
def kept(desk, table):
    """The files of evidence that are kept of the table."""
    return lambda: sorted(desk.settings.files.glob(f"{table.id}.*.evidence"))


def test_what_was_measured_once_is_kept(desk, table, kept):
    found = desk.runs.check(table, target="y")
    first = {path: path.stat().st_mtime_ns for path in kept()}
    assert len(first) == 2
    assert desk.runs.check(table, target="y") == found
    assert {path: path.stat().st_mtime_ns for path in kept()} == first


def test_what_depends_on_the_features_alone_is_measured_again_for_others(desk, table, kept):
    desk.runs.check(table, target="y")
    desk.runs.check(table, target="y", setup={"ignore_features": ["age"]})
    assert len(kept()) == 3
    desk.runs.check(table, target="colour")
    assert len(kept()) == 5


def test_a_file_that_cannot_be_read_is_written_anew(desk, table, kept):
    found = desk.runs.check(table, target="y")
    for path in kept():
        path.write_text("{")
    assert desk.runs.check(table, target="y") == found
    assert all(json.loads(path.read_text()) for path in kept())


def test_it_goes_with_the_table(desk, table, kept):
    desk.runs.check(table, target="y")
    desk.data.delete(table)
    assert kept() == []


def test_nothing_is_kept_of_a_table_that_is_dropped_while_it_is_looked_at(desk, table, kept, monkeypatch):
    look = asking.look

    def dropped_meanwhile(job):
        told = look(job)
        desk.data.delete(table)
        return told

    monkeypatch.setattr(asking, "look", dropped_meanwhile)
    assert desk.runs.check(table, target="y").looked_at
    assert kept() == []


@pytest.fixture
def asked(desk, table, tmp_path):
    """Ask for evidence of the table with a folder of files that is empty."""
    path = desk.data.path(table)
    kinds = tuple((column.name, column.kind) for column in table.columns)

    def ask(table_path=path) -> Evidence:
        features = ("width", "height", "colour", "age")
        return asking.evidence(
            tmp_path,
            table.id,
            lambda: table_path,
            rows=table.row_count,
            kinds=kinds,
            target="y",
            task="classification",
            features=features,
        )

    return ask


def test_another_process_sees_the_same(asked, monkeypatch, tmp_path):
    here = asked()
    for path in tmp_path.glob("*.evidence"):
        path.unlink()
    monkeypatch.setattr(asking, "_SMALL_BYTES", 0)
    assert asked() == here


@pytest.mark.parametrize("small_bytes", [0, 2**20])
def test_a_table_that_cannot_be_looked_at_is_no_reason_to_fail(asked, monkeypatch, tmp_path, small_bytes):
    monkeypatch.setattr(asking, "_SMALL_BYTES", small_bytes)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 no more")
    found = asked(broken)
    assert (found.columns, found.rows) == (None, None)
    assert found.failure


def test_evidence_survives_json(asked):
    found = asked()
    assert asked() == found
    assert json.loads(json.dumps(found.columns.as_dict()))["rows"] == 400


def test_of_a_table_with_many_rows_some_are_looked_at_the_same_every_time(desk, random):
    rows = 70_000
    frame = pd.DataFrame({"x": random.normal(size=rows), "y": np.where(random.random(rows) < 0.5, "a", "b")})
    source = desk.data.add(frame, "many")
    found = desk.runs.check(source, target="y")
    assert found.looked_at == "49,984 of 70,000 rows were looked at, in stretches all over the table."
    for path in desk.settings.files.glob(f"{source.id}.*.evidence"):
        path.unlink()
    assert desk.runs.check(source, target="y") == found


def test_looking_at_a_table_loads_no_pandas(desk, table):
    """It takes a third of a second, which whoever submits a first run would wait for."""
    code = (
        "import sys, workbench; wb = workbench.connect()\n"
        f"assert wb.runs.check({table.id!r}, target='y').looked_at\n"
        "assert 'pyarrow' in sys.modules\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], env=desk.settings.environment(), check=True)
