"""A forecaster examined: how far it is off, step by step, over the rows after those that it learned from."""

from __future__ import annotations

import numpy as np

from workbench.advisors.examination import PARTS, Examination, ForecastErrors, Step
from workbench.examining.clock import Clock
from workbench.examining.subject import Subject
from workbench.judging.comparison import NotComparable
from workbench.judging.forecasts import MEASURES, ask, steps
from workbench.training.request import Limits

_LOOKED_AT = ("scores", "errors")


def examine(subject: Subject, clock: Clock, limits: Limits) -> Examination:
    """Hold a forecast against the rows that were held out."""
    side, table, target = subject.side, subject.table, subject.target
    found = Examination(
        task="time_series",
        target=target,
        metric=subject.metric.name,
        greater_is_better=subject.metric.greater_is_better,
        rows_learned=int((side.reference or {}).get("rows", 0)),
    )
    for part in PARTS:
        if part not in _LOOKED_AT:
            clock.tells(part, "The steps of a forecast are not told apart by their columns.")
    try:
        with clock.measuring("scores"):
            rows, ahead = steps((side,), table, target)
            said = ask(side, table, ahead[side.role], rows, limits)
    except NotComparable as why:
        clock.lacks("scores", str(why))
        clock.lacks("errors", str(why))
        return found
    truth = table.frame[target].to_numpy(dtype=float)[rows]
    if not np.isfinite(said).all():
        clock.lacks("scores", "Some steps of the forecast are no numbers.")
        return found
    values = {name: measure.value(truth, said) for name, measure in MEASURES.items()}
    missed = truth - said
    numbers = [int(np.flatnonzero(ahead[side.role] == row)[0]) + 1 for row in rows]
    return found.model_copy(
        update={
            "rows_held_out": len(rows),
            "rows_examined": len(rows),
            "rows_from": f"steps of {table.name} after those that it learned from",
            "held_out": {name: float(value) if np.isfinite(value) else None for name, value in values.items()},
            "forecast": ForecastErrors(
                steps=tuple(
                    Step(step=number, truth=float(actual), predicted=float(forecast))
                    for number, actual, forecast in zip(numbers, truth, said, strict=True)
                ),
                bias=float(missed.mean()),
            ),
        }
    )
