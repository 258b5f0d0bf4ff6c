"""Data sources over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from workbench.data.profile.profile import Profile
from workbench.data.samples import Sample
from workbench.data.source import Source, SourceLine
from workbench.server.bodies.base import Asked, Told

__all__ = ["Profile", "Sample", "Source", "SourceLine"]

_OWN = ("self", "what", "ref", "name", "table", "query", "file", "size_bytes", "follows", "kinds", "tell")
"""Arguments of the engine that are no options of a format or a store."""


def _options(told: dict[str, Any]) -> dict[str, Any]:
    for name in told:
        if name in _OWN:
            raise ValueError(f"there is no option '{name}'")
    return told


Options = Annotated[dict[str, Any], AfterValidator(_options)]
"""What a format or a store takes, by its own names."""


KINDS = TypeAdapter(dict[str, str])
OPTIONS = TypeAdapter(Options)


def read_query(kind: TypeAdapter[Any], name: str, text: str | None) -> Any:
    """Read a parameter that is JSON.

    Raises
    ------
    RequestValidationError
        As of any other parameter.
    """
    try:
        return None if text is None else kind.validate_json(text)
    except ValidationError as error:
        told = [{**one, "loc": ("query", name, *one["loc"])} for one in error.errors()]
        raise RequestValidationError(told) from error


class Place(Asked):
    """Where a table lies, or the table itself."""

    what: str | list[dict[str, Any]] = Field(
        description="An address (s3://…, https://…, postgresql://… with table or query), rows, or a path on the "
        "service's machine, which none but the home's owner may name."
    )
    table: str | None = Field(None, description="Of a database.")
    query: str | None = Field(None, description="Of a database, in place of a table.")
    options: Options = Field(
        default_factory=dict,
        description="What the format or the store takes, such as delimiter, sheet, or endpoint_url.",
    )


class AddSource(Place):
    """A table that is taken from where it lies."""

    name: str | None = Field(None, description="None: that of the file or the table.")
    follows: str | None = Field(None, description="The data source of which it is the next version.")
    kinds: dict[str, str] | None = Field(
        None, description="Column → text, number, date, or date:FORMAT; the others are found out."
    )


class Retype(Asked):
    """How a data source is to be read otherwise; null takes back what was said before."""

    kinds: dict[str, str | None] = Field(default_factory=dict)
    options: Options = Field(default_factory=dict)


class Changed(Told):
    """Whether what a data source was taken from looks otherwise now."""

    changed: bool
