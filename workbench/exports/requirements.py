"""What must be installed where an exported model predicts, at the versions that were there where it was trained."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS, CONSTRAINTS = "requirements.txt", "constraints.txt"
TESTED = Path(__file__).parents[1] / CONSTRAINTS
"""The versions that Workbench is tested with; they travel with the package."""

PREDICTS = ("cloudpickle", "numba", "numpy", "pandas", "pycaret", "scikit-learn", "six")
"""What every pipeline of PyCaret's needs; `six` is imported without being declared."""
SERVES = ("fastapi", "httptools", "orjson", "starlette", "uuid6", "uvicorn", "uvloop")

_CALLED = {"imblearn": "imbalanced-learn", "sklearn": "scikit-learn"}
"""Modules whose distribution has another name."""
_OWN = "jupyter-workbench"


@dataclass(frozen=True, slots=True)
class Environment:
    """Distributions that were installed together.

    Attributes
    ----------
    python
        As ``3.11.7``.
    versions
        Normalised name → version.
    measured
        Those of them that numbers rest on.
    """

    python: str
    versions: Mapping[str, str]
    measured: frozenset[str]

    @classmethod
    def of(cls, stored: str, versions: Mapping[str, str]) -> Environment:
        """Read what a run stored.

        Parameters
        ----------
        stored
            ``name==version`` a line; empty where there is no such list.
        versions
            Python and the libraries that the run's numbers rest on.
        """
        libraries = {normal(name): version for name, version in versions.items() if name != "python"}
        listed = dict(pin.split("==", 1) for pin in stored.split() if "==" in pin)
        found = libraries | {normal(name): version for name, version in listed.items()}
        found.pop(_OWN, None)
        return cls(versions.get("python", "3.11"), found, frozenset(libraries))

    @property
    def minor(self) -> str:
        """Python's version as ``3.11``."""
        return ".".join(self.python.split(".")[:2])

    def imported(self, modules: AbstractSet[str]) -> set[str]:
        """Return the distributions that modules come from, as far as these are named for them."""
        packages = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names
        return {name for package in packages if (name := normal(_CALLED.get(package, package))) in self.versions}

    def pinned(self, names: Iterable[str]) -> list[str]:
        """Write requirements, one a line: at the version that was there, else at one that Workbench is tested with."""
        tested = {normal(line.partition("==")[0]): line for line in _tested()}
        return [
            f"{name}=={self.versions[name]}" if name in self.versions else tested.get(name, name)
            for name in sorted(set(names))
        ]

    def constraints(self) -> list[str]:
        """Write a version for whatever a requirement may need in turn, one a line."""
        others = [line for line in _tested() if normal(line.partition("==")[0]) not in self.versions]
        return sorted([*(f"{name}=={version}" for name, version in self.versions.items()), *others])


def normal(name: str) -> str:
    """Return a distribution's name as package indexes compare it.

    >>> normal("Category_Encoders")
    'category-encoders'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def _tested() -> list[str]:
    return [line for line in TESTED.read_text(encoding="utf-8").splitlines() if "==" in line]
