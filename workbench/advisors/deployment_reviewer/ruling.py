"""What a rule says, and what all rules look things up in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from workbench.advisors.advice import Evidence, Finding, Plot, RiskFlag, Severity
from workbench.advisors.deployment_reviewer.evidence import ReviewEvidence, Rival
from workbench.advisors.deployment_reviewer.measures import Measure
from workbench.advisors.examination import Examination
from workbench.advisors.table import Found
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue import TASKS, Metric


@dataclass(frozen=True, slots=True)
class Ruling:
    """One finding, and what follows from it.

    Attributes
    ----------
    phrase
        It in a few words, for the verdict; empty: it is not worth one.
    changes
        What it would have otherwise in a request, merged into `ReviewEvidence.request`: set-up options are added, all
        else is set, and what is None is taken out.
    mends
        Whether the mends of the pre-flight would help.
    """

    finding: Finding
    flag: RiskFlag | None = None
    phrase: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    mends: bool = False


class Case:
    """The evidence, and the numbers that it is held against."""

    def __init__(self, evidence: ReviewEvidence, thresholds: Thresholds) -> None:
        self.evidence = evidence
        self.reviewed = evidence.reviewed
        self.task = TASKS[evidence.reviewed.task]
        self.thresholds = thresholds

    def limit(self, name: str) -> float:
        """Return a threshold."""
        return self.thresholds[name]

    @property
    def examination(self) -> Examination | None:
        return self.evidence.examination

    def looked(self, *codes: str) -> Sequence[Found]:
        """Return what the pre-flight found of some codes."""
        return self.evidence.look.of(*codes) if self.evidence.look is not None else ()

    @cached_property
    def unseen(self) -> Sequence[str]:
        """What could not be looked at, and why: a sentence each, with the parts that it goes for."""
        told = list(self.evidence.notes)
        if self.evidence.look is not None and self.evidence.look.refusal is not None:
            told.append(self.evidence.look.refusal.message)
        told += [found.message for found in self.looked("table.unseen")]
        parts: dict[str, list[str]] = {}
        for note in self.examination.notes if self.examination is not None else ():
            if note.is_gap:
                parts.setdefault(note.about, []).extend([note.part] if note.part else [])
        for about, of in parts.items():
            told.append(f"{', '.join(of).capitalize()}: {about}" if of else about)
        return told

    @property
    def is_classes(self) -> bool:
        return self.reviewed.task == "classification"

    @property
    def sort(self) -> Metric | None:
        """The metric that ranked."""
        return self.task.metric(self.reviewed.sort)

    @cached_property
    def measure(self) -> Measure | None:
        """The measure in which skill is told: chance is 0 of it, and perfect 1; None for a task without one."""
        return Measure.of(self.reviewed)

    @property
    def shares(self) -> Mapping[str, float]:
        """Class → share of the rows that were learned from, the most frequent first."""
        total = sum(self.reviewed.classes.values())
        return {name: rows / total for name, rows in self.reviewed.classes.items()} if total else {}

    @property
    def scored(self) -> Sequence[Rival]:
        """The rivals that were scored on every fold, the best first."""
        return [rival for rival in self.evidence.rivals or () if rival.status == "scored" and rival.score is not None]

    def carried(self, column: str) -> float | None:
        """Return which part of what all columns carry one carries, by permutation; None where that is not known."""
        found = self.examination.importances if self.examination is not None else None
        total = sum(max(0.0, each.drop) for each in found or ())
        if not found or total <= 0:
            return None
        return max(0.0, next((each.drop for each in found if each.column == column), 0.0)) / total

    def is_of_copies(self, repeated: Found) -> bool:
        """Whether most rows are tested on copies of rows that were learned from."""
        told = repeated.measured
        across = float(told.get("across_folds") or 0.0)
        return repeated.severity != "note" and bool(told.get("copied")) and across >= self.limit("reviewer.copied")

    def leans_on(self, column: str) -> bool:
        """Whether the model goes by an identifier: by a part that matters, and by more than shuffling brings about."""
        found = self.examination.importances if self.examination is not None else None
        own = next((each for each in found or () if each.column == column), None)
        carried = self.carried(column)
        if own is None or carried is None or carried < self.limit("reviewer.identifier_carries"):
            return False
        return own.drop > self.limit("reviewer.drop_noise") * own.std

    def ruling(
        self,
        id: str,
        severity: Severity,
        claim: str,
        recommendation: str = "",
        *,
        flag: RiskFlag | None = None,
        phrase: str = "",
        measured: Mapping[str, Any] | None = None,
        held: Sequence[str] = (),
        columns: Sequence[str] = (),
        plot: Plot | None = None,
        changes: Mapping[str, Any] | None = None,
        mends: bool = False,
    ) -> Ruling:
        """Make a ruling.

        Parameters
        ----------
        held
            Names of the thresholds that it was held against.
        """
        return Ruling(
            Finding(
                id=id,
                severity=severity,
                evidence=Evidence(
                    claim=claim,
                    measured=dict(measured or {}),
                    thresholds=tuple(held),
                    columns=tuple(columns),
                    plot=plot,
                ),
                recommendation=recommendation,
            ),
            flag,
            phrase,
            changes or {},
            mends,
        )
