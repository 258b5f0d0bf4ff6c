"""The target: whether there is one, how its values are spread, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from workbench.advisors.advice import Plot, Series
from workbench.advisors.dataset_analyst.evidence import DatasetEvidence
from workbench.advisors.dataset_analyst.remark import Remark, listed, remark
from workbench.advisors.table import Column
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue import TASKS

_BARS = 15
"""Features that a plot shows."""
_CANDIDATES = 6
"""Columns that a sentence names as possible targets."""


def remarks(evidence: DatasetEvidence, thresholds: Thresholds) -> Iterator[Remark]:
    """Look at the target; of a task without one there is nothing to say."""
    if evidence.task is not None and not TASKS[evidence.task].has_target:
        return
    yield from _chosen(evidence)
    column = evidence.table.column(evidence.target_name)
    if column is None:
        return
    yield from _missing(evidence, column, thresholds)
    if evidence.task == "classification":
        yield from _classes(evidence, column, thresholds)
    elif evidence.task is not None:
        yield from _spread(evidence, column, thresholds)
    if evidence.task != "time_series":
        yield from _features(evidence, thresholds)


def shares(evidence: DatasetEvidence) -> Plot | None:
    """Draw how many rows each class has."""
    told = evidence.target
    if told is None or not told.classes:
        return None
    names, counts = zip(*told.classes, strict=True)
    known = sum(counts)
    series = Series(name="share", x=names, y=[round(count / known, 4) for count in counts])
    return Plot(kind="columns", title=f"Classes of {told.name}", series=(series,), x_title=told.name, y_title="share")


def associations(evidence: DatasetEvidence) -> Plot | None:
    """Draw how strongly each feature goes with the target."""
    told = evidence.target
    if told is None or not told.features:
        return None
    shown = told.features[:_BARS]
    series = Series(name="association", x=[each.strength for each in shown], y=[each.name for each in shown])
    return Plot(kind="bars", title=f"What goes with {told.name}", series=(series,), x_title="association, 0 to 1")


def _chosen(evidence: DatasetEvidence) -> Iterator[Remark]:
    named = tuple(each.name for each in evidence.candidates[:_CANDIDATES])
    if evidence.target_name is None:
        claim = f"No target was named, and none of the columns is sure to be it; {listed(named, _CANDIDATES)} could be."
        if not named:
            claim = "No target was named, and no column could be one: all are dates, constant, or names of rows."
        yield remark(
            "target.none",
            "blocking",
            claim,
            "Name the target, or take clustering or anomaly detection, which need none.",
            measured={"candidates": [each.model_dump() for each in evidence.candidates[:_CANDIDATES]]},
            columns=named,
            stop="no target is chosen" if named else "no column can be predicted",
        )
    elif evidence.chosen == "likeliest":
        best = next(each for each in evidence.candidates if each.name == evidence.target_name)
        others = [name for name in named if name != best.name]
        also = f" {listed(others)} could be one too." if others else ""
        yield remark(
            "target.chosen",
            "note",
            f"No target was named; '{best.name}' is taken, since it {best.why}.{also}",
            "Name another one, if it is not what is to be predicted.",
            measured={"candidates": [each.model_dump() for each in evidence.candidates[:_CANDIDATES]]},
            columns=(best.name,),
        )


def _missing(evidence: DatasetEvidence, column: Column, thresholds: Thresholds) -> Iterator[Remark]:
    if not column.missing:
        return
    share = column.missing / max(1, evidence.table.rows)
    is_many = share >= thresholds["analyst.target_missing"]
    yield remark(
        "target.missing",
        "warning" if is_many else "note",
        f"'{column.name}' is missing in {column.missing:,} of {evidence.table.rows:,} rows, {share:.1%}: they teach "
        "nothing.",
        "Find out whether these rows are of a kind of their own, before they are left out.",
        measured={"missing": column.missing, "share": round(share, 4)},
        thresholds=("analyst.target_missing",),
        columns=(column.name,),
        mend=f"a target that is missing in {share:.0%} of the rows" if is_many else "",
    )


def _classes(evidence: DatasetEvidence, column: Column, thresholds: Thresholds) -> Iterator[Remark]:
    known = evidence.table.rows - column.missing
    if len(column.top) < 2 or not known:
        return
    value, rows = column.top[0]
    share, least = rows / known, column.rarest
    rarest = least / known if least is not None else None
    is_few = least is not None and least < thresholds["analyst.class_rows"]
    is_rare = (
        rarest is not None
        and rarest < thresholds["analyst.minority"]
        and column.distinct <= thresholds["analyst.minority_classes"]
    )
    is_common = share >= thresholds["analyst.common_class"]
    told_already = evidence.look is not None and bool(evidence.look.of("target.imbalance"))
    measured = {"classes": column.distinct, "share": round(share, 4), "rarest_rows": least, "rarest_share": rarest}
    if not is_common and not is_rare:
        yield remark(
            "target.classes",
            "good",
            f"'{column.name}' has {column.distinct:,} classes; the most frequent, '{value}', has {share:.0%} of the "
            "rows.",
            measured=measured,
            thresholds=("analyst.common_class", "analyst.minority"),
            columns=(column.name,),
            plot=shares(evidence),
        )
    elif not (told_already and is_common):
        yield remark(
            "target.minority",
            "warning",
            f"The rarest class of '{column.name}' has {least or 0:,} rows, {rarest or 0:.1%}: accuracy hardly "
            "feels it.",
            "Rank by MCC, and look at the classes one by one. Resampling (fix_imbalance) may help; compare both.",
            measured=measured,
            thresholds=("analyst.common_class", "analyst.minority", "analyst.minority_classes"),
            columns=(column.name,),
            plot=shares(evidence),
            mend="imbalanced classes",
            request={"sort": "MCC"},
            risks=("imbalance",),
        )
    if is_few:
        yield remark(
            "target.few",
            "warning",
            f"The rarest class of '{column.name}' has {least:,} rows: what is measured of it hangs on each of them.",
            "Bring more rows of it, or put it together with a class that is alike.",
            measured={"rarest_rows": least},
            thresholds=("analyst.class_rows",),
            columns=(column.name,),
            mend=f"a class with {least:,} rows",
            risks=("small_sample",),
        )


def _spread(evidence: DatasetEvidence, column: Column, thresholds: Thresholds) -> Iterator[Remark]:
    skew, far = column.skew, column.far_share or 0.0
    if skew is None:
        return
    is_skewed, is_far = abs(skew) >= thresholds["analyst.skew"], far >= thresholds["analyst.far"]
    plot = _histogram(evidence)
    measured = {"skew": round(skew, 3), "far_share": round(far, 4)}
    cited = ("analyst.skew", "analyst.skew_transform", "analyst.far")
    if not is_skewed and not is_far:
        yield remark(
            "target.spread",
            "good",
            f"'{column.name}' is spread evenly enough: a skewness of {skew:.1f}, and {far:.1%} of its values far out.",
            measured=measured,
            thresholds=cited,
            columns=(column.name,),
            plot=plot,
        )
        return
    is_changed = is_skewed and evidence.task == "regression"
    yield remark(
        "target.skewed",
        "warning" if abs(skew) >= thresholds["analyst.skew_transform"] else "note",
        f"'{column.name}' has a skewness of {skew:.1f}, and {far:.1%} of its values lie far out: a few great ones "
        "decide on means and squared errors.",
        "Fit it transformed, and rank by MAE where the typical error matters." if is_changed else "Rank by MAE.",
        measured=measured,
        thresholds=cited,
        columns=(column.name,),
        plot=plot,
        mend="a skewed target" if abs(skew) >= thresholds["analyst.skew_transform"] else "",
        setup={"transform_target": True} if is_changed else {},
    )


def _histogram(evidence: DatasetEvidence) -> Plot | None:
    if evidence.histogram is None:
        return None
    edges, counts = evidence.histogram
    middles = [round((low + high) / 2, 6) for low, high in pairwise(edges)]
    series = Series(name="rows", x=middles, y=counts)
    name = evidence.target_name or ""
    return Plot(kind="columns", title=f"Values of {name}", series=(series,), x_title=name, y_title="rows")


def _rows_known(evidence: DatasetEvidence) -> int:
    column = evidence.table.column(evidence.target_name)
    return evidence.table.rows - (0 if column is None else column.missing)


def _features(evidence: DatasetEvidence, thresholds: Thresholds) -> Iterator[Remark]:
    told = evidence.target
    if told is None or not told.features:
        return
    leaking = {
        name
        for each in (evidence.look.findings if evidence.look else ())
        if each.code.startswith("leak.")
        for name in each.columns
    }
    best = next((each for each in told.features if each.name not in leaking), None)
    if best is None:
        return
    of_rows = f", of {told.sampled_rows:,} rows drawn at random" if told.sampled_rows is not None else ""
    measured = {"strongest": [[each.name, each.strength, each.measure] for each in told.features[:_BARS]]}
    plot = associations(evidence)
    cited = ("analyst.strong", "analyst.weak")
    if best.strength >= thresholds["analyst.strong"]:
        yield remark(
            "target.strong",
            "note",
            f"'{best.name}' goes with '{told.name}' by {best.strength:.2f} ({best.measure}{of_rows}): few honest "
            "features do.",
            "Make sure that it is known before the target is.",
            measured=measured,
            thresholds=cited,
            columns=(best.name,),
            plot=plot,
        )
    elif best.strength < thresholds["analyst.weak"] and _rows_known(evidence) < thresholds["analyst.rows_related"]:
        yield remark(
            "target.unrelated",
            "note",
            f"Which features go with '{told.name}' cannot be told of {_rows_known(evidence):,} rows.",
            "Bring more rows.",
            measured=measured | {"rows": _rows_known(evidence)},
            thresholds=("analyst.rows_related",),
        )
    elif best.strength < thresholds["analyst.weak"]:
        yield remark(
            "target.unrelated",
            "warning",
            f"No feature goes with '{told.name}' by more than {best.strength:.2f} ('{best.name}', "
            f"{best.measure}{of_rows}).",
            "Expect little, unless features tell together what none tells alone; look for others.",
            measured=measured,
            thresholds=cited,
            columns=(best.name,),
            plot=plot,
            mend="features that tell little",
        )
    else:
        yield remark(
            "target.features",
            "good",
            f"'{best.name}' goes with '{told.name}' most, by {best.strength:.2f} ({best.measure}{of_rows}).",
            measured=measured,
            thresholds=cited,
            columns=(best.name,),
            plot=plot,
        )
