from __future__ import annotations

from collections.abc import Iterator

import pytest

import workbench
from workbench.settings import Settings


@pytest.fixture
def home(settings: Settings) -> Iterator[workbench.Workbench]:
    """A home without a service."""
    opened = workbench.connect(settings)
    yield opened
    opened.close()
