"""Keys over HTTP."""

from __future__ import annotations

from pydantic import Field

from workbench.people import key
from workbench.people.key import Key
from workbench.server.bodies.base import Asked, alike

__all__ = ["Key"]


class CreateKey(Asked):
    """A key to be."""

    name: str = Field(examples=["nightly"])
    scopes: list[str] = Field(
        description="Permissions such as runs:write; predict:SLUG or predict:*; * for all that its owner may do.",
        examples=[["predict:churn", "runs:write"]],
    )
    days: int | None = Field(90, description="After how many days it expires; null: never.")
    requests_per_minute: int | None = Field(None, description="0: any number; null: as the settings say.")


class RotateKey(Asked):
    """How a key is replaced."""

    grace_minutes: int = Field(0, description="How long the old one stays good.", examples=[60])


# Given again to a request that is repeated, an answer tells no secret.
Issued = alike("Issued", key.Issued, secret=str | None)
