"""Time to take a large CSV file in, against pyarrow.csv and pandas reading it; and to refuse what cannot be read.

::

    python -m tests.benchmarks.ingest                 # makes a file of 1 GiB in the temporary folder
    python -m tests.benchmarks.ingest --file BIG.csv --rounds 5 --json FILE

Every reading is a process of its own, one after another, in turns; a ratio is of medians. What is measured ends where a
table can be used: for ours with the Parquet file written, the facts of every column gathered, and the bytes hashed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROWS = 100_000
READINGS = {
    "workbench": """
import sys, tempfile, time
from pathlib import Path
from workbench.data.formats.reader import Asked, Limits
from workbench.data.ingest.job import Job, carry_out
import pyarrow.csv, pyarrow.parquet, workbench.data.formats.text, workbench.data.ingest.table
with tempfile.TemporaryDirectory(dir={folder!r}) as work:
    started = time.perf_counter()
    job = Job("big.csv", Limits(Path(work)), Asked(), raw=Path({file!r}))
    rows = carry_out(job, lambda *_: None).row_count
    took = time.perf_counter() - started
""",
    "pyarrow.csv": """
import time
from pyarrow import csv
started = time.perf_counter()
rows = csv.read_csv({file!r}).num_rows
took = time.perf_counter() - started
""",
    "pandas": """
import time
import pandas
started = time.perf_counter()
rows = len(pandas.read_csv({file!r}))
took = time.perf_counter() - started
""",
}
TELL = """
import json, resource
print(json.dumps([rows, took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def make(path: Path, size: int) -> None:
    """Write a table of numbers, categories, dates and texts of at least `size` bytes."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    drawn = np.random.default_rng(1)
    jobs = np.array(["management", "technician", "blue-collar", "services", "retired", "admin."], dtype=object)
    days = np.datetime_as_string(np.datetime64("2020-01-01") + np.arange(1500), unit="D").astype(object)
    with path.open("wb") as to:
        rows = 0
        while to.tell() < size:
            table = pa.table(
                {
                    "id": np.arange(rows, rows + ROWS),
                    "age": drawn.integers(18, 95, ROWS),
                    "balance": drawn.integers(-8000, 100_000, ROWS),
                    "duration": drawn.integers(0, 4000, ROWS),
                    "campaign": drawn.poisson(2, ROWS),
                    "rate": drawn.normal(size=ROWS),
                    "price": drawn.gamma(2, 100, ROWS).round(2),
                    "share": pa.array(drawn.random(ROWS).round(4), mask=drawn.random(ROWS) < 0.1),
                    "day": days[drawn.integers(0, len(days), ROWS)],
                    **{f"job{number}": jobs[drawn.integers(0, len(jobs), ROWS)] for number in range(6)},
                    **{f"yes{number}": np.where(drawn.random(ROWS) < 0.2, "yes", "no") for number in range(5)},
                }
            )
            csv.write_csv(table, to, csv.WriteOptions(include_header=rows == 0))
            rows += ROWS


def once(name: str, file: Path, folder: str) -> dict[str, float]:
    code = READINGS[name].format(file=str(file), folder=folder) + TELL
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows, seconds, peak = json.loads(done.stdout)
    return {"rows": rows, "seconds": seconds, "peak_mib": peak}


def refusals(folder: Path) -> dict[str, float]:
    """Time until each of some very bad files is refused, in seconds."""
    from tests.data.test_malformed import REFUSED
    from workbench.data.formats.reader import Asked, Limits
    from workbench.data.ingest.job import Job, carry_out
    from workbench.errors import WorkbenchError

    def refuse(path: Path) -> float:
        with tempfile.TemporaryDirectory(dir=folder) as work:
            started = time.perf_counter()
            try:
                carry_out(Job(path.name, Limits(Path(work)), Asked(), raw=path), lambda *_: None)
            except WorkbenchError:
                return time.perf_counter() - started
        raise AssertionError(f"{path.name} was read")

    took = {}
    for name, case in REFUSED.items():
        made = case()
        path = folder / made.name
        path.write_bytes(made.content)
        took[name] = refuse(path)
        path.unlink()
    line = folder / "line.csv"
    with line.open("wb") as to:
        to.write(b"a,b\n1,2\n")
        for _ in range(2048):
            to.write(b"x" * 2**20)
    took["a line of 2 GiB"] = refuse(line)
    line.unlink()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = asked.file or Path(folder) / "big.csv"
        if asked.file is None:
            make(file, 2**30)
        # Into the page cache: no reading is to pay for the disk.
        with file.open("rb") as content:
            while content.read(2**20):
                pass
        found: dict[str, list[dict[str, float]]] = {name: [] for name in READINGS}
        for _ in range(asked.rounds):
            for name, made in found.items():
                made.append(once(name, file, folder))
        seconds = {name: statistics.median(each["seconds"] for each in made) for name, made in found.items()}
        for name, made in found.items():
            peak = max(each["peak_mib"] for each in made)
            every = " ".join(f"{each['seconds']:.2f}" for each in made)
            print(f"{name:12} {seconds[name]:6.2f} s ({every})  {made[0]['rows']:,.0f} rows, peak {peak:,.0f} MiB")
        ours = seconds["workbench"]
        print(f"pyarrow.csv / ours {seconds['pyarrow.csv'] / ours:.2f}; pandas / ours {seconds['pandas'] / ours:.2f}")
        took = refusals(Path(folder))
        worst = max(took, key=lambda name: took[name])
        print(f"{len(took)} files refused, the slowest after {took[worst]:.2f} s: {worst}")
    if asked.json:
        asked.json.write_text(json.dumps({"readings": found, "refusals": took}, indent=2))


if __name__ == "__main__":
    main()
