"""The forecast of set-up's memory against what set-up then takes.

    python -m tests.benchmarks.setup_memory [--fit] [--only NAME …] [--data FOLDER]

Each table is uploaded into a home of its own. Then a process is forked as the service forks a run's, from one that
has imported PyCaret and set up once. It loads the table and sets up; measured is the most memory it held (Linux'
VmHWM) from the moment before the table was loaded to the event ``experiment.fitted``, less what it held at first, and
less the pages of libraries that were mapped meanwhile.

Without ``--fit`` the forecast is held against tables that no factor was fitted to. A forecast is right where it is
within 30 % of what was measured, or within 16 MiB: less than that is the allocator's to say. With ``--fit`` the
factors are fitted to the tables for that, which takes a quarter of an hour, and printed; then they are what counts.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from workbench.training.variables import TRAINING_ENVIRONMENT

os.environ.update(TRAINING_ENVIRONMENT)

from tests.benchmarks.setup_tables import FITTED, HELD_AGAINST, Case
from workbench.data.source import Source
from workbench.preflight.forecast import APART, FACTORS, MIB, SLACK, Factors, forecast, phases
from workbench.preflight.sizes import Sizes, account
from workbench.settings import Settings
from workbench.training.executors.isolation import Lost, alone
from workbench.training.request import Limits, TrainingRequest

SHARED = Path(__file__).parents[3] / "shared" / "data"
SEED = 42
FREE = Limits()
FIRM = 60 * MIB
"""Measured bytes from which a table counts in full when factors are fitted."""
NOT_FITTED = ("start", "words", "steps", "series")
"""Factors that no large table here tells anything of."""


@dataclass(frozen=True)
class Found:
    """One set-up, measured.

    Attributes
    ----------
    measured
        Most memory that it held, in bytes.
    columns
        Features that came out.
    """

    case: Case
    source: Source
    sizes: Sizes
    measured: float
    columns: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="fit the factors anew")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these tables only")
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of the real tables")
    asked = parser.parse_args()
    warm_up()
    factors = FACTORS
    if asked.fit:
        found = measure_all([case for case in FITTED if not asked.only or case.name in asked.only], asked.data, factors)
        factors = fitted(found)
        print("\nfactors:", {name: round(value, 2) for name, value in asdict(factors).items()})
        tell("fitted to", found, factors)
    found = measure_all(
        [case for case in HELD_AGAINST if not asked.only or case.name in asked.only], asked.data, factors
    )
    tell("held against", found, factors)


def warm_up() -> None:
    """Import what a run's process has imported before it is forked; nothing else, for it inherits all memory."""
    import importlib
    import warnings

    warnings.filterwarnings("ignore")
    for module in ("workbench.service.process", "workbench.training.train", "workbench.training.executors"):
        importlib.import_module(module)
    from workbench.training.experiment import warm_up

    warm_up()


def measure_all(cases: Sequence[Case], data: Path, factors: Factors) -> list[Found]:
    print(f"\n{'table':<32}{'rows':>10}{'columns':>16}{'forecast':>10}{'measured':>10}{'ratio':>7}  MiB; asked; while")
    found = []
    for case in cases:
        if isinstance(case.table, str) and not (data / case.table).is_file():
            print(f"{case.name}: {case.table} is not in {data}; name its folder by --data")
            continue
        try:
            found.append(measure(case, data))
        except Lost as lost:
            print(f"{case.name}: {lost}")
            continue
        print(line(found[-1], factors), flush=True)
    return found


def measure(case: Case, data: Path) -> Found:
    with tempfile.TemporaryDirectory(prefix="setup-memory-") as home:
        settings = Settings(home=Path(home), database_url="", artifact_url="", column_limit=10_000)
        source = alone(lambda: upload(case, data, settings), FREE)
        measured, columns = alone(lambda: set_up(case, source, settings), FREE)
    sizes = account(source, case.setup, task=case.task, target=case.target, truth=None)
    return Found(case, source, sizes, measured, columns)


def upload(case: Case, data: Path, settings: Settings) -> Source:
    from workbench.data.sources import Sources
    from workbench.store.store import open_store

    file = data / case.table if isinstance(case.table, str) else settings.home / "table.parquet"
    if not isinstance(case.table, str):
        settings.home.mkdir(exist_ok=True)
        case.table().to_parquet(file, index=False)
    store = open_store(settings)
    try:
        return Sources(store).upload(file)
    finally:
        store.close()


def set_up(case: Case, source: Source, settings: Settings) -> tuple[float, int]:
    """Do what a run's process does up to the end of set-up; return the most memory and the columns that came out."""
    from workbench.data.sources import Sources
    from workbench.store.store import open_store
    from workbench.training.train import train

    sources = Sources(open_store(settings))
    request = TrainingRequest(
        case.task, case.target, plan="setup", sort="", seed=SEED, folds=10, setup=dict(case.setup)
    )
    before = status()
    Path("/proc/self/clear_refs").write_text("5")
    told = next(iter(train(sources.load(source), request)))
    after = status()
    mapped = after["RssFile"] - before["RssFile"]
    return after["VmHWM"] - before["VmRSS"] - mapped, told.features_out


def status() -> dict[str, int]:
    """What Linux tells of this process's memory, in bytes."""
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    return {name.rstrip(":"): int(rest[0]) * 1024 for name, *rest in lines if name.startswith(("Vm", "Rss"))}


def fitted(found: Sequence[Found]) -> Factors:
    """Fit factors so that forecasts are as many times what was measured, one way or the other, as can be."""
    import numpy as np
    from scipy.optimize import least_squares

    names = [name for name in asdict(FACTORS) if name not in NOT_FITTED]
    known = np.array([asdict(FACTORS)[name] for name in names])

    def made(times: Any) -> Factors:
        return Factors(**{name: float(value) for name, value in zip(names, known * times, strict=True)})

    def residuals(times: Any) -> Any:
        factors = made(times)
        apart = [
            math.log(max(phases(one.sizes, factors).values()) / one.measured) * min(1, one.measured / FIRM) ** 2
            for one in found
        ]
        # What no table depends on stays as it is.
        return np.array([*apart, *(0.05 * np.log(times))])

    best = least_squares(residuals, np.ones(len(names)), bounds=(0.01, 100), loss="soft_l1", f_scale=0.1)
    return made(best.x)


def line(one: Found, factors: Factors) -> str:
    needed = phases(one.sizes, factors)
    phase = max(needed, key=lambda name: needed[name])
    columns = f"{one.sizes.columns:,}" + (f" ({one.columns:,})" if one.columns != one.sizes.columns else "")
    return (
        f"{one.case.name:<32}{one.source.row_count:>10,}{columns:>16}{needed[phase] / MIB:>10.1f}"
        f"{one.measured / MIB:>10.1f}{needed[phase] / one.measured:>7.2f}{'' if is_right(one, factors) else ' !':<2}"
        f"{one.case.asked}; {phase}"
    )


def is_right(one: Found, factors: Factors) -> bool:
    told = max(phases(one.sizes, factors).values())
    return abs(told - one.measured) <= max(APART * one.measured, SLACK)


def tell(what: str, found: Sequence[Found], factors: Factors) -> None:
    if not found:
        return
    large = [one for one in found if one.measured >= FIRM]
    ratios = sorted(max(phases(one.sizes, factors).values()) / one.measured for one in large)
    right = sum(is_right(one, factors) for one in found)
    print(f"\n{what}: {right} of {len(found)} right", end="")
    if ratios:
        middle = ratios[len(ratios) // 2]
        print(
            f"; of the {len(large)} that took {FIRM // MIB} MiB or more, "
            f"{sum(1 - APART <= ratio <= 1 + APART for ratio in ratios)} within {APART:.0%}, "
            f"ratio {ratios[0]:.2f} … {middle:.2f} … {ratios[-1]:.2f}"
        )
    banded = [forecast(one.source, one.case.setup, task=one.case.task, target=one.case.target) for one in found]
    inside = sum(told.low_bytes <= one.measured <= told.high_bytes for told, one in zip(banded, found, strict=True))
    print(f"\n{inside} of {len(found)} between the forecast's own bounds")


if __name__ == "__main__":
    main()
