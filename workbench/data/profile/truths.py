"""A column of truths."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from workbench.data.arrays import arrow_texts
from workbench.data.profile.counting import Counted
from workbench.data.profile.measures import Distinct, Truths


class TruthScan:
    """Goes through a column of truths, a stretch at a time."""

    def __init__(self) -> None:
        self.missing = 0
        self._true = self._false = 0

    def add(self, start: int, stretch: pa.Array) -> None:
        """Take the rows from `start` on."""
        del start
        self.missing += stretch.null_count
        self._true += stretch.true_count
        self._false += stretch.false_count

    @property
    def distinct(self) -> Distinct:
        return Distinct((self._true > 0) + (self._false > 0))

    @property
    def counted(self) -> Counted:
        counts = [(text, count) for text, count in (("True", self._true), ("False", self._false)) if count]
        return Counted(arrow_texts([text for text, _ in counts]), np.array([count for _, count in counts], np.int64))

    def measures(self, sample: pa.Array) -> Truths | None:
        """Return what was found; None where there is no value."""
        del sample
        return Truths("bool", self._true, self._false) if self._true + self._false else None
