"""What these tests share: two pipelines as rows, without bytes."""

from __future__ import annotations

import pytest

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
