"""What a refusal is."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from workbench.server.bodies.base import Told


class Problem(Told):
    """Problem details (RFC 9457). What else it has, such as ids, is what it is about."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:workbench:error:run.not_found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="One sentence that the caller can act on.")
    code: str = Field(description="Stable name of what went wrong.", examples=["run.not_found"])
    hint: str | None = Field(None, description="What to do about it, where the detail does not say so.")
