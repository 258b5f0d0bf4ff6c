"""Write the tables that come with Workbench, byte for byte the same each time.

Run with the training environment: ``python scripts/make_samples.py [FOLDER]``.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sktime.datasets import load_airline

FOLDER = Path(__file__).parents[1] / "workbench" / "data" / "samples"
SEED = 20_240_607
LOANS = 2000


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "iris": classes(datasets.load_iris(as_frame=True), "species"),
        "wine": classes(datasets.load_wine(as_frame=True), "cultivar"),
        "breast_cancer": classes(datasets.load_breast_cancer(as_frame=True), "diagnosis"),
        "diabetes": diabetes(),
        "airline": airline(),
        "loans": loans(np.random.default_rng(SEED), LOANS),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def classes(bunch: datasets.base.Bunch, target: str) -> pd.DataFrame:
    """Take one of scikit-learn's classification tables, with plain column names and readable labels."""
    table = bunch.data.rename(columns=lambda name: re.sub(r"\W+", "_", name).strip("_"))
    return table.assign(**{target: bunch.target_names[bunch.target]})


def diabetes() -> pd.DataFrame:
    return datasets.load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})


def airline() -> pd.DataFrame:
    series = load_airline()
    return pd.DataFrame({"month": series.index.astype(str), "passengers": series.to_numpy().astype(int)})


def loans(random: np.random.Generator, rows: int) -> pd.DataFrame:
    """Make up loan applications in which default follows from burden, history and a little chance."""
    age = np.clip(random.gamma(3.2, 6.8, rows) + 19, 19, 79).round()
    employment = np.clip(random.exponential(6, rows), 0, age - 18).round(1)
    income = np.exp(random.normal(10.55, 0.42, rows) + 0.012 * np.minimum(employment, 20)).round(-2)
    home = np.where(
        random.random(rows) < np.clip((age - 22) / 60, 0.05, 0.6), "own", random.choice(["rent", "mortgage"], rows)
    )
    purpose = random.choice(
        ["car", "consolidation", "education", "home improvement", "medical", "small business"],
        rows,
        p=[0.22, 0.34, 0.1, 0.16, 0.08, 0.1],
    )
    term = random.choice([36, 60], rows, p=[0.68, 0.32])
    amount = np.clip(income * random.beta(2, 6, rows) * 1.3, 1000, 60_000).round(-2)
    late = random.poisson(random.gamma(0.7, 1.0, rows))
    history = np.clip(age - 18 - random.exponential(5, rows), 0, None).round(1)
    burden = np.clip(random.beta(2.2, 6, rows) * 60 + 45 * amount / income, 0, 75).round(1)
    rate = np.clip(5 + 0.09 * burden + 1.1 * late + (term == 60) * 1.4 + random.normal(0, 1.3, rows), 4, 29).round(2)
    region = random.choice(["north", "south", "east", "west"], rows, p=[0.3, 0.3, 0.2, 0.2])

    risk = (
        0.062 * (burden - burden.mean())
        + 0.62 * np.minimum(late, 5)
        - 0.075 * np.minimum(history, 20)
        - 0.95 * (np.log(income) - np.log(income).mean())
        - 0.05 * np.minimum(employment, 15)
        + 0.45 * (home == "rent")
        + 0.8 * (purpose == "small business")
        + 0.5 * ((term == 60) & (amount > 15_000))
        + 0.25 * (region == "south")
        - 0.75
    )
    default = random.random(rows) < 1 / (1 + np.exp(-1.05 * risk))
    table = pd.DataFrame(
        {
            "application_id": [f"A{number:06d}" for number in random.permutation(900_000)[:rows] + 100_000],
            "age": age.astype(int),
            "income": pd.Series(income).astype("Int64"),
            "employment_years": employment,
            "home": home,
            "purpose": purpose,
            "region": region,
            "amount": amount.astype(int),
            "term_months": term,
            "interest_rate": rate,
            "debt_to_income": burden,
            "late_payments": late,
            "credit_history_years": history,
            "default": np.where(default, "yes", "no"),
        }
    )
    for column, share in {"income": 0.03, "employment_years": 0.07, "home": 0.02, "debt_to_income": 0.04}.items():
        table[column] = table[column].mask(random.random(rows) < share)
    return table


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
