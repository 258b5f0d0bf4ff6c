"""Columns that teach nothing, mislead, or are there twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from workbench.data.source import Column
from workbench.plain import listed
from workbench.preflight.evidence import Evidence
from workbench.preflight.findings import Finding
from workbench.preflight.subject import Subject

FEWEST_ROWS = 20
"""In fewer rows a value of its own in each is no wonder."""
IDENTIFIER = 0.9
"""Share of the rows with a value of their own from which a text names rows rather than describes them."""
DENSE = 1.05
"""Whole numbers, each once, are a count of rows where their range is at most so many times their number."""
FEW_ROWS_EACH = 5
"""Rows of a value below which its mean of the target is little but those rows' own targets."""
_NAMES_ROWS = re.compile(r"(?:^|[_\W])(?:id|key|uuid|guid|index|idx|nr|no|number|num|row)$|^unnamed\W", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CLEANED = re.compile(r"[\]\[\,\{\}\"\:]+")
"""What PyCaret takes out of names, since LightGBM refuses it."""
_FORMULA = ("=", "+", "-", "@")
_EXAMPLES = 3


def names_rows(name: str) -> bool:
    """Whether a column's name sounds like that of an identifier: ``customer_id``, ``OrderNo``, ``Unnamed: 0``."""
    return _NAMES_ROWS.search(_CAMEL.sub("_", name)) is not None


def columns(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    """Look at the columns one by one, and for those that are alike."""
    identifiers = [column for column in subject.features if is_identifier(subject, column, evidence)]
    for column in identifiers:
        yield _identifier(subject, column)
    for column in subject.features:
        if column not in identifiers:
            yield from _cardinality(subject, column)
            yield from _dates(subject, column)
    yield from _constants(subject)
    yield from _duplicates(subject, evidence)
    yield from _names(subject)


def is_identifier(subject: Subject, column: Column, evidence: Evidence) -> bool:
    """Whether a column names rows: a text with a value of its own in next to each, or a number that counts them."""
    rows = subject.source.row_count
    known = rows - column.missing
    if subject.is_series or known < FEWEST_ROWS or subject.is_named(column.name):
        return False
    seen = evidence.seen(column.name)
    # Where values are too many to be counted, all rows that were seen must agree.
    is_unique = column.unique and (column.distinct_exact or seen is None or seen.distinct == seen.known)
    if column.kind == "text":
        return is_unique or (column.distinct_exact and column.distinct >= IDENTIFIER * known)
    if column.kind != "number" or not (is_unique and column.integral):
        return False
    width = (column.maximum or 0) - (column.minimum or 0) + 1
    return width <= DENSE * rows or names_rows(column.name)


def _identifier(subject: Subject, column: Column) -> Finding:
    known = subject.source.row_count - column.missing
    share = 1.0 if column.unique else column.distinct / known
    rows = f"each of {known:,} rows" if share == 1 else f"{share:.0%} of {known:,} rows"
    does = "nothing that is learned from it holds for a new row"
    if column.kind == "text" and subject.has_target:
        does += ", and it drives tree models to the dummy's score"
    return Finding(
        "column.identifier",
        "warning",
        (column.name,),
        f"'{column.name}' has a value of its own in {rows}: {does}.",
        {"rows": known, "share": round(share, 4), "examples": _examples(column)},
        subject.leave_out([column.name]),
    )


def _cardinality(subject: Subject, column: Column) -> Iterator[Finding]:
    known = subject.source.row_count - column.missing
    most = subject.setup("max_encoding_ohe")
    is_coded = subject.has_target and subject.setup("preprocess") and most is not None and 0 <= most < column.distinct
    if column.kind != "text" or not is_coded or subject.is_named(column.name) or not column.distinct_exact:
        return
    if known < FEWEST_ROWS or column.distinct * FEW_ROWS_EACH <= known:
        return
    yield Finding(
        "column.cardinality",
        "warning",
        (column.name,),
        f"'{column.name}' has {column.distinct:,} values in {known:,} rows: PyCaret puts the target's mean of each in "
        "their place, which of so few rows is learned by heart.",
        {"rows": known, "distinct": column.distinct, "examples": _examples(column)},
        subject.leave_out([column.name]),
    )


def _dates(subject: Subject, column: Column) -> Iterator[Finding]:
    if column.kind != "date" or subject.is_series or subject.is_named(column.name) or not subject.setup("preprocess"):
        return
    many = f"{column.distinct:,}{'' if column.distinct_exact else ' or more'}"
    known = subject.source.row_count - column.missing
    yield Finding(
        "column.dates",
        "warning" if column.distinct * FEW_ROWS_EACH > known else "note",
        (column.name,),
        f"'{column.name}' holds {many} dates, which PyCaret takes for categories unless date_features names it.",
        {"distinct": column.distinct, "examples": _examples(column)},
        subject.add("date_features", [column.name], f"Read '{column.name}' as dates"),
    )


def _constants(subject: Subject) -> Iterator[Finding]:
    found = {column.name: column for column in subject.features if column.distinct <= 1}
    if not found:
        return
    values = {name: column.top[0][0] if column.top else None for name, column in found.items()}
    names = tuple(found)
    never = [name for name, value in values.items() if value is None]
    what = "has no values" if never == list(names) else "is always the same"
    if len(names) > 1:
        what = "have no values" if never == list(names) else "have one value or none"
    yield Finding(
        "column.constant",
        "note",
        names,
        f"{listed(names)} {what}: there is nothing to learn from.",
        {"values": values},
        subject.leave_out(names),
    )


def _duplicates(subject: Subject, evidence: Evidence) -> Iterator[Finding]:
    if evidence.columns is None:
        return
    features = {column.name for column in subject.features}
    where = "" if evidence.columns.is_whole else f" in the {evidence.columns.rows:,} rows that were looked at"
    for twins in evidence.columns.twins:
        names = tuple(name for name in twins if name in features)
        if len(names) < 2:
            continue
        kept = next((name for name in names if subject.is_named(name)), names[0])
        yield Finding(
            "column.duplicate",
            "note",
            names,
            f"{listed(names)} hold the same{where}, up to names or scale.",
            {"rows": evidence.columns.rows, "kept": kept},
            subject.leave_out([name for name in names if name != kept]),
        )


def _names(subject: Subject) -> Iterator[Finding]:
    names = [column.name for column in subject.features]
    become = {name: _CLEANED.sub("", name) for name in names}
    counts = Counter(become.values())
    shared = tuple(name for name in names if counts[become[name]] > 1 or not become[name])
    if shared:
        yield Finding(
            "column.name",
            "warning",
            shared,
            f"{listed(shared)} lose characters that LightGBM refuses, and then cannot be told apart by name.",
            {"become": {name: become[name] for name in shared}},
        )
    changed = tuple(name for name in names if become[name] != name and name not in shared)
    if changed:
        shown = f"'{changed[0]}' becomes '{become[changed[0]]}'"
        yield Finding(
            "column.name",
            "note",
            changed,
            f"{listed(changed)} {'has' if len(changed) == 1 else 'have'} characters in the name that LightGBM refuses "
            f"and PyCaret drops: {shown}.",
            {"become": {name: become[name] for name in changed}},
        )
    formulas = tuple(name for name in names if name.startswith(_FORMULA))
    if formulas:
        yield Finding(
            "column.name",
            "note",
            formulas,
            f"A spreadsheet that opens an export may take {listed(formulas)} for a formula.",
        )


def _examples(column: Column) -> list[str]:
    return [value for value, _ in column.top[:_EXAMPLES]]
