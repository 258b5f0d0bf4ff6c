"""How often the drift analyst cries wolf where nothing moved, and how often it finds what did.

``python -m tests.benchmarks.drift_calibration`` draws both sides from one population again and again: real tables, and
made ones with many columns, values that repeat, rare categories and gaps. A false alarm is any column, or any share of
missing values, that is told to have moved. Then single columns are shifted, and it is counted how often that is found.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from workbench.advisors.drift_analyst.evidence import Shift
from workbench.advisors.drift_analyst.ruling import counts, gaps, is_sure, moved
from workbench.advisors.thresholds import Thresholds
from workbench.examining.drift.comparison import Known, compare, tests_in
from workbench.examining.drift.held import Held, Scale
from workbench.examining.drift.sides import Form, Side, pairs

RESAMPLES = 500
WINDOWS = (50, 200, 1_000, 5_000)
REFERENCES = (500, 5_000)
"""Rows of the reference: as many as a pipeline keeps, and as many as are drawn where its table is there."""
POWER_RESAMPLES = 200


@dataclass(frozen=True, slots=True)
class Alarms:
    """What came of comparing two samples of one population.

    Attributes
    ----------
    alarms
        Comparisons in which anything was told to have moved.
    rejections
        Comparisons in which any test rejected, whatever the size of the effect.
    tests
        Tests that one comparison is corrected for.
    """

    table: str
    reference: int
    window: int
    resamples: int
    alarms: int
    rejections: int
    tests: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.alarms / self.resamples

    @property
    def rejection_rate(self) -> float:
        return self.rejections / self.resamples

    def interval(self) -> tuple[float, float]:
        """Interval of the rejections' rate, 95 % (Clopper and Pearson 1934)."""
        found = stats.binomtest(self.rejections, self.resamples).proportion_ci()
        return float(found.low), float(found.high)


@dataclass(frozen=True, slots=True)
class Found:
    """How often one shift was found, and how often another column was told to have moved besides."""

    shift: str
    window: int
    resamples: int
    found: int
    others: int


def populations(folder: Path | None = None) -> Mapping[str, pd.DataFrame]:
    """Return the tables to draw from; real ones where a folder holds them as CSV files."""
    real = {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))} if folder else {}
    return real | {"made": made(12), "wide": made(120)}


def made(columns: int, rows: int = 20_000, seed: int = 5) -> pd.DataFrame:
    """Make a table of columns that hang together: ties, heavy zeros, constants, rare categories, gaps, dates."""
    random = np.random.default_rng(seed)
    common = random.normal(size=rows)
    held: dict[str, object] = {}
    for at in range(columns):
        kind, own = at % 12, 0.5 * common + random.normal(size=rows)
        held[f"c{at}"] = _KINDS[kind](own, random)
    return pd.DataFrame(held)


def _with_gaps(values: object, share: float, random: np.random.Generator) -> pd.Series:
    column = pd.Series(values, dtype=object)
    return column.mask(random.random(len(column)) < share)


def _categories(own: np.ndarray, random: np.random.Generator, size: int, slope: float) -> np.ndarray:
    weights = 1 / np.arange(1, size + 1) ** slope
    return np.array([f"v{at}" for at in range(size)], dtype=object)[
        random.choice(size, len(own), p=weights / weights.sum())
    ]


_KINDS: Sequence[Callable[[np.ndarray, np.random.Generator], object]] = (
    lambda own, random: own,
    lambda own, random: np.exp(own),
    lambda own, random: np.round(own * 2),
    lambda own, random: np.maximum(0, own - 1),
    lambda own, random: np.ones(len(own)),
    lambda own, random: np.where(own > 1.5, "yes", "no"),
    lambda own, random: _categories(own, random, 8, 1.0),
    lambda own, random: _categories(own, random, 400, 1.2),
    lambda own, random: pd.to_numeric(_with_gaps(own, 0.3, random)),
    lambda own, random: _with_gaps(_categories(own, random, 5, 0.5), 0.02, random),
    lambda own, random: np.round(own * 20 + 40),
    lambda own, random: (pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 700, len(own)), "D")).astype(
        str
    ),
)


def alarms(
    name: str, frame: pd.DataFrame, *, reference: int, window: int, resamples: int = RESAMPLES, seed: int = 1
) -> Alarms:
    """Compare two samples of one table again and again.

    Rows are drawn with repetition: both sides are independent draws from one population however small the table.
    """
    began, thresholds = time.perf_counter(), Thresholds.default()
    cried = rejected = tests = 0
    for shifts in _resampled(frame, reference, window, resamples, seed):
        cried += bool(told(shifts, thresholds))
        found = [p for shift in shifts for p in (shift.p_corrected, shift.missing_p_corrected) if p is not None]
        rejected += any(is_sure(p, thresholds) for p in found)
        tests = tests_in(shifts)
    return Alarms(name, reference, window, resamples, cried, rejected, tests, time.perf_counter() - began)


def told(shifts: Sequence[Shift], thresholds: Thresholds) -> set[str]:
    """Return the columns that are told to have moved."""
    return {
        one.shift.name
        for one in (*filter(lambda one: counts(one.shift), moved(shifts, thresholds)), *gaps(shifts, thresholds))
    }


def _resampled(
    frame: pd.DataFrame,
    reference: int,
    window: int,
    resamples: int,
    seed: int,
    spoil: Callable[[pd.DataFrame], pd.DataFrame] = lambda now: now,
) -> Iterator[tuple[Shift, ...]]:
    random = np.random.default_rng(seed)
    form = form_of(frame)
    before, now = _read(form, frame), _read(form, spoil(frame))
    for _ in range(resamples):
        sides = [
            Side({name: _drawn(form.scales[name], values, random_rows) for name, values in of.items()})
            for of, rows in ((before, reference), (now, window))
            for random_rows in [random.integers(0, len(frame), rows)]
        ]
        yield compare(pairs(*sides, {name: _known(held) for name, held in sides[0].columns.items()}))


def _read(form: Form, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Read each column once, row by row; a gap is None, or not a number."""
    side = form.of_frame(frame)
    found = {}
    for name, scale in form.scales.items():
        values = np.full(len(frame), None if scale == "label" else np.nan, dtype=object if scale == "label" else float)
        values[frame[name].notna().to_numpy()] = side.columns[name].values
        found[name] = values
    return found


def _drawn(scale: Scale, values: np.ndarray, rows: np.ndarray) -> Held:
    drawn = values[rows]
    there = drawn[~pd.isna(drawn)]
    return Held(scale, there, missing=len(drawn) - len(there))


def _known(held: Held) -> Known:
    if held.scale == "label" or not len(held.values):
        return Known(held.rows, labels=frozenset(held.values.tolist()))
    return Known(held.rows, float(held.values.min()), float(held.values.max()))


def form_of(frame: pd.DataFrame) -> Form:
    """Read all columns as inputs; texts that are ISO dates as dates."""
    dates = {
        str(name): "%Y-%m-%d"
        for name, column in frame.items()
        if column.dtype == object and column.dropna().astype(str).str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    }
    return Form.of_table(frame, [str(name) for name in frame], dates, target=None, answers="label")


SHIFTS: Mapping[str, tuple[str, Callable[[pd.Series], object]]] = {
    "mean + 0.5 sd": ("c0", lambda column: column + 0.5 * column.std()),
    "mean + 1 sd": ("c0", lambda column: column + column.std()),
    "spread × 2": ("c0", lambda column: column * 2),
    "unit changed (× 1000)": ("c1", lambda column: column * 1000),
    "zeros 84 % → 50 %": ("c3", lambda column: np.where(np.arange(len(column)) % 5 < 2, column + 0.7, column)),
    "yes 9 % → 40 %": ("c5", lambda column: np.where(np.arange(len(column)) % 3 == 0, "yes", column)),
    "a new category, 20 %": ("c6", lambda column: np.where(np.arange(len(column)) % 5 == 0, "new", column)),
    "gaps 0 → 20 %": ("c0", lambda column: column.mask(np.arange(len(column)) % 5 == 0)),
    "counts + 1": ("c2", lambda column: column + 1),
}
"""Shift → the column of ``made`` that is moved, and how."""


def power(
    shift: str,
    *,
    window: int,
    reference: int = 5_000,
    resamples: int = POWER_RESAMPLES,
    rows: int = 20_000,
    seed: int = 2,
) -> Found:
    """Count how often a shift of one column is found; both sides are drawn from a table of so many rows."""
    frame, thresholds = made(12, rows), Thresholds.default()
    name, change = SHIFTS[shift]
    found = others = 0
    for shifts in _resampled(
        frame, reference, window, resamples, seed, lambda now: now.assign(**{name: change(now[name])})
    ):
        names = told(shifts, thresholds)
        found += name in names
        others += bool(names - {name})
    return Found(shift, window, resamples, found, others)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, help="Folder of CSV files to draw from besides.")
    parser.add_argument("--resamples", type=int, default=RESAMPLES)
    parser.add_argument("--windows", type=int, nargs="+", default=WINDOWS)
    parser.add_argument("--references", type=int, nargs="+", default=REFERENCES)
    parser.add_argument("--only", nargs="+", help="Names of tables; none: all.")
    asked = parser.parse_args()
    # statsmodels collects garbage at each correction, which takes long where much is loaded.
    gc.freeze()
    level = Thresholds.default()["drift.alpha"]
    print(f"False alarms, {asked.resamples} comparisons each; the level is {level:g} for all tests of one together")
    print(f"{'table':12}{'reference':>10}{'window':>8}{'tests':>8}{'alarms':>9}{'rejections':>12}{'95 %':>18}{'s':>8}")
    for name, frame in populations(asked.tables).items():
        if asked.only and name not in asked.only:
            continue
        for reference in asked.references:
            for window in asked.windows:
                found = alarms(name, frame, reference=reference, window=window, resamples=asked.resamples)
                low, high = found.interval()
                print(
                    f"{name:12}{reference:10,}{window:8,}{found.tests:8,}{found.rate:9.1%}"
                    f"{found.rejection_rate:12.1%}"
                    f"{f'{low:.1%} – {high:.1%}':>18}{found.seconds:8.1f}",
                    flush=True,
                )
    print(f"\nShifts of one column of twelve found, {POWER_RESAMPLES} comparisons each")
    for shift in SHIFTS:
        for window in asked.windows[:3]:
            told_of = power(shift, window=window)
            print(
                f"{shift:26}{window:8,}{told_of.found / told_of.resamples:9.0%}"
                f", others besides {told_of.others / told_of.resamples:.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
