"""How the table differs from the version before."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.advisors.advice import Plot, Series
from workbench.advisors.dataset_analyst.evidence import Changed, DatasetEvidence
from workbench.advisors.dataset_analyst.remark import Remark, listed, remark
from workbench.advisors.thresholds import Thresholds

_BARS = 15
"""Columns that a plot shows."""


def remarks(evidence: DatasetEvidence, thresholds: Thresholds) -> Iterator[Remark]:
    """Look for columns that came, went, or are spread in another way; nothing where there is no earlier version."""
    change = evidence.change
    if change is None:
        return
    moved = sorted(
        (each for each in change.columns if _psi(each) >= thresholds["analyst.psi"]), key=lambda each: -_psi(each)
    )
    emptied = [
        each
        for each in change.columns
        if abs(each.missing - each.missing_before) >= thresholds["analyst.missing_change"]
    ]
    others = [*change.added, *change.removed, *(name for name, _, _ in change.kinds)]
    if not moved and not emptied and not others:
        yield remark(
            "version.alike",
            "good",
            f"Nothing differs much from version {change.version}, which has {change.rows:,} rows.",
            measured={"version": change.version, "rows": change.rows},
            thresholds=("analyst.psi", "analyst.missing_change"),
        )
        return
    if others:
        told = [
            f"{listed(change.added)} came" if change.added else "",
            f"{listed(change.removed)} went" if change.removed else "",
            *(f"'{name}' was {before} and is {now}" for name, before, now in change.kinds[:3]),
        ]
        yield remark(
            "version.columns",
            "warning",
            f"The columns differ from version {change.version}: {'; '.join(filter(None, told))}.",
            "A pipeline that learned from that version refuses these rows, or misreads them.",
            measured={
                "added": list(change.added),
                "removed": list(change.removed),
                "kinds": [list(k) for k in change.kinds],
            },
            columns=tuple(others),
            mend=f"columns that differ from version {change.version}",
        )
    if moved:
        is_other = _psi(moved[0]) >= thresholds["analyst.psi_changed"]
        shown = moved[:_BARS]
        series = Series(name="PSI", x=[_psi(each) for each in shown], y=[each.name for each in shown])
        yield remark(
            "version.drift",
            "warning" if is_other else "note",
            f"{len(moved):,} column{' differs' if len(moved) == 1 else 's differ'} from version {change.version} "
            f"beyond chance; '{moved[0].name}' most, by a population stability index of {_psi(moved[0]):.2f}.",
            "Find out what changed. What was learned from that version may not hold any more.",
            measured={
                "psi": {each.name: each.psi for each in shown},
                "noise": {each.name: each.noise for each in shown},
            },
            thresholds=("analyst.psi", "analyst.psi_changed"),
            columns=tuple(each.name for each in moved),
            plot=Plot(kind="bars", title=f"Drift since version {change.version}", series=(series,), x_title="PSI"),
            mend=f"columns that changed since version {change.version}" if is_other else "",
        )
    if emptied:
        worst = max(emptied, key=lambda each: abs(each.missing - each.missing_before))
        yield remark(
            "version.missing",
            "warning",
            f"'{worst.name}' lacks {worst.missing:.0%} of its values, and lacked {worst.missing_before:.0%} in version "
            f"{change.version}.",
            "Find out what fills these columns, and since when.",
            measured={each.name: [each.missing_before, each.missing] for each in emptied[:_BARS]},
            thresholds=("analyst.missing_change",),
            columns=tuple(each.name for each in emptied),
            mend=f"gaps that version {change.version} had not",
        )


def _psi(changed: Changed) -> float:
    """Return the index, 0 where it is within what chance brings about, or cannot be had."""
    if changed.psi is None or changed.psi <= (changed.noise or 0):
        return 0.0
    return changed.psi
