"""A batch in the user's hand: a data source that is predicted into a file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.access.permissions import Permission
from workbench.data.sources import Sources
from workbench.errors import Conflict, EngineFault, Gone, NotFound
from workbench.registry.pipeline import Pipeline
from workbench.service import bell, lifecycle
from workbench.serving import batches
from workbench.serving.batches import CANCELLED, SUCCEEDED, BatchRecord
from workbench.store.needs import needs
from workbench.store.store import Store
from workbench.store.tables import PipelineRow
from workbench.waits import Waiting, steps, waits

if TYPE_CHECKING:
    import pandas as pd

_LOOK_S = 0.05
_END_S = 30.0


class Batch:
    """A data source that is predicted into a file."""

    def __init__(self, store: Store, batch_id: str) -> None:
        self._store = store
        self.id = batch_id

    @property
    @needs(Permission.DEPLOYMENTS_READ)
    def record(self) -> BatchRecord:
        """The batch as it stands now."""
        return batches.get(self._store, self.id)

    @property
    def status(self) -> str:
        return self.record.status

    @needs(Permission.DEPLOYMENTS_READ)
    @waits
    def wait(self, timeout_s: float = 300) -> Waiting[BatchRecord]:
        """Wait for the end, at most `timeout_s` seconds, and return the batch whatever its state."""
        deadline = time.monotonic() + timeout_s
        record = self.record
        while not record.is_over and time.monotonic() < deadline:
            lifecycle.start(self._store.settings)
            yield _LOOK_S
            record = self.record
        return record

    @needs(Permission.DEPLOYMENTS_WRITE)
    def cancel(self) -> BatchRecord:
        """End it; no file is left. A batch that is over already is returned as it is."""
        found = batches.request_cancel(self._store, self.id, by=self._store.user)
        if not found.is_over:
            # Its process is to be ended, and only a service does that.
            bell.ring(self._store.settings)
            lifecycle.start(self._store.settings)
        return found

    @needs(Permission.DEPLOYMENTS_WRITE)
    @waits
    def delete(self) -> Waiting[None]:
        """Remove it with its file; its process is ended first.

        Raises
        ------
        Conflict
            ``batch.not_ended`` where its process does not end.
        """
        if not self.cancel().is_over:
            yield from steps(self.wait, _END_S)
        batches.delete(self._store, self.id)

    @needs(Permission.DEPLOYMENTS_READ)
    def path(self) -> Path:
        """Return where the file lies.

        Raises
        ------
        Conflict
            ``batch.not_ended`` while it waits or runs, ``batch.cancelled`` when it was cancelled.
        EngineFault
            ``batch.failed`` when it could not be carried out, with the reason.
        Gone
            ``artifact.missing`` when it is not there any more.
        """
        record = self.record
        if not record.is_over:
            raise Conflict(
                "batch.not_ended", f"The batch is {record.status}: it has no file yet.", hint="Wait for its end."
            )
        if record.status == CANCELLED:
            raise Conflict("batch.cancelled", f"The batch has no file. {record.error}")
        if record.status != SUCCEEDED or record.file is None:
            raise EngineFault("batch.failed", f"The batch has no file. {record.error}")
        path = self._store.settings.predictions / record.file
        if not path.is_file():
            raise Gone("artifact.missing", f"{record.file} is not there any more.")
        return path

    @needs(Permission.DEPLOYMENTS_READ)
    def frame(self) -> pd.DataFrame:
        """Read the file: the data source's columns, as `Sources.load` gives them, and beside them the predictions.

        Where the data source is not known any more, ``pandas.read_csv`` says what is text.

        Raises
        ------
        Conflict, EngineFault, Gone
            As `path`.
        """
        import pandas as pd

        path, record, sources = self.path(), self.record, Sources(self._store)
        try:
            source = sources.get(record.source_id, hidden=True)
        except NotFound:
            return pd.read_csv(path)
        return sources.load_predicted(source, path, label_is_text=self._predicts_text(sources, record.pipeline_id))

    def _predicts_text(self, sources: Sources, pipeline_id: str) -> bool:
        with self._store.database.read() as session:
            # It may be deleted since.
            pipeline = Pipeline.of(session.get_one(PipelineRow, pipeline_id))
        try:
            return pipeline.target in sources.get(pipeline.source["id"], hidden=True).texts
        except NotFound:
            return False

    def __repr__(self) -> str:
        record = self.record
        return f"<Batch {record.id[-8:]}: {record.status}, {record.rows_done:,} of {record.rows_total:,} rows>"
