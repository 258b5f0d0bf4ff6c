"""Asks a service's API over TCP as anybody would: plain HTTP, and nothing is asked again."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

CLIENTS = 32
PIPELINE = "X-Workbench-Pipeline"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: Any

    @property
    def code(self) -> str | None:
        return self.body.get("code")

    @property
    def is_problem(self) -> bool:
        """Whether it says no as every refusal does."""
        told = self.body
        return (
            self.headers["Content-Type"] == "application/problem+json"
            and told["status"] == self.status
            and told["type"] == f"urn:workbench:error:{told['code']}"
            and bool(told["title"] and told["detail"])
        )


def refuses(answer: Answer, status: int, code: str, **about: Any) -> None:
    """Check that something was refused as the contract says, and that the answer names what it is about."""
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.is_problem
    assert {name: answer.body[name] for name in about} == about


class Caller:
    """One connection that is kept.

    Parameters
    ----------
    token
        What it says it is; None: nothing.
    """

    def __init__(self, port: int, token: str | None) -> None:
        self._own = {} if token is None else {"X-Workbench-Token": token}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, content: Any = None, **headers: str) -> Answer:
        """Ask once; what is neither bytes nor parts of them is written as JSON."""
        if content is not None and not isinstance(content, bytes | Iterator):
            content, headers = json.dumps(content).encode(), {"Content-Type": "application/json"} | headers
        self._connection.request(method, f"/api/v1{path}", content, self._own | headers)
        response = self._connection.getresponse()
        told = response.read()
        kind = response.headers["Content-Type"] or ""
        if told and "json" in kind and "jsonl" not in kind:
            return Answer(response.status, response.headers, json.loads(told))
        is_text = not told or kind.startswith("text/") or "jsonl" in kind
        return Answer(response.status, response.headers, told.decode() if is_text else told)

    def predict(self, slug: str, content: Any, **headers: str) -> Answer:
        return self.ask("POST", f"/deployments/{slug}/predict", content, **headers)

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Heard:
    """An answer under load, what it was for, and when; times are of `time.perf_counter`."""

    row: int
    sent: float
    came: float
    answer: Answer


@dataclass
class Load:
    """What clients heard, and what went wrong where they heard nothing."""

    heard: list[Heard] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)

    @property
    def statuses(self) -> Counter[int]:
        return Counter(one.answer.status for one in self.heard)

    def answered_since(self, moment: float) -> int:
        """Return how many requests that were sent after a moment were answered with predictions."""
        return sum(one.sent > moment and one.answer.status == 200 for one in list(self.heard))


@contextmanager
def under_load(port: int, token: str, slug: str, rows: Sequence[Any]) -> Iterator[Load]:
    """Have `CLIENTS` clients ask for one row after another, each over its own connection, without a pause."""
    load, over = Load(), threading.Event()

    def ask(place: int) -> None:
        caller = Caller(port, token)
        try:
            while not over.is_set():
                place = (place + 1) % len(rows)
                sent = time.perf_counter()
                answer = caller.predict(slug, {"rows": [rows[place]]})
                load.heard.append(Heard(place, sent, time.perf_counter(), answer))
                # Whoever is told to come again later does, a little sooner than that.
                over.wait(0.05 if answer.status == 503 else 0)
        except Exception as error:  # noqa: BLE001 - whatever comes is what is looked for
            load.failed.append(error)
        finally:
            caller.close()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        over.set()
        for thread in threads:
            thread.join(60)
