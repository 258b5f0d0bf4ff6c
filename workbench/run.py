"""A run in the user's hand: reads the store afresh at each call, holds nothing but the id."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.access.permissions import Permission
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.errors import Gone
from workbench.runs import ending, events, lookup, progress, scores
from workbench.runs.board import board
from workbench.runs.events import PAGE, PAGE_MOST, Event
from workbench.runs.progress import Progress
from workbench.runs.record import RunRecord
from workbench.runs.reproduce import Evidence, Reproduction, Table, reproduce, stem
from workbench.runs.scores import LeaderboardRow
from workbench.service import bell, lifecycle
from workbench.store.artifacts import ENVIRONMENT
from workbench.store.needs import needs
from workbench.store.store import Store
from workbench.store.tables import ArtifactRow

if TYPE_CHECKING:
    import pandas as pd


class Run:
    """One execution of a plan."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self.id = run_id

    @property
    @needs(Permission.RUNS_READ)
    def record(self) -> RunRecord:
        """The run as it stands now."""
        return lookup.get(self._store, self.id)

    @property
    def status(self) -> str:
        return self.record.status

    @needs(Permission.RUNS_READ)
    def events(self, *, after: int = 0, timeout_s: float | None = None) -> Iterator[Event]:
        """Replay the log from `after` and follow it until the run is closed.

        Parameters
        ----------
        timeout_s
            Stop after this many seconds without a new event; None: never.
        """
        self._see_to_it()
        return events.follow(
            self._store.database, self.id, after=after, timeout_s=timeout_s, each_second=self._see_to_it
        )

    @needs(Permission.RUNS_READ)
    def log(self, *, after: int = 0, limit: int = PAGE) -> list[Event]:
        """Return what the log holds now: events with ``seq > after``, at most `limit` of them."""
        return events.page(self._store.database, self.id, after=after, limit=limit)

    @needs(Permission.RUNS_READ)
    def history(self, *, after: int = 0) -> Iterator[Event]:
        """Read all that the log holds now after `after`, a page at a time."""
        while page := self.log(after=after, limit=PAGE_MOST):
            yield from page
            after = page[-1].seq

    @needs(Permission.RUNS_READ)
    def last_seq(self) -> int:
        """Return the number of the newest event, 0 where there is none."""
        return events.last_seq(self._store.database, self.id)

    @needs(Permission.RUNS_READ)
    def progress(self) -> Progress:
        """Return how far the run is."""
        return progress.progress(self._store.database, self.record)

    @needs(Permission.RUNS_READ)
    def rows(self) -> list[LeaderboardRow]:
        """Rank the field on what is scored so far."""
        return scores.leaderboard(self._store.database, self.record)

    @needs(Permission.RUNS_READ)
    def leaderboard(self, *, detail: bool = False) -> pd.DataFrame:
        """Return the leaderboard as a table, at any time.

        Parameters
        ----------
        detail
            Whether it tells all that is known of each model; `rows` has it as data, fold by fold.

        Returns
        -------
        pandas.DataFrame
            One row a model, best first, indexed by model id: name, the unrounded mean of each metric, seconds to fit
            a fold, folds scored, status and reason. With `detail` also the rank; beside each mean the standard
            deviation over folds (``std``) and the bounds of its 95 % confidence interval (``low``, ``high``), and where
            some model has such, the mean that PyCaret shows instead (``PyCaret``) and what a reader must know of the
            value (``note``); seconds to score a fold; and whether the model is separable from the best.
        """
        return board(self.rows(), detail=detail)

    @needs(Permission.RUNS_READ)
    def reproduce(self) -> Reproduction:
        """Write the run as a notebook of plain PyCaret calls that gives the same numbers, with what it takes.

        Raises
        ------
        EngineFault
            ``artifact.hash_mismatch`` when the data's file or the stored environment is not what was stored.
        """
        found = self.record
        data = Sources(self._store)
        source = data.get(found.source_id, hidden=True)
        try:
            path = data.path(source)
        except Gone:
            path = None
        # The last one counts: a run that another environment took over was set up anew.
        fitted = [event.payload for event in self.history() if event.kind == "experiment.fitted"]
        evidence = Evidence(self.rows(), fitted[-1] if fitted else {}, self._environment())
        return reproduce(found, table_of(source, path), evidence)

    def _environment(self) -> str | None:
        """Read what was installed where the run was set up; None where it did not come as far."""
        query = select(ArtifactRow).where(ArtifactRow.run_id == self.id, ArtifactRow.name == ENVIRONMENT)
        with self._store.database.read() as session:
            row = session.scalar(query)
        return None if row is None else self._store.artifacts.get(row).decode()

    @needs(Permission.RUNS_READ)
    def wait(self, timeout_s: float = 30) -> RunRecord:
        """Wait for the end, at most `timeout_s` seconds, and return the run whatever its state."""
        deadline = time.monotonic() + timeout_s
        looked = 0.0
        changes = self._store.database.changes()
        try:
            while time.monotonic() < deadline and not (changes.any() and lookup.is_terminal(self._store, self.id)):
                if time.monotonic() - looked > 1:
                    looked = time.monotonic()
                    self._see_to_it()
                time.sleep(changes.pace_s)
        finally:
            changes.close()
        return self.record

    @needs(Permission.RUNS_WRITE)
    def cancel(self) -> RunRecord:
        """End the run; what is scored stays. A run that has ended already is returned as it is."""
        found = ending.request_cancel(self._store, self.id, by=self._store.user)
        bell.ring(self._store.settings)
        self._see_to_it()
        return found

    @needs(Permission.RUNS_WRITE)
    def delete(self) -> None:
        """Remove the run with its events, scores and artifacts; its process is killed first."""
        if not ending.delete(self._store, self.id, by=self._store.user):
            # Its process is to be killed, and only a service does that.
            bell.ring(self._store.settings)
            lifecycle.start(self._store.settings)

    def _see_to_it(self) -> None:
        """Start a service where the run still needs one: the last may have been stopped or killed."""
        if not lookup.is_terminal(self._store, self.id):
            lifecycle.start(self._store.settings)

    def __repr__(self) -> str:
        found = self.record
        return f"<Run {found.short_id} {found.plan} of {found.subject}: {found.status}>"

    def _repr_html_(self) -> Any:
        return self.leaderboard()._repr_html_()  # type: ignore[operator]


def table_of(source: Source, path: Path | None) -> Table:
    """Describe the table of a run for its reproduction; `path` is where it lies."""
    return Table(
        name=f"{stem(source.name)}.parquet",
        sha256=source.table_sha256 or source.sha256,
        rows=source.row_count,
        texts=source.texts,
        truths=[column.name for column in source.columns if column.kind == "bool" and not column.missing],
        path=path,
    )
