"""The HTTP face, asked over the wire: what it answers, to whom, and how it says no."""

from __future__ import annotations

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from workbench.version import __version__


@dataclass(frozen=True)
class Answer:
    status: int
    kind: str
    body: Any


@pytest.fixture(scope="module")
def ask(warm) -> Callable[..., Answer]:
    """Ask the API of the warm service, as its owner unless another token is given."""
    told = warm.service.state()
    # A proxy that the machine may be told to use is not for this.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(path: str, method: str = "GET", *, token: str | None = told.api_token) -> Answer:
        headers = {} if token is None else {"X-Workbench-Token": token}
        url = f"http://127.0.0.1:{told.api_port}/api/v1{path}"
        try:
            with opener.open(urllib.request.Request(url, method=method, headers=headers), timeout=30) as response:
                return Answer(response.status, response.headers.get_content_type(), json.load(response))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers.get_content_type(), json.load(error))

    return ask


@pytest.fixture(scope="module")
def run(warm):
    """A small comparison that has ended."""
    found = warm.runs.submit(warm.data.sample("iris"), target="species", include=["nb", "dummy"], folds=2, seed=1)
    assert found.wait(timeout_s=60).status == "succeeded"
    return found


@pytest.fixture
def long(warm):
    """A comparison that takes minutes unless it is ended."""
    found = warm.runs.submit(warm.data.sample("breast_cancer"), target="diagnosis", include=["gbc"], folds=200)
    yield found
    found.cancel()
    assert found.wait(timeout_s=30).is_terminal


def test_health_is_told_to_everybody(ask):
    assert ask("/health", token=None) == Answer(200, "application/json", {"status": "ok", "version": __version__})


def test_readiness_is_told_to_everybody_and_figures_to_those_who_know_the_token(ask):
    assert ask("/ready", token=None) == Answer(200, "application/json", {"status": "ready"})
    refused = ask("/metrics", token=None)
    assert (refused.status, refused.body["code"]) == (401, "access.unauthenticated")


@pytest.mark.parametrize("token", [None, "", "wrong", "wröng"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/runs"),
        ("GET", "/runs/{id}"),
        ("GET", "/runs/{id}/events"),
        ("GET", "/runs/{id}/leaderboard"),
        ("POST", "/runs/{id}/cancel"),
    ],
)
def test_all_else_is_for_those_who_know_the_token(ask, run, method, path, token):
    encoded = token if token is None else token.encode().decode("latin-1")
    answer = ask(path.format(id=run.id), method, token=encoded)
    expected = (401, "access.unauthenticated") if token is None else (403, "access.denied")
    assert (answer.status, answer.body["code"], answer.kind) == (*expected, "application/problem+json")


def of_the_service(warm, tell: Callable[[psutil.Process], Iterable[Any]]) -> list[Any]:
    """Have each process of the service tell something; one that ends meanwhile tells nothing."""
    service = psutil.Process(warm.service.state().pid)
    told: list[Any] = []
    for process in [service, *service.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            told += tell(process)
    return told


def test_it_listens_on_this_machine_alone(warm):
    connections = of_the_service(warm, lambda process: process.net_connections(kind="inet"))
    listening = {connection.laddr for connection in connections if connection.status == psutil.CONN_LISTEN}
    assert {(address.ip, address.port) for address in listening} == {("127.0.0.1", warm.service.state().api_port)}


def test_the_token_is_not_in_the_processes_arguments(warm):
    words = of_the_service(warm, psutil.Process.cmdline)
    assert "workbench.server" in words
    assert not any(warm.service.state().api_token in word for word in words)


def test_runs_are_listed_newest_first(ask, run, warm):
    answer = ask("/runs?limit=1000")
    assert answer.status == 200
    assert [told["id"] for told in answer.body] == [found.id for found in warm.runs.list(limit=1000)]
    assert len(ask("/runs?limit=1").body) == 1


def test_a_run_is_shown_as_python_shows_it(ask, run):
    answer = ask(f"/runs/{run.id}")
    assert (answer.status, answer.body) == (200, run.record.as_dict())
    assert ask(f"/runs/{run.record.short_id}").body == answer.body


def test_events_are_those_of_the_log_and_come_in_pages(ask, run):
    whole = [event.as_dict() for event in run.log()]
    assert ask(f"/runs/{run.id}/events").body == whole
    assert ask(f"/runs/{run.id}/events?after=2&limit=3").body == whole[2:5]
    assert ask(f"/runs/{run.id}/events?after={len(whole)}").body == []


def test_the_leaderboard_is_the_one_of_python(ask, run):
    told = ask(f"/runs/{run.id}/leaderboard").body
    assert told == [row.as_dict() for row in run.rows()]
    assert [(row["model"], row["rank"]) for row in told] == [("nb", 1), ("dummy", 2)]


def test_a_run_under_way_is_cancelled(ask, long, eventually):
    eventually(lambda: long.status == "running")
    answer = ask(f"/runs/{long.id}/cancel", "POST")
    assert (answer.status, answer.body["id"]) == (200, long.id)
    assert answer.body["cancel_requested"] or answer.body["status"] == "cancelled"
    assert long.wait(timeout_s=30).status == "cancelled"


def test_cancelling_an_ended_run_changes_nothing(ask, run):
    before = run.record.as_dict()
    assert ask(f"/runs/{run.id}/cancel", "POST") == Answer(200, "application/json", before)
    assert run.record.as_dict() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/runs/{id}"),
        ("GET", "/runs/{id}/events"),
        ("GET", "/runs/{id}/leaderboard"),
        ("POST", "/runs/{id}/cancel"),
    ],
)
@pytest.mark.parametrize("unknown", ["00000000-0000-7000-8000-000000000000", "nonsense", "%2e%2e"])
def test_an_unknown_run_is_a_problem_with_a_code(ask, method, path, unknown):
    answer = ask(path.format(id=unknown), method)
    assert (answer.status, answer.kind) == (404, "application/problem+json")
    assert (answer.body["code"], answer.body["status"], answer.body["title"]) == ("run.not_found", 404, "Not found")
    assert answer.body["type"] == "urn:workbench:error:run.not_found"
    assert answer.body["detail"].startswith("There is no run '")


@pytest.mark.parametrize("query", ["limit=0", "limit=5001", "after=-1", "after=x"])
def test_a_page_out_of_bounds_is_a_problem_that_names_the_parameter(ask, run, query):
    answer = ask(f"/runs/{run.id}/events?{query}")
    assert (answer.status, answer.kind, answer.body["code"]) == (422, "application/problem+json", "request.malformed")
    assert f"query.{query.partition('=')[0]}: " in answer.body["detail"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/runs", 405)])
def test_a_path_or_method_that_is_not_there_is_a_problem_too(ask, method, path, status):
    answer = ask(path, method)
    assert (answer.status, answer.kind, answer.body["code"]) == (status, "application/problem+json", "request.refused")
    assert answer.body["status"] == status


def test_an_api_that_dies_comes_back_under_its_address(ask, warm, living, eventually):
    def apis() -> list[int]:
        found = []
        for process in living(warm.settings.home):
            with suppress(psutil.Error):
                if "workbench.server" in process.cmdline():
                    found.append(process.pid)
        return found

    (before,) = apis()
    os.kill(before, signal.SIGKILL)
    eventually(lambda: apis() not in ([], [before]))
    assert ask("/health", token=None).status == 200
    assert ask("/runs?limit=1").status == 200
