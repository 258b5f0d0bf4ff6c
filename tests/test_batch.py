"""The file of a batch as a table: what is text there is text here."""

from __future__ import annotations

import pytest

from tests.serving.conftest import pipelines  # noqa: F401 - a fixture
from workbench.access.actor import owner
from workbench.batch import Batch
from workbench.data.sources import Sources
from workbench.serving import batches
from workbench.store.tables import PipelineRow, SourceRow


@pytest.fixture
def batch(store, pipelines, tmp_path) -> Batch:  # noqa: F811
    """A batch of a pipeline that predicts codes, among them 007 and None."""
    sources = Sources(store)
    (tmp_path / "learned.csv").write_text("note,code\nx,007\ny,none at all\n")
    (tmp_path / "asked.csv").write_text("note,size\n1 apple,2\n,3\n")
    learned, asked = sources.upload(tmp_path / "learned.csv"), sources.upload(tmp_path / "asked.csv")
    with store.database.write() as session:
        row = session.get_one(PipelineRow, pipelines[0])
        row.target, row.lineage = "code", {"source": {"id": learned.id}}
    made = batches.submit(store, pipelines[0], asked.id, 2, by="ana")
    assert batches.register(store, made.id, 7, 1.0)
    store.settings.predictions.mkdir()
    told = '"note","size","prediction_label"\n"1 apple",2,"007"\n,3,"None"\n'
    (store.settings.predictions / f"{made.id}.csv").write_text(told)
    assert batches.finish(store, made.id, file=f"{made.id}.csv", sha256="0", rows_done=2)
    return Batch(store.on_behalf_of(owner("ana")), made.id)


@pytest.mark.parametrize("is_hidden", [False, True])
def test_labels_that_are_text_stay_text_and_the_other_columns_are_the_tables_own(store, batch, is_hidden):
    sources = Sources(store)
    table = sources.load(sources.get(batch.record.source_id))
    if is_hidden:
        sources.delete(batch.record.source_id)
    frame = batch.frame()
    assert frame["prediction_label"].tolist() == ["007", "None"]
    assert frame[["note", "size"]].equals(table)


def test_where_the_table_is_not_known_any_more_the_file_is_read_as_it_is(store, batch):
    with store.database.write() as session:
        session.delete(session.get_one(SourceRow, batch.record.source_id))
    assert list(batch.frame()) == ["note", "size", "prediction_label"]
