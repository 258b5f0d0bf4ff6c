"""The envelope of every advice: what is said, what shows it, what could be done. An advisor proposes, it never acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

AdvisorName = Literal[
    "dataset_analyst",
    "experiment_designer",
    "run_explainer",
    "failure_debugger",
    "deployment_reviewer",
    "drift_analyst",
]
TITLES: Mapping[AdvisorName, str] = {
    "dataset_analyst": "Dataset analyst",
    "experiment_designer": "Experiment designer",
    "run_explainer": "Run explainer",
    "failure_debugger": "Failure debugger",
    "deployment_reviewer": "Deployment reviewer",
    "drift_analyst": "Drift analyst",
}

Severity = Literal["blocking", "warning", "note", "good"]
SEVERITIES: tuple[Severity, ...] = ("blocking", "warning", "note", "good")

Tone = Literal["success", "warning", "danger"]
VERDICTS: Mapping[AdvisorName, Mapping[str, Tone]] = {
    "dataset_analyst": {"READY WITH MENDS: ": "warning", "NOT READY: ": "danger", "READY": "success"},
    "experiment_designer": {"DESIGNED: ": "success", "DESIGNED WITH DOUBTS: ": "warning", "UNCLEAR: ": "danger"},
    "run_explainer": {"A CLEAR WINNER: ": "success", "NO CLEAR WINNER: ": "warning", "NOTHING LEARNED: ": "danger"},
    "failure_debugger": {"DATA: ": "danger", "CONFIG: ": "danger", "ENGINE: ": "danger"},
    "deployment_reviewer": {"APPROVE WITH CAVEATS: ": "warning", "DO NOT DEPLOY: ": "danger", "APPROVE": "success"},
    "drift_analyst": {"RETRAIN NOW": "danger", "INVESTIGATE": "warning", "MONITOR": "warning", "NO ACTION": "success"},
}
"""Beginnings of an advisor's verdicts and the tone of each."""
TONES: Mapping[str, Tone] = {opening: tone for own in VERDICTS.values() for opening, tone in own.items()}
"""Beginnings of all verdicts and the tone of each."""

RiskFlag = Literal[
    "leak",
    "identifier",
    "imbalance",
    "small_sample",
    "duplicate_rows",
    "wide_table",
    "overfit",
    "tiny_margin",
    "no_better_than_baseline",
    "miscalibrated",
    "weak_segment",
    "fairness_gap",
    "metric_mismatch",
    "missing_imputer",
    "missing_encoder",
    "version_skew",
    "unverified_artifact",
    "slow",
    "large",
    "drift_unmonitored",
    "drift_inputs",
    "drift_predictions",
    "drift_target",
    "too_few_rows",
    "failed_models",
]
"""What an advice may warn of, by name; callers may rely on these names."""


class Told(BaseModel):
    """Base of what is stored and sent as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Series(Told):
    """One line, or one set of bars, points or cells, of a plot.

    Attributes
    ----------
    x, y
        As many of one as of the other; of a ``matrix`` `x` names the columns and `y` holds its cells.
    low, high
        Bounds of an interval at each place; empty: none.
    """

    name: str
    x: tuple[Any, ...]
    y: tuple[Any, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


class Plot(Told):
    """What shows a finding better than words: plain data, which a face draws.

    Attributes
    ----------
    kind
        ``bars`` (horizontal, a label each), ``columns`` (vertical), ``lines``, ``points``, or ``matrix``, whose series
        are its rows.
    """

    kind: Literal["bars", "columns", "lines", "points", "matrix"]
    title: str
    series: tuple[Series, ...]
    x_title: str = ""
    y_title: str = ""


class Evidence(Told):
    """What shows that a finding is so.

    Attributes
    ----------
    claim
        One sentence, or two, with the numbers that matter in it.
    measured
        Those numbers and what else was measured, by name, as JSON holds it.
    thresholds
        Names of the thresholds that they were held against, see `workbench.advisors.thresholds`.
    columns
        Columns of the table that it is about.
    """

    claim: str
    measured: Mapping[str, Any] = Field(default_factory=dict)
    thresholds: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    plot: Plot | None = None


class Finding(Told):
    """One thing that an advisor found.

    Attributes
    ----------
    id
        What kind of finding it is, and where an advice may have several of a kind, after a colon which of them, such
        as ``leak.copy:income``. No two of an advice have the same.
    recommendation
        What to do about it, in a sentence; empty: nothing.
    """

    id: str
    severity: Severity
    evidence: Evidence
    recommendation: str = ""


class Advice(Told):
    """What an advisor answers.

    Attributes
    ----------
    verdict
        Begins with one of the words that this advisor has, see `TONES`.
    reasoning_summary
        A short paragraph: why that verdict.
    findings
        The gravest first.
    suggested_config
        Arguments of ``Runs.submit`` that a person may launch; None: there is nothing to launch.
    suggested_action
        What a person should do next, in a sentence.
    """

    verdict: str
    reasoning_summary: str
    findings: tuple[Finding, ...] = ()
    suggested_config: Mapping[str, Any] | None = None
    suggested_action: str = ""
    risk_flags: tuple[RiskFlag, ...] = ()

    @property
    def tone(self) -> Tone:
        return tone(self.verdict)

    def finding(self, id: str) -> Finding | None:
        """Return the finding with an id; None where there is none."""
        return next((finding for finding in self.findings if finding.id == id), None)


def tone(verdict: str) -> Tone:
    """Return the tone of a verdict by its beginning, the longest that fits; ``warning`` where none does.

    >>> tone("APPROVE WITH CAVEATS: the sample is small")
    'warning'
    """
    fitting = [beginning for beginning in TONES if verdict.startswith(beginning)]
    return TONES[max(fitting, key=len)] if fitting else "warning"


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Put the gravest first; among equals the order stays."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def sentence(parts: Sequence[str], *, most: int = 3) -> str:
    """Join a few words each into what follows a verdict's beginning.

    >>> sentence(["a leak", "a small sample"])
    'a leak; a small sample'
    """
    shown = "; ".join(parts[:most])
    return f"{shown}; and {len(parts) - most} more" if len(parts) > most else shown
