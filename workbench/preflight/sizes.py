"""The bytes that PyCaret's set-up has in memory, each of them counted once, told before it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb, prod
from typing import TYPE_CHECKING, Any

from workbench.preflight.widths import NUMBER, Becoming, Width, distinct, option, train_size, widths

if TYPE_CHECKING:
    from workbench.data.source import Source

COLUMNS_MOST = 10**12
"""More columns are counted as so many: no machine holds them."""
_WHOLE = ("normalize", "transformation", "pca", "low_variance_threshold")
"""Steps that make a new array of all columns."""
_BOXING = ("polynomial_features", "normalize", "transformation", "pca")
"""Steps that take columns as objects where a truth value is among them."""
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
        Rows under steps that take all columns in one array, where a truth value is among them: each number is a Python
        object for a while then.
    crossed, changed, picked, enveloped
        Rows after polynomial features, under steps that make all columns new, under others, and under the search for
        an ellipse that few are outside of; 0 without such steps.
    prepared, told
        Training rows, and all rows, as they come out.
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
    prepared: float = 0.0
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
        return replace(table, rows=NUMBER * rows * (2 if setup.get("index") else 1))
    return _Prepared(source, found, setup, task, target).added_to(table)


class _Prepared:
    """A table's rows as they go through the preprocessing."""

    def __init__(
        self, source: Source, found: Sequence[Width], setup: Mapping[str, Any], task: str, target: str | None
    ) -> None:
        self._source, self._setup, self._task, self._target = source, setup, task, target
        self._features = [width for width in found if width.columns]
        self._trained = source.row_count * train_size(setup, task)
        is_short = all(width.becomes == "number" and width.encoded == 4 for width in self._features)
        # Once all columns are in one array they take the type that holds them all.
        self._each = 4 if is_short else NUMBER

    def _asks(self, name: str) -> Any:
        return option(self._setup, self._task, "preprocess") and option(self._setup, self._task, name)

    def added_to(self, table: Sizes) -> Sizes:
        """Count the training rows at each step, and all rows in the end."""
        trained, asks = self._trained, self._asks
        encoded = self._count(table)
        crossed = self._crossed(encoded.columns)
        groups = (asks("group_features") or {}).values()
        columns = crossed + sum(6 - (len(names) if asks("drop_groups") else 0) for names in groups)
        balanced = self._balanced()
        at_work = balanced * columns * self._each
        is_changed = any(asks(name) not in (None, False) for name in _WHOLE) or (
            asks("feature_selection") and asks("feature_selection_method") == "univariate"
        )
        is_picked = asks("fix_imbalance") or any(asks(name) for name in _PART)
        last = self._last(columns)
        is_one_array = is_changed or last != encoded.columns
        a_row = last * self._each if is_one_array else sum(width.encoded for width in self._features)
        return replace(
            self._with_pairs(encoded, columns),
            columns=last,
            crossed=trained * crossed * self._each if asks("polynomial_features") else 0.0,
            changed=at_work if is_changed else 0.0,
            picked=at_work if is_picked and not is_changed else 0.0,
            enveloped=at_work if asks("remove_outliers") and asks("outliers_method") == "ee" else 0.0,
            prepared=balanced * a_row,
            told=(self._source.row_count - trained + balanced) * a_row,
        )

    def _count(self, table: Sizes) -> Sizes:
        """Count the training rows up to their encoding."""

        def encoded(*kinds: Becoming) -> float:
            return self._trained * sum(width.encoded for width in self._features if width.becomes in kinds)

        def filled(*kinds: Becoming) -> float:
            return self._trained * sum(width.filled for width in self._features if width.becomes in kinds)

        is_boxed = any(width.becomes == "bool" for width in self._features) and any(map(self._asks, _BOXING))
        return replace(
            table,
            taken=self._trained * sum(width.small for width in self._features),
            filled=self._trained * sum(width.filled for width in self._features),
            dated=filled("date parts"),
            texts=filled("order", "one-hot", "target", "digits"),
            hot=encoded("one-hot"),
            coded=encoded("order", "target", "digits"),
            words=encoded("words"),
            listed=sum(NUMBER * width.columns**2 for width in self._features if width.becomes == "one-hot"),
            boxed=self._trained * table.columns * NUMBER if is_boxed else 0.0,
            is_filled=bool(self._asks("imputation_type")),
        )

    def _crossed(self, columns: int) -> int:
        """Columns after polynomial features: all products of so many, or fewer, of them."""
        if not self._asks("polynomial_features"):
            return columns
        return min(comb(columns + int(self._asks("polynomial_degree")), columns) - 1, COLUMNS_MOST)

    def _balanced(self) -> float:
        """Training rows once all classes have as many as the most frequent, where any are added."""
        column = self._source.column(self._target or "")
        is_grown = self._asks("fix_imbalance") and str(self._asks("fix_imbalance_method")).lower() not in _FEWER
        if not is_grown or column is None or not column.top:
            return self._trained
        share = column.top[0][1] / self._source.row_count
        return max(self._trained, self._trained * share * distinct(column, self._source.row_count))

    def _with_pairs(self, sizes: Sizes, columns: int) -> Sizes:
        """Add what grows with the square of rows or columns."""
        gaps, correlated, kernel, components = 0.0, 0.0, 0.0, self._asks("pca_components")
        if self._asks("numeric_imputation") == "knn":
            numbers = [self._source.column(width.name) for width in self._features if width.becomes == "number"]
            complete = prod(1 - column.missing / self._source.row_count for column in numbers if column is not None)
            gaps = min(NUMBER * self._trained**2 * (1 - complete), _PAIRS_MOST)
        if self._asks("remove_multicollinearity"):
            correlated = NUMBER * float(columns) ** 2
        if self._asks("pca") and self._asks("pca_method") == "kernel":
            kernel = NUMBER * self._trained**2
        return replace(
            sizes,
            pairs=gaps,
            correlated=correlated,
            kernel=kernel,
            decomposed=kernel if components is None or components >= _FEW_COMPONENTS else 0.0,
            projected=kernel if components is None else 0.0,
        )

    def _last(self, columns: int) -> int:
        """Columns after those steps that leave a number of them which is known."""
        if self._asks("pca"):
            components, rows = self._asks("pca_components"), int(self._trained)
            if isinstance(components, int):
                columns = min(columns, components)
            else:
                columns = rows - 1 if self._asks("pca_method") == "kernel" else min(columns, rows)
        if self._asks("feature_selection"):
            wanted = self._asks("n_features_to_select")
            columns = min(columns, max(1, int(wanted * len(self._features)) if wanted < 1 else int(wanted)))
        return columns
