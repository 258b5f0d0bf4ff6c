"""Things that are done to a home: each returns what it was done to."""

from __future__ import annotations

from workbench.people.key import Key
from workbench.run import Run
from workbench.runs import queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.spec import Asked, make_spec
from workbench.workbench import Workbench


def table(rows: int = 3) -> bytes:
    return ("a,b\n" + "".join(f"{row},x\n" for row in range(rows))).encode()


def uploaded(mine: Workbench, rows: int = 3) -> str:
    with mine.data.begin_upload("small.csv") as upload:
        upload.write(table(rows))
        return upload.finish().id


def added(mine: Workbench, rows: int = 3) -> str:
    path = mine.settings.home / "placed.csv"
    path.write_bytes(table(rows))
    return mine.data.add(path).id


def refreshed(mine: Workbench) -> str:
    source = mine.data.get(added(mine))
    (mine.settings.home / "placed.csv").write_bytes(table(5))
    return mine.data.refresh(source).id


def deleted(mine: Workbench) -> str:
    source = uploaded(mine)
    mine.data.delete(source)
    return source


def queued(mine: Workbench) -> Run:
    """Put a run into the queue; nobody carries it out."""
    iris = mine.data.sample("iris")
    spec = make_spec(Asked(task="classification", target="species"))
    identity = SourceIdentity(iris.id, iris.name, iris.sha256)
    made = queue.submit(mine._store, identity, spec, by=mine.user, snapshot={}, service_is_warm=True)
    return Run(mine._store, made.id)


def cancelled(mine: Workbench) -> str:
    run = queued(mine)
    run.cancel()
    return run.id


def removed(mine: Workbench) -> str:
    run = queued(mine)
    run.delete()
    return run.id


def analysed(mine: Workbench) -> str:
    iris = mine.data.sample("iris")
    mine.advisors.analyse(iris)
    return iris.id


def issued(mine: Workbench) -> Key:
    return mine.keys.create("ci", "*").key


def appointed(mine: Workbench) -> str:
    mine.workspaces.set_role("vera", "viewer")
    return "vera"
