"""Evidence of a stored table: read from its file, or measured now and kept there."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from workbench.access.places import without_places
from workbench.data.values import ColumnKind
from workbench.preflight.evidence import FORMAT, Columns, Evidence, Rows

_SMALL_BYTES = 8 * 1024 * 1024
"""Up to this size of its file a table is looked at in this process: starting another takes longer."""
_PATIENCE_S = 60
"""So long may looking at a table take; a run is then submitted without it, and that is said."""
# Pools of threads would fight over the processors with the run that is about to start.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

Part = TypeVar("Part", Columns, Rows)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be looked at.

    Attributes
    ----------
    path
        Of the table, a Parquet file.
    kinds
        Name and kind of each column.
    features
        Columns in which rows are compared; empty: they are not.
    wants_columns
        Whether columns are looked at.
    """

    path: str
    rows: int
    kinds: tuple[tuple[str, ColumnKind], ...]
    target: str | None
    task: str
    features: tuple[str, ...] = ()
    wants_columns: bool = True


def evidence(
    folder: Path,
    source_id: str,
    table: Callable[[], Path],
    *,
    rows: int,
    kinds: tuple[tuple[str, ColumnKind], ...],
    target: str | None,
    task: str,
    features: tuple[str, ...],
) -> Evidence:
    """Return what is seen of a table; what was measured once is read from its file.

    Parameters
    ----------
    folder
        Where the files of tables lie; whoever drops a table drops what begins with its id and ends in ``.evidence``.
    table
        Finds the table; asked only where something is to be measured.
    features
        Columns in which rows are compared; empty: they are not.

    Raises
    ------
    WorkbenchError
        What `table` raises.
    """
    of_columns = _file(folder, source_id, "columns", [target, task])
    of_rows = _file(folder, source_id, "rows", [target, sorted(features)])
    columns, alike = _kept(of_columns, Columns), _kept(of_rows, Rows) if features else None
    if columns is not None and (alike is not None or not features):
        return Evidence(columns, alike)
    path = table()
    job = Job(
        str(path),
        rows,
        kinds,
        target,
        task,
        features=features if alike is None else (),
        wants_columns=columns is None,
    )
    try:
        told = look(job) if path.stat().st_size <= _SMALL_BYTES else _look_elsewhere(job)
    except Exception as error:  # noqa: BLE001 - whatever it was: a run does not hang on this, and is told of it
        return Evidence(columns, alike, failure=_reason(error))
    for name, file in (("columns", of_columns), ("rows", of_rows)):
        if told[name] is not None:
            _keep(file, told[name], of=path)
    return Evidence(
        columns if told["columns"] is None else Columns.of(told["columns"]),
        alike if told["rows"] is None else Rows.of(told["rows"]),
    )


def look(job: Job) -> dict[str, Any]:
    """Look at a table, in this process."""
    from workbench.preflight.measuring.looking import look_at_columns, look_at_rows

    path = Path(job.path)
    columns = look_at_columns(path, job.kinds, job.rows, job.target, job.task) if job.wants_columns else None
    alike = look_at_rows(path, job.features, job.rows, job.target) if job.features else None
    told = {"columns": columns, "rows": alike}
    return {name: None if part is None else part.as_dict() for name, part in told.items()}


def serve(given: str) -> str:
    """Carry out a job that came as JSON, and return what was seen as JSON."""
    told = json.loads(given)
    kinds = tuple((name, kind) for name, kind in told["kinds"])
    return json.dumps(look(Job(**{**told, "kinds": kinds, "features": tuple(told["features"])})))


def _look_elsewhere(job: Job) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "workbench.preflight"],
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | _ENVIRONMENT,
        timeout=_PATIENCE_S,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took more than {_PATIENCE_S} s"
    if isinstance(error, subprocess.CalledProcessError):
        last = str(error.stderr).strip().splitlines()
        return f"its process ended with code {error.returncode}" + (f" ({without_places(last[-1])})" if last else "")
    return without_places(f"{type(error).__name__}: {error}".strip(": "))


def _file(folder: Path, source_id: str, part: str, of: Any) -> Path:
    # Any text can be the name of a column, and not of a file.
    digest = hashlib.sha256(json.dumps([FORMAT, part, of]).encode()).hexdigest()[:16]
    return folder / f"{source_id}.{digest}.evidence"


def _kept(file: Path, kind: type[Part]) -> Part | None:
    try:
        told: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return kind.of(told)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(file: Path, told: Mapping[str, Any], *, of: Path) -> None:
    """Keep a part whole or not at all; where the disk refuses, it is measured again the next time.

    Of a table that was dropped meanwhile nothing is kept.
    """
    partial = file.with_name(f"{file.name}.{uuid4().hex}.partial")
    try:
        partial.write_text(json.dumps(told), encoding="utf-8")
        partial.replace(file)
    except OSError:
        return
    finally:
        partial.unlink(missing_ok=True)
        if not of.exists():
            file.unlink(missing_ok=True)
