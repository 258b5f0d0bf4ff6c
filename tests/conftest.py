"""What every test may lean on: a home of its own, a store in it, a warm service, and a say on what may be skipped."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from workbench.batch import Batch
from workbench.errors import WorkbenchError
from workbench.runs import queue
from workbench.settings import Settings
from workbench.store.store import Store, open_store
from workbench.store.tables import BatchRow
from workbench.workbench import Workbench, connect

# Tests share few processors, and a native thread pool each would fight over them. numpy reads these once, when it is
# imported, which nothing above does.
for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")
# PyCaret would write a log file wherever the tests are started.
os.environ.setdefault("PYCARET_CUSTOM_LOGGING_PATH", os.devnull)

MISSING = "missing:"
"""A skip whose reason begins so is for something that the machine lacks; it fails under WORKBENCH_TEST_STRICT=1."""

_LONG = ("browser", "training", "service", "server", "cli")
"""Folders whose tests take minutes, the longest first."""

_ELSEWHERE = ("WORKBENCH_HOME", "WORKBENCH_DATABASE_URL", "WORKBENCH_ARTIFACT_URL", "WORKBENCH_TRAINING_PYTHON")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: where files are shared out, no process is left with it at the end."""
    items.sort(key=lambda item: next((n for n, name in enumerate(_LONG) if name in item.path.parts), len(_LONG)))


class _OneBrowser(LoadFileScheduling):
    """Share files out, but all that drive a browser to one process: several at once starve what they look at."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/browser" if file.startswith("tests/browser/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Share out in the way that the README's command asks for; whoever asks for another gets that one."""
    return _OneBrowser(config, log) if config.getvalue("dist") == "loadfile" else None


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
def eventually() -> Callable[..., Any]:
    """Wait until a condition holds and return what it gave; fail the test where it never does."""

    def wait(condition: Callable[[], Any], *, patience_s: float = 120) -> Any:
        deadline = time.monotonic() + patience_s
        while not (answer := condition()):
            if time.monotonic() > deadline:
                pytest.fail(f"It did not come about within {patience_s:g} s.")
            time.sleep(0.02)
        return answer

    return wait


@pytest.fixture(scope="session")
def living() -> Callable[[Path], list[psutil.Process]]:
    """Find the living processes whose home lies at or below a folder: services, APIs, runs and their workers."""
    return _living


def _living(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            home = process.environ().get("WORKBENCH_HOME")
            if home and Path(home).is_relative_to(folder) and process.pid != os.getpid():
                found.append(process)
    return found


@pytest.fixture(scope="session", autouse=True)
def no_process_is_left(tmp_path_factory: pytest.TempPathFactory, eventually) -> Iterator[None]:
    """Fail the session where a process outlives the tests that started it, and end it."""
    yield
    folder = tmp_path_factory.getbasetemp()
    # What was told to end may still be about it.
    psutil.wait_procs(_living(folder), timeout=60)
    told = []
    for process in _living(folder):
        with suppress(psutil.Error):
            told.append(f"{process.pid}: {' '.join(process.cmdline())} in {process.environ()['WORKBENCH_HOME']}")
            process.kill()
    assert told == []


@pytest.fixture(scope="session")
def end(eventually: Callable[..., Any]) -> Callable[[Workbench], None]:
    """End whatever a workbench has started, and close it."""

    def end(workbench: Workbench) -> None:
        def is_over() -> bool:
            # Again and again: a service that was started just now may not have come to life yet.
            with suppress(WorkbenchError):
                workbench.service.stop()
            for run in queue.active(workbench._store):
                with suppress(ProcessLookupError):
                    if run.process_id is not None:
                        os.killpg(run.process_id, signal.SIGKILL)
            return not _living(workbench.settings.home)

        eventually(is_over)
        workbench.close()

    return end


@pytest.fixture(scope="session")
def user_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder, empty, of the user who started the warm service and the commands."""
    return tmp_path_factory.mktemp("user")


@pytest.fixture(scope="session")
def warm(
    tmp_path_factory: pytest.TempPathFactory,
    user_home: Path,
    eventually: Callable[..., Any],
    end: Callable[[Workbench], None],
) -> Iterator[Workbench]:
    """A workbench whose service is warm. All tests share it: none may stop it or take its last run for its own."""
    opened = connect(Settings(home=tmp_path_factory.mktemp("warm"), database_url="", artifact_url=""))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(user_home))
        opened.service.start()
    # Importing PyCaret takes some seconds of a processor, and others may be using it.
    eventually(lambda: (told := opened.service.state()) and told.phase == "warm", patience_s=240)
    yield opened
    end(opened)


@pytest.fixture
def workbench(settings: Settings, end: Callable[[Workbench], None]) -> Iterator[Workbench]:
    """A workbench on a fresh home, without a service; what the test starts is ended with it."""
    opened = connect(settings)
    yield opened
    end(opened)


@pytest.fixture(scope="session")
def stop(eventually: Callable[..., Any]) -> Callable[[psutil.Process], None]:
    """Make a process stand still, and return when it does: the signal alone only asks for it."""

    def stop(process: psutil.Process) -> None:
        process.suspend()
        eventually(lambda: process.status() == psutil.STATUS_STOPPED)

    return stop


@pytest.fixture(scope="session")
def hold(
    eventually: Callable[..., Any], stop: Callable[[psutil.Process], None]
) -> Callable[[Callable[[], Batch]], tuple[Batch, psutil.Process]]:
    """Begin a batch and hold its process still before the batch is over; return both."""

    def find(batch: Batch) -> int | None:
        with batch._store.database.read() as session:
            return session.get_one(BatchRow, batch.id).process_id

    def held(batch: Batch) -> psutil.Process | None:
        process_id = eventually(lambda: find(batch))
        with suppress(psutil.NoSuchProcess), batch._store.database.write() as session:
            # Nobody else writes meanwhile: it neither ends now, nor stops amid what it writes itself.
            if session.get_one(BatchRow, batch.id).status == "running":
                process = psutil.Process(process_id)
                stop(process)
                return process
        return None

    def hold(begin: Callable[[], Batch]) -> tuple[Batch, psutil.Process]:
        while (process := held(batch := begin())) is None:
            # It was faster.
            batch.delete()
        return batch, process

    return hold


@pytest.fixture(scope="session")
def mixed() -> dict[str, Any]:
    """A small table a task; the targets are ``buys``, ``spends``, ``sales``, or none."""
    import numpy as np
    import pandas as pd

    random, rows = np.random.default_rng(7), 160
    age = random.normal(40, 12, rows).round()
    income = random.lognormal(10, 0.5, rows).round(2)
    city = random.choice(["Rome", "Oslo", "Bern"], rows, p=[0.5, 0.3, 0.2]).astype(object)
    wish = (age - 40) / 12 + (city == "Oslo") * 1.2 + np.log(income) - 10 + random.normal(0, 0.8, rows)
    frame = pd.DataFrame({"age": age, "income": income, "city": city, "visits": random.poisson(3, rows)})
    frame.loc[random.choice(rows, 12, replace=False), "age"] = np.nan
    frame.loc[random.choice(rows, 9, replace=False), "city"] = np.nan
    spends = (100 + 30 * wish + random.normal(0, 5, rows)).round(2)
    steps = np.arange(48)
    sales = (50 + 0.6 * steps + 8 * np.sin(steps * np.pi / 2) + random.normal(0, 2, 48)).round(2)
    return {
        "classification": frame.assign(buys=np.where(wish > 0.6, "yes", "no")),
        "regression": frame.assign(spends=spends),
        "time_series": pd.DataFrame({"sales": sales}),
        "clustering": frame,
        "anomaly": frame,
    }


@pytest.fixture(scope="session")
def learned(mixed: dict[str, Any]) -> Callable[..., Any]:
    """Fit a model on the mixed table of a task, or on another; the same one is fitted once."""
    from dataclasses import replace

    import cloudpickle

    from workbench.catalogue import TASKS
    from workbench.judging.sides import Side
    from workbench.recipe import Recipe
    from workbench.training import columns, reference
    from workbench.training.experiment import set_up
    from workbench.training.request import TrainingRequest

    made: dict[str, Any] = {}

    def learn(
        role: str,
        task: str,
        model: str,
        *,
        frame: Any = None,
        target: str | None = None,
        sha256: str = "mixed",
        all_rows: bool = False,
        **setup: Any,
    ) -> Side:
        key = f"{task} {model} {target} {sha256} {all_rows} {setup}"
        if key not in made:
            table = mixed[task] if frame is None else frame
            named = target or {"classification": "buys", "regression": "spends", "time_series": "sales"}[task]
            request = TrainingRequest(task, named, "create", TASKS[task].sort, seed=3, folds=2, setup=setup)
            experiment = set_up(table, request)
            fitted = experiment.fit(Recipe(model=model), all_rows=all_rows)
            made[key] = Side(
                role="champion",
                task=task,
                pickled=cloudpickle.dumps(fitted.pipeline),
                table_sha256=sha256,
                schema=columns.schema(fitted.takes, fitted.dates),
                sample=columns.records(fitted.takes.head(10)),
                holdout=reference.held_out(fitted),
                reference=reference.summarise(fitted, seed=3),
                index=setup.get("index"),
                gap=setup.get("gap", 0),
            )
        return replace(made[key], role=role)

    return learn


@pytest.fixture(scope="session")
def table(mixed: dict[str, Any]) -> Callable[..., Any]:
    """The mixed table of a task, as pipelines are judged on it."""
    from workbench.judging.sides import Table

    def table(task: str, frame: Any = None, *, name: str = "mixed", sha256: str = "mixed") -> Table:
        return Table(mixed[task] if frame is None else frame, name, sha256)

    return table


@pytest.fixture(scope="session")
def pycaret_says() -> Callable[..., Any]:
    """Let PyCaret compare models by itself, on one thread, and return the table that it prints."""

    def compare(
        task: str, frame: Any, target: str, include: list[str] | None, *, seed: int = 11, folds: int = 3, **setup: Any
    ) -> Any:
        import importlib

        module = importlib.import_module(f"pycaret.{task}")
        experiment = getattr(module, f"{task.title()}Experiment")()
        quiet = {"verbose": False, "html": False, "system_log": False, "memory": False, "n_jobs": 1}
        experiment.setup(frame, target=target, session_id=seed, fold=folds, **quiet, **setup)
        experiment.compare_models(include=include, verbose=False, errors="raise")
        return experiment.pull().drop(columns=["Model", "TT (Sec)"])

    return compare


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that a browser test may drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip(f"{MISSING} chromium")


@pytest.fixture(scope="session")
def uv() -> str:
    """Path of the tool that builds environments: the one on PATH, or the one that make fetched."""
    fetched = Path(__file__).parents[1] / ".tools" / "bin" / "uv"
    found = shutil.which("uv") or (str(fetched) if fetched.is_file() else None)
    return found or pytest.skip(f"{MISSING} uv")


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
