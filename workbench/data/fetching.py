"""A table taken from its origin: as a new data source, or as the next version of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.data.arrival import Arrival, read_so
from workbench.data.formats.reader import Asked
from workbench.data.ingest.child import ingest
from workbench.data.ingest.job import Ingested, Job, Tell
from workbench.data.options import asked_of
from workbench.data.origins.inline import Inline
from workbench.data.origins.origin import Origin
from workbench.data.origins.patience import paced
from workbench.data.shelf import Shelf
from workbench.data.source import Source
from workbench.store.store import Store
from workbench.store.tables import SourceRow


def fetch(
    store: Store,
    origin: Origin,
    name: str,
    asked: Asked,
    tell: Tell,
    *,
    follows: Source | None = None,
    action: str = "added",
) -> Source:
    """Take a table from its origin, and register it.

    Parameters
    ----------
    name
        Name of the data source to be.
    follows
        The version that it follows; it is returned where the same table came again. Where it was to be read otherwise
        and has changed besides, a notice says so.
    action
        As of `Arrival.register`.

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
                return arrival.register(table, kind=origin.kind, asked=asked, action=action)
            # Before it is read: what changes meanwhile is noticed the next time.
            told = origin.told() | {"stamp": origin.stamp()}
            # Whose server it is that a key names, nobody knows: it may send a byte a minute, and for ever.
            limited = paced(tell, origin.called) if "reach" in told else tell
            table = ingest(Job(origin.called, arrival.limits(), asked, origin=told), limited)
        except OSError as error:
            raise arrival.not_stored(error) from error
        if follows is not None and read_so(table.sha256, asked) == follows.sha256:
            return _restamped(store, follows, told)
        if follows is not None and _has_changed_too(store, follows, table, asked, told):
            notice = f"{origin.called} had changed since version {follows.version} was read; this is what it holds now."
            table = replace(table, notices=(*table.notices, notice))
        return arrival.register(table, kind=origin.kind, asked=asked, origin=told, action=action)


def _restamped(store: Store, source: Source, told: dict[str, Any]) -> Source:
    """Take note of the sign by which the place of a version that came again is known now."""
    place = Shelf(store).origin(source)
    if not _is_same_place(place, told) or place == told:
        return source
    with store.database.write() as session:
        row = session.get(SourceRow, source.id)
        if row is None:
            return source
        row.origin = told
        return Source.of(row).shown_to(store.actor)


def _has_changed_too(store: Store, before: Source, table: Ingested, asked: Asked, told: dict[str, Any]) -> bool:
    """Whether a table that was to be read otherwise is another one, too."""
    as_before = asked_of(before)
    if asked == as_before or not _is_same_place(Shelf(store).origin(before), told):
        return False
    # What came as rows has no bytes but those of the table, which are others when it is read otherwise.
    is_of_rows = table.sha256 == table.table_sha256
    return table.row_count != before.row_count if is_of_rows else read_so(table.sha256, as_before) != before.sha256


def _is_same_place(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one | {"stamp": None} == other | {"stamp": None}
