"""The metrics of one unit, as they are gathered."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from workbench.training.request import UnitScored
from workbench.training.work import Unit


@dataclass(slots=True)
class Measured:
    """Metrics of one unit as they are gathered; fields as in `UnitScored`."""

    metrics: dict[str, float | None] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)
    pycaret: dict[str, float] = field(default_factory=dict)

    def put(self, name: str, value: float) -> None:
        if math.isfinite(value):
            self.metrics[name] = float(value)
        else:
            self.leave_out(name, "The value is not finite.")

    def leave_out(self, name: str, why: str, *, pycaret: float | None = None) -> None:
        self.metrics[name], self.undefined[name] = None, why
        if pycaret is not None:
            self.pycaret[name] = pycaret

    def set_beside(self, name: str, pycaret: float) -> None:
        """Keep what PyCaret counts beside a value that was put, where it is another."""
        value = self.metrics[name]
        if value is None or not math.isclose(value, pycaret, rel_tol=1e-9, abs_tol=1e-12):
            self.pycaret[name] = pycaret

    def of(self, unit: Unit, *, fit_s: float, score_s: float) -> UnitScored:
        """Tell it as the outcome of a unit."""
        return UnitScored(unit.model, unit.fold, self.metrics, self.undefined, fit_s, score_s, self.pycaret)
