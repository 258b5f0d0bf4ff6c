"""Pipelines, aliases and promotions over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import GenericAlias
from typing import Any

from pydantic import Field

from workbench.registry import comparison, pipeline, promotion
from workbench.registry.alias import Alias
from workbench.server.bodies.base import Asked, Named, Told, alike

__all__ = ["Alias"]


class Promote(Asked):
    """A run, and which of its models; None: the one that it fitted."""

    run: str
    model: str | None = None
    name: str | None = None
    note: str = ""


class SetAlias(Asked):
    pipeline: str
    why: str = ""


class Why(Asked):
    why: str = ""


class Propose(Asked):
    """A challenger for an alias; `on` names a data source whose rows both are judged on."""

    challenger: str
    alias: str
    metric: str | None = None
    on: str | None = None
    segment: str | None = None
    why: str = ""


class Acknowledge(Asked):
    gate: str
    by: str
    why: str = ""


class Move(Told):
    """One move of an alias."""

    alias: str
    seq: int = Field(description="From 1, without a gap.")
    at: datetime
    by: str
    from_: Named | None = Field(alias="from", description="What it named before, which may be deleted since.")
    to: Named | None = Field(description="What it named from then on; null: it was taken away.")
    undoes: int | None = Field(description="The move that this one took back, where it is a roll-back.")
    why: str


class StoredArtifact(Told):
    """A file that a pipeline has."""

    sha256: str
    size_bytes: int


FoldMeasure = alike("FoldMeasure", pipeline.Measure)
Pipeline = alike(
    "Pipeline",
    pipeline.Pipeline,
    artifacts=Mapping[str, StoredArtifact],
    metrics=GenericAlias(Mapping, (str, FoldMeasure)),
)
Side = alike("ComparedSide", comparison.Side, measures=GenericAlias(Mapping, (str, FoldMeasure)))
Comparison = alike("Comparison", comparison.Comparison, a=Side, b=Side)
Promotion = alike(
    "Promotion",
    promotion.Promotion,
    without=("challenger_id", "challenger_name", "champion_id", "champion_name"),
    challenger=Named,
    champion=Named | None,
    open_gates=list[str],
    comparison=Mapping[str, Any] | None,
)
