"""Dataclasses rebuilt from what JSON holds of them: lists become tuples again, and texts times."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_Kind = TypeVar("_Kind")


def rebuilt(kind: type[_Kind], told: Any) -> _Kind:
    """Rebuild a dataclass from its fields; what is told beside them is left out.

    Raises
    ------
    ValueError
        When a field is missing, or is not what it should be.
    """
    from pydantic import ValidationError

    try:
        found: _Kind = _adapter(cast(Hashable, kind)).validate_python(told)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    else:
        return found
    # Raised where the other is over: its own words show what was told, which may hold a secret.
    raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


def read(kind: type[_Kind], told: Any) -> _Kind:
    """Rebuild what ``as_dict`` of a dataclass gave, by its own ``of_dict`` where it lays its fields out otherwise.

    Raises
    ------
    ValueError
        As of `rebuilt`.
    """
    own: Callable[[Any], _Kind] | None = getattr(kind, "of_dict", None)
    return rebuilt(kind, told) if own is None else own(told)


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(cast(Any, kind))
