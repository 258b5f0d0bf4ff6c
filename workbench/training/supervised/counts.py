"""Measures of labels from confusion matrices, of one or of many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def confusion(known: Array, truth: Array, said: Array) -> Array:
    """Count rows by class and prediction.

    Parameters
    ----------
    known
        Every class, sorted; size K.

    Returns
    -------
    ndarray
        K × K: true classes down, predicted ones across.
    """
    return np.asarray(matrices(cells(known, truth, said)[None, :], len(known))[0])


def cells(known: Array, truth: Array, said: Array) -> Array:
    """Number the place in the confusion matrix that each row falls into, line by line."""
    return np.searchsorted(known, truth) * len(known) + np.searchsorted(known, said)


def matrices(found: Array, size: int) -> Array:
    """Make confusion matrices of such places, selections × rows: selections × `size` × `size`."""
    many, width = len(found), size * size
    apart = found + np.arange(many)[:, None] * width
    return np.bincount(apart.ravel(), minlength=many * width).reshape(many, size, size).astype(float)


def measure(name: str, matrix: Array, *, is_binary: bool) -> Array:
    """Measure by PyCaret's definition.

    Parameters
    ----------
    name
        PyCaret's display name: Accuracy, Recall, Prec., F1, Kappa or MCC.
    matrix
        … × K × K: one confusion matrix or many.
    is_binary
        Whether the last class alone is measured by Recall, Prec. and F1, instead of all weighted by their rows.

    Returns
    -------
    ndarray
        One value a matrix; not a number where there is none.
    """
    if name in _OF_EACH:
        of_each = shares(matrix)[name]
        return np.asarray(of_each[..., -1] if is_binary else np.average(of_each, axis=-1, weights=matrix.sum(axis=-1)))
    return np.asarray(_OF_ALL[name](matrix))


_OF_EACH = ("Recall", "Prec.", "F1")


def shares(matrix: Array) -> Mapping[str, Array]:
    """Recall, Prec. and F1 of each class (… × K), 0 where there is nothing to divide by, as scikit-learn has it."""
    hits, actual, claimed = _hits(matrix), matrix.sum(axis=-1), matrix.sum(axis=-2)
    return {
        "Recall": _share(hits, actual),
        "Prec.": _share(hits, claimed),
        "F1": _share(2 * hits, actual + claimed),
    }


def _share(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def _hits(matrix: Array) -> Array:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _total(matrix: Array) -> Array:
    return np.asarray(matrix.sum(axis=(-2, -1)))


def _accuracy(matrix: Array) -> Array:
    return np.asarray(_hits(matrix).sum(axis=-1) / _total(matrix))


def _kappa(matrix: Array) -> Array:
    """Cohen's kappa (Cohen 1960); not a number where everything is of one class and predicted so."""
    total = _total(matrix)
    agreed = _hits(matrix).sum(axis=-1) / total
    by_chance = (matrix.sum(axis=-1) * matrix.sum(axis=-2)).sum(axis=-1) / total**2
    with np.errstate(invalid="ignore"):
        return np.asarray((agreed - by_chance) / (1 - by_chance))


def _mcc(matrix: Array) -> Array:
    """Matthews' correlation for several classes (Gorodkin 2004); 0 where either side is constant."""
    hits, total = _hits(matrix).sum(axis=-1), _total(matrix)
    actual, claimed = matrix.sum(axis=-1), matrix.sum(axis=-2)
    together = hits * total - (actual * claimed).sum(axis=-1)
    spread = (total**2 - (claimed**2).sum(axis=-1)) * (total**2 - (actual**2).sum(axis=-1))
    return np.asarray(np.divide(together, np.sqrt(spread), out=np.zeros_like(together), where=spread != 0))


_OF_ALL = {"Accuracy": _accuracy, "Kappa": _kappa, "MCC": _mcc}
