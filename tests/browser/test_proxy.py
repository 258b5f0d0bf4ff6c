"""The API behind Jupyter's own login: one address for notebooks and for whoever a hub lets in."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.browser.servers import TOKEN, Server
from workbench import Workbench

ROW = {"sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 1.4, "petal_width_cm": 0.2}


@pytest.fixture
def iris(empty_home: Workbench):
    run = empty_home.runs.submit(
        empty_home.data.sample("iris"), target="species", plan="create", model="nb", folds=2, seed=1
    )
    assert run.wait(timeout_s=60).status == "succeeded"
    made = empty_home.deployments.deploy(run, slug="iris-proxied")
    yield made
    made.delete()


def ask(lab: Server, path: str, body: Any = None, *, token: str | None = TOKEN, **told: str) -> tuple[int, Any]:
    login = {} if token is None else {"Authorization": f"token {token}"}
    headers = {"Content-Type": "application/json"} | login | told
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{lab.url}/workbench/api/v1{path}", content, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_whoever_jupyter_lets_in_is_answered_without_another_token(lab: Server, iris) -> None:
    status, answered = ask(lab, "/deployments/iris-proxied/predict", {"rows": [ROW]})
    assert (status, answered["predictions"][0]["prediction"]) == (200, "setosa")
    assert ask(lab, "/deployments")[1][0]["slug"] == "iris-proxied"


def test_whoever_jupyter_does_not_let_in_is_not_answered(lab: Server, iris) -> None:
    status, _ = ask(lab, "/deployments/iris-proxied/predict", {"rows": [ROW]}, token="wrong")
    assert status == 403


def test_a_page_of_another_site_cannot_use_the_login(lab: Server, iris) -> None:
    path, body = "/deployments/iris-proxied/predict", {"rows": [ROW]}
    for told in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site", "Origin": lab.url}):
        status, answered = ask(lab, path, body, **told)
        assert (status, json.loads(answered)["code"]) == (403, "access.denied")
    for told in ({"Origin": lab.url}, {"Sec-Fetch-Site": "same-origin", "Origin": lab.url}):
        assert ask(lab, path, body, **told)[0] == 200
