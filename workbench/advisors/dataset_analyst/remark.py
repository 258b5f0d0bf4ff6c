"""One thing that the dataset analyst says beyond pre-flight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.advisors.advice import Evidence, Finding, Plot, RiskFlag, Severity, Told


class Remark(Told):
    """A finding, with what it does to the verdict and to the suggested request.

    Attributes
    ----------
    stop
        Why the table is not ready, in a few words; empty: it is for all of this.
    mend
        What should be known before a run, in a few words; empty: nothing.
    setup, request
        Options of the set-up, and other arguments of ``Runs.submit``, that are suggested; what is there already stays.
    """

    finding: Finding
    stop: str = ""
    mend: str = ""
    setup: Mapping[str, Any] = {}
    request: Mapping[str, Any] = {}
    risks: tuple[RiskFlag, ...] = ()


def remark(
    id: str,
    severity: Severity,
    claim: str,
    recommendation: str = "",
    *,
    measured: Mapping[str, Any] | None = None,
    thresholds: tuple[str, ...] = (),
    columns: tuple[str, ...] = (),
    plot: Plot | None = None,
    **does: Any,
) -> Remark:
    """Make a remark; `does` holds the fields of `Remark` beside the finding."""
    evidence = Evidence(claim=claim, measured=measured or {}, thresholds=thresholds, columns=columns, plot=plot)
    return Remark(finding=Finding(id=id, severity=severity, evidence=evidence, recommendation=recommendation), **does)


def listed(names: tuple[str, ...] | list[str], most: int = 4) -> str:
    """Name columns in a sentence.

    >>> listed(["a", "b", "c", "d", "e", "f"])
    "'a', 'b', 'c', 'd' and 2 more"
    """
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
