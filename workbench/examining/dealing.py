"""How often segments do as badly by chance: what was said is dealt out anew to the rows, and all are scored again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from workbench.catalogue import Metric
from workbench.judging.answers import Answers, Labels
from workbench.judging.noise import CELLS, SEED

Array = np.ndarray[Any, Any]

MOST = 1_999
"""Deals, where that is cheap: the least probability that can be told is one in 2,000."""
LEAST = 199
WORK = 60_000_000
"""Rows that are scored in all, from which on deals are fewer."""
_ROUNDING = 1e-12
_CLIPPED = 0.01
"""Share of the deals at either end that is clipped before moments are taken, lest one that is far off makes them."""


@dataclass(frozen=True, slots=True)
class Luck:
    """Of each segment that was tested; not a number where its score is undefined.

    Attributes
    ----------
    alone
        Probability of a score as bad by chance, never 0.
    among_all
        The same of any of the segments.
    surprise
        How bad it is by the fitted distribution, as a probability: it orders what is beyond all deals.
    """

    alone: Array
    among_all: Array
    surprise: Array


def luck(answers: Answers, many: Sequence[Array], metric: Metric) -> Luck:
    """Tell how likely the scores of segments are where no segment is different.

    A permutation test of all segments at once: truths and predictions are dealt out anew, together, to the rows, so
    that few rows of a class, or few that are predicted to be of it, are as few in each deal. What a score does not
    depend on stays where it is: for AUC and Recall each row keeps its class, for Prec. what is predicted of it.
    Probabilities are corrected for all segments by the step-down procedure of Westfall and Young (1993), which minds
    that segments overlap. So that skewed scores of small segments do not outweigh others there, each is turned into
    the tail of a Pearson III distribution with the moments of its deals (Winkler et al. 2016); the test is right
    whether or not that fits.

    Parameters
    ----------
    many
        Places of the rows of each segment.
    metric
        Defined on all rows.
    """
    statistic, rows = answers.statistic(metric.name), len(answers.predictions)
    sign = 1 if metric.greater_is_better else -1
    cost = rows * len(many) if metric.name == "AUC" else sum(map(len, many))
    deals = int(np.clip(WORK // max(cost, 1), LEAST, MOST))
    scores = np.array([statistic(places[None, :])[0] for places in many], dtype=float)
    dealt = np.full((len(many), deals), np.nan)
    groups, random = _groups(answers, metric.name), np.random.default_rng(SEED)
    block = max(1, CELLS // max(rows, answers.width))
    for begin in range(0, deals, block):
        end = min(begin + block, deals)
        order = np.empty((end - begin, rows), dtype=np.intp)
        for group in groups:
            order[:, group] = random.permuted(np.tile(group, (end - begin, 1)), axis=1)
        for number, places in enumerate(many):
            dealt[number, begin:end] = statistic(order[:, places])
    return _corrected(*_surprises(sign * scores, sign * dealt))


def _groups(answers: Answers, metric: str) -> list[Array]:
    """Places among which rows are dealt out."""
    if isinstance(answers, Labels):
        if metric == "AUC" or (metric == "Recall" and answers.classes.is_binary):
            return _alike(answers.truth)
        if metric == "Prec." and answers.classes.is_binary:
            return _alike(answers.predictions)
    return [np.arange(len(answers.predictions))]


def _alike(values: Array) -> list[Array]:
    return [np.flatnonzero(values == value) for value in np.unique(values)]


def _surprises(scores: Array, dealt: Array) -> tuple[Array, Array]:
    """Turn the scores of segments and of their deals into probabilities of one as bad, where small is bad.

    Beyond its bound a fitted tail is 0, however often deals lie there: so none is less than the share of the other
    deals that are as bad. Deals without a score are no surprise.
    """
    # The segment itself stands before its deals, and is treated as one of them, so that the test is exact.
    pool = np.column_stack([scores, dealt])
    is_defined = np.isfinite(pool)
    pool[~is_defined.any(axis=1)] = 0.0
    low, high = np.nanquantile(pool, [_CLIPPED, 1 - _CLIPPED], axis=1)[:, :, None]
    known = np.maximum(is_defined.sum(axis=1, keepdims=True), 1)
    held = np.where(is_defined, np.clip(pool, low, high), 0.0)
    mean = held.sum(axis=1, keepdims=True) / known
    apart = np.where(is_defined, held - mean, 0.0)
    spread = np.sqrt((apart**2).sum(axis=1, keepdims=True) / known)
    varies = spread > _ROUNDING * np.maximum(1.0, np.abs(mean))
    scale = np.where(varies, spread, 1.0)
    skew = np.where(varies, ((apart / scale) ** 3).sum(axis=1, keepdims=True) / known, 0.0)
    distances = np.where(is_defined, (pool - mean) / scale, np.inf)
    tails = stats.pearson3.cdf(*np.broadcast_arrays(distances, skew))
    as_bad = stats.rankdata(np.round(distances, 9), method="max", axis=1) - 1
    found = np.where(varies, np.maximum(tails, as_bad / dealt.shape[1]), 1.0)
    found[np.isnan(scores), 0] = np.nan
    return found[:, 0], found[:, 1:]


def _corrected(surprise: Array, dealt: Array) -> Luck:
    """Count the deals that surprise as much: of the segment itself, and of any that surprises no more than it."""
    alone, among_all = np.full(len(surprise), np.nan), np.full(len(surprise), np.nan)
    order = np.argsort(surprise, kind="stable")[: int(np.isfinite(surprise).sum())]
    deals = dealt.shape[1]
    alone[order] = (1 + (dealt[order] <= surprise[order, None]).sum(axis=1)) / (1 + deals)
    least = np.minimum.accumulate(dealt[order][::-1], axis=0)[::-1]
    among_all[order] = np.maximum.accumulate((1 + (least <= surprise[order, None]).sum(axis=1)) / (1 + deals))
    return Luck(alone, among_all, surprise)
