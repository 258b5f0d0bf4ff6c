"""What all sections of ``serve.py`` share: a home with finished runs, and the figures."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import workbench
from tests.benchmarks.serving.load import Asked
from workbench.registry.pipeline import Pipeline
from workbench.store.artifacts import SAMPLE

CLIENTS = 32
PATIENCE_S = 600


@dataclass
class Bench:
    """A home with finished runs, its service warm.

    Attributes
    ----------
    figures
        What was measured: section → pipeline → what → value.
    """

    asked: argparse.Namespace
    home: workbench.Workbench
    folder: Path
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    figures: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    @property
    def token(self) -> dict[str, str]:
        return {"X-Workbench-Token": self.home.service.wait().api_token}

    def note(self, section: str, of: str, **figures: Any) -> None:
        self.figures.setdefault(section, {}).setdefault(of, {}).update(figures)

    def sample(self, pipeline: Pipeline) -> list[dict[str, Any]]:
        return self.home.registry.document(pipeline, SAMPLE)

    @contextmanager
    def deployed(self, pipeline: Pipeline, slug: str = "bench") -> Iterator[Any]:
        deployment = self.home.deployments.deploy(pipeline=pipeline, slug=slug)
        try:
            yield deployment
        finally:
            deployment.delete()

    def asking(self, deployment: Any, rows: list[dict[str, Any]], **more: Any) -> Asked:
        """Make a client of a deployment."""
        url = deployment.url()
        port, _, path = url.removeprefix("http://127.0.0.1:").partition("/")
        return Asked(int(port), f"/{path}", json.dumps({"rows": rows}), self.token, **more)


def show(
    title: str, columns: tuple[str, ...], table: Mapping[str, list[float]], last: Callable[[list[float]], float]
) -> None:
    print(f"{title:<44}{''.join(f'{column:>10}' for column in columns)}")
    for name, row in table.items():
        print(f"  {name:<42}{''.join(f'{value:>10,.2f}' for value in [*row, last(row)])}", flush=True)


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("it does not come about")
        time.sleep(0.05)
