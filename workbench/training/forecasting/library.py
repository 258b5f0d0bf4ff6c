"""PyCaret's forecasting experiment. Import this module before anything else of sktime's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.training.forecasting.imports import spared

_PyCarets: Any = spared("pycaret.time_series").TSForecastingExperiment


class TSForecastingExperiment(_PyCarets):  # type: ignore[misc]
    """PyCaret's own, set up in a quarter of the time.

    PyCaret makes all models anew for each of the twenty that could have another engine, and then once more.
    """

    def _set_exp_model_engines(
        self, container_default_engines: Mapping[str, str], engine: Mapping[str, str] | None = None
    ) -> TSForecastingExperiment:
        self.exp_model_engines = {**container_default_engines, **(engine or {})}
        return self
