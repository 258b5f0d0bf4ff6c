"""Two pipelines of one task: which is better on the same rows, and whether that is more than noise."""

from __future__ import annotations

from workbench.catalogue import TASKS, Metric, TaskName
from workbench.judging import forecasts, tabular
from workbench.judging.comparison import Comparison, NotComparable
from workbench.judging.sides import Side, Table
from workbench.training.request import Limits


def judge(
    champion: Side,
    challenger: Side,
    table: Table,
    *,
    target: str,
    metric: str | None = None,
    segment: str | None = None,
    limits: Limits | None = None,
) -> Comparison:
    """Compare a challenger with a champion on rows that neither was fitted on.

    Parameters
    ----------
    table
        Where both learned from it, the rows that were held out from both count; else all rows that are new to them.
    target
        Column with the truth.
    metric
        Display name of the one that decides; None: the one that ranks the task's leaderboards, and for forecasts WAPE,
        then SMAPE, the bias and MAE.
    segment
        Column by whose values the difference is told too.
    limits
        Of each pipeline's process; None: none.

    Returns
    -------
    Comparison
        ``not comparable``, with the reason among its notes, where there is nothing by which to judge.

    Raises
    ------
    Unanswered
        When the challenger raises, dies or takes too long.
    """
    task = champion.task
    held = limits or Limits()
    try:
        if task == "time_series":
            named = None if metric is None else deciding(task, metric)
            return forecasts.compare(
                champion, challenger, table, target=target, metric=named, segment=segment, limits=held
            )
        decides = deciding(task, metric)
        return tabular.compare(champion, challenger, table, target=target, metric=decides, segment=segment, limits=held)
    except NotComparable as error:
        return not_comparable(task, metric, str(error))


def deciding(task: TaskName, metric: str | None) -> Metric:
    """Return the metric that decides, by its display name, or where that is None the task's own."""
    found = TASKS[task].metric(metric or (forecasts.ORDER[0] if task == "time_series" else TASKS[task].sort))
    assert found is not None, metric
    return found


def not_comparable(task: TaskName, metric: str | None, why: str) -> Comparison:
    """Tell that there is nothing by which to judge, and why."""
    decides = deciding(task, metric)
    return Comparison(decides.name, decides.greater_is_better, "not comparable", notes=(why,))
