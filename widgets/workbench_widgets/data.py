"""The data panel: bring a table, look at it, choose it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from workbench.data import origins
from workbench.data.ingest.job import Tell
from workbench.data.options import options_of
from workbench.data.source import Source, SourceLine
from workbench.errors import BadRequest, Conflict, Gone, NotFound
from workbench_widgets.advising import BESIDE, Question
from workbench_widgets.bringing import Bringing, Cancelled, Work
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script
from workbench_widgets.profiling import Looked, line

PREVIEW_ROWS = 20
_FIELDS = ("what", "name", "size_bytes", "file", "follows", "table", "query", "kinds", "ref", "tell")
"""What the engine takes beside options."""


class DataPanel(Panel):
    """Upload by acknowledged chunks, places, samples, versions, preview, and a line about each column."""

    _esm = script("options", "reading", "works", "place", "columns", "kinds", "versions", "advice", "data")

    beside = BESIDE | {"finish", "add", "test", "refresh", "has_changed", "retype"}

    def __init__(self, desk: Desk, feeder: Feeder) -> None:
        self._desk = desk
        self._feeder = feeder
        self._mark: tuple[str | None, str | None] | None = None
        self._bringing = Bringing(lambda works: self.show(works=works))
        data = desk.workbench.data
        super().__init__(
            desk.workbench,
            samples=[
                {"name": sample.name, "title": sample.title, "rows": sample.rows, "about": sample.about}
                for sample in data.samples()
            ],
            sources=[],
            source=None,
            sparks={},
            works=[],
            cards=[],
            limit=desk.workbench.settings.upload_limit,
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            "begin": self._begin,
            "chunk": self._chunk,
            "finish": self._finish,
            "cancel": self._bringing.cancel,
            "add": self._add,
            "test": self._test,
            "refresh": self._refresh,
            "has_changed": self._has_changed,
            "retype": self._retype,
            "sample": self._sample,
            "choose": self._choose,
            "delete": self._delete,
            **self._desk.advising.commands(self._feeder.wake),
        }

    def feed(self) -> bool:
        with self._feeding:
            # Before the list is read: a source that is chosen afterwards may not be in it.
            chosen = self._desk.source_id
            lines = self.workbench.data.lines()
            known = {line.id: line.id for line in lines}
            if chosen not in known:
                known |= self._older(chosen, lines)
            if chosen not in known:
                chosen = self._desk.replace_source(chosen, self._instead(lines))
            self.show(sources=[_line(line) for line in lines])
            # A table is shown anew when there is a newer version of it, too.
            mark = (chosen, known.get(chosen or ""))
            if mark != self._mark:
                self.show(source=None if chosen is None else self._shown(chosen), sparks={})
                self._mark = mark
            asked = [] if chosen is None else [Question("dataset_analyst", "source", chosen)]
            self.show(cards=self._desk.advising.cards(asked))
            return self._draw_bars(self._desk.profiling.look(chosen))

    def _draw_bars(self, looked: Looked) -> bool:
        """Show the bars of columns that are profiled by now; return whether there are more to come."""
        drawn = self._view["sparks"]
        new = {column.name: line(column) for column in looked.profile.columns if column.name not in drawn}
        if new:
            self.show(put={"sparks": new})
        return not looked.is_over

    @property
    def on_their_way(self) -> list[str]:
        """Tables that are being brought in."""
        return self._bringing.names

    def close(self) -> None:
        super().close()
        self._bringing.close()

    def _older(self, chosen: str | None, lines: list[SourceLine]) -> dict[str, str]:
        """Return the id of an older version with that of the newest; nothing where it is not there any more."""
        if chosen is None:
            return {}
        try:
            name = self.workbench.data.get(chosen).name
        except NotFound:
            return {}
        return {chosen: next((line.id for line in lines if line.name == name), chosen)}

    def _instead(self, lines: list[SourceLine]) -> str | None:
        """Choose another table for one that is gone: what is left of it, or the newest."""
        shown = (self._view["source"] or {}).get("name")
        return next((line.id for line in (*(line for line in lines if line.name == shown), *lines)), None)

    def _shown(self, id: str) -> dict[str, Any]:
        try:
            return self._detail(self.workbench.data.get(id))
        except Gone:
            # Where it was deleted while it was looked at, it is not found any more.
            self.workbench.data.get(id)
            raise

    def _detail(self, source: Source) -> dict[str, Any]:
        versions = self.workbench.data.versions(source)
        return source.as_dict() | {
            "preview": self.workbench.data.head(source, PREVIEW_ROWS),
            "place": _place(source),
            "reading": [asdict(option) for option in options_of(source)],
            "versions": [
                {
                    "id": each.id,
                    "version": each.version,
                    "kind": each.kind,
                    "rows": each.row_count,
                    "columns": len(each.columns),
                    "size": each.size_bytes,
                    "created": each.created_at.isoformat(),
                }
                for each in versions
            ],
        }

    def _begin(
        self,
        work: str,
        name: str,
        size: int,
        called: str | None = None,
        follows: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        said = _checked(options)
        with self._showing_what_is_in_the_way():
            upload = self.workbench.data.begin_upload(called or name, size, file=name, follows=follows, **said)
        self._bringing.begin(work, upload, size)

    def _chunk(self, buffers: list[memoryview], work: str) -> dict[str, Any]:
        return {"received": self._bringing.take(work, buffers[0])}

    def _finish(self, work: str) -> dict[str, Any]:
        return self._brought(lambda: self._bringing.finish(work))

    def _add(
        self,
        work: str,
        what: str,
        name: str | None = None,
        table: str | None = None,
        query: str | None = None,
        follows: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        said = _checked(options)

        def bring(tell: Tell) -> Source:
            return self.workbench.data.add(what, name, table=table, query=query, follows=follows, tell=tell, **said)

        # Refused before any page sees it, where a secret stands in it.
        called = origins.named(what, table=table, query=query).called
        return self._carried(Work(work, "add", name or called), bring)

    def _test(
        self, what: str, table: str | None = None, query: str | None = None, options: Mapping[str, Any] | None = None
    ) -> None:
        self.workbench.data.test(what, table=table, query=query, **_checked(options))

    def _refresh(self, work: str, id: str) -> dict[str, Any]:
        source = self.workbench.data.get(id)
        return self._carried(Work(work, "refresh", source.name), lambda tell: self.workbench.data.refresh(source, tell))

    def _has_changed(self, id: str) -> bool:
        return self.workbench.data.has_changed(self.workbench.data.get(id))

    def _retype(
        self, work: str, id: str, kinds: Mapping[str, str | None], options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        source, said = self.workbench.data.get(id), _checked(options)
        return self._carried(
            Work(work, "retype", source.name), lambda tell: self.workbench.data.retype(source, kinds, tell, **said)
        )

    def _carried(self, work: Work, bring: Callable[[Tell], Source]) -> dict[str, Any]:
        return self._brought(lambda: self._bringing.carry(work, bring))

    def _brought(self, bring: Callable[[], Source]) -> dict[str, Any]:
        """Bring a table, and have it shown; tell where that was ended instead."""
        try:
            with self._showing_what_is_in_the_way():
                source = bring()
        except Cancelled:
            return {"cancelled": True}
        is_same = source.id == self._desk.source_id
        self._take(source)
        return {"id": source.id, "version": source.version, "is_same": is_same}

    @contextmanager
    def _showing_what_is_in_the_way(self) -> Iterator[None]:
        """Show what is there by now before a table is refused for it: the page offers ways around what it knows."""
        try:
            yield
        except Conflict:
            self.feed()
            raise

    def _sample(self, name: str) -> dict[str, Any]:
        source = self.workbench.data.sample(name)
        self._take(source)
        return {"id": source.id}

    def _choose(self, id: str) -> None:
        self._take(self.workbench.data.get(id))

    def _delete(self, id: str) -> None:
        self.workbench.data.delete(id)
        self._mark = None
        self.feed()
        self._feeder.wake()

    def _take(self, source: Source) -> None:
        self._desk.choose(source.id)
        self.feed()
        self._feeder.wake()


def _line(source: SourceLine) -> dict[str, Any]:
    return {
        "id": source.id,
        "name": source.name,
        "version": source.version,
        "kind": source.kind,
        "rows": source.row_count,
        "columns": source.column_count,
        "size": source.size_bytes,
    }


def _place(source: Source) -> str | None:
    """Say where a table is read from again; None where it cannot be."""
    origin = source.origin
    if not origin:
        return None
    where = str(origin.get("path") or origin.get("url") or "")
    within = origin.get("table") or origin.get("query")
    return f"{where} · {' '.join(str(within).split())}" if within else where


def _checked(options: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Refuse a typed option that would take the place of a field of the form."""
    taken = next((name for name in options or () if name in _FIELDS), None)
    if taken is not None:
        raise BadRequest("data.unknown_option", f"There is no option {taken}.", option=taken)
    return options or {}
