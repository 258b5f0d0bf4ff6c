"""Evidence of every advisor about a table with one column of some name, filled by the types of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from workbench.advisors.advice import Advice, Evidence, Finding, Plot, Series
from workbench.narrating import vocabulary

MARK = "qzmark"
"""All cells that are texts begin so."""
CELL = 4_821_337
"""What all cells that are numbers are."""
COUNT = 40
_OF_COLUMN = {"name", "left", "right", "added", "removed"}
_BY_COLUMN = {"gaps"}


def filled(model: type[BaseModel], column: str) -> Any:
    """Fill all fields: those of columns' names with the name, codes with a code, and others with cells."""
    marks = (f"{MARK}{number}" for number in range(100_000))
    return _record(model, column, marks)


def measured(column: str) -> list[Mapping[str, Any]]:
    """What findings measure, in all forms that they have, of a column."""
    cell, other = f"{MARK}a", f"{MARK} b"
    return [
        {column: [[cell, other], [other]]},
        {column: [[cell, 40, other]]},
        {column: {cell: 40}},
        {column: {"value": cell, "rows": 40}},
        {column: cell},
        {column: CELL},
        {column: [CELL, CELL]},
        {"rows": 40, column: CELL, "low": 1.5, "high": 2.5},
        {"table": {column: cell}, "live": {column: [cell, CELL]}},
        {"share": 0.5, "examples": [[column, cell]], "columns": [[column, cell]]},
        {"class": cell, "column": cell, "target": cell, "widest": [column, CELL]},
        {"candidates": [{"name": column, "why": cell, "is_likely": True}]},
    ]


def advice(column: str) -> Advice:
    """An advice whose findings measured all that, each with a plot of the same."""
    plot = Plot(kind="bars", title=column, series=[Series(name=f"{MARK}s", x=[f"{MARK}x", column], y=[CELL, CELL])])
    findings = [
        Finding(
            id=f"shape:{at}",
            severity="note",
            evidence=Evidence(
                claim=f"In {column} there are '{MARK}a', {MARK} b and {CELL}.",
                measured=each,
                columns=[column],
                plot=plot,
            ),
        )
        for at, each in enumerate(measured(column))
    ]
    return Advice(
        verdict="READY",
        reasoning_summary=f"It has {MARK}a.",
        findings=findings,
        suggested_config=_config(column, f"{MARK}c"),
    )


def _config(column: str, cell: str) -> dict[str, Any]:
    options = {"ignore_features": [column], "ordinal_features": {column: [cell, cell]}}
    return {"target": column, "setup": options}


def _record(model: type[BaseModel], column: str, marks: Iterator[str]) -> Any:
    return {name: _value(field.annotation, name, column, marks) for name, field in model.model_fields.items()}


def _value(kind: Any, name: str, column: str, marks: Iterator[str]) -> Any:
    origin, parts = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _record(kind, column, marks)
    if origin is Literal:
        return parts[0]
    if origin is tuple:
        parts = parts[:1] if parts[-1] is Ellipsis else parts
        return [_value(part, name, column, marks) for part in parts]
    if origin is not None and issubclass(origin if isinstance(origin, type) else object, Mapping):
        if parts[1] is Any:
            return {column: [[next(marks)]]} if name == "measured" else _config(column, next(marks))
        key = column if name in _BY_COLUMN else "AUC" if name in vocabulary.listed("of_metrics") else next(marks)
        return {key: _value(parts[1], name, column, marks)}
    if origin is not None and not isinstance(kind, type) and parts:
        if origin is Union or type(None) in parts:
            return _value(next(part for part in parts if part is not type(None)), name, column, marks)
        return _value(parts[0], name, column, marks)
    if kind is bool:
        return True
    if kind in (int, float):
        return kind(CELL if name in vocabulary.listed("stay") else COUNT)
    if name in vocabulary.listed("columns") or name in _OF_COLUMN:
        return column
    return "code" if name in vocabulary.listed("codes") else next(marks)


def texts(value: Any) -> Iterator[str]:
    """Yield all texts in something JSON-like, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from texts(item)
