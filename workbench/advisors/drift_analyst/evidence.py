"""What the drift analyst is shown: how far rows of today are from those that a pipeline learned from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import FiniteFloat

from workbench.advisors.advice import Told
from workbench.catalogue import TaskName

Of = Literal["input", "prediction", "score", "target"]
Form = Literal["number", "date", "category", "text", "counter", "empty"]
"""What a column was measured as. ``text``: texts of which most are there once, names or free text. ``counter``: whole
numbers in sequence, each there once. ``empty``: one side has no value.
"""


class Cell(Told):
    """A bin of numbers, or a category, with its share of the values on both sides."""

    label: str
    reference: FiniteFloat
    live: FiniteFloat


class Fresh(Told):
    """A value that no row had from which the pipeline learned."""

    value: str
    rows: int


class Shift(Told):
    """How one column differs between both sides; or the predictions, their scores, or the target.

    Attributes
    ----------
    name
        Of the column; of predictions and scores, what they are of.
    reference_rows, live_rows
        Rows with a value.
    psi
        Population stability index, over tenths of the reference's values, or over categories; None: not measured.
    chance
        What chance alone adds to it on average, for so many rows.
    distance
        Jensen–Shannon distance over the same bins, 0 to 1.
    test
        Name of the test; empty: none was made.
    p, p_corrected
        Without and with the correction for how many tests were made; None: no test was made.
    missing_reference, missing_live
        Shares of the rows without a value.
    missing_p, missing_p_corrected
        Of Fisher's exact test that they are the same.
    typical_reference, typical_live
        The median of numbers and dates, the most frequent category.
    outside
        Share of the live values beyond all from which the pipeline learned; None: that is not known.
    low, high
        The bounds of those.
    fresh
        Values that are new, the most frequent first, at most ten; `fresh_rows` counts the rows of all of them.
    unfit
        Live rows whose value is of another type.
    distinct_reference, distinct_live
        Distinct values as a share of those that are there, of texts and counters.
    cells
        For a plot; empty where this is not among those that moved most.
    """

    name: str
    of: Of = "input"
    form: Form
    reference_rows: int
    live_rows: int
    psi: FiniteFloat | None = None
    chance: FiniteFloat | None = None
    distance: FiniteFloat | None = None
    test: str = ""
    statistic: FiniteFloat | None = None
    p: FiniteFloat | None = None
    p_corrected: FiniteFloat | None = None
    missing_reference: FiniteFloat = 0.0
    missing_live: FiniteFloat = 0.0
    missing_p: FiniteFloat | None = None
    missing_p_corrected: FiniteFloat | None = None
    typical_reference: FiniteFloat | str | None = None
    typical_live: FiniteFloat | str | None = None
    outside: FiniteFloat | None = None
    low: FiniteFloat | str | None = None
    high: FiniteFloat | str | None = None
    fresh: tuple[Fresh, ...] = ()
    fresh_rows: int = 0
    unfit: int = 0
    distinct_reference: FiniteFloat | None = None
    distinct_live: FiniteFloat | None = None
    cells: tuple[Cell, ...] = ()

    @property
    def effect(self) -> float:
        """The index beyond what chance alone adds to it, never below 0; 0 where it was not measured."""
        return 0.0 if self.psi is None else max(0.0, self.psi - (self.chance or 0.0))


class Score(Told):
    """How the pipeline did on live rows whose truth is known.

    Attributes
    ----------
    expected, expected_low, expected_high
        Of cross-validation: the mean, and its 95 % interval where there is one.
    measured, low, high
        On the live rows, with a 95 % bootstrap interval; the bounds are None where it has none.
    known_rows, known, known_low, known_high
        The same on rows of the table that it was fitted on which it was not fitted on; None where there are none.
    """

    metric: str
    greater_is_better: bool
    rows: int
    expected: FiniteFloat
    expected_low: FiniteFloat | None = None
    expected_high: FiniteFloat | None = None
    measured: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    known_rows: int = 0
    known: FiniteFloat | None = None
    known_low: FiniteFloat | None = None
    known_high: FiniteFloat | None = None


class Sample(Told):
    """The rows of one side.

    Attributes
    ----------
    rows
        How many were compared.
    total
        Of how many they were taken: rows that the pipeline was fitted on, rows that were answered, rows of the table;
        None: that is not known.
    about
        Which they are and how they were drawn, a clause.
    """

    rows: int
    total: int | None = None
    about: str


class DriftEvidence(Told):
    """All that the drift analyst judges by.

    Attributes
    ----------
    deployment
        Its slug.
    source
        Name of the data source whose rows were judged; None: those that were asked for.
    since, until
        When the first and the last of the live rows came, ISO 8601 in UTC; None for a data source.
    hours
        The window that was asked for; None: all that is kept.
    requests
        Requests that the live rows came in; None for a data source.
    others
        Rows in the window that other pipelines of the deployment answered, which do not count.
    tests, correction
        How many tests there are, two a column, and how their p-values were corrected for that.
    retraining
        Arguments of ``Runs.submit`` that fit the same model on the newest version of its table; None: there is none
        newer. `newest` names it.
    notes
        What could not be looked at and what a reader must know, a sentence each.
    """

    deployment: str
    pipeline: str
    task: TaskName
    target: str | None
    reference: Sample
    live: Sample
    source: str | None = None
    since: str | None = None
    until: str | None = None
    hours: FiniteFloat | None = None
    requests: int | None = None
    others: int = 0
    tests: int
    correction: str
    shifts: tuple[Shift, ...]
    score: Score | None = None
    retraining: Mapping[str, Any] | None = None
    newest: str | None = None
    notes: tuple[str, ...] = ()
