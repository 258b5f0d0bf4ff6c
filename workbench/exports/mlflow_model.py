"""A folder that is an MLflow model. MLflow need not be installed where it is written."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.exports.contents import Contents
from workbench.exports.pyfunc import PREDICTION, SCORE
from workbench.exports.requirements import REQUIREMENTS
from workbench.store.artifacts import PIPELINE

MLFLOW = "mlflow>=2.19"
"""The first that knows the type ``any``."""
LOADER = "workbench.exports.pyfunc"
CODE, DATA = "code", "data"
CONDA, PYTHON = "conda.yaml", "python_env.yaml"
EXAMPLE, SERVED = "input_example.json", "serving_input_example.json"
_LABELS = {"bool": "boolean", "text": "string"}


def write(contents: Contents, folder: Path) -> None:
    """Write the model: the pipeline under ``data``, what loads it under ``code``, and what MLflow reads."""
    contents.write_model(folder / DATA)
    contents.write_code(folder / CODE, [LOADER])
    required = [*contents.environment.pinned(contents.distributions()), MLFLOW]
    texts = {
        "MLmodel": _model(contents),
        REQUIREMENTS: "\n".join(required),
        PYTHON: _python(contents),
        CONDA: _conda(contents, required),
        "card.md": contents.card,
    }
    if contents.schema and contents.sample:
        split = _split(contents)
        texts |= {EXAMPLE: json.dumps(split), SERVED: json.dumps({"dataframe_split": split}, indent=2)}
    for name, text in texts.items():
        (folder / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def _model(contents: Contents) -> str:
    """Write the description; a quoted YAML scalar may be written as JSON writes it."""
    manifest = contents.manifest
    lines = [
        "flavors:",
        "  python_function:",
        f"    code: {CODE}",
        f"    data: {DATA}",
        "    env:",
        f"      conda: {CONDA}",
        f"      virtualenv: {PYTHON}",
        f"    loader_module: {LOADER}",
        f"    python_version: {contents.environment.python}",
        "metadata:",
        f"  workbench_version: {json.dumps(manifest.workbench)}",
        f"  pipeline_id: {json.dumps(manifest.pipeline_id)}",
        f"  pipeline_sha256: {json.dumps(manifest.files[PIPELINE])}",
        f"model_uuid: {uuid.uuid4().hex}",
        f"utc_time_created: '{datetime.now(UTC).replace(tzinfo=None).isoformat(' ')}'",
    ]
    if contents.schema:
        # Written twice over, as MLflow has it: lists in JSON, held by a text.
        lines += ["signature:"]
        lines += [f"  inputs: {json.dumps(json.dumps(_inputs(contents)))}"]
        lines += [f"  outputs: {json.dumps(json.dumps(list(_outputs(contents))))}", "  params: null"]
        if contents.sample:
            lines += ["saved_input_example_info:", f"  artifact_path: {EXAMPLE}", "  pandas_orient: split"]
            lines += [f"  serving_input_path: {SERVED}", "  type: dataframe"]
    return "\n".join(lines)


def _inputs(contents: Contents) -> list[dict[str, Any]]:
    """Describe the columns to MLflow.

    Numbers are of type ``any``: MLflow would refuse whole numbers with a gap among them, and a column of other numbers
    that happens to hold whole ones alone; of a missing truth value it would make false. None is called required:
    the pipeline itself names all columns that are missing, and all values that do not fit.
    """
    return [
        {"name": column["name"], "type": "string" if column["kind"] == "text" else "any", "required": False}
        for column in contents.schema
    ]


def _outputs(contents: Contents) -> Iterator[dict[str, Any]]:
    target = (contents.reference or {}).get("target") or {}
    yield {"name": PREDICTION, "type": _LABELS.get(target.get("kind", ""), "any"), "required": True}
    yield {"name": SCORE, "type": "double", "required": False}


def _split(contents: Contents) -> Mapping[str, Any]:
    names = [column["name"] for column in contents.schema]
    return {"columns": names, "data": [[row[name] for name in names] for row in contents.sample]}


def _python(contents: Contents) -> str:
    lines = [f"python: {contents.environment.python}", "build_dependencies:", "- pip", "- setuptools", "- wheel"]
    return "\n".join([*lines, "dependencies:", f"- -r {REQUIREMENTS}"])


def _conda(contents: Contents, required: list[str]) -> str:
    lines = [
        "channels:",
        "- conda-forge",
        "dependencies:",
        f"- python={contents.environment.python}",
        "- pip",
        "- pip:",
    ]
    return "\n".join([*lines, *(f"  - {line}" for line in required), "name: mlflow-env"])
