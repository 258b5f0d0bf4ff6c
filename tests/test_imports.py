"""The kernel stays light: what a notebook imports loads no machine learning."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import workbench

LEARNING = ("pycaret", "sklearn", "matplotlib", "scipy", "lightgbm", "imblearn")
HEAVY = ("pyarrow", *LEARNING)


def loaded(code: str, environment: dict[str, str] | None = None) -> set[str]:
    """Run code in a fresh interpreter and return the names of the packages that it loaded."""
    tell = "import sys; print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    command = [sys.executable, "-c", f"{code}\n{tell}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import workbench",
        "from workbench import *",
        "import workbench_widgets",
        "from workbench_widgets import Workbench",
        "import workbench.cli",
        "import workbench.server.app",
        "import workbench.service.lifecycle, workbench.service.runner",
    ],
)
def test_importing_loads_no_machine_learning(code):
    assert loaded(code).isdisjoint(HEAVY)


def test_opening_a_home_and_listing_what_is_in_it_loads_no_machine_learning(settings):
    code = "import workbench; wb = workbench.connect(); wb.data.list(); wb.runs.list(); wb.runs.current()"
    assert loaded(code, settings.environment()).isdisjoint(HEAVY)


def test_opening_the_panels_loads_no_machine_learning(workbench):
    code = "from workbench_widgets import Workbench; Workbench()"
    assert loaded(code, workbench.settings.environment()).isdisjoint(HEAVY)


def test_opening_a_home_loads_neither_pandas_nor_numpy(settings):
    assert loaded("import workbench; workbench.connect()", settings.environment()).isdisjoint({"pandas", "numpy"})


def test_importing_workbench_alone_loads_none_of_its_rooms():
    assert loaded("import workbench").isdisjoint({"sqlalchemy", "pydantic", "rich", "typer"})


def test_the_public_names_are_these():
    assert workbench.__all__ == ["Run", "Settings", "Workbench", "WorkbenchError", "__version__", "connect"]
    assert dir(workbench) == workbench.__all__


@pytest.mark.parametrize("package", ["workbench", "workbench_widgets"])
def test_every_public_name_is_there(package):
    module = importlib.import_module(package)
    assert [name for name in module.__all__ if getattr(module, name, None) is None] == []


@pytest.mark.parametrize("package", ["workbench", "workbench_widgets"])
def test_a_name_that_is_not_there_is_said_to_be_missing(package):
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = importlib.import_module(package).nothing
