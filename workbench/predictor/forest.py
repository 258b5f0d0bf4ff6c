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

BLOCK = 16384
"""Rows that a thread takes at a time: so many that it is the trees that come and go, and so few that they stay near."""
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
        threshold; the places of the next node to the left and to the right. Of a leaf, all bits are set for the left,
        and the right is the place of what it holds.
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
            flat = np.empty((len(state), 4), dtype=np.uint32)
            flat[:, 0] = np.where(is_leaf, 0, state["feature"])
            flat[state["missing_go_to_left"] != 0, 0] |= MISSING_LEFT
            flat[:, 1] = _rounded_down(state["threshold"]).view(np.uint32)
            flat[:, 2] = np.where(is_leaf, 0xFFFFFFFF, state["left_child"] + before)
            flat[:, 3] = np.where(is_leaf, held_before + np.cumsum(is_leaf) - 1, state["right_child"] + before)
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

        X = np.ascontiguousarray(X, dtype=np.float32)
        out = np.empty((len(X), self.leaves.shape[1]))
        out[:] = start
        thresholds = self.nodes.view(np.float32)
        in_blocks(len(X), lambda rows: add(X[rows], self.nodes, thresholds, self.roots, self.leaves, out[rows]))
        return out


def in_blocks(rows: int, work: Callable[[slice], Any]) -> list[Any]:
    """Do work that lets go of Python's lock on blocks of rows, by several threads where there are many rows."""
    workers = os.cpu_count() or 1
    if rows < FEW or workers == 1:
        return [work(slice(0, rows))]
    size = min(BLOCK, -(-rows // workers))
    with ThreadPoolExecutor(workers) as threads:
        return list(threads.map(work, [slice(start, start + size) for start in range(0, rows, size)]))


def _rounded_down(thresholds: Array) -> Array:
    nearest = thresholds.astype(np.float32)
    above = nearest.astype(np.float64) > thresholds
    nearest[above] = np.nextafter(nearest[above], np.float32(-np.inf))
    return nearest
