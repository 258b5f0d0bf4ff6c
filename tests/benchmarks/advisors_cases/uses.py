"""The deployment reviewer on what a model is for, for whom, what it is asked, and how it runs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.benchmarks.advisors_cases import tables
from tests.benchmarks.advisors_cases.case import Case, clean, faulty
from tests.benchmarks.advisors_cases.reviewing import (
    LINE,
    NAME,
    PATIENCE_S,
    Change,
    Random,
    judge,
    served,
    trained,
)
from tests.benchmarks.advisors_cases.room import Room
from workbench.advisors.advice import Advice
from workbench.advisors.deployment_reviewer.evidence import ReviewEvidence, Version
from workbench.consulting.gathering import review
from workbench.store.artifacts import PIPELINE, Key


def cases() -> Iterator[Case]:
    """All cases of it."""
    for part in (_goals, _groups, _inputs, _running):
        yield from part()


# What it is for.


def _goals() -> Iterator[Case]:
    def overconfident(random: Random) -> pd.DataFrame:
        frame = tables.classes(random, 3_000, noise=1.5)
        # The same again and again: naive Bayes counts each of them as new.
        return frame.assign(
            **{f"income_{n}": frame["income"] * random.normal(1, 0.02, len(frame)) for n in range(5)},
            **{f"age_{n}": frame["age"] + random.normal(0, 1, len(frame)) for n in range(5)},
        )

    uneven = {"share": 0.12}
    yield faulty(
        NAME,
        "Accuracy on one in eight",
        "metric_mismatch",
        trained(lambda r: tables.classes(r, 2_500, **uneven), **LINE),
    )
    yield faulty(
        NAME,
        "nothing may be missed, by Accuracy",
        "metric_mismatch",
        trained(tables.classes, goal="Catch as many of the buyers as possible", **LINE),
    )
    yield faulty(
        NAME,
        "large errors hurt, by MAE",
        "metric_mismatch",
        trained(tables.numbers, goal="Large errors are what costs us", sort="MAE", **LINE),
    )
    yield faulty(
        NAME,
        "an order of rows, by Accuracy",
        "metric_mismatch",
        trained(tables.classes, goal="Rank the customers for our call list", **LINE),
    )
    yield clean(
        NAME,
        "MCC on one in eight",
        "metric_mismatch",
        trained(lambda r: tables.classes(r, 2_500, **uneven), sort="MCC", **LINE),
    )
    yield clean(
        NAME,
        "nothing may be missed, by Recall",
        "metric_mismatch",
        trained(tables.classes, goal="Catch as many of the buyers as possible", sort="Recall", **LINE),
    )
    yield clean(
        NAME,
        "large errors hurt, by RMSE",
        "metric_mismatch",
        trained(tables.numbers, goal="Large errors are what costs us", sort="RMSE", **LINE),
    )
    yield clean(
        NAME,
        "an order of rows, by AUC",
        "metric_mismatch",
        trained(tables.classes, goal="Rank the customers for our call list", sort="AUC", **LINE),
    )
    priced = "We price by the probability that a customer buys"
    yield faulty(
        NAME,
        "naive Bayes on the same thing many times",
        "miscalibrated",
        trained(overconfident, goal=priced, sort="AUC", plan="create", model="nb", folds=5),
    )
    yield faulty(
        NAME,
        "a full tree's probabilities",
        "miscalibrated",
        trained(lambda r: tables.classes(r, noise=1.5), goal=priced, sort="AUC", plan="create", model="dt", folds=5),
        may=("overfit",),
    )
    yield clean(
        NAME,
        "logistic regression's probabilities",
        "miscalibrated",
        trained(tables.classes, goal=priced, sort="AUC", **LINE),
    )
    yield clean(
        NAME,
        "logistic regression's on the same thing many times",
        "miscalibrated",
        trained(overconfident, goal=priced, sort="AUC", setup={"normalize": True}, **LINE),
    )


# For whom it is.


def _groups() -> Iterator[Case]:
    def upside_down(random: Random) -> pd.DataFrame:
        """In one channel in six the target has nothing to do with the columns."""
        frame = tables.classes(random, 3_000, noise=0.7)
        frame["branch"] = random.choice(["north", "south", "east", "west", "old", "new"], len(frame))
        lost = frame["branch"] == "old"
        return frame.assign(y=frame["y"].where(~lost, pd.Series(random.choice(["yes", "no"], len(frame)))))

    def noisy_branch(random: Random) -> pd.DataFrame:
        frame = tables.numbers(random, 3_000, noise=0.4)
        frame["branch"] = random.choice(["north", "south", "east", "west", "old"], len(frame))
        off = random.normal(0, 80, len(frame)) * (frame["branch"] == "old")
        return frame.assign(y=(frame["y"] + off).round(2))

    def branches(random: Random) -> pd.DataFrame:
        frame = tables.classes(random, 3_000, noise=0.7)
        return frame.assign(branch=random.choice(["north", "south", "east", "west", "old", "new"], len(frame)))

    def unequal(random: Random) -> pd.DataFrame:
        frame = tables.features(random, 3_000)
        frame["group"] = random.choice(["A", "B"], len(frame))
        score = tables.wish(frame) + (frame["group"] == "A") * 1.5 + random.normal(0, 0.8, len(frame))
        return frame.assign(y=np.where(score > score.median(), "yes", "no"))

    def worse_served(random: Random) -> pd.DataFrame:
        frame = tables.features(random, 3_000)
        frame["group"] = random.choice(["A", "B"], len(frame))
        noise = np.where(frame["group"] == "B", 5.0, 0.5)
        score = tables.wish(frame) + random.normal(0, 1, len(frame)) * noise
        return frame.assign(y=np.where(score > 0.2, "yes", "no"))

    def equal(random: Random) -> pd.DataFrame:
        return tables.classes(random, 3_000).assign(group=lambda frame: random.choice(["A", "B"], len(frame)))

    forest = {"plan": "create", "model": "lr", "folds": 5}
    yield faulty(NAME, "a branch that follows no rule", "weak_segment", trained(upside_down, **forest))
    yield faulty(NAME, "a branch with noise of its own", "weak_segment", trained(noisy_branch, **forest))
    yield clean(NAME, "branches that are alike", "weak_segment", trained(branches, **forest))
    yield clean(NAME, "branches that are alike, of numbers", "weak_segment", trained(tables.numbers, **forest))
    yield faulty(NAME, "a group that is chosen more often", "fairness_gap", trained(unequal, segment="group", **forest))
    yield faulty(NAME, "a group that is served worse", "fairness_gap", trained(worse_served, segment="group", **forest))
    yield clean(NAME, "groups that are treated alike", "fairness_gap", trained(equal, segment="group", **forest))
    yield clean(NAME, "cities that are treated alike", "fairness_gap", trained(equal, segment="channel", **forest))


# What comes in.


def _inputs() -> Iterator[Case]:
    def holey(random: Random) -> pd.DataFrame:
        return tables.gaps(random, tables.classes(random), "income", 0.06)

    def holey_later(random: Random) -> pd.DataFrame:
        """No gap among the first rows, which it learns from."""
        frame = tables.classes(random)
        late = pd.Series(np.arange(len(frame)) > 0.75 * len(frame)) & (random.random(len(frame)) < 0.2)
        return frame.assign(tenure=frame["tenure"].mask(late))

    def new_city(random: Random) -> pd.DataFrame:
        frame = tables.without(tables.classes(random)).head(500)
        return frame.assign(city=frame["city"].mask(random.random(len(frame)) < 0.25, "Kiel"))

    def dated(random: Random) -> pd.DataFrame:
        days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 1_200, tables.ROWS), unit="D")
        return tables.classes(random).assign(joined=days.strftime("%Y-%m-%d"))

    dropping = {"numeric_imputation": "drop"}
    unfilled = {"imputation_type": None, "data_split_shuffle": False, "data_split_stratify": False}
    yield faulty(NAME, "rows with gaps are dropped", "missing_imputer", trained(holey, setup=dropping, **LINE))
    yield faulty(NAME, "gaps that come later", "missing_imputer", trained(holey_later, setup=unfilled, **LINE))
    yield clean(NAME, "gaps that are filled", "missing_imputer", trained(holey, **LINE))
    yield clean(
        NAME, "no gaps, and nothing to fill them", "missing_imputer", trained(tables.classes, setup=dropping, **LINE)
    )
    yield faulty(NAME, "a city that was never learned", "missing_encoder", served(tables.classes, new_city))
    yield faulty(NAME, "dates taken for categories", "missing_encoder", trained(dated, **LINE))
    yield clean(NAME, "cities as they were", "missing_encoder", served(tables.classes))
    yield clean(
        NAME, "dates read as dates", "missing_encoder", trained(dated, setup={"date_features": ["joined"]}, **LINE)
    )


# How it runs.


def _running() -> Iterator[Case]:
    def made_with(library: str, version: str) -> Change:
        def change(evidence: ReviewEvidence) -> ReviewEvidence:
            others = [each for each in evidence.versions if each.library != library]
            now = next((each.now for each in evidence.versions if each.library == library), "1.0.0")
            return evidence.model_copy(update={"versions": (*others, Version(library=library, made=version, now=now))})

        return change

    def of_size(size: int) -> Change:
        return lambda evidence: evidence.model_copy(
            update={"artifact": evidence.artifact.model_copy(update={"size_bytes": size})}
        )

    def spoiled(room: Room, random: Random) -> Advice:
        run = room.train(room.source(tables.classes(random), "case"), target="y", **LINE)
        path = room.store.settings.home / "artifacts" / str(Key("runs", run.id, PIPELINE))
        path.write_bytes(path.read_bytes()[:-1] + b"\x00")
        return judge(review.gather(room.store, run.id, budget_s=PATIENCE_S))

    def other_patch(evidence: ReviewEvidence) -> ReviewEvidence:
        patched = [each.model_copy(update={"made": f"{each.made.rpartition('.')[0]}.99"}) for each in evidence.versions]
        return evidence.model_copy(update={"versions": tuple(patched)})

    line = tables.classes
    yield faulty(
        NAME, "scikit-learn before", "version_skew", trained(line, change=made_with("scikit-learn", "1.3.2"), **LINE)
    )
    yield faulty(NAME, "numpy after", "version_skew", trained(line, change=made_with("numpy", "2.1.0"), **LINE))
    yield faulty(NAME, "another Python", "version_skew", trained(line, change=made_with("python", "3.10.4"), **LINE))
    yield clean(NAME, "the same libraries", "version_skew", trained(line, **LINE))
    yield clean(NAME, "other patches", "version_skew", trained(line, change=other_patch, **LINE))
    yield clean(
        NAME, "a library that it does not use", "version_skew", trained(line, change=made_with("sktime", "0.1"), **LINE)
    )
    yield faulty(NAME, "bytes that were changed", "unverified_artifact", spoiled)
    yield clean(NAME, "bytes as they were", "unverified_artifact", trained(tables.numbers, **LINE))
    yield faulty(NAME, "two gigabytes", "large", trained(line, change=of_size(2 * 1024**3), **LINE))
    yield faulty(NAME, "six hundred megabytes", "large", trained(line, change=of_size(600 * 1024**2), **LINE))
    yield clean(NAME, "a small pickle", "large", trained(line, **LINE))
    slow = {"request_count": 400, "p50_ms": 180.0, "p95_ms": 900.0}
    yield faulty(NAME, "nearly a second", "slow", served(line, counts=slow))
    yield faulty(NAME, "a fifth of a second", "slow", served(line, counts=slow | {"p50_ms": 60.0, "p95_ms": 220.0}))
    yield clean(NAME, "two milliseconds", "slow", served(line))
    yield clean(NAME, "one slow request of five", "slow", served(line, counts={"request_count": 5, "p95_ms": 900.0}))
    many = {"request_count": 4_000}
    yield faulty(NAME, "a month without a look", "drift_unmonitored", served(line, days_ago=30, counts=many))
    yield faulty(NAME, "ten days without a look", "drift_unmonitored", served(line, days_ago=10, counts=many))
    yield clean(NAME, "served since yesterday", "drift_unmonitored", served(line, counts=many))
    yield clean(
        NAME,
        "a month with hardly a request",
        "drift_unmonitored",
        served(line, days_ago=30, counts={"request_count": 40}),
    )
