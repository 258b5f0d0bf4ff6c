"""What a notebook does, as a script: it runs on a kernel's own interpreter and prints what it saw as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any


def plain(frame: Any) -> dict[str, Any]:
    """Return a table as what it holds, whatever pandas calls the types of its columns.

    Each column is its kind and its values; None stands for a missing one.
    """
    import pandas as pd

    table = {}
    for name in frame.columns:
        column = frame[name]
        kind = "object" if column.dtype.kind == "O" else str(column.dtype)
        values = [None if pd.isna(value) else [type(value).__name__, repr(value)] for value in column.tolist()]
        table[name] = [kind, values]
    return table


def work(*files: str) -> dict[str, Any]:
    """Upload tables, compare two models on the first, and read what comes of it."""
    import numpy
    import pandas
    import workbench_widgets

    import workbench

    wb = workbench.connect()
    workbench_widgets.Workbench(wb)
    sources = [wb.data.upload(file) for file in files]
    run = wb.runs.submit(sources[0], target="buys", include=["lr", "dt"], folds=2)
    log = [event.as_dict() for event in run.events(timeout_s=240)]
    return {
        "versions": {"python": sys.version.split()[0], "pandas": pandas.__version__, "numpy": numpy.__version__},
        "run": run.id,
        "log": log,
        "board": run.leaderboard().to_json(orient="split"),
        "tables": {found.name: plain(wb.data.load(found)) for found in sources},
        "heads": {found.name: wb.data.head(found) for found in sources},
        "profiles": {found.name: [column.as_dict() for column in found.columns] for found in sources},
    }


def main() -> None:
    unpickled: list[str] = []
    sys.addaudithook(lambda event, told: unpickled.append(str(told)) if event == "pickle.find_class" else None)
    told = work(*sys.argv[1:])
    modules = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps(told | {"modules": modules, "unpickled": unpickled}, default=str))


if __name__ == "__main__":
    main()
