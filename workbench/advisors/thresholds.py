"""The numbers that advisors judge by: data that people can read, and change, in ``thresholds.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workbench.errors import BadRequest, choices

DEFAULTS = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number with its reason.

    Attributes
    ----------
    name
        ``advisor.what``, as findings cite it.
    about
        What is held against it, with the unit.
    reason, source
        Why this number, and where it comes from: a publication, a convention, or a measurement of our own.
    """

    name: str
    value: float
    about: str
    reason: str
    source: str


class Thresholds(Mapping[str, float]):
    """All thresholds, by name.

    >>> Thresholds.default()["drift.psi_retrain"]
    0.4
    """

    def __init__(self, known: Mapping[str, Threshold]) -> None:
        self._known = dict(known)

    @classmethod
    def default(cls) -> Thresholds:
        return cls({threshold.name: threshold for threshold in _read(DEFAULTS)})

    @classmethod
    def load(cls, path: Path | None) -> Thresholds:
        """Read the defaults, and over them the values of a file of the same shape; None: the defaults alone.

        Raises
        ------
        BadRequest
            ``settings.invalid`` when the file cannot be read, names what is no threshold, or gives it no number.
        """
        found = cls.default()
        if path is None:
            return found
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadRequest("settings.invalid", f"The thresholds in {path} cannot be read: {error}.") from error
        changed = dict(found._known)
        for name, value in _flat(told):
            if name not in changed:
                raise BadRequest(
                    "settings.invalid", f'{path} names "{name}", which is no threshold.', hint=choices(name, changed)
                )
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise BadRequest("settings.invalid", f"{path} gives {name} the value {value!r}, which is no number.")
            changed[name] = replace(
                changed[name], value=float(value), reason="Set for this home.", source=f"{path.name}"
            )
        return cls(changed)

    def about(self, name: str) -> Threshold:
        """Return a threshold with its reason and source."""
        return self._known[name]

    def as_list(self) -> list[dict[str, Any]]:
        """JSON-ready."""
        return [asdict(threshold) for threshold in self._known.values()]

    def __getitem__(self, name: str) -> float:
        return self._known[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _read(path: Path) -> Iterator[Threshold]:
    for group, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for name, told in entries.items():
            yield Threshold(f"{group}.{name}", float(told["value"]), told["about"], told["reason"], told["source"])


def _flat(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Walk over ``[group]`` tables whose entries are numbers, or tables with a ``value``."""
    for group, entries in told.items():
        if not isinstance(entries, Mapping):
            yield group, entries
            continue
        for name, entry in entries.items():
            yield f"{group}.{name}", entry.get("value") if isinstance(entry, Mapping) else entry
