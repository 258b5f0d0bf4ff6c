"""The profile of the table that panels look at together, as far as it is computed."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from workbench import Workbench, WorkbenchError
from workbench.data.profile import Profile
from workbench.data.profile.parts import ColumnPart, Measures
from workbench.errors import NotFound

_REST = 4
"""How much longer than a look computed is waited before the next: telling of thousands of columns takes a while."""
_REST_LEAST_S, _REST_MOST_S = 0.1, 1.0
_ALONE_S = 10.0
"""After so long without a panel that looks, nobody looks for more."""
SPARK_BARS = 24
SPARK_SHARES = 5

_NOTHING = Profile()

log = logging.getLogger("workbench.widgets")


@dataclass(frozen=True, slots=True)
class Question:
    """What a profile is of.

    Attributes
    ----------
    source
        Id of the table.
    target
        Column that is looked at from the others; None: none.
    against
        Id of the version that the table is compared with; None: none.
    """

    source: str
    target: str | None = None
    against: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What was told by the last look.

    Attributes
    ----------
    error
        Why nothing can be told; None where something is.
    """

    question: Question | None = None
    profile: Profile = _NOTHING
    error: str | None = None

    @property
    def is_over(self) -> bool:
        return self.question is None or self.error is not None or self.profile.is_complete


class Profiling:
    """Looks at the profile of one table for all panels, in a thread of its own while there is more to come."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._lock = threading.Lock()
        self._targets: dict[str, str | None] = {}
        self._against: dict[str, str | None] = {}
        self._last = Looked()
        self._thread: threading.Thread | None = None
        self._looked_at = 0.0

    def aim(self, source: str, target: str | None) -> None:
        """Say which column of a table is to be predicted."""
        with self._lock:
            self._targets[source] = target

    def compare(self, source: str, against: str | None) -> None:
        """Say which version a table is compared with."""
        with self._lock:
            self._against[source] = against

    def look(self, source: str | None) -> Looked:
        """Return what is told of a table by now; the first look has it computed, and none waits for that.

        Parameters
        ----------
        source
            Its id; None where there is none.
        """
        if source is not None and source not in self._against:
            self.compare(source, self._before(source))
        with self._lock:
            self._looked_at = time.monotonic()
            question = None
            if source is not None:
                question = Question(source, self._targets.get(source), self._against[source])
            if self._last.question != question:
                # What is told of the table itself holds, whatever else is asked of it.
                same = self._last.question is not None and self._last.question.source == source
                self._last = Looked(question, replace(self._last.profile, **_ASKED_ANEW) if same else _NOTHING)
            if not self._last.is_over and self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="workbench-profile", daemon=True)
                self._thread.start()
            return self._last

    def column(self, source: str, name: str) -> ColumnPart | None:
        """Return what is told of a column; None while nothing is."""
        with self._lock:
            last = self._last
        if last.question is not None and last.question.source == source:
            return last.profile.column(name)
        return self._workbench.data.profile(source).column(name)

    def _follow(self) -> None:
        while True:
            with self._lock:
                question = self._last.question
                is_alone = time.monotonic() - self._looked_at > _ALONE_S
                if question is None or self._last.is_over or is_alone:
                    self._thread = None
                    return
            # Not by the clock: a look that waits for another process to start takes no processor from anybody.
            began = time.thread_time()
            looked = self._asked(question)
            computed = time.thread_time() - began
            with self._lock:
                if self._last.question == question:
                    self._last = looked
            time.sleep(0 if looked.is_over else min(_REST_MOST_S, max(_REST_LEAST_S, _REST * computed)))

    def _asked(self, question: Question) -> Looked:
        try:
            told = self._workbench.data.profile(question.source, against=question.against, target=question.target)
        except NotFound as error:
            if question.against is None:
                return Looked(question, error=str(error))
            # What it was compared with is gone.
            self.compare(question.source, None)
            return Looked(question)
        except WorkbenchError as error:
            return Looked(question, error=str(error))
        except Exception as error:
            log.exception("a table could not be profiled")
            return Looked(question, error=f"The table could not be profiled: {type(error).__name__}: {error}")
        return Looked(question, told)

    def _before(self, source: str) -> str | None:
        """Find the version before a table's."""
        versions = self._workbench.data.versions(source)
        place = next((place for place, version in enumerate(versions) if version.id == source), len(versions))
        return versions[place + 1].id if place + 1 < len(versions) else None


_ASKED_ANEW: dict[str, Any] = {"target": None, "drift": None, "is_complete": False, "seconds": None, "failures": ()}
"""What of a profile another target or version makes void."""


def line(column: ColumnPart) -> dict[str, Any]:
    """Return what a list shows of a column, and the few bars that are drawn beside its name."""
    return {
        "kind": column.kind,
        "missing": column.missing / column.rows if column.rows else 0,
        **_bars(column.measures),
    }


def _bars(measures: Measures | None) -> dict[str, Any]:
    """Return counts as ``bars``, or shares of the rows as ``shares``; nothing where nothing is to be drawn."""
    if measures is None:
        return {}
    if measures.of == "date":
        return {"bars": _fewer(measures.timeline.counts)}
    if measures.of == "bool":
        whole = max(1, measures.true + measures.false)
        return {"shares": sorted((measures.true / whole, measures.false / whole), reverse=True)}
    if measures.of == "text":
        return {"shares": [value.share for value in measures.top[:SPARK_SHARES]]}
    return {} if measures.histogram is None else {"bars": _fewer(measures.histogram.counts)}


def _fewer(counts: tuple[int, ...]) -> list[int]:
    """Put neighbouring bars together until they are few."""
    step = -(-len(counts) // SPARK_BARS)
    return [sum(counts[at : at + step]) for at in range(0, len(counts), step)]
