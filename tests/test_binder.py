"""Binder's commands, executed in a fresh environment. A virtual environment stands in for conda."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Binder:
    """What Binder would have built: an environment, and the variables under which its commands run."""

    environment: dict[str, str]

    def run(self, *command: str | Path) -> str:
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, *command: str) -> str:
        return self.run(ROOT / "binder" / "start", *command)


@pytest.fixture(scope="module")
def binder() -> Iterator[Binder]:
    packages = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text())["dependencies"]
    python = next(package.removeprefix("python=") for package in packages if str(package).startswith("python="))
    from_pip = next(package["pip"] for package in packages if isinstance(package, dict))
    uv = shutil.which("uv") or ROOT / ".tools" / "bin" / "uv"

    with tempfile.TemporaryDirectory(prefix="workbench-binder-") as folder:
        conda = Path(folder, "conda")
        own = ("PYTHONPATH", "VIRTUAL_ENV", "WORKBENCH_", "JUPYTER_")
        binder = Binder(
            {name: value for name, value in os.environ.items() if not name.startswith(own)}
            | {
                "PATH": f"{conda / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "JUPYTER_CONFIG_DIR": f"{folder}/jupyter",
                "WORKBENCH_HOME": f"{folder}/home",
            }
        )
        binder.run(uv, "venv", "--quiet", "--seed", "--python", python, conda)
        binder.run("python", "-m", "pip", "install", "--quiet", *from_pip)
        binder.run(ROOT / "binder" / "postBuild")
        yield binder


def test_binder_starts_with_sample_data_in_the_store(binder: Binder) -> None:
    seen = binder.start(
        "python",
        "-c",
        "import workbench, workbench_widgets; print(*(source.name for source in workbench.connect().data.list()))",
    )
    assert "breast_cancer" in seen.split()


def test_binder_starts_a_second_time_in_the_same_home(binder: Binder) -> None:
    binder.start("true")
    binder.start("true")


def test_binder_opens_the_workbench_notebook_whichever_server_it_starts(binder: Binder) -> None:
    settings = json.loads(binder.start("jupyter", "lab", "--show-config-json"))
    pages = {settings[server]["default_url"] for server in ("ServerApp", "LabApp", "JupyterNotebookApp")}
    assert pages == {"/lab/tree/notebooks/workbench.ipynb"}
    assert (ROOT / "notebooks" / "workbench.ipynb").is_file()
