"""Skill: how far a score lies between chance and perfection, so that metrics can be held against one number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.advisors.deployment_reviewer.evidence import Measured, Reviewed

_CHANCE_CORRECTED = ("AUC", "Kappa", "MCC")
_BY_DEFAULT = {"classification": "MCC", "regression": "R2"}


def chance(metric: str, reviewed: Reviewed) -> float | None:
    """Return what a metric comes to without learning anything: by the target's most frequent class, or its mean.

    None where that is not known: of precision and recall it depends on what is said always.
    """
    if metric == "Accuracy":
        total = sum(reviewed.classes.values())
        return max(reviewed.classes.values()) / total if total else None
    if metric in ("RMSE", "MSE") and reviewed.target_std is not None:
        return reviewed.target_std if metric == "RMSE" else reviewed.target_std**2
    return {"AUC": 0.5, "Kappa": 0.0, "MCC": 0.0, "R2": 0.0}.get(metric)


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric of which chance does not depend on the table."""

    metric: str
    chance: float

    @classmethod
    def of(cls, reviewed: Reviewed) -> Measure | None:
        """Return the run's own where it is such a one, else Matthews' correlation (1975), or R² of numbers."""
        default = _BY_DEFAULT.get(reviewed.task)
        if default is None:
            return None
        own = reviewed.sort in _CHANCE_CORRECTED and reviewed.task == "classification"
        metric = reviewed.sort if own else default
        found = chance(metric, reviewed)
        assert found is not None, metric
        return cls(metric, found)

    def skill(self, values: Mapping[str, float | None]) -> float | None:
        """Return the skill by metrics' values, 0 by chance and 1 where nothing is wrong; None where it is undefined."""
        value = values.get(self.metric)
        return None if value is None else (value - self.chance) / (1 - self.chance)

    def cross_validated(self, reviewed: Reviewed) -> float | None:
        """Return the mean skill over the folds."""
        found = reviewed.metrics.get(self.metric)
        return None if found is None else self.skill({self.metric: found.mean})


def beats_chance(metric: str, measured: Measured, reviewed: Reviewed) -> bool | None:
    """Whether the interval of a mean lies on the better side of chance; None where either is not known."""
    level = chance(metric, reviewed)
    if level is None or measured.low is None or measured.high is None:
        return None
    return measured.high < level if metric in ("RMSE", "MSE") else measured.low > level


def p_of_means(gap: float, spread: float, rows: int, others: int) -> float:
    """Two-sided p of no difference between two means, by the normal approximation with a standard deviation given."""
    error = spread * math.sqrt(1 / rows + 1 / others)
    return 1.0 if error == 0 else math.erfc(abs(gap) / error / math.sqrt(2))


def p_of_shares(one: float, rows: int, other: float, others: int) -> float:
    """Two-sided p of no difference between two shares, by the normal approximation with pooled variance."""
    pooled = (one * rows + other * others) / (rows + others)
    error = math.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / others))
    return 1.0 if error == 0 else math.erfc(abs(one - other) / error / math.sqrt(2))
