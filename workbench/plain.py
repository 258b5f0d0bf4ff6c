"""Values as JSON holds them, and as a message shows them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN = 80
"""Longest value that a message holds."""


def plain(value: Any) -> Any:
    """Return a value as JSON gives it back; what numpy and pandas hold becomes Python's own.

    >>> plain({"a": (1, range(2))})
    {'a': [1, [0, 1]]}

    Raises
    ------
    TypeError, ValueError
        When JSON cannot hold it: an object, a number that is not finite, half a character.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        value.encode()
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(value)
        return float(value)
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError(value)
        return {plain(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(item) for item in value]
    raise TypeError(value)


def storable(value: Any) -> Any:
    r"""Return JSON's kind of value as every database and reader takes it: what is not finite becomes None.

    >>> storable({"low": float("-inf"), "names": ("a\0b",)})
    {'low': None, 'names': ['a␀b']}
    """
    if isinstance(value, Mapping):
        return {storable(name): storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, str):
        # PostgreSQL has no character 0 in a text, and nobody has half a character.
        return value.replace("\0", "␀").encode(errors="replace").decode()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def shown(value: Any) -> str:
    """Write a value into a sentence: as it is where it is short, else by its type."""
    text, kind = repr(value), type(value).__name__
    if len(text) <= _SHOWN and "\n" not in text:
        return text
    return f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Name some in a sentence.

    >>> listed(["a", "b", "c", "d", "e"])
    "'a', 'b', 'c' and 2 more"
    """
    quoted = [f"'{name}'" for name in names]
    if len(quoted) > most + 1:
        return f"{', '.join(quoted[:most])} and {len(quoted) - most:,} more"
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def byte_size(size: float) -> str:
    """Write a size as people say it.

    >>> byte_size(1536)
    '1.5 KiB'
    """
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.4g} {unit}"
        size /= 1024
    return f"{size:,.4g} GiB"
