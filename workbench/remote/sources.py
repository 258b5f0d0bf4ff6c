"""The data sources of a workspace, over HTTP: what `Workbench.data` is."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.data.ingest.job import HEAD_ROWS, Tell
from workbench.data.intake import carried
from workbench.data.samples import Sample
from workbench.data.source import Source, SourceLine
from workbench.errors import Conflict, Gone, Unavailable
from workbench.pages import bounded
from workbench.remote import handed
from workbench.remote.api import Api
from workbench.remote.patience import Patience
from workbench.remote.profiles import followed, profile_of
from workbench.remote.upload import Upload
from workbench.store.files import sha256_of

if TYPE_CHECKING:
    import pandas as pd

    from workbench.data.profile import Part, Profile

READ_S = 3600.0
"""How long the API may take to fetch a table and to read it."""


class Sources:
    """The data sources that a workspace holds; see `workbench.data.sources.Sources`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def upload(
        self,
        file: str | Path | BinaryIO,
        name: str | None = None,
        *,
        follows: str | Source | None = None,
        kinds: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Source:
        """Send a table's file of this machine in chunks, as a data source.

        Where the answer to a file is lost it is sent again, and the API answers again what it has made of the first,
        once it has made it.
        """
        key = str(uuid.uuid4())

        def begin(name: str, **asked: Any) -> Upload:
            return self._begin(name, key=key, **asked)

        working, absent = Patience.of(READ_S), None
        while True:
            try:
                return carried(begin, file, name, follows=follows, kinds=kinds, **options)
            except (Conflict, Unavailable) as error:
                patience = working
                if isinstance(error, Unavailable):
                    patience = absent = absent or Patience.of(self._api.timeout_s)
                if not isinstance(file, str | Path) or not patience.after(error):
                    raise

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
        """Open an upload that takes its bytes in chunks; what the API refuses is raised by its next call."""
        key = str(uuid.uuid4())
        return self._begin(name, size_bytes, key=key, file=file, follows=follows, kinds=kinds, **options)

    def samples(self) -> tuple[Sample, ...]:
        """Return the tables that come with Workbench."""
        return tuple(self._api.all_of(Sample, self._api.get("samples")))

    def sample(self, name: str) -> Source:
        """Store a table that comes with Workbench, or return it where it is stored already."""
        return self._api.of(Source, self._api.post("samples", name))

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
        """Have a table taken from where it lies, or send one that is in memory here.

        A path is one of the API's machine, and takes its owner; `upload` sends a file of this one. A table in memory
        comes to lie there as an uploaded one. Of how far it is, `tell` is told the beginning alone.
        """
        tell("fetching", 0, None)
        if not isinstance(what, str | Path):
            with handed.over(what, name or "table", self._api.folder) as path:
                return self.upload(path, name or "table", follows=follows, kinds=kinds, **options)
        place = {"what": str(what), "table": table, "query": query}
        told = {"name": name, "follows": _key(follows), "kinds": kinds and dict(kinds), "options": options}
        return self._made("data-sources", body={**place, **told})

    def test(self, what: Any, *, table: str | None = None, query: str | None = None, **options: Any) -> None:
        """Find out whether the API can reach what `add` takes."""
        if not isinstance(what, str | Path):
            handed.check(what)
            return
        body = {"what": str(what), "table": table, "query": query, "options": options}
        self._api.post("data-sources", "test", body=body, timeout_s=READ_S)

    def refresh(self, ref: str | Source, tell: Tell = lambda *_: None) -> Source:
        """Have a data source taken from its place again: its next version, or the same where nothing has changed."""
        tell("fetching", 0, None)
        return self._made("data-sources", _key(ref), "refresh")

    def has_changed(self, source: Source) -> bool:
        """Whether what a data source was taken from looks otherwise now; False where that cannot be told cheaply."""
        return bool(self._api.get("data-sources", source.id, "changed")["changed"])

    def retype(
        self,
        ref: str | Source,
        kinds: Mapping[str, str | None] | None = None,
        tell: Tell = lambda *_: None,
        **options: Any,
    ) -> Source:
        """Have a data source read anew and otherwise, as its next version."""
        tell("reading", 0, None)
        return self._made("data-sources", _key(ref), "retype", body={"kinds": dict(kinds or {}), "options": options})

    def find_content(self, file: str | Path) -> Source | None:
        """Find the live data source that holds exactly a file's bytes, so that it need not be sent."""
        found = self._all(sha256=sha256_of(Path(file)))
        return found[-1] if found else None

    def list(self) -> builtins.list[Source]:
        """Return the data sources, newest first."""
        return self._all()

    def lines(self) -> builtins.list[SourceLine]:
        """Return what a list shows of the data sources, newest first, without their facts."""
        return self._api.all_of(SourceLine, self._api.listed("data-sources", facts=False))

    def delete(self, ref: str | Source) -> None:
        """Delete a data source with all its versions, or one of them."""
        self._api.delete("data-sources", _key(ref))

    def get(self, ref: str | Source, *, hidden: bool = False) -> Source:
        """Find a data source by id or name, or one of its versions as ``NAME@2``."""
        return self._api.of(Source, self._api.get("data-sources", _key(ref), hidden=hidden or None))

    def versions(self, ref: str | Source) -> builtins.list[Source]:
        """Return all versions of a data source, newest first."""
        return self._api.all_of(Source, self._api.listed("data-sources", _key(ref), "versions"))

    def of_run(self, source_id: str) -> Source:
        """Find the data source of an earlier run, for another one."""
        source = self.get(source_id, hidden=True)
        if source.is_deleted:
            raise Gone(
                "data.file_missing",
                f'The data source "{source.name}" of that run is gone.',
                hint="Upload it again, and name it in a new run.",
                source=source.id,
            )
        return source

    def head(self, source: Source, rows: int = HEAD_ROWS) -> builtins.list[dict[str, Any]]:
        """Return the first rows as plain data that JSON can hold; a missing value is None."""
        found: builtins.list[dict[str, Any]] = self._api.get("data-sources", source.id, "head", rows=bounded(rows))
        return found

    def values(self, source: Source, column: str) -> builtins.list[Any]:
        """Return a column's distinct values in their own order, as plain data that JSON can hold; no gaps."""
        found: builtins.list[Any] = self._api.get("data-sources", source.id, "values", column=column)
        return found

    def load(self, source: Source) -> pd.DataFrame:
        """Fetch a data source whole, and read it as it is read where it lies."""
        from workbench.data.ingest import table

        return table.frame(self.path(source))

    def load_predicted(self, source: Source, path: Path, *, label_is_text: bool) -> pd.DataFrame:
        """Read what was predicted of a data source from a file of this machine."""
        from workbench.data.predicted import frame

        return frame(source, path, label_is_text=label_is_text)

    def path(self, source: Source) -> Path:
        """Fetch a data source's table as Parquet, verified, and return where it lies until the workbench is closed."""
        return self._api.fetched(f"{source.id}.parquet", "data-sources", source.id, "table", sha256=source.table_sha256)

    def profile(self, ref: str | Source, *, against: str | Source | None = None, target: str | None = None) -> Profile:
        """Return what is known of a table so far, and have the rest computed; it does not wait."""
        return profile_of(self._api, _key(ref), _key(against), target)

    def profiled(
        self,
        ref: str | Source,
        *,
        against: str | Source | None = None,
        target: str | None = None,
        patience_s: float = 600,
    ) -> Iterator[Part]:
        """Give the parts of a table's profile as they are computed."""
        return followed(lambda: self.profile(ref, against=against, target=target), patience_s)

    def _begin(
        self,
        name: str,
        size_bytes: int | None = None,
        *,
        key: str,
        file: str | None = None,
        follows: str | Source | None = None,
        kinds: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Upload:
        asked = {"follows": _key(follows), "kinds": kinds and dict(kinds), "options": options or None}
        return Upload(self._api, name, size_bytes, file=file, asked=asked, key=key)

    def _made(self, *path: str, body: Any = None) -> Source:
        return self._api.of(Source, self._api.post(*path, body=body, timeout_s=READ_S))

    def _all(self, **asked: Any) -> builtins.list[Source]:
        return self._api.all_of(Source, self._api.listed("data-sources", **asked))


def _key(ref: Any) -> Any:
    return ref.id if isinstance(ref, Source) else ref
