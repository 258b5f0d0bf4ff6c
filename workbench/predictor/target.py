"""What was done to the target, undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.predictor.original import Original
from workbench.predictor.parts import nameless
from workbench.predictor.table import Array

Decode = Callable[[Array], list[Any]]


def decoder(original: Original) -> Decode:
    """Return what makes Python's own values, as the target had them, of what an estimator says."""
    undone = [
        getattr(step, "transformer", step)
        for _, step in original.steps
        if hasattr(step, "inverse_transform") and getattr(step, "inverse_func", step) is not None
    ]
    if not undone:
        return lambda labels: labels.tolist()
    way = _WAYS.get(type(undone[0]).__name__)
    return original.decode if way is None or len(undone) > 1 else way(undone[0])


def _of_classes(encoder: Any) -> Decode:
    classes = np.array([*encoder.classes_.tolist(), None], dtype=object)[:-1]
    return lambda labels: classes.take(labels).tolist()


def _of_numbers(transformer: Any) -> Decode:
    inverse = nameless(transformer.estimator).inverse_transform
    return lambda labels: inverse(labels.reshape(-1, 1)).ravel().tolist()


_WAYS: dict[str, Callable[[Any], Decode]] = {"LabelEncoder": _of_classes, "TargetTransformer": _of_numbers}
