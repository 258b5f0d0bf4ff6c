"""The lock file, the Makefile and the hooks agree with each other and with pyproject.toml."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workbench.service.install import CONSTRAINTS

ROOT = Path(__file__).parents[1]
LOCKED = (ROOT / "constraints.txt").read_text().splitlines()


def make(*arguments: str) -> str:
    # A make that runs inside `make test` would inherit that one's flags.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.check_output(["make", *arguments], cwd=ROOT, env=environment, text=True)


def direct_dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for line in [*project["dependencies"], *(line for extra in extras for line in extra)]]


def test_the_lock_file_holds_names_and_versions_only() -> None:
    pin = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.+]*( ; [^/@]+)?")
    assert [line for line in LOCKED if not pin.fullmatch(line)] == []


@pytest.mark.parametrize("dependency", direct_dependencies(), ids=str)
def test_every_direct_dependency_is_locked_within_its_range(dependency: Requirement) -> None:
    prefix = f"{canonicalize_name(dependency.name)}=="
    versions = [line.removeprefix(prefix).split()[0] for line in LOCKED if line.startswith(prefix)]
    assert versions
    assert all(version in dependency.specifier for version in versions)


def test_the_lock_file_travels_with_the_package() -> None:
    assert CONSTRAINTS.samefile(ROOT / "constraints.txt")


def test_make_alone_lists_every_target() -> None:
    (targets,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^make (\S+)", make(), re.MULTILINE) == targets.split()


def test_the_hooks_run_the_tools_that_make_check_runs() -> None:
    tools = re.findall(r"^\.venv/bin/(\S+)", make("--dry-run", "--always-make", "check"), re.MULTILINE)
    (hooks,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [Path(hook["entry"].split()[0]).name for hook in hooks["hooks"]] == tools


def test_binder_installs_what_make_lab_installs() -> None:
    extras = re.compile(r"-c constraints\.txt -e (\S+)")
    (binder,) = extras.findall((ROOT / "binder" / "postBuild").read_text())
    assert extras.findall(make("--dry-run", "--always-make", "lab")) == [binder]


@pytest.mark.parametrize("script", [".ci/run", "binder/postBuild", "binder/start"])
def test_scripts_can_be_executed(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
