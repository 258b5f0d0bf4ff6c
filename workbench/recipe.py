"""How an estimator is made, as data: a model of PyCaret's library with parameters, or others put together.

A recipe is stored with a run, crosses between processes as JSON, and is rebuilt by training or written out as PyCaret
calls. It holds numbers, texts and lists only.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from workbench.errors import BadRequest, choices
from workbench.plain import plain, shown

RecipeKind = Literal["model", "bagging", "boosting", "blend", "stack", "calibrated"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One estimator.

    Attributes
    ----------
    model
        Id in PyCaret's library, for the kind ``model``.
    params
        What differs from PyCaret's own arguments, by name.
    bases
        What it is put together from, for all other kinds.
    meta
        The model on top, for the kind ``stack``; None: PyCaret's own choice.
    """

    kind: RecipeKind = "model"
    model: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    bases: tuple[Recipe, ...] = ()
    meta: Recipe | None = None

    @property
    def id(self) -> str:
        """Short name, unique within a plan's field."""
        if self.kind == "model":
            return self.model
        return self.kind if len(self.bases) > 1 else f"{self.bases[0].id}:{self.kind}"

    @property
    def parts(self) -> tuple[Recipe, ...]:
        """What it is put together from, the model on top last."""
        return (*self.bases, *([self.meta] if self.meta else []))

    def leaves(self) -> tuple[Recipe, ...]:
        """Every library model in it, with its parameters."""
        return (self,) if self.kind == "model" else tuple(leaf for part in self.parts for leaf in part.leaves())

    def models(self) -> tuple[str, ...]:
        """Ids of every library model in it."""
        return tuple(dict.fromkeys(leaf.model for leaf in self.leaves()))

    def kinds(self) -> tuple[RecipeKind, ...]:
        """Its own kind and those of all that it is put together from."""
        return tuple(dict.fromkeys([self.kind, *(kind for part in self.parts for kind in part.kinds())]))

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {"kind": self.kind}
        if self.model:
            told["model"] = self.model
        if self.params:
            told["params"] = dict(self.params)
        if self.bases:
            told["bases"] = [base.as_dict() for base in self.bases]
        if self.meta:
            told["meta"] = self.meta.as_dict()
        return told

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Recipe:
        return cls(
            kind=told["kind"],
            model=told.get("model", ""),
            params=dict(told.get("params", {})),
            bases=tuple(cls.of(base) for base in told.get("bases", ())),
            meta=cls.of(told["meta"]) if told.get("meta") else None,
        )


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a recipe of a kind takes: several bases or one, and parameters of its own."""

    several: bool
    params: frozenset[str]


_KINDS: Mapping[str, _Kind] = {
    "bagging": _Kind(False, frozenset({"n_estimators"})),
    "boosting": _Kind(False, frozenset({"n_estimators"})),
    "blend": _Kind(True, frozenset({"voting", "aggfunc", "weights"})),
    "stack": _Kind(True, frozenset({"cv", "stack_method", "passthrough"})),
    "calibrated": _Kind(False, frozenset({"method", "cv"})),
}


_DEPTH_MOST = 16
"""How deep recipes may lie in one another that a caller writes down."""


def read(told: Any, *, depth: int = 0) -> Recipe:
    """Rebuild a recipe from what a caller wrote down, which may be anything; see `checked` for what it names.

    Raises
    ------
    BadRequest
        ``spec.invalid`` when it has not the form of `Recipe.as_dict`.
    """
    names = [part.name for part in fields(Recipe)]
    if not isinstance(told, Mapping) or depth > _DEPTH_MOST:
        raise _refused(f"{shown(told)} stands where a recipe should.")
    unknown = next((name for name in told if name not in names), None)
    if unknown is not None:
        raise _refused(f"A recipe has no '{unknown}'.", choices(str(unknown), names))
    bases, meta = told.get("bases") or (), told.get("meta")
    if not isinstance(bases, list | tuple):
        raise _refused(f"The bases of a recipe are {shown(bases)}; they are a list of recipes.")
    return Recipe(
        kind=told.get("kind", "model"),
        model=told.get("model", ""),
        params=told.get("params") or {},
        bases=tuple(read(base, depth=depth + 1) for base in bases),
        meta=None if meta is None else read(meta, depth=depth + 1),
    )


def checked(recipe: Recipe) -> Recipe:
    """Return a recipe with its parameters as JSON holds them; library models are not looked up.

    Raises
    ------
    BadRequest
        ``spec.invalid`` when nothing can be made of it.
    """
    if not isinstance(recipe, Recipe):
        raise _refused(f"{shown(recipe)} stands where a recipe should.")
    if recipe.kind == "model":
        if not isinstance(recipe.model, str) or not recipe.model or recipe.bases or recipe.meta:
            raise _refused("A recipe of the kind 'model' names one model, by its id, and no bases.")
        return Recipe(model=recipe.model, params=_params(recipe))
    kind = _KINDS.get(recipe.kind) if isinstance(recipe.kind, str) else None
    if kind is None:
        hint = choices(str(recipe.kind), ("model", *_KINDS))
        raise _refused(f"There is no recipe of the kind {shown(recipe.kind)}.", hint)
    count = len(recipe.bases) if isinstance(recipe.bases, list | tuple) else 0
    if recipe.model or (count < 2 if kind.several else count != 1):
        wanted = "two bases or more" if kind.several else "exactly one base"
        raise _refused(f"A recipe of the kind '{recipe.kind}' takes {wanted}, and no model of its own.")
    if recipe.meta is not None and recipe.kind != "stack":
        raise _refused(f"A recipe of the kind '{recipe.kind}' has no model on top: only a stack has.")
    return Recipe(
        kind=recipe.kind,
        params=_params(recipe, kind.params),
        bases=tuple(checked(base) for base in recipe.bases),
        meta=None if recipe.meta is None else checked(recipe.meta),
    )


def _params(recipe: Recipe, known: frozenset[str] | None = None) -> dict[str, Any]:
    whose = recipe.model or recipe.kind
    if not isinstance(recipe.params, Mapping):
        raise _refused(f"The parameters of {whose} are {shown(recipe.params)}; they take a mapping of names to values.")
    for name in recipe.params:
        check_name(name)
        if known is not None and name not in known:
            raise _refused(f"A {whose} has no parameter '{name}'.", choices(name, known))
    params: dict[str, Any] = {}
    for name, value in recipe.params.items():
        try:
            params[str(name)] = plain(value)
        except (TypeError, ValueError) as error:
            raise _refused(
                f"The parameter '{name}' of {whose} is {shown(value)}; it takes numbers, texts and lists of them."
            ) from error
    return params


def check_name(name: object) -> None:
    """Refuse what is no name of a parameter: it would not be one where a run is told as Python.

    Raises
    ------
    BadRequest
        ``spec.invalid``
    """
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or name == "__debug__":
        raise _refused(f"{shown(name)} is no name of a parameter.")


def _refused(message: str, hint: str | None = None) -> BadRequest:
    return BadRequest("spec.invalid", message, hint=hint)
