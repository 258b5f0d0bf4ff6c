"""An alias and its moves, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.decoding import rebuilt


@dataclass(frozen=True, slots=True)
class Alias:
    """What an alias names now."""

    name: str
    pipeline_id: str
    pipeline_name: str
    updated_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "pipeline_id": self.pipeline_id,
            "pipeline_name": self.pipeline_name,
            "updated_at": self.updated_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Move:
    """One line of an alias's history.

    Attributes
    ----------
    seq
        From 1, without a gap.
    from_id, from_name
        The pipeline that it named before, which may be deleted since; None where it named none.
    to_id, to_name
        The pipeline that it named from then on; None where it was taken away.
    undoes
        The move that this one took back, where it is a roll-back; None else.
    """

    alias: str
    seq: int
    at: datetime
    by: str
    from_id: str | None
    from_name: str | None
    to_id: str | None
    to_name: str | None
    undoes: int | None
    why: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "alias": self.alias,
            "seq": self.seq,
            "at": self.at.isoformat(),
            "by": self.by,
            "from": None if self.from_id is None else {"id": self.from_id, "name": self.from_name},
            "to": None if self.to_id is None else {"id": self.to_id, "name": self.to_name},
            "undoes": self.undoes,
            "why": self.why,
        }

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Move:
        """Rebuild what `as_dict` gave."""
        before, after = told["from"] or {}, told["to"] or {}
        ends = {"from_id": before.get("id"), "from_name": before.get("name")}
        return rebuilt(cls, {**told, **ends, "to_id": after.get("id"), "to_name": after.get("name")})
