"""A form for the rows of a deployment, as data: its columns, what was learned of each, and rows to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench import WorkbenchError
from workbench.deployment import Deployment
from workbench.registry.lineage import kind_of

VALUES_SHOWN = 30
"""Most values of a column that the form proposes."""
COLUMNS_MANY = 200
"""Columns beyond which a form proposes few values of each."""
VALUES_FEW = 5


def form_of(deployment: Deployment) -> dict[str, Any]:
    """Lay out the form of a deployment; where its artifacts cannot be read, ``problem`` says why."""
    try:
        schema = deployment.schema()
    except WorkbenchError as error:
        return {"problem": str(error)}
    learned = (schema["reference"] or {}).get("columns", {})
    many = len(schema["columns"]) > COLUMNS_MANY
    return {
        "pipeline_id": schema["pipeline_id"],
        "task": schema["task"],
        "target": schema["target"],
        "columns": [
            _field(column, learned.get(column["name"], {}), VALUES_FEW if many else VALUES_SHOWN)
            for column in schema["columns"]
        ],
        "sample": schema["sample"],
    }


def _field(column: Mapping[str, Any], learned: Mapping[str, Any], values: int) -> dict[str, Any]:
    return {
        "name": column["name"],
        "kind": kind_of(column),
        "values": [value for value, _ in learned.get("values", ())[:values]],
        "low": learned.get("min"),
        "high": learned.get("max"),
        "missing": learned.get("missing"),
    }
