"""A promotion as data: a challenger that shall take an alias over, its three gates, and who acknowledged which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from typing import Any, Literal, NewType

from workbench.decoding import rebuilt
from workbench.registry.pipeline import Pipeline
from workbench.store.tables import PromotionRow

PromotionId = NewType("PromotionId", str)

GateName = Literal["artifact", "metric", "schema"]
QUEUED, EVALUATING, WAITING = "queued", "evaluating", "waiting"
PROMOTED, REFUSED, CANCELLED, FAILED = "promoted", "refused", "cancelled", "failed"
OPEN = (QUEUED, EVALUATING, WAITING)
"""Not ended yet."""

_GOOD = ("better", "no difference")
"""Verdicts by which a challenger is not worse beyond noise."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition that a challenger has to meet.

    Attributes
    ----------
    overridable
        Whether a person may acknowledge that it is not met.
    message
        What was found, in a sentence.
    """

    name: GateName
    passed: bool
    overridable: bool
    message: str
    details: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person's word that a gate may stay open.

    Attributes
    ----------
    by
        The person's name.
    user
        Who was logged in.
    saw
        What the gate said then.
    """

    gate: GateName
    by: str
    user: str
    why: str
    at: str
    saw: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A challenger that shall take an alias over.

    Attributes
    ----------
    champion_id, champion_name
        Whom the alias named when it was proposed; None where it named none.
    source_id
        Data source whose rows both are judged on; None: rows held out from both.
    metric
        Metric that decides; None: the task's own.
    segment
        Column by whose values the difference is told too; None: of all rows only.
    status
        ``queued`` for its evaluation, ``evaluating``, ``waiting`` for somebody to complete it, then ``promoted``,
        ``refused``, ``cancelled`` or ``failed``.
    error
        Why it was refused or failed; None else.
    gates
        As far as they are evaluated.
    comparison
        How the two did on the same rows; None where there is no champion, and before the evaluation. ``delta`` is
        challenger less champion, ``low`` and ``high`` its 95 % interval.
    """

    id: PromotionId
    alias: str
    challenger_id: str
    challenger_name: str
    champion_id: str | None
    champion_name: str | None
    source_id: str | None
    metric: str | None
    segment: str | None
    status: str
    error: str | None
    gates: tuple[Gate, ...]
    comparison: Mapping[str, Any] | None
    acknowledgements: tuple[Acknowledgement, ...]
    why: str
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    ended_by: str | None

    @classmethod
    def of(cls, row: PromotionRow, challenger: str, champion: str | None) -> Promotion:
        """Copy a row; `challenger` and `champion` are the two pipelines' names."""
        return cls(
            id=PromotionId(row.id),
            alias=row.alias,
            challenger_id=row.challenger_id,
            challenger_name=challenger,
            champion_id=row.champion_id,
            champion_name=champion,
            source_id=row.source_id,
            metric=row.metric,
            segment=row.segment,
            status=row.status,
            error=row.error,
            gates=tuple(Gate(**gate) for gate in row.gates),
            comparison=row.comparison,
            acknowledgements=tuple(Acknowledgement(**word) for word in row.acknowledgements),
            why=row.why,
            created_by=row.created_by,
            created_at=row.created_at,
            ended_at=row.ended_at,
            ended_by=row.ended_by,
        )

    @property
    def short_id(self) -> str:
        """The id's last eight digits: its first ones are the time, alike for neighbours."""
        return self.id[-8:]

    @property
    def is_ended(self) -> bool:
        return self.status not in OPEN

    @property
    def open_gates(self) -> tuple[Gate, ...]:
        """Gates that are neither passed nor acknowledged."""
        known = {word.gate for word in self.acknowledgements}
        return tuple(gate for gate in self.gates if not gate.passed and gate.name not in known)

    def gate(self, name: str) -> Gate | None:
        return next((gate for gate in self.gates if gate.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        champion = {"id": self.champion_id, "name": self.champion_name}
        return {
            "id": self.id,
            "alias": self.alias,
            "challenger": {"id": self.challenger_id, "name": self.challenger_name},
            "champion": None if self.champion_id is None else champion,
            "source_id": self.source_id,
            "metric": self.metric,
            "segment": self.segment,
            "status": self.status,
            "error": self.error,
            "gates": [gate.as_dict() for gate in self.gates],
            "open_gates": [gate.name for gate in self.open_gates],
            "comparison": None if self.comparison is None else dict(self.comparison),
            "acknowledgements": [word.as_dict() for word in self.acknowledgements],
            "why": self.why,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "ended_at": None if self.ended_at is None else self.ended_at.isoformat(),
            "ended_by": self.ended_by,
        }

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Promotion:
        """Rebuild what `as_dict` gave."""
        new, old = told["challenger"], told["champion"] or {}
        sides = {"challenger_id": new["id"], "challenger_name": new["name"]}
        return rebuilt(cls, {**told, **sides, "champion_id": old.get("id"), "champion_name": old.get("name")})

    def __repr__(self) -> str:
        return f"<Promotion {self.short_id} of {self.challenger_name} to {self.alias}: {self.status}>"

    def _repr_html_(self) -> str:
        words = {word.gate: word for word in self.acknowledgements}
        rows = "".join(
            f"<tr><th>{gate.name}</th><td>{_standing(gate, words.get(gate.name))}</td>"
            f"<td>{escape(gate.message)}</td></tr>"
            for gate in self.gates
        )
        return (
            f"<p><b>{escape(self.challenger_name)}</b> → {escape(self.alias)}"
            f"{f' (now {escape(self.champion_name)})' if self.champion_name else ''} · {self.status}"
            f"{f': {escape(self.error)}' if self.error else ''}</p><table>{rows}</table>"
        )


def _standing(gate: Gate, word: Acknowledgement | None) -> str:
    if gate.passed:
        return "passed"
    return "open" if word is None else f"acknowledged by {escape(word.by)}"


def artifact_gate(challenger: Pipeline, mismatch: str | None) -> Gate:
    """Tell whether the challenger's bytes are what was promoted; nobody can override it.

    Parameters
    ----------
    mismatch
        Why they cannot be loaded; None: they were verified.
    """
    told = f"The SHA-256 of {challenger.name} is the one that was stored, {challenger.sha256[:12]}…."
    return Gate("artifact", mismatch is None, False, mismatch or told, {"sha256": challenger.sha256})


def schema_gate(challenger: Pipeline, champion: Pipeline | None, differences: Mapping[str, str]) -> Gate:
    """Tell whether whoever sends rows to the champion can send the same to the challenger.

    Parameters
    ----------
    differences
        Columns that differ → how, a few words; empty where the two versions are equal.
    """
    if champion is None:
        return Gate("schema", True, True, "There is no champion whose input columns could differ.", {})
    if challenger.schema_sha256 == champion.schema_sha256:
        told = f"{challenger.name} takes the same input columns as {champion.name}."
        return Gate("schema", True, True, told, {"version": challenger.schema_sha256})
    listed = "; ".join(f"{column}: {how}" for column, how in list(differences.items())[:_LISTED])
    more = f"; and {len(differences) - _LISTED} more" if len(differences) > _LISTED else ""
    told = f"{challenger.name} takes other input columns than {champion.name}: {listed}{more}."
    return Gate("schema", False, True, told, {"differences": dict(differences)})


_LISTED = 8
"""Most columns that the gate's sentence names."""


def metric_gate(comparison: Mapping[str, Any] | None) -> Gate:
    """Tell whether the challenger is not worse than the champion beyond noise.

    Parameters
    ----------
    comparison
        As the evaluation stores it; None: there is no champion.
    """
    if comparison is None:
        return Gate("metric", True, True, "There is no champion to compare with.", {})
    verdict = comparison["verdict"]
    details = {name: comparison[name] for name in ("metric", "verdict", "delta", "low", "high", "rows")}
    if verdict == "not comparable":
        why = " ".join(comparison["notes"]) or "The evaluation did not say why."
        told = "" if comparison["delta"] is None else f" {_values(comparison)}."
        return Gate("metric", False, True, f"The two are not comparable. {why}{told}", details)
    low, high = (_signed(comparison[name]) for name in ("low", "high"))
    word = {"better": "is better", "no difference": "is within noise", "worse": "is worse beyond noise"}[verdict]
    told = f"{_values(comparison)} (95 % interval {low} to {high}) {word}."
    return Gate("metric", verdict in _GOOD, True, told, details)


def _values(comparison: Mapping[str, Any]) -> str:
    metric = comparison["metric"]
    challenger, champion = (_value(comparison[side], metric) for side in ("challenger", "champion"))
    return (
        f"{metric} of the challenger is {challenger}, of the champion {champion}; "
        f"the difference {_signed(comparison['delta'])} over {comparison['rows']:,} rows"
    )


def _value(means: Mapping[str, Any], metric: str) -> str:
    value = means.get(metric)
    return "undefined" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.4f}"
