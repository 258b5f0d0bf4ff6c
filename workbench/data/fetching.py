"""A table taken from its origin: as a new data source, or as the next version of one."""

from __future__ import annotations

from workbench.data.arrival import Arrival, read_so
from workbench.data.formats.reader import Asked
from workbench.data.ingest.child import ingest
from workbench.data.ingest.job import Job, Tell
from workbench.data.origins.inline import Inline
from workbench.data.origins.origin import Origin
from workbench.data.source import Source
from workbench.store.store import Store


def fetch(
    store: Store, origin: Origin, name: str, asked: Asked, tell: Tell, *, follows: Source | None = None
) -> Source:
    """Take a table from its origin, and register it.

    Parameters
    ----------
    name
        Name of the data source to be.
    follows
        The version that it follows; it is returned where the same table came again.

    Raises
    ------
    WorkbenchError
        Whatever the origin or the format refuses, ``data.name_taken``, ``data.version_taken``.
    """
    origin.test()
    with Arrival(store, name, origin.called, follows=follows) as arrival:
        try:
            if isinstance(origin, Inline):
                origin.write(arrival.raw)
                table = ingest(Job(origin.called, arrival.limits(), asked, raw=arrival.raw), tell)
                return arrival.register(table, kind=origin.kind, asked=asked)
            # Before it is read: what changes meanwhile is noticed the next time.
            told = origin.told() | {"stamp": origin.stamp()}
            table = ingest(Job(origin.called, arrival.limits(), asked, origin=told), tell)
        except OSError as error:
            raise arrival.not_stored(error) from error
        if follows is not None and read_so(table.sha256, asked) == follows.sha256:
            return follows
        return arrival.register(table, kind=origin.kind, asked=asked, origin=told)
