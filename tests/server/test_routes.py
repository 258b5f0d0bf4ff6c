"""Pipelines, aliases, promotions and deployments over HTTP: each does what Python does, and says no as Python does."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest

from workbench.store.tables import SourceRow

Ask = Callable[..., tuple[int, Any]]
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def ask(warm) -> Ask:
    told = warm.service.state()

    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", told.api_port, timeout=60)
        headers = {"X-Workbench-Token": told.api_token, "Content-Type": "application/json"}
        connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        is_json = content and "json" in response.headers.get("Content-Type", "")
        return response.status, json.loads(content) if is_json else content.decode()

    return ask


@pytest.fixture(scope="module")
def runs(warm) -> list[str]:
    source = warm.data.sample("iris")
    found = [
        warm.runs.submit(source, target="species", plan="create", model=model, folds=2, seed=1)
        for model in ("nb", "dummy")
    ]
    for run in found:
        assert run.wait(timeout_s=60).status == "succeeded"
    return [run.id for run in found]


@pytest.fixture(scope="module")
def pipelines(ask, runs) -> list[str]:
    """Ids of two pipelines, promoted over HTTP."""
    told = [ask("POST", "/pipelines", {"run": run, "name": f"route-{place}"}) for place, run in enumerate(runs)]
    assert [status for status, _ in told] == [201, 201]
    return [pipeline["id"] for _, pipeline in told]


@pytest.fixture(scope="module")
def slug(ask, pipelines) -> str:
    """A deployment of the first, made over HTTP."""
    status, told = ask("POST", "/deployments", {"pipeline": pipelines[0], "slug": "iris-routes"})
    assert (status, told["slug"], told["status"]) == (201, "iris-routes", "ready")
    return "iris-routes"


def test_pipelines_are_shown_as_python_shows_them(ask, warm, pipelines):
    first, second = pipelines
    assert ask("GET", "/pipelines") == (200, [found.as_dict() for found in warm.registry.list()])
    assert ask("GET", f"/pipelines/{first}") == (200, warm.registry.get(first).as_dict())
    assert ask("GET", f"/pipelines/{first}/card") == (200, warm.registry.card(first))
    assert ask("GET", f"/compare?a={first}&b={second}") == (200, warm.registry.compare(first, second).as_dict())


def test_a_pipeline_is_deleted_once(ask, runs):
    _, told = ask("POST", "/pipelines", {"run": runs[1], "name": "route-gone"})
    assert ask("DELETE", f"/pipelines/{told['id']}")[0] == 204
    status, told = ask("DELETE", f"/pipelines/{told['id']}")
    assert (status, told["code"]) == (404, "pipeline.not_found")


def test_an_alias_is_moved_asked_and_rolled_back(ask, warm, pipelines):
    for pipeline in pipelines:
        status, told = ask("PUT", "/aliases/route", {"pipeline": pipeline, "why": "to see"})
        assert (status, told["pipeline_id"]) == (200, pipeline)
    assert ask("GET", "/aliases/route") == (200, warm.registry.aliases.get("route").as_dict())
    assert "route" in [alias["name"] for alias in ask("GET", "/aliases")[1]]
    assert ask("GET", "/aliases/route?at=2020-01-01T00:00:00Z") == (200, None)
    assert ask("POST", "/aliases/route/rollback", {"why": "back"})[1]["pipeline_id"] == pipelines[0]
    moves = [move.as_dict() for move in warm.registry.aliases.history("route")]
    assert ask("GET", "/aliases/route/history") == (200, moves)
    assert len(moves) == 3
    assert ask("DELETE", "/aliases/route")[0] == 204
    assert ask("GET", "/aliases/route")[0] == 404


def test_a_promotion_is_proposed_shown_and_cancelled(ask, warm, pipelines):
    ask("PUT", "/aliases/route-best", {"pipeline": pipelines[1]})
    status, told = ask("POST", "/promotions", {"challenger": pipelines[0], "alias": "route-best", "why": "better"})
    assert status == 202
    path = f"/promotions/{told['id']}"
    assert ask("GET", path)[1]["id"] == told["id"]
    assert ask("GET", "/promotions?alias=route-best")[1][0]["id"] == told["id"]
    assert ask("POST", f"{path}/acknowledge", {"gate": "nothing", "by": "ana"})[0] in (400, 404, 409)
    assert ask("POST", f"{path}/cancel")[0] == 200
    assert ask("GET", path)[1]["status"] == warm.registry.promotions.get(told["id"]).as_dict()["status"] == "cancelled"
    assert ask("POST", f"{path}/complete")[0] == 409


def test_a_deployment_is_shown_as_python_shows_it(ask, warm, slug):
    of = warm.deployments.get(slug)
    assert ask("GET", f"/deployments/{slug}/schema") == (200, of.schema())
    assert ask("GET", f"/deployments/{slug}/history") == (200, [line.as_dict() for line in of.history(limit=100)])
    status, minutes = ask("GET", f"/deployments/{slug}/traffic")
    assert (status, type(minutes)) == (200, list)
    assert slug in [told["slug"] for told in ask("GET", "/deployments")[1]]


def test_a_batch_is_begun_watched_fetched_and_deleted(ask, warm, slug, eventually):
    status, begun = ask("POST", "/batches", {"deployment": slug, "source": "iris"})
    assert (status, begun["rows_total"]) == (201, 150)
    assert begun["status"] in ("queued", "running")
    path = f"/batches/{begun['id']}"
    assert eventually(lambda: (told := ask("GET", path)[1]) and told["finished_at"] and told)["status"] == "succeeded"
    assert ask("GET", f"{path}/file") == (200, warm.deployments.batch(begun["id"]).path().read_text())
    assert ask("GET", "/batches?limit=1")[1][0]["id"] == begun["id"]
    assert ask("POST", f"{path}/cancel")[1]["status"] == "succeeded"
    assert ask("DELETE", path)[0] == 204
    assert ask("GET", path)[1]["code"] == "batch.not_found"


def test_a_batch_without_a_file_says_why(ask, warm, slug, hold, eventually):
    begin = {"deployment": slug, "source": "iris"}
    batch, _ = hold(lambda: warm.deployments.batch(ask("POST", "/batches", begin)[1]["id"]))
    path = f"/batches/{batch.id}"
    status, told = ask("GET", f"{path}/file")
    assert (status, told["code"]) == (409, "batch.not_ended")
    assert told["detail"].startswith("The batch is running: it has no file yet.")
    ask("POST", f"{path}/cancel")
    eventually(lambda: ask("GET", path)[1]["finished_at"])
    status, told = ask("GET", f"{path}/file")
    assert (status, told["code"]) == (409, "batch.cancelled")
    source = warm.data.sample("wine")
    path = f"/batches/{ask('POST', '/batches', {'deployment': slug, 'source': source.id})[1]['id']}"
    eventually(lambda: ask("GET", path)[1]["finished_at"])
    status, told = ask("GET", f"{path}/file")
    assert (status, told["code"]) == (500, "batch.failed")
    assert "sepal_length_cm" in told["detail"]


def test_the_file_of_a_batch_outlives_its_data_source(ask, warm, slug, tmp_path, eventually):
    warm.data.load(warm.data.get("iris")).head(3).to_csv(tmp_path / "short-lived.csv", index=False)
    source = warm.data.upload(tmp_path / "short-lived.csv")
    path = f"/batches/{ask('POST', '/batches', {'deployment': slug, 'source': source.id})[1]['id']}"
    assert eventually(lambda: (told := ask("GET", path)[1]) and told["finished_at"] and told)["status"] == "succeeded"
    warm.data.delete(source)
    before = ask("GET", f"{path}/file")
    assert before[0] == 200
    with warm._store.database.write() as session:
        session.delete(session.get_one(SourceRow, source.id))
    assert ask("GET", f"{path}/file") == before


def test_who_may_ask_a_deployment_and_which_alias_it_follows_are_changed(ask, slug, pipelines):
    path = f"/deployments/{slug}"
    assert ask("POST", f"{path}/access", {"access": "public"})[1]["access"] == "public"
    assert ask("POST", f"{path}/access", {"access": "workspace"})[1]["access"] == "workspace"
    ask("PUT", "/aliases/route-followed", {"pipeline": pipelines[0]})
    assert ask("POST", f"{path}/follow", {"alias": "route-followed"})[1]["alias"] == "route-followed"
    assert ask("POST", f"{path}/follow", {})[1]["alias"] is None
    assert ask("DELETE", "/aliases/route-followed")[0] == 204


def test_a_deployment_tells_its_engine_its_shadow_and_its_rows(ask, warm, slug, pipelines, eventually):
    path = f"/deployments/{slug}"
    assert ask("GET", path)[1]["engine"]["path"] == "compiled"
    assert ask("GET", f"{path}/shadow")[0] == 409
    assert ask("GET", f"{path}/shadow?pipeline={pipelines[1]}")[1]["compared"] == 0
    row = warm.deployments.get(slug).schema()["sample"][0]
    assert ask("POST", f"{path}/predict", {"rows": [row]})[0] == 200
    assert row in [told["input"] for told in eventually(lambda: ask("GET", f"{path}/predictions")[1])]


def test_a_deployment_is_shadowed_swapped_stopped_warmed_and_deleted(ask, slug, pipelines, eventually):
    first, second = pipelines

    def now() -> dict[str, Any]:
        return ask("GET", f"/deployments/{slug}")[1]

    assert ask("POST", f"/deployments/{slug}/shadow", {"pipeline": second})[1]["shadow_pipeline_id"] == second
    assert ask("POST", f"/deployments/{slug}/shadow", {})[1]["shadow_pipeline_id"] is None
    assert ask("POST", f"/deployments/{slug}/swap", {"pipeline": second, "why": "to see"})[0] == 200
    eventually(lambda: now()["pipeline_id"] == second)
    assert ask("POST", f"/deployments/{slug}/rollback")[0] == 200
    eventually(lambda: now()["pipeline_id"] == first)
    assert ask("POST", f"/deployments/{slug}/stop")[1]["status"] == "stopped"
    status, told = ask("POST", f"/deployments/{slug}/stop")
    assert (status, told["code"]) == (409, "deployment.wrong_state")
    assert ask("POST", f"/deployments/{slug}/warm")[0] == 200
    assert ask("DELETE", f"/deployments/{slug}")[0] == 204
    assert ask("GET", f"/deployments/{slug}")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", f"/pipelines/{UNKNOWN}", None, 404, "pipeline.not_found"),
        ("GET", f"/pipelines/{UNKNOWN}/card", None, 404, "pipeline.not_found"),
        ("GET", f"/batches/{UNKNOWN}/file", None, 404, "batch.not_found"),
        ("POST", "/batches", {"deployment": "nobody", "source": "iris"}, 404, "deployment.not_found"),
        ("GET", f"/compare?a={UNKNOWN}&b={UNKNOWN}", None, 404, "pipeline.not_found"),
        ("POST", "/pipelines", {"run": UNKNOWN}, 404, "run.not_found"),
        ("POST", "/pipelines", {"runs": UNKNOWN}, 422, "request.malformed"),
        ("GET", "/aliases/nothing", None, 404, "alias.not_found"),
        ("GET", "/aliases/nothing/history", None, 404, "alias.not_found"),
        ("PUT", "/aliases/nothing", {"pipeline": UNKNOWN}, 404, "pipeline.not_found"),
        ("DELETE", "/aliases/nothing", None, 404, "alias.not_found"),
        ("POST", "/aliases/nothing/rollback", {}, 404, "alias.not_found"),
        ("GET", f"/promotions/{UNKNOWN}", None, 404, "promotion.not_found"),
        ("POST", f"/promotions/{UNKNOWN}/cancel", None, 404, "promotion.not_found"),
        ("POST", f"/promotions/{UNKNOWN}/complete", None, 404, "promotion.not_found"),
        ("POST", "/promotions", {"challenger": UNKNOWN, "alias": "nothing"}, 404, "pipeline.not_found"),
        ("POST", "/deployments", {"pipeline": UNKNOWN, "slug": "nothing"}, 404, "pipeline.not_found"),
        ("POST", "/deployments", {"pipeline": UNKNOWN, "slug": "A B"}, 400, "deployment.slug_invalid"),
        ("GET", "/deployments/nothing", None, 404, "deployment.not_found"),
        ("GET", "/deployments/nothing/schema", None, 404, "deployment.not_found"),
        ("GET", "/deployments/nothing/history", None, 404, "deployment.not_found"),
        ("GET", "/deployments/nothing/traffic?minutes=0", None, 422, "request.malformed"),
        ("POST", "/deployments/nothing/swap", {"pipeline": UNKNOWN}, 404, "deployment.not_found"),
        ("POST", "/deployments/nothing/rollback", None, 404, "deployment.not_found"),
        ("DELETE", "/deployments/nothing", None, 404, "deployment.not_found"),
    ],
    ids=str,
)
def test_what_is_not_there_or_not_right_is_a_problem_with_a_code(ask, method, path, body, status, code):
    answered, told = ask(method, path, body)
    assert (answered, told["code"], told["status"]) == (status, code, status)
