"""What is read of data sources: their rows, their tables, and what was found out about them."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.access.permissions import Permission
from workbench.data.ingest.job import HEAD_ROWS
from workbench.data.shelf import Shelf, key_of
from workbench.data.source import Source
from workbench.errors import BadRequest, Gone, choices
from workbench.pages import bounded
from workbench.store.needs import needs
from workbench.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from workbench.data.profile import Part, Profile

VALUES_MOST = 100
"""Most values of a column that are listed one by one."""


class Reading:
    """The data sources that a workspace holds, to be read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shelf = Shelf(store)

    @needs(Permission.DATA_READ)
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

    @needs(Permission.DATA_READ)
    def versions(self, ref: str | Source) -> builtins.list[Source]:
        """Return all versions of a data source, newest first."""
        return self._shelf.versions(self.get(ref))

    @needs(Permission.DATA_READ)
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

    @needs(Permission.DATA_READ)
    def head(self, source: Source, rows: int = HEAD_ROWS) -> builtins.list[dict[str, Any]]:
        """Return the first rows (1 … 1000) as plain data that JSON can hold; a missing value is None."""
        rows = bounded(rows)
        kept = self._shelf.head(source) if rows <= HEAD_ROWS else None
        if kept is not None:
            return kept[:rows]
        from workbench.data.ingest import table

        return table.plain_rows(self._shelf.table(source), source.columns, rows)

    @needs(Permission.DATA_READ)
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

    @needs(Permission.DATA_READ)
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

    @needs(Permission.DATA_READ)
    def load_predicted(self, source: Source, path: Path, *, label_is_text: bool) -> pd.DataFrame:
        """Read what was predicted of a data source: its columns by its own kinds, and those that were added.

        Parameters
        ----------
        path
            A CSV file in which only an empty field is a gap, and whose first column beyond the source's is the label.
        label_is_text
            Whether labels are text whatever stands in them.
        """
        from workbench.data.predicted import frame

        return frame(source, path, label_is_text=label_is_text)

    @needs(Permission.DATA_READ)
    def is_here(self, source_id: str) -> bool:
        """Whether a data source's file is in this home, or nowhere to be looked for: it is not known any more."""
        return self._shelf.is_here(source_id)

    @needs(Permission.DATA_READ)
    def path(self, source: Source) -> Path:
        """Return where a data source's table lies as Parquet, its content verified.

        Raises
        ------
        Gone, EngineFault
            As of `load`.
        """
        return self._shelf.table(source)

    @needs(Permission.DATA_READ)
    def profile(self, ref: str | Source, *, against: str | Source | None = None, target: str | None = None) -> Profile:
        """Return what is known of a table so far, and have the rest computed by a process of its own.

        It does not wait: ask again until it is complete, or use `profiled`. What was computed once is kept.

        Parameters
        ----------
        against
            Another version, from which the drift is told; None: none is.
        target
            The column that is to be predicted, which is then looked at from all others; None: none is.

        Raises
        ------
        NotFound
            ``data.not_found``
        BadRequest
            ``spec.target_missing`` when the table has no such column.
        Gone
            ``data.file_missing`` when its file is not there any more.
        """
        from workbench.data import profile

        return profile.ask(*self._to_profile(ref, against), target)

    @needs(Permission.DATA_READ)
    def profiled(
        self,
        ref: str | Source,
        *,
        against: str | Source | None = None,
        target: str | None = None,
        patience_s: float = 600,
    ) -> Iterator[Part]:
        """Give the parts of a table's profile as they are computed; arguments and errors as of `profile`.

        Parameters
        ----------
        patience_s
            Seconds after which it ends, whatever is missing then.
        """
        from workbench.data import profile

        return profile.follow(*self._to_profile(ref, against), target, patience_s=patience_s)

    def _to_profile(self, ref: str | Source, against: str | Source | None) -> tuple[Path, Source, Source | None]:
        source = self._with_table(self.get(ref))
        before = None if against is None else self._with_table(self.get(against))
        return self._shelf.folder, source, before

    def _with_table(self, source: Source) -> Source:
        if source.table_sha256 and self._shelf.has_table(source):
            return source
        self._shelf.table(source)
        return self._shelf.find(source.id)
