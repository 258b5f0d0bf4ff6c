"""Looking at a stored table: all that is measured of its columns, and of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from workbench.data.values import ColumnKind
from workbench.preflight.evidence import Columns, Rows, Seen
from workbench.preflight.measuring import computed, order, sampling, twins
from workbench.preflight.measuring.columns import Looked, look
from workbench.preflight.measuring.copies import copy_of, told_by_gaps
from workbench.preflight.measuring.rows import alike
from workbench.preflight.measuring.scores import Goal, score

MOST_CLASSES = 20
"""Classes of the target whose rows are told, the rarest first."""
_MOST_COUNTED = 1_000
_DIGITS = 4


@np.errstate(all="ignore")
def look_at_columns(
    path: Path, kinds: Sequence[tuple[str, ColumnKind]], rows: int, target: str | None, task: str
) -> Columns:
    """Look at all columns, and at how they go with the target.

    Parameters
    ----------
    path
        A Parquet file of numbers, truths and texts.
    kinds
        Name and kind of each column.
    """
    table = sampling.read(path, sampling.stretches(rows, len(kinds)))
    columns = [look(name, kind, sampling.one(table[name])) for name, kind in kinds]
    features = [column for column in columns if column.name != target]
    whole = next((column for column in columns if column.name == target), None)
    seen = {column.name: _alone(column) for column in features}
    found: dict[str, str] = {}
    pairs: list[computed.Pair] = []
    measure = None
    if whole is not None and whole.known:
        kept = whole.codes >= 0
        known = whole.of_rows(kept)
        beside = [column.of_rows(kept) for column in features] if not kept.all() else features
        is_whole = table.num_rows == rows
        found = {
            column.name: how
            for column in beside
            if (how := copy_of(column, known)) and (is_whole or _is_copy_in_all(path, column, known))
        }
        if task in ("regression", "time_series"):
            pairs = computed.pairs([column for column in beside if column.name not in found], known)
            pairs = pairs if is_whole else [pair for pair in pairs if _is_computed_in_all(path, pair, known)]
        if task != "time_series":
            goal = Goal.of(known, is_classes=task == "classification")
            measure = goal.measure
            seen = {column.name: _beside(seen[column.name], column, known, goal) for column in beside}
    return Columns(
        rows=table.num_rows,
        table_rows=rows,
        measure=measure,
        columns={name: replace(each, copy=found.get(name)) for name, each in seen.items()},
        twins=tuple(tuple(names) for names in twins.twins(features)),
        computed=tuple(pairs),
        classes=_classes(path, whole) if whole is not None and task == "classification" else (),
    )


def look_at_rows(path: Path, features: Sequence[str], rows: int, target: str | None) -> Rows:
    """Look for rows that are alike in all of these columns."""
    found = alike(path, features, target, rows)
    return Rows(
        rows=found.rows,
        table_rows=rows,
        sizes=tuple(sorted(found.sizes.items())),
        conflicting=found.conflicting,
        pairs=found.pairs,
        expected_pairs=found.expected_pairs,
        agreeing=found.agreeing,
        agreeing_by_chance=found.agreeing_by_chance,
        copied=None if found.copied is None else round(found.copied[0], _DIGITS),
        copied_by_chance=None if found.copied is None else round(found.copied[1], _DIGITS),
    )


def _alone(column: Looked) -> Seen:
    return Seen(
        name=column.name,
        known=column.known,
        distinct=column.distinct,
        ascending=_rounded(order.ascending(column)) if column.kind in ("date", "number") else None,
        runs=round(order.in_runs(column), _DIGITS),
    )


def _beside(seen: Seen, column: Looked, target: Looked, goal: Goal) -> Seen:
    found = order.likeness(column, goal)
    told = told_by_gaps(column, target) if goal.classes is not None else None
    scored = score(column, goal)
    return replace(
        seen,
        score=None if scored is None else round(scored.value, _DIGITS),
        is_by_rank=scored is not None and scored.is_by_rank,
        gaps_tell=None if told is None else (target.shown(told[0]), told[1]),
        drift=_rounded(order.drift(column, goal)) if column.kind == "date" else None,
        likeness=None if found is None else round(found[0], _DIGITS),
        likeness_by_chance=None if found is None else round(found[1], _DIGITS + 2),
    )


def _is_copy_in_all(path: Path, column: Looked, target: Looked) -> bool:
    # In one piece: whether one follows the other's order is a matter of all rows.
    table = pa.concat_tables(list(sampling.groups(path, (column.name, target.name))))
    found, wanted = (look(each.name, each.kind, sampling.one(table[each.name])) for each in (column, target))
    kept = wanted.codes >= 0
    return copy_of(found.of_rows(kept), wanted.of_rows(kept)) is not None


def _is_computed_in_all(path: Path, pair: computed.Pair, target: Looked) -> bool:
    left, sign, right = pair
    assert target.numbers is not None
    off = computed.tolerance(target.numbers)
    for group in sampling.groups(path, tuple({left, right, target.name})):
        a, b, wanted = (look(name, "number", sampling.one(group[name])).numbers for name in (left, right, target.name))
        assert a is not None
        assert b is not None
        assert wanted is not None
        kept = ~np.isnan(wanted)
        if not computed.fits(a[kept], b[kept], wanted[kept], sign, off):
            return False
    return True


def _classes(path: Path, target: Looked) -> tuple[tuple[str, int], ...]:
    if target.distinct > _MOST_COUNTED:
        return ()
    counts: dict[str, int] = {}
    for group in sampling.groups(path, [target.name]):
        found = look(target.name, target.kind, sampling.one(group[target.name]))
        for code, count in enumerate(found.counts.tolist()):
            shown = found.shown(code)
            counts[shown] = counts.get(shown, 0) + count
    return tuple(sorted(counts.items(), key=lambda pair: pair[1])[:MOST_CLASSES])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
