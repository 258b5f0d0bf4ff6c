"""How a table is read: what can be said of that, what holds, what there is to choose from, and how a change settles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.data.formats.layout import DELIMITER_WORDS
from workbench.data.formats.reader import OPTIONS_OF, Asked
from workbench.data.source import Source

_NARROWER = {"member": ("sheet", "header_row", "encoding", "delimiter"), "sheet": ("header_row",)}
"""What was said of one table, and does not hold for another one of the same file."""
_USUAL: dict[str, tuple[str, ...]] = {
    "encoding": ("utf-8", "latin-1", "cp1252", "utf-16", "shift_jis", "gb18030", "koi8-r"),
    "delimiter": tuple(DELIMITER_WORDS),
}
_LISTED = {"sheet": "sheets", "member": "members"}
"""Where a format tells what else there is."""


@dataclass(frozen=True, slots=True)
class ReadOption:
    """One thing that can be said of how a data source is read, by `Sources.retype`.

    Attributes
    ----------
    value
        What held when it was read, as `Sources.retype` takes it.
    is_asked
        Whether the user said so; otherwise it was found out.
    choices
        All that there is where `is_closed`, else what is usual; none for a number.
    """

    name: str
    value: Any
    is_asked: bool
    choices: tuple[str, ...]
    is_closed: bool


def options_of(source: Source) -> tuple[ReadOption, ...]:
    """Return what can be said of how a data source is read; nothing where it is not there to be read again."""
    told = source.format
    if not (source.origin or source.raw):
        return ()
    asked = asked_of(source).options
    names = [name for kind in (told.get("packed"), told.get("type")) for name in OPTIONS_OF.get(str(kind), ())]
    return tuple(
        ReadOption(
            name=name,
            value=_value(told, name),
            is_asked=name in asked,
            choices=tuple(told.get(_LISTED[name], [told.get(name)])) if name in _LISTED else _USUAL.get(name, ()),
            is_closed=name in _LISTED,
        )
        for name in names
    )


def asked_of(source: Source) -> Asked:
    """Return what the user decided of a data source when it was read."""
    return Asked(source.format.get("kinds", {}), source.format.get("options", {}))


def changed(before: Asked, kinds: Mapping[str, str | None], options: Mapping[str, Any]) -> Asked:
    """Add to what the user decided of a table; None takes back what was said, and it is found out again.

    >>> changed(Asked({}, {"sheet": "2025", "header_row": 3}), {}, {"sheet": "2026"}).options
    {'sheet': '2026'}
    """
    void = {
        other
        for name, others in _NARROWER.items()
        if name in options and options[name] != before.options.get(name)
        for other in others
    }
    kept = {name: value for name, value in before.options.items() if name not in void}
    return Asked(_without_none({**before.kinds, **kinds}), _without_none({**kept, **options}))


def _value(told: Mapping[str, Any], name: str) -> Any:
    value = told.get(name)
    if name == "encoding":
        # A byte-order mark makes no other encoding for who reads of it.
        return str(value).removesuffix("-sig")
    return next((word for word, one in DELIMITER_WORDS.items() if name == "delimiter" and one == value), value)


def _without_none(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
