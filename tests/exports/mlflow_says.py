"""Run where MLflow is and Workbench is not: ``python mlflow_says.py ASKED.json``; prints JSON.

``asked`` holds folders of models by name, and frames of rows by name, each with dtypes.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
from pathlib import Path

import mlflow
import pandas as pd


def frame(told: dict) -> pd.DataFrame:
    return pd.DataFrame(told["rows"], index=told["index"], columns=told["columns"]).astype(told["dtypes"])


def predicted(model, rows: pd.DataFrame) -> dict:
    try:
        found = model.predict(rows)
    except Exception as error:  # noqa: BLE001 - it is what is asked about
        return {"error": f"{type(error).__name__}: {error}"}
    return {"index": found.index.tolist(), **{name: column.tolist() for name, column in found.items()}}


def main() -> None:
    logging.disable()
    asked = json.loads(Path(sys.argv[1]).read_text())
    told = {"had_workbench": importlib.util.find_spec("workbench") is not None, "models": {}}
    for name, folder in asked["models"].items():
        # Each model has the code that it came with.
        for module in [module for module in sys.modules if module.partition(".")[0] == "workbench"]:
            del sys.modules[module]
        try:
            model = mlflow.pyfunc.load_model(folder)
        except Exception as error:  # noqa: BLE001 - as above
            told["models"][name] = {"error": f"{type(error).__name__}: {error}"}
            continue
        signature, example = model.metadata.signature, model.input_example
        told["models"][name] = {
            "inputs": None if signature is None else signature.inputs.input_names(),
            "example": None if example is None else example.to_dict("records"),
            "predicted": {of: predicted(model, frame(rows)) for of, rows in asked["frames"].get(name, {}).items()},
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
