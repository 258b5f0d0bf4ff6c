"""What an export is made of, whatever its kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.exports import imported, shipped
from workbench.exports.manifest import Manifest
from workbench.exports.requirements import PREDICTS, Environment
from workbench.store.artifacts import PIPELINE, SAMPLE, SCHEMA


@dataclass(frozen=True)
class Contents:
    """A pipeline, verified, with all that it takes to predict.

    Attributes
    ----------
    files
        Name → bytes of what the manifest names.
    reference
        Summary of what it learned from; None where that was not kept.
    card
        Its model card, in Markdown.
    """

    manifest: Manifest
    files: Mapping[str, bytes]
    environment: Environment
    reference: Mapping[str, Any] | None
    card: str

    @cached_property
    def schema(self) -> list[dict[str, str]]:
        """Columns, each with ``name``, ``dtype`` and ``kind``."""
        from workbench.predictor.schema import Schema

        stored = json.loads(self.files[SCHEMA])
        columns = Schema.of(stored, self.sample).columns
        return [{"name": column.name, "dtype": column.dtype, "kind": column.kind} for column in columns]

    @cached_property
    def sample(self) -> list[dict[str, Any]]:
        """Some rows of the table that it learned from."""
        rows: list[dict[str, Any]] = json.loads(self.files[SAMPLE])
        return rows

    @cached_property
    def modules(self) -> frozenset[str]:
        """Modules that the pickled pipeline refers to."""
        return frozenset(imported.modules(self.files[PIPELINE]))

    def distributions(self, *others: str) -> set[str]:
        """Return the names of the distributions that predicting takes, and others."""
        return {*PREDICTS, *self.environment.measured, *self.environment.imported(self.modules), *others}

    def write_model(self, folder: Path) -> None:
        """Write the pipeline and what it says of itself."""
        folder.mkdir()
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        self.manifest.write(folder)

    def write_code(self, folder: Path, modules: Iterable[str]) -> None:
        """Write modules of Workbench, and those that the pickled pipeline needs, with all that they import."""
        shipped.ship({*modules, *self.modules}, folder)
