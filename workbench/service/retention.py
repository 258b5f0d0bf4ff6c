"""What is too old to be kept: what the service's processes left that have ended, their rows and their logs.

What a user asked for, a batch with its file, stays until it is deleted. What was counted and sampled of predictions has
a retention of its own, in the ledger.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta

from workbench.serving import batches, predictors
from workbench.store.store import Store
from workbench.store.tables import now

EVERY_S = 3600.0
_LOGS = ("predictor", "batch", "evaluation", "consultation")
"""Kinds of processes whose logs go by age; a run's goes with the run."""


class Retention:
    """The service's broom."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looked = float("-inf")

    def look(self) -> None:
        """Remove what is too old, once an hour."""
        if time.monotonic() - self._looked > EVERY_S:
            self._looked = time.monotonic()
            forget(self._store)


def forget(store: Store) -> None:
    """Remove rows and logs of processes that ended too long ago, and parts of files that nobody writes any more."""
    oldest = now() - timedelta(days=store.settings.log_days)
    predictors.forget(store, oldest)
    batches.sweep(store)
    alive = predictors.present(store)
    for what in _LOGS:
        for log in store.settings.process_log(what, "*").parent.glob("*.log"):
            # A batch that is deleted at this moment takes its own with it.
            with suppress(FileNotFoundError):
                # A predictor may have had nothing to say for months.
                if log.stem not in alive and log.stat().st_mtime < oldest.timestamp():
                    log.unlink()
