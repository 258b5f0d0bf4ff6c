"""Rules about what comes in: rows with gaps, and values that were never learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.advisors.deployment_reviewer.evidence import LiveColumn
from workbench.advisors.deployment_reviewer.ruling import Case, Ruling
from workbench.advisors.examination import InputColumn
from workbench.plain import listed


def _columns(case: Case) -> tuple[InputColumn, ...]:
    found = case.examination.preparation if case.examination is not None else None
    return () if found is None else found.columns


def _live(case: Case) -> dict[str, LiveColumn]:
    return {column.name: column for column in case.evidence.served.columns} if case.evidence.served is not None else {}


def answers(case: Case) -> Iterator[Ruling]:
    """It must answer the rows of its own table; what nobody could ask it about is not approved without a word."""
    evidence = case.evidence
    if not evidence.artifact.verifies or case.reviewed.target is None or _is_scored(case):
        return
    why = " ".join(case.unseen)
    if evidence.gaps and _fills_none(case.reviewed.setup):
        names = list(evidence.gaps)
        yield case.ruling(
            "inputs.unanswered",
            "blocking",
            f"Its set-up fills no gaps, {listed(names)} of its own table {'has' if len(names) == 1 else 'have'} some, "
            f"and it has no answer for rows that it did not learn from. {why}".strip(),
            "Fit it again with imputation.",
            flag="missing_imputer",
            phrase=f"rows without {listed(names)} get no answer",
            measured={"table": dict(evidence.gaps)},
            columns=tuple(names),
            changes={"setup": _imputing(case)},
        )
        return
    yield case.ruling(
        "examination.none",
        "warning",
        f"It could not be judged on rows that it did not learn from. {why}".strip(),
        "Have it predict rows whose outcome is known before anybody relies on it.",
        phrase="it could not be judged on new rows",
    )


def _is_scored(case: Case) -> bool:
    found = case.examination
    return found is not None and (bool(found.held_out) or found.forecast is not None)


def _fills_none(setup: Mapping[str, Any]) -> bool:
    return setup.get("preprocess") is False or ("imputation_type" in setup and setup["imputation_type"] is None)


def gaps(case: Case) -> Iterator[Ruling]:
    """A row with a gap must get an answer where rows have gaps."""
    live = _live(case)
    open_ = [column for column in _columns(case) if column.answers_gap is False or column.drops_gaps]
    seen = {column.name: max(column.missing_learned or 0, column.missing_held_out or 0) for column in open_}
    asked = {column.name: live[column.name].missing for column in open_ if column.name in live}
    failing = {name: share for name, share in asked.items() if share > 0}
    known = {name: share for name, share in seen.items() if share > 0}
    if failing or known:
        names = list(failing or known)
        worst = max((failing or known).values())
        blocks = worst >= case.limit("reviewer.gap_share") and bool(failing)
        where = "of the rows that are asked for" if failing else "of the table's rows"
        what = "it drops" if any(column.drops_gaps for column in open_) else "it cannot answer"
        says = next((column.says_of_gap for column in open_ if column.name in names and column.says_of_gap), "")
        yield case.ruling(
            "inputs.gaps",
            "blocking" if blocks else "warning",
            f"Up to {worst:.1%} {where} have no value in {listed(names)}, and {what} rows like that"
            f"{f': {says}' if says else '.'}",
            "Fit it again with imputation.",
            flag="missing_imputer",
            phrase=f"rows without {listed(names)} get no answer",
            measured={"live": failing, "table": known},
            held=("reviewer.gap_share",),
            columns=tuple(names),
            changes={"setup": _imputing(case)},
        )
    elif open_:
        names = [column.name for column in open_]
        yield case.ruling(
            "inputs.gaps",
            "note",
            f"It has no answer for rows without a value in {listed(names)}; none was seen so far.",
            "Refuse such rows where they come from, or fit it again with imputation.",
            columns=tuple(names),
        )


def _imputing(case: Case) -> dict[str, object]:
    setup = case.reviewed.setup
    changes: dict[str, object] = {}
    if setup.get("preprocess") is False:
        changes["preprocess"] = True
    if "imputation_type" in setup and setup["imputation_type"] is None:
        changes["imputation_type"] = "simple"
    changes |= {
        name: default
        for name, default in (("numeric_imputation", "mean"), ("categorical_imputation", "mode"))
        if setup.get(name) == "drop"
    }
    return changes


def values(case: Case) -> Iterator[Ruling]:
    """A value that was never learned must get an answer, and one that means something."""
    live = _live(case)
    # Of these it is told that no new row has a value that was learned.
    names_rows = {name for seen in case.looked("column.identifier") for name in seen.columns}
    refused: dict[str, float] = {}
    guessed: dict[str, float] = {}
    for column in _columns(case):
        asked = live[column.name].unknown if column.name in live else None
        share = max(asked or 0.0, column.unknown_held_out or 0.0)
        if share <= 0 or column.name in names_rows:
            continue
        if column.answers_unknown is False:
            refused[column.name] = share
        elif share >= case.limit("reviewer.unknown_share"):
            guessed[column.name] = share
    # What serves tells of columns that were not examined too.
    examined = {column.name for column in _columns(case)}
    guessed |= {
        name: column.unknown
        for name, column in live.items()
        if name not in (examined | names_rows)
        and column.unknown is not None
        and column.unknown >= case.limit("reviewer.unknown_share")
    }
    if refused:
        names, worst = list(refused), max(refused.values())
        blocks = worst >= case.limit("reviewer.gap_share") and any(live[name].unknown for name in names if name in live)
        says = next((column.says_of_unknown for column in _columns(case) if column.name in refused), "")
        yield case.ruling(
            "inputs.unknown",
            "blocking" if blocks else "warning",
            f"Up to {worst:.1%} of new rows have values of {listed(names)} that it never learned, and it has no answer "
            f"for them{f': {says}' if says else '.'}",
            "Fit it again with an encoding that knows what to do with a new value.",
            flag="missing_encoder",
            phrase=f"new values of {listed(names)} get no answer",
            measured={"shares": refused},
            held=("reviewer.gap_share",),
            columns=tuple(names),
            changes={"setup": {"preprocess": True}} if case.reviewed.setup.get("preprocess") is False else {},
        )
    for name, share in guessed.items():
        encoder = next((column.encoded_by for column in _columns(case) if column.name == name), "")
        examples = live[name].unknown_values if name in live else ()
        told = f" such as {listed(examples)}" if examples else ""
        yield case.ruling(
            f"inputs.unlearned:{name}",
            "warning",
            f"{share:.1%} of new rows have values of '{name}'{told} that it never learned: "
            f"{_does(encoder)}, and so answers without knowing them.",
            f"Fit it again on rows that have these values of '{name}', or leave it out.",
            flag="missing_encoder",
            phrase=f"values of '{name}' come that it never learned",
            measured={"share": share, "encoded_by": encoder, "examples": list(examples)},
            held=("reviewer.unknown_share",),
            columns=(name,),
        )


def _does(encoder: str) -> str:
    """Say what an encoder makes of a value that it does not know."""
    told = {
        "OneHotEncoder": "it takes them for none of the values that it knows",
        "OrdinalEncoder": "it takes them for one below the lowest",
        "TargetEncoder": "it takes them for the average",
    }
    return told.get(encoder, "it has no number of their own for them")
