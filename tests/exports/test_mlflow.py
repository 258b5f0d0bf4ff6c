"""Folders that plain MLflow loads, where there is no Workbench; what it predicts is what the pipeline predicts."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.store.artifacts import PIPELINE

pytestmark = pytest.mark.filterwarnings("ignore")

SCRIPT = Path(__file__).with_name("mlflow_says.py")
STEPS = 5


@pytest.fixture(scope="session")
def rows(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Rows as they were learned from; strange ones; and with dates that are dates."""
    known = table.drop(columns="buys").iloc[40:60]
    strange = known.astype({"visits": float}).reset_index(drop=True)
    strange.loc[0, "visits"] = np.nan
    strange.loc[1, ["city", "age"]] = [None, np.nan]
    strange.loc[2, "city"] = "Nowhere"
    whole = known.assign(age=range(20))
    return {"known": known, "strange": strange, "whole": whole}


@pytest.fixture(scope="session")
def folder(exported) -> Path:
    return exported("mlflow")


@pytest.fixture(scope="session")
def said(folder, exported, promoted, environment, container, bare, rows, tmp_path_factory) -> dict:
    """What MLflow says of a classifier, of the same with another byte, and of a forecaster."""
    spoilt = tmp_path_factory.mktemp("spoilt") / "model"
    shutil.copytree(folder, spoilt)
    path = spoilt / "data" / PIPELINE
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    forecast = exported("mlflow", promoted("time_series", "lr_cds_dt", target="sales", folds=2, setup={"fh": STEPS}))
    dated = rows["known"].assign(since=pd.to_datetime(rows["known"]["since"]))
    asked = {
        "models": {"shoppers": str(folder), "spoilt": str(spoilt), "sales": str(forecast)},
        "frames": {
            "shoppers": {
                name: written(frame)
                for name, frame in (rows | {"dated": dated, "lacking": rows["known"][["visits"]]}).items()
            },
            "sales": {"ahead": written(pd.DataFrame(index=range(STEPS)))},
        },
    }
    requests = tmp_path_factory.mktemp("asked") / "asked.json"
    requests.write_text(json.dumps(asked))
    # The container's packages are there already; loading a model needs no more of MLflow than its core.
    environment(container / "requirements.txt")
    required = (folder / "requirements.txt").read_text().replace("mlflow>", "mlflow-skinny>")
    lean = requests.with_name("requirements.txt")
    lean.write_text(required)
    python = environment(lean)
    done = subprocess.run(
        [str(python), str(SCRIPT), str(requests)],
        cwd=requests.parent,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) | {"forecast": str(forecast)}


def written(frame: pd.DataFrame) -> dict:
    plain = frame.astype(object).where(frame.notna(), None)
    return {
        "columns": list(frame.columns),
        "index": frame.index.tolist(),
        "rows": [
            [value.isoformat() if hasattr(value, "isoformat") else value for value in row] for row in plain.values
        ],
        "dtypes": {name: str(dtype) for name, dtype in frame.dtypes.items()},
    }


def fitted(folder: Path):
    return pickle.loads((folder / "data" / PIPELINE).read_bytes())


def test_the_environment_has_no_workbench_and_the_model_loads_all_the_same(said):
    assert said["had_workbench"] is False
    assert "error" not in said["models"]["shoppers"]


@pytest.mark.parametrize("which", ["known", "strange", "whole"])
def test_predictions_are_those_of_the_pipeline_itself(said, folder, rows, which):
    pipeline, frame = fitted(folder), rows[which].reset_index(drop=True)
    predicted = said["models"]["shoppers"]["predicted"][which]
    assert predicted["prediction"] == list(pipeline.predict(frame))
    assert predicted["score"] == pytest.approx(list(pipeline.predict_proba(frame).max(axis=1)), rel=1e-9)


def test_predictions_stand_under_the_index_of_their_rows(said, rows):
    assert said["models"]["shoppers"]["predicted"]["known"]["index"] == rows["known"].index.tolist()


def test_dates_may_be_texts_or_dates(said):
    predicted = said["models"]["shoppers"]["predicted"]
    assert predicted["dated"] == predicted["known"]


def test_columns_that_are_missing_are_named(said):
    told = said["models"]["shoppers"]["predicted"]["lacking"]["error"]
    assert told.startswith("InvalidRows: The table: 'age' is missing. There are 3 more problems.")


def test_the_signature_and_the_example_are_those_of_the_table(said, rows, table):
    told = said["models"]["shoppers"]
    assert told["inputs"] == list(rows["known"].columns)
    assert [row["since"] for row in told["example"]] == table["since"].head(10).tolist()


def test_bytes_that_have_changed_are_not_unpickled(said):
    told = said["models"]["spoilt"]["error"]
    assert told.startswith("EngineFault: pipeline.pkl is not what was exported")


def test_a_forecaster_predicts_a_row_a_step(said):
    theirs = fitted(Path(said["forecast"])).predict(fh=range(1, STEPS + 1))
    ours = said["models"]["sales"]["predicted"]["ahead"]["prediction"]
    assert ours == pytest.approx(np.ravel(theirs).tolist(), rel=1e-9)
