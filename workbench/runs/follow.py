"""A run that goes on from another: what it takes over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.catalogue import PLANS, TASKS, Option, Task
from workbench.errors import BadRequest, Conflict, choices
from workbench.recipe import Recipe
from workbench.runs.asked import LIMITS, Asked
from workbench.runs.options import says_none
from workbench.runs.record import RunRecord
from workbench.runs.scores import LeaderboardRow

ANYWAY = ("seed", *LIMITS)
"""What a run takes over whatever it is asked for."""
OF_A_TASK = ("task", "target", "folds", "sort")
"""What it takes over unless another task is named."""
TAKEN_OPTIONS = ("num_clusters", "fraction", "ground_truth")
"""Options of a plan that say what is looked for, and so hold for the next plan too."""
TOP = 3
"""Models that a blend or a stack takes from the top of the board unless it names them."""


def models_to_follow(board: Sequence[LeaderboardRow], plan: str | None = None) -> list[LeaderboardRow]:
    """Return the models of a run from which another may go on, in the order in which they are taken.

    What a cancelled run scored in part may look better than what it finished, and comes after it all the same.

    Parameters
    ----------
    board
        The run's leaderboard, best first.
    plan
        Only those that this plan can work on; None: all of them.
    """
    ranked = [row for row in board if row.rank is not None and can_follow(row, plan)]
    return sorted(ranked, key=lambda row: row.status != "scored")


def can_follow(row: LeaderboardRow, plan: str | None = None) -> bool:
    """Whether one may go on from a model, by this plan or, where that is None, by any."""
    if row.recipe is None or not row.folds_scored:
        return False
    return plan is None or PLANS[plan].takes(row.recipe["kind"])


def recipe_to_fit(board: Sequence[LeaderboardRow], run: RunRecord, model: str) -> Recipe:
    """Return how a model is made that a run scored in full, so that it can be fitted without being scored again.

    Raises
    ------
    BadRequest
        ``spec.unknown_model`` when the board has no such model.
    Conflict
        ``run.no_pipeline`` when it is not scored on every fold.
    """
    row = next((row for row in board if row.model == model), None)
    if row is None:
        raise BadRequest(
            "spec.unknown_model",
            f"Run {run.short_id} has no model '{model}'.",
            hint=choices(model, (row.model for row in board)),
            run_id=run.id,
        )
    if row.status != "scored" or row.recipe is None:
        why = row.reason or f"it is scored on {row.folds_scored} of {row.folds_total} folds."
        hint = "Resume the run first." if row.status == "stopped" else None
        raise Conflict(
            "run.no_pipeline",
            f"{row.name} of run {run.short_id} cannot be fitted: {why}",
            hint=hint,
            run_id=run.id,
            model=model,
        )
    return Recipe.of(row.recipe)


def fitting_plan(run: RunRecord) -> str:
    """Return the plan that fits one model as a run would have: on the training rows, or on all of them."""
    return "finalize" if run.plan == "finalize" else "create"


def filled_in(asked: Asked, before: RunRecord, board: Sequence[LeaderboardRow]) -> Asked:
    """Fill in what a request leaves open from the run that it follows.

    Set-up options are added to that run's own; one that is named with None goes back to PyCaret's default, unless None
    is a value of it. Of a run of another task only seed, limits and the set-up options that both know are taken over.

    Parameters
    ----------
    board
        That run's leaderboard, best first.

    Raises
    ------
    BadRequest
        ``spec.invalid`` when the run has too few models that the plan could work on.
    """
    task = TASKS.get(asked.task or before.task)
    if task is None:
        # It is refused with the tasks that there are.
        return asked
    is_same = task.name == before.task
    plan = PLANS.get(asked.plan or "compare")
    known = plan.options_of(task.name) if plan is not None else {}
    taken: dict[str, Any] = {
        name: before.spec.get(name)
        for name in (*ANYWAY, *(OF_A_TASK if is_same else ()))
        if getattr(asked, name) is None
    }
    own = before.spec.get("options") or {}
    taken["options"] = {name: own[name] for name in TAKEN_OPTIONS if name in own and name in known and is_same}
    taken["options"] |= asked.options or {}
    taken["setup"] = _set_up(task, before.spec.get("setup") or {}, asked.setup or {})
    if plan is not None and plan.least:
        taken |= _models(asked, plan.name, before, board if is_same else ())
    return replace(asked, from_run=before.id, **taken)


def _set_up(task: Task, own: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in own.items() if name in task.options and name not in named}
    return kept | {name: value for name, value in named.items() if not _resets(task.options.get(name), value)}


def _resets(option: Option | None, value: Any) -> bool:
    return option is not None and says_none(value) and not option.takes_none


def _models(asked: Asked, plan: str, before: RunRecord, board: Sequence[LeaderboardRow]) -> dict[str, Any]:
    """Find the models named on the board, or take its best where none are."""
    known = {row.model: Recipe.of(row.recipe) for row in board if row.recipe}

    def found(model: str | Recipe) -> str | Recipe:
        return known.get(model, model) if isinstance(model, str) else model

    if asked.model is not None:
        return {"model": found(asked.model)}
    if asked.include is not None:
        return {"include": tuple(found(model) for model in asked.include)}
    best = [known[row.model] for row in models_to_follow(board, plan)]
    least, most = PLANS[plan].least, PLANS[plan].most
    if len(best) < least:
        raise BadRequest(
            "spec.invalid",
            f"Run {before.short_id} has {len(best)} scored models; the plan '{plan}' takes {least}.",
        )
    return {"include": tuple(best[: most or TOP])}
