"""An advice as Markdown, for a report, a ticket or a mail."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.advisors.advice import Advice, Finding, Plot

_SIGNS = {"blocking": "🛑", "warning": "⚠️", "note": "·", "good": "✅"}
_MEASURED_MOST = 12
_SERIES_MOST = 20


def write(title: str, about: Mapping[str, Any], advice: Advice) -> str:
    """Write an advice.

    Parameters
    ----------
    about
        The consultation, as its `as_dict` gives it.
    """
    return "\n".join(_lines(title, about, advice))


def _lines(title: str, about: Mapping[str, Any], advice: Advice) -> Iterator[str]:
    yield f"# {_plain(title)}"
    yield ""
    yield f"**{_plain(advice.verdict)}**"
    yield ""
    yield _plain(advice.reasoning_summary)
    if advice.suggested_action:
        yield ""
        yield f"Next: {_plain(advice.suggested_action)}"
    narration = about["narration"] or {}
    if narration.get("summary"):
        yield ""
        yield f"> {_plain(narration['summary'])}"
        yield ">"
        yield f"> – told by {_plain(narration.get('model') or 'a language model')} on top of the findings below"
    for finding in advice.findings:
        yield ""
        yield from _finding(finding)
    if advice.suggested_config is not None:
        yield ""
        yield "## Suggested configuration"
        yield ""
        yield "```json"
        yield json.dumps(advice.suggested_config, indent=2, ensure_ascii=False)
        yield "```"
    yield ""
    yield f"{about['advisor']} · {about['created_at']} · asked by {_plain(about['created_by'])} · {about['id']}"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"## {_SIGNS[finding.severity]} {finding.id}"
    yield ""
    yield _plain(finding.evidence.claim)
    if finding.recommendation:
        yield ""
        yield f"→ {_plain(finding.recommendation)}"
    flat = [(name, value) for name, value in finding.evidence.measured.items() if _is_flat(value)][:_MEASURED_MOST]
    if flat:
        yield ""
        yield "| measured | |"
        yield "|---|---|"
        for name, value in flat:
            yield f"| {_cell(name)} | {_cell(_shown(value))} |"
    if finding.evidence.plot is not None:
        yield ""
        yield from _plot(finding.evidence.plot)


def _plot(plot: Plot) -> Iterator[str]:
    """Write what a plot shows as a table."""
    first = plot.series[0] if plot.series else None
    if first is None:
        return
    names = [plot.x_title or "", *(series.name for series in plot.series)]
    if plot.kind == "matrix":
        yield f"| {_cell(plot.title)} | {' | '.join(_cell(_shown(x)) for x in first.x[:_SERIES_MOST])} |"
        yield f"|---|{'---|' * len(first.x[:_SERIES_MOST])}"
        for series in plot.series[:_SERIES_MOST]:
            yield f"| {_cell(series.name)} | {' | '.join(_cell(_shown(y)) for y in series.y[:_SERIES_MOST])} |"
        return
    yield f"| {' | '.join(map(_cell, names))} |"
    yield f"|{'---|' * len(names)}"
    for place, x in enumerate(first.x[:_SERIES_MOST]):
        cells = [series.y[place] if place < len(series.y) else None for series in plot.series]
        yield f"| {_cell(_shown(x))} | {' | '.join(_cell(_shown(cell)) for cell in cells)} |"


def _is_flat(value: Any) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return len(value) <= _MEASURED_MOST and all(not isinstance(item, Mapping | list | tuple) for item in value)
    return not isinstance(value, Mapping)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_shown, value))
    return str(value)


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """Keep what users named from making headings, links or code of its own."""
    told = " ".join(str(text).split())
    for sign in ("\\", "`", "[", "]", "<"):
        told = told.replace(sign, f"\\{sign}")
    return told
