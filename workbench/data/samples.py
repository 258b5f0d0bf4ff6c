"""The tables that come with Workbench. ``scripts/make_samples.py`` wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.errors import NotFound, choices

FOLDER = Path(__file__).parent / "samples"


@dataclass(frozen=True, slots=True)
class Sample:
    """A table that comes with Workbench.

    Attributes
    ----------
    task
        What it is good for: ``classification``, ``regression`` or ``time_series``.
    """

    name: str
    title: str
    task: str
    target: str
    rows: int
    about: str

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.csv"


SAMPLES = (
    Sample(
        name="loans",
        title="Loans",
        task="classification",
        target="default",
        rows=2000,
        about="Made-up loan applications: numbers, categories, missing values, an identifier. Who will default?",
    ),
    Sample(
        name="iris",
        title="Iris",
        task="classification",
        target="species",
        rows=150,
        about="Fisher's measurements of three species of iris, in centimetres.",
    ),
    Sample(
        name="wine",
        title="Wine",
        task="classification",
        target="cultivar",
        rows=178,
        about="Chemical analysis of wines grown from three cultivars in one region of Italy.",
    ),
    Sample(
        name="breast_cancer",
        title="Breast cancer",
        task="classification",
        target="diagnosis",
        rows=569,
        about="Thirty measurements of cell nuclei in a breast mass (Wisconsin): malignant or benign?",
    ),
    Sample(
        name="diabetes",
        title="Diabetes",
        task="regression",
        target="progression",
        rows=442,
        about="Ten measurements of patients, unscaled, and how far diabetes had gone a year later.",
    ),
    Sample(
        name="airline",
        title="Airline passengers",
        task="time_series",
        target="passengers",
        rows=144,
        about="Monthly totals of international airline passengers in thousands, 1949 to 1960 (Box and Jenkins).",
    ),
)


def find(name: str) -> Sample:
    """Find a sample by name.

    Raises
    ------
    NotFound
        ``data.unknown_sample``, naming those there are.
    """
    for sample in SAMPLES:
        if sample.name == name:
            return sample
    raise NotFound(
        "data.unknown_sample",
        f'There is no sample "{name}".',
        hint=choices(str(name), [sample.name for sample in SAMPLES]),
        sample=name,
    )
