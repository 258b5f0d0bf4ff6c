"""What pre-flight finds, on the command line: shown, and mended where that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from workbench import Workbench
from workbench.cli import render
from workbench.data.source import Source
from workbench.errors import BadRequest, choices
from workbench.preflight.findings import Preflight, apply
from workbench.preflight.overriding import RECORDED

_STYLE = {"blocking": "red", "warning": "yellow", "note": "dim"}


def mended(
    workbench: Workbench, source: Source | None, request: Mapping[str, Any], codes: Sequence[str]
) -> Mapping[str, Any]:
    """Return a request with the mends of all findings that have one of these codes.

    Raises
    ------
    BadRequest
        ``spec.invalid`` when there is no such finding, or none that can be mended.
    """
    if not codes:
        return request
    found = workbench.runs.check(source, **request)
    for code in codes:
        mends = [finding.mend for finding in found.of(code) if finding.mend is not None]
        if not mends:
            known = {finding.code for finding in found.findings if finding.mend is not None}
            hint = choices(code, known) if known else "Nothing that was found can be mended by the set-up."
            raise BadRequest("spec.invalid", f"Pre-flight has no mend for '{code}'.", hint=hint)
        for mend in mends:
            request = apply(request, mend)
    return request


def show(found: Preflight, *, json: bool) -> None:
    """Print what was found."""
    if json:
        render.document(found.as_dict())
        return
    for finding in found.findings:
        line = Text(f"{finding.severity:<8}  ", style=_STYLE[finding.severity])
        line.append(f"{finding.code:<18}  ", style="bold")
        line.append(finding.message, style="default")
        if finding.code in found.overridden:
            line.append("  (overridden)", style="dim")
        if finding.mend is not None:
            line.append(f"  [{finding.mend.label}: --mend {finding.code}]", style="dim")
        render.console.print(line, soft_wrap=True)
    if not found.findings:
        render.console.print("Nothing was found.")
    render.console.print(" ".join(filter(None, (found.looked_at, found.forecast.words))), style="dim", markup=False)


def remarks(spec: Mapping[str, Any]) -> list[str]:
    """Return what a reader of a run is told of its pre-flight: what was overridden, and how much else was found."""
    recorded = spec.get(RECORDED) or {}
    findings, passed = recorded.get("findings", ()), recorded.get("overridden", ())
    told = [f"! overridden {each['code']}: {each['message']}" for each in findings if each["code"] in passed]
    others = sorted({each["code"] for each in findings if each["code"] not in passed})
    return told + ([f"pre-flight found {', '.join(others)}: --json tells more"] if others else [])
