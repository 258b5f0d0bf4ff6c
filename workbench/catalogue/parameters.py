"""The parameters that a model may be given: by name, and none that names a file, a host or another setting.

Libraries take more than their estimators tell: LightGBM connects to whatever machines are named to it, CatBoost writes
whatever files. So a run sets what is known here, and nothing else. ``scripts/write_parameters.py`` writes the names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from workbench.errors import BadRequest, choices
from workbench.plain import shown


def parameters(task: str, model: str) -> tuple[str, ...]:
    """Return the names of the parameters that a task's model may be given; none for a model that it does not have."""
    return tuple(_known().get(task, {}).get(model, ()))


def check_parameters(task: str, model: str, params: Mapping[str, Any]) -> None:
    """Refuse what a model may not be given; values may be single ones or lists of them.

    Raises
    ------
    BadRequest
        ``spec.invalid``, naming the parameters that there are.
    """
    known = parameters(task, model)
    for name, value in params.items():
        if name not in known:
            told = f"The model {model} has no parameter '{name}' that a run may set."
            raise BadRequest("spec.invalid", told, hint=choices(str(name), known) if known else None)
        if not _is_harmless(value):
            told = f"The parameter '{name}' of {model} is {shown(value)}; a text is one word there, and no path."
            raise BadRequest("spec.invalid", told)


def _is_harmless(value: Any) -> bool:
    """Whether no text in a value is more than a word: LightGBM reads what follows a space as another parameter."""
    if isinstance(value, str):
        return value.isprintable() and not any(letter in value for letter in " /\\")
    if isinstance(value, Mapping):
        return all(_is_harmless(item) for item in value.values())
    return not isinstance(value, list | tuple) or all(_is_harmless(item) for item in value)


@cache
def _known() -> Mapping[str, Mapping[str, list[str]]]:
    text = resources.files(__package__).joinpath("parameters.json").read_text(encoding="utf-8")
    known: Mapping[str, Mapping[str, list[str]]] = json.loads(text)
    return known
