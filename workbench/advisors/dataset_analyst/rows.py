"""How many rows there are, in all and for each feature."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.advisors.dataset_analyst.evidence import DatasetEvidence
from workbench.advisors.dataset_analyst.remark import Remark, remark
from workbench.advisors.thresholds import Thresholds


def remarks(evidence: DatasetEvidence, thresholds: Thresholds) -> Iterator[Remark]:
    """Look at the size of the table."""
    table = evidence.table
    column = table.column(evidence.target_name)
    known = table.rows - (column.missing if column is not None else 0)
    of = f" with a value of '{column.name}'" if column is not None and column.missing else ""
    measured = {"rows": table.rows, "known": known}
    cited = ("analyst.rows_least", "analyst.rows_small")
    if known < thresholds["analyst.rows_least"]:
        yield remark(
            "rows.few",
            "blocking",
            f"{known:,} rows{of} are too few to learn from and to judge by.",
            f"Bring {thresholds['analyst.rows_least']:.0f} or more, better some hundreds.",
            measured=measured,
            thresholds=cited,
            stop=f"{known:,} rows are too few",
            risks=("small_sample",),
        )
    elif known < thresholds["analyst.rows_small"] and evidence.task != "time_series":
        yield remark(
            "rows.small",
            "warning",
            f"{known:,} rows{of} are few: what is measured hangs on how they are split.",
            "Take ten folds, read the spread over them, and prefer simple models.",
            measured=measured,
            thresholds=cited,
            mend=f"{known:,} rows are few",
            risks=("small_sample",),
        )
    if evidence.task == "time_series":
        return
    left_out = (evidence.look.request.get("setup") or {}).get("ignore_features") or () if evidence.look else ()
    features = len([each for each in table.columns if each.name not in left_out and each.name != evidence.target_name])
    if features > 1 and known < thresholds["analyst.rows_each"] * features:
        is_wider = features > known
        yield remark(
            "table.wide",
            "warning" if is_wider else "note",
            f"{known:,} rows for {features:,} features, {known / features:.1f} each: models find patterns that are "
            "not there.",
            "Prefer models that hold their weights back (ridge, lasso), or leave features out.",
            measured={"rows": known, "features": features},
            thresholds=("analyst.rows_each",),
            mend=f"{features:,} features for {known:,} rows" if is_wider else "",
            risks=("wide_table",),
        )
