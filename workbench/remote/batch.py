"""A batch in the user's hand, over HTTP: a data source that is predicted into a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import NotFound
from workbench.registry.pipeline import Pipeline
from workbench.remote.sources import Sources
from workbench.remote.waiting import waited
from workbench.serving.batches import BatchRecord

if TYPE_CHECKING:
    import pandas as pd

    from workbench.remote.api import Api

_END_S = 60.0
"""How long the API may take to end a batch's process."""


class Batch:
    """A data source that is predicted into a file; see `workbench.batch.Batch`."""

    def __init__(self, api: Api, batch_id: str) -> None:
        self._api = api
        self.id = batch_id

    @property
    def record(self) -> BatchRecord:
        """The batch as it stands now."""
        return self._api.of(BatchRecord, self._api.get("batches", self.id))

    @property
    def status(self) -> str:
        return self.record.status

    def wait(self, timeout_s: float = 300) -> BatchRecord:
        """Wait for the end, at most `timeout_s` seconds, and return the batch whatever its state."""
        return waited(lambda: self.record, lambda record: record.is_over, timeout_s)

    def cancel(self) -> BatchRecord:
        """End it; no file is left. A batch that is over already is returned as it is."""
        return self._api.of(BatchRecord, self._api.post("batches", self.id, "cancel"))

    def delete(self) -> None:
        """Remove it with its file; its process is ended first."""
        self._api.delete("batches", self.id, timeout_s=_END_S)

    def path(self) -> Path:
        """Fetch the file, verified, and return where it lies until the workbench is closed."""
        return self._api.fetched(f"{self.id}.csv", "batches", self.id, "file", sha256=self.record.sha256)

    def frame(self) -> pd.DataFrame:
        """Fetch the file and read it: the data source's columns, as `Sources.load` gives them, and the predictions."""
        import pandas as pd

        path, record, sources = self.path(), self.record, Sources(self._api)
        try:
            source = sources.get(record.source_id, hidden=True)
        except NotFound:
            return pd.read_csv(path)
        return sources.load_predicted(source, path, label_is_text=self._predicts_text(sources, record.pipeline_id))

    def _predicts_text(self, sources: Sources, pipeline_id: str) -> bool:
        try:
            pipeline = self._api.of(Pipeline, self._api.get("pipelines", pipeline_id))
            return pipeline.target in sources.get(pipeline.source["id"], hidden=True).texts
        except NotFound:
            return False

    def __repr__(self) -> str:
        record = self.record
        return f"<Batch {record.id[-8:]}: {record.status}, {record.rows_done:,} of {record.rows_total:,} rows>"
