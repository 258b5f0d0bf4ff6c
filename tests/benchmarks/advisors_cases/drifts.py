"""The drift analyst: deployments that are asked for rows that moved, by kind and size, and for rows that did not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from tests.benchmarks.advisors_cases import tables
from tests.benchmarks.advisors_cases.case import Case, Play, clean, faulty
from tests.benchmarks.advisors_cases.room import Room
from workbench.advisors.advice import Advice
from workbench.advisors.drift_analyst.advisor import advise
from workbench.advisors.drift_analyst.evidence import DriftEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.consulting.gathering import drift

NAME = "drift_analyst"
ASKED = 1_000
Random = np.random.Generator
Frame = Callable[[Random, int], pd.DataFrame]
Change = Callable[[pd.DataFrame, Random], pd.DataFrame]


def _classes(random: Random, rows: int) -> pd.DataFrame:
    return tables.classes(random, rows)


def _numbers(random: Random, rows: int) -> pd.DataFrame:
    return tables.numbers(random, rows)


def asked(change: Change | None = None, *, rows: int = ASKED, frame: Frame = _classes) -> Play:
    """Deploy a model, ask it for rows of the same kind, changed or not, and have the deployment looked at."""

    def play(room: Room, random: Random) -> Advice:
        deployment = room.deploy(_trained(room, random, frame))
        live = tables.without(frame(random, rows))
        room.ask(deployment, live if change is None else change(live, random))
        return _judged(room, deployment.record.id)

    return play


def brought(change: Change | None = None, *, frame: Frame = _classes) -> Play:
    """Deploy a model, and have a table of newer rows looked at, whose truth is known."""

    def play(room: Room, random: Random) -> Advice:
        deployment = room.deploy(_trained(room, random, frame))
        live = frame(random, ASKED)
        source = room.source(live if change is None else change(live, random), "newer")
        return _judged(room, deployment.record.id, on=source.id)

    return play


def _trained(room: Room, random: Random, frame: Frame):
    return room.train(room.source(frame(random, 2_000), "before"), target="y", plan="create", model="lr", folds=5)


def _judged(room: Room, deployment_id: str, **asked: str) -> Advice:
    evidence = drift.gather(room.store, deployment_id, **asked)
    return advise(DriftEvidence.model_validate_json(evidence.model_dump_json()), Thresholds.default())


def cases() -> Iterator[Case]:
    """All cases of the drift analyst."""
    moves = ("drift_predictions",)

    def shifted(column: str, by: float) -> Change:
        return lambda frame, random: frame.assign(**{column: frame[column] + by * frame[column].std()})

    def spread(frame: pd.DataFrame, random: Random) -> pd.DataFrame:
        return frame.assign(balance=frame["balance"] * 2)

    def in_cents(frame: pd.DataFrame, random: Random) -> pd.DataFrame:
        return frame.assign(tenure=frame["tenure"] * 100)

    def elsewhere(frame: pd.DataFrame, random: Random) -> pd.DataFrame:
        return frame.assign(city=random.choice(tables.CITIES, len(frame), p=[0.1, 0.15, 0.55, 0.2]))

    def a_new_city(frame: pd.DataFrame, random: Random) -> pd.DataFrame:
        return frame.assign(city=frame["city"].mask(random.random(len(frame)) < 0.2, "Kiel"))

    def emptier(frame: pd.DataFrame, random: Random) -> pd.DataFrame:
        return tables.gaps(random, frame, "income", 0.2)

    def hang_together(frame: pd.DataFrame, random: Random) -> pd.DataFrame:
        """Each column as it was, and the rich the old and the indebted."""
        order = np.argsort(random.normal(0, 0.3, len(frame)) + np.linspace(-2, 2, len(frame)))
        rising = {name: np.sort(frame[name].to_numpy())[order] for name in ("age", "income")}
        return frame.assign(**rising, balance=np.sort(frame["balance"].to_numpy())[::-1][order])

    def more_buy(frame: pd.DataFrame, random: Random) -> pd.DataFrame:
        turned = (frame["y"] == "no") & (random.random(len(frame)) < 0.5)
        return frame.assign(y=frame["y"].mask(turned, "yes"))

    def dearer(frame: pd.DataFrame, random: Random) -> pd.DataFrame:
        return frame.assign(y=frame["y"] + 80)

    yield faulty(NAME, "half a deviation upwards", "drift_inputs", asked(shifted("age", 0.5)), may=moves)
    yield faulty(NAME, "a whole deviation upwards", "drift_inputs", asked(shifted("age", 1.0)), may=moves)
    yield faulty(NAME, "a column that hardly matters, upwards", "drift_inputs", asked(shifted("tenure", 0.8)))
    yield faulty(NAME, "twice the spread", "drift_inputs", asked(spread), may=moves)
    yield faulty(NAME, "another unit", "drift_inputs", asked(in_cents), may=moves)
    yield faulty(NAME, "other cities", "drift_inputs", asked(elsewhere), may=moves)
    yield faulty(NAME, "a new city", "drift_inputs", asked(a_new_city), may=moves)
    yield faulty(NAME, "values go missing", "drift_inputs", asked(emptier), may=moves)
    yield faulty(
        NAME, "what matters most, upwards", "drift_inputs", asked(shifted("income", 1.0)), also=("drift_predictions",)
    )
    yield faulty(NAME, "columns that begin to hang together", "drift_predictions", asked(hang_together))
    yield faulty(
        NAME, "numbers go up with their columns", "drift_predictions", asked(shifted("income", 1.2), frame=_numbers),
        also=("drift_inputs",),
    )  # fmt: skip
    yield faulty(NAME, "more of them buy", "drift_target", brought(more_buy))
    yield faulty(NAME, "everything is dearer", "drift_target", brought(dearer, frame=_numbers))
    yield faulty(NAME, "twenty rows", "too_few_rows", asked(rows=20))
    yield clean(NAME, "rows as they were", "drift_inputs", asked())
    yield clean(NAME, "rows as they were, of numbers", "drift_predictions", asked(frame=_numbers))
    yield clean(NAME, "three thousand rows as they were", "drift_inputs", asked(rows=3_000))
    yield clean(NAME, "a newer table as it was", "drift_target", brought())
    yield clean(NAME, "a newer table of numbers as it was", "drift_target", brought(frame=_numbers))
    yield clean(NAME, "six hundred rows as they were", "too_few_rows", asked(rows=600))
    yield clean(NAME, "a twentieth of a deviation", "drift_inputs", asked(shifted("age", 0.05)))
