"""A run in the user's hand, over HTTP: asks afresh at each call, holds nothing but the id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.errors import Gone, NotFound
from workbench.pages import bounded
from workbench.remote.following import Following
from workbench.remote.reproducing import fetched
from workbench.remote.sources import Sources
from workbench.remote.waiting import waited
from workbench.runs.board import board
from workbench.runs.events import PAGE, PAGE_MOST, Event
from workbench.runs.progress import Progress
from workbench.runs.record import RunRecord
from workbench.runs.scores import LeaderboardRow

if TYPE_CHECKING:
    import pandas as pd

    from workbench.remote.api import Api
    from workbench.runs.reproduce import Reproduction


class Run:
    """One execution of a plan; see `workbench.run.Run`."""

    def __init__(self, api: Api, run_id: str) -> None:
        self._api = api
        self.id = run_id

    @property
    def record(self) -> RunRecord:
        """The run as it stands now."""
        return self._api.of(RunRecord, self._api.get("runs", self.id))

    @property
    def status(self) -> str:
        return self.record.status

    def events(self, *, after: int = 0, timeout_s: float | None = None) -> Iterator[Event]:
        """Replay the log from `after` and follow it until the run is closed, over whatever breaks off meanwhile."""
        return Following(self._api, self.id, after=after, timeout_s=timeout_s).events()

    def log(self, *, after: int = 0, limit: int = PAGE) -> list[Event]:
        """Return what the log holds now: events with ``seq > after``, at most `limit` of them."""
        return self._api.all_of(
            Event, self._api.get("runs", self.id, "events", after=after, limit=bounded(limit, PAGE_MOST))
        )

    def history(self, *, after: int = 0) -> Iterator[Event]:
        """Read all that the log holds now after `after`, a page at a time."""
        while page := self.log(after=after, limit=PAGE_MOST):
            yield from page
            after = page[-1].seq

    def last_seq(self) -> int:
        """Return the number of the newest event, 0 where there is none."""
        return max((event.seq for event in self.history()), default=0)

    def progress(self) -> Progress:
        """Return how far the run is."""
        return self._api.of(Progress, self._api.get("runs", self.id, "progress"))

    def rows(self) -> list[LeaderboardRow]:
        """Rank the field on what is scored so far."""
        return self._api.all_of(LeaderboardRow, self._api.get("runs", self.id, "leaderboard"))

    def leaderboard(self, *, detail: bool = False) -> pd.DataFrame:
        """Return the leaderboard as a table, at any time; see `workbench.run.Run.leaderboard`."""
        return board(self.rows(), detail=detail)

    def reproduce(self) -> Reproduction:
        """Fetch the run as a notebook of plain PyCaret calls that gives the same numbers, with what it takes."""
        sources = Sources(self._api)
        source = sources.get(self.record.source_id, hidden=True)
        try:
            path = sources.path(source)
        except (Gone, NotFound):
            path = None
        return fetched(self._api, self.id, source, path)

    def wait(self, timeout_s: float = 30) -> RunRecord:
        """Wait for the end, at most `timeout_s` seconds, and return the run whatever its state."""
        return waited(lambda: self.record, lambda record: record.is_terminal, timeout_s)

    def cancel(self) -> RunRecord:
        """End the run; what is scored stays. A run that has ended already is returned as it is."""
        return self._api.of(RunRecord, self._api.post("runs", self.id, "cancel"))

    def delete(self) -> None:
        """Remove the run with its events, scores and artifacts; its process is killed first."""
        self._api.delete("runs", self.id)

    def __repr__(self) -> str:
        found = self.record
        return f"<Run {found.short_id} {found.plan} of {found.subject}: {found.status}>"

    def _repr_html_(self) -> Any:
        return self.leaderboard()._repr_html_()  # type: ignore[operator]
