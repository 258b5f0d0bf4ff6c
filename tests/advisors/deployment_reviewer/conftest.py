from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.advisors.deployment_reviewer.made import CLEAN
from workbench.advisors.advice import Advice
from workbench.advisors.deployment_reviewer.advisor import advise
from workbench.advisors.deployment_reviewer.evidence import ReviewEvidence
from workbench.advisors.thresholds import Thresholds


@pytest.fixture(scope="session")
def clean() -> ReviewEvidence:
    """A forest that is fine, and that every rule can look at."""
    return CLEAN


@pytest.fixture(scope="session")
def review() -> Callable[..., Advice]:
    """Review the clean pipeline, with fields of the evidence that are otherwise."""
    thresholds = Thresholds.default()

    def review(**changed: Any) -> Advice:
        return advise(CLEAN.model_copy(update=changed), thresholds)

    return review
