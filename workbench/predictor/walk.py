"""The compiled code that walks trees; importing it compiles nothing yet, the first call does.

Eight rows walk a tree side by side: while the processor waits for one's node it steps on with the others, and no step
hangs on a guess which way a row will go.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

ROWS = 8
# Places are unsigned throughout: a signed one would be looked at for counting from the end, at every node.
FEATURE, THRESHOLD, HELD = np.uint64(0), np.uint64(1), np.uint64(1)
ONE, NONE = np.uint64(1), np.uint64(0)
PLAIN = np.uint32(0x7FFFFFFF)


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # There is nowhere to keep what was compiled.
        return numba.njit(nogil=True)(function)


@_compiled
def step(X: Any, row: Any, nodes: Any, thresholds: Any, place: Any) -> Any:
    """Return the next node of a row; of a leaf, the leaf again. See `workbench.predictor.forest.Forest`."""
    feature = nodes[place, FEATURE]
    value = X[row, np.uint64(feature & PLAIN)]
    goes_left = (value <= thresholds[place, THRESHOLD]) | (np.isnan(value) & (feature > PLAIN))
    return np.uint64(nodes[place, np.uint64(nodes.shape[1] - 1) - np.uint64(goes_left)])


@_compiled
def add(X: Any, nodes: Any, thresholds: Any, roots: Any, leaves: Any, out: Any) -> None:
    """Add what the leaves hold, tree after tree."""
    alone = X.shape[0] - X.shape[0] % ROWS
    for tree in range(roots.shape[0]):
        root = np.uint64(roots[tree])
        for first in range(0, alone, ROWS):
            row = np.uint64(first)
            at = (root, root, root, root, root, root, root, root)
            is_moving = True
            while is_moving:
                to = (
                    step(X, row, nodes, thresholds, at[0]),
                    step(X, row + np.uint64(1), nodes, thresholds, at[1]),
                    step(X, row + np.uint64(2), nodes, thresholds, at[2]),
                    step(X, row + np.uint64(3), nodes, thresholds, at[3]),
                    step(X, row + np.uint64(4), nodes, thresholds, at[4]),
                    step(X, row + np.uint64(5), nodes, thresholds, at[5]),
                    step(X, row + np.uint64(6), nodes, thresholds, at[6]),
                    step(X, row + np.uint64(7), nodes, thresholds, at[7]),
                )
                is_moving = to != at
                at = to
            for other in range(ROWS):
                held = np.uint64(nodes[at[other], HELD])
                for output in range(leaves.shape[1]):
                    out[first + other, output] += leaves[held, output]
        for last in range(alone, X.shape[0]):
            row, place = np.uint64(last), root
            after = step(X, row, nodes, thresholds, place)
            while after != place:
                place = after
                after = step(X, row, nodes, thresholds, place)
            held = np.uint64(nodes[place, HELD])
            for output in range(leaves.shape[1]):
                out[last, output] += leaves[held, output]


@_compiled
def logistic(said: Any, steepness: Any) -> None:
    """Make probabilities of sums, in place, as LightGBM makes them."""
    for row in range(said.shape[0]):
        said[row, 0] = 1.0 / (1.0 + math.exp(-steepness * said[row, 0]))


@_compiled
def softmax(said: Any) -> None:
    """Make probabilities of the sums of several classes, in place, as LightGBM makes them."""
    for row in range(said.shape[0]):
        most = said[row, 0]
        for output in range(1, said.shape[1]):
            most = max(most, said[row, output])
        total = 0.0
        for output in range(said.shape[1]):
            said[row, output] = math.exp(said[row, output] - most)
            total += said[row, output]
        for output in range(said.shape[1]):
            said[row, output] /= total


def rehearse(precision: type) -> None:
    """Compile what walks trees with thresholds of a precision, on a tree of one leaf."""
    nodes = np.zeros((1, 4 if precision is np.float32 else 6), dtype=np.uint32)
    said = np.zeros((1, 1))
    add(np.zeros((1, 1), precision), nodes, nodes.view(precision), np.zeros(1, np.uint32), np.zeros((1, 1)), said)
    logistic(said, 1.0)
    softmax(said)
