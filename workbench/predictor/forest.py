"""scikit-learn's trees laid flat and walked by compiled code, to the last bit as scikit-learn walks them.

A tree sends a row left where its float32 value is at most a float64 threshold. The largest float32 that is not above
the threshold parts the same values in half the room. What leaves hold is added in the order of the trees.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.predictor.table import Array

BLOCK = 4 * 2**20
"""Bytes of the rows that a thread takes at a time: few enough to stay near while tree after tree comes by."""
FEW = 4096
"""Below so many rows it is one thread that works."""
MISSING_LEFT = np.uint32(0x80000000)


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees one after another.

    Attributes
    ----------
    nodes
        Nodes × 4, uint32: the feature, with `MISSING_LEFT` where what is missing goes left; the bits of a float32
        threshold; the places of the next node to the left and to the right. Next to a leaf is that leaf, either way,
        and in the place of its threshold is the place of what it holds. With float64 thresholds nodes × 6: the bits
        of one are the third and fourth, and what a leaf holds is still the second.
    roots
        Place of each tree's first node.
    leaves
        What the leaves hold, leaves × outputs, float64.
    """

    nodes: Array
    roots: Array
    leaves: Array

    @classmethod
    def of(cls, trees: Sequence[Any], held: Callable[[int, Array], Array] | None = None) -> Forest:
        """Lay trees flat.

        Parameters
        ----------
        trees
            scikit-learn's fitted trees, as estimators hold them in ``tree_``.
        held
            What each node holds, nodes × outputs, by its tree's place and that tree's own values; None: these values.
        """
        nodes, roots, leaves = [], [], []
        before = held_before = 0
        for place, tree in enumerate(trees):
            state = tree.__getstate__()["nodes"]
            values = tree.value[:, 0, :] if held is None else held(place, tree.value[:, 0, :])
            is_leaf = state["left_child"] < 0
            own = np.arange(len(state))
            thresholds = _rounded_down(state["threshold"]).view(np.uint32)
            flat = np.empty((len(state), 4), dtype=np.uint32)
            flat[:, 0] = np.where(is_leaf, 0, state["feature"])
            flat[state["missing_go_to_left"] != 0, 0] |= MISSING_LEFT
            flat[:, 1] = np.where(is_leaf, held_before + np.cumsum(is_leaf) - 1, thresholds)
            flat[:, 2] = before + np.where(is_leaf, own, state["left_child"])
            flat[:, 3] = before + np.where(is_leaf, own, state["right_child"])
            nodes.append(flat)
            roots.append(before)
            leaves.append(values[is_leaf])
            before += len(flat)
            held_before += len(leaves[-1])
        held_by_all = np.ascontiguousarray(np.concatenate(leaves), dtype=np.float64)
        return cls(np.concatenate(nodes), np.array(roots, dtype=np.uint32), held_by_all)

    def total(self, X: Array, start: float | Array = 0.0) -> Array:
        """Return a start and, added to it tree after tree, what the leaves of each row hold: rows × outputs.

        Parameters
        ----------
        X
            Rows × features.
        """
        from workbench.predictor.walk import add

        precision = np.float32 if self.nodes.shape[1] == 4 else np.float64
        X = np.ascontiguousarray(X, dtype=precision)
        out = np.empty((len(X), self.leaves.shape[1]))
        out[:] = start
        thresholds = self.nodes.view(precision)

        def walk(rows: slice) -> None:
            add(X[rows], self.nodes, thresholds, self.roots, self.leaves, out[rows])

        blocks = _blocks(X.shape[0], X.shape[1] * X.itemsize)
        if len(blocks) == 1:
            walk(blocks[0])
        else:
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                list(threads.map(walk, blocks))
        return out


def _blocks(rows: int, bytes_each: int) -> list[slice]:
    """Share rows out: in one block where they are few, else in one a processor or more."""
    if rows < FEW:
        return [slice(0, rows)]
    size = min(max(1, BLOCK // bytes_each), -(-rows // (os.cpu_count() or 1)))
    return [slice(start, start + size) for start in range(0, rows, size)]


def _rounded_down(thresholds: Array) -> Array:
    nearest = thresholds.astype(np.float32)
    above = nearest.astype(np.float64) > thresholds
    nearest[above] = np.nextafter(nearest[above], np.float32(-np.inf))
    return nearest
