"""The dataset analyst and the run explainer: tables with a fault, and runs on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.advisors_cases import tables
from tests.benchmarks.advisors_cases.case import Case, Play, clean, faulty
from tests.benchmarks.advisors_cases.room import Room
from workbench.advisors.advice import Advice
from workbench.advisors.dataset_analyst import advisor as analyst
from workbench.advisors.dataset_analyst.evidence import DatasetEvidence
from workbench.advisors.run_explainer import advisor as explainer
from workbench.advisors.run_explainer.evidence import ExplanationEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.consulting.gathering import dataset, explanation

ANALYST, EXPLAINER = "dataset_analyst", "run_explainer"
Random = np.random.Generator
Frame = Callable[[Random], pd.DataFrame]


def analysed(frame: Frame) -> Play:
    """Bring a table, and have it analysed for ``y``."""

    def play(room: Room, random: Random) -> Advice:
        source = room.source(frame(random), "table")
        evidence = dataset.gather(room.store, source.id, target="y")
        told = DatasetEvidence.model_validate_json(evidence.model_dump_json())
        return analyst.advise(told, Thresholds.default())

    return play


def explained(frame: Frame, **asked: Any) -> Play:
    """Train on a table, and have the run explained."""

    def play(room: Room, random: Random) -> Advice:
        run = room.train(room.source(frame(random), "run"), **({"target": "y"} | asked))
        assert run.status == "succeeded", run.error
        evidence = explanation.gather(room.store, run.id)
        told = ExplanationEvidence.model_validate_json(evidence.model_dump_json())
        return explainer.advise(told, Thresholds.default())

    return play


def cases() -> Iterator[Case]:
    """All cases of both."""
    yield from _of_tables()
    yield from _of_runs()


def _of_tables() -> Iterator[Case]:
    def copied(random: Random) -> pd.DataFrame:
        return tables.numbers(random).assign(y_in_cents=lambda frame: frame["y"] * 100)

    def afterwards(random: Random) -> pd.DataFrame:
        frame = tables.classes(random)
        return frame.assign(settled=(frame["y"] == "yes") * 2 + random.normal(0, 0.45, len(frame)))

    def counted(random: Random) -> pd.DataFrame:
        return tables.classes(random).assign(order_id=lambda frame: np.arange(5_000, 5_000 + len(frame)))

    def repeated(random: Random) -> pd.DataFrame:
        frame = tables.classes(random)
        return pd.concat([frame, frame.sample(900, random_state=1)]).sample(frac=1, random_state=2)

    def wide(random: Random) -> pd.DataFrame:
        numbers = random.normal(0, 1, (220, 400)).round(3)
        frame = pd.DataFrame(numbers, columns=[f"x{place}" for place in range(400)])
        return frame.assign(y=np.where(numbers[:, :5].sum(axis=1) > 0, "yes", "no"))

    yield faulty(ANALYST, "the target on another scale", "leak", analysed(copied))
    yield faulty(ANALYST, "a column known afterwards", "leak", analysed(afterwards))
    yield clean(ANALYST, "honest classes", "leak", analysed(tables.classes))
    yield clean(ANALYST, "honest numbers", "leak", analysed(tables.numbers))
    yield faulty(ANALYST, "orders are counted", "identifier", analysed(counted))
    yield faulty(ANALYST, "one in forty", "imbalance", analysed(lambda r: tables.classes(r, 4_000, share=0.025)))
    yield clean(ANALYST, "two in five", "imbalance", analysed(lambda r: tables.classes(r, share=0.4)))
    yield faulty(ANALYST, "forty rows", "small_sample", analysed(lambda r: tables.classes(r, 40)), may=("wide_table",))
    yield faulty(ANALYST, "rows brought twice", "duplicate_rows", analysed(repeated))
    yield clean(ANALYST, "rows brought once", "duplicate_rows", analysed(lambda r: repeated(r).drop_duplicates()))
    yield faulty(ANALYST, "more columns than rows", "wide_table", analysed(wide))
    yield clean(ANALYST, "two thousand rows of six columns", "wide_table", analysed(lambda r: tables.classes(r, 2_000)))


def _of_runs() -> Iterator[Case]:
    def band(random: Random) -> pd.DataFrame:
        return tables.band(random)

    def chance(random: Random) -> pd.DataFrame:
        return tables.features(random, 800).assign(y=random.choice(["yes", "no"], 800))

    board = {"plan": "compare", "folds": 10}
    yield faulty(
        EXPLAINER,
        "lines that are alike",
        "tiny_margin",
        explained(tables.classes, include=["lr", "ridge", "lda"], **board),
    )
    yield clean(
        EXPLAINER,
        "a tree ahead of a line",
        "tiny_margin",
        explained(band, include=["dt", "lr"], **board),
        may=("miscalibrated",),
    )
    yield faulty(
        EXPLAINER,
        "nothing to be learned",
        "no_better_than_baseline",
        explained(chance, include=["lr", "dt", "dummy"], **board),
        may=("tiny_margin",),
    )
    yield clean(
        EXPLAINER,
        "a line ahead of a tree and of the baseline",
        "no_better_than_baseline",
        explained(lambda r: tables.numbers(r, noise=0.5), include=["lr", "dt", "dummy"], **board),
    )
