from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.predictor.pipelines import Asked, Stored, fit, set_up
from workbench.recipe import Recipe


@pytest.fixture(scope="session")
def stored() -> Callable[..., Stored]:
    """Fit a pipeline, or take the one that was fitted before: `stored(model, task, setup)`."""
    experiments: dict[str, Any] = {}
    fitted: dict[tuple[str, str], Stored] = {}

    def stored(model: str | Recipe, task: str = "classification", setup: Any = None, **more: Any) -> Stored:
        asked = Asked(task, setup or {}, **more)
        key = repr(asked)
        if key not in experiments:
            experiments[key] = set_up(asked)
        return fitted.setdefault((key, repr(model)), fit(experiments[key], task, model))

    return stored


@pytest.fixture(scope="session")
def loaded(stored: Callable[..., Stored]) -> Callable[..., Any]:
    """Load such a pipeline as a predictor, or take the one that was loaded before."""
    predictors: dict[str, Any] = {}

    def loaded(*asked: Any, **more: Any) -> Any:
        key = repr((asked, more))
        if key not in predictors:
            predictors[key] = stored(*asked, **more).load()
        return predictors[key]

    return loaded


@pytest.fixture(scope="session")
def draw() -> Callable[..., Any]:
    """Draw random rows for a predictor: gaps, unknown categories and numbers out of proportion among them."""
    import numpy as np

    from workbench.predictor import rows

    def draw(predictor: Any, count: int, *, wild: bool = True, seed: int = 4) -> Any:
        steps = predictor._itself.steps
        known = rows.domains(steps, predictor.schema.columns, [])
        return rows.draw(known.values(), count, np.random.default_rng(seed), wild=wild)

    return draw
