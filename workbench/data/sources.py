"""The data sources of a workspace: bring them in, find them, read them, delete them."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from workbench.access.permissions import Permission
from workbench.data import origins, samples
from workbench.data.fetching import fetch
from workbench.data.formats.reader import FORMAT_OPTIONS, Asked
from workbench.data.ingest.job import Tell
from workbench.data.intake import carried, chunks
from workbench.data.options import asked_of, changed
from workbench.data.origins import reach
from workbench.data.origins.inline import Inline
from workbench.data.origins.origin import Origin
from workbench.data.reading import Reading
from workbench.data.samples import Sample
from workbench.data.shelf import key_of
from workbench.data.source import Source, SourceLine
from workbench.data.upload import Upload
from workbench.errors import BadRequest, Conflict, Gone, WorkbenchError, choices
from workbench.store.files import sha256_of
from workbench.store.needs import needs

_OF_PLACES = (
    "data.driver_missing",
    "data.file_missing",
    "data.not_a_table",
    "data.query_failed",
    "data.secret_missing",
    "data.source_denied",
    "data.source_invalid",
    "data.source_unreachable",
    "data.too_large",
)
"""Errors whose sentence may name a path, a host or a user."""
_UNREPEATED = {"upload": "an upload", "inline": "from memory", "sample": "a sample"}


class Sources(Reading):
    """The data sources that a workspace holds."""

    @needs(Permission.DATA_WRITE)
    def upload(
        self,
        file: str | Path | BinaryIO,
        name: str | None = None,
        *,
        follows: str | Source | None = None,
        kinds: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Source:
        """Store a table's file as a data source, reading it in chunks of 1 MiB.

        Parameters
        ----------
        file
            A path, or a file opened in binary mode: CSV and the like, Parquet, Feather, JSON lines, Excel; packed by
            gzip or zip, too.
        name
            Name of the data source; None: the file's name without its ending.
        follows
            The data source of which it is the next version; its name then stays.
        kinds
            Column → ``text``, ``number``, ``date``, or ``date:`` and how its dates are written, as in
            ``date:%d/%m/%Y``; the others are found out.
        **options
            What the format takes, such as ``sheet`` of a workbook or ``delimiter`` of a text table.

        Raises
        ------
        BadRequest
            When there is no such file, or it is not a table that can be read; the code says which.
        Conflict
            ``data.name_taken``.
        TooLarge
            ``data.too_large``.
        """
        return carried(self.begin_upload, file, name, follows=follows, kinds=kinds, **options)

    @needs(Permission.DATA_WRITE, changes=False)
    def begin_upload(
        self,
        name: str,
        size_bytes: int | None = None,
        *,
        file: str | None = None,
        follows: str | Source | None = None,
        kinds: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Upload:
        """Open an upload that takes its bytes in chunks; see `Upload`.

        Parameters
        ----------
        name
            Name of the data source, or the file's name, whose ending is dropped.
        size_bytes
            How many bytes will come, where that is known: too many are then refused at once.
        file
            What the user calls the file, for messages; None: `name`.
        follows, kinds, **options
            As of `upload`.
        """
        self._shelf.drop_unneeded()
        before = None if follows is None else self._current(follows)
        asked = _asked(before, kinds, options)
        return Upload(self._store, name, size_bytes, file=file, asked=asked, follows=before)

    @needs(Permission.DATA_READ)
    def samples(self) -> tuple[Sample, ...]:
        """Return the tables that come with Workbench."""
        return samples.SAMPLES

    @needs(Permission.DATA_WRITE)
    def sample(self, name: str) -> Source:
        """Store a table that comes with Workbench, or return it where it is stored already.

        Raises
        ------
        NotFound
            ``data.unknown_sample``.
        Conflict
            ``data.name_taken`` when another table has the sample's name.
        """
        path = samples.find(name).path
        sha256 = sha256_of(path)
        stored = self._same(name, sha256)
        if stored:
            return stored
        try:
            size = path.stat().st_size
            with Upload(self._store, name, size, file=path.name, kind="sample", action="added") as upload:
                upload.write(path.read_bytes())
                return upload.finish()
        except Conflict:
            # Another process may have stored it in the meantime.
            stored = self._same(name, sha256)
            if stored:
                return stored
            raise

    @needs(Permission.DATA_WRITE)
    def add(
        self,
        what: Any,
        name: str | None = None,
        *,
        table: str | None = None,
        query: str | None = None,
        follows: str | Source | None = None,
        kinds: Mapping[str, str] | None = None,
        tell: Tell = lambda *_: None,
        **options: Any,
    ) -> Source:
        """Take a table from where it lies, and remember the place: `refresh` takes it from there again.

        Parameters
        ----------
        what
            A path of a file or a folder of tables; an address such as ``s3://BUCKET/KEY`` or ``https://…``; a
            database's SQLAlchemy URL, with `table` or `query`; or a table in memory: a data frame, records, an Arrow
            table. A password in an address is named, as in ``postgresql://me:${PGPASSWORD}@db/sales``: an environment
            variable, or ``${keyring:SERVICE/USER}``.
        name
            Name of the data source; None: that of the file or the table.
        table, query
            What to read from a database.
        follows
            The data source of which it is the next version; its name then stays. Where the same table comes from the
            place, it is returned as it is.
        kinds, **options
            As of `upload`; all other options, such as ``endpoint_url``, go to the store that the address is of.
        tell
            Called as it goes on; see `workbench.data.ingest.job.Tell`. What it raises ends the work.

        Raises
        ------
        WorkbenchError
            Each in a sentence: what cannot be reached, read or stored, and why; ``data.name_taken``.
        """
        origin = self._origin(what, name, table, query, options)
        before = None if follows is None else self._current(follows)
        asked = _asked(before, kinds, {option: value for option, value in options.items() if option in FORMAT_OPTIONS})
        return fetch(self._store, origin, name or origin.called, asked, tell, follows=before)

    @needs(Permission.DATA_WRITE, changes=False)
    def test(self, what: Any, *, table: str | None = None, query: str | None = None, **options: Any) -> None:
        """Find out whether what `add` takes can be reached.

        Raises
        ------
        WorkbenchError
            One sentence on what is in the way.
        """
        self._origin(what, None, table, query, options).test()

    @needs(Permission.DATA_WRITE)
    def refresh(self, ref: str | Source, tell: Tell = lambda *_: None) -> Source:
        """Take a data source from its place again: its next version, or the same where nothing has changed.

        Raises
        ------
        BadRequest
            ``data.source_invalid`` when it has no such place: it was uploaded, or handed over from memory.
        WorkbenchError
            As of `add`.
        """
        source = self._current(ref)
        if not source.origin:
            what = _UNREPEATED.get(source.kind, source.kind)
            raise BadRequest(
                "data.source_invalid",
                f'"{source.name}" is {what}: there is no place to read it from again.',
                hint="Upload its next version.",
            )
        with self._without_places(source):
            origin, asked = origins.of(self._shelf.origin(source)), asked_of(source)
            return fetch(self._store, origin, source.name, asked, tell, follows=source, action="refreshed")

    @needs(Permission.DATA_READ)
    def has_changed(self, source: Source) -> bool:
        """Whether what a data source was taken from looks otherwise now; False where that cannot be told cheaply.

        Raises
        ------
        WorkbenchError
            When it cannot be reached.
        """
        place = self._shelf.origin(source)
        with self._without_places(source):
            return place.get("stamp") is not None and origins.of(place).stamp() != place["stamp"]

    @needs(Permission.DATA_WRITE)
    def retype(
        self,
        ref: str | Source,
        kinds: Mapping[str, str | None] | None = None,
        tell: Tell = lambda *_: None,
        **options: Any,
    ) -> Source:
        """Read a data source anew and otherwise, from what came at first or from its place, as its next version.

        Parameters
        ----------
        kinds
            As of `upload`; they are added to what was said of its columns before, None takes that back. What was said
            of a column that it does not have when read so is void.
        **options
            What the format takes, such as another ``sheet``, ``member``, ``delimiter``, ``encoding`` or ``header_row``;
            added to what was said before, None takes that back. What there is to choose from:
            `workbench.data.options.options_of`.

        Raises
        ------
        NotFound
            ``data.not_found``
        BadRequest
            ``spec.invalid`` when there is no such column, ``data.kind_unfit`` when a value does not fit its kind,
            ``data.unknown_option`` when the format has no such option, or it cannot be that; what else it refuses.
        Gone
            ``data.file_missing`` when what it was read from is not there any more.
        """
        source, kinds = self._current(ref), kinds or {}
        unknown = next((name for name in kinds if source.column(name) is None), None)
        if unknown is not None and not options:
            raise BadRequest(
                "spec.invalid", f"{source.name} has no column '{unknown}'.", hint=choices(unknown, source.column_names)
            )
        before = asked_of(source)
        asked = changed(before, kinds, options)
        if asked == before and not source.origin:
            return source
        try:
            return self._read_again(source, asked, tell)
        except BadRequest as error:
            absent = error.about.get("absent", ())
            if not absent or not options or any(name in kinds for name in absent):
                raise
            there = {name: kind for name, kind in asked.kinds.items() if name not in absent}
            return self._read_again(source, Asked(there, asked.options), tell)

    def _read_again(self, source: Source, asked: Asked, tell: Tell) -> Source:
        if source.origin:
            with self._without_places(source):
                origin = origins.of(self._shelf.origin(source))
                return fetch(self._store, origin, source.name, asked, tell, follows=source, action="retyped")
        raw = self._shelf.raw(source)
        if raw is None:
            raise Gone("data.file_missing", f'What "{source.name}" was read from is gone.', source=source.id)
        with raw.open("rb") as stream:
            upload = Upload(
                self._store,
                source.name,
                file=source.name,
                kind=source.kind,
                asked=asked,
                follows=source,
                action="retyped",
            )
            with upload:
                for chunk in chunks(stream, upload.file):
                    upload.write(chunk)
                return upload.finish(tell)

    @needs(Permission.DATA_READ)
    def find_content(self, file: str | Path) -> Source | None:
        """Find the live data source that holds exactly a file's bytes, so that it need not be stored twice."""
        return self._shelf.with_content(sha256_of(Path(file)))

    @needs(Permission.DATA_READ)
    def list(self) -> builtins.list[Source]:
        """Return the data sources, newest first."""
        return self._shelf.list()

    @needs(Permission.DATA_READ)
    def lines(self) -> builtins.list[SourceLine]:
        """Return what a list shows of the data sources, newest first, without reading their facts."""
        return self._shelf.lines()

    @needs(Permission.DATA_WRITE)
    def delete(self, ref: str | Source) -> None:
        """Delete a data source with all its versions, or one of them: any as ``NAME@2``, an older one by its id too.

        Where the newest one goes alone, the one before it becomes the newest. What a run or a batch used stays as a
        hidden row, its table as long as one that needs it is under way.

        Raises
        ------
        NotFound
            ``data.not_found``.
        Conflict
            ``data.in_use`` when a run was submitted on it at the same moment.
        """
        self._shelf.delete(key_of(ref))

    def _current(self, ref: str | Source) -> Source:
        """Find the newest version of a data source."""
        source = self.get(ref)
        return source if source.is_current else self._shelf.versions(source)[0]

    def _origin(
        self, what: Any, name: str | None, table: str | None, query: str | None, options: Mapping[str, Any]
    ) -> Origin:
        """Return what is meant, as far as whoever acts may have it fetched."""
        if self._store.actor.key_id is None:
            return _origin(what, name, table, query, options)
        reach.check(what)
        hosts = reach.named_hosts(self._store.settings.fetch_hosts)
        return reach.limited(_origin(what, name, table, query, options), hosts)

    @contextmanager
    def _without_places(self, source: Source) -> Iterator[None]:
        """Have errors say nothing of a place that whoever acts is not shown."""
        try:
            yield
        except WorkbenchError as error:
            if self._store.actor.sees_places or error.code not in _OF_PLACES or "reach" in source.origin:
                raise
            failure = type(error)(
                error.code,
                f'"{source.name}" cannot be read from its place now.',
                hint="In Python or Jupyter on the server, whoever may add data sources is told why.",
                **{name: value for name, value in error.about.items() if name == "retry_after_s"},
            )
        else:
            return
        # Beyond the handler: what led to it names the place.
        raise failure

    def _same(self, name: str, sha256: str) -> Source | None:
        stored = self._shelf.named(name)
        return stored if stored is not None and stored.sha256 == sha256 else None


def _asked(before: Source | None, kinds: Mapping[str, str] | None, options: Mapping[str, Any]) -> Asked:
    """Return what the user decides of a table; what was decided of the version before it where nothing is said."""
    return asked_of(before) if before is not None and not kinds and not options else Asked(kinds or {}, options)


def _origin(what: Any, name: str | None, table: str | None, query: str | None, options: Mapping[str, Any]) -> Origin:
    if not isinstance(what, str | Path):
        return Inline(what, name or "table")
    others = {option: value for option, value in options.items() if option not in FORMAT_OPTIONS}
    return origins.named(what, table=table, query=query, options=others)
