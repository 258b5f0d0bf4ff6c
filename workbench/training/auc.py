"""The area under the ROC curve, of classifiers and of detectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import rankdata

Array = np.ndarray[Any, Any]


def auc(positive: Array, ranking: Array) -> float:
    """Area under the ROC curve by ranks (Mann and Whitney 1947); ties count half.

    Parameters
    ----------
    positive
        Whether each row is of the class that should rank high; some are, some are not.
    ranking
        One number a row.

    >>> auc(np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    hits = int(positive.sum())
    misses = len(positive) - hits
    ranks = rankdata(ranking)
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))
