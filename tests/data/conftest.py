from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.data.sources import Sources
from workbench.store.store import Store


@pytest.fixture
def sources(store: Store) -> Sources:
    return Sources(store)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes, or text as UTF-8, to a file beside the home."""

    def write(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def leaves_nothing(sources: Sources, store: Store) -> Iterator[None]:
    """Fail the test unless it ends with neither row nor file."""
    yield
    assert sources.list() == []
    assert not store.settings.files.exists() or list(store.settings.files.iterdir()) == []
