"""Recipes made into estimators, with PyCaret's own definitions and arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import clone

from workbench.catalogue.parameters import check_parameters
from workbench.errors import BadRequest
from workbench.recipe import Recipe


def estimator(experiment: Any, recipe: Recipe) -> Any:
    """Make an estimator as PyCaret makes it, not fitted.

    Parameters
    ----------
    experiment
        A PyCaret experiment after set-up.

    Raises
    ------
    BadRequest
        ``models.not_installed`` or ``spec.invalid`` when the recipe cannot be made here.
    """
    return _MAKERS[recipe.kind](experiment, recipe)


def name(experiment: Any, recipe: Recipe) -> str:
    """Name a recipe for a person."""
    if recipe.kind == "model":
        return str(_definition(experiment, recipe.model).name)
    bases = ", ".join(base.model or base.kind for base in recipe.bases)
    kind = "Ensemble" if _is_forecast(experiment) else _NAMES[recipe.kind]
    return f"{kind} ({bases})"


def _definition(experiment: Any, model: str) -> Any:
    known = experiment._all_models_internal
    if model not in known:
        raise BadRequest("models.not_installed", why_missing(experiment, model))
    return known[model]


def why_missing(experiment: Any, model: str) -> str:
    """Say why an experiment has no such model, in a sentence that begins with its id."""
    if _is_forecast(experiment):
        from workbench.training.forecasting.models import why_not

        return why_not(experiment, model)
    return f"{model} is not installed where training runs."


def _is_forecast(experiment: Any) -> bool:
    return bool(experiment._ml_usecase.name == "TIME_SERIES")


def _model(experiment: Any, recipe: Recipe) -> Any:
    definition = _definition(experiment, recipe.model)
    made = _writing_nothing(clone(definition.class_def(**definition.args)))
    if not recipe.params:
        return made
    # A run may have been stored before parameters were looked at.
    check_parameters(experiment._ml_usecase.name.lower(), recipe.model, recipe.params)
    by = tunable(definition, made)
    if by is made:
        return made.set_params(**_as_taken(made, recipe.params))
    by.set_params(**recipe.params)
    return by.get_base_sklearn_object()


def _writing_nothing(made: Any) -> Any:
    """Keep CatBoost from leaving files of its own wherever it is fitted."""
    for part in (made, *made.get_params().values()):
        if type(part).__module__.partition(".")[0] == "catboost":
            part.set_params(allow_writing_files=False)
    return made


def parameters(experiment: Any, recipe: Recipe) -> frozenset[str]:
    """Return the names of the parameters that a recipe's estimator is tuned by."""
    definition = _definition(experiment, recipe.model)
    return frozenset(tunable(definition, estimator(experiment, recipe)).get_params())


def tunable(definition: Any, made: Any) -> Any:
    """Return what PyCaret tunes a model by: some have other parameters there than the estimator's own."""
    if getattr(definition, "tunable", None) is None:
        return made
    return clone(definition.tunable(**made.get_params()))


def _as_taken(made: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Make tuples of lists where an estimator has tuples: JSON knows lists only."""
    taken = made.get_params()
    return {
        name: tuple(value) if isinstance(value, list) and isinstance(taken.get(name), tuple) else value
        for name, value in params.items()
    }


def _bagging(experiment: Any, recipe: Recipe) -> Any:
    definition = _definition(experiment, "Bagging")
    return definition.class_def(_base(experiment, recipe), bootstrap=True, **recipe.params, **definition.args)


def _boosting(experiment: Any, recipe: Recipe) -> Any:
    definition = _definition(experiment, "ada")
    return definition.class_def(_base(experiment, recipe), **recipe.params, **definition.args)


def _calibrated(experiment: Any, recipe: Recipe) -> Any:
    definition = _definition(experiment, "CalibratedCV")
    return definition.class_def(estimator=_base(experiment, recipe), **recipe.params, **definition.args)


def _blend(experiment: Any, recipe: Recipe) -> Any:
    parts = _parts(experiment, recipe)
    params = dict(recipe.params)
    if _is_forecast(experiment):
        return _definition(experiment, "ensemble_forecaster").class_def(forecasters=parts, n_jobs=1, **params)
    if "voting" in params:
        params["voting"] = _voting(parts, params["voting"])
    return _definition(experiment, "Voting").class_def(estimators=parts, n_jobs=1, **params)


def _voting(parts: list[tuple[str, Any]], method: str) -> str:
    without = [name for name, part in parts if not hasattr(part, "predict_proba")]
    if method == "soft" and without:
        raise BadRequest(
            "spec.invalid", f"{', '.join(without)} gives no probabilities: blend with the method 'hard' or 'auto'."
        )
    if method == "auto":
        return "hard" if without else "soft"
    return method


def _stack(experiment: Any, recipe: Recipe) -> Any:
    meta = estimator(experiment, recipe.meta or Recipe(model="lr"))
    return _definition(experiment, "Stacking").class_def(
        estimators=_parts(experiment, recipe), final_estimator=meta, n_jobs=1, **recipe.params
    )


def _base(experiment: Any, recipe: Recipe) -> Any:
    return estimator(experiment, recipe.bases[0])


def _parts(experiment: Any, recipe: Recipe) -> list[tuple[str, Any]]:
    """Name the parts as PyCaret names them: by their model, numbered where a name comes twice."""
    parts: dict[str, Any] = {}
    for base in recipe.bases:
        made = estimator(experiment, base)
        label = original = str(experiment._get_model_name(made))
        number = 1
        while label in parts:
            label, number = f"{original}_{number}", number + 1
        parts[label] = made
    return list(parts.items())


_MAKERS: Mapping[str, Callable[[Any, Recipe], Any]] = {
    "model": _model,
    "bagging": _bagging,
    "boosting": _boosting,
    "blend": _blend,
    "stack": _stack,
    "calibrated": _calibrated,
}
_NAMES = {
    "bagging": "Bagging",
    "boosting": "Boosting",
    "blend": "Voting",
    "stack": "Stacking",
    "calibrated": "Calibrated",
}
