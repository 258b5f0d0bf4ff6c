"""A request as a user makes it, each field read in its type; what the task and the table make of it comes later."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pydantic import ByteSize, TypeAdapter, ValidationError

from workbench.errors import BadRequest, choices
from workbench.plain import plain, shown
from workbench.recipe import Recipe, checked
from workbench.runs.options import read_bool

LIMITS = ("executor", "model_timeout_s", "run_timeout_s", "unit_memory")
"""Fields that say where a run is carried out and how far it may go; none of them changes a number."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; None wherever Workbench is to choose. Fields as in `workbench.runs.spec.RunSpec`.

    Attributes
    ----------
    model
        The one model that a plan works on: an id, or a recipe.
    include
        The models that a plan works on, or that ``compare`` compares.
    folds, seed
        Any value: the task knows which are none.
    unit_memory
        In bytes; it may be given as a text such as ``2GiB``.

    Raises
    ------
    BadRequest
        ``spec.invalid`` when a field is not of its type.
    """

    task: str | None = None
    plan: str | None = None
    target: str | None = None
    model: str | Recipe | None = None
    include: Sequence[str | Recipe] | None = None
    exclude: Sequence[str] | None = None
    folds: Any = None
    seed: Any = None
    sort: str | None = None
    setup: Mapping[str, Any] | None = None
    options: Mapping[str, Any] | None = None
    from_run: str | None = None
    racing: bool | None = None
    executor: str | None = None
    model_timeout_s: float | None = None
    run_timeout_s: float | None = None
    unit_memory: int | str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                object.__setattr__(self, field.name, _READERS[field.name](field.name, value))

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Asked:
        """Read a request's fields by their names.

        Raises
        ------
        BadRequest
            ``spec.invalid`` when it has a field that no request has, or one that is not of its type.
        """
        known = [field.name for field in fields(cls)]
        for name in request:
            if name not in known:
                raise BadRequest("spec.invalid", f"A request has no '{name}'.", hint=choices(name, known))
        return cls(**request)

    @property
    def limits(self) -> dict[str, Any]:
        """The limits that it names."""
        return {name: getattr(self, name) for name in LIMITS if getattr(self, name) is not None}


def _refused(name: str, value: Any, wanted: str) -> BadRequest:
    return BadRequest("spec.invalid", f"{name} is {shown(value)}; it takes {wanted}.")


def _text(wanted: str) -> Callable[[str, Any], str]:
    def read(name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise _refused(name, value, wanted)
        return str.__str__(value)

    return read


def _own(name: str, value: Any) -> Any:  # noqa: ARG001
    """Make Python's own of a number of numpy's; what is none stays what it is."""
    try:
        return plain(value)
    except (TypeError, ValueError):
        return value


def _model(name: str, value: Any) -> str | Recipe:
    if isinstance(value, Recipe):
        return checked(value)
    if not isinstance(value, str):
        raise _refused(name, value, "one model, by its id or as a recipe; several are named by 'include'")
    return str.__str__(value)


def _models(name: str, value: Any) -> tuple[str | Recipe, ...]:
    listed = _listed(value)
    if listed is None or not all(isinstance(item, str | Recipe) for item in listed):
        raise _refused(name, value, "a list of models, each by its id or as a recipe")
    return tuple(_model(name, item) for item in listed)


def _ids(name: str, value: Any) -> tuple[str, ...]:
    listed = _listed(value)
    if listed is None or not all(isinstance(item, str) for item in listed):
        raise _refused(name, value, "a list of models, each by its id")
    return tuple(listed)


def _listed(value: Any) -> list[Any] | None:
    # The index of a leaderboard, or an array of ids, is a list of models too.
    value = value.tolist() if hasattr(value, "tolist") else value
    return list(value) if isinstance(value, list | tuple) else None


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(option, str) for option in value):
        raise _refused(name, value, "a mapping of options' names to values")
    return dict(value)


def _switch(name: str, value: Any) -> bool:
    try:
        return read_bool(_own(name, value))
    except ValueError as error:
        raise _refused(name, value, "true or false") from error


_ADDRESS = re.compile(r"dask://(?:\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]]+):(\d{1,5})")
_PORT_MOST = 65535


def _executor(name: str, value: Any) -> str:
    address = _text("a text: local, or dask://HOST:PORT")(name, value)
    found = _ADDRESS.fullmatch(address)
    if address != "local" and not (found and 0 < int(found[1]) <= _PORT_MOST):
        raise BadRequest(
            "spec.invalid", f"There is no executor '{address}'.", hint="Valid: local, or dask://HOST:PORT."
        )
    return address


def _seconds(of_what: str) -> Callable[[str, Any], float]:
    def read(name: str, value: Any) -> float:
        number = _own(name, value)
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or not 0 <= number <= _SECONDS_MOST:
            raise BadRequest(
                "spec.invalid",
                f"The time limit of {of_what} is {shown(value)}; it takes 0 or more seconds, at most 10⁹.",
            )
        return float(number)

    return read


_SECONDS_MOST = 10**9
"""About thirty years: longer than any run, and no sum of times overflows."""


def _bytes(name: str, value: Any) -> int:
    size = _own(name, value)
    try:
        # Half a byte is none, and True is no number.
        return int(_SIZE.validate_python(None if isinstance(size, bool | float) else size))
    except (ValidationError, OverflowError) as error:
        raise BadRequest(
            "spec.invalid", f"The memory limit is {shown(value)}; it takes bytes, or a size such as 500MB or 2GiB."
        ) from error


_SIZE = TypeAdapter(ByteSize)


_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "task": _text("a task's name"),
    "plan": _text("a plan's name"),
    "target": _text("a column's name"),
    "model": _model,
    "include": _models,
    "exclude": _ids,
    "folds": _own,
    "seed": _own,
    "sort": _text("a metric's name"),
    "setup": _mapping,
    "options": _mapping,
    "from_run": _text("a run, its id or the end of that"),
    "racing": _switch,
    "executor": _executor,
    "model_timeout_s": _seconds("a model"),
    "run_timeout_s": _seconds("a run"),
    "unit_memory": _bytes,
}
