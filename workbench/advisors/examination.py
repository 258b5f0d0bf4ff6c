"""What a fitted pipeline does on rows that it did not learn from: measured elsewhere, judged by advisors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import FiniteFloat

from workbench.advisors.advice import Told
from workbench.catalogue import TaskName

Part = Literal["scores", "preparation", "calibration", "errors", "segments", "importances", "learning"]
PARTS: tuple[Part, ...] = ("scores", "preparation", "calibration", "errors", "segments", "importances", "learning")
"""What can be looked at, in the order in which it is: where time runs out, the last are left out."""


class Interval(Told):
    """Bounds of a 95 % interval."""

    low: FiniteFloat
    high: FiniteFloat


class Note(Told):
    """What a reader must know of a part: why it could not be looked at, or on what it was.

    Attributes
    ----------
    part
        ``""``: of all.
    is_gap
        Whether something that was asked for could not be looked at.
    """

    part: Part | Literal[""]
    about: str
    is_gap: bool = True


class Importance(Told):
    """How much worse the metric gets when one input column is shuffled (Breiman 2001).

    Attributes
    ----------
    drop
        Mean over repeats, positive: worse without it.
    std
        Of the population of repeats, each on rows drawn anew with repetition.
    repeats
        How many there were; 0: not known.
    rows
        That were drawn for each; 0: not known.
    """

    column: str
    drop: FiniteFloat
    std: FiniteFloat
    repeats: int = 0
    rows: int = 0


class CalibrationBin(Told):
    """Rows whose predicted probabilities lie next to each other.

    Attributes
    ----------
    predicted, observed
        Mean probability that was predicted, and share of the rows for which it came true.
    """

    rows: int
    predicted: FiniteFloat
    observed: FiniteFloat


class Calibration(Told):
    """Whether probabilities mean what they say.

    Attributes
    ----------
    of
        Class whose probability it is, as text; of several classes ``""``: that of the predicted one.
    bins
        As many rows in each, as far as equal probabilities allow; by rising probability.
    error
        Expected calibration error: mean distance of predicted and observed, weighted by rows (Naeini et al. 2015).
    expected
        What `error` comes to by chance in samples of so many rows where every probability is right: a mean and the
        95 % quantile. A distance above `error_by_chance` is more than noise.
    brier
        Mean squared distance of the probability and what came true (Brier 1950).
    p
        Probability of an `error` as large where every probability is right, by simulation, never 0.
    """

    of: str
    bins: tuple[CalibrationBin, ...]
    error: FiniteFloat
    expected: FiniteFloat
    error_by_chance: FiniteFloat
    brier: FiniteFloat
    p: FiniteFloat


class Confusion(Told):
    """Rows by class and prediction: true classes down, predicted ones across."""

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]


class ResidualBin(Told):
    """Rows whose predictions lie next to each other, a tenth of them.

    Attributes
    ----------
    predicted, residual
        Means of the prediction and of truth less prediction.
    size
        Mean size of truth less prediction.
    """

    rows: int
    predicted: FiniteFloat
    residual: FiniteFloat
    size: FiniteFloat


class Residuals(Told):
    """Truth less prediction, in the target's units.

    Attributes
    ----------
    bias
        Mean; positive: predictions are too low.
    bias_interval
        Of that mean; None below two rows.
    quantiles
        Percent as text → value: 1, 5, 25, 50, 75, 95, 99.
    spread
        Standard deviation of the truth, to hold the others against.
    growth
        Rank correlation of the size of the error with the prediction (Spearman 1904); None where either is constant.
    growth_p
        Probability of one as large by chance, two-sided.
    """

    bias: FiniteFloat
    bias_interval: Interval | None
    quantiles: Mapping[str, FiniteFloat]
    spread: FiniteFloat
    bins: tuple[ResidualBin, ...]
    growth: FiniteFloat | None = None
    growth_p: FiniteFloat | None = None


class Step(Told):
    """One step ahead of a forecast."""

    step: int
    truth: FiniteFloat
    predicted: FiniteFloat


class ForecastErrors(Told):
    """Truth less forecast, step by step, all from one origin: so they hang together, however good the forecast is.

    Attributes
    ----------
    bias
        Mean; positive: the forecast is too low.
    """

    steps: tuple[Step, ...]
    bias: FiniteFloat


class SegmentScore(Told):
    """The rows that have one value of an input column, or lie in one range of it.

    Attributes
    ----------
    kind
        ``value``, ``range`` (both bounds belong to it), ``missing``: the rows without a value.
    value
        As people read it, such as ``married``, ``31 to 38``, ``missing``.
    score, elsewhere
        `Examination.segment_metric` of these rows, and of all others; None where it is undefined.
    p
        Probability of a score as bad by chance, by a permutation test, not corrected; None where it cannot be told.
    p_corrected
        The same, for all segments that were looked at, `Examination.segments_looked_at` (Westfall and Young 1993).
    observed, predicted
        Of two classes the share of the last one in truth and among the predictions; of numbers the means; else None.
    """

    column: str
    kind: Literal["value", "range", "missing"]
    value: str
    rows: int
    score: FiniteFloat | None
    elsewhere: FiniteFloat | None
    p: FiniteFloat | None = None
    p_corrected: FiniteFloat | None = None
    observed: FiniteFloat | None = None
    predicted: FiniteFloat | None = None


class CurvePoint(Told):
    """The same model fitted on some of the rows that were learned from, measured on the rows that were not."""

    rows: int
    score: FiniteFloat
    std: FiniteFloat | None = None


class LearningCurve(Told):
    """What more rows brought.

    Attributes
    ----------
    points
        By rising rows; the last is the pipeline itself. `CurvePoint.std` is over draws of rows; None: there was one.
    gain
        Score of the last point less that of the one before; negative where more rows made it smaller.
    gain_interval
        By a paired bootstrap over the rows; None where it could not be told.
    """

    points: tuple[CurvePoint, ...]
    gain: FiniteFloat
    gain_interval: Interval | None = None


class InputColumn(Told):
    """What a pipeline does with one input column, as far as its steps and its answers tell.

    Attributes
    ----------
    kind
        As the pipeline's schema has it.
    missing_learned, missing_held_out
        Share of rows without a value, from 0 to 1, among those that it learned from and those that it did not; None:
        not known.
    filled_by
        Class of the step that fills gaps; ``""``: there is none.
    drops_gaps
        Whether rows with a gap in it are dropped, so that they get no answer.
    encoded_by
        Class of the step that makes numbers of its values; ``""``: there is none.
    answers_gap, answers_unknown
        Whether the pipeline answers a row without a value here, and one with a value that it never saw (of columns that
        are encoded); None: it was not asked.
    says_of_gap, says_of_unknown
        The pipeline's own words where it does not.
    unknown_held_out
        Share of the rows that it did not learn from whose value it never saw; None where that cannot be told.
    """

    name: str
    kind: str
    missing_learned: FiniteFloat | None = None
    missing_held_out: FiniteFloat | None = None
    filled_by: str = ""
    drops_gaps: bool = False
    encoded_by: str = ""
    answers_gap: bool | None = None
    answers_unknown: bool | None = None
    says_of_gap: str = ""
    says_of_unknown: str = ""
    unknown_held_out: FiniteFloat | None = None


class Preparation(Told):
    """The steps before the estimator, and what they make of each input column.

    Attributes
    ----------
    steps
        Name → class, in order; those that concern training rows alone too.
    estimator
        Class of the estimator.
    """

    columns: tuple[InputColumn, ...]
    steps: Mapping[str, str]
    estimator: str

    def column(self, name: str) -> InputColumn | None:
        return next((column for column in self.columns if column.name == name), None)


class Examination(Told):
    """What a fitted pipeline does on rows that it did not learn from.

    Attributes
    ----------
    metric, greater_is_better
        Display name of the metric that the run is sorted by; ``""``: the task has none on new rows.
    rows_learned, rows_held_out
        Rows that it was fitted on, and rows that it was not and whose target is known; 0: there are none, as of a
        finalized pipeline.
    rows_examined
        Of those that were not learned from: so many were looked at, drawn where there are very many.
    rows_from
        Which rows they are, in a few words.
    held_out, learned
        Metric → value on those rows, and on `rows_sampled` drawn from the rows that it was fitted on; None where it is
        undefined, the mapping empty where it was not looked at.
    held_out_interval, learned_interval
        Of `metric`, 95 %, bootstrap over rows (Efron and Tibshirani 1993); None where it cannot be told.
    baseline
        Metric → value on the rows held out of what knows nothing but the target: the class that it learned most of, or
        the mean; empty where it was not looked at.
    beyond_baseline
        Of `metric` less that of the baseline on the same rows, by a paired bootstrap; None where it cannot be told.
    undefined
        Metric → why it has no value on the rows held out.
    classes
        Class, as text → share of the rows examined; empty where there are none.
    importances
        The largest drop first; None: not looked at. So too with the parts that follow.
    calibration
        None for regressors, and where the model gives no probabilities: a note says so.
    confusion, residuals, forecast
        Where it errs: of classes, of numbers, of the steps of a forecast.
    segments
        The worst first, all that were looked at of columns that were named, else those that are worth a look.
    segment_metric, segment_greater_is_better
        What segments are scored by: `metric`, but MAE where that is R2, which compares rows with their own mean.
    segments_looked_at
        How many were tested, for which `SegmentScore.p_corrected` is corrected.
    notes
        What could not be looked at, and why; what a reader must know.
    seconds
        Part → seconds that it took.
    """

    task: TaskName
    target: str | None
    metric: str
    greater_is_better: bool = True
    rows_learned: int = 0
    rows_held_out: int = 0
    rows_examined: int = 0
    rows_sampled: int = 0
    rows_from: str = ""
    held_out: Mapping[str, FiniteFloat | None] = {}
    learned: Mapping[str, FiniteFloat | None] = {}
    held_out_interval: Interval | None = None
    learned_interval: Interval | None = None
    baseline: Mapping[str, FiniteFloat | None] = {}
    beyond_baseline: Interval | None = None
    undefined: Mapping[str, str] = {}
    classes: Mapping[str, FiniteFloat] = {}
    importances: tuple[Importance, ...] | None = None
    calibration: Calibration | None = None
    confusion: Confusion | None = None
    residuals: Residuals | None = None
    forecast: ForecastErrors | None = None
    segments: tuple[SegmentScore, ...] | None = None
    segment_metric: str = ""
    segment_greater_is_better: bool = True
    segments_looked_at: int = 0
    learning: LearningCurve | None = None
    preparation: Preparation | None = None
    notes: tuple[Note, ...] = ()
    seconds: Mapping[str, FiniteFloat] = {}

    @property
    def score(self) -> float | None:
        """The run's metric on the rows held out."""
        return self.held_out.get(self.metric)

    @property
    def gap(self) -> float | None:
        """How much better the metric is on rows that it learned from, negative: worse; None where one is undefined."""
        here, there = self.held_out.get(self.metric), self.learned.get(self.metric)
        if here is None or there is None:
            return None
        return there - here if self.greater_is_better else here - there

    def about(self, part: Part) -> tuple[str, ...]:
        """Tell why a part could not be looked at, in sentences; empty: it was."""
        return tuple(note.about for note in self.notes if note.is_gap and note.part in (part, ""))
