"""What each plan scores, and which of it is fitted in the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.catalogue import TASKS, Metric, Task
from workbench.errors import BadRequest
from workbench.ranking import mean_of, rank
from workbench.recipe import Recipe, RecipeKind
from workbench.training import recipes
from workbench.training.experiment import Experiment
from workbench.training.request import Candidate, TrainingRequest

TRIALS_MOST = 10_000
"""Sets of parameters that one search may try."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A plan, seen on an experiment.

    Attributes
    ----------
    field
        Every candidate that is scored.
    eligible
        Ids of those of which the best is fitted.
    missing
        Models that were asked for and cannot take part → why, a sentence.
    notices
        What a reader of the leaderboard must know beside it, a sentence each.
    all_rows
        Whether the best is fitted on all rows instead of the training rows.
    """

    field: tuple[Candidate, ...]
    eligible: frozenset[str]
    missing: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notices: tuple[str, ...] = ()
    all_rows: bool = False


def enter(experiment: Experiment, request: TrainingRequest) -> Entry:
    """Find out what a plan scores.

    Raises
    ------
    BadRequest
        ``models.not_installed`` when none of the models asked for can run here, ``spec.invalid`` when the plan cannot
        work on them.
    """
    return _PLANS[request.plan](experiment, request)


def _setup(experiment: Experiment, request: TrainingRequest) -> Entry:
    entry = _compare(experiment, request, refuse=False)
    return replace(entry, eligible=frozenset(), missing={})


def _compare(experiment: Experiment, request: TrainingRequest, *, refuse: bool = True) -> Entry:
    task = TASKS[request.task]
    known = {name: model for name, model in experiment.pycaret._all_models.items() if task.model(name) is not None}
    wanted = task.asked(request.models, request.exclude, there=known)
    field = task.field(request.models, request.exclude, there=known)
    added = [model_id for model_id in field if model_id not in wanted]
    missing = {
        model_id: recipes.why_missing(experiment.pycaret, model_id) for model_id in field if model_id not in known
    }
    candidates = tuple(
        Candidate(model_id, str(known[model_id].name), Recipe(model=model_id))
        for model_id in field
        if model_id in known
    )
    if refuse and all(model_id not in known for model_id in wanted):
        raise BadRequest("models.not_installed", " ".join(missing.values()))
    return Entry(
        candidates,
        frozenset(candidate.id for candidate in candidates),
        missing,
        notices=(*_about_added(task, added, request), *_about_lacking(task, experiment, request)),
    )


def _about_added(task: Task, added: Sequence[str], request: TrainingRequest) -> Iterator[str]:
    """Tell of models that are compared though the request leaves them out."""
    if added and (request.models is not None or request.exclude):
        yield f"{task.title} always compares {' and '.join(task.always)}, to tell whether a model is worth its while."


def _about_lacking(task: Task, experiment: Experiment, request: TrainingRequest) -> Iterator[str]:
    """Tell of models that PyCaret's own field lacks after this set-up."""
    if request.models is not None:
        return
    whys: dict[str, list[str]] = {}
    for model in task.turbo:
        if model.id not in experiment.pycaret._all_models and model.id not in (*task.always, *request.exclude):
            why = recipes.why_missing(experiment.pycaret, model.id).removeprefix(f"{model.id} ")
            whys.setdefault(why, []).append(model.id)
    yield from (f"{', '.join(models)} {why}" for why, models in whys.items())


def _one(experiment: Experiment, request: TrainingRequest) -> Entry:
    candidate = _candidate(experiment, request.bases[0])
    return Entry((candidate,), frozenset([candidate.id]), all_rows=request.plan == "finalize")


def _tune(experiment: Experiment, request: TrainingRequest) -> Entry:
    base = _candidate(experiment, request.bases[0])
    trials = tuple(
        Candidate(
            f"{base.id}:{number}",
            f"{base.name} · {_told(params)}",
            replace(base.recipe, params=dict(base.recipe.params) | params),
        )
        for number, params in enumerate(_trials(experiment, base.recipe, request), 1)
    )
    eligible = (base, *trials) if request.options["choose_better"] else trials
    return Entry((base, *trials), frozenset(candidate.id for candidate in eligible))


def _trials(experiment: Experiment, recipe: Recipe, request: TrainingRequest) -> list[dict[str, Any]]:
    """Draw parameters exactly as PyCaret's search draws them."""
    from unittest.mock import patch

    from pycaret.internal.distributions import get_base_distributions
    from pycaret.internal.patches.sklearn import _mp_ParameterGrid_getitem, _mp_sample_without_replacement
    from sklearn.model_selection import ParameterGrid, ParameterSampler

    definition = experiment.pycaret._all_models_internal[recipe.model]
    is_random = request.options["search_algorithm"] == "random"
    # PyCaret draws a forecaster's parameters from its distributions, any other model's from its grid.
    is_forecast = request.task == "time_series"
    known = definition.tune_distribution if is_random and is_forecast else definition.tune_grid
    named = request.options.get("custom_grid")
    if named:
        _check_names(named, experiment, recipe)
    grid = named or get_base_distributions(known)
    if not grid:
        raise BadRequest("spec.invalid", f"PyCaret has no parameters to search for {definition.name}: name a grid.")
    if not is_random and len(ParameterGrid(grid)) > TRIALS_MOST:
        raise BadRequest(
            "spec.invalid",
            f"A search of the whole grid would try {len(ParameterGrid(grid)):,} sets of parameters of "
            f"{definition.name}; {TRIALS_MOST:,} are the most.",
            hint="Search at random, or name a smaller grid.",
        )
    # PyCaret tries the whole of its own grid where that is small enough, but of one that is named it draws.
    if not is_random or (not named and not is_forecast and len(ParameterGrid(grid)) <= request.options["n_iter"]):
        drawn = list(ParameterGrid(grid))
    elif is_forecast:
        drawn = list(ParameterSampler(grid, request.options["n_iter"], random_state=request.seed))
    else:
        # The same guards against overflow of large grids that PyCaret searches under.
        with (
            patch("sklearn.model_selection._search.sample_without_replacement", _mp_sample_without_replacement),
            patch("sklearn.model_selection._search.ParameterGrid.__getitem__", _mp_ParameterGrid_getitem),
        ):
            drawn = list(ParameterSampler(grid, request.options["n_iter"], random_state=request.seed))
    return [{name: _plain(value) for name, value in params.items()} for params in drawn]


def _check_names(grid: Mapping[str, Any], experiment: Experiment, recipe: Recipe) -> None:
    known = recipes.parameters(experiment.pycaret, recipe)
    unknown = [name for name in grid if name not in known]
    if unknown:
        name = recipes.name(experiment.pycaret, recipe)
        raise BadRequest(
            "spec.invalid",
            f"{name} has no parameter {', '.join(unknown)}.",
            hint=f"It has {', '.join(sorted(known))}.",
        )


def _ensemble(experiment: Experiment, request: TrainingRequest) -> Entry:
    options = request.options
    kind: RecipeKind = "bagging" if options["method"] == "Bagging" else "boosting"
    made = Recipe(kind=kind, bases=request.bases, params={"n_estimators": options["n_estimators"]})
    return _made(experiment, request, made)


def _blend(experiment: Experiment, request: TrainingRequest) -> Entry:
    params: dict[str, Any] = {"weights": request.options["weights"]}
    called = {"classification": "voting", "time_series": "aggfunc"}.get(request.task)
    if called:
        params[called] = request.options["method"]
    return _made(experiment, request, Recipe(kind="blend", bases=request.bases, params=params))


def _stack(experiment: Experiment, request: TrainingRequest) -> Entry:
    options = request.options
    params: dict[str, Any] = {"cv": options["meta_model_fold"], "passthrough": options["restack"]}
    if request.task == "classification":
        params["stack_method"] = options["method"]
    meta = Recipe(model=options["meta_model"])
    return _made(experiment, request, Recipe(kind="stack", bases=request.bases, params=params, meta=meta))


def _calibrate(experiment: Experiment, request: TrainingRequest) -> Entry:
    params = {"method": request.options["method"], "cv": request.options["calibrate_fold"]}
    return _made(experiment, request, Recipe(kind="calibrated", bases=request.bases, params=params))


def _made(experiment: Experiment, request: TrainingRequest, recipe: Recipe) -> Entry:
    """Score what is put together, and its parts beside it where the better one is to be kept."""
    made = _candidate(experiment, recipe)
    parts = [_candidate(experiment, base) for base in request.bases] if request.options["choose_better"] else []
    field = _distinct([*parts, made])
    return Entry(field, frozenset(candidate.id for candidate in field))


def _distinct(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Number candidates that would share an id, from the second on."""
    found: dict[str, Candidate] = {}
    for candidate in candidates:
        unique, number = candidate, 1
        while unique.id in found:
            number += 1
            unique = replace(candidate, id=f"{candidate.id}_{number}", name=f"{candidate.name} ({number})")
        found[unique.id] = unique
    return tuple(found.values())


def _candidate(experiment: Experiment, recipe: Recipe) -> Candidate:
    return Candidate(recipe.id, recipes.name(experiment.pycaret, recipe), recipe)


def _told(params: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}" for name, value in params.items()
    )


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


_PLANS: Mapping[str, Callable[[Experiment, TrainingRequest], Entry]] = {
    "setup": _setup,
    "compare": _compare,
    "create": _one,
    "finalize": _one,
    "tune": _tune,
    "ensemble": _ensemble,
    "blend": _blend,
    "stack": _stack,
    "calibrate": _calibrate,
}


def ranked(
    entry: Entry,
    scores: Mapping[str, Mapping[int, Mapping[str, float | None]]],
    *,
    folds: int,
    metric: Metric,
) -> list[Candidate]:
    """Return the eligible candidates that are scored on every fold that could be prepared, the best first.

    A metric that is undefined on some folds counts by the mean of the others; where it is undefined on all of them, the
    candidate is left out, unless no other could be the best.
    """
    eligible = {candidate.id: candidate for candidate in entry.field if candidate.id in entry.eligible}
    means = {
        model: metric.judged(mean_of([fold.get(metric.name) for fold in scores[model].values()]))
        for model in eligible
        if folds and len(scores.get(model, {})) == folds
    }
    order = rank(means, greater_is_better=metric.greater_is_better)
    return [eligible[model] for model in order if means[model] is not None or len(eligible) == 1]
