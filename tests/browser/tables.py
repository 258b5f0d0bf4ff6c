"""Tables of the size and mixture that people have."""

from __future__ import annotations

import numpy as np
import pandas as pd


def customers(rows: int, *, seed: int = 7) -> pd.DataFrame:
    """Make a mixed table: dates, categories, numbers with gaps, booleans, and a target that can be learned."""
    random = np.random.default_rng(seed)
    plan = random.choice(["basic", "plus", "family", "business"], rows, p=[0.4, 0.3, 0.2, 0.1])
    tenure = random.integers(1, 72, rows)
    charge = np.round(random.gamma(4, 14, rows) + 10, 2)
    calls = random.poisson(1.3, rows)
    autopay = random.random(rows) < 0.45
    usage = np.round(random.lognormal(3, 0.8, rows), 2)
    signed_up = pd.Timestamp("2019-01-01") + pd.to_timedelta(random.integers(0, 2000, rows), unit="D")
    leaning = 0.9 - 0.05 * tenure + 0.012 * charge + 0.55 * calls - 0.9 * autopay + 0.7 * (plan == "basic")
    return pd.DataFrame(
        {
            "signed_up": signed_up.strftime("%Y-%m-%d"),
            "plan": plan,
            "tenure_months": tenure,
            "monthly_charge": charge,
            "support_calls": calls,
            "autopay": autopay,
            "usage_gb": np.where(random.random(rows) < 0.04, np.nan, usage),
            "region": random.choice(["north", "south", "east", "west"], rows),
            "churned": np.where(leaning + random.logistic(0, 0.8, rows) > 0, "yes", "no"),
        }
    )


def passengers(rows: int, *, seed: int = 7) -> pd.DataFrame:
    """Make a table in which each row has a name of its own, and one column is the target in other words."""
    random = np.random.default_rng(seed)
    sex = random.choice(["male", "female"], rows, p=[0.6, 0.4])
    fare = np.round(random.gamma(2, 15, rows), 2)
    age = np.where(random.random(rows) < 0.15, np.nan, np.round(random.normal(31, 12, rows).clip(1), 1))
    survived = (2.2 * (sex == "female") + 0.01 * fare - 1.4 + random.logistic(0, 0.7, rows) > 0).astype(int)
    return pd.DataFrame(
        {
            "name": [f"Passenger {number}, {word}" for number, word in enumerate(random.integers(10**8, 10**9, rows))],
            "sex": sex,
            "age": age,
            "fare": fare,
            "port": random.choice(["Southampton", "Cherbourg", "Queenstown"], rows, p=[0.7, 0.2, 0.1]),
            "alive": np.where(survived == 1, "yes", "no"),
            "survived": survived,
        }
    )
