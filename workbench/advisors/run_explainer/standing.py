"""What the board says: who is first, who cannot be told from it, and whether anything was learned at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.advisors.run_explainer.evidence import BoardRow, ExplanationEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue.time_series import BASELINES
from workbench.ranking import p_of_no_difference

KNOWING_NOTHING: Mapping[str, Sequence[str]] = {
    "classification": ("dummy",),
    "regression": ("dummy",),
    "time_series": BASELINES,
}
"""Task → models that only repeat what the target mostly is, or was last."""
_CONSTANT = {"AUC": 0.5, "Kappa": 0.0, "MCC": 0.0, "R2": 0.0}
"""Metric → what it comes to without learning anything."""
_SIMPLE: Sequence[tuple[str, frozenset[str]]] = (
    (
        "a linear model",
        frozenset({"lr", "ridge", "lda", "lasso", "en", "lar", "llar", "omp", "br", "ard", "huber", "tr", "par"}),
    ),
    ("a plain rule for the series", frozenset({"naive", "grand_means", "snaive", "polytrend", "croston"})),
    ("smoothing", frozenset({"ets", "exp_smooth", "theta", "stlf"})),
    ("counts of each class", frozenset({"nb"})),
    ("a single tree", frozenset({"dt"})),
)
"""What people can follow by themselves, the simplest first."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What knows nothing but the target.

    Attributes
    ----------
    is_beaten
        Whether the first one is better by more than noise; None: it could not be told.
    p
        Of the test against it over the folds; None where there was none.
    how
        By what that was judged, for a reader.
    """

    name: str
    score: float | None
    is_beaten: bool | None
    p: float | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The board in short.

    Attributes
    ----------
    first
        Who ranks first.
    others
        Those that rank after it and learned something, by rank.
    rivals
        Those of them that cannot be told from it.
    untold
        Those of which the folds are too few to tell.
    lags
        Model → how far it is behind, as a share of what the first one is better than the baseline; empty where that is
        not known.
    near
        Those of the rivals that are hardly behind: not to be told apart is not to be as good.
    lead
        How much better than the next one; never negative. None where there is none.
    lead_share
        The same as a share of what it is better than the baseline; None where that is not known.
    """

    first: BoardRow
    others: tuple[BoardRow, ...]
    rivals: tuple[BoardRow, ...]
    untold: tuple[BoardRow, ...]
    lags: Mapping[str, float]
    near: tuple[BoardRow, ...]
    baseline: Baseline | None
    lead: float | None
    lead_share: float | None

    @property
    def verdict(self) -> Literal["clear", "unclear", "nothing"]:
        if self.baseline is not None and self.baseline.is_beaten is False:
            return "nothing"
        is_clear = bool(self.others) and not self.rivals and not self.untold
        return "clear" if is_clear else "unclear"


def standing(evidence: ExplanationEvidence, thresholds: Thresholds) -> Standing:
    """Read the board; it has at least one model with a rank."""
    first, *rest = evidence.ranked
    ignorant = KNOWING_NOTHING.get(evidence.task, ())
    others = tuple(row for row in rest if row.model not in ignorant)
    baseline = _baseline(evidence, first, thresholds)
    behind = {row.model: abs(_judged(evidence, first) - _judged(evidence, row)) for row in others}
    lead = behind[others[0].model] if others else None
    gained = None
    if baseline is not None and baseline.score is not None:
        gained = abs(_judged(evidence, first) - baseline.score)
    lags = {model: lag / gained for model, lag in behind.items()} if gained else {}
    rivals = tuple(row for row in others if row.is_separable is False)
    return Standing(
        first=first,
        others=others,
        rivals=rivals,
        untold=tuple(row for row in others if row.is_separable is None),
        lags=lags,
        near=tuple(
            row for row in rivals if row.model in lags and lags[row.model] <= thresholds["explainer.lead_share"]
        ),
        baseline=baseline,
        lead=lead,
        lead_share=lags[others[0].model] if lags and others else None,
    )


def simplest(rows: Sequence[BoardRow]) -> tuple[BoardRow, str] | None:
    """Return the simplest of some models with what it is, in words; None where none is simple."""
    for words, models in _SIMPLE:
        for row in rows:
            if row.model in models:
                return row, words
    return None


def fastest(rows: Sequence[BoardRow]) -> BoardRow | None:
    """Return the one that is fitted in the least time; None where that is not known."""
    timed = [row for row in rows if row.fit_s is not None]
    return min(timed, key=lambda row: row.fit_s or 0.0) if timed else None


def _judged(evidence: ExplanationEvidence, row: BoardRow) -> float:
    assert row.mean is not None, "a model with a rank has a mean"
    return abs(row.mean) if evidence.nearest_zero else row.mean


def _baseline(evidence: ExplanationEvidence, first: BoardRow, thresholds: Thresholds) -> Baseline | None:
    """Hold the first one against what knows nothing: on the folds where that was scored, else on what is known of it.

    Either the folds or the rows held out may show that something was learned: few folds alone show little.
    """
    found = _of_board(evidence, first, thresholds) or _of_constant(evidence, first)
    looked = evidence.examination
    beyond = looked.beyond_baseline if looked is not None and evidence.best == first.model else None
    if beyond is None or looked is None or (found is not None and found.is_beaten):
        return found
    is_beaten = beyond.low > 0 if evidence.greater_is_better else beyond.high < 0
    if found is not None and not is_beaten:
        return found
    guess = "the most frequent class" if evidence.task == "classification" else "the mean"
    score = looked.baseline.get(evidence.metric)
    return Baseline(
        found.name if found is not None else f"guessing {guess}",
        found.score if found is not None and found.score is not None else score,
        is_beaten,
        how="by a paired bootstrap over the rows held out",
    )


def _of_board(evidence: ExplanationEvidence, first: BoardRow, thresholds: Thresholds) -> Baseline | None:
    ignorant = [row for row in evidence.ranked if row.model in KNOWING_NOTHING.get(evidence.task, ())]
    if not ignorant:
        return None
    row = ignorant[0]
    if row is first:
        return Baseline(row.name, row.mean, False, how="it ranks first itself")
    sign = -1.0 if evidence.nearest_zero and (first.mean or 0) < 0 else 1.0
    other = -1.0 if evidence.nearest_zero and (row.mean or 0) < 0 else 1.0
    ours = [None if value is None else sign * value for value in first.folds]
    theirs = [None if value is None else other * value for value in row.folds]
    p = p_of_no_difference(ours, theirs, test_ratio=evidence.test_ratio) if len(ours) == len(theirs) else None
    is_beaten = None if p is None else p < thresholds["explainer.p"]
    return Baseline(row.name, row.mean, is_beaten, p, "by the corrected paired t-test over the folds")


def _of_constant(evidence: ExplanationEvidence, first: BoardRow) -> Baseline | None:
    """Take what the metric comes to by itself, where the field had no baseline."""
    if evidence.task not in ("classification", "regression") or first.interval is None:
        return None
    shares = evidence.class_shares.values()
    known = max(shares) if evidence.metric == "Accuracy" and shares else _CONSTANT.get(evidence.metric)
    if known is None:
        return None
    is_beaten = first.interval.low > known
    guess = "the most frequent class" if evidence.task == "classification" else "the mean"
    return Baseline(f"guessing {guess}", known, is_beaten, how="by the 95 % interval of the mean")
