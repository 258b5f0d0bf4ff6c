"""A forecast from submission to its end, on a real service, and what the service imports for it."""

from __future__ import annotations

import subprocess
import sys

import cloudpickle
import pytest
from sqlalchemy import select

from workbench.store import artifacts
from workbench.store.tables import ArtifactRow


@pytest.fixture(scope="module")
def compared(warm):
    """Passengers of the year to come, forecast by one model and the two that are always compared."""
    setup = {"index": "month", "fh": 12}
    run = warm.runs.submit(
        warm.data.sample("airline"), task="time_series", target="passengers", include=["theta"], setup=setup
    )
    assert run.wait(timeout_s=120).status == "succeeded", run.record.error
    return run


def test_a_forecast_tells_its_story(compared):
    said = [event.message for event in compared.log()]
    assert said[3] == (
        "132 rows to train on, 12 held out, 0 → 0 features, 3 models in the field · Forecasting always compares naive "
        "and snaive, to tell whether a model is worth its while."
    )
    assert said[-2].startswith("Theta Forecaster is best by MASE")


def test_its_board_has_pycarets_metrics_and_workbenchs(compared):
    rows = compared.rows()
    assert [row.model for row in rows] == ["theta", "snaive", "naive"]
    assert rows[0].metrics["MASE"] == pytest.approx(0.9729, abs=1e-4)
    assert list(rows[0].metrics) == [
        *("MASE", "RMSSE", "MAE", "RMSE", "MAPE", "SMAPE", "R2"),
        *("WAPE", "Bias", "Stability"),
    ]
    assert all(value is not None for value in rows[0].metrics.values())


def test_its_pipeline_forecasts_the_months_after_those_it_learned_from(warm, compared):
    stored = select(ArtifactRow).where(ArtifactRow.run_id == compared.id, ArtifactRow.name == artifacts.PIPELINE)
    with warm._store.database.read() as session:
        pipeline = cloudpickle.loads(warm._store.artifacts.get(session.scalars(stored).one()))
    said = pipeline.predict()
    assert (str(said.index[0]), str(said.index[-1]), len(said)) == ("1960-01", "1960-12", 12)


def test_finalize_goes_on_from_it_with_the_same_split_and_all_rows(compared, warm):
    run = warm.runs.submit(from_run=compared, plan="finalize")
    assert run.wait(timeout_s=120).status == "succeeded", run.record.error
    assert run.record.spec["setup"] == {"index": "month", "fh": 12}
    assert [row.model for row in run.rows()] == ["theta"]


def test_a_service_is_warm_before_forecasting_is_imported_and_imports_it_in_pieces():
    code = (
        "import sys\n"
        "from workbench.training.experiment import warm_up, warm_up_more\n"
        "warm_up()\n"
        "assert not {'sktime', 'statsmodels.tsa.api'} & set(sys.modules)\n"
        "pieces = sum(1 for _ in warm_up_more())\n"
        "assert pieces > 3 and 'workbench.training.forecasting.experiment' in sys.modules\n"
        "assert not {'dash', 'dask', 'plotly_resampler'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300, capture_output=True)
