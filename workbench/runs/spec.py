"""What to run: checked against the catalogue before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from workbench.catalogue import (
    FOLDS_LEAST,
    FOLDS_MOST,
    PLANS,
    SEED,
    SEED_MOST,
    TASKS,
    Metric,
    Plan,
    PlanName,
    Task,
    TaskName,
)
from workbench.catalogue.parameters import check_parameters
from workbench.errors import BadRequest, choices
from workbench.plain import shown
from workbench.recipe import Recipe, check_name
from workbench.runs import options as reader
from workbench.runs.asked import Asked

FRACTION_MOST = 0.5
"""Largest share of rows that a detector takes for anomalies."""


class RunSpec(BaseModel):
    """One run, in full.

    Attributes
    ----------
    target
        Column to predict; None for a task without one.
    include
        Ids of the models in the field of ``compare``; None: PyCaret's turbo set.
    exclude
        Ids of models to leave out.
    bases
        Recipes that the other plans work on.
    folds
        Number of cross-validation folds.
    seed
        PyCaret's ``session_id``, 0 to 2³² − 1.
    sort
        Metric that ranks.
    setup
        Set-up options by PyCaret's names.
    options
        The plan's own options, all of them.
    from_run
        The run that this one follows, or None.
    racing
        Whether models that cannot catch the leader any more stop early.
    executor
        ``local``, or the address of a Dask scheduler.
    model_timeout_s, run_timeout_s
        Longest a model may take over all its folds, and the whole run, in seconds; 0: no limit.
    unit_memory
        Most memory that one model may take on one fold, in bytes; 0: an even share of what is free.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: PlanName
    task: TaskName
    target: str | None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    bases: tuple[Recipe, ...] = ()
    folds: int
    seed: int
    sort: str
    setup: Mapping[str, Any] = {}
    options: Mapping[str, Any] = {}
    from_run: str | None = None
    racing: bool = False
    executor: str = "local"
    model_timeout_s: float = 0
    run_timeout_s: float = 0
    unit_memory: int = 0

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return self.model_dump(mode="json", exclude={"bases"}) | {"bases": [base.as_dict() for base in self.bases]}


def make_spec(asked: Asked) -> RunSpec:
    """Check a request against the catalogue and make it a spec; what is left open is PyCaret's default.

    Raises
    ------
    BadRequest
        ``spec.unknown_…`` naming the valid choices, ``plan.not_runnable``, or ``spec.invalid``.
    """
    known = find_task(asked.task or "")
    plan = _plan(asked.plan if asked.plan is not None else "compare", known)
    folds = known.folds if asked.folds is None else asked.folds
    if known.folds > 1:
        _check_number("folds", folds, FOLDS_LEAST, FOLDS_MOST)
    else:
        _check_without_folds(asked, folds, known)
    seed = SEED if asked.seed is None else asked.seed
    _check_number("seed", seed, 0, SEED_MOST)
    bases = _models(asked, plan, known)
    setup = reader.read(known.options, asked.setup or {}, kind="set-up", managed=known.managed)
    options = {name: option.default for name, option in plan.options_of(known.name).items()}
    options |= reader.read(plan.options_of(known.name), asked.options or {}, kind=plan.name)
    _check_options(options, bases, known)
    if asked.target and not known.has_target:
        raise BadRequest(
            "spec.invalid",
            f"{known.title} has no target, yet '{asked.target}' was named.",
            hint="A column that holds the truth is named by the option ground_truth.",
        )
    include = None if plan.least or bases is None else tuple(dict.fromkeys(base.model for base in bases))
    return RunSpec(
        plan=plan.name,
        task=known.name,
        target=asked.target if known.has_target else None,
        include=include,
        exclude=_excluded(asked, plan, known, include),
        bases=tuple(bases or ()) if plan.least else (),
        folds=folds,
        seed=seed,
        sort=_sort(asked, known, options, setup),
        setup=setup,
        options=options,
        from_run=asked.from_run,
        racing=bool(asked.racing),
        **asked.limits,
    )


def find_task(name: str) -> Task:
    if name not in TASKS:
        raise BadRequest("spec.unknown_task", f"There is no task '{name}'.", hint=choices(name, TASKS))
    return TASKS[name]


def _plan(name: str, task: Task) -> Plan:
    if name not in PLANS:
        raise BadRequest("spec.unknown_plan", f"There is no plan '{name}'.", hint=choices(name, PLANS))
    if name not in task.plans:
        raise BadRequest(
            "plan.not_runnable", f"PyCaret has no '{name}' for {task.title.lower()}.", hint=choices(name, task.plans)
        )
    return PLANS[name]


def _models(asked: Asked, plan: Plan, task: Task) -> list[Recipe] | None:
    """Return the models that a plan works on, or None where it takes PyCaret's own field."""
    if asked.model is not None and asked.include is not None:
        raise BadRequest("spec.invalid", "Name the models by 'model' or by 'include', not by both.")
    named = (asked.model,) if asked.model is not None else asked.include
    if named is None and not plan.least:
        return None
    recipes = [_recipe(name, task) for name in named or ()]
    if len(recipes) < plan.least or (plan.most and len(recipes) > plan.most):
        wanted = "exactly one" if plan.most == 1 else f"at least {plan.least}"
        raise BadRequest("spec.invalid", f"The plan '{plan.name}' takes {wanted} of the models; {len(recipes)} named.")
    made = [recipe.kind for recipe in recipes if not plan.takes(recipe.kind)]
    if plan.name == "tune" and made:
        raise BadRequest("spec.invalid", f"The plan 'tune' searches one model's parameters, not a {made[0]}'s.")
    if plan.name == "compare" and (made or any(recipe.params for recipe in recipes)):
        raise BadRequest("spec.invalid", "The plan 'compare' takes models of PyCaret's library as they are, by id.")
    return recipes


def _recipe(named: str | Recipe, task: Task) -> Recipe:
    recipe = named if isinstance(named, Recipe) else Recipe(model=named)
    for leaf in recipe.leaves():
        _check_model(leaf.model, task)
        check_parameters(task.name, leaf.model, leaf.params)
    for kind in recipe.kinds():
        if kind != "model" and _MAKES[kind] not in task.plans:
            raise BadRequest(
                "plan.not_runnable",
                f"PyCaret has no '{_MAKES[kind]}' for {task.title.lower()}, and so no {kind} of models.",
            )
    return recipe


_MAKES: Mapping[str, PlanName] = {
    "bagging": "ensemble",
    "boosting": "ensemble",
    "blend": "blend",
    "stack": "stack",
    "calibrated": "calibrate",
}
"""Kind of recipe → the plan that makes one."""


def _check_model(model_id: str, task: Task) -> None:
    if task.model(model_id) is None:
        names = choices(model_id, (model.id for model in task.models))
        raise BadRequest("spec.unknown_model", f"There is no {task.name} model '{model_id}'.", hint=names)


def _excluded(asked: Asked, plan: Plan, task: Task, include: Sequence[str] | None) -> tuple[str, ...]:
    excluded = tuple(dict.fromkeys(asked.exclude or ()))
    for model_id in excluded:
        _check_model(model_id, task)
    anywhere = [model.id for model in task.models]
    if not plan.least and not task.asked(include, excluded, there=anywhere):
        raise BadRequest("spec.invalid", "No model is left: name at least one that is not excluded.")
    return excluded


def _sort(asked: Asked, task: Task, options: Mapping[str, Any], setup: Mapping[str, Any]) -> str:
    metric = find_metric(task, asked.sort or task.sort_of(options), options, setup)
    if metric.nearest_zero and asked.racing:
        raise BadRequest(
            "spec.invalid",
            f"Models cannot race by '{metric.name}', of which single folds may cancel out.",
            hint=_rankings(task, metric.name, options, setup),
        )
    return metric.name


def find_metric(task: Task, name: str, options: Mapping[str, Any], setup: Mapping[str, Any]) -> Metric:
    """Find a metric that tells which of two models is better, by id or display name.

    Parameters
    ----------
    options, setup
        The plan's options and the set-up under which the models are scored.

    Raises
    ------
    BadRequest
        ``spec.unknown_metric``, naming the valid ones.
    """
    metric, names = task.metric(name), _rankings(task, name, options, setup)
    if metric is None:
        raise BadRequest("spec.unknown_metric", f"There is no {task.name} metric '{name}'.", hint=names)
    if not metric.ranks:
        raise BadRequest(
            "spec.unknown_metric", f"'{metric.name}' says nothing of which model is better: it cannot rank.", hint=names
        )
    if metric not in task.metrics_of(options, setup):
        lacking = f"set-up option {metric.needs_setup}" if metric.needs_setup else "option ground_truth: a column"
        raise BadRequest("spec.unknown_metric", f"The metric '{metric.name}' needs the {lacking}.", hint=names)
    return metric


def _rankings(task: Task, name: str, options: Mapping[str, Any], setup: Mapping[str, Any]) -> str:
    return choices(name, (metric.name for metric in task.metrics_of(options, setup) if metric.ranks))


def _check_without_folds(asked: Asked, folds: int, task: Task) -> None:
    if isinstance(folds, bool) or folds != 1:
        raise BadRequest("spec.invalid", f"{task.title} scores each model once, on the whole table: it takes no folds.")
    if asked.racing:
        raise BadRequest("spec.invalid", f"{task.title} scores each model once: there are no folds to race over.")


def _check_options(options: Mapping[str, Any], bases: Sequence[Recipe] | None, task: Task) -> None:
    for name in ("n_iter", "n_estimators"):
        if name in options:
            _check_number(name, options[name], 1, 10_000)
    if "num_clusters" in options:
        _check_number("num_clusters", options["num_clusters"], 2, 10_000)
    if "fraction" in options and not 0 < (options["fraction"] or 0) <= FRACTION_MOST:
        raise BadRequest(
            "spec.invalid", f"fraction is {options['fraction']}; it must be more than 0 and at most {FRACTION_MOST:g}."
        )
    for name in ("meta_model_fold", "calibrate_fold"):
        if name in options:
            _check_number(name, options[name], FOLDS_LEAST, FOLDS_MOST)
    if "meta_model" in options:
        _check_model(str(options["meta_model"]), task)
    weights = options.get("weights")
    if weights is not None and len(weights) != len(bases or ()):
        raise BadRequest("spec.invalid", f"{len(weights)} weights for {len(bases or ())} models: name one a model.")
    if weights is not None and options.get("method") in ("min", "max"):
        raise BadRequest("spec.invalid", f"Weights count for nothing in the {options['method']} of several forecasts.")
    if weights is not None and (min(weights) < 0 or not any(weights)):
        raise BadRequest("spec.invalid", "Weights are 0 or more, and not all of them 0.")
    if options.get("custom_grid") is not None:
        _check_grid(options["custom_grid"], bases or (), task)


def _check_grid(grid: Mapping[str, Any], bases: Sequence[Recipe], task: Task) -> None:
    if not (grid and all(grid.values())):
        raise BadRequest("spec.invalid", "The option 'custom_grid' needs at least one value for each parameter.")
    for name in grid:
        check_name(name)
    for base in bases:
        check_parameters(task.name, base.model, grid)


def _check_number(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadRequest("spec.invalid", f"{name} is {shown(value)}; it must be a whole number from {least} to {most}.")
