"""Tables and set-ups for `setup_memory`: those that factors are fitted to, and others that they are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

C, R, CLUSTERS, ANOMALIES = "classification", "regression", "clustering", "anomaly"


@dataclass(frozen=True)
class Case:
    """One set-up of one table.

    Attributes
    ----------
    table
        What makes it, or the name of a CSV file in the folder of real tables.
    """

    name: str
    table: Callable[[], pd.DataFrame] | str
    task: str
    setup: Mapping[str, Any] = field(default_factory=dict)
    target: str | None = "y"

    @property
    def asked(self) -> str:
        return ", ".join([self.task, *(f"{name}={_short(value)}" for name, value in self.setup.items())])


def _short(value: Any) -> str:
    return str(value) if not isinstance(value, list | dict) else f"{len(value)} columns"


def plain(
    rows: int,
    *,
    floats: int = 0,
    whole: int = 0,
    flags: int = 0,
    texts: Iterable[int] = (),
    dates: int = 0,
    missing: float = 0.0,
    target: str | None = C,
    length: int = 8,
    rarer: float = 0.5,
) -> Callable[[], pd.DataFrame]:
    """Even tables, on which each factor can be told from the others.

    Parameters
    ----------
    texts
        Distinct values of each column of texts, each with `length` characters.
    missing
        Share of gaps in every column.
    rarer
        Share of the rarer class.
    """

    def make() -> pd.DataFrame:
        chance = np.random.default_rng(rows)
        columns: dict[str, Any] = {f"x{i}": chance.normal(size=rows) for i in range(floats)}
        columns |= {f"i{i}": chance.integers(0, 1000 if i % 2 else 100_000, rows) for i in range(whole)}
        columns |= {f"f{i}": chance.random(rows) < 0.5 for i in range(flags)}
        columns |= {f"t{i}": _texts(chance, rows, many, length) for i, many in enumerate(texts)}
        columns |= {f"d{i}": _dates(chance, rows) for i in range(dates)}
        frame = pd.DataFrame(columns)
        if missing:
            frame = frame.mask(chance.random(frame.shape) < missing)
        if target == C:
            frame["y"] = np.where(chance.random(rows) < rarer, "yes", "no").astype(object)
        elif target == R:
            frame["y"] = chance.normal(size=rows)
        return frame

    return make


def _texts(chance: np.random.Generator, rows: int, many: int, length: int) -> Any:
    words = np.array([f"{number:0{length}d}t" for number in range(many)], dtype=object)
    places = np.concatenate([np.arange(many), chance.integers(0, many, max(0, rows - many))])
    return words[chance.permutation(places)[:rows]]


def _dates(chance: np.random.Generator, rows: int) -> Any:
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(chance.integers(0, 1500, rows), "D")
    return days.strftime("%Y-%m-%d").astype(object)


def people(rows: int, *, codes: int = 0, stored: str = "float64", target: str | None = C) -> Callable[[], pd.DataFrame]:
    """A table as people have them: uneven categories, gaps here and there, whole numbers of all sizes, dates, a name.

    Parameters
    ----------
    codes
        Further columns of amounts, a third of them whole.
    stored
        Type of those that are whole.
    """

    def make() -> pd.DataFrame:
        chance = np.random.default_rng(rows + codes)
        towns = [f"Town of {number}" for number in range(400)]
        frame = pd.DataFrame(
            {
                "customer": [f"C-{number:09d}" for number in chance.permutation(rows)],
                "age": chance.integers(18, 95, rows),
                "income": np.exp(chance.normal(10, 1, rows)).round(2),
                "children": chance.poisson(1.2, rows),
                "town": chance.choice(towns, rows, p=_uneven(400)),
                "job": chance.choice([f"job {number}" for number in range(14)], rows, p=_uneven(14)),
                "plan": chance.choice(["free", "basic", "plus", "pro", "team"], rows, p=_uneven(5)),
                "sex": chance.choice(["female", "male"], rows),
                "is_member": chance.random(rows) < 0.3,
                "joined": _dates(chance, rows),
            }
        )
        for number in range(codes):
            amounts = np.exp(chance.normal(3, 2, rows))
            frame[f"amount {number}"] = amounts.round().astype(stored) if number % 3 == 0 else amounts
        for name in ("income", "job", "children"):
            frame[name] = frame[name].mask(chance.random(rows) < 0.07)
        if target == C:
            frame["y"] = np.where(chance.random(rows) < 0.12, "left", "stayed").astype(object)
        elif target == R:
            frame["y"] = np.exp(chance.normal(5, 1, rows))
        return frame

    return make


def _uneven(many: int) -> Any:
    shares = 1 / np.arange(1, many + 1)
    return shares / shares.sum()


_HOT = plain(60_000, floats=10, texts=(20,) * 8, rarer=0.2)
_NUMBERS = plain(100_000, floats=40, whole=10, rarer=0.2)
_FLAGS = plain(60_000, floats=20, whole=5, flags=5, texts=(20, 20), rarer=0.2)
_NORMAL = {"normalize": True}
_CROSSED = {"polynomial_features": True}
_TEN = {"pca": True, "pca_components": 10}
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "normalize": _NORMAL,
    "robust": _NORMAL | {"normalize_method": "robust"},
    "yeo-johnson": {"transformation": True},
    "quantile": {"transformation": True, "transformation_method": "quantile"},
    "both": {"transformation": True} | _NORMAL,
    "pca": {"pca": True},
    "pca 10": _TEN,
    "incremental": _TEN | {"pca_method": "incremental"},
    "selection": {"feature_selection": True},
    "univariate": {"feature_selection": True, "feature_selection_method": "univariate"},
    "correlated": {"remove_multicollinearity": True},
    "variance": {"low_variance_threshold": 0.01},
    "bins": {"bin_numeric_features": ["x0", "x1"]},
    "outliers": {"remove_outliers": True},
    "smote": {"fix_imbalance": True},
    "oversampled": {"fix_imbalance": True, "fix_imbalance_method": "RandomOverSampler"},
    "undersampled": {"fix_imbalance": True, "fix_imbalance_method": "RandomUnderSampler"},
}
_WITH_FLAGS = ("normalize", "both", "pca 10", "selection", "correlated", "variance", "outliers", "smote")

FITTED = (
    Case("floats", plain(500_000, floats=20), C),
    Case("floats, many rows", plain(2_000_000, floats=20), C),
    Case("floats, few columns", plain(1_000_000, floats=5), C),
    Case("floats, very few rows", plain(1_000, floats=1500, target=R), R),
    Case("floats, wide", plain(5_000, floats=1000), C),
    Case("floats, wider", plain(2_000, floats=3000), C),
    Case("floats with gaps", plain(200_000, floats=30, missing=0.1), C, {"numeric_imputation": "median"}),
    Case("floats, no target", plain(300_000, floats=20, target=None), CLUSTERS, _NORMAL, None),
    Case("floats, nearly all to train", plain(200_000, floats=30), C, {"train_size": 0.95}),
    Case("floats, few to train", plain(200_000, floats=30), C, {"train_size": 0.3}),
    Case("floats untouched", plain(200_000, floats=30), C, {"preprocess": False}),
    Case("whole numbers", plain(500_000, whole=20), C),
    Case("whole numbers with gaps", plain(100_000, whole=50, missing=0.05, target=R), R),
    Case("numbers and flags", plain(200_000, floats=20, whole=20, flags=10), C),
    Case("flags", plain(500_000, flags=30), C),
    Case("5 categories", plain(200_000, texts=(5,) * 10), C),
    Case("20 categories", plain(100_000, texts=(20,) * 10), C),
    Case("24 categories, many columns", plain(50_000, floats=5, texts=(24,) * 30, target=R), R),
    Case("25 categories, one column", plain(1_000_000, texts=(25,)), C),
    Case("categories and numbers", plain(100_000, floats=20, whole=10, texts=(3, 5, 10, 20, 25)), C),
    Case("categories with gaps", plain(100_000, floats=10, texts=(8,) * 5, missing=0.1), C),
    Case("categories, few rows", plain(1_000, texts=(10,) * 150), C),
    Case("two categories", plain(300_000, floats=5, texts=(2, 2, 2, 2, 10)), C),
    Case("400 categories one-hot", plain(20_000, floats=10, texts=(400, 300)), C, {"max_encoding_ohe": 500}),
    Case("100 categories", plain(200_000, texts=(100,) * 10), C),
    Case("unique texts", plain(200_000, texts=(200_000,) * 5), C),
    Case("unique texts, long table", plain(1_000_000, floats=10, texts=(1_000_000, 50, 10)), C),
    Case("5,000 categories", plain(100_000, floats=20, texts=(5_000, 50_000, 200)), C),
    Case("500 texts one-hot", plain(10_000, floats=3, texts=(500, 500), target=None), CLUSTERS, {}, None),
    Case("3,000 texts one-hot", plain(10_000, floats=3, texts=(3000,), target=None), CLUSTERS, {}, None),
    Case("as many texts as rows", plain(5_000, floats=3, texts=(5000,), target=None), ANOMALIES, {}, None),
    Case("300 texts, normalized", plain(20_000, floats=10, texts=(300,) * 4, target=None), CLUSTERS, _NORMAL, None),
    Case("digits", plain(100_000, floats=5, texts=(3000, 500), target=None), ANOMALIES, {"max_encoding_ohe": 50}, None),
    Case("dates", plain(300_000, floats=2, dates=6), C, {"date_features": [f"d{i}" for i in range(6)]}),
    Case("dates as texts", plain(200_000, floats=5, dates=3), C),
    Case("crossed floats", plain(200_000, floats=30), C, _CROSSED),
    Case("crossed whole numbers", plain(50_000, whole=20), C, _CROSSED),
    Case("crossed categories", plain(100_000, floats=10, texts=(4, 4, 4)), C, _CROSSED),
    Case("crossed thrice", plain(20_000, floats=10), C, _CROSSED | {"polynomial_degree": 3}),
    Case("crossed, normalized", plain(50_000, floats=15, target=R), R, _CROSSED | _NORMAL),
    Case("kernel", plain(12_000, floats=20), C, {"pca": True, "pca_method": "kernel", "pca_components": 5}),
    Case("kernel, decomposed", plain(8_000, floats=20), C, {"pca": True, "pca_method": "kernel", "pca_components": 20}),
    Case("kernel, all of it", plain(6_000, floats=20), C, {"pca": True, "pca_method": "kernel"}),
    Case("neighbours fill gaps", plain(10_000, floats=20, missing=0.1), C, {"numeric_imputation": "knn"}),
    Case("correlated, wide", plain(1_000, floats=2500), C, {"remove_multicollinearity": True}),
    Case("ellipse", plain(10_000, floats=80), C, {"remove_outliers": True, "outliers_method": "ee"}),
    Case(
        "target made normal", plain(200_000, floats=20, texts=(5, 5), target=R), R, {"transform_target": True} | _NORMAL
    ),
    *(Case(f"one-hot, {name}", _HOT, C, setup) for name, setup in _OPTIONS.items()),
    *(Case(f"numbers, {name}", _NUMBERS, C, setup) for name, setup in _OPTIONS.items()),
    *(Case(f"with flags, {name}", _FLAGS, C, _OPTIONS[name]) for name in _WITH_FLAGS),
    Case("with flags, crossed", plain(50_000, floats=10, whole=5, flags=5), C, _CROSSED),
    Case("numbers and few texts", plain(150_000, floats=30, whole=30, texts=(6, 1000)), C),
    Case("floats and few texts", plain(150_000, floats=60, texts=(6, 12, 1000)), C),
    Case("numbers and unique texts", plain(200_000, whole=30, texts=(200_000,)), C),
    Case("numbers and pairs", plain(200_000, floats=30, texts=(2, 2, 2), target=R), R),
)
"""What the factors are fitted to."""

_BANK_DATES = {"date_features": ["joined"], "ignore_features": ["customer"]}

HELD_AGAINST = (
    Case("bank", "bank.csv", C, {}, "deposit"),
    Case("bank, normalized and balanced", "bank.csv", C, _NORMAL | {"fix_imbalance": True}, "deposit"),
    Case("bank, crossed", "bank.csv", C, _CROSSED, "deposit"),
    Case("bank, clusters", "bank.csv", CLUSTERS, _NORMAL, None),
    Case("juice", "juice.csv", C, {}, "Purchase"),
    Case("insurance", "insurance.csv", R, {}, "charges"),
    Case("numbers, 1,000,000 × 20", plain(1_000_000, floats=14, whole=6, target=R), R),
    Case("mix, 200,000 × 60", people(200_000, codes=49), C),
    Case("mix, whole numbers as such", people(200_000, codes=49, stored="int64"), C),
    Case("people, 300,000", people(300_000), C, _BANK_DATES),
    Case("people, 100,000, wholly changed", people(100_000, codes=10, target=R), R, _NORMAL | _TEN),
    Case("wide, 2,000 × 2,000", plain(2_000, floats=1500, whole=499), C),
    Case("clusters of 4,000 names", plain(8_000, floats=6, texts=(4000,), target=None), CLUSTERS, {}, None),
    Case("people without a target", people(5_000, target=None), ANOMALIES, {}, None),
    Case("crossed, 30 columns", plain(60_000, floats=25, whole=5), C, _CROSSED),
    Case("one class in fifty", people(150_000, codes=5), C, {"fix_imbalance": True}),
    Case("names on every row", plain(400_000, floats=6, texts=(400_000, 12), length=24), C),
)
"""Other tables, for the claim."""
