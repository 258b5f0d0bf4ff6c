"""What pre-flight finds, as data: how grave it is, what shows it, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any, Literal, get_args

from workbench.plain import plain
from workbench.preflight.forecast import Forecast

Severity = Literal["blocking", "warning", "note"]
Code = Literal[
    "column.cardinality",
    "column.constant",
    "column.dates",
    "column.duplicate",
    "column.identifier",
    "column.name",
    "leak.computed",
    "leak.copy",
    "leak.gaps",
    "leak.score",
    "memory.exceeded",
    "memory.tight",
    "memory.wide",
    "rows.duplicate",
    "split.groups",
    "split.time",
    "table.unseen",
    "target.imbalance",
    "target.rare",
]
CODES: tuple[Code, ...] = get_args(Code)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
MOST_OF_A_CODE = 20
"""Findings of one code that are told one by one; all further ones are told as one."""


@dataclass(frozen=True, slots=True)
class Mend:
    """What would mend a finding, as changes to the request of a run; nothing is ever changed without being asked for.

    Attributes
    ----------
    label
        What a button says.
    changes
        Fields of the request, to be merged into it by `apply`: ``setup`` with options, ``folds``, ``sort``. Lists of
        columns hold all that the option is to name, those that it names already too.
    """

    label: str
    changes: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a table that a run on it should not begin without knowing.

    Attributes
    ----------
    columns
        Those that it is about; empty where it is about the rows or the whole table.
    message
        One sentence, or two.
    evidence
        Numbers and examples that show it, as plain data.
    mend
        None where no set-up would mend it.
    """

    code: Code
    severity: Severity
    columns: tuple[str, ...]
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict, hash=False)
    mend: Mend | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        told: dict[str, Any] = plain(asdict(self))
        return told


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is found before a run starts.

    Attributes
    ----------
    findings
        The gravest first.
    forecast
        What set-up will take.
    looked_at
        How many rows were looked at, in a sentence; empty where none were.
    overridden
        Blocking findings that the run starts with all the same: their codes.
    """

    findings: tuple[Finding, ...]
    forecast: Forecast
    looked_at: str = ""
    overridden: tuple[Code, ...] = ()

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """What stands in the way of the run."""
        return tuple(
            finding
            for finding in self.findings
            if finding.severity == "blocking" and finding.code not in self.overridden
        )

    def of(self, code: str) -> tuple[Finding, ...]:
        """Return the findings of a code."""
        return tuple(finding for finding in self.findings if finding.code == code)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data that JSON can hold."""
        return {
            "findings": [finding.as_dict() for finding in self.findings],
            "forecast": plain(asdict(self.forecast)) | {"words": self.forecast.words},
            "looked_at": self.looked_at,
            "overridden": list(self.overridden),
        }

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{finding.severity}{' (overridden)' if finding.code in self.overridden else ''}</td>"
            f"<td><code>{finding.code}</code></td><td>{escape(finding.message)}</td>"
            f"<td>{escape(finding.mend.label) if finding.mend else ''}</td></tr>"
            for finding in self.findings
        )
        told = " ".join(filter(None, (self.looked_at, self.forecast.words)))
        head = "<tr><th>severity</th><th>code</th><th>finding</th><th>mend</th></tr>"
        return f"<p>{escape(told)}</p>" + (f"<table>{head}{rows}</table>" if rows else "<p>Nothing was found.</p>")


def apply(request: Mapping[str, Any], mend: Mend) -> dict[str, Any]:
    """Return a request with a mend merged in: lists are added to, all else is set; the request itself stays.

    Parameters
    ----------
    request
        Arguments of ``Runs.submit``; lists may be texts with commas, as on the command line.

    Examples
    --------
    >>> mend = Mend("Leave out 'Name'", {"setup": {"ignore_features": ["Name"]}})
    >>> apply({"setup": {"ignore_features": "Cabin"}}, mend)
    {'setup': {'ignore_features': ['Cabin', 'Name']}}
    """
    return {**request, **{name: _merged(request.get(name), change) for name, change in mend.changes.items()}}


def _merged(given: Any, change: Any) -> Any:
    if isinstance(change, Mapping):
        given = given if isinstance(given, Mapping) else {}
        return {**given, **{name: _merged(given.get(name), value) for name, value in change.items()}}
    if isinstance(change, list | tuple):
        if isinstance(given, str):
            given = [part.strip() for part in given.split(",") if part.strip()]
        return list(dict.fromkeys([*(given or ()), *change]))
    return change


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put the gravest first, and tell findings of which there are too many as one."""
    found: list[Finding] = []
    by_code: dict[tuple[Code, Severity], list[Finding]] = {}
    for finding in findings:
        by_code.setdefault((finding.code, finding.severity), []).append(finding)
    for alike in by_code.values():
        found += alike[:MOST_OF_A_CODE]
        if len(alike) > MOST_OF_A_CODE:
            found.append(_as_one(alike[MOST_OF_A_CODE:]))
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _as_one(findings: Sequence[Finding]) -> Finding:
    columns = tuple(dict.fromkeys(name for finding in findings for name in finding.columns))
    changes: dict[str, Any] = {}
    for finding in findings:
        changes = apply(changes, finding.mend) if finding.mend is not None else changes
    return Finding(
        code=findings[0].code,
        severity=findings[0].severity,
        columns=columns,
        message=f"The same is found {len(findings):,} times more, of {', '.join(map(repr, columns[:3]))} and others.",
        mend=Mend(f"Mend all {len(findings):,}", changes) if changes else None,
    )
