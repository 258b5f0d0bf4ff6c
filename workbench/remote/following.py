"""A run's log, followed by server-sent events: what breaks off goes on where it was, and every event comes once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbench.errors import Busy, Unavailable, WorkbenchError, of_problem
from workbench.remote.patience import Patience
from workbench.runs.events import CLOSED, Event

if TYPE_CHECKING:
    import httpx

    from workbench.remote.api import Api

SILENT_S = 45.0
"""After how long without a word, not even that there is nothing new, a stream is taken for dead."""
_ABSENT_S = 300.0
"""How long an API is waited for that is not there."""
_PAUSE_S = 0.5
"""How long is waited after a stream that ended early."""


class _Quiet(Exception):
    """There was no event for as long as the caller waits."""


class Following:
    """Follows a run's log.

    Parameters
    ----------
    after
        Number of the last event that is known.
    timeout_s
        Longest time without an event, in seconds; None: as long as the run takes.
    """

    def __init__(self, api: Api, run_id: str, *, after: int, timeout_s: float | None) -> None:
        self._api = api
        self._run_id = run_id
        self._after = after
        self._timeout_s = timeout_s
        self._said = time.monotonic()
        self._is_closed = False

    def events(self) -> Iterator[Event]:
        """Give each event once, in order, until the run is closed.

        Raises
        ------
        WorkbenchError
            What the API answers, such as ``run.not_found`` where the run was deleted; ``remote.unreachable`` where it
            does not come back.
        """
        patience = Patience.of(_ABSENT_S)
        while True:
            before = self._after
            broken: WorkbenchError | None = None
            try:
                yield from self._stream()
            except _Quiet:
                return
            except (Busy, Unavailable) as error:
                broken = error
            if self._is_closed or self._is_quiet:
                return
            if self._after != before:
                patience = Patience.of(_ABSENT_S)
            if not patience.pause(self._pause_s(broken)) and broken is not None:
                raise broken

    def _stream(self) -> Iterator[Event]:
        """Read one stream to its end; one that ends early is asked for anew."""
        read_s = SILENT_S if self._timeout_s is None else max(0.1, min(SILENT_S, self._left_s))
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store", "Last-Event-ID": str(self._after)}
        with self._api.open("runs", self._run_id, "events", "stream", headers=headers, read_s=read_s) as response:
            if response.status_code == _ALL_KNOWN:
                self._is_closed = True
                return
            for kind, told in messages(response):
                if kind == "problem":
                    raise of_problem(json.loads(told))
                if kind is not None and told:
                    yield from self._take(self._api.of(Event, json.loads(told)))
                if self._is_closed:
                    return
                if self._is_quiet:
                    raise _Quiet

    def _take(self, event: Event) -> Iterator[Event]:
        """Give an event that is the next one; one that was given already is left out, and none is missed."""
        if event.seq > self._after + 1:
            told = f"Event {self._after + 1} of the run's log did not come."
            raise Unavailable("remote.unreachable", told, retry_after_s=_PAUSE_S)
        if event.seq == self._after + 1:
            self._after, self._said = event.seq, time.monotonic()
            self._is_closed = event.kind == CLOSED
            yield event

    @property
    def _left_s(self) -> float:
        return (self._timeout_s or 0.0) - (time.monotonic() - self._said)

    @property
    def _is_quiet(self) -> bool:
        return self._timeout_s is not None and self._left_s <= 0

    def _pause_s(self, error: WorkbenchError | None) -> float:
        pause_s = _PAUSE_S if error is None else float(error.about.get("retry_after_s", _PAUSE_S))
        return pause_s if self._timeout_s is None else max(0.0, min(pause_s, self._left_s))


_ALL_KNOWN = 204


def messages(response: httpx.Response) -> Iterator[tuple[str | None, str]]:
    """Read server-sent events (HTML Living Standard, 9.2): the name and the data of each; a comment has no name.

    Lines end with a line feed alone, as the API ends them: others would be part of a text.
    """
    data: list[str] = []
    name, rest = "message", b""
    for chunk in response.iter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            field, _, value = line.decode().partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data:
                    yield name, "\n".join(data)
                name, data = "message", []
            elif not field:
                yield None, value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
