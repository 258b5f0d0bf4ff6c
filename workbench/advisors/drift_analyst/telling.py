"""Findings of single columns, as sentences with their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workbench.advisors.advice import Evidence, Finding, Plot, Series, Severity
from workbench.advisors.drift_analyst.evidence import Cell, Shift
from workbench.advisors.drift_analyst.ruling import Level, Moved

SEVERITIES: Mapping[Level, Severity] = {
    Level.RETRAIN: "blocking",
    Level.INVESTIGATE: "warning",
    Level.MONITOR: "note",
    Level.NONE: "note",
}
INDICES = ("drift.psi_monitor", "drift.psi_investigate", "drift.psi_retrain", "drift.alpha")
VALUES_NAMED = 5


def of_moved(moved: Moved, *, target: str | None, tests: int, correction: str) -> Finding:
    """Tell that something drifted."""
    shift = moved.shift
    claim = (
        f"{subject(shift, target)} moved: PSI {_index(shift)}{_most_told(shift)}. {_tested(shift, tests, correction)}"
    )
    return Finding(
        id=id_of(shift),
        severity=SEVERITIES[moved.level],
        evidence=Evidence(
            claim=claim,
            measured=measured(shift),
            thresholds=INDICES,
            columns=_columns(shift, target),
            plot=_plot(shift, target),
        ),
        recommendation=_recommended(moved),
    )


def of_date(shift: Shift) -> Finding:
    """Tell how far dates went on, which is no drift."""
    beyond = f", {shift.outside:.0%} of the rows beyond the last that was learned from" if shift.outside else ""
    claim = (
        f"{shift.name} is a date and went on, median {shown(shift.typical_reference)} → {shown(shift.typical_live)}"
        f"{beyond}: that bears on no verdict, as dates do so by themselves."
    )
    evidence = Evidence(claim=claim, measured=measured(shift), columns=_columns(shift, None), plot=_plot(shift, None))
    return Finding(
        id=f"dates:{shift.name}",
        severity="note",
        evidence=evidence,
        recommendation="Where the model takes the date for a number, it never learned from such ones: leave it out.",
    )


def of_gaps(moved: Moved) -> Finding:
    """Tell that more values are missing, or fewer."""
    shift = moved.shift
    how = "are missing more often" if moved.level > Level.MONITOR else "are missing less often"
    p = _p(shift.missing_p_corrected)
    claim = (
        f"Values of {shift.name} {how}: {share(shift.missing_reference)} of the rows learned from, "
        f"{share(shift.missing_live)} of the live ones (Fisher's exact test, corrected {p})."
    )
    return Finding(
        id=f"missing:{shift.name}",
        severity=SEVERITIES[moved.level],
        evidence=Evidence(
            claim=claim,
            measured=measured(shift),
            thresholds=("drift.missing_rise", "drift.alpha"),
            columns=_columns(shift, None),
        ),
        recommendation=(
            f"Find out why {shift.name} does not arrive: training anew would only teach the gap."
            if moved.level > Level.MONITOR
            else ""
        ),
    )


def of_fresh(shift: Shift, severity: Severity) -> Finding:
    """Name the values that are new."""
    named = ", ".join(f"{value.value} ({value.rows:,})" for value in shift.fresh[:VALUES_NAMED])
    more = ", …" if len(shift.fresh) > VALUES_NAMED else ""
    of = share(shift.fresh_rows / max(1, shift.live_rows))
    claim = f"{shift.name} has values that no row learned from had, in {shift.fresh_rows:,} live rows ({of}): {named}"
    return Finding(
        id=f"new_values:{shift.name}",
        severity=severity,
        evidence=Evidence(
            claim=f"{claim}{more}.",
            measured=measured(shift),
            thresholds=("drift.fresh_share",),
            columns=(shift.name,),
        ),
        recommendation="The model knows nothing of them: have such rows in the next training, or map them before.",
    )


def of_outside(shift: Shift) -> Finding:
    """Tell that numbers lie beyond all that was learned from."""
    claim = (
        f"{share(shift.outside or 0.0)} of the live values of {shift.name} lie beyond all learned from "
        f"({shown(shift.low)} to {shown(shift.high)})."
    )
    return Finding(
        id=f"outside:{shift.name}",
        severity="note",
        evidence=Evidence(
            claim=claim, measured=measured(shift), thresholds=("drift.fresh_share",), columns=(shift.name,)
        ),
        recommendation="Look at these rows: a model's answers outside of what it knows are guesses.",
    )


def of_unfit(shift: Shift, live_rows: int, severity: Severity) -> Finding:
    """Tell that values are of another type."""
    claim = (
        f"{shift.unfit:,} of {live_rows:,} live values of {shift.name} are of another type than those learned from, "
        "and are left out."
    )
    return Finding(
        id=f"type:{shift.name}",
        severity=severity,
        evidence=Evidence(
            claim=claim, measured=measured(shift), thresholds=("drift.missing_rise",), columns=(shift.name,)
        ),
        recommendation=f"Have {shift.name} sent as the pipeline takes it.",
    )


def id_of(shift: Shift) -> str:
    return f"moved:{shift.name}" if shift.of == "input" else f"moved_{shift.of}"


def measured(shift: Shift) -> dict[str, Any]:
    """Return all that was measured of it but what is drawn."""
    told = shift.model_dump(mode="json", exclude={"cells"}, exclude_none=True)
    return told | {"psi_beyond_chance": shift.effect} if shift.psi is not None else told


def share(value: float) -> str:
    """Write a share as people say it; what is neither none nor all is never told so."""
    if 0 < value < 0.001:
        return "less than 0.1 %"
    return f"{100 * value:.3g} %"


def shown(value: float | str | None) -> str:
    """Write a number, a date or a label into a sentence."""
    if value is None or isinstance(value, str):
        return f"'{value}'" if isinstance(value, str) and not _is_date(value) else str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def subject(shift: Shift, target: str | None) -> str:
    """Name what a shift is of, as a sentence begins."""
    if shift.of == "prediction":
        return "What is predicted"
    if shift.of == "score":
        return "The score of what is predicted"
    return f"The target {target}" if shift.of == "target" else shift.name


def _index(shift: Shift) -> str:
    psi, effect = shift.psi or 0.0, shift.effect
    return f"{psi:.2f} ({effect:.2f} beyond what chance adds)" if psi - effect >= 0.005 else f"{psi:.2f}"


def _most_told(shift: Shift) -> str:
    """Tell in a few words how it moved."""
    if shift.form == "category":
        cell = max(shift.cells, key=lambda cell: abs(cell.live - cell.reference), default=None)
        if cell is not None:
            return f", '{cell.label}' {share(cell.reference)} → {share(cell.live)}"
        return f", most often {shown(shift.typical_reference)} → {shown(shift.typical_live)}"
    return f", median {shown(shift.typical_reference)} → {shown(shift.typical_live)}"


def _tested(shift: Shift, tests: int, correction: str) -> str:
    statistic = f" statistic {shift.statistic:.3g}," if shift.statistic is not None else ""
    return (
        f"{shift.test} test:{statistic} {_p(shift.p_corrected)}, by {correction}'s correction for {tests:,} tests; "
        f"{shift.reference_rows:,} rows against {shift.live_rows:,}."
    )


def _p(p: float | None) -> str:
    return "p < 0.001" if p is not None and p < 0.001 else f"p = {p or 0.0:.2g}"


def _columns(shift: Shift, target: str | None) -> Sequence[str]:
    if shift.of == "input":
        return (shift.name,)
    return (target,) if shift.of == "target" and target else ()


def _recommended(moved: Moved) -> str:
    shift = moved.shift
    if moved.level == Level.MONITOR:
        return "Look again with more rows."
    if shift.of == "input":
        return f"Find out what changed where {shift.name} comes from; where that is real, train on rows that have it."
    if shift.of == "target":
        return "Train on rows of today: what the model takes for usual is not so any more."
    return "Look at which inputs moved, and get the truth of some of these rows to see whether the answers still hold."


def _plot(shift: Shift, target: str | None) -> Plot | None:
    if not shift.cells:
        return None
    labels = [cell.label for cell in shift.cells]

    def series(name: str, of: Sequence[Cell]) -> Series:
        values = [cell.reference if name == "learned from" else cell.live for cell in of]
        return Series(name=name, x=labels, y=values)

    title = f"{subject(shift, target)}: learned from and live"
    both = tuple(series(name, shift.cells) for name in ("learned from", "live"))
    return Plot(kind="columns", title=title, series=both, x_title=shift.name, y_title="share of the values")
