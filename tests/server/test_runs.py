"""Runs over HTTP: asked for, refused, listed a page at a time, looked at again where something has changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.calling import refuses

ASKED = {"data": "iris", "target": "species", "folds": 2, "seed": 1, "include": ["dummy"]}


@pytest.fixture(scope="module")
def runs(owner, warm) -> list[Any]:
    """Three runs that have ended."""
    owner.ask("POST", "/samples/iris")
    made = [owner.ask("POST", "/runs", ASKED) for _ in range(3)]
    assert [answer.status for answer in made] == [201, 201, 201]
    for answer in made:
        assert warm.runs.get(answer.body["id"]).wait(timeout_s=60).status == "succeeded"
    return [answer.body for answer in made]


def test_a_run_is_what_python_shows(owner, warm, runs):
    of = warm.runs.get(runs[0]["id"])
    assert owner.ask("GET", f"/runs/{of.id}").body == of.record.as_dict()
    assert owner.ask("GET", f"/runs/{of.id}/leaderboard").body == [row.as_dict() for row in of.rows()]


def test_a_recipe_is_asked_for_as_python_writes_it(owner):
    blend = {"kind": "blend", "bases": [{"model": "nb"}, {"model": "lr", "params": {"C": 0.5}}]}
    told = owner.ask("POST", "/runs/check", {"data": "iris", "target": "species", "plan": "create", "model": blend})
    assert (told.status, told.body["findings"]) == (200, [])


@pytest.mark.parametrize(
    "model",
    [{"kind": 1}, {"bases": 1}, {"bases": [1]}, {"meta": []}, {"strange": 1}, {"params": [1], "model": "nb"}, {}],
    ids=str,
)
def test_a_recipe_of_which_nothing_can_be_made_is_refused(owner, runs, model):
    told = owner.ask("POST", "/runs/check", {"data": "iris", "target": "species", "plan": "create", "model": model})
    refuses(told, 400, "spec.invalid")


@pytest.mark.parametrize(
    ("plan", "more"),
    [
        ("create", {"model": {"model": "lightgbm", "params": {"machines": "127.0.0.1:1", "num_machines": 2}}}),
        ("create", {"model": {"model": "lightgbm", "params": {"nodes": "127.0.0.1:1"}}}),
        ("create", {"model": {"model": "lightgbm", "params": {"objective": "binary machines=127.0.0.1:1"}}}),
        ("create", {"model": {"model": "catboost", "params": {"train_dir": "here"}}}),
        ("tune", {"model": "lightgbm", "options": {"custom_grid": {"machines": ["127.0.0.1:1"]}}}),
    ],
)
@pytest.mark.parametrize("path", ["/runs", "/runs/check"])
def test_a_run_names_no_host_and_no_file_by_a_parameter(owner, runs, plan, more, path):
    told = owner.ask("POST", path, {"data": "iris", "target": "species", "plan": plan, **more})
    refuses(told, 400, "spec.invalid")


def test_recipes_do_not_lie_in_one_another_without_end(owner, runs):
    model: Any = {"model": "nb"}
    for _ in range(40):
        model = {"kind": "bagging", "bases": [model]}
    told = owner.ask("POST", "/runs/check", {"data": "iris", "target": "species", "plan": "create", "model": model})
    refuses(told, 400, "spec.invalid")


def test_pages_of_runs_are_the_list(owner, runs):
    whole = [run["id"] for run in owner.ask("GET", "/runs?limit=1000&source=iris").body]
    told, path = [], "/runs?limit=2&source=iris"
    while path:
        answer = owner.ask("GET", path)
        told += [run["id"] for run in answer.body]
        following = re.fullmatch(r'<(\?.+)>; rel="next"', answer.headers["Link"] or "")
        path = f"/runs{following[1]}" if following else ""
    assert told == whole


def test_a_list_goes_on_before_a_run(owner, runs):
    newest, older = owner.ask("GET", "/runs?limit=2").body
    assert owner.ask("GET", f"/runs?limit=1&before={newest['id']}").body == [older]
    refuses(owner.ask("GET", "/runs?before=00000000-0000-7000-8000-000000000000"), 404, "run.not_found")


def test_runs_are_listed_by_how_they_stand(owner, runs):
    def listed(asked: str) -> set[str]:
        return {run["id"] for run in owner.ask("GET", f"/runs?limit=1000&{asked}").body}

    ended = {run["id"] for run in runs}
    assert ended <= listed("status=queued&status=succeeded")
    assert not ended & listed("status=queued&status=failed")
    refuses(owner.ask("GET", "/runs?status=strange"), 400, "spec.invalid")


@pytest.mark.parametrize("what", ["", "/leaderboard", "/progress"])
def test_what_has_not_changed_is_not_computed_again(owner, runs, what):
    path = f"/runs/{runs[0]['id']}{what}"
    tag = owner.ask("GET", path).headers["ETag"]
    assert owner.ask("GET", path, **{"If-None-Match": tag}).status == 304


@pytest.fixture
def under_way(owner, warm, runs) -> Iterator[str]:
    """The id of a run that will not have ended for a while."""
    made = owner.ask("POST", "/runs", ASKED | {"folds": 10, "include": ["gbc"]}).body["id"]
    yield made
    warm.runs.get(made).cancel()


@pytest.mark.parametrize("what", ["", "/progress"])
def test_what_changes_by_the_second_has_no_tag(owner, under_way, what):
    answer = owner.ask("GET", f"/runs/{under_way}{what}")
    assert (answer.status, answer.headers["ETag"]) == (200, None)


def test_a_leaderboard_that_goes_on_has_another_tag(owner, warm):
    made = owner.ask("POST", "/runs", ASKED).body
    path = f"/runs/{made['id']}/leaderboard"
    first = owner.ask("GET", path)
    assert warm.runs.get(made["id"]).wait(timeout_s=60).status == "succeeded"
    again = owner.ask("GET", path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, len(again.body)) == (200, 1)


def test_a_run_is_deleted_once(owner, warm):
    made = owner.ask("POST", "/runs", ASKED).body
    assert warm.runs.get(made["id"]).wait(timeout_s=60).is_terminal
    assert owner.ask("DELETE", f"/runs/{made['id']}").status == 204
    refuses(owner.ask("DELETE", f"/runs/{made['id']}"), 404, "run.not_found")
