"""The bytes that PyCaret's set-up has in memory, each of them counted once, told before it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb, prod
from typing import TYPE_CHECKING, Any

from workbench.preflight.widths import NUMBER, Width, distinct, option, train_size, widths

if TYPE_CHECKING:
    from workbench.data.source import Source

COLUMNS_MOST = 10**12
"""More columns are counted as so many: no machine holds them."""
_ENCODED = frozenset({"order", "one-hot", "target", "digits"})
_WHOLE = ("normalize", "transformation", "pca", "low_variance_threshold")
"""Steps that make a new array of all columns."""
_PART = ("feature_selection", "remove_multicollinearity", "group_features", "bin_numeric_features", "remove_outliers")
"""Steps that drop, add or look at some."""
_FEWER = frozenset(
    {
        "allknn",
        "condensednearestneighbour",
        "editednearestneighborus",
        "instancehardnessthreshold",
        "nearmiss",
        "neighbourhoodcleaningrule",
        "onesidedselection",
        "randomundersampler",
        "repeatededitednearestneighbours",
        "tomeklinks",
    }
)
"""PyCaret's names, in small letters, of what evens classes out by leaving rows out."""
_PAIRS_MOST = 2**30
"""Bytes of distances that scikit-learn works on at once (its ``working_memory``)."""
_FEW_COMPONENTS = 10
"""So many kernel components or more are found by decomposing the whole matrix."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of what set-up has in memory, each of them once.

    Attributes
    ----------
    columns
        Columns after set-up, the target aside.
    read, small
        The table as it is read, and in the smaller types of PyCaret's own copy.
    strings, longest
        Distinct texts in all columns, and in the one where they take the most.
    taken, filled, dated
        Training rows of the features in small types, with gaps filled, and of the parts of dates.
    texts
        Training rows of texts that are encoded, as references.
    hot, coded, words, listed
        Training rows of one-hot columns, of columns encoded otherwise, and of words; the categories' tables.
    boxed
        Rows under any of the steps below, once all columns are in one array, where a truth value is among them: each
        number is a Python object for a while then.
    crossed, changed, picked, enveloped
        Rows after polynomial features, under steps that make all columns new, under others, and under the search for
        an ellipse that few are outside of; 0 without such steps.
    told
        All rows as they come out.
    pairs, correlated
        Distances between rows with a gap and others, and correlations between columns; 0 where none are asked for.
    kernel, decomposed, projected
        The kernel matrix; the same again where it is decomposed whole, and where all components are kept.
    rows
        Eight bytes a row of a series, twice with an index; 0 for other tasks.
    is_prepared, is_filled
        Whether there is any preprocessing, and whether gaps are filled by it.
    """

    columns: int
    read: float
    small: float
    strings: float
    longest: float
    taken: float = 0.0
    filled: float = 0.0
    dated: float = 0.0
    texts: float = 0.0
    hot: float = 0.0
    coded: float = 0.0
    words: float = 0.0
    listed: float = 0.0
    boxed: float = 0.0
    crossed: float = 0.0
    changed: float = 0.0
    picked: float = 0.0
    enveloped: float = 0.0
    told: float = 0.0
    pairs: float = 0.0
    correlated: float = 0.0
    kernel: float = 0.0
    decomposed: float = 0.0
    projected: float = 0.0
    rows: float = 0.0
    is_filled: bool = True


def account(
    source: Source, setup: Mapping[str, Any], *, task: str, target: str | None, truth: str | None, lean: float = 0.5
) -> Sizes:
    """Count the bytes of what set-up has in memory; `lean` as for `widths`."""
    found = widths(source, setup, task=task, target=target, truth=truth, lean=lean)
    rows = source.row_count
    table = Sizes(
        columns=sum(width.columns for width in found),
        read=rows * sum(width.read for width in found),
        small=rows * sum(width.small for width in found),
        strings=sum(width.strings for width in found),
        longest=max((width.strings for width in found), default=0.0),
    )
    if task == "time_series":
        return _series(table, source, setup)
    return _tabular(table, found, source, setup, task, target)


def _series(table: Sizes, source: Source, setup: Mapping[str, Any]) -> Sizes:
    return replace(table, rows=NUMBER * source.row_count * (2 if setup.get("index") else 1))


def _tabular(
    table: Sizes, found: Sequence[Width], source: Source, setup: Mapping[str, Any], task: str, target: str | None
) -> Sizes:
    def asks(name: str) -> Any:
        return is_prepared and option(setup, task, name)

    is_prepared = bool(option(setup, task, "preprocess"))
    features = [width for width in found if width.columns]
    rows = source.row_count
    trained = rows * train_size(setup, task)
    # Once all columns are in one array they take the type that holds them all.
    each = max((width.encoded / width.columns for width in features), default=0.0)
    each = 4 if each == 4 and all(width.becomes == "number" for width in features) else NUMBER
    columns, a_row = table.columns, sum(width.encoded for width in features)
    taken_in = trained * columns * NUMBER
    crossed = 0.0
    if asks("polynomial_features"):
        columns = min(comb(columns + int(asks("polynomial_degree")), columns) - 1, COLUMNS_MOST)
        a_row = columns * each
        crossed = trained * a_row
    groups = asks("group_features") or {}
    columns += sum(6 - (len(names) if asks("drop_groups") else 0) for names in groups.values())
    is_balanced = asks("fix_imbalance")
    is_grown = is_balanced and str(asks("fix_imbalance_method")).lower() not in _FEWER
    balanced = _balanced(source, target, trained) if is_grown else trained
    at_work = balanced * columns * each
    is_changed = any(asks(name) not in (None, False) for name in _WHOLE) or (
        asks("feature_selection") and asks("feature_selection_method") == "univariate"
    )
    is_picked = is_balanced or any(asks(name) for name in _PART)
    kernel = NUMBER * trained**2 if asks("pca") and asks("pca_method") == "kernel" else 0.0
    components = asks("pca_components")
    last = _last(columns, sum(width.columns > 0 for width in features), int(trained), asks)
    if is_changed or last != columns:
        a_row = last * each
    hot = [width for width in features if width.becomes == "one-hot"]
    return replace(
        table,
        columns=last,
        taken=trained * sum(width.small for width in features),
        filled=trained * sum(width.filled for width in features),
        dated=trained * sum(width.filled for width in features if width.becomes == "date parts"),
        texts=trained * sum(width.filled for width in features if width.becomes in _ENCODED),
        hot=trained * sum(width.encoded for width in hot),
        coded=trained * sum(width.encoded for width in features if width.becomes in _ENCODED - {"one-hot"}),
        words=trained * sum(width.encoded for width in features if width.becomes == "words"),
        listed=sum(NUMBER * width.columns**2 for width in hot),
        boxed=taken_in if any(width.becomes == "bool" for width in features) else 0.0,
        crossed=crossed,
        changed=at_work if is_changed else 0.0,
        picked=at_work if is_picked and not is_changed else 0.0,
        enveloped=at_work if asks("remove_outliers") and asks("outliers_method") == "ee" else 0.0,
        told=(rows - trained + balanced) * a_row,
        pairs=_pairs(source, features, trained) if asks("numeric_imputation") == "knn" else 0.0,
        correlated=NUMBER * columns**2 if asks("remove_multicollinearity") else 0.0,
        kernel=kernel,
        decomposed=kernel if components is None or components >= _FEW_COMPONENTS else 0.0,
        projected=kernel if components is None else 0.0,
        is_filled=bool(asks("imputation_type")),
    )


def _balanced(source: Source, target: str | None, rows: float) -> float:
    """Training rows once all classes have as many as the most frequent."""
    column = source.column(target or "")
    if column is None or not column.top:
        return rows
    return rows * column.top[0][1] / source.row_count * distinct(column, source.row_count)


def _pairs(source: Source, features: Sequence[Width], rows: float) -> float:
    """Bytes of the distances between rows that have a gap and all others, as far as they are worked on at once."""
    numbers = [source.column(width.name) for width in features if width.becomes == "number"]
    complete = prod(1 - column.missing / source.row_count for column in numbers if column is not None)
    return min(NUMBER * rows**2 * (1 - complete), _PAIRS_MOST)


def _last(columns: int, before: int, rows: int, asks: Any) -> int:
    """Columns after those that a step chooses by their number."""
    if asks("pca"):
        components = asks("pca_components")
        if isinstance(components, int) and not isinstance(components, bool):
            columns = min(columns, components)
        elif asks("pca_method") == "kernel":
            columns = rows - 1
        else:
            columns = min(columns, rows)
    if asks("feature_selection"):
        wanted = asks("n_features_to_select")
        columns = min(columns, max(1, int(wanted * before) if wanted < 1 else int(wanted)))
    return columns
