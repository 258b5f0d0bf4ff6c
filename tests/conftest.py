"""What every test may lean on: a home of its own, a store in it, and a say on what may be skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.settings import Settings
from workbench.store.store import Store, open_store

# Tests share few processors, and a native thread pool each would fight over them. numpy reads these once, when it is
# imported, which nothing above does.
for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")

MISSING = "missing:"
"""A skip whose reason begins so is for something that the machine lacks; it fails under WORKBENCH_TEST_STRICT=1."""

_ELSEWHERE = ("WORKBENCH_HOME", "WORKBENCH_DATABASE_URL", "WORKBENCH_ARTIFACT_URL")


@pytest.fixture(scope="session")
def migrated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database Alembic has migrated, to be copied and not used."""
    home = tmp_path_factory.mktemp("migrated")
    with pytest.MonkeyPatch.context() as patch:
        for name in _ELSEWHERE:
            patch.delenv(name, raising=False)
        open_store(Settings(home=home)).close()
    return home


@pytest.fixture
def settings(tmp_path: Path, migrated_home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a fresh home under `tmp_path`, its database migrated already."""
    for name in _ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(migrated_home / "workbench.db", home / "workbench.db")
    return Settings(home=home)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that a browser test may drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip(f"{MISSING} chromium")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    return _strictly(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    return _strictly(report)


def _strictly(report):
    """Make a failure of a skip for something missing, where the environment asks for it."""
    if os.environ.get("WORKBENCH_TEST_STRICT") == "1" and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith(MISSING):
            report.outcome = "failed"
            report.longrepr = f"{reason} (WORKBENCH_TEST_STRICT=1 allows no such skip)"
    return report
