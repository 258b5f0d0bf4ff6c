"""What a pipeline does with gaps and with values that it never saw: read off its steps, and tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.advisors.examination import InputColumn, Preparation
from workbench.judging.asking import listen
from workbench.judging.sides import Side
from workbench.predictor.original import Original
from workbench.training.columns import kind_of
from workbench.training.work import first_line

COMPANY = 30
"""Rows among which a row with a gap is asked about: some steps refuse a row alone."""
COLUMNS_MOST = 200
"""Most columns that are tried; the steps are read for all."""
UNSEEN = "no such value: 4f1c"


@dataclass(frozen=True, slots=True)
class Steps:
    """What a pipeline's own process found of its steps.

    Attributes
    ----------
    names
        Name → class, in order.
    filled, encoded
        Input column → class of the step.
    drops
        Columns whose gaps cost the row its answer.
    gap, unknown
        Column → why the pipeline does not answer a row with a gap in it, or an unknown value; ``""``: it does.
    """

    names: Mapping[str, str]
    estimator: str
    filled: Mapping[str, str]
    encoded: Mapping[str, str]
    drops: frozenset[str]
    gap: Mapping[str, str]
    unknown: Mapping[str, str]


def steps_of(original: Original, side: Side, probe: pd.DataFrame) -> Steps:
    """Read the steps of a pipeline, and try them on rows; in its own process.

    Parameters
    ----------
    probe
        Some rows of the columns that it takes, under a fresh index.
    """
    inputs = [str(name) for name in probe if original.columns is None or name in original.columns]
    filled: dict[str, str] = {}
    encoded: dict[str, str] = {}
    drops: set[str] = set()
    for _, step in original.steps:
        kind = _kind(step)
        concerned = [name for name in (_include(step, inputs)) if name in inputs]
        if kind == "DropImputer":
            drops.update(concerned)
        elif kind.endswith("Imputer"):
            filled |= {name: kind for name in concerned if name not in filled}
        elif (kind.endswith("Encoder") and kind != "LabelEncoder") or kind == "EmbedTextFeatures":
            encoded |= {name: kind for name in concerned if name not in encoded}
    tried = [name for name in inputs if name not in drops][:COLUMNS_MOST]
    texts = [name for name in tried if name in encoded and kind_of(probe[name], original.dates) == "text"]
    return Steps(
        names={name: _kind(step) for name, step in original.steps},
        estimator=type(original.estimator).__name__,
        filled=filled,
        encoded=encoded,
        drops=frozenset(drops),
        gap=_tried(original, side, probe, tried, None),
        unknown=_tried(original, side, probe, texts, UNSEEN),
    )


def _kind(step: Any) -> str:
    return type(getattr(step, "transformer", step)).__name__


def _include(step: Any, inputs: Sequence[str]) -> Sequence[str]:
    """Name the columns that a step works on; None stands for all."""
    named = getattr(step, "_include", ())
    return inputs if named is None else list(named)


def _tried(
    original: Original, side: Side, probe: pd.DataFrame, columns: Sequence[str], value: str | None
) -> dict[str, str]:
    """Put a value into one column a row, and see which rows are answered; all at once where all are."""
    if not columns or not len(probe):
        return {}
    if not _refused(original, side, probe, columns, value):
        return dict.fromkeys(columns, "")
    return {name: _refused(original, side, probe, [name], value) for name in columns}


def _refused(original: Original, side: Side, probe: pd.DataFrame, columns: Sequence[str], value: str | None) -> str:
    company = probe.iloc[np.arange(COMPANY + len(columns)) % len(probe)].reset_index(drop=True)
    for place, name in enumerate(columns):
        if value is None and company[name].dtype.kind in "iub":
            company[name] = company[name].astype(float if company[name].dtype.kind != "b" else object)
        company.loc[COMPANY + place, name] = value if value is not None else _gap(company[name])
    try:
        heard = listen(original, side.task, company)
    except Exception as error:  # noqa: BLE001 - whatever it raises is its answer
        return f"{first_line(error)}."
    if len(heard.places) < len(company):
        return "The row is dropped."
    said = getattr(heard.said, "labels", heard.said)
    return "" if not pd.isna(said).any() else "The answer is no number."


def _gap(column: pd.Series[Any]) -> Any:
    return pd.NaT if column.dtype.kind == "M" else np.nan


def told(
    steps: Steps, side: Side, learned: pd.DataFrame | None, held_out: pd.DataFrame | None, taken: Sequence[str]
) -> Preparation:
    """Put together what is known of each input column.

    Parameters
    ----------
    learned, held_out
        Rows of the table by that; None where there are none.
    taken
        Names of the columns that the pipeline takes.
    """
    kinds = {column["name"]: column.get("kind", "") for column in side.schema}
    summaries: Mapping[str, Any] = (side.reference or {}).get("columns", {})
    return Preparation(
        columns=tuple(
            InputColumn(
                name=name,
                kind=kinds.get(name, ""),
                missing_learned=summaries.get(name, {}).get("missing"),
                missing_held_out=_missing(held_out, name),
                filled_by=steps.filled.get(name, ""),
                drops_gaps=name in steps.drops,
                encoded_by=steps.encoded.get(name, ""),
                answers_gap=_answers(steps.gap, name),
                answers_unknown=_answers(steps.unknown, name),
                says_of_gap=steps.gap.get(name, ""),
                says_of_unknown=steps.unknown.get(name, ""),
                unknown_held_out=_unknown(learned, held_out, name) if name in steps.encoded else None,
            )
            for name in taken
        ),
        steps=dict(steps.names),
        estimator=steps.estimator,
    )


def _answers(tried: Mapping[str, str], name: str) -> bool | None:
    return not tried[name] if name in tried else None


def _missing(frame: pd.DataFrame | None, name: str) -> float | None:
    return None if frame is None or name not in frame or not len(frame) else float(frame[name].isna().mean())


def _unknown(learned: pd.DataFrame | None, held_out: pd.DataFrame | None, name: str) -> float | None:
    if learned is None or held_out is None or name not in held_out or not len(held_out):
        return None
    new = held_out[name].notna() & ~held_out[name].isin(learned[name].unique())
    return float(new.mean())
