"""The tables that come with Workbench."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.data.samples import FOLDER, SAMPLES
from workbench.errors import Conflict, NotFound

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_samples.py"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_is_what_its_description_says(sources, sample):
    source = sources.sample(sample.name)
    assert (source.kind, source.name, source.row_count) == ("sample", sample.name, sample.rows)
    assert source.notices == ()
    target = source.column(sample.target)
    assert target.missing == 0
    assert target.kind == ("text" if sample.task == "classification" else "number")


def test_every_shipped_file_is_described(sources):
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(sample.name for sample in sources.samples())


def test_a_sample_is_stored_once(sources):
    assert sources.sample("iris") == sources.sample("iris")
    assert len(sources.list()) == 1


def test_a_sample_does_not_replace_a_table_of_its_name(sources, written):
    mine = sources.upload(written("a,b\n1,2\n", "iris.csv"))
    with pytest.raises(Conflict) as caught:
        sources.sample("iris")
    assert caught.value.code == "data.name_taken"
    assert sources.list() == [mine]


def test_an_unknown_sample_is_answered_with_the_nearest(sources):
    with pytest.raises(NotFound) as caught:
        sources.sample("irish")
    assert caught.value.code == "data.unknown_sample"
    assert "Did you mean iris?" in str(caught.value)


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_a_classic_is_scikit_learns(sources, name):
    datasets = pytest.importorskip("sklearn.datasets", reason="missing: scikit-learn")
    options = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(**options)
    table = sources.load(sources.sample(name))
    target = table.iloc[:, -1].to_numpy()
    np.testing.assert_allclose(table.iloc[:, :-1].to_numpy(dtype=float), bunch.data, rtol=1e-12)
    expected = bunch.target if name == "diabetes" else bunch.target_names[bunch.target]
    np.testing.assert_array_equal(target, expected)


def test_the_airline_table_is_monthly_and_whole(sources):
    source = sources.sample("airline")
    assert source.column("month").kind == "date"
    assert source.column("passengers").integral
    months = pd.PeriodIndex(sources.load(source)["month"], freq="M")
    assert months.equals(pd.period_range("1949-01", "1960-12", freq="M"))


def test_loans_are_mixed_and_incomplete_with_an_identifier(sources):
    loans = sources.sample("loans")
    assert {column.kind for column in loans.columns} == {"number", "text"}
    assert loans.column("application_id").distinct == loans.row_count
    assert all(loans.column(name).missing > 0 for name in ("income", "employment_years", "home", "debt_to_income"))
    assert {value for value, _ in loans.column("default").top} == {"yes", "no"}


def test_a_model_can_learn_from_loans(sources):
    pytest.importorskip("sklearn", reason="missing: scikit-learn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table = sources.load(sources.sample("loans")).drop(columns="application_id")
    features = pd.get_dummies(table.drop(columns="default"))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    scores = cross_val_score(model, features.fillna(features.median()), table["default"] == "yes", scoring="roc_auc")
    assert 0.75 < scores.mean() < 0.85


def test_the_script_writes_the_shipped_files_again(tmp_path):
    pytest.importorskip("sktime", reason="missing: sktime")
    spec = importlib.util.spec_from_file_location("make_samples", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(tmp_path)
    for sample in SAMPLES:
        assert (tmp_path / sample.path.name).read_bytes() == sample.path.read_bytes(), sample.name
