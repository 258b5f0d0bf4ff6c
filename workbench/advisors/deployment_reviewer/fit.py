"""Rules about the model: whether it learned more than chance, by heart, and more than the next one."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.advisors.advice import Plot, Series, Severity
from workbench.advisors.deployment_reviewer.evidence import Rival
from workbench.advisors.deployment_reviewer.measures import beats_chance, chance
from workbench.advisors.deployment_reviewer.ruling import Case, Ruling
from workbench.catalogue import time_series

BASELINES = ("dummy", "grand_means", *time_series.BASELINES)
_LINEAR = (
    *("lr", "ridge", "nb", "lda", "lasso", "en", "lar", "llar", "omp", "br", "ard", "par", "huber", "ransac", "tr"),
    *("polytrend", "theta"),
)
_AVERAGING = ("rf", "et")
"""Models whose score on the rows that they learned from is next to perfect whatever the table, and says nothing."""
SIMPLE = ("lr", "ridge", "nb")
"""What a suspicion is held against: models that cannot learn rows by heart."""


def tier(kinds: tuple[str, ...]) -> int:
    """Return how much a model can learn by heart: 0 nothing, 1 little, 2 as much as it likes."""
    if all(kind in BASELINES for kind in kinds):
        return 0
    return 1 if all(kind in (*_LINEAR, *BASELINES) for kind in kinds) else 2


def baseline(case: Case) -> Iterator[Ruling]:
    """A model must do better than always saying the same."""
    reviewed = case.reviewed
    if case.task.has_target and tier(reviewed.kinds) == 0 and reviewed.task != "time_series":
        yield case.ruling(
            "baseline.itself",
            "blocking",
            f"{reviewed.model_name} is the baseline: it always says the same, whatever the row.",
            "Deploy a model that learned something.",
            flag="no_better_than_baseline",
            phrase="it is the baseline itself",
        )
        return
    names = [name for name in dict.fromkeys((reviewed.sort, "AUC", "MCC", "R2")) if name in reviewed.metrics]
    beaten = {name: beats_chance(name, reviewed.metrics[name], reviewed) for name in names}
    rival = next((rival for rival in case.scored if tier(rival.kinds) == 0), None)
    by_chance = [name for name, better in beaten.items() if better is False]
    if any(beaten.values()) or _held_out_beats(case):
        return
    if rival is not None and (rival.is_separable or rival.is_separable is None):
        return
    if rival is None and not by_chance:
        return
    against = (
        f"{rival.name} comes to {rival.score:.4f}"
        if rival is not None
        else f"always saying the same comes to {_levels(case, by_chance)}"
    )
    own = reviewed.metrics.get(reviewed.sort)
    yield case.ruling(
        "baseline.chance",
        "blocking",
        f"It is not better than chance beyond noise: by {reviewed.sort} {reviewed.model_name} comes to "
        f"{'nothing' if own is None or own.mean is None else f'{own.mean:.4f}'}, {against}.",
        "Look for columns that tell more of the target before anything is deployed.",
        flag="no_better_than_baseline",
        phrase="it is no better than chance",
        measured={name: reviewed.metrics[name].mean for name in names},
    )


def _levels(case: Case, names: list[str]) -> str:
    return ", ".join(f"{name} {chance(name, case.reviewed):.4g}" for name in names)


def _held_out_beats(case: Case) -> bool:
    """Whether the rows held out show more than chance, where few folds cannot."""
    found = case.examination
    if found is None or found.beyond_baseline is None:
        return False
    return found.beyond_baseline.low > 0 if found.greater_is_better else found.beyond_baseline.high < 0


def overfit(case: Case) -> Iterator[Ruling]:
    """A model may be perfect on what it learned; it must not be much worse on what it did not, for nothing.

    Suspicion takes either a held-out score below what the folds promised, by more than the noise of both; or that more
    than half of the skill shown on rows learned from is gone on others, of a model that can learn rows by heart, and
    nothing shows that this pays: a simpler model of the board is as good, or the folds differ widely, or there is no
    such comparison and the model is not one that averages trees, which know their own rows whatever the table.
    """
    examination, measure, reviewed = case.examination, case.measure, case.reviewed
    if examination is None or measure is None or examination.rows_examined < case.limit("reviewer.held_out_least"):
        return
    yield from _drop(case)
    learned, held = measure.skill(examination.learned), measure.skill(examination.held_out)
    if learned is None or held is None or learned <= case.limit("reviewer.learned_skill"):
        return
    lost = (learned - held) / learned
    simpler = next((rival for rival in case.scored if tier(rival.kinds) < tier(reviewed.kinds)), None)
    as_good = simpler is not None and simpler.is_separable is False
    pays = simpler is not None and simpler.is_separable is True
    averages = set(reviewed.kinds) <= set(_AVERAGING) or reviewed.recipe_kind in ("bagging", "blend", "stack")
    unstable = _is_unstable(case)
    able = tier(reviewed.kinds) > 1
    suspect = lost >= case.limit("reviewer.skill_lost") and able and not pays and (as_good or unstable or not averages)
    words = (
        f"Its {measure.metric} is {examination.learned[measure.metric]:.3f} on rows that it learned from and "
        f"{examination.held_out[measure.metric]:.3f} on {examination.rows_examined:,} that it did not: {lost:.0%} of "
        "the skill is gone"
    )
    measured = {"learned": learned, "held_out": held, "lost": lost, "measure": measure.metric}
    if suspect:
        why = (
            f"{simpler.name}, which cannot learn rows by heart, is as good"
            if simpler is not None and as_good
            else "the folds differ widely too"
            if unstable
            else "no simpler model was compared that would show that this pays"
        )
        yield case.ruling(
            "overfit.gap",
            "warning",
            f"{words}, and {why}.",
            "Compare it with simpler models, or hold it back (fewer leaves, more rows a leaf), and take the simpler "
            "one where the score is the same.",
            flag="overfit",
            phrase="it may have learned rows by heart",
            measured=measured,
            held=("reviewer.skill_lost", "reviewer.learned_skill", "reviewer.held_out_least"),
            plot=_bars(measure.metric, examination.learned[measure.metric], examination.held_out[measure.metric]),
            changes={} if simpler is not None else _compared(case),
        )
    elif lost >= case.limit("reviewer.skill_lost"):
        reason = (
            "simpler models are worse beyond noise"
            if pays
            else "forests know their own rows by heart, always"
            if able
            else "it cannot learn rows by heart"
        )
        yield case.ruling(
            "fit.gap",
            "note",
            f"{words}; {reason}, so that alone is no worry.",
            measured=measured,
            held=("reviewer.skill_lost",),
        )


def _drop(case: Case) -> Iterator[Ruling]:
    """Hold the rows held out against what the folds promised."""
    examination, reviewed = case.examination, case.reviewed
    assert examination is not None
    own, here = reviewed.metrics.get(examination.metric), examination.score
    interval = examination.held_out_interval
    if own is None or own.mean is None or own.low is None or own.high is None or here is None or interval is None:
        return
    level = chance(examination.metric, reviewed)
    worse = interval.high < own.low if examination.greater_is_better else interval.low > own.high
    reach = abs(own.mean - level) if level is not None else abs(own.mean)
    share = abs(own.mean - here) / reach if reach else 0.0
    told = (
        f"{examination.metric} is {own.mean:.4f} over the folds ({own.low:.4f} to {own.high:.4f}) and {here:.4f} "
        f"({interval.low:.4f} to {interval.high:.4f}) on {examination.rows_examined:,} rows held out"
    )
    measured = {"folds": own.mean, "held_out": here, "share": share}
    if worse and share >= case.limit("reviewer.drop_share"):
        yield case.ruling(
            "overfit.drop",
            "warning",
            f"{told}: worse than the folds promised, by more than the noise of both.",
            "Find out whether it was chosen by too many tries on the same folds, or the rows held out are others; "
            "judge it on fresh rows.",
            flag="overfit",
            phrase="rows held out do not bear the folds out",
            measured=measured,
            held=("reviewer.drop_share",),
        )
    elif not worse and not any(case.is_of_copies(seen) for seen in case.looked("rows.duplicate")):
        yield case.ruling("fit.confirmed", "good", f"{told}: the one bears the other out.", measured=measured)


def _is_unstable(case: Case) -> bool:
    assert case.measure is not None
    found = case.reviewed.metrics.get(case.measure.metric)
    skill = case.measure.cross_validated(case.reviewed)
    if found is None or found.std is None or not skill or skill <= 0:
        return False
    return found.std / (1 - case.measure.chance) / skill >= case.limit("reviewer.fold_spread")


def _bars(metric: str, learned: float | None, held: float | None) -> Plot:
    bars = Series(name=metric, x=["learned from", "held out"], y=[learned, held])
    return Plot(kind="columns", title=f"{metric} on rows of both kinds", series=(bars,), y_title=metric)


def _compared(case: Case) -> dict[str, object]:
    known = [model for model in SIMPLE if case.task.model(model) is not None]
    include = [*dict.fromkeys([*known, *case.reviewed.kinds])]
    return {"plan": "compare", "include": include, "model": None, "options": None}


def margin(case: Case) -> Iterator[Ruling]:
    """A winner that is ahead by less than noise is no winner; the simpler of the two then serves better."""
    reviewed = case.reviewed
    own = reviewed.metrics.get(reviewed.sort)
    rivals = [rival for rival in case.scored if tier(rival.kinds) > 0 or reviewed.task == "time_series"]
    if own is None or own.mean is None or not rivals:
        return
    level = [rival for rival in rivals if rival.is_separable is False]
    if not level:
        second = rivals[0]
        if second.is_separable and second.score is not None:
            yield case.ruling(
                "margin.clear",
                "good",
                f"It is ahead of {second.name}, the next, by {abs(own.mean - second.score):.4f} in {reviewed.sort}: "
                "more than noise.",
            )
        return
    simpler = next((rival for rival in level if tier(rival.kinds) < tier(reviewed.kinds)), None)
    nearest = simpler or level[0]
    assert nearest.score is not None
    is_told = simpler is not None and reviewed.folds >= case.limit("reviewer.folds_least")
    severity: Severity = "warning" if is_told else "note"
    many = f" {len(level)} models are level with it." if len(level) > 1 else ""
    yield case.ruling(
        "margin.noise",
        severity,
        f"{reviewed.sort} is {own.mean:.4f} of {reviewed.model_name} and {nearest.score:.4f} of {nearest.name}: the "
        f"difference is within noise over {reviewed.folds} folds.{many}",
        f"Take {nearest.name}: it is simpler and as good."
        if is_told
        else "Choose by speed, size or how well it can be explained.",
        flag="tiny_margin",
        phrase=f"{nearest.name} is simpler and as good" if is_told else "",
        measured={"margin": own.mean - nearest.score, "level": [rival.model for rival in level]},
        plot=_board(case, level),
    )


def _board(case: Case, level: list[Rival]) -> Plot:
    reviewed = case.reviewed
    rivals = level[:5]
    bars = Series(
        name=reviewed.sort,
        x=[reviewed.metrics[reviewed.sort].mean, *(rival.score for rival in rivals)],
        y=[reviewed.model_name, *(rival.name for rival in rivals)],
    )
    return Plot(kind="bars", title=f"Level with it by {reviewed.sort}", series=(bars,), x_title=reviewed.sort)


def board(case: Case) -> Iterator[Ruling]:
    """What the board does not show whole."""
    failed = [rival for rival in case.evidence.rivals or () if rival.status in ("failed", "timed_out")]
    if failed:
        share = len(failed) / (len(case.evidence.rivals or ()) + 1)
        many = share >= case.limit("reviewer.failed_share")
        first = failed[0]
        yield case.ruling(
            "board.failed",
            "warning" if many else "note",
            f"{len(failed)} of {len(case.evidence.rivals or ()) + 1} models of the field could not be scored: "
            f"{first.name}: {first.reason or 'no reason was given'}",
            "Have the run diagnosed: what failed might have been better, and what made it fail may matter in use.",
            flag="failed_models",
            phrase="much of the field failed" if many else "",
            measured={"failed": [rival.model for rival in failed], "share": round(share, 4)},
            held=("reviewer.failed_share",),
        )
    if case.reviewed.racing:
        yield case.ruling(
            "board.raced",
            "note",
            "Models raced: one that could not catch the leader stopped early, so the field was not scored whole.",
        )
