"""What a comparison of two pipelines comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["better", "worse", "no difference", "not comparable"]


class NotComparable(Exception):
    """There is nothing by which to judge; the words say why, and what to do, in a sentence or two."""


class Unanswered(Exception):
    """The challenger does not answer: it must not be promoted; the words say why."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Challenger less champion.

    Attributes
    ----------
    low, high
        Bounds of its 95 % interval; None where too little is there to tell.
    """

    delta: float
    low: float | None = None
    high: float | None = None

    def verdict(self, *, greater_is_better: bool) -> Verdict:
        """Judge it: a difference counts where its interval lies wholly on one side of 0."""
        if self.low is None or self.high is None:
            return "not comparable"
        if self.low <= 0 <= self.high:
            return "no difference"
        return "better" if (self.low > 0) == greater_is_better else "worse"


@dataclass(frozen=True, slots=True)
class Segment:
    """The rows that have one value of a column.

    Attributes
    ----------
    value
        As the table has it; None: it has none there.
    champion, challenger
        The metric that decides; None where it is undefined.
    note
        What a reader must know of it; empty: nothing.
    """

    value: Any
    rows: int
    champion: float | None
    challenger: float | None
    difference: Difference | None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told = {"value": self.value, "rows": self.rows, "champion": self.champion, "challenger": self.challenger}
        return told | _told(self.difference) | {"note": self.note}


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two pipelines did on the same rows.

    Attributes
    ----------
    metric
        The one that decides.
    rows_from
        Which rows they are, in a few words.
    champion, challenger
        Metric → value; None where it is undefined.
    difference
        Of the metric that decides, by size where 0 is best; None where it is undefined.
    method
        How noise was judged, with its source; empty where it was not.
    notes
        What a reader must know, a sentence each.
    """

    metric: str
    greater_is_better: bool
    verdict: Verdict
    rows: int = 0
    rows_from: str = ""
    champion: Mapping[str, float | None] = field(default_factory=dict)
    challenger: Mapping[str, float | None] = field(default_factory=dict)
    difference: Difference | None = None
    method: str = ""
    segments: tuple[Segment, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "metric": self.metric,
            "greater_is_better": self.greater_is_better,
            "rows": self.rows,
            "rows_from": self.rows_from,
            "champion": dict(self.champion),
            "challenger": dict(self.challenger),
            **_told(self.difference),
            "verdict": self.verdict,
            "method": self.method,
            "segments": [segment.as_dict() for segment in self.segments],
            "notes": list(self.notes),
        }


def _told(difference: Difference | None) -> dict[str, float | None]:
    if difference is None:
        return {"delta": None, "low": None, "high": None}
    return {"delta": difference.delta, "low": difference.low, "high": difference.high}
