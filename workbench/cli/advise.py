"""``workbench advise …``"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from workbench.advisors.advice import Finding, Tone
from workbench.cli import render
from workbench.cli.opened import connect
from workbench.consulting.consultation import Consultation
from workbench.plain import shown

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print it as Markdown.")]
Narrate = Annotated[
    bool | None,
    typer.Option(
        "--narrate/--no-narrate",
        help="Have a language model tell what was found; default: where WORKBENCH_LLM_MODEL names one.",
    ),
]
Gate = Annotated[bool, typer.Option("--gate", help="Exit with 1 where the verdict warns of danger, for scripts.")]
Data = Annotated[str, typer.Argument(metavar="DATA", help="A data source's name or id.")]
Target = Annotated[str | None, typer.Option(help="Column to predict; default: the likeliest one.")]
RunReference = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or the end of it.")]
Reference = Annotated[str, typer.Argument(metavar="CONSULTATION", help="A consultation's id, or the end of it.")]

EXIT_DANGER = 1
_STYLES: dict[Tone, str] = {"success": "green", "warning": "yellow", "danger": "red"}
_SIGNS = {"blocking": ("✗", "red"), "warning": ("!", "yellow"), "note": ("·", "dim"), "good": ("✓", "green")}


@app.command()
def analyse(
    data: Data,
    target: Target = None,
    task: Annotated[str | None, typer.Option(help="Default: what the target suggests.")] = None,
    narrate: Narrate = None,
    json: Json = False,
    markdown: Markdown = False,
    gate: Gate = False,
) -> None:
    """What is wrong with a table, and how to set a run on it up."""
    _show(connect().advisors.analyse(data, target=target, task=task, narrate=narrate), json, markdown, gate)


@app.command()
def design(
    data: Data,
    goal: Annotated[str, typer.Argument(metavar="GOAL", help='In words: "predict churn, miss as few as possible".')],
    target: Target = None,
    minutes: Annotated[float | None, typer.Option(help="How long the run may take.")] = None,
    narrate: Narrate = None,
    json: Json = False,
    markdown: Markdown = False,
    gate: Gate = False,
) -> None:
    """A run that is ready to launch, from a goal in words."""
    found = connect().advisors.design(data, goal, target=target, minutes=minutes, narrate=narrate)
    _show(found, json, markdown, gate)


@app.command()
def explain(
    run: RunReference, narrate: Narrate = None, json: Json = False, markdown: Markdown = False, gate: Gate = False
) -> None:
    """What won a run, by how much, whether it matters, and where it errs."""
    _show(connect().advisors.explain(run, narrate=narrate), json, markdown, gate)


@app.command()
def diagnose(
    run: RunReference, narrate: Narrate = None, json: Json = False, markdown: Markdown = False, gate: Gate = False
) -> None:
    """Why a run, or some of its models, failed, and what would mend it."""
    _show(connect().advisors.diagnose(run, narrate=narrate), json, markdown, gate)


@app.command()
def review(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="A deployment, a pipeline, or a run.")],
    goal: Annotated[str, typer.Option(help="What it is for, in words.")] = "",
    segment: Annotated[str | None, typer.Option(help="Column by whose values errors should be alike.")] = None,
    narrate: Narrate = None,
    json: Json = False,
    markdown: Markdown = False,
    gate: Gate = False,
) -> None:
    """Whether something should be served."""
    found = connect().advisors.review(subject, goal=goal, segment=segment, narrate=narrate)
    _show(found, json, markdown, gate)


@app.command()
def drift(
    deployment: Annotated[str, typer.Argument(metavar="SLUG", help="A deployment's slug or id.")],
    on: Annotated[str | None, typer.Option(metavar="DATA", help="Rows to look at instead of those asked for.")] = None,
    hours: Annotated[float | None, typer.Option(help="How far back the rows go that were asked for.")] = None,
    narrate: Narrate = None,
    json: Json = False,
    markdown: Markdown = False,
    gate: Gate = False,
) -> None:
    """Whether what is predicted now is like what the model learned from."""
    _show(connect().advisors.drift(deployment, on=on, hours=hours, narrate=narrate), json, markdown, gate)


@app.command(name="narrate")
def narrate_again(consultation: Reference, json: Json = False, markdown: Markdown = False) -> None:
    """Have the language model tell what a consultation found."""
    _show(connect().advisors.narrate(consultation), json, markdown, gate=False)


@app.command()
def show(consultation: Reference, json: Json = False, markdown: Markdown = False, gate: Gate = False) -> None:
    """Show what an advisor said."""
    _show(connect().advisors.get(consultation), json, markdown, gate)


@app.command(name="list")
def list_consultations(
    subject: Annotated[str | None, typer.Option(help="Only those on what has this id or name.")] = None,
    advisor: Annotated[str | None, typer.Option(help="Only those of one advisor.")] = None,
    json: Json = False,
) -> None:
    """List what advisors have said, newest first."""
    found = connect().advisors.list(subject, advisor=advisor)
    if json:
        render.document([consultation.as_dict() for consultation in found])
    elif found:
        render.console.print(_table(found))
    else:
        render.console.print("no advice yet: `workbench advise analyse DATA`, or `workbench advise --help`")


def _show(found: Consultation, json: bool, markdown: bool, gate: bool) -> None:
    if json:
        render.document(found.as_dict())
    elif markdown:
        print(found.as_markdown())
    else:
        for line in _lines(found):
            render.console.print(line)
    if gate and found.tone == "danger":
        raise typer.Exit(EXIT_DANGER)


def _lines(found: Consultation) -> Iterator[RenderableType]:
    advice = found.given
    yield Text(advice.verdict, style=f"bold {_STYLES[advice.tone]}")
    yield Text(advice.reasoning_summary)
    narration = found.narration or {}
    if narration.get("summary"):
        yield Padding(Text(f"{narration['summary']} ({narration.get('model')})", style="italic"), (0, 0, 0, 2))
    elif narration.get("problem"):
        yield Text(narration["problem"]["message"], style="yellow")
    for finding in advice.findings:
        yield from _finding(finding)
    if advice.suggested_action:
        yield Text(f"next: {advice.suggested_action}", style="bold")
    if advice.suggested_config is not None:
        yield Text("suggested configuration, for `workbench.connect().runs.submit(**…)`:", style="dim")
        yield Padding(Text(jsonlib.dumps(advice.suggested_config, indent=2, ensure_ascii=False)), (0, 0, 0, 2))


def _finding(finding: Finding) -> Iterator[RenderableType]:
    sign, style = _SIGNS[finding.severity]
    line = Text(f"{sign} ", style=style)
    line.append(f"{finding.id}: ", style="dim")
    line.append(finding.evidence.claim, style="default")
    yield line
    if finding.recommendation:
        yield Padding(Text(f"→ {finding.recommendation}"), (0, 0, 0, 2))


def _table(found: list[Consultation]) -> Table:
    table = Table("id", "advisor", "about", "verdict", "asked", "by", box=None, pad_edge=False)
    for one in found:
        verdict = one.advice.verdict if one.advice is not None else _without(one)
        style = _STYLES[one.advice.tone] if one.advice is not None else "dim"
        at = f"{one.created_at.astimezone():%Y-%m-%d %H:%M:%S}"
        cells: list[Any] = [one.short_id, one.advisor, one.subject.name, Text(verdict, style=style), at, one.created_by]
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
    return table


def _without(one: Consultation) -> str:
    return f"{one.status}: {shown((one.problem or {})['detail'])}" if one.problem else one.status
