"""``workbench lab`` and ``workbench dashboards``: Jupyter's own servers, opened on what belongs to Workbench."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import typer

from workbench.errors import BadRequest, NotFound

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}

# All others that are installed would be loaded at each visit: it takes a second, and some do not fit Voila.
DASHBOARD_EXTENSIONS = ("anywidget", "@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8")


def lab(context: typer.Context) -> None:
    """Open JupyterLab on the workbench notebook; further arguments go to JupyterLab."""
    _need("jupyterlab")
    # One of PyCaret's dependencies ships an extension of an older kind, for which JupyterLab would ask to be rebuilt.
    paths = [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    _become(
        "jupyterlab",
        [
            f"--ServerApp.root_dir={notebooks().parent}",
            "--LabApp.default_url=/lab/tree/notebooks/workbench.ipynb",
            *_as_root(),
            *context.args,
        ],
    )


def dashboards(context: typer.Context) -> None:
    """Serve the read-only dashboards with Voila; further arguments go to Voila."""
    _need("voila")
    _become(
        "voila",
        [
            str(notebooks() / "dashboards"),
            "--strip_sources=True",
            "--VoilaConfiguration.show_tracebacks=False",
            "--VoilaConfiguration.classic_tree=True",
            *(f"--VoilaConfiguration.extension_allowlist={name}" for name in DASHBOARD_EXTENSIONS),
            "--MappingKernelManager.cull_idle_timeout=120",
            "--MappingKernelManager.cull_interval=30",
            "--no-browser",
            *context.args,
        ],
    )


def _as_root() -> list[str]:
    # Jupyter refuses to run as root unless told; in a container there is nobody else.
    return ["--allow-root"] if os.geteuid() == 0 else []


def notebooks() -> Path:
    """Find the project's notebooks: below this folder, or beside the package in a checkout."""
    for folder in (Path.cwd() / "notebooks", Path(__file__).parents[2] / "notebooks"):
        if (folder / "workbench.ipynb").is_file():
            return folder
    raise NotFound(
        "dashboard.failed", "The notebooks are not here.", hint="Run the command in a checkout of the project."
    )


def _need(module: str) -> None:
    if find_spec(module) is None:
        raise BadRequest("dashboard.failed", f"{module} is not installed.", hint="Install the `lab` extra.")


def _become(module: str, arguments: list[str]) -> None:
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])
