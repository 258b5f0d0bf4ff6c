"""A pipeline's steps before the estimator, compiled: columns are tabulated one by one, then there is a matrix."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.predictor.columns import Columns, NotCompiled
from workbench.predictor.parts import Filled, Groups, Guard, Matrix, Select, Writer, nameless, whole
from workbench.predictor.rows import Domain
from workbench.predictor.table import Array, Column, Table


@dataclass(frozen=True, slots=True)
class Preparation:
    """What makes the matrix of a table that an estimator is given.

    Attributes
    ----------
    names
        Of the matrix' columns.
    how
        Step → what became of it.
    width
        How many columns the writers fill.
    """

    names: tuple[str, ...]
    how: Mapping[str, str]
    width: int
    fills: tuple[Filled, ...]
    writers: tuple[Writer, ...]
    guard: Guard
    matrix: tuple[Callable[[Array], Array], ...]

    def __call__(self, table: Table) -> Array:
        """Return rows × features; what it holds of a row that is unsure means nothing."""
        for fill in self.fills:
            table = fill(table)
        X = np.empty((len(table), self.width))
        for writer in self.writers:
            writer.write(table, X)
        for step in self.matrix:
            X = step(X)
        return np.ascontiguousarray(X)

    def unsure(self, table: Table) -> Array | None:
        """Return whether each row must be asked of the pipeline itself; None: none need be."""
        return self.guard.unsure(table)


def compiled(steps: Sequence[tuple[str, Any]], columns: Sequence[Column], domains: Mapping[str, Domain]) -> Preparation:
    """Compile the steps before an estimator.

    Raises
    ------
    NotCompiled
        Naming the step for which there is no way known.
    """
    encoded = {name for _, step in steps if _kind(step) in _ENCODES for name in step._include}
    by_column = Columns(columns, domains, encoded)
    matrix: _Matrix | None = None
    how: dict[str, str] = {}
    for name, step in steps:
        kind = _kind(step)
        if step is None or step == "passthrough":
            how[name] = "nothing"
        elif getattr(step, "_train_only", False) or kind in _OF_THE_TARGET or getattr(step, "_include", None) == []:
            how[name] = "concerns no new row"
        elif kind in _BY_COLUMN and matrix is None:
            _BY_COLUMN[kind](by_column, step)
            how[name] = "column by column"
        elif kind in _CHOOSES:
            if not _takes_gaps(step.transformer):
                (matrix or by_column).refuse_gaps_left()
            kept = set(_CHOOSES[kind](step))
            (matrix or by_column).drop({column for column in step._include if column not in kept})
            how[name] = "a choice of columns"
        elif kind == "pycaret.CleanColumnNames":
            (matrix or by_column).rename(step.transformer.match)
            how[name] = "other names"
        elif kind in _OF_ALL:
            matrix = matrix or _Matrix(by_column.names)
            _OF_ALL[kind](matrix, step)
            how[name] = "a matrix"
        else:
            what = type(getattr(step, "transformer", step)).__name__
            raise NotCompiled(f"There is no way known to compile the step {name}, a {what}.")
    writers, guard = by_column.end()
    return Preparation(
        names=tuple(matrix.names if matrix else by_column.names),
        how=how,
        width=len(by_column.names),
        fills=tuple(by_column.fills),
        writers=writers,
        guard=guard,
        matrix=tuple(matrix.steps) if matrix else (),
    )


class _Matrix:
    """The columns once they are numbers in a matrix: their names, and what is done to them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.steps: list[Callable[[Array], Array]] = []

    def drop(self, dropped: set[str]) -> None:
        kept = [place for place, name in enumerate(self.names) if name not in dropped]
        self.names = [self.names[place] for place in kept]
        self.steps.append(Select(np.array(kept, dtype=np.intp)))

    def refuse_gaps_left(self) -> None:
        self.steps.append(whole)

    def rename(self, match: str) -> None:
        self.names = [re.sub(match, "", name) for name in self.names]

    def transform(self, step: Any) -> None:
        """Have a wrapped transformer change some columns or all, and lay them as PyCaret lays them."""
        taken, made = list(step._include), list(step.transformer.get_feature_names_out())
        transform = nameless(step.transformer).transform
        if len(taken) == len(self.names):
            in_order = None if taken == self.names else self._places(taken)
            self.steps.append(Matrix(transform) if in_order is None else Matrix(transform, in_order))
            self.names = made
            return
        before = pd.DataFrame(np.zeros((1, len(self.names))), columns=self.names)
        laid = list(step._prepare_df(before, np.zeros((1, len(made)))))
        others = [name for name in self.names if name not in taken]
        there = [*made, *others]
        order = np.array([there.index(name) for name in laid], dtype=np.intp)
        self.steps.append(Matrix(transform, self._places(taken), self._places(others), order))
        self.names = laid

    def group(self, step: Any) -> None:
        grouping = step.transformer
        groups = [[name for name in group if name in step._include] for group in grouping.group_features.values()]
        # What the summaries are called, and which columns go, it tells by doing it.
        before = pd.DataFrame(np.ones((2, len(self.names))), columns=self.names)
        laid = list(step.transform(before))
        summaries = [
            f"{what}({name})"
            for name, group in zip(grouping.group_features, groups, strict=True)
            if group
            for what in Groups.SUMMARIES
        ]
        self.steps.append(Groups(tuple(self._places(group) for group in groups if group)))
        there = [*self.names, *summaries]
        self.steps.append(Select(np.array([there.index(name) for name in laid], dtype=np.intp)))
        self.names = laid

    def cast(self, step: Any) -> None:
        self.steps.append(Matrix(step.transform))

    def _places(self, names: Sequence[str]) -> Array:
        return np.array([self.names.index(name) for name in names], dtype=np.intp)


def _kind(step: Any) -> str:
    """Name a step's class by the package that it comes from."""
    kind = type(getattr(step, "transformer", step))
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def _takes_gaps(transformer: Any) -> bool:
    told: dict[str, Any] = getattr(transformer, "_get_tags", dict)()
    return bool(told.get("allow_nan", True))


_OF_THE_TARGET = {"sklearn.LabelEncoder", "pycaret.TargetTransformer"}
_BY_COLUMN: Mapping[str, Callable[[Columns, Any], None]] = {
    "workbench.Dates": Columns.carry_out,
    "pycaret.ExtractDateTimeFeatures": Columns.take_dates,
    "sklearn.SimpleImputer": Columns.carry_out,
    "sklearn.KNNImputer": Columns.fill,
    "pycaret.DropImputer": Columns.refuse_gaps,
    "pycaret.IterativeImputer": Columns.refuse_gaps,
    "pycaret.EmbedTextFeatures": Columns.take_words,
    "pycaret.RareCategoryGrouping": Columns.carry_out,
    "category_encoders.OrdinalEncoder": Columns.carry_out,
    "category_encoders.TargetEncoder": Columns.carry_out,
    "category_encoders.OneHotEncoder": Columns.encode,
    "category_encoders.BaseNEncoder": Columns.encode,
}
_ENCODES = {kind for kind in _BY_COLUMN if kind.startswith("category_encoders.")}
_CHOOSES: Mapping[str, Callable[[Any], Sequence[str]]] = {
    "pycaret.RemoveMulticollinearity": lambda step: [n for n in step._include if n not in step.transformer.drop_],
} | dict.fromkeys(
    (
        "sklearn.VarianceThreshold",
        "sklearn.SelectKBest",
        "sklearn.SelectFromModel",
        "sklearn.SequentialFeatureSelector",
    ),
    lambda step: list(step.transformer.get_feature_names_out()),
)
_OF_ALL: Mapping[str, Callable[[_Matrix, Any], None]] = {
    "pycaret.GroupFeatures": _Matrix.group,
    "sklearn.FunctionTransformer": _Matrix.cast,
} | dict.fromkeys(
    (
        "sklearn.PolynomialFeatures",
        "sklearn.KBinsDiscretizer",
        "sklearn.PowerTransformer",
        "sklearn.QuantileTransformer",
        "sklearn.StandardScaler",
        "sklearn.MinMaxScaler",
        "sklearn.MaxAbsScaler",
        "sklearn.RobustScaler",
        "sklearn.PCA",
        "sklearn.IncrementalPCA",
        "sklearn.KernelPCA",
    ),
    _Matrix.transform,
)
