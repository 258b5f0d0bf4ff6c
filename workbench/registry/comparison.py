"""How two pipelines or runs differ: configuration, data, input columns, metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Literal

from workbench.catalogue import PLANS, TASKS, Metric
from workbench.recipe import Recipe
from workbench.registry.lineage import kind_of
from workbench.registry.pipeline import Measure, Pipeline
from workbench.runs import scores
from workbench.runs.record import RunRecord

_SPLITS = (
    "train_size",
    "data_split_shuffle",
    "data_split_stratify",
    "fold_strategy",
    "fold_shuffle",
    "fold_groups",
    "fh",
)
"""Set-up options by which the folds of the same table come out the same."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two that are compared.

    Attributes
    ----------
    facts
        As `workbench.registry.lineage.of_run` tells them.
    schema
        Input columns; None where no pipeline was fitted.
    """

    kind: Literal["pipeline", "run"]
    id: str
    name: str
    model_name: str
    task: str
    target: str | None
    facts: Mapping[str, Any]
    measures: Mapping[str, Measure]
    schema: Sequence[Mapping[str, str]] | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "kind": self.kind,
            "id": self.id,
            "name": self.name,
            "model_name": self.model_name,
            "task": self.task,
            "target": self.target,
            "facts": dict(self.facts),
            "measures": {name: measure.as_dict() for name, measure in self.measures.items()},
            "schema": None if self.schema is None else [dict(column) for column in self.schema],
        }


@dataclass(frozen=True, slots=True)
class OptionDifference:
    """An option of which the two have different values; None where one has no such option."""

    option: str
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class ColumnDifference:
    """An input column in which the two differ: its kind in each; None where it is not taken."""

    column: str
    a: str | None
    b: str | None

    @property
    def words(self) -> str:
        """The difference in a few words, from the view of the first."""
        if self.b is None:
            return "taken anew"
        return "not taken any more" if self.a is None else f"{self.a} instead of {self.b}"


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """A metric of both.

    Attributes
    ----------
    a, b
        Means over the folds; None where undefined or not scored.
    a_std, b_std
        Population standard deviations over the folds; None without folds.
    delta
        `b` less `a`; None where one is missing.
    better
        ``a`` or ``b``; None where they are equal, one is missing, or the metric does not rank.
    is_separable
        Whether they differ by more than noise: the corrected paired t-test of `workbench.ranking.p_of_no_difference`
        over the folds, at 95 %. None where they were not scored on the same folds, or these are too few.
    """

    metric: str
    a: float | None
    b: float | None
    a_std: float | None
    b_std: float | None
    delta: float | None
    better: Literal["a", "b"] | None
    is_separable: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two pipelines or runs differ.

    Attributes
    ----------
    same_data
        Whether they were fitted on the same bytes.
    same_folds
        Whether they were scored on the same folds of them.
    same_schema
        Whether they take the same input columns; None where one has fitted no pipeline.
    notes
        What a reader of the metrics must know, a sentence each.
    """

    a: Side
    b: Side
    configuration: tuple[OptionDifference, ...]
    metrics: tuple[MetricDifference, ...]
    columns: tuple[ColumnDifference, ...]
    same_data: bool
    same_folds: bool
    same_schema: bool | None
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "a": self.a.as_dict(),
            "b": self.b.as_dict(),
            "configuration": [asdict(difference) for difference in self.configuration],
            "metrics": [asdict(difference) for difference in self.metrics],
            "columns": [asdict(difference) for difference in self.columns],
            "same_data": self.same_data,
            "same_folds": self.same_folds,
            "same_schema": self.same_schema,
            "notes": list(self.notes),
        }

    def _repr_html_(self) -> str:
        head = f"<tr><th></th><th>{escape(self.a.name)}</th><th>{escape(self.b.name)}</th></tr>"
        options = "".join(
            f"<tr><th>{escape(found.option)}</th><td>{escape(shown(found.a))}</td><td>{escape(shown(found.b))}</td></tr>"
            for found in self.configuration
        )
        metrics = "".join(
            f"<tr><th>{escape(found.metric)}</th><td>{_number(found.a, found.a_std)}</td>"
            f"<td>{_number(found.b, found.b_std)}</td></tr>"
            for found in self.metrics
        )
        columns = "".join(
            f"<tr><th>{escape(found.column)}</th><td>{found.a or '–'}</td><td>{found.b or '–'}</td></tr>"
            for found in self.columns
        )
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        tables = "".join(f"<table>{head}{rows}</table>" for rows in (options, metrics, columns) if rows)
        return f"{tables}<ul>{notes}</ul>"


def of_pipeline(pipeline: Pipeline, schema: Sequence[Mapping[str, str]]) -> Side:
    return Side(
        kind="pipeline",
        id=pipeline.id,
        name=pipeline.name,
        model_name=pipeline.model_name,
        task=pipeline.task,
        target=pipeline.target,
        facts=pipeline.lineage,
        measures=pipeline.metrics,
        schema=schema,
    )


def of_run(
    run: RunRecord,
    facts: Mapping[str, Any],
    measures: Mapping[str, Measure],
    schema: Sequence[Mapping[str, str]] | None,
) -> Side:
    return Side(
        kind="run",
        id=run.id,
        name=f"run {run.short_id}",
        model_name=run.model_name(run.best) if run.best else "",
        task=run.task,
        target=run.target,
        facts=facts,
        measures=measures,
        schema=schema,
    )


def compare(a: Side, b: Side) -> Comparison:
    """Tell how two sides differ."""
    same_data = a.facts["source"]["sha256"] == b.facts["source"]["sha256"]
    same_folds = same_data and _are_folds_alike(a, b)
    columns = () if a.schema is None or b.schema is None else column_differences(a.schema, b.schema)
    return Comparison(
        a=a,
        b=b,
        configuration=tuple(_options(configuration(a), configuration(b))),
        metrics=tuple(_metrics(a, b, same_folds=same_folds)) if a.task == b.task else (),
        columns=tuple(columns),
        same_data=same_data,
        same_folds=same_folds,
        same_schema=None if a.schema is None or b.schema is None else not columns,
        notes=tuple(_notes(a, b, same_data=same_data, same_folds=same_folds)),
    )


def configuration(side: Side) -> dict[str, Any]:
    """Lay out all that a side was asked for, option → value; what was left open has its default."""
    task, facts = TASKS[side.task], side.facts
    told = {
        "task": side.task,
        "target": side.target,
        "plan": facts["plan"],
        "model": side.model_name or None,
        "data": facts["source"]["name"],
        "seed": facts["seed"],
        "folds": facts["folds"],
        "sort": facts["sort"],
        "racing": facts["racing"],
    }
    setup = {name: option.default for name, option in task.options.items()}
    told |= {f"setup.{name}": value for name, value in {**setup, **facts["setup"]}.items()}
    plan = {name: option.default for name, option in PLANS[facts["plan"]].options_of(side.task).items()}
    told |= {f"{facts['plan']}.{name}": value for name, value in {**plan, **facts["options"]}.items()}
    if facts["recipe"] is not None:
        told |= {f"model.{name}": value for name, value in Recipe.of(facts["recipe"]).as_dict().items()}
        told |= {f"model.{name}": value for name, value in told.pop("model.params", {}).items()}
        # Its name is told already.
        told.pop("model.model", None)
    return told | {f"version.{name}": version for name, version in facts["versions"].items()}


def column_differences(a: Iterable[Mapping[str, str]], b: Iterable[Mapping[str, str]]) -> Sequence[ColumnDifference]:
    """Tell which input columns differ, in the order of the first schema, what it lacks after that."""
    ours, theirs = ({column["name"]: kind_of(column) for column in schema} for schema in (a, b))
    return [
        ColumnDifference(name, ours.get(name), theirs.get(name))
        for name in ours | theirs
        if ours.get(name) != theirs.get(name)
    ]


def shown(value: Any) -> str:
    """Write an option's value for a reader."""
    return value if isinstance(value, str) else "–" if value is None else json.dumps(value, ensure_ascii=False)


def _options(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[OptionDifference]:
    for option in {**a, **b}:
        if a.get(option) != b.get(option):
            yield OptionDifference(option, a.get(option), b.get(option))


def _are_folds_alike(a: Side, b: Side) -> bool:
    ours, theirs = configuration(a), configuration(b)
    named = ("task", "target", "seed", "folds", *(f"setup.{name}" for name in _SPLITS))
    return all(ours.get(name) == theirs.get(name) for name in named)


def _metrics(a: Side, b: Side, *, same_folds: bool) -> Iterator[MetricDifference]:
    for metric in TASKS[a.task].metrics:
        ours, theirs = a.measures.get(metric.name), b.measures.get(metric.name)
        if ours is None and theirs is None:
            continue
        mine, other = ours or Measure(None), theirs or Measure(None)
        judged = metric.judged(mine.mean), metric.judged(other.mean)
        better: Literal["a", "b"] | None = None
        if metric.ranks and judged[0] is not None and judged[1] is not None and judged[0] != judged[1]:
            better = "a" if (judged[0] > judged[1]) == metric.greater_is_better else "b"
        yield MetricDifference(
            metric=metric.name,
            a=mine.mean,
            b=other.mean,
            a_std=mine.std,
            b_std=other.std,
            delta=None if mine.mean is None or other.mean is None else other.mean - mine.mean,
            better=better,
            is_separable=_is_separable(metric, mine, other, a.facts["test_ratio"]) if same_folds else None,
        )


def _is_separable(metric: Metric, a: Measure, b: Measure, test_ratio: float) -> bool | None:
    if len(a.folds) != len(b.folds):
        return None
    ours, theirs = (scores.judged(metric, side.folds, side.mean) for side in (a, b))
    return scores.separable(ours, theirs, test_ratio)


def _notes(a: Side, b: Side, *, same_data: bool, same_folds: bool) -> Iterator[str]:
    if a.task != b.task:
        yield "They are of different tasks: no metric is common to both."
    elif not same_data:
        yield "They were fitted on different data: their metrics are of different rows."
    elif not same_folds:
        yield "They were scored on different folds of the same data: a paired comparison is not possible."
    for side in (a, b):
        if not side.measures:
            yield f"{side.name} has no metrics."
        if side.schema is None:
            yield f"{side.name} has fitted no pipeline."


def _number(value: float | None, std: float | None) -> str:
    return "–" if value is None else f"{value:.4f}{'' if std is None else f' ± {std:.4f}'}"
