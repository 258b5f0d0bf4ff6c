"""The one order of a leaderboard, shared by the run that picks the best and the table that shows it."""

from __future__ import annotations

from collections.abc import Mapping


def rank(means: Mapping[str, float | None], *, greater_is_better: bool) -> list[str]:
    """Order models by their unrounded mean, best first.

    Equal means keep the order of `means`, which is PyCaret's own order of models; models without a mean come last.

    >>> rank({"lr": 0.8, "dt": None, "rf": 0.9, "et": 0.9}, greater_is_better=True)
    ['rf', 'et', 'lr', 'dt']
    """
    sign = -1.0 if greater_is_better else 1.0

    def place(model: str) -> tuple[bool, float]:
        mean = means[model]
        return (mean is None, 0.0 if mean is None else sign * mean)

    return sorted(means, key=place)
