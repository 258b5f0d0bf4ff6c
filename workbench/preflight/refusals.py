"""What would make a run fail for certain, told before it is stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from workbench.catalogue import Option
from workbench.data.source import Column, Source
from workbench.data.values import LABEL_CHARACTERS
from workbench.errors import BadRequest, choices


def check_target(
    source: Source, target: str, *, task: str, ignored: Sequence[str] = (), stratified: bool = False
) -> None:
    """Refuse a target that nothing can be learned for.

    Parameters
    ----------
    ignored
        Columns that are left out of the features.
    stratified
        Whether each class must appear on both sides of the hold-out split.

    Raises
    ------
    BadRequest
        ``spec.target_missing``, ``spec.target_empty``, ``spec.target_constant``, ``spec.target_not_numeric``,
        ``spec.target_rare``, or ``spec.no_features``.
    """
    if not target:
        raise BadRequest("spec.target_missing", "No target was named.", hint=choices("", source.column_names))
    column = source.column(target)
    if column is None:
        raise BadRequest(
            "spec.target_missing",
            f"{source.name} has no column '{target}'.",
            hint=choices(target, source.column_names),
            source_id=source.id,
        )
    if column.missing == source.row_count:
        raise BadRequest("spec.target_empty", f"The target '{target}' of {source.name} has no values at all.")
    if column.distinct <= 1:
        raise BadRequest(
            "spec.target_constant", f"The target '{target}' of {source.name} is always the same: nothing to learn."
        )
    if task == "regression" and column.kind not in ("number", "bool"):
        raise BadRequest(
            "spec.target_not_numeric",
            f"The target '{target}' of {source.name} is not a number, so it cannot be regressed on.",
            hint="Classification may be the task you want.",
        )
    if task == "time_series":
        if column.kind != "number":
            raise BadRequest(
                "spec.target_not_numeric",
                f"The target '{target}' of {source.name} is not a number, so it cannot be forecast.",
            )
        return
    if task == "classification" and stratified and column.rarest == 1:
        raise BadRequest(
            "spec.target_rare",
            f"The target '{target}' of {source.name} has a class with a single row, which cannot be split.",
            hint="Another target, regression, or data_split_stratify=false may be what you want.",
        )
    features = [name for name in source.column_names if name != target and name not in ignored]
    if not features:
        raise BadRequest("spec.no_features", f"{source.name} has no column beside the target '{target}' to learn from.")


def check_series(source: Source, target: str, setup: Mapping[str, Any]) -> None:
    """Refuse a table that no series can be made of.

    Raises
    ------
    BadRequest
        ``spec.invalid`` naming the column at fault.
    """
    index = setup.get("index")
    dates = None if index is None else source.column(index)
    if dates is not None:
        _check_index(source, dates)
    for column in source.columns:
        if column.name == index or column.name in (setup.get("ignore_features") or ()):
            continue
        if column.kind not in ("number", "bool"):
            named = "Name it by the option 'index', or leave" if index is None else "Leave"
            raise BadRequest(
                "spec.invalid",
                f"The column '{column.name}' of {source.name} is not a number, so nothing can be forecast from it.",
                hint=f"{named} it out by ignore_features.",
            )
        option = "numeric_imputation_target" if column.name == target else "numeric_imputation_exogenous"
        if column.missing and setup.get(option) is None:
            gaps = "a gap" if column.missing == 1 else f"{column.missing:,} gaps"
            raise BadRequest(
                "spec.invalid", f"'{column.name}' of {source.name} has {gaps}: say by {option} how to fill them."
            )


def _check_index(source: Source, column: Column) -> None:
    if column.missing:
        rows = "a row" if column.missing == 1 else f"{column.missing:,} rows"
        raise BadRequest("spec.invalid", f"The index '{column.name}' of {source.name} has no value in {rows}.")
    if column.kind == "bool" or (column.kind == "number" and not column.integral):
        raise BadRequest(
            "spec.invalid", f"The index '{column.name}' of {source.name} holds neither dates nor whole numbers."
        )
    if column.distinct_exact and column.distinct < source.row_count:
        value, rows_of_it = column.top[0]
        raise BadRequest(
            "spec.invalid",
            f"The index '{column.name}' of {source.name} has {value} in {rows_of_it:,} rows; a series has one each.",
        )


def check_columns(source: Source, option: str, names: Sequence[str], *, target: str | None) -> None:
    """Refuse a set-up option that names columns which the table does not have, or the target."""
    if target in names:
        raise BadRequest("spec.invalid", f"The option '{option}' names the target '{target}'.")
    unknown = [name for name in names if source.column(name) is None]
    if unknown:
        raise BadRequest(
            "spec.invalid",
            f"The option '{option}' names '{unknown[0]}', which {source.name} does not have.",
            hint=choices(unknown[0], source.column_names),
        )


def check_levels(source: Source, option: str, levels: Mapping[str, Sequence[Any]]) -> None:
    """Refuse an order of categories in which one of the column's is missing: it would count as a gap, without a word.

    Raises
    ------
    BadRequest
        ``spec.invalid`` naming the column.
    """
    for name, values in levels.items():
        column = source.column(name)
        if column is None:
            continue
        absent = [value for value, _ in column.top if column.kind == "text" and value not in values]
        if absent and len(absent[0]) < LABEL_CHARACTERS:
            raise BadRequest("spec.invalid", f"The option '{option}' leaves out '{absent[0]}', a value of '{name}'.")
        ordered = len({str(value) for value in values})
        if column.distinct_exact and ordered != column.distinct:
            raise BadRequest(
                "spec.invalid",
                f"The option '{option}' orders {ordered:,} values of '{name}', which has {column.distinct:,}.",
            )


def check_found(source: Source, option: Option, names: Collection[str], *, claimed: Collection[str | None]) -> None:
    """Refuse an option that leaves a text out of the columns it stands for: no model takes it as it is.

    Parameters
    ----------
    claimed
        Columns that are no features, or something else by another option.

    Raises
    ------
    BadRequest
        ``spec.invalid`` naming the column.
    """
    for column in source.columns:
        is_text = column.kind in ("text", "date") and column.kind in option.found
        if is_text and column.name not in names and column.name not in claimed:
            raise BadRequest(
                "spec.invalid",
                f"The option '{option.name}' leaves out '{column.name}', a text: once some are named, no other counts.",
                hint="Name it too, or leave it out by ignore_features.",
            )


def check_ground_truth(source: Source, truth: str, *, task: str) -> None:
    """Refuse a column by which nothing can be judged.

    Raises
    ------
    BadRequest
        ``spec.invalid`` where it has one value, or where anomalies are sought and it has others than two.
    """
    column = source.column(truth)
    found = 0 if column is None else column.distinct
    if task == "anomaly" and found != 2:
        raise BadRequest(
            "spec.invalid",
            f"The ground truth '{truth}' of {source.name} has {found:,} values; it takes two, of which the rarer one "
            "marks the anomalies.",
        )
    if found < 2:
        raise BadRequest("spec.invalid", f"The ground truth '{truth}' of {source.name} tells no two rows apart.")


def check_features(source: Source, *, left_out: Collection[str], clusters: int) -> None:
    """Refuse a table without a target in which there is nothing to find.

    Parameters
    ----------
    left_out
        Columns that are no features.
    clusters
        How many clusters are to be formed; 1 where none are.

    Raises
    ------
    BadRequest
        ``spec.no_features`` or ``spec.invalid``
    """
    features = [
        column for column in source.columns if column.name not in left_out and column.missing < source.row_count
    ]
    if not features:
        raise BadRequest("spec.no_features", f"{source.name} has no column with values left to learn from.")
    if source.row_count <= clusters:
        rows = f"{source.name} has {source.row_count} row{'' if source.row_count == 1 else 's'}"
        what = f"too few for {clusters} clusters" if clusters > 1 else "and nothing to compare it with"
        raise BadRequest("spec.invalid", f"{rows}, {what}.")
    if all(column.distinct <= 1 for column in features):
        raise BadRequest("spec.no_features", f"Every column of {source.name} that is left is always the same.")


def suggest_task(column: Column | None) -> str:
    """Return the task that a target's values suggest: few or textual values are classes, many numbers are not."""
    if column is None or column.kind != "number":
        return "classification"
    return "classification" if column.integral and column.distinct <= 20 else "regression"
