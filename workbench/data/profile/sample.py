"""Rows drawn at random from the whole table, and what is kept of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 250_000
MOST_CELLS = 5_000_000
"""Fewer rows are drawn the wider the table is: all columns of a sample are held in memory at once."""
FEWEST_ROWS = 2_000
_SEED = 20_250_101
_BLOCK_ROWS = 100_000


def size(rows: int, columns: int) -> int:
    """Return how many rows are drawn of a table: all of them where they are few."""
    return min(rows, MOST_ROWS, max(FEWEST_ROWS, MOST_CELLS // max(columns, 1)))


def draw(rows: int, count: int) -> NDArray[np.int64]:
    """Draw rows at random without replacement, each set of them as likely as any other; the same ones every time.

    How many fall into each block of the table is drawn first, then which, so that memory is that of one block.

    Returns
    -------
    numpy.ndarray
        Shape (count,): row numbers from 0, ascending.
    """
    if count >= rows:
        return np.arange(rows, dtype=np.int64)
    random = np.random.default_rng([_SEED, rows, count])
    starts = np.arange(0, rows, _BLOCK_ROWS)
    sizes = np.minimum(_BLOCK_ROWS, rows - starts)
    shares = random.multivariate_hypergeometric(sizes, count, method="marginals")
    drawn = [
        start + np.sort(random.choice(size, share, replace=False, shuffle=False))
        for start, size, share in zip(starts.tolist(), sizes.tolist(), shares.tolist(), strict=True)
    ]
    return np.concatenate(drawn, dtype=np.int64)


def told(rows: int, count: int) -> str:
    """Say how the rows were drawn."""
    if count >= rows:
        return f"All {rows:,} rows were taken."
    return (
        f"{count:,} of {rows:,} rows, drawn at random from the whole table without replacement; "
        f"the same rows every time (seed {_SEED})."
    )
