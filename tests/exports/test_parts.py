"""What an export is put together from: what a pickle names, which modules go along, what must be installed."""

from __future__ import annotations

import pickle

import pytest

from workbench.exports import imported, shipped
from workbench.exports.mlflow_model import LOADER
from workbench.exports.requirements import Environment

STORED = "Category_Encoders==2.7.0\nscikit-learn==1.4.2\njupyter-workbench==0.1.0\nclick==8.5.1\n"


class Trap:
    """Would be sprung by whoever unpickles it."""

    def __reduce__(self):
        return pytest.fail, ("It was unpickled.",)


def test_a_pickle_is_asked_what_it_would_import_and_nothing_of_it_is_carried_out():
    trapped = pickle.dumps({"first": [Trap()], "second": (complex(1, 2), {frozenset({1})})})
    assert imported.modules(trapped) == {pytest.fail.__module__, "builtins"}


@pytest.mark.parametrize("model", ["rf", "lightgbm"])
def test_the_modules_of_a_fitted_model_are_found(model):
    import lightgbm
    import sklearn.ensemble

    made = {"rf": sklearn.ensemble.RandomForestClassifier(2), "lightgbm": lightgbm.LGBMClassifier(n_estimators=2)}
    fitted = made[model].fit([[0.0], [1.0]] * 20, [0, 1] * 20)
    packages = {name.partition(".")[0] for name in imported.modules(pickle.dumps(fitted))}
    assert packages >= {"numpy", "sklearn" if model == "rf" else "lightgbm"}
    assert ("lightgbm" in packages) == (model == "lightgbm")


def test_modules_go_along_with_all_that_they_import_and_without_what_only_a_type_checker_does():
    names = {str(path.relative_to(shipped.PACKAGE)) for path in shipped.sources([LOADER])}
    assert {"__init__.py", "exports/pyfunc.py", "exports/manifest.py", "predictor/predictor.py", "errors.py"} <= names
    assert names.isdisjoint({"store/tables.py", "registry/pipelines.py", "exports/export.py", "workbench.py"})


def test_modules_of_others_are_not_shipped():
    assert shipped.sources(["sklearn.pipeline", "workbenches"]) == []


def test_what_is_shipped_lies_as_the_package_does(tmp_path):
    shipped.ship(["workbench.version"], tmp_path)
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.py"))
    assert found == ["workbench/__init__.py", "workbench/version.py"]


def test_requirements_are_pinned_to_what_was_installed_and_else_to_what_is_tested():
    environment = Environment.of(STORED, {"python": "3.11.7", "numpy": "1.26.4"})
    assert environment.pinned(["numpy", "category-encoders", "category-encoders", "nobody-tested-this"]) == [
        "category-encoders==2.7.0",
        "nobody-tested-this",
        "numpy==1.26.4",
    ]
    (tested,) = environment.pinned(["uvicorn"])
    assert tested.startswith("uvicorn==")
    assert (environment.minor, environment.measured) == ("3.11", {"numpy"})


def test_modules_are_required_by_the_names_of_their_distributions():
    environment = Environment.of(STORED, {})
    found = environment.imported({"sklearn.pipeline", "category_encoders.ordinal", "collections", "workbench.plain"})
    assert found == {"scikit-learn", "category-encoders"}


def test_constraints_have_the_version_that_was_there_and_never_workbench():
    constraints = Environment.of(STORED, {}).constraints()
    names = [line.partition("==")[0] for line in constraints]
    assert "click==8.5.1" in constraints
    assert names.count("click") == names.count("category-encoders") == 1
    assert "uvicorn" in names
    assert "jupyter-workbench" not in names
