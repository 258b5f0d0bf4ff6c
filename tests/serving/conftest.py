"""What these tests share: two pipelines as rows, without bytes, and the database as another home sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.settings import Settings
from workbench.store.tables import PipelineRow


@pytest.fixture
def pipelines(store) -> list[str]:
    """Ids of two pipelines."""
    with store.database.write() as session:
        rows = [
            PipelineRow(
                workspace_id=store.workspace_id,
                name=name,
                live_name=name,
                run_id="r",
                model="lr",
                model_name="Logistic Regression",
                task="classification",
                target="y",
                sha256="0" * 64,
                size_bytes=1,
                schema_sha256="0" * 64,
                artifacts={},
                metrics={},
                lineage={},
                created_by="ana",
            )
            for name in ("one", "two")
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


@pytest.fixture
def elsewhere(store, tmp_path):
    """The same database as another home sees it."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    url = f"sqlite:///{store.settings.home / 'workbench.db'}"
    return replace(store, settings=Settings(home=home, database_url=url))
