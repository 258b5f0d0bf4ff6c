"""What would make a run fail for certain, told before it is stored."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.data.source import Column, Source
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
    if task == "classification" and stratified and column.rarest == 1:
        raise BadRequest(
            "spec.target_rare",
            f"The target '{target}' of {source.name} has a class with a single row, which cannot be split.",
            hint="Another target, regression, or data_split_stratify=false may be what you want.",
        )
    features = [name for name in source.column_names if name != target and name not in ignored]
    if not features:
        raise BadRequest("spec.no_features", f"{source.name} has no column beside the target '{target}' to learn from.")


def check_columns(source: Source, option: str, names: Sequence[str], *, target: str) -> None:
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


def suggest_task(column: Column | None) -> str:
    """Return the task that a target's values suggest: few or textual values are classes, many numbers are not."""
    if column is None or column.kind != "number":
        return "classification"
    return "classification" if column.integral and column.distinct <= 20 else "regression"
