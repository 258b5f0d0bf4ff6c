"""What all bodies have in common."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, make_dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict


class Asked(BaseModel):
    """Body of a request: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")

    def named(self) -> dict[str, Any]:
        """Return the fields that the caller has sent, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Told(BaseModel):
    """Body of an answer: it documents what the engine gives, and a test holds real answers against it."""


class Named(Told):
    """Something, by its id and its name then."""

    id: str
    name: str | None


def alike(name: str, kind: type[Any], *, without: Collection[str] = (), **instead: Any) -> Any:
    """Return a model of an answer that has the fields of a data class of the engine's.

    Parameters
    ----------
    name
        What the description calls it.
    without
        Fields that the answer does not have.
    **instead
        Fields that are of another type there, or that it has besides.
    """
    hints = get_type_hints(kind, include_extras=True)
    own = [one.name for one in fields(kind) if one.name not in without and one.name not in instead]
    made = make_dataclass(name, [*((one, hints[one]) for one in own), *instead.items()], frozen=True)
    made.__doc__ = kind.__doc__
    return made
