"""How long the profile of a table takes, from asking to the last part, and how much memory.

::

    python -m tests.benchmarks.profile_speed                  # bank.csv, and 10 million rows × 20 columns made for it
    python -m tests.benchmarks.profile_speed --rows 1000000 --wide 2000 --rounds 5 --json FILE

Each table is taken in first, which is not measured. Then it is profiled by a process of its own, as for a panel: from
asking, over the start of that process, to the end of the file. In between it is noted when the first column was told.
The target's view and the drift against the same table are asked for afterwards, and timed by themselves. Memory is the
most that the process had. bank.csv is looked for in ``--data``; without it, a table like it is made.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

SHARED = Path(__file__).parents[3] / "shared" / "data"
GROUP_ROWS = 100_000
WORDS = ("admin", "blue-collar", "technician", "services", "management", "retired", "student", "unknown")


def make(path: Path, rows: int, wide: int = 0) -> None:
    """Write a table of 20 columns of all kinds, or of so many numbers and categories."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    random = np.random.default_rng(1)
    cities = np.array([f"city {number}" for number in range(1000)])

    def coded(values: Any) -> pa.Array:
        return pa.array(values).dictionary_encode()

    def usual(start: int, count: int) -> dict[str, Any]:
        seconds = np.datetime64("2020-01-01T00:00:00") + random.integers(0, 10**8, count)
        days = np.datetime64("2020-01-01") + np.arange(start, start + count) * 1500 // rows
        gaps = random.random(count) < 0.05
        return {
            **{f"price{number}": random.lognormal(number, 1, count).round(2) for number in range(4)},
            **{f"rate{number}": random.normal(number, 1 + number, count) for number in range(3)},
            "sparse": pa.array(random.normal(size=count), mask=gaps),
            "age": pa.array(random.integers(18, 95, count), mask=gaps),
            "balance": random.normal(1000, 3000, count).astype(np.int64),
            "id": np.arange(start, start + count),
            "key": random.integers(-(2**60), 2**60, count),
            "flag": random.random(count) < 0.3,
            **{f"word{number}": coded(np.array(WORDS)[random.integers(0, 8, count)]) for number in range(3)},
            "city": coded(cities[np.minimum(random.zipf(1.3, count) - 1, 999)]),
            "code": coded([f"C-{number:09}" for number in random.integers(0, 10**9, count)]),
            "day": coded(np.datetime_as_string(days)),
            "stamp": coded(np.datetime_as_string(seconds)),
        }

    def many(_: int, count: int) -> dict[str, Any]:
        kinds = (
            lambda: random.normal(size=count),
            lambda: random.integers(0, 50, count),
            lambda: random.lognormal(size=count).round(1),
            lambda: coded(np.array(WORDS)[random.integers(0, 8, count)]),
        )
        return {f"c{number}": kinds[number % 4]() for number in range(wide)}

    writer = None
    for start in range(0, rows, GROUP_ROWS):
        table = pa.table((many if wide else usual)(start, min(GROUP_ROWS, rows - start)))
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=GROUP_ROWS)
    assert writer is not None, "a table has rows"
    writer.close()


def profiled(files: Path, source: Any, target: str) -> dict[str, Any]:
    """Profile a table from nothing, and tell how long each thing took, in seconds."""
    from workbench.data import profile

    for path in files.glob(f"{source.id}.profile*"):
        path.unlink()
    started = time.perf_counter()
    first = 0.0
    for part in profile.follow(files, source):
        first = first or (time.perf_counter() - started if part.part == "column" else 0.0)
    took = {"first column": first, "whole": time.perf_counter() - started}
    for name, asked in (("target", {"target": target}), ("drift", {"against": source})):
        began = time.perf_counter()
        list(profile.follow(files, source, **asked))
        took[name] = time.perf_counter() - began
    told = profile.ask(files, source, source, target)
    assert told.is_complete and not told.failures, told.failures
    assert told.head is not None
    return took | {"peak MiB": (told.peak_bytes or 0) / 2**20, "sampled rows": told.head.sampled_rows}


def main() -> None:
    import workbench
    from workbench.settings import Settings

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the table that is made; 0: none")
    parser.add_argument("--wide", type=int, default=0, help="also a table of 20,000 rows and so many columns")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder with bank.csv")
    parser.add_argument("--json", type=Path, help="file for the figures")
    asked = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        home = workbench.connect(Settings(home=Path(folder, "home"), upload_limit=2**40))
        files = home.settings.files
        tables: list[tuple[Path, str]] = [(asked.data / "bank.csv", "deposit")]
        made = [("bank-like", 45_211, 0, "flag"), ("long", asked.rows, 0, "flag"), ("wide", 20_000, asked.wide, "c3")]
        for name, rows, wide, target in made:
            needless = tables[0][0].is_file() if name == "bank-like" else not (wide if name == "wide" else rows)
            if not needless:
                tables.append((Path(folder, f"{name}.parquet"), target))
                make(tables[-1][0], rows, wide)
        figures = {}
        for path, target in tables:
            if not path.is_file():
                continue
            source = home.data.upload(path)
            rounds = [profiled(files, source, target) for _ in range(asked.rounds)]
            title = f"{path.stem}: {source.row_count:,} × {len(source.columns):,}"
            figures[title] = rounds
            print(f"\n{title}; {rounds[0]['sampled rows'] or 'all'} rows drawn")
            for name in ("first column", "whole", "target", "drift", "peak MiB"):
                values = [round_[name] for round_ in rounds]
                told = f"median {statistics.median(values):7.2f}   least {min(values):7.2f}   most {max(values):7.2f}"
                print(f"  {name:<14} {told}{'' if name == 'peak MiB' else ' s'}")
        home.close()
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
