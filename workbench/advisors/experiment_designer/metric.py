"""The metric that ranks: what the goal wishes, or what suits the target."""

from __future__ import annotations

from typing import Any

from workbench.advisors.advice import Plot, Series
from workbench.advisors.experiment_designer.aim import Aim
from workbench.advisors.experiment_designer.choice import Choice
from workbench.advisors.experiment_designer.words import vocabulary
from workbench.advisors.table import Target
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue import TASKS

_BY_CLASS = ("Recall", "Prec.", "F1")


def metric(aim: Aim, target: Target | None, thresholds: Thresholds) -> tuple[str, tuple[Choice, ...]]:
    """Choose the metric that ranks, and tell why."""
    assert aim.task is not None
    goal, task = aim.goal, TASKS[aim.task]
    others = [
        name for name in goal.metrics if name != task.name and goal.metrics[name] not in goal.metrics.get(task.name, "")
    ]
    fitting = {name: said for name, said in goal.wishes.items() if task.name in vocabulary()["wishes"][name]}
    if task.name in goal.metrics:
        named = goal.metrics[task.name]
        chosen, choices = _told(aim, named, "which the goal names")
        others = [name for name in fitting if vocabulary()["wishes"][name][task.name] != named]
        return chosen, (*choices, *(_unheard(name, fitting[name], named, task.name) for name in others[:1]))
    doubts: list[Choice] = []
    if others:
        doubts.append(
            Choice(
                id="metric.unknown",
                claim=f"The goal names {goal.metrics[others[0]]}, which judges {TASKS[others[0]].title.lower()}.",
                doubt=f"{goal.metrics[others[0]]} does not judge {task.title.lower()}",
            )
        )
    if fitting:
        wish, *more = fitting
        wanted = vocabulary()["wishes"][wish]
        chosen, choices = _told(aim, wanted[task.name], f"since {wanted['about']}: “{fitting[wish]}”")
        if more:
            doubts.append(_unheard(more[0], fitting[more[0]], chosen, task.name))
        if wanted.get("lacking") and task.name == "classification":
            choices = (
                choices[0].model_copy(update={"claim": f"{choices[0].claim} {wanted['lacking']}."}),
                *choices[1:],
            )
        return chosen, (*choices, *doubts)
    chosen, choices = _by_target(aim, target, thresholds)
    return chosen, (*choices, *doubts)


def _told(aim: Aim, name: str, why: str) -> tuple[str, tuple[Choice, ...]]:
    claim = f"Models are ranked by {name}, {why}."
    choice = Choice(id="metric", claim=claim, measured={"metric": name}, is_told=True)
    column = aim.column
    if column is None:
        return name, (choice,)
    if name in _BY_CLASS and column.distinct > 2:
        return name, (
            choice.model_copy(
                update={"claim": f"{claim} Of more than two classes it is the mean of all, weighted by their rows."}
            ),
        )
    if name in _BY_CLASS:
        positive = _positive(aim)
        named = [
            each
            for each in aim.goal.named
            if each.column == column.name and each.said.casefold() == positive.casefold()
        ]
        update: dict[str, Any] = {"claim": f"{claim} It is judged of the class '{positive}', the last in order."}
        if column.kind == "text" and not named and _names_other(aim, positive):
            update["doubt"] = f"{name} is judged of '{positive}'"
        return name, (choice.model_copy(update=update),)
    if name in ("MAPE", "RMSLE") and (column.minimum is None or column.minimum <= 0):
        return name, (
            choice.model_copy(
                update={
                    "claim": f"{claim} But '{column.name}' goes down to {column.minimum:g}, where it tells little.",
                    "doubt": f"{name} fails near 0",
                    "advice": "Rank by MAE instead, if values near 0 are many.",
                }
            ),
        )
    return name, (choice,)


def _positive(aim: Aim) -> str:
    """Return the class that PyCaret takes for the positive one: the last in order."""
    column = aim.column
    assert column is not None
    return max((value for value, _ in column.top), default="")


def _names_other(aim: Aim, positive: str) -> bool:
    """Whether the goal names the other class alone."""
    column = aim.column
    assert column is not None
    said = {word.text for word in aim.goal.words}
    others = {value.casefold() for value, _ in column.top} - {positive.casefold()}
    return positive.casefold() not in said and not others.isdisjoint(said)


def _unheard(wish: str, said: str, chosen: str, task: str) -> Choice:
    other = vocabulary()["wishes"][wish]
    is_same = other[task] == chosen
    return Choice(
        id=f"metric.other:{wish}",
        claim=f"The goal also wishes for {other['about']} (“{said}”), which {other[task]} would judge.",
        doubt="" if is_same else f"the goal wishes for {other['about']} too",
        advice="" if is_same else f"Read {other[task]} on the leaderboard beside {chosen}.",
    )


def _by_target(aim: Aim, target: Target | None, thresholds: Thresholds) -> tuple[str, tuple[Choice, ...]]:
    assert aim.task is not None
    task, column = TASKS[aim.task], aim.column
    if column is None or aim.task == "time_series":
        return task.sort, (_usual(task.sort, "the usual one for " + task.title.lower()),)
    if aim.task == "regression":
        skew = column.skew
        if skew is not None and abs(skew) >= thresholds["designer.skew"]:
            return "MAE", (
                Choice(
                    id="metric",
                    claim=f"Models are ranked by MAE: '{column.name}' has a skewness of {skew:.1f}, and a few great "
                    "values would decide on R2.",
                    measured={"metric": "MAE", "skew": skew},
                    thresholds=("designer.skew",),
                    columns=(column.name,),
                ),
            )
        return task.sort, (_usual(task.sort, "the share of the variance that is explained, whatever the unit"),)
    known = aim.table.rows - column.missing
    share = column.top[0][1] / known if column.top and known else 0.0
    plot = _shares(target, known)
    if share >= thresholds["designer.imbalance"]:
        return "MCC", (
            Choice(
                id="metric",
                claim=f"Models are ranked by MCC: {share:.1%} of the rows are '{column.top[0][0]}', and a model that "
                "always says so would be as accurate.",
                measured={"metric": "MCC", "share": round(share, 4), "class": column.top[0][0]},
                thresholds=("designer.imbalance",),
                columns=(column.name,),
                plot=plot,
            ),
        )
    return task.sort, (
        Choice(
            id="metric",
            claim=f"Models are ranked by {task.sort}: no class of '{column.name}' has more than {share:.0%} of the "
            "rows, and the goal holds no mistake worse than another.",
            measured={"metric": task.sort, "share": round(share, 4)},
            thresholds=("designer.imbalance",),
            columns=(column.name,),
            plot=plot,
        ),
    )


def _usual(name: str, what: str) -> Choice:
    return Choice(id="metric", claim=f"Models are ranked by {name}, {what}.", measured={"metric": name})


def _shares(target: Target | None, known: int) -> Plot | None:
    if target is None or not target.classes or not known:
        return None
    names, rows = zip(*target.classes, strict=True)
    series = Series(name="share", x=names, y=[round(count / known, 4) for count in rows])
    return Plot(
        kind="columns",
        title=f"Classes of {target.name}",
        series=(series,),
        x_title=target.name,
        y_title="share of rows",
    )
