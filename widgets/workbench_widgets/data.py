"""The data panel: bring a table, look at it, choose it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from workbench.data.source import Source, SourceLine
from workbench.data.upload import Upload
from workbench_widgets.desk import Desk
from workbench_widgets.live import Feeder
from workbench_widgets.panel import Command, Panel, script

PREVIEW_ROWS = 20


class DataPanel(Panel):
    """Upload by acknowledged chunks, samples, preview, and a line about each column."""

    _esm = script("data")

    def __init__(self, desk: Desk, feeder: Feeder) -> None:
        self._desk = desk
        self._feeder = feeder
        self._uploads: dict[str, Upload] = {}
        data = desk.workbench.data
        super().__init__(
            desk.workbench,
            samples=[
                {"name": sample.name, "title": sample.title, "rows": sample.rows, "about": sample.about}
                for sample in data.samples()
            ],
            sources=[],
            source=None,
            limit=desk.workbench.settings.upload_limit,
        )
        self.feed()

    @property
    def commands(self) -> Mapping[str, Command]:
        return {
            "begin": self._begin,
            "chunk": self._chunk,
            "finish": self._finish,
            "abort": self._abort,
            "sample": self._sample,
            "choose": self._choose,
            "delete": self._delete,
        }

    def feed(self) -> bool:
        with self._feeding:
            # Before the list is read: a source that is chosen afterwards may not be in it.
            chosen = self._desk.source_id
            sources = self.workbench.data.lines()
            if chosen not in {source.id for source in sources}:
                chosen = self._desk.replace_source(chosen, sources[0].id if sources else None)
            self.show(sources=[_line(source) for source in sources])
            if (self._view["source"] or {}).get("id") != chosen:
                self.show(source=None if chosen is None else self._detail(self.workbench.data.get(chosen)))
            return False

    def close(self) -> None:
        super().close()
        while self._uploads:
            self._uploads.popitem()[1].abort()

    def _detail(self, source: Source) -> dict[str, Any]:
        return source.as_dict() | {
            "preview": self.workbench.data.head(source, PREVIEW_ROWS),
        }

    def _begin(self, name: str, size: int) -> dict[str, Any]:
        upload = self.workbench.data.begin_upload(name, size, file=name)
        ticket = secrets.token_hex(8)
        self._uploads[ticket] = upload
        return {"ticket": ticket}

    def _chunk(self, buffers: list[memoryview], ticket: str) -> dict[str, Any]:
        upload = self._uploads[ticket]
        try:
            upload.write(bytes(buffers[0]))
        except BaseException:
            self._uploads.pop(ticket).abort()
            raise
        return {"received": upload.received}

    def _finish(self, ticket: str) -> dict[str, Any]:
        source = self._uploads.pop(ticket).finish()
        self._take(source)
        return {"id": source.id, "notices": list(source.notices)}

    def _abort(self, ticket: str) -> None:
        upload = self._uploads.pop(ticket, None)
        if upload is not None:
            upload.abort()

    def _sample(self, name: str) -> dict[str, Any]:
        source = self.workbench.data.sample(name)
        self._take(source)
        return {"id": source.id}

    def _choose(self, id: str) -> None:
        self._take(self.workbench.data.get(id))

    def _delete(self, id: str) -> None:
        self.workbench.data.delete(id)
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
        "kind": source.kind,
        "rows": source.row_count,
        "columns": source.column_count,
        "size": source.size_bytes,
    }
