"""The compiled code that walks trees; importing it compiles nothing yet, the first call does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

# Places are unsigned throughout: a signed one would be looked at for counting from the end, at every node.
FEATURE, THRESHOLD, LEFT, RIGHT = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3)
LEAF = np.uint32(0xFFFFFFFF)
PLAIN = np.uint32(0x7FFFFFFF)


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # There is nowhere to keep what was compiled.
        return numba.njit(nogil=True)(function)


@_compiled
def leaf(X: Any, row: Any, nodes: Any, thresholds: Any, root: Any) -> Any:
    """Return the place of what the leaf holds that a row comes to; see `workbench.predictor.forest.Forest`."""
    place = np.uint64(root)
    left = nodes[place, LEFT]
    while left != LEAF:
        feature = nodes[place, FEATURE]
        value = X[np.uint64(row), np.uint64(feature & PLAIN)]
        if value <= thresholds[place, THRESHOLD] or (np.isnan(value) and feature > PLAIN):
            place = np.uint64(left)
        else:
            place = np.uint64(nodes[place, RIGHT])
        left = nodes[place, LEFT]
    return np.uint64(nodes[place, RIGHT])


@_compiled
def add(X: Any, nodes: Any, thresholds: Any, roots: Any, leaves: Any, out: Any) -> None:
    """Add what the leaves hold, tree after tree."""
    for tree in range(roots.shape[0]):
        for row in range(X.shape[0]):
            held = leaf(X, row, nodes, thresholds, roots[tree])
            for output in range(leaves.shape[1]):
                out[row, output] += leaves[held, output]
