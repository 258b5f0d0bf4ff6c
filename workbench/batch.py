"""A batch in the user's hand: a data source that is predicted into a file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import EngineFault, Gone
from workbench.service import bell, lifecycle
from workbench.serving import batches
from workbench.serving.batches import SUCCEEDED, BatchRecord
from workbench.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

_LOOK_S = 0.05
_END_S = 30.0


class Batch:
    """A data source that is predicted into a file."""

    def __init__(self, store: Store, batch_id: str, user: str) -> None:
        self._store = store
        self._user = user
        self.id = batch_id

    @property
    def record(self) -> BatchRecord:
        """The batch as it stands now."""
        return batches.get(self._store, self.id)

    @property
    def status(self) -> str:
        return self.record.status

    def wait(self, timeout_s: float = 300) -> BatchRecord:
        """Wait for the end, at most `timeout_s` seconds, and return the batch whatever its state."""
        deadline = time.monotonic() + timeout_s
        record = self.record
        while not record.is_over and time.monotonic() < deadline:
            lifecycle.start(self._store.settings)
            time.sleep(_LOOK_S)
            record = self.record
        return record

    def cancel(self) -> BatchRecord:
        """End it; no file is left. A batch that is over already is returned as it is."""
        found = batches.request_cancel(self._store, self.id, by=self._user)
        if not found.is_over:
            # Its process is to be ended, and only a service does that.
            bell.ring(self._store.settings)
            lifecycle.start(self._store.settings)
        return found

    def delete(self) -> None:
        """Remove it with its file; its process is ended first.

        Raises
        ------
        Conflict
            ``batch.not_ended`` where its process does not end.
        """
        if not self.cancel().is_over:
            self.wait(_END_S)
        batches.delete(self._store, self.id)

    def path(self) -> Path:
        """Return where the file lies.

        Raises
        ------
        EngineFault
            ``batch.failed`` when there is none, with the reason.
        Gone
            ``artifact.missing`` when it is not there any more.
        """
        record = self.record
        if record.status != SUCCEEDED or record.file is None:
            raise EngineFault("batch.failed", f"The batch {record.status}: {record.error or 'it has no file yet'}.")
        path = self._store.settings.predictions / record.file
        if not path.is_file():
            raise Gone("artifact.missing", f"{record.file} is not in {path.parent} any more.")
        return path

    def frame(self) -> pd.DataFrame:
        """Read the file: the data source's columns, and beside them the predictions."""
        import pandas as pd

        return pd.read_csv(self.path())

    def __repr__(self) -> str:
        record = self.record
        return f"<Batch {record.id[-8:]}: {record.status}, {record.rows_done:,} of {record.rows_total:,} rows>"
