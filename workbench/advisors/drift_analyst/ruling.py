"""What counts as drift, and how grave it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from statistics import NormalDist

from workbench.advisors.drift_analyst.evidence import DriftEvidence, Score, Shift
from workbench.advisors.thresholds import Thresholds

KOLMOGOROV_SPREAD = 0.5
"""Largest standard deviation of an empirical distribution function at a point, times the root of the rows."""


class Level(IntEnum):
    """What a finding calls for."""

    NONE = 0
    MONITOR = 1
    INVESTIGATE = 2
    RETRAIN = 3


VERDICTS = ("NO ACTION", "MONITOR", "INVESTIGATE", "RETRAIN NOW")


@dataclass(frozen=True, slots=True)
class Moved:
    """Something that drifted, and what that calls for."""

    shift: Shift
    level: Level


def is_sure(p: float | None, thresholds: Thresholds) -> bool:
    """Whether a corrected p-value is below the level."""
    return p is not None and p < thresholds["drift.alpha"]


def moved(shifts: Sequence[Shift], thresholds: Thresholds) -> list[Moved]:
    """Return what drifted, the most first: by its index beyond chance and by a corrected test, both."""
    found = [Moved(shift, level) for shift in shifts if (level := level_of(shift, thresholds))]
    return sorted(found, key=lambda one: (-one.level, -one.shift.effect))


def level_of(shift: Shift, thresholds: Thresholds) -> Level:
    """Return what a shift calls for."""
    if not is_sure(shift.p_corrected, thresholds):
        return Level.NONE
    if shift.effect >= thresholds["drift.psi_retrain"]:
        return Level.RETRAIN
    if shift.effect >= thresholds["drift.psi_investigate"]:
        return Level.INVESTIGATE
    return Level.MONITOR if shift.effect >= thresholds["drift.psi_monitor"] else Level.NONE


def counts(shift: Shift) -> bool:
    """Whether a shift bears on the verdict: that dates go on says nothing."""
    return shift.form != "date" or shift.of != "input"


def gaps(shifts: Sequence[Shift], thresholds: Thresholds) -> Iterator[Moved]:
    """Yield the columns of which values are missing more often, or less: a feed that broke, or was mended."""
    for shift in shifts:
        rise = shift.missing_live - shift.missing_reference
        if is_sure(shift.missing_p_corrected, thresholds) and abs(rise) >= thresholds["drift.missing_rise"]:
            yield Moved(shift, Level.INVESTIGATE if rise > 0 else Level.MONITOR)


def lost(score: Score) -> float:
    """Return how much worse a score is than was expected, as a share of that; below 0 where it is better."""
    loss = score.expected - score.measured if score.greater_is_better else score.measured - score.expected
    return loss / abs(score.expected) if score.expected else math.copysign(math.inf, loss) if loss else 0.0


def level_of_score(score: Score, thresholds: Thresholds) -> Level:
    """Return what a score calls for: it counts where its interval lies apart from what was known of the pipeline.

    That is its interval on rows that were held out, where there are some: that of a mean over few folds is very wide.
    """
    if score.low is None or score.high is None or lost(score) <= 0:
        return Level.NONE
    low, high = score.known_low, score.known_high
    if low is None or high is None:
        low, high = score.expected_low, score.expected_high
    low, high = (score.expected if bound is None else bound for bound in (low, high))
    is_apart = (
        score.high < min(low, score.expected) if score.greater_is_better else score.low > max(high, score.expected)
    )
    if not is_apart:
        return Level.NONE
    return Level.RETRAIN if lost(score) >= thresholds["drift.score_lost"] else Level.INVESTIGATE


def rows_needed(evidence: DriftEvidence, thresholds: Thresholds) -> int:
    """Return the live rows with which a column that moved as much as is to be investigated would mostly be found.

    A normal column whose mean moves by d standard deviations has an index of about d², and its distribution functions
    are at most 2 Φ(d / 2) - 1 apart. Kolmogorov and Smirnov's test finds that with the power that is asked for, at the
    first step of Holm's correction, where the bound of Dvoretzky, Kiefer and Wolfowitz (1956; constant by Massart 1990)
    leaves room for a normal quantile. The reference is taken to be much larger.
    """
    shift = math.sqrt(thresholds["drift.psi_investigate"])
    apart = 2 * NormalDist().cdf(shift / 2) - 1
    bound = math.sqrt(math.log(2 * max(1, evidence.tests) / thresholds["drift.alpha"]) / 2)
    reach = KOLMOGOROV_SPREAD * NormalDist().inv_cdf(thresholds["drift.power"])
    return math.ceil(((bound + reach) / apart) ** 2)


def smallest_found(evidence: DriftEvidence, thresholds: Thresholds) -> float:
    """Return the index that a normal column must have to be found mostly, with the rows that there are."""
    rows = 1 / (1 / max(1, evidence.reference.rows) + 1 / max(1, evidence.live.rows))
    bound = math.sqrt(math.log(2 * max(1, evidence.tests) / thresholds["drift.alpha"]) / 2)
    reach = KOLMOGOROV_SPREAD * NormalDist().inv_cdf(thresholds["drift.power"])
    apart = min(0.999, (bound + reach) / math.sqrt(rows))
    return float((2 * NormalDist().inv_cdf((1 + apart) / 2)) ** 2)
