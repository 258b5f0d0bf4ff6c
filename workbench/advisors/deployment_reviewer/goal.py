"""Rules about the goal: whether what ranked is what the predictions are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workbench.advisors.advice import Plot, Series
from workbench.advisors.deployment_reviewer.ruling import Case, Ruling
from workbench.advisors.experiment_designer.goal import understand
from workbench.advisors.experiment_designer.words import vocabulary
from workbench.advisors.table import Table

PROBABILITIES = "probabilities"
_SERVE: Mapping[str, tuple[str, ...]] = {
    "catch_all": ("Recall", "F1", "AUC"),
    "few_alarms": ("Prec.", "F1"),
    "ranking": ("AUC",),
    PROBABILITIES: ("AUC",),
    "accuracy": ("Accuracy", "Kappa", "MCC"),
    "balance": ("F1", "MCC", "Kappa"),
    "large_errors": ("RMSE", "MSE", "R2"),
    "typical_error": ("MAE",),
    "percent": ("MAPE", "RMSLE", "WAPE", "SMAPE"),
    "scale": ("RMSLE", "MAPE"),
    "volume": ("WAPE", "MAE"),
}
"""Wish → metrics that rank for it well enough; the designer's choice, which comes first, is in its ``words.toml``."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a goal wishes of the metric.

    Attributes
    ----------
    metrics
        Metrics that serve it, the best first.
    about
        What it is, in a few words.
    """

    name: str
    metrics: tuple[str, ...]
    about: str


def wishes(case: Case) -> list[Wish]:
    """Return what the goal wishes, as the experiment designer reads it; what it does not understand is not judged."""
    if not case.evidence.goal.strip():
        return []
    task = case.reviewed.task
    goal = understand(case.evidence.goal, Table(source_id="", name="", rows=0, columns=()), case.thresholds)
    if task in goal.metrics:
        return [Wish("named", (goal.metrics[task],), goal.metrics[task])]
    known = vocabulary()["wishes"]
    return [
        Wish(name, tuple(dict.fromkeys((known[name][task], *_SERVE.get(name, ())))), known[name]["about"])
        for name in goal.wishes
        if task in known[name]
    ]


def metric(case: Case) -> Iterator[Ruling]:
    """The metric that ranked must be one that the goal is about, and one that tells models apart."""
    sort, shares = case.reviewed.sort, case.shares
    asked = wishes(case)
    unserved = [wish for wish in asked if not _serves(case, wish)]
    if unserved and len(unserved) == len(asked):
        wish = unserved[0]
        yield case.ruling(
            f"metric.goal:{wish.name}",
            "warning",
            f"The goal asks for {wish.about}, and models were ranked by {sort}, which does not tell of that.",
            f"Compare again, ranked by {wish.metrics[0]}.",
            flag="metric_mismatch",
            phrase=f"it was chosen by {sort}, and the goal is {wish.about}",
            measured={"goal": case.evidence.goal, "sort": sort, "fits": list(wish.metrics)},
            changes={"sort": wish.metrics[0]},
        )
    top = max(shares.values(), default=0.0)
    if sort == "Accuracy" and not unserved and top >= case.limit("reviewer.accuracy_share"):
        common = max(shares, key=lambda name: shares[name])
        yield case.ruling(
            "metric.accuracy",
            "warning",
            f"{top:.1%} of the rows are '{common}', and models were ranked by Accuracy: one that always says so is "
            "right as often.",
            "Compare again, ranked by MCC.",
            flag="metric_mismatch",
            phrase="it was chosen by Accuracy on uneven classes",
            measured={"class": common, "share": round(top, 4)},
            held=("reviewer.accuracy_share",),
            changes={"sort": "MCC"},
        )


def _serves(case: Case, wish: Wish) -> bool:
    if case.reviewed.sort in wish.metrics:
        return True
    # Whether probabilities are right is looked at by itself.
    return wish.name == PROBABILITIES and case.examination is not None and case.examination.calibration is not None


def calibration(case: Case) -> Iterator[Ruling]:
    """A probability of 0.8 must come true eight times in ten, where somebody reads it as one."""
    found = case.examination.calibration if case.examination is not None else None
    if found is None:
        return
    beyond = found.error - found.expected
    matters = any(wish.name == PROBABILITIES for wish in wishes(case))
    least = case.limit("reviewer.calibration_asked" if matters else "reviewer.calibration_unasked")
    of = f"of '{found.of}' " if found.of else ""
    told = (
        f"Predicted probabilities {of}are off by {found.error:.3f} on average; where all were right, chance would make "
        f"that {found.expected:.3f}"
    )
    measured = {"error": found.error, "expected": found.expected, "p": found.p, "brier": found.brier}
    if found.p >= case.limit("reviewer.p"):
        if matters:
            yield case.ruling("calibration.good", "good", f"{told}: no more than noise.", measured=measured)
        return
    is_off = beyond >= least
    yield case.ruling(
        "calibration.off",
        "warning" if is_off else "note",
        f"{told} (p {found.p:.2g}).",
        "Calibrate it before anybody reads its scores as probabilities.",
        flag="miscalibrated" if is_off else None,
        phrase="its probabilities are off" if is_off else "",
        measured=measured,
        held=("reviewer.calibration_asked" if matters else "reviewer.calibration_unasked", "reviewer.p"),
        plot=_reliability(case),
    )


def _reliability(case: Case) -> Plot:
    assert case.examination is not None and case.examination.calibration is not None
    bins = case.examination.calibration.bins
    line = Series(name="observed", x=[each.predicted for each in bins], y=[each.observed for each in bins])
    even = Series(name="as predicted", x=[0, 1], y=[0, 1])
    return Plot(
        kind="lines",
        title="What came true of what was predicted",
        series=(line, even),
        x_title="predicted probability",
        y_title="share that came true",
    )
