"""Folds, the rows that are held out, and what keeps rows together that belong together."""

from __future__ import annotations

from typing import Any

from workbench.advisors.experiment_designer.aim import Aim
from workbench.advisors.experiment_designer.choice import Choice
from workbench.advisors.experiment_designer.series import folds_within, longest_horizon, steps_of, usual_steps
from workbench.advisors.table import Look
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue import FOLDS_LEAST, TASKS


def folds(
    aim: Aim, look: Look | None, thresholds: Thresholds, *, is_quick: bool
) -> tuple[dict[str, Any], list[Choice]]:
    """Choose the number of folds and the share to train on, for rows that are told apart by chance, group or time.

    Returns
    -------
    tuple
        Changes to the request, and the choices.
    """
    rows, column = aim.table.rows, aim.column
    assert column is not None
    known = rows - column.missing
    few = known < thresholds["designer.rows_small"]
    share = thresholds["designer.train_small"] if few else TASKS["classification"].options["train_size"].default
    trained = int(known * share)
    if known >= thresholds["designer.rows_large"]:
        count, cited = int(thresholds["designer.folds_large"]), "designer.folds_large"
    elif is_quick or known >= thresholds["designer.rows_medium"]:
        count, cited = int(thresholds["designer.folds_medium"]), "designer.folds_medium"
    else:
        count, cited = int(thresholds["designer.folds_usual"]), "designer.folds_usual"
    claim = f"{count} folds, of {trained:,} rows to train on"
    doubt = ""
    most = int(trained / thresholds["designer.fold_rows"])
    if count > most:
        count, cited = max(FOLDS_LEAST, most), "designer.fold_rows"
        claim = f"{count} folds: more would test on fewer than {thresholds['designer.fold_rows']:.0f} rows each"
        doubt = "the table is small"
    if aim.task == "classification" and column.rarest is not None and int(column.rarest * share) < count:
        count = max(FOLDS_LEAST, int(column.rarest * share))
        claim = f"{count} folds: the rarest class has {column.rarest:,} rows, and each fold should have one of it"
        doubt = f"the rarest class has {column.rarest:,} rows"
    setup: dict[str, Any] = {"train_size": share} if few else {}
    held = f"; {1 - share:.0%} of the rows are held out" + (
        ", fewer than usual, since the table is small" if few else ""
    )
    chosen = Choice(
        id="folds",
        claim=f"{claim}{held}.",
        doubt=doubt,
        measured={"folds": count, "rows": known, "train_size": share, "rarest": column.rarest},
        thresholds=(cited, *(("designer.rows_small", "designer.train_small") if few else ())),
        columns=(column.name,),
    )
    return {"folds": count, "setup": setup}, [chosen, *_split(look)]


def _split(look: Look | None) -> list[Choice]:
    """Tell of the splits that pre-flight has a mend for, or none."""
    found = look.of("split.groups", "split.time") if look is not None else ()
    return [
        Choice(
            id=f"split.{each.code.removeprefix('split.')}:{','.join(each.columns)}",
            claim=f"{each.message} {each.label if each.is_mended else 'The design leaves that as it is'}.",
            doubt="" if each.is_mended or each.severity == "note" else "folds at random flatter the models",
            measured=each.measured,
            columns=each.columns,
        )
        for each in found
    ]


def ahead(aim: Aim, thresholds: Thresholds) -> tuple[int, int, list[Choice]]:
    """Choose how many steps are forecast, and in how many folds; both 0 where the rows are too few."""
    rows, series, told = aim.table.rows, aim.series, aim.goal.horizon
    steps = steps_of(told, series) if told is not None else None
    choices = []
    if steps is not None and told is not None:
        claim = f"{_steps(steps, series.unit)} ahead are forecast, as the goal says: “{told.said}”"
        doubt = "" if series.unit or not told.unit else "the step of the rows is not known"
    else:
        steps = usual_steps(rows, series, thresholds)
        season = ", one season" if steps == series.period else ""
        claim = f"The goal does not say how far ahead; {_steps(steps, series.unit)} are forecast{season}"
        doubt = "how far ahead is a guess"
    most = longest_horizon(rows, steps, thresholds, series.period)
    if most < steps:
        claim = f"{claim}; but {rows:,} rows allow for {_steps(most, series.unit)} only" if most else claim
        doubt = f"{rows:,} rows are too few for {_steps(steps, series.unit)} ahead"
        steps = most
    count = folds_within(rows, steps, thresholds, series.period) if steps else 0
    choices.append(
        Choice(
            id="horizon",
            claim=f"{claim}.",
            doubt=doubt,
            measured={"fh": steps, "rows": rows, "unit": series.unit, "period": series.period},
            thresholds=() if told is not None else ("designer.horizon_share", "designer.horizon_usual"),
            advice="Say how far ahead, such as “the next 6 months”." if "guess" in doubt else "",
            is_told=told is not None,
        )
    )
    if count:
        choices.append(
            Choice(
                id="folds",
                claim=f"{count} folds in the order of time, each tested on the {_steps(steps, series.unit)} that "
                "follow, and as many held out at the end.",
                measured={"folds": count, "rows": rows},
                thresholds=("designer.series_seasons",),
                columns=() if series.index is None else (series.index,),
            )
        )
    return steps, count, choices


def _steps(count: int, unit: str) -> str:
    return f"{count:,} {unit or 'step'}{'' if count == 1 else 's'}"
