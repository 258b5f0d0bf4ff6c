"""A run that goes on from another: what it takes over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.catalogue import PLANS
from workbench.errors import BadRequest
from workbench.recipe import Recipe
from workbench.runs.record import RunRecord
from workbench.runs.scores import LeaderboardRow

TAKEN = ("task", "target", "folds", "seed", "sort", "setup")
TAKEN_OPTIONS = ("num_clusters", "fraction", "ground_truth")
"""Options of a plan that say what is looked for, and so hold for the next plan too."""
TOP = 3
"""Models that a blend or a stack takes from the top of the board unless it names them."""


def filled_in(asked: Mapping[str, Any], before: RunRecord, board: Sequence[LeaderboardRow]) -> dict[str, Any]:
    """Fill in what a request leaves open from the run that it follows.

    Parameters
    ----------
    board
        That run's leaderboard, best first.

    Raises
    ------
    BadRequest
        ``spec.unknown_model`` when a model is named that is on neither leaderboard nor library, ``spec.invalid`` when
        the run has no model that the plan could work on.
    """
    taken = {name: before.spec[name] for name in TAKEN} | dict(asked) | {"from_run": before.id}
    known = {row.model: Recipe.of(row.recipe) for row in board if row.recipe}
    plan = PLANS.get(str(taken.get("plan", "compare")))
    options = plan.options_of(str(taken["task"])) if plan is not None else {}
    before_options = before.spec.get("options", {})
    kept = {name: before_options[name] for name in TAKEN_OPTIONS if name in before_options and name in options}
    taken["options"] = kept | dict(taken.get("options", {}))
    for name in ("model", "include"):
        if name in taken and plan is not None and plan.least:
            named = taken[name]
            taken[name] = [known.get(model, model) for model in named] if name == "include" else known.get(named, named)
    if plan is not None and plan.least and not {"model", "include"} & set(taken):
        ranked = [row for row in board if row.rank is not None and row.model in known]
        # What a cancelled run scored in part may look better than what it finished.
        best = [known[row.model] for row in sorted(ranked, key=lambda row: row.status != "scored")]
        best = [recipe for recipe in best if plan.name != "tune" or recipe.kind == "model"]
        wanted = TOP if plan.most != 1 else 1
        if len(best) < plan.least:
            raise BadRequest(
                "spec.invalid",
                f"Run {before.short_id} has {len(best)} scored models; the plan '{plan.name}' takes {plan.least}.",
            )
        taken["include"] = best[:wanted]
    return taken
