"""How an estimator is made, as data: a model of PyCaret's library with parameters, or others put together.

A recipe is stored with a run, crosses between processes as JSON, and is rebuilt by training or written out as PyCaret
calls. It holds numbers, texts and lists only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

RecipeKind = Literal["model", "bagging", "boosting", "blend", "stack", "calibrated"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One estimator.

    Attributes
    ----------
    model
        Id in PyCaret's library, for the kind ``model``.
    params
        What differs from PyCaret's own arguments, by name.
    bases
        What it is put together from, for all other kinds.
    meta
        The model on top, for the kind ``stack``; None: PyCaret's own choice.
    """

    kind: RecipeKind = "model"
    model: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    bases: tuple[Recipe, ...] = ()
    meta: Recipe | None = None

    @property
    def id(self) -> str:
        """Short name, unique within a plan's field."""
        if self.kind == "model":
            return self.model
        return self.kind if len(self.bases) > 1 else f"{self.bases[0].id}:{self.kind}"

    def models(self) -> tuple[str, ...]:
        """Ids of every library model in it."""
        parts = [*self.bases, *([self.meta] if self.meta else [])]
        named = [self.model] if self.kind == "model" else [name for part in parts for name in part.models()]
        return tuple(dict.fromkeys(named))

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {"kind": self.kind}
        if self.model:
            told["model"] = self.model
        if self.params:
            told["params"] = dict(self.params)
        if self.bases:
            told["bases"] = [base.as_dict() for base in self.bases]
        if self.meta:
            told["meta"] = self.meta.as_dict()
        return told

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Recipe:
        return cls(
            kind=told["kind"],
            model=told.get("model", ""),
            params=dict(told.get("params", {})),
            bases=tuple(cls.of(base) for base in told.get("bases", ())),
            meta=cls.of(told["meta"]) if told.get("meta") else None,
        )
