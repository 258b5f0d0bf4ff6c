"""Tables with nothing wrong with them, and what can be done to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

Random = np.random.Generator
ROWS = 1_500
CITIES = ("Bern", "Oslo", "Rome", "Wien")


def features(random: Random, rows: int = ROWS) -> pd.DataFrame:
    """Four numbers and two categories that have nothing to do with each other."""
    return pd.DataFrame(
        {
            "age": random.normal(45, 12, rows).round(1),
            "income": random.lognormal(10, 0.4, rows).round(2),
            "balance": random.normal(0, 1000, rows).round(2),
            "tenure": random.gamma(3, 12, rows).round(2),
            "city": random.choice(CITIES, rows),
            "channel": random.choice(["web", "shop", "phone"], rows),
        }
    )


def wish(frame: pd.DataFrame) -> pd.Series:
    """What the target depends on, with a standard deviation of about one and a half."""
    return (
        (frame["age"] - 45) / 12
        + (np.log(frame["income"]) - 10) / 0.4
        - frame["balance"] / 1500
        + (frame["city"] == "Oslo") * 0.8
    )


def classes(random: Random, rows: int = ROWS, *, share: float = 0.45, noise: float = 1.0) -> pd.DataFrame:
    """Two classes, as many ``yes`` as asked for, by a wish and noise."""
    frame = features(random, rows)
    score = wish(frame) + random.normal(0, noise, rows)
    return frame.assign(y=np.where(score > np.quantile(score, 1 - share), "yes", "no"))


def numbers(random: Random, rows: int = ROWS, *, noise: float = 0.7) -> pd.DataFrame:
    """A number that depends on a wish and noise."""
    frame = features(random, rows)
    return frame.assign(y=(200 + 40 * (wish(frame) + random.normal(0, noise, rows))).round(2))


def band(random: Random, rows: int = 2_000) -> pd.DataFrame:
    """Classes by the middles of two columns, which a tree learns and a line does not."""
    frame = features(random, rows)
    inside = ((frame["age"] - 45).abs() < 6) | (frame["balance"].abs() < 350)
    return frame.assign(y=np.where(inside ^ (random.random(rows) < 0.03), "yes", "no"))


def gaps(random: Random, frame: pd.DataFrame, column: str, share: float) -> pd.DataFrame:
    """Take values out at random."""
    return frame.assign(**{column: frame[column].mask(random.random(len(frame)) < share)})


def without(frame: pd.DataFrame) -> pd.DataFrame:
    """The features alone."""
    return frame.drop(columns="y")
