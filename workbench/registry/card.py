"""A pipeline's model card, in Markdown: what is known of it, and nothing that is not stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.catalogue import TASKS
from workbench.ranking import CONFIDENCE
from workbench.registry.alias import Move
from workbench.registry.lineage import kind_of
from workbench.registry.pipeline import Measure, Pipeline

COLUMNS_MOST = 200
"""Most input columns that a card lists."""
_VALUES_MOST = 5
_CELL_MOST = 60


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card is written from.

    Attributes
    ----------
    schema
        Input columns.
    reference
        Summary of what it learned from; None for a pipeline of an earlier version, which kept none.
    packages
        How many distributions its environment had.
    aliases
        Those that name it now.
    moves
        Those of any alias that came to it or left it, oldest first.
    """

    pipeline: Pipeline
    schema: Sequence[Mapping[str, str]]
    reference: Mapping[str, Any] | None
    packages: int
    aliases: Sequence[str]
    moves: Sequence[Move]


def write(facts: Facts) -> str:
    """Write the card."""
    sections = (
        ("", _head(facts.pipeline)),
        ("What it predicts", _purpose(facts)),
        ("Data", _data(facts)),
        ("Metrics", _metrics(facts.pipeline)),
        ("Input columns", _columns(facts)),
        ("How it was made", _making(facts.pipeline)),
        ("Environment", _environment(facts)),
        ("Aliases", _aliases(facts)),
        ("Limits", _limits(facts)),
        ("Note", [_text(facts.pipeline.note)] if facts.pipeline.note else []),
    )
    told = [[*([f"## {title}", ""] if title else []), *lines, ""] for title, lines in _read(sections) if lines]
    return "\n".join(line for section in told for line in section)


def _read(sections: Iterable[tuple[str, Iterable[str]]]) -> Iterator[tuple[str, list[str]]]:
    for title, lines in sections:
        yield title, list(lines)


def _head(pipeline: Pipeline) -> Iterator[str]:
    yield f"# {_text(pipeline.name)}"
    yield ""
    yield (
        f"{_text(pipeline.model_name)}, promoted by {_text(pipeline.created_by)} on "
        f"{pipeline.created_at:%Y-%m-%d %H:%M} UTC from run `{pipeline.run_id}`."
    )


def _purpose(facts: Facts) -> Iterator[str]:
    pipeline = facts.pipeline
    title = TASKS[pipeline.task].title
    yield f"{title} of `{_code(pipeline.target)}`." if pipeline.target else f"{title}, without a target."
    target = (facts.reference or {}).get("target")
    if target:
        yield ""
        yield f"In the rows that it was fitted on, the target had {_range(target)}."


def _data(facts: Facts) -> Iterator[str]:
    source, rows = facts.pipeline.source, facts.pipeline.lineage["rows"]
    yield f"- Data source: {_text(source['name'])}, {source['rows']:,} rows, SHA-256 `{source['sha256']}`"
    fitted = (facts.reference or {}).get("rows", rows["trained"])
    if fitted is not None:
        yield f"- Fitted on {fitted:,} rows"
    if rows["held_out"]:
        yield f"- Held out: {rows['held_out']:,} rows"


def _metrics(pipeline: Pipeline) -> Iterator[str]:
    if not pipeline.metrics:
        yield "It was not scored."
        return
    folds, sort = pipeline.lineage["folds"], pipeline.lineage["sort"]
    has_spread = any(measure.std is not None for measure in pipeline.metrics.values())
    over = f"Means over {folds} folds of the training rows" if folds > 1 else "On the whole table"
    yield f"{over}; models were ranked by {_text(sort)}."
    yield ""
    yield from _table(
        ["metric", "value", *(["std", f"{CONFIDENCE:.0%} interval"] if has_spread else [])],
        (
            [_text(name), _number(measure.mean), *([_number(measure.std), _interval(measure)] if has_spread else [])]
            for name, measure in pipeline.metrics.items()
        ),
    )
    notes = [f"- {_remark(name, measure.note)}" for name, measure in pipeline.metrics.items() if measure.note]
    if notes:
        yield ""
        yield from notes


def _remark(metric: str, note: str) -> str:
    return _text(note if note.startswith(metric) else f"{metric}: {note}")


def _columns(facts: Facts) -> Iterator[str]:
    if not facts.schema:
        yield "None: it goes by its own past."
        return
    known = (facts.reference or {}).get("columns", {})
    yield from _table(
        ["column", "kind", *(["missing", "values in the rows it was fitted on"] if known else [])],
        (
            [
                f"`{_code(column['name'])}`",
                kind_of(column),
                *([_missing(known.get(column["name"])), _range(known.get(column["name"]))] if known else []),
            ]
            for column in facts.schema[:COLUMNS_MOST]
        ),
    )
    if len(facts.schema) > COLUMNS_MOST:
        yield ""
        yield f"And {len(facts.schema) - COLUMNS_MOST:,} more."


def _making(pipeline: Pipeline) -> Iterator[str]:
    lineage = pipeline.lineage
    yield f"- Plan `{lineage['plan']}`, seed {lineage['seed']}, {lineage['folds']} folds"
    if lineage["recipe"] is not None:
        yield f"- Recipe: `{_code(json.dumps(lineage['recipe'], ensure_ascii=False))}`"
    for title, options in (("Set-up", lineage["setup"]), ("Options of the plan", lineage["options"])):
        if options:
            told = ", ".join(f"`{_code(name)}` = `{_code(json.dumps(value))}`" for name, value in options.items())
            yield f"- {title}: {told}"
    if not lineage["setup"]:
        yield "- Set-up: PyCaret's defaults"
    run = lineage["run"]
    yield f"- Run `{run['id']}`, asked for by {_text(run['created_by'])}, ended {run['finished_at']}"
    yield f"- Pickled pipeline: {pipeline.size_bytes:,} bytes, SHA-256 `{pipeline.sha256}`"
    yield f"- Version of the input columns: `{pipeline.schema_sha256}`"


def _environment(facts: Facts) -> Iterator[str]:
    versions = facts.pipeline.lineage["versions"]
    if versions:
        yield ", ".join(f"{name} {version}" for name, version in versions.items())
    if facts.packages:
        yield ""
        yield f"`environment.txt` lists all {facts.packages:,} distributions that were installed."


def _aliases(facts: Facts) -> Iterator[str]:
    if facts.aliases:
        yield f"Now named by {', '.join(f'`{name}`' for name in facts.aliases)}."
    elif facts.moves:
        yield "No alias names it now."
    if facts.moves:
        yield ""
        yield from _table(
            ["when (UTC)", "who", "alias", "from", "to", "why"],
            (
                [
                    f"{move.at:%Y-%m-%d %H:%M}",
                    _text(move.by),
                    f"`{move.alias}`",
                    _text(move.from_name or "–"),
                    _text(move.to_name or "–"),
                    _text(f"{f'takes move {move.undoes} back; ' if move.undoes else ''}{move.why}".rstrip("; ")),
                ]
                for move in facts.moves
            ),
        )


def _limits(facts: Facts) -> Iterator[str]:
    pipeline = facts.pipeline
    lineage = pipeline.lineage
    if lineage["plan"] == "finalize":
        yield "- It was fitted on all rows after it had been scored: no row is left to judge it on."
    undefined = [name for name, measure in pipeline.metrics.items() if measure.mean is None]
    if undefined:
        yield f"- Undefined for it: {', '.join(_text(name) for name in undefined)}."
    if facts.reference is None:
        yield "- It keeps no summary of the rows that it learned from, so that drift cannot be judged."
    elif facts.reference.get("note"):
        yield f"- {_text(facts.reference['note'])}"
    for note in lineage["notes"]:
        yield f"- {_text(note)}"


def _missing(summary: Mapping[str, Any] | None) -> str:
    return "" if summary is None else f"{summary['missing']:.1%}"


def _range(summary: Mapping[str, Any] | None) -> str:
    """Tell what values a column had, in a few words."""
    if summary is None:
        return ""
    if "min" in summary:
        return f"{_value(summary['min'])} … {_value(summary['max'])}"
    if "values" not in summary:
        return "no value"
    named = ", ".join(f"{_value(value)} ({count:,})" for value, count in summary["values"][:_VALUES_MOST])
    more = summary["distinct"] - min(len(summary["values"]), _VALUES_MOST)
    if not named:
        return f"{more:,} values"
    return f"{named}, and {more:,} more" if more else named


def _value(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = f"{value:,.10g}" if is_number else str(value)
    return _text(text if len(text) <= _CELL_MOST else f"{text[:_CELL_MOST]}…")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _interval(measure: Measure) -> str:
    return "" if measure.interval is None else f"{measure.interval[0]:.4f} … {measure.interval[1]:.4f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _text(value: object) -> str:
    """Write a text so that Markdown takes nothing in it for its own."""
    return re.sub(r"([\\`*\[\]<>|])", r"\\\1", " ".join(str(value).split()))


def _code(value: object) -> str:
    """Write a text between backticks, which end where it has one and where a table's cell does."""
    return " ".join(str(value).split()).replace("`", "'").replace("|", "\\|")
