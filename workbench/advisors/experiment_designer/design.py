"""A design: the request of a run, and the choices that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as field_of
from typing import Any

from workbench.advisors.experiment_designer import field, splits
from workbench.advisors.experiment_designer.aim import Aim, aim
from workbench.advisors.experiment_designer.choice import Choice
from workbench.advisors.experiment_designer.evidence import DesignEvidence
from workbench.advisors.experiment_designer.metric import metric
from workbench.advisors.experiment_designer.series import series_setup
from workbench.advisors.thresholds import Thresholds
from workbench.advisors.usable import unusable
from workbench.catalogue import PLANS, TASKS
from workbench.catalogue.horizon import Horizon

_SHARE_MOST = 0.5
"""Most of the rows that PyCaret flags."""


@dataclass(frozen=True, slots=True)
class Design:
    """What is designed.

    Attributes
    ----------
    request
        Arguments of ``Runs.submit``, the data source left out; empty where nothing could be designed.
    unusable
        Columns of the target's table that no run can compute with, and why not.
    """

    aim: Aim
    request: Mapping[str, Any]
    choices: tuple[Choice, ...]
    minutes: float | None = None
    unusable: Mapping[str, str] = field_of(default_factory=dict)


def basis(found: Aim, thresholds: Thresholds) -> dict[str, Any]:
    """Return the request that pre-flight looks at: task, target, and the columns that the goal speaks of.

    Parameters
    ----------
    found
        An aim that is clear.
    """
    assert found.task is not None
    goal, table = found.goal, found.table
    request: dict[str, Any] = {"task": found.task, "plan": "compare"}
    setup: dict[str, Any] = {}
    left_out = [name for name in goal.left_out if name != found.target]
    if found.target is not None:
        request["target"] = found.target
    if found.task == "time_series" and found.target is not None:
        steps, count, _ = splits.ahead(found, thresholds)
        if count:
            request["folds"] = count
        setup = series_setup(table, found.target, thresholds, steps or 1)
    elif len(goal.learned_from) > 1 and found.target is not None:
        kept = {*goal.learned_from, found.target}
        left_out = [column.name for column in table.columns if column.name not in kept]
    left_out += [name for name in unusable(table, thresholds) if name not in (*left_out, found.target)]
    if left_out and found.task != "time_series":
        setup["ignore_features"] = left_out
    if setup:
        request["setup"] = setup
    options = _options(found)
    return request | ({"options": options} if options else {})


def design(evidence: DesignEvidence, thresholds: Thresholds) -> Design:
    """Design a run; the same evidence gives the same design every time."""
    made = _design(evidence, thresholds)
    is_series = made.aim.task == "time_series"
    wrong = unusable(evidence.table, thresholds)
    return replace(
        made, unusable={name: why for name, why in wrong.items() if not is_series or name == made.aim.target}
    )


def column_choice(name: str, why: str) -> Choice:
    """Tell of a column that no run can compute with, and that is left out unless it is the target."""
    return Choice(
        id=f"column.unusable:{name}",
        claim=f"'{name}' {why}: a run with it fails.",
        doubt=f"'{name}' {why}",
        thresholds=("analyst.magnitude",),
        columns=(name,),
        advice="Find out what such a value stands for.",
    )


def _design(evidence: DesignEvidence, thresholds: Thresholds) -> Design:
    found = aim(evidence.goal, evidence.table, evidence.asked_target, thresholds)
    minutes = evidence.asked_minutes if evidence.asked_minutes is not None else found.goal.minutes
    if found.task is None or evidence.look is None or evidence.look.refusal is not None:
        return Design(found, {}, found.choices, minutes)
    is_quick = "quick" in found.goal.needs or (minutes is not None and minutes <= thresholds["designer.minutes_quick"])
    request = dict(evidence.look.request)
    request.pop("sort", None)
    request.pop("folds", None)
    setup = dict(request.pop("setup", None) or {})
    choices = list(found.choices)
    sort, told = metric(found, evidence.target, thresholds)
    choices += told
    features = len(found.table.columns) - len(setup.get("ignore_features") or ()) - (found.target is not None)
    chosen, of_models = field.models(found, features, sort, thresholds, is_quick=is_quick)
    if found.task == "time_series":
        steps, count, of_split = splits.ahead(found, thresholds)
        if not count:
            return Design(found, {}, (*choices, *of_split), minutes)
        setup |= {"fh": steps}
        request["folds"] = count
        choices += of_split
        if found.series.period and _has_seasons(found, steps, count, thresholds):
            setup["seasonal_period"] = found.series.period
    elif TASKS[found.task].has_target:
        changes, of_split = splits.folds(found, evidence.look, thresholds, is_quick=is_quick)
        setup |= changes["setup"]
        request["folds"] = changes["folds"]
        choices += of_split
    if found.task != "time_series":
        setup["normalize"] = True
        choices.append(_scaled(found))
    choices += _of_goal(found, evidence)
    share = request.get("folds", 1) / max(1, evidence.workers)
    if minutes is not None:
        fitting = field.within(
            chosen, evidence.seconds_each, minutes * 60, share=share, least=int(thresholds["designer.models_least"])
        )
        of_models = _fewer(of_models, chosen, fitting, minutes)
        chosen = fitting
        request["run_timeout_s"] = minutes * 60
    choices.append(of_models)
    request |= {"include": list(chosen), "sort": sort, "setup": setup}
    return Design(found, request, (*choices, *_cost(evidence, minutes)), minutes)


def _has_seasons(found: Aim, steps: int, folds: int, thresholds: Thresholds) -> bool:
    """Whether the first fold has seasons enough to learn from."""
    window = Horizon(tuple(range(1, steps + 1))).first_window(found.table.rows, folds)
    return window >= thresholds["designer.series_seasons"] * found.series.period


def _options(found: Aim) -> dict[str, Any]:
    """Return the options of a task without a target: how many clusters, which share, and what models do not see."""
    goal, table = found.goal, found.table
    options: dict[str, Any] = {}
    if found.task == "clustering" and goal.count is not None and 2 <= goal.count < table.rows:
        options["num_clusters"] = goal.count
    if found.task == "anomaly" and goal.share is not None and 0 < goal.share <= _SHARE_MOST:
        options["fraction"] = goal.share
    known = table.column(table.known_target)
    if known is not None and found.task == "clustering" and known.suits == "classification" and known.distinct > 2:
        options["ground_truth"] = known.name
    return options


def _scaled(found: Aim) -> Choice:
    why = "distances" if found.target is None else "the linear model's weights"
    return Choice(id="scale", claim=f"Numbers are scaled: without that, {why} would hang on their units.")


def _of_goal(found: Aim, evidence: DesignEvidence) -> list[Choice]:
    """Tell what else the goal says: columns, clusters, shares, and what was not read."""
    goal, choices = found.goal, []
    if goal.left_out:
        left = [name for name in goal.left_out if name != found.target]
        choices.append(
            Choice(
                id="columns.left_out",
                claim=f"{_listed(left)} is left out, as the goal says.",
                columns=tuple(left),
                is_told=True,
            )
        )
    if len(goal.learned_from) > 1 and found.target is not None and found.task != "time_series":
        choices.append(
            Choice(
                id="columns.learned_from",
                claim=f"{_listed(list(goal.learned_from))} alone are learned from, as the goal says.",
                columns=goal.learned_from,
                is_told=True,
            )
        )
    if goal.absent and found.target is not None:
        choices.append(
            Choice(
                id="columns.absent",
                claim=f"The goal names {_listed(list(goal.absent))}, which {found.table.name} does not have.",
                doubt=f"there is no column {_listed(list(goal.absent))}",
                measured={"absent": list(goal.absent)},
            )
        )
    choices += _unsupervised(found, dict(evidence.look.request.get("options") or {}) if evidence.look else {})
    if goal.is_cut:
        choices.append(
            Choice(
                id="goal.long",
                claim=f"The goal is long: its first {len(goal.words):,} words were read.",
                doubt="the end of the goal was not read",
                thresholds=("designer.goal_words",),
            )
        )
    return choices


def _unsupervised(found: Aim, options: Mapping[str, Any]) -> list[Choice]:
    """Tell how many clusters are formed, or which share is flagged, and what the clusters are held against."""
    assert found.task is not None
    goal, choices = found.goal, []
    known = PLANS["compare"].options_of(found.task)
    if found.task == "clustering":
        count = options.get("num_clusters")
        doubt = f"{goal.count:,} clusters cannot be formed" if goal.count is not None and not count else ""
        usual = known["num_clusters"].default
        choices.append(
            Choice(
                id="clusters",
                claim=f"{count} clusters are formed, as the goal says."
                if count
                else f"{doubt or 'The goal does not say how many clusters there are'}: {usual} are, as PyCaret does.",
                doubt=doubt,
                measured={"clusters": count or usual, "asked": goal.count, "rows": found.table.rows},
                is_told=bool(count),
                advice="" if count else "Try other numbers, and compare their silhouettes.",
            )
        )
    if options.get("ground_truth"):
        truth = options["ground_truth"]
        claim = f"'{truth}' is kept from the models, and the clusters are held against it: it holds known groups."
        choices.append(Choice(id="ground_truth", claim=claim, columns=(truth,)))
    if found.task == "anomaly":
        share = options.get("fraction")
        doubt = f"{goal.share:.0%} of the rows cannot be flagged" if goal.share is not None and not share else ""
        usual = known["fraction"].default
        choices.append(
            Choice(
                id="anomalies",
                claim=f"{share:.1%} of the rows are flagged, as the goal says."
                if share
                else f"{doubt or 'The goal does not say how many are odd'}: {usual:.0%} are flagged, as PyCaret does.",
                doubt=doubt,
                measured={"share": share or usual, "asked": goal.share},
                is_told=bool(share),
            )
        )
    return choices


def _fewer(choice: Choice, chosen: tuple[str, ...], fitting: tuple[str, ...], minutes: float) -> Choice:
    gone = [model for model in chosen if model not in fitting]
    if not gone:
        return choice
    late = f"{', '.join(gone)} would take too long for {minutes:g} min, judged by earlier runs, and is left out."
    claim = f"{choice.claim} {late}"
    return choice.model_copy(
        update={"claim": claim, "measured": {**choice.measured, "models": list(fitting), "left_out": gone}}
    )


def _cost(evidence: DesignEvidence, minutes: float | None) -> list[Choice]:
    cost = evidence.cost
    if cost is None:
        return []
    late = minutes is not None and cost.seconds is not None and cost.seconds > minutes * 60
    limit = f"; it is stopped after {minutes:g} minute{'' if minutes == 1 else 's'}" if minutes else ""
    return [
        Choice(
            id="budget",
            claim=f"The run is {cost.words}{limit}.",
            doubt="it may take longer than it may" if late else "",
            measured={"units": cost.units, "workers": cost.workers, "seconds": cost.seconds, "minutes": minutes},
            is_told=minutes is not None,
        )
    ]


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
