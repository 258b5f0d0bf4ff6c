"""Blocking findings that a run starts with all the same, because somebody said so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.errors import BadRequest
from workbench.preflight.findings import Finding, Preflight

RECORDED = "preflight"
"""Under this name a run's spec keeps what was found before it started."""
_OF_THE_MOMENT = ("memory.exceeded",)
"""What depends on the machine as it is now, and so is looked at again where a run is repeated."""


def standing(spec: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the findings that a run was let pass, by its spec as it is stored."""
    recorded = spec.get(RECORDED) or {}
    return tuple(found for found in recorded.get("findings", ()) if found["code"] in recorded.get("overridden", ()))


def allow(
    found: Preflight, codes: Collection[str], known: Sequence[Mapping[str, Any]], *, is_repeated: bool = False
) -> Preflight:
    """Mark the blocking findings that are let pass.

    Parameters
    ----------
    codes
        Those that are let pass now.
    known
        Findings that the run before was let pass; each passes again unless it is graver now.
    is_repeated
        Whether the run is one that was started before: then nothing is held against it but what changes by the moment.
    """
    blocking = {finding.code for finding in found.blocking}
    passed = {
        code
        for code in blocking
        if code in codes
        or (is_repeated and code not in _OF_THE_MOMENT)
        or all(_is_known(finding, known) for finding in found.of(code) if finding.severity == "blocking")
    }
    return replace(found, overridden=tuple(sorted(passed)))


def refuse_blocked(found: Preflight) -> None:
    """Refuse a run that something stands in the way of.

    Raises
    ------
    BadRequest
        ``spec.blocked`` naming it, what would mend it, and what to override.
    """
    if not found.blocking:
        return
    first, *others = found.blocking
    more = f" {_and_more(others)}" if others else ""
    mend = f"{first.mend.label}, or override" if first.mend is not None else "Override"
    codes = ", ".join(sorted({finding.code for finding in found.blocking}))
    raise BadRequest(
        "spec.blocked",
        f"{first.message}{more}",
        hint=f"{mend} {codes} to run all the same.",
        findings=[finding.as_dict() for finding in found.blocking],
    )


def lets_pass(spec: Mapping[str, Any], code: str) -> bool:
    """Whether a run was submitted although pre-flight found something of this code."""
    return code in (spec.get(RECORDED) or {}).get("overridden", ())


def recorded(found: Preflight) -> dict[str, Any]:
    """Return what a run keeps of its pre-flight; mends that were applied are in its set-up."""
    told = found.as_dict()
    return {RECORDED: told | {"findings": [_without_mend(finding) for finding in told["findings"]]}}


def noted(found: Preflight) -> dict[str, Any]:
    """Return what the log says of it."""
    shown = ("code", "severity", "columns", "message")
    findings = [{name: each[name] for name in shown} for each in found.as_dict()["findings"]]
    return {"findings": findings, "overridden": list(found.overridden)}


def _without_mend(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in finding.items() if name != "mend"}


def _and_more(others: Iterable[Finding]) -> str:
    columns = [name for finding in others for name in finding.columns]
    return f"The same goes for {', '.join(map(repr, columns))}." if columns else "There is more."


def _is_known(finding: Finding, known: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        (each["code"], tuple(each["columns"])) == (finding.code, finding.columns)
        and finding.evidence.get("needed_bytes", 0) <= each["evidence"].get("needed_bytes", 0)
        for each in known
    )
