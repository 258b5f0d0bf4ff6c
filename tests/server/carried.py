"""Runs that no process carries out: rows that a service elsewhere holds, and writers who tell what happens in them.

    python -m tests.server.carried < ASKED.json

writes what it is asked to as a process of its own, the runs in turn as they come up, and says ``done``.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from workbench.runs import events
from workbench.runs.record import RUNNING
from workbench.store.database import Database
from workbench.store.store import Store, open_store
from workbench.store.tables import ExperimentRow, RunRow, SourceRow, now

ROOT = Path(__file__).parents[2]
ELSEWHERE = "another-machine:1"


def begin(store: Store, *, told: int = 1) -> str:
    """Put a run into the store that runs as far as anybody can see, with so many events; return its id."""
    mark = "of nothing, for tests of streams"
    known = select(ExperimentRow).where(ExperimentRow.project_id == store.project_id, ExperimentRow.fingerprint == mark)
    with store.database.write() as session:
        experiment = session.scalar(known)
        if experiment is None:
            source = SourceRow(
                workspace_id=store.workspace_id,
                name=mark,
                live_name=None,
                kind="inline",
                location="none",
                sha256="0" * 64,
                size_bytes=0,
                row_count=1,
                format={},
                columns=[],
                notices=[],
                deleted_at=now(),
            )
            session.add(source)
            session.flush()
            experiment = ExperimentRow(
                project_id=store.project_id,
                source_id=source.id,
                name=mark,
                task="classification",
                target="y",
                setup={},
                fingerprint=mark,
            )
            session.add(experiment)
            session.flush()
        run = RunRow(
            workspace_id=store.workspace_id,
            experiment_id=experiment.id,
            source_id=experiment.source_id,
            plan="compare",
            task="classification",
            target="y",
            spec={},
            status=RUNNING,
            created_by="ana",
            started_at=now(),
            claimed_by=ELSEWHERE,
            claimed_at=now(),
            lease_until=now() + timedelta(hours=1),
        )
        session.add(run)
        session.flush()
        tell(session, run.id, told)
        return run.id


def tell(session, run_id: str, count: int = 1) -> None:
    """Append events such as a comparison's."""
    for _ in range(count):
        payload = {"model": "lightgbm", "fold": 3, "metrics": dict.fromkeys("abcdefg", 0.8765432109876543)}
        events.append(session, run_id, "unit.scored", "Light Gradient Boosting on fold 4: 0.8765", payload=payload)


def write(store: Store, run_id: str, count: int = 1) -> None:
    """Append such events at once."""
    with store.database.write() as session:
        tell(session, run_id, count)


@dataclass(frozen=True)
class Writer:
    """A process that writes to runs.

    Attributes
    ----------
    at_once
        Events of a burst, at most; each is committed by itself.
    pause_s
        Between two bursts, on average.
    ends
        Whether it closes each run at its end.
    """

    home: str
    run_ids: Sequence[str]
    events: int
    at_once: int = 5
    pause_s: float = 0.01
    ends: bool = True
    seed: int = 7

    def start(self) -> subprocess.Popen[str]:
        """Start it; it begins once a line is written to it."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.carried"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        print(json.dumps(asdict(self)), file=process.stdin, flush=True)
        assert process.stdout.readline() == "ready\n"
        return process

    def write(self, store: Store) -> None:
        draw = random.Random(self.seed)
        left = dict.fromkeys(self.run_ids, self.events)
        while left:
            run_id = draw.choice(list(left))
            count = min(draw.randint(1, self.at_once), left[run_id])
            for _ in range(count):
                write(store, run_id)
            left[run_id] -= count
            if not left[run_id]:
                del left[run_id]
                if self.ends:
                    close(store.database, run_id)
            time.sleep(draw.uniform(0, 2 * self.pause_s))


def close(database: Database, run_id: str) -> None:
    """End a run."""
    from workbench.runs import ending

    with database.write() as session:
        ending.close(session, session.get_one(RunRow, run_id), "succeeded", "done")


def main() -> None:
    from workbench.settings import Settings

    writer = Writer(**json.loads(sys.stdin.readline()))
    store = open_store(Settings(home=writer.home, database_url="", artifact_url=""))
    print("ready", flush=True)
    sys.stdin.readline()
    writer.write(store)
    print("done", flush=True)


if __name__ == "__main__":
    main()
