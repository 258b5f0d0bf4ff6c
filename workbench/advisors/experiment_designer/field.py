"""The models that compete, by rows, columns, needs and time."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.advisors.experiment_designer.aim import Aim
from workbench.advisors.experiment_designer.choice import Choice
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue import TASKS


def menu_of(aim: Aim, features: int, thresholds: Thresholds, *, is_quick: bool) -> tuple[str, tuple[str, ...]]:
    """Return the name of the menu that suits a table and a goal, and the thresholds that decided."""
    assert aim.task is not None
    known, needs = _menus()[aim.task], aim.goal.needs
    rows = aim.table.rows
    few, many = ("designer.rows_small", "designer.rows_large")
    if aim.task == "time_series":
        few, many = ("designer.series_small", "designer.series_large")
    sized = {
        "wide": features * thresholds["designer.wide_rows_each"] > rows,
        "large": rows >= thresholds[many],
        "small": rows < thresholds[few],
    }
    for need in ("explainable", "fast_answers"):
        if need in needs and need in known:
            return need, ()
    if is_quick and "quick" in known:
        return "quick", ("designer.minutes_quick",)
    cited = {"wide": "designer.wide_rows_each", "large": many, "small": few}
    found = next((name for name, holds in sized.items() if holds and name in known), "usual")
    return found, (cited[found],) if found in cited else (few, many)


def models(
    aim: Aim,
    features: int,
    sort: str,
    thresholds: Thresholds,
    *,
    is_quick: bool,
) -> tuple[tuple[str, ...], Choice]:
    """Choose the models, and tell why."""
    assert aim.task is not None
    task = TASKS[aim.task]
    name, cited = menu_of(aim, features, thresholds, is_quick=is_quick)
    told = _menus()[task.name]
    silent = told.get("silent", ()) if sort in told.get("by_probability", ()) else ()
    chosen = tuple(model for model in told[name]["models"] if model not in silent)
    said = aim.goal.needs.get(name)  # type: ignore[call-overload]
    because = f" (“{said}”)" if said else ""
    return chosen, Choice(
        id="models",
        claim=f"{len(chosen)} models compete: {_named(task.name, chosen)}. Chosen as {told[name]['why']}{because}.",
        measured={"menu": name, "models": list(chosen), "rows": aim.table.rows, "features": features},
        thresholds=cited,
        is_told=bool(said),
    )


def within(
    chosen: Sequence[str], seconds_each: Mapping[str, float], budget_s: float, *, share: float, least: int
) -> tuple[str, ...]:
    """Leave out the slowest models until the rest is done in time, as far as earlier runs tell; never the first two.

    Parameters
    ----------
    seconds_each
        Seconds a model took on one fold.
    budget_s
        Time for all, in seconds.
    share
        Folds for each worker.
    least
        Models that stay in any case.
    """
    left = list(chosen)

    def needed() -> float:
        return sum(seconds_each.get(model, 0.0) for model in left) * share

    while len(left) > least and needed() > budget_s:
        left.remove(max(left[2:], key=lambda model: seconds_each.get(model, 0.0)))
    return tuple(left)


def _named(task: str, chosen: Sequence[str]) -> str:
    known = {model.id: model.name for model in TASKS[task].models}
    *before, last = [known[model] for model in chosen]
    return f"{', '.join(before)} and {last}"


@cache
def _menus() -> Mapping[str, Any]:
    told = tomllib.loads(Path(__file__).with_name("menus.toml").read_text(encoding="utf-8"))
    return MappingProxyType(told)
