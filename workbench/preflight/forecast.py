"""How much memory PyCaret's set-up of a run, and the run then, will take, told before the run starts.

What is forecast is the most memory that the run's process holds, beyond what it held before it read its table, until
set-up is done. The model is an account of what is in memory at once. `widths` tells the bytes of a row as the table is
read, in the smaller types to which PyCaret shrinks its own copy, with gaps filled, and encoded. Three tables are held
all along: the one that was read, its copy with dates, and PyCaret's own. To these comes what a phase makes:

- PyCaret takes the table over by copying it a few times;
- each step of the preprocessing holds its rows several times: as they come in, picked out, as an array, and laid beside
  the columns that it left alone; one-hot encoding makes eight bytes a row of every category;
- in the end set-up transforms training and test rows once more, and lays them together, to tell how many they are.

The most of these is the forecast. How often a phase holds its rows is a factor, and all factors are measured, by
``tests/benchmarks/setup_memory.py``, which prints them anew with ``--fit``.

What is known of a table does not tell all. Whole numbers that are stored as floats are taken for integers, of which
PyCaret makes eight bytes where it makes four of those: where most columns are such, a third too much is forecast. How
long texts are is not known where each is another, and how many words they have is guessed from a few. What an option
takes that works row by row on its own, such as a model that fills gaps, is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from workbench.catalogue import TASKS
from workbench.plain import byte_size
from workbench.preflight.sizes import Sizes, account
from workbench.preflight.widths import widths

if TYPE_CHECKING:
    from workbench.data.source import Source

MIB = 1024 * 1024
APART = 0.3
"""By how much a forecast may be wrong, as a share of it."""
SLACK = 16 * MIB
"""By how much besides, in bytes: what a small table takes is the allocator's to say."""
WORKER = 40 * MIB
"""Bytes that a worker makes its own of what it shares with the run's process when it is forked."""
WIDEST = 5
"""Columns that a forecast names."""

FILLED, ENCODED, CROSSED = "gaps are filled", "texts are encoded", "polynomial features are made"
CHANGED, PICKED = "columns are transformed", "rows and columns are picked"
STEPS = (FILLED, ENCODED, CROSSED, CHANGED, PICKED)
"""Phases that each fold goes through again."""


@dataclass(frozen=True, slots=True)
class Factors:
    """How often a phase holds what it works on: times its bytes, measured by ``tests/benchmarks/setup_memory.py``.

    Attributes
    ----------
    start
        Bytes that set-up of the smallest table takes.
    spare
        Most bytes that the allocator keeps of what was given back; less where the table read twice is less.
    strings
        Distinct texts: Python's own, and the categories of PyCaret's types.
    read, longest
        Reading: the table, and the texts of the column that has the most of them.
    taken_over
        PyCaret's copies of the table as it is read.
    filled, dated
        Training rows in small types and with gaps filled; the parts of dates once more, as they come one by one.
    around, beside
        Encoding: texts as references, and the columns beside them with gaps filled.
    hot, coded, words, listed
        Encoding: one-hot columns; columns encoded otherwise; words; the table of a one-hot column's categories.
    crossed
        Polynomial features.
    boxed
        Rows with a truth value among their columns, beside what polynomial features or a step that changes them takes.
    changed, picked, enveloped
        Rows under a step that makes all columns new, under one that drops, adds or looks at some, and under the search
        for an ellipse that few are outside of.
    left, told
        Describing: what the phases before left behind, by the table as it is read, and all rows as they come out.
    pairs, correlated
        Distances between rows with gaps and all others; correlations between columns.
    kernel, decomposed, projected
        A kernel matrix, what is added where it is decomposed whole, and where all components are kept.
    steps, series
        Forecasting: eight bytes for each row, twice where there is an index, and the table as it is read.
    """

    start: float = 2 * MIB
    spare: float = 12 * MIB
    strings: float = 2.1
    read: float = 2.1
    longest: float = 6.0
    taken_over: float = 5.4
    filled: float = 3.6
    dated: float = 7.0
    around: float = 7.1
    beside: float = 6.5
    hot: float = 4.2
    coded: float = 1.75
    words: float = 3.0
    listed: float = 1.8
    boxed: float = 3.5
    crossed: float = 2.4
    changed: float = 5.7
    picked: float = 4.75
    enveloped: float = 13.0
    left: float = 0.95
    told: float = 1.95
    pairs: float = 1.65
    correlated: float = 1.5
    kernel: float = 1.05
    decomposed: float = 0.55
    projected: float = 1.2
    steps: float = 30.0
    series: float = 13.0


FACTORS = Factors()


@dataclass(frozen=True, slots=True)
class Forecast:
    """What set-up of a run will take.

    Attributes
    ----------
    rows, columns_before, columns_after
        Rows of the table; its features, and what they become.
    setup_bytes
        Most memory that set-up holds at once, beyond what the process holds before it reads the table.
    low_bytes, high_bytes
        Between which it will be: 30 % more or less, and further apart where the distinct values of an encoded text
        are known to be many and not how many.
    rest_bytes
        What stays when set-up is done.
    worker_bytes
        What each worker takes that prepares a fold.
    fold_bytes
        What a prepared fold takes, which all workers share.
    phase
        What takes the most, as words that follow "while".
    widest
        Columns that become the most columns, most first, at most five that become more than one → how many.
    """

    rows: int
    columns_before: int
    columns_after: int
    setup_bytes: int
    low_bytes: int
    high_bytes: int
    rest_bytes: int
    worker_bytes: int
    fold_bytes: int
    phase: str
    widest: tuple[tuple[str, int], ...]

    def needed(self, workers: int) -> int:
        """Return the most bytes of set-up and of what the run takes then on so many workers; 0: nothing."""
        return max(self.setup_bytes, self.run_bytes(workers) if workers else 0)

    def needed_perhaps(self, workers: int) -> int:
        """Return how many it may be."""
        return max(self.high_bytes, round((1 + APART) * self.run_bytes(workers)) + SLACK if workers else 0)

    def workers_within(self, free: int, most: int) -> int:
        """Return on how many workers, at least one, the run may take all it perhaps needs without more than is free."""
        return max((count for count in range(1, most + 1) if self.needed_perhaps(count) <= free), default=1)

    def run_bytes(self, workers: int) -> int:
        """Return what the whole run takes at most, models aside, on so many workers of this machine.

        All of them prepare a fold at once when it begins, and one fold more is prepared ahead. This is rougher than
        `setup_bytes`: with six quick models it was 0.69 to 1.12 of what ``tests/benchmarks/run_memory.py`` measured.
        """
        return self.rest_bytes + workers * self.worker_bytes + (workers + 1) * self.fold_bytes

    @property
    def words(self) -> str:
        """What it will take and why, in one sentence."""
        grown = ""
        if self.columns_after != self.columns_before:
            grown = f", for {_many(self.columns_before, 'column')} become {self.columns_after:,}"
        named = ""
        if self.widest and 2 * self.widest[0][1] > self.columns_after:
            name, columns = self.widest[0]
            named = f", {columns:,} of them of '{name}' alone"
        return f"Set-up takes about {_about(self.setup_bytes)} while {self.phase}{grown}{named}."

    def words_of_all(self, workers: int) -> str:
        """What set-up takes, and what the run then where that is more, in a sentence each."""
        needed = self.needed(workers)
        if needed == self.setup_bytes:
            return self.words
        return f"{self.words} The run takes about {_about(needed)} while folds are prepared."


def least_workers(task: str, plan: str, executor: str) -> int:
    """Return how many workers of this machine prepare folds at the least: one, or 0 where no fold is prepared here."""
    return int(TASKS[task].has_target and task != "time_series" and plan != "setup" and executor == "local")


def forecast(
    source: Source,
    setup: Mapping[str, Any],
    *,
    task: str,
    target: str | None = None,
    truth: str | None = None,
) -> Forecast:
    """Tell how much memory set-up will take.

    Parameters
    ----------
    setup
        Set-up options by PyCaret's names, as a run's spec has them.
    truth
        A column that is kept from the models (``ground_truth``), or None.
    """
    asked: dict[str, Any] = {"task": task, "target": target, "truth": truth}
    sizes = account(source, setup, **asked)
    least, most = (account(source, setup, **asked, lean=lean) for lean in (0.0, 1.0))
    needed = phases(sizes)
    phase = max(needed, key=lambda name: needed[name])
    held = _held(sizes, FACTORS)
    steps = [needed[name] for name in STEPS if name in needed]
    found = widths(source, setup, **asked)
    ranked = sorted((width for width in found if width.columns > 1), key=lambda width: -width.columns)
    return Forecast(
        rows=source.row_count,
        columns_before=sum(width.columns > 0 for width in found),
        columns_after=sizes.columns,
        setup_bytes=round(needed[phase]),
        low_bytes=max(0, round(max(phases(least).values()) * (1 - APART) - SLACK)),
        high_bytes=round(max(phases(most).values()) * (1 + APART) + SLACK),
        rest_bytes=round(held + sizes.read),
        worker_bytes=round(max((amount - held for amount in steps), default=0.0)) + WORKER,
        fold_bytes=round(sizes.prepared),
        phase=phase,
        widest=tuple((width.name, width.columns) for width in ranked[:WIDEST]),
    )


def phases(sizes: Sizes, factors: Factors = FACTORS) -> dict[str, float]:
    """Most bytes held in each phase of set-up, by what is done in it."""
    f, s = factors, sizes
    start = _start(s, f)
    if s.rows:
        return {"the series is looked through": start + f.steps * s.rows + f.series * s.read}
    held, boxed = _held(s, f), f.boxed * s.boxed
    needed = {
        "the table is read": f.start + f.read * s.read + s.strings + f.longest * s.longest,
        "PyCaret takes the table over": start + f.taken_over * s.read,
        "set-up looks at what came out": held + f.left * s.read + f.told * s.told,
    }
    if s.is_filled:
        needed[FILLED] = held + f.filled * (s.taken + s.filled) + f.dated * s.dated + f.pairs * s.pairs
    if s.texts or s.words:
        made = f.hot * s.hot + f.coded * s.coded + f.words * s.words + f.listed * s.listed
        needed[ENCODED] = held + f.around * s.texts + f.beside * (s.filled - s.texts) + made
    if s.crossed:
        needed[CROSSED] = held + boxed + f.crossed * s.crossed
    if s.changed:
        kernel = f.kernel * s.kernel + f.decomposed * s.decomposed + f.projected * s.projected
        needed[CHANGED] = held + boxed + f.changed * s.changed + kernel
    if s.picked:
        needed[PICKED] = held + f.picked * s.picked + f.correlated * s.correlated + f.enveloped * s.enveloped
    return needed


def _start(sizes: Sizes, factors: Factors) -> float:
    return factors.start + min(factors.spare, 2 * sizes.read) + factors.strings * sizes.strings


def _held(sizes: Sizes, factors: Factors) -> float:
    """What is held all along: the table that was read, its copy with dates, and PyCaret's own."""
    return _start(sizes, factors) + 2 * sizes.read + sizes.small


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _about(size: float) -> str:
    """Write a size by its first two figures."""
    unit = 1024 ** min(3, int(log(max(size, 1), 1024)))
    return byte_size(float(f"{size / unit:.2g}") * unit)
