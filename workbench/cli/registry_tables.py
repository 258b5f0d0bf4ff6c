"""How the terminal shows pipelines, aliases and promotions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from workbench.cli import render
from workbench.registry.alias import Alias, Move
from workbench.registry.comparison import Comparison, MetricDifference, shown
from workbench.registry.pipeline import Pipeline
from workbench.registry.promotion import Promotion

_STATUS_STYLE = render.STATUS_STYLE | {"evaluating": "cyan", "waiting": "cyan", "promoted": "green", "refused": "red"}


def pipelines(found: Iterable[Pipeline], aliases: Iterable[Alias]) -> Table:
    named: dict[str, list[str]] = {}
    for alias in aliases:
        named.setdefault(alias.pipeline_id, []).append(alias.name)
    table = Table("name", "model", "data", "target", "metric", "", "aliases", "promoted", box=None, pad_edge=False)
    for pipeline in found:
        sort = pipeline.lineage["sort"]
        measure = pipeline.metrics.get(sort)
        table.add_row(
            escape(pipeline.name),
            escape(pipeline.model_name),
            escape(pipeline.source["name"]),
            escape(pipeline.target or ""),
            sort,
            _number(None if measure is None else measure.mean, None if measure is None else measure.std),
            ", ".join(named.get(pipeline.id, ())),
            f"{pipeline.created_at.astimezone():%Y-%m-%d %H:%M}",
        )
    return table


def pipeline(found: Pipeline) -> Iterator[RenderableType]:
    yield escape(f"{found.name}: {found.model_name} for {found.subject}")
    yield f"id       {found.id}"
    yield f"run      {found.run_id}"
    yield f"SHA-256  {found.sha256}, {found.size_bytes:,} bytes"
    if found.note:
        yield escape(f"note     {found.note}")
    table = Table("metric", "mean", "std", "95 % interval", box=None, pad_edge=False)
    for name, measure in found.metrics.items():
        interval = "" if measure.interval is None else f"{measure.interval[0]:.4f} … {measure.interval[1]:.4f}"
        table.add_row(name, _number(measure.mean), _number(measure.std) if measure.std is not None else "", interval)
    if found.metrics:
        yield table


def aliases(found: Iterable[Alias]) -> Table:
    table = Table("alias", "pipeline", "since", box=None, pad_edge=False)
    for alias in found:
        table.add_row(alias.name, escape(alias.pipeline_name), f"{alias.updated_at.astimezone():%Y-%m-%d %H:%M:%S}")
    return table


def moves(found: Iterable[Move]) -> Table:
    table = Table("#", "when", "who", "from", "to", "why", box=None, pad_edge=False)
    for move in found:
        takes_back = f"takes {move.undoes} back" if move.undoes else ""
        table.add_row(
            str(move.seq),
            f"{move.at.astimezone():%Y-%m-%d %H:%M:%S}",
            escape(move.by),
            escape(move.from_name or "–"),
            escape(move.to_name or "–"),
            escape("; ".join(part for part in (takes_back, move.why) if part)),
        )
    return table


def promotions(found: Iterable[Promotion]) -> Table:
    table = Table("promotion", "alias", "challenger", "champion", "status", "by", "asked", box=None, pad_edge=False)
    for promotion in found:
        table.add_row(
            promotion.short_id,
            promotion.alias,
            escape(promotion.challenger_name),
            escape(promotion.champion_name or "–"),
            f"[{_STATUS_STYLE[promotion.status]}]{promotion.status}",
            escape(promotion.created_by),
            f"{promotion.created_at.astimezone():%Y-%m-%d %H:%M}",
        )
    return table


def promotion(found: Promotion) -> Iterator[RenderableType]:
    yield promotions([found])
    if found.error:
        yield f"[red]{escape(found.error)}"
    words = {word.gate: word.by for word in found.acknowledgements}
    table = Table("gate", "", "", box=None, pad_edge=False)
    for gate in found.gates:
        by = words.get(gate.name)
        standing = "[green]passed" if gate.passed else "[red]open" if by is None else "[yellow]acknowledged"
        table.add_row(gate.name, standing, escape(gate.message if by is None else f"{gate.message} ({by})"))
    if found.gates:
        yield table
    segments = (found.comparison or {}).get("segments") or ()
    if segments:
        table = Table(escape(found.segment or ""), "rows", "difference", "95 % interval", "", box=None, pad_edge=False)
        for segment in segments:
            bounds = segment["low"], segment["high"]
            interval = "" if None in bounds else f"{bounds[0]:+.4f} … {bounds[1]:+.4f}"
            delta = "–" if segment["delta"] is None else f"{segment['delta']:+.4f}"
            value = "–" if segment["value"] is None else str(segment["value"])
            table.add_row(escape(value), f"{segment['rows']:,}", delta, interval, escape(segment.get("note", "")))
        yield table
    for note in (found.comparison or {}).get("notes", ()):
        yield escape(f"note: {note}")


def comparison(found: Comparison) -> Iterator[RenderableType]:
    names = escape(found.a.name), escape(found.b.name)
    if found.configuration:
        table = Table("option", *names, box=None, pad_edge=False)
        for difference in found.configuration:
            table.add_row(escape(difference.option), escape(shown(difference.a)), escape(shown(difference.b)))
        yield table
    if found.columns:
        table = Table("column", *names, box=None, pad_edge=False)
        for column in found.columns:
            table.add_row(escape(column.column), column.a or "–", column.b or "–")
        yield table
    if found.metrics:
        table = Table("metric", *names, "difference", "", box=None, pad_edge=False)
        for metric in found.metrics:
            delta = "–" if metric.delta is None else f"{metric.delta:+.4f}"
            sides = _number(metric.a, metric.a_std), _number(metric.b, metric.b_std)
            table.add_row(metric.metric, *sides, delta, _verdict(metric, names))
        yield table
    for note in found.notes:
        yield escape(f"note: {note}")


def _verdict(metric: MetricDifference, names: tuple[str, str]) -> str:
    if metric.better is None:
        return ""
    better = f"{names[0] if metric.better == 'a' else names[1]} is better"
    if metric.is_separable is None:
        return better
    return better if metric.is_separable else f"{better}, within noise"


def _number(value: float | None, std: float | None = None) -> str:
    return "–" if value is None else f"{value:.4f}{'' if std is None else f' ± {std:.4f}'}"
