"""Python as text: data and calls, on several lines where they are long."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.recipe import check_name

WIDTH = 100
"""Longest line that is written where it can be helped."""
_BASIC = 0xFFFF


def literal(value: Any) -> str:
    """Write plain data; in a text nothing stands that would not be seen.

    >>> print(literal({"a": ["x", 1, None]}))
    {"a": ["x", 1, None]}
    """
    if isinstance(value, str):
        return "".join(map(_seen, json.dumps(value, ensure_ascii=False)))
    if isinstance(value, Mapping):
        return _enclosed("{", [f"{literal(key)}: {literal(item)}" for key, item in value.items()], "}")
    if isinstance(value, list | tuple):
        return _enclosed("[", [literal(item) for item in value], "]")
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    raise TypeError(value)


def _seen(letter: str) -> str:
    if letter.isprintable():
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) <= _BASIC else f"\\U{ord(letter):08x}"


def call(function: str, *given: str, **named: str) -> str:
    """Write a call; arguments are Python already, and their names are held to be names.

    >>> print(call("exp.create_model", literal("rf"), max_depth="3"))
    exp.create_model("rf", max_depth=3)

    Raises
    ------
    BadRequest
        ``spec.invalid`` when a name is none.
    """
    for name in named:
        check_name(name)
    return _enclosed(f"{function}(", [*given, *(f"{name}={value}" for name, value in named.items())], ")", each=True)


def _enclosed(left: str, items: Sequence[str], right: str, *, each: bool = False) -> str:
    """Put items between brackets: on one line, or several a line, or one where `each` or an item is long itself."""
    line = f"{left}{', '.join(items)}{right}"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    lines = [""]
    for item in items:
        if lines[-1] and (each or left == "{" or "\n" in item or len(lines[-1]) + len(item) > WIDTH - 6):
            lines.append("")
        lines[-1] += f" {item}," if lines[-1] else f"{item},"
    return "\n".join([left, *("    " + line.replace("\n", "\n    ") for line in lines), right])
