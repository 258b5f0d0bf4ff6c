"""The deployment reviewer on how a model was learned: with a fault, and clean twins."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.benchmarks.advisors_cases import tables
from tests.benchmarks.advisors_cases.case import Case, clean, faulty
from tests.benchmarks.advisors_cases.reviewing import (
    BOARD,
    LINE,
    NAME,
    PATIENCE_S,
    Random,
    judge,
    trained,
)
from tests.benchmarks.advisors_cases.room import Room
from workbench.advisors.advice import Advice
from workbench.consulting.gathering import review

_BLINDED = ("no_better_than_baseline", "overfit")
"""What a name in each row brings along: the target's mean is put in its place, which is learned by heart."""


def cases() -> Iterator[Case]:
    """All cases of it."""
    for part in (_leaks, _identifiers, _fits, _boards, _samples):
        yield from part()


# What the table gives away.


def _leaks() -> Iterator[Case]:
    def copied(random: Random) -> pd.DataFrame:
        frame = tables.classes(random)
        return frame.assign(status=frame["y"].map({"yes": "closed", "no": "open"}))

    def noisy(random: Random) -> pd.DataFrame:
        frame = tables.classes(random)
        return frame.assign(settled=(frame["y"] == "yes") * 2 + random.normal(0, 0.45, len(frame)))

    def computed(random: Random) -> pd.DataFrame:
        frame = tables.numbers(random)
        paid = random.normal(50, 20, len(frame)).round(2)
        return frame.assign(paid=paid, due=(frame["y"] - paid).round(2))

    def filled_in_later(random: Random) -> pd.DataFrame:
        frame = tables.classes(random)
        return frame.assign(closing_fee=pd.Series(random.normal(20, 5, len(frame))).where(frame["y"] == "yes"))

    yield faulty(NAME, "a copy of the target, overridden", "leak", trained(copied, override="leak.copy", **LINE))
    yield faulty(NAME, "a column known afterwards, with noise", "leak", trained(noisy, **LINE))
    yield faulty(NAME, "the target is a sum, overridden", "leak", trained(computed, override="leak.computed", **LINE))
    yield faulty(NAME, "gaps tell the class", "leak", trained(filled_in_later, **LINE))
    yield clean(NAME, "an honest table of classes", "leak", trained(tables.classes, **LINE))
    yield clean(NAME, "an honest table of numbers", "leak", trained(tables.numbers, **LINE))
    yield clean(
        NAME, "an honest table with little noise", "leak", trained(lambda r: tables.classes(r, noise=0.35), **LINE)
    )


def _identifiers() -> Iterator[Case]:
    def counted(random: Random) -> pd.DataFrame:
        return tables.classes(random).assign(customer_id=lambda frame: np.arange(10_000, 10_000 + len(frame)))

    def named(random: Random) -> pd.DataFrame:
        return tables.numbers(random).assign(order=lambda frame: [f"A-{n:06d}" for n in random.permutation(len(frame))])

    def measured(random: Random) -> pd.DataFrame:
        return tables.classes(random).assign(weight=lambda frame: random.normal(70, 10, len(frame)))

    yield faulty(NAME, "rows are counted", "identifier", trained(counted, **LINE))
    yield faulty(NAME, "orders have names", "identifier", trained(named, **LINE), may=_BLINDED)
    yield clean(NAME, "a measure with a value of its own in each row", "identifier", trained(measured, **LINE))
    yield clean(
        NAME,
        "an identifier that is left out",
        "identifier",
        trained(counted, setup={"ignore_features": ["customer_id"]}, **LINE),
    )


# How it was learned.


def _fits() -> Iterator[Case]:
    def noisy(random: Random) -> pd.DataFrame:
        return tables.classes(random, rows=900, noise=2.2)

    def nothing(random: Random) -> pd.DataFrame:
        return tables.features(random, 600).assign(y=random.choice(["yes", "no"], 600))

    def no_number(random: Random) -> pd.DataFrame:
        return tables.features(random, 600).assign(y=random.normal(100, 15, 600))

    def weak(random: Random) -> pd.DataFrame:
        return tables.classes(random, noise=3.5)

    tree = {"plan": "create", "model": "dt", "folds": 10}
    yield faulty(NAME, "a full tree on noise", "overfit", trained(noisy, **tree), may=("miscalibrated",))
    yield faulty(
        NAME,
        "a full tree of numbers on noise",
        "overfit",
        trained(lambda r: tables.numbers(r, 900, noise=1.0), **tree),
    )
    yield faulty(
        NAME,
        "a boosted model on few noisy rows",
        "overfit",
        trained(lambda r: tables.classes(r, rows=500, noise=2.5), plan="create", model="lightgbm", folds=10),
        may=("miscalibrated",),
    )
    yield clean(NAME, "a forest on noise", "overfit", trained(noisy, plan="create", model="rf", folds=10))
    yield clean(NAME, "a full tree on a rule", "overfit", trained(tables.band, **tree))
    yield clean(NAME, "a line on noise", "overfit", trained(noisy, **LINE))
    yield faulty(NAME, "a target of chance", "no_better_than_baseline", trained(nothing, **LINE))
    yield faulty(
        NAME,
        "a number of chance",
        "no_better_than_baseline",
        trained(no_number, plan="create", model="ridge", folds=5),
    )
    yield faulty(
        NAME,
        "the baseline itself",
        "no_better_than_baseline",
        trained(tables.classes, plan="create", model="dummy", folds=5),
    )
    yield clean(NAME, "a weak target", "no_better_than_baseline", trained(weak, **LINE))
    yield clean(
        NAME, "a weak number", "no_better_than_baseline", trained(lambda r: tables.numbers(r, noise=3.0), **LINE)
    )


def _boards() -> Iterator[Case]:
    def timed_out(room: Room, random: Random) -> Advice:
        source = room.source(tables.classes(random, 3_000), "field")
        run = room.train(source, target="y", plan="compare", include=["lr", "nb", "gpc"], folds=5, model_timeout_s=3)
        return judge(review.gather(room.store, run.id, budget_s=PATIENCE_S))

    yield faulty(
        NAME,
        "lines that are alike",
        "tiny_margin",
        trained(tables.classes, include=["lr", "ridge", "lda"], **BOARD),
    )
    yield faulty(
        NAME,
        "lines of numbers that are alike",
        "tiny_margin",
        trained(lambda r: tables.numbers(r, noise=1.5), include=["lr", "ridge", "br"], **BOARD),
    )
    yield clean(
        NAME,
        "a tree against lines, on a rule",
        "tiny_margin",
        trained(tables.band, include=["dt", "lr", "nb"], **BOARD),
    )
    yield clean(
        NAME,
        "a line against a tree, on a line",
        "tiny_margin",
        trained(lambda r: tables.numbers(r, noise=0.5), include=["lr", "dt", "dummy"], **BOARD),
    )
    yield faulty(NAME, "models that take too long", "failed_models", timed_out, may=("tiny_margin",))
    yield clean(
        NAME,
        "a field that is scored whole",
        "failed_models",
        trained(lambda r: tables.numbers(r, noise=0.5), include=["lr", "dt"], **BOARD),
    )


# How much there was to learn from.


def _samples() -> Iterator[Case]:
    def repeated(random: Random) -> pd.DataFrame:
        frame = tables.classes(random)
        return pd.concat([frame, frame.sample(900, random_state=1)]).sample(frac=1, random_state=2)

    few_rows = {"plan": "create", "model": "lr", "folds": 5}
    yield faulty(
        NAME, "ninety rows", "small_sample", trained(lambda r: tables.classes(r, 90, noise=0.5), **few_rows),
        may=("no_better_than_baseline",),
    )  # fmt: skip
    yield faulty(
        NAME,
        "two dozen rows of a class",
        "small_sample",
        trained(lambda r: tables.classes(r, 900, share=0.027), sort="MCC", **LINE),
        also=("imbalance",),
    )
    yield faulty(
        NAME,
        "a column for every four rows",
        "small_sample",
        trained(lambda r: _wide(r, 240, 60), plan="create", model="ridge", folds=5),
        may=("overfit",),
    )
    yield clean(NAME, "rows enough", "small_sample", trained(tables.classes, **LINE))
    yield clean(NAME, "rows enough for sixty columns", "small_sample", trained(lambda r: _wide(r, 3_000, 60), **LINE))
    yield faulty(
        NAME,
        "one in twenty",
        "imbalance",
        trained(lambda r: tables.classes(r, 2_500, share=0.05), sort="MCC", **LINE),
    )
    yield faulty(
        NAME,
        "one in thirty, by AUC",
        "imbalance",
        trained(lambda r: tables.classes(r, 3_000, share=0.033), sort="AUC", **LINE),
    )
    yield clean(NAME, "one in three", "imbalance", trained(lambda r: tables.classes(r, share=0.33), **LINE))
    yield clean(
        NAME, "one in five, by MCC", "imbalance", trained(lambda r: tables.classes(r, share=0.2), sort="MCC", **LINE)
    )
    yield faulty(NAME, "rows brought twice", "duplicate_rows", trained(repeated, **LINE))
    yield clean(
        NAME,
        "rows brought once",
        "duplicate_rows",
        trained(lambda r: repeated(r).drop_duplicates(), **LINE),
    )


def _wide(random: Random, rows: int, columns: int) -> pd.DataFrame:
    found = random.normal(0, 1, (rows, columns))
    frame = pd.DataFrame(found.round(3), columns=[f"x{place}" for place in range(columns)])
    return frame.assign(y=np.where(found[:, :6].sum(axis=1) + random.normal(0, 1, rows) > 0, "yes", "no"))
