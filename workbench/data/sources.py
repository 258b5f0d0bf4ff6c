"""The data sources of a workspace: bring them in, find them, read them, delete them."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.data import samples
from workbench.data.formats.reader import Asked
from workbench.data.ingest.job import HEAD_ROWS, Tell
from workbench.data.intake import chunks, opened
from workbench.data.samples import Sample
from workbench.data.shelf import Shelf, key_of
from workbench.data.source import Source, SourceLine
from workbench.data.upload import Upload
from workbench.errors import BadRequest, Conflict, Gone, choices
from workbench.store.files import sha256_of
from workbench.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

VALUES_MOST = 100
"""Most values of a column that are listed one by one."""


class Sources:
    """The data sources that a workspace holds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shelf = Shelf(store)

    def upload(
        self,
        file: str | Path | BinaryIO,
        name: str | None = None,
        *,
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
        with opened(file) as (stream, called):
            if not (name or called):
                raise BadRequest("data.name_invalid", "A data source needs a name, and this file has none.")
            file_name = Path(called).name
            with self.begin_upload(name or file_name, file=file_name or None, kinds=kinds, **options) as upload:
                for chunk in chunks(stream, upload.file):
                    upload.write(chunk)
                return upload.finish()

    def begin_upload(
        self,
        name: str,
        size_bytes: int | None = None,
        *,
        file: str | None = None,
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
        kinds, **options
            As of `upload`.
        """
        self._shelf.drop_unneeded()
        return Upload(self._store, name, size_bytes, file=file, asked=Asked(kinds or {}, options))

    def samples(self) -> tuple[Sample, ...]:
        """Return the tables that come with Workbench."""
        return samples.SAMPLES

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
            with Upload(self._store, name, path.stat().st_size, file=path.name, kind="sample") as upload:
                upload.write(path.read_bytes())
                return upload.finish()
        except Conflict:
            # Another process may have stored it in the meantime.
            stored = self._same(name, sha256)
            if stored:
                return stored
            raise

    def retype(self, ref: str | Source, kinds: Mapping[str, str], tell: Tell = lambda *_: None) -> Source:
        """Read a data source anew, with other kinds for some columns, as its next version.

        Parameters
        ----------
        kinds
            As of `upload`; they are added to what was said of its columns before.

        Raises
        ------
        NotFound
            ``data.not_found``
        BadRequest
            ``spec.invalid`` when there is no such column, ``data.kind_unfit`` when a value does not fit its kind.
        Gone
            ``data.file_missing`` when what it was read from is not there any more.
        """
        source = self.get(ref)
        unknown = next((name for name in kinds if source.column(name) is None), None)
        if unknown is not None:
            raise BadRequest(
                "spec.invalid", f"{source.name} has no column '{unknown}'.", hint=choices(unknown, source.column_names)
            )
        asked = Asked({**source.format.get("kinds", {}), **kinds}, source.format.get("options", {}))
        raw = self._shelf.raw(source)
        if raw is None:
            raise Gone("data.file_missing", f'What "{source.name}" was read from is gone.', source=source.id)
        with raw.open("rb") as stream:
            upload = Upload(self._store, source.name, file=source.name, kind=source.kind, asked=asked, follows=source)
            with upload:
                for chunk in chunks(stream, upload.file):
                    upload.write(chunk)
                return upload.finish(tell)

    def get(self, ref: str | Source, *, hidden: bool = False) -> Source:
        """Find a data source by id or name, or one of its versions as ``NAME@2``.

        Parameters
        ----------
        hidden
            Whether a deleted source that a run or a batch used is found too, by its id.

        Raises
        ------
        NotFound
            ``data.not_found``, naming what there is.
        """
        return self._shelf.find(key_of(ref), hidden=hidden)

    def versions(self, ref: str | Source) -> builtins.list[Source]:
        """Return all versions of a data source, newest first."""
        return self._shelf.versions(self.get(ref))

    def of_run(self, source_id: str) -> Source:
        """Find the data source of an earlier run, for another one.

        Raises
        ------
        Gone
            ``data.file_missing`` when it was deleted, or its file is not there any more.
        """
        source = self.get(source_id, hidden=True)
        if source.is_deleted or not self._shelf.has_table(source):
            raise Gone(
                "data.file_missing",
                f'The data source "{source.name}" of that run is gone.',
                hint="Upload it again, and name it in a new run.",
                source=source.id,
            )
        return source

    def find_content(self, file: str | Path) -> Source | None:
        """Find the live data source that holds exactly a file's bytes, so that it need not be stored twice."""
        return self._shelf.with_content(sha256_of(Path(file)))

    def head(self, source: Source, rows: int = HEAD_ROWS) -> builtins.list[dict[str, Any]]:
        """Return the first rows as plain data that JSON can hold; a missing value is None."""
        kept = self._shelf.head(source) if rows <= HEAD_ROWS else None
        if kept is not None:
            return kept[:rows]
        from workbench.data.ingest import table

        return table.plain_rows(self._shelf.table(source), source.columns, rows)

    def values(self, source: Source, column: str) -> builtins.list[Any]:
        """Return a column's distinct values in their own order, as plain data that JSON can hold; no gaps.

        Raises
        ------
        BadRequest
            ``spec.invalid`` when there is no such column, or it has more than `VALUES_MOST` values.
        """
        from workbench.data.ingest import table

        found = source.column(column)
        if found is None:
            raise BadRequest(
                "spec.invalid", f"{source.name} has no column '{column}'.", hint=choices(column, source.column_names)
            )
        if found.distinct > VALUES_MOST:
            raise BadRequest(
                "spec.invalid",
                f"'{column}' of {source.name} has {found.distinct:,} values; at most {VALUES_MOST} can be listed.",
            )
        values = table.frame(self._shelf.table(source), [column])[column]
        return [table.plain(value, found) for value in sorted(values.dropna().unique().tolist())]

    def load(self, source: Source) -> pd.DataFrame:
        """Read a data source whole, with a fresh index, as ``pandas.read_csv`` would read its text.

        What is a number and what is text was decided when it was stored, so that every pandas gives the same table.

        Raises
        ------
        Gone
            ``data.file_missing`` when its file is not there any more.
        EngineFault
            ``artifact.hash_mismatch`` when its file is not what was stored.
        """
        from workbench.data.ingest import table

        return table.frame(self._shelf.table(source))

    def load_predicted(self, source: Source, path: Path, *, label_is_text: bool) -> pd.DataFrame:
        """Read what was predicted of a data source: its columns by its own kinds, and those that were added.

        Parameters
        ----------
        path
            A CSV file in which only an empty field is a gap, and whose first column beyond the source's is the label.
        label_is_text
            Whether labels are text whatever stands in them.
        """
        import pandas as pd

        from workbench.data.formats.kinds import exact

        labels = pd.read_csv(path, nrows=0).columns[len(source.columns) :][:1] if label_is_text else ()
        texts = dict.fromkeys((*source.texts, *labels), str)
        frame: pd.DataFrame = pd.read_csv(
            path, dtype=texts, keep_default_na=False, na_values=[""], low_memory=False, **exact()
        )
        return frame

    def is_here(self, source_id: str) -> bool:
        """Whether a data source's file is in this home, or nowhere to be looked for: it is not known any more."""
        return self._shelf.is_here(source_id)

    def path(self, source: Source) -> Path:
        """Return where a data source's table lies as Parquet, its content verified.

        Raises
        ------
        Gone, EngineFault
            As of `load`.
        """
        return self._shelf.table(source)

    def list(self) -> builtins.list[Source]:
        """Return the data sources, newest first."""
        return self._shelf.list()

    def lines(self) -> builtins.list[SourceLine]:
        """Return what a list shows of the data sources, newest first, without reading their facts."""
        return self._shelf.lines()

    def delete(self, ref: str | Source) -> None:
        """Delete a data source with all its versions, or one older version that is named by id or as ``NAME@2``.

        What a run or a batch used stays as a hidden row, its table as long as one that needs it is under way.

        Raises
        ------
        NotFound
            ``data.not_found``.
        Conflict
            ``data.in_use`` when a run was submitted on it at the same moment.
        """
        self._shelf.delete(key_of(ref))

    def _same(self, name: str, sha256: str) -> Source | None:
        stored = self._shelf.named(name)
        return stored if stored is not None and stored.sha256 == sha256 else None
