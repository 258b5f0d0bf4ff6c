"""LightGBM's trees laid flat, as it writes them out: numbers with all their digits, a line an array."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.predictor.forest import MISSING_LEFT, Forest
from workbench.predictor.table import Array

DEFAULT_LEFT = 2
"""Bit of a decision: what is missing goes left."""
ZERO = float(np.float32(1e-35))
"""What is no farther from 0 is 0 to LightGBM."""
_OBJECTIVES = re.compile(r"^objective=(?:(regression)|binary sigmoid:(\S+)|(multiclass) num_class:\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Booster:
    """LightGBM's model for numbers.

    Attributes
    ----------
    forest
        Its trees; an output is a class, or all there is.
    finish
        What its objective makes of a sum of leaves, in place.
    """

    forest: Forest
    finish: Callable[[Array], None]

    @classmethod
    def of(cls, booster: Any) -> Booster | None:
        """Read a fitted ``lightgbm.Booster``; None where it has what nobody here knows."""
        text = booster.model_to_string()
        header, _, rest = text.partition("\nTree=0\n")
        found = _OBJECTIVES.search(header)
        if found is None or "average_output" in header:
            return None
        trees = [_Tree.of(told) for told in ("\nTree=0\n" + rest.partition("\nend of trees")[0]).split("\nTree=")[1:]]
        if not all(tree.is_plain for tree in trees):
            return None
        return cls(_laid_flat(trees, booster.num_model_per_iteration()), _finish(found))

    def predict(self, X: Array) -> Array:
        """Predict as ``Booster.predict`` does: rows, or rows × classes where there are several."""
        said = self.forest.total(X)
        self.finish(said)
        return said if said.shape[1] > 1 else said[:, 0]


@dataclass(frozen=True, slots=True)
class _Tree:
    """A tree as LightGBM writes it: a node below 0 is −1 − a leaf."""

    features: Array
    thresholds: Array
    decisions: Array
    left: Array
    right: Array
    leaves: Array
    is_plain: bool

    @classmethod
    def of(cls, text: str) -> _Tree:
        lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

        def read(name: str, dtype: type) -> Array:
            return np.array(lines.get(name, "").split(), dtype=dtype)

        decisions = read("decision_type", np.int64)
        # By categories, by lines in the leaves, or with 0 for what is missing: none of these is known here.
        is_plain = (
            lines["num_cat"] == "0" and lines.get("is_linear", "0") == "0" and not ((decisions >> 2) & 3 == 1).any()
        )
        return cls(
            read("split_feature", np.int64),
            _around_zero(read("threshold", np.float64)),
            decisions,
            read("left_child", np.int64),
            read("right_child", np.int64),
            read("leaf_value", np.float64),
            is_plain,
        )

    def nodes(self, before: int, held_before: int) -> Array:
        """Return its nodes and then its leaves, as `Forest` has them."""
        count = len(self.features)
        flat = np.zeros((count + len(self.leaves), 6), dtype=np.uint32)
        flat[:count, 0] = self.features
        flat[:count, 2:4] = self.thresholds.view(np.uint32).reshape(-1, 2)
        # Where no row had a gap, one is taken for 0.
        is_for_zero = (self.decisions >> 2) & 3 == 0
        goes_left = np.where(is_for_zero, self.thresholds >= 0, self.decisions & DEFAULT_LEFT != 0)
        flat[:count, 0] |= np.where(goes_left, MISSING_LEFT, np.uint32(0))
        for column, child in ((4, self.left), (5, self.right)):
            flat[:count, column] = before + np.where(child >= 0, child, count - 1 - child)
        own = np.arange(len(self.leaves))
        flat[count:, 1] = held_before + own
        flat[count:, 4:] = (before + count + own)[:, np.newaxis]
        return flat


def _around_zero(thresholds: Array) -> Array:
    """Put thresholds that lie within what LightGBM takes for 0 on the edge of it: below it or above."""
    below = np.nextafter(-ZERO, -np.inf)
    moved = np.where((thresholds >= -ZERO) & (thresholds < 0), below, thresholds)
    return np.where((moved >= 0) & (moved < ZERO), ZERO, moved)


def _laid_flat(trees: list[_Tree], outputs: int) -> Forest:
    nodes, roots, leaves = [], [], []
    before = held_before = 0
    for place, tree in enumerate(trees):
        nodes.append(tree.nodes(before, held_before))
        roots.append(before)
        held = np.zeros((len(tree.leaves), outputs))
        held[:, place % outputs] = tree.leaves
        leaves.append(held)
        before += len(nodes[-1])
        held_before += len(held)
    return Forest(np.concatenate(nodes), np.array(roots, dtype=np.uint32), np.concatenate(leaves))


def _finish(objective: re.Match[str]) -> Callable[[Array], None]:
    from workbench.predictor import walk

    is_regression, sigmoid, _ = objective.groups()
    if is_regression:
        return lambda said: None  # noqa: ARG005 - the sum is what it says
    if sigmoid:
        steepness = float(sigmoid)
        return lambda said: walk.logistic(said, steepness)
    softmax: Callable[[Array], None] = walk.softmax
    return softmax
