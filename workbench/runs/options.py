"""Options read in the type that PyCaret takes, from Python values, a form, or a command line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from workbench.catalogue import SHARES, Option
from workbench.errors import BadRequest, choices
from workbench.plain import plain, shown


def read(
    known: Mapping[str, Option], given: Mapping[str, Any], *, kind: str, managed: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Check options and return their values in the type PyCaret takes.

    Parameters
    ----------
    known
        Options by name.
    kind
        What they are options of, for messages: ``set-up``, or a plan's name.
    managed
        Names that are not the user's to set, and what governs each.

    Raises
    ------
    BadRequest
        ``spec.unknown_option`` naming the valid ones, ``spec.invalid`` naming what the option takes.
    """
    return {name: _read(known, name, value, kind, managed or {}) for name, value in given.items()}


def _read(known: Mapping[str, Option], name: str, value: Any, kind: str, managed: Mapping[str, str]) -> Any:
    if name in managed:
        raise BadRequest("spec.unknown_option", f"The option '{name}' is governed by {managed[name]}.")
    option = known.get(name)
    if option is None:
        raise BadRequest("spec.unknown_option", f"There is no {kind} option '{name}'.", hint=choices(name, known))
    try:
        return _READERS[option.kind](option, plain(value))
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRequest(
            "spec.invalid", f"The option '{name}' is {shown(value)}; it takes {_wanted(option)}."
        ) from error


def _wanted(option: Option) -> str:
    if option.kind == "choice":
        return "one of " + ", ".join(str(choice) for choice in option.choices)
    return {
        "bool": "true or false",
        "int": "a whole number",
        "float": "a number between 0 and 1" if option.name in SHARES else "a number",
        "number": "a number",
        "numbers": "a list of numbers",
        "values": "a number or a word, or a list of them",
        "text": "a text",
        "column": "a column",
        "columns": "a list of columns",
        "parts": "some of " + ", ".join(map(str, option.choices)),
        "levels": "a mapping of names to lists",
        "groups": "a mapping of names to lists",
        "mapping": "a mapping of names to lists",
    }[option.kind]


def says_none(value: Any) -> bool:
    """Whether a value is None, or the word for it."""
    return value is None or (isinstance(value, str) and value.strip().lower() == "none")


def _is_none(option: Option, value: Any) -> bool:
    if value is None and not option.takes_none:
        raise TypeError(value)
    return option.takes_none and says_none(value)


_WORDS = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}


def read_bool(value: Any) -> bool:
    """Read true or false, also as a word for it.

    Raises
    ------
    ValueError
        When it is neither.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _WORDS:
        return _WORDS[value.strip().lower()]
    raise ValueError(value)


def _read_bool(option: Option, value: Any) -> Any:  # noqa: ARG001
    return read_bool(value)


def _read_int(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


def _read_float(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, bool):
        raise TypeError(value)
    number = float(value)
    if not math.isfinite(number) or (option.name in SHARES and not 0 < number < 1):
        raise ValueError(value)
    return number


def _read_number(option: Option, value: Any) -> Any:
    number = _read_float(option, value)
    # PyCaret takes a share for a float and a count for an int: 3 and 3.0 are not the same to it.
    if isinstance(value, int) or (isinstance(value, str) and value.strip().lstrip("+-").isdigit()):
        return int(value)
    return number


def _read_choice(option: Option, value: Any) -> Any:
    if value in option.choices:
        return value
    if None in option.choices and says_none(value):
        return None
    raise ValueError(value)


def _read_text(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise TypeError(value)
    try:
        # "mean" and 0 are both fills for a gap.
        return _read_float(option, value) if option.choices and value not in option.choices else value
    except ValueError:
        return value


def _read_column(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    return value.strip()


def _read_columns(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip()]
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return list(dict.fromkeys(value))
    raise TypeError(value)


def _read_parts(option: Option, value: Any) -> Any:
    parts = _read_columns(option, value)
    if not set(parts or ()) <= set(option.choices):
        raise ValueError(value)
    return parts


def _read_numbers(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, str):
        value = value.split(",")
    return [_read_number(option, item) for item in value]


def _read_values(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, str) and "," in value:
        value = value.strip(" []()").split(",")
    if isinstance(value, list):
        return [_read_one(option, item) for item in value]
    return _read_one(option, value)


def _read_one(option: Option, value: Any) -> Any:
    try:
        return _read_number(option, value)
    except ValueError:
        if isinstance(value, str) and value.strip().isalpha():
            return value.strip()
        raise


def _read_mapping(option: Option, value: Any) -> Any:
    if _is_none(option, value):
        return None
    if isinstance(value, str):
        import json

        value = plain(json.loads(value))
    if isinstance(value, dict) and all(isinstance(items, list) for items in value.values()):
        return value
    raise TypeError(value)


def _read_groups(option: Option, value: Any) -> Any:
    groups = _read_mapping(option, value)
    if not all(isinstance(name, str) for names in (groups or {}).values() for name in names):
        raise TypeError(value)
    return groups


_READERS = {
    "bool": _read_bool,
    "int": _read_int,
    "float": _read_float,
    "number": _read_number,
    "text": _read_text,
    "choice": _read_choice,
    "numbers": _read_numbers,
    "values": _read_values,
    "column": _read_column,
    "columns": _read_columns,
    "parts": _read_parts,
    "levels": _read_mapping,
    "groups": _read_groups,
    "mapping": _read_mapping,
}
