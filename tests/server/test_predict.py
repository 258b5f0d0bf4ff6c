"""Predictions over the wire: every state, code and limit that a caller can meet."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.calling import Answer
from workbench.errors import BadRequest, Conflict

ROW = {"sepal_length_cm": 5.1, "sepal_width_cm": 3.5, "petal_length_cm": 1.4, "petal_width_cm": 0.2}


@pytest.fixture(scope="module")
def run(warm):
    found = warm.runs.submit(warm.data.sample("iris"), target="species", include=["nb", "dummy"], folds=2, seed=1)
    assert found.wait(timeout_s=60).status == "succeeded"
    return found


@pytest.fixture(scope="module")
def deployment(warm, run):
    made = warm.deployments.deploy(run, slug="iris-api")
    yield made
    made.delete()


@pytest.fixture(scope="module")
def post(warm, deployment) -> Callable[..., Answer]:
    """Post a body to a deployment over TCP, as the home's owner unless another token is given."""
    told = warm.service.state()

    def post(body: Any, *, slug: str = "iris-api", token: str | None = told.api_token, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", told.api_port, timeout=30)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if token is not None:
            headers["X-Workbench-Token"] = token
        connection.request("POST", f"/api/v1/deployments/{slug}/predict", content, headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, json.loads(response.read()))
        connection.close()
        return answer

    return post


def test_rows_are_answered_in_order_with_all_that_the_contract_names(post, deployment):
    answer = post({"rows": [ROW, ROW | {"petal_length_cm": 6.0, "petal_width_cm": 2.2}]})
    assert answer.status == 200
    assert set(answer.body) == {"deployment_id", "endpoint_slug", "predictions", "latency_ms", "request_id"}
    assert (answer.body["deployment_id"], answer.body["endpoint_slug"]) == (deployment.id, "iris-api")
    assert [one["index"] for one in answer.body["predictions"]] == [0, 1]
    assert [one["prediction"] for one in answer.body["predictions"]] == ["setosa", "virginica"]
    assert all(0 < one["score"] <= 1 for one in answer.body["predictions"])
    assert answer.headers["X-Workbench-Pipeline"] == deployment.pipeline.id


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "request.malformed"),
        (b"{", 422, "request.malformed"),
        (b"\xff\xfe", 422, "request.malformed"),
        (b'{"rows": [{"sepal_length_cm": NaN}]}', 422, "request.malformed"),
        (b"[" * 100_000, 422, "request.malformed"),
        ([], 400, "predict.no_rows"),
        ({}, 400, "predict.no_rows"),
        ({"row": [ROW]}, 400, "predict.no_rows"),
        ({"rows": [ROW], "model": "x"}, 400, "predict.no_rows"),
        ({"rows": []}, 400, "predict.no_rows"),
        ({"rows": ROW}, 400, "predict.no_rows"),
        ({"rows": "all"}, 400, "predict.no_rows"),
        ({"rows": None}, 400, "predict.no_rows"),
        ({"rows": [1]}, 400, "predict.invalid_rows"),
        ({"rows": [{}]}, 400, "predict.invalid_rows"),
        ({"rows": [ROW | {"sepal_width_cm": "wide"}]}, 400, "predict.invalid_rows"),
        ({"rows": [ROW | {"sepal_width_cm": True}]}, 400, "predict.invalid_rows"),
        ({"rows": [ROW | {"sepal_width_cm": [1]}]}, 400, "predict.invalid_rows"),
        ({"rows": [ROW | {"colour": "red"}]}, 400, "predict.invalid_rows"),
        ({"rows": [ROW] * 10_001}, 413, "predict.too_many_rows"),
    ],
    ids=str,
)
def test_what_cannot_be_answered_is_refused_with_its_code(post, body, status, code):
    answer = post(body)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["status"] == status
    assert answer.body["detail"]


def test_all_that_is_wrong_with_rows_is_told_in_one_answer(post):
    wrong = ROW | {"sepal_width_cm": "wide", "colour": "red"}
    del wrong["petal_length_cm"]
    problems = post({"rows": [ROW, wrong]}).body["problems"]
    assert {(one["row"], one["column"]) for one in problems} == {
        (1, "sepal_width_cm"),
        (1, "colour"),
        (1, "petal_length_cm"),
    }


def test_missing_values_are_what_the_pipeline_imputes(post):
    assert post({"rows": [dict.fromkeys(ROW)]}).status == 200


def test_the_most_rows_that_are_allowed_are_answered(post):
    assert len(post({"rows": [ROW] * 10_000}).body["predictions"]) == 10_000


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(warm, deployment):
    told = warm.service.state()
    with socket.create_connection(("127.0.0.1", told.api_port), timeout=30) as caller:
        head = "POST /api/v1/deployments/iris-api/predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        caller.sendall(f"{head}Content-Length: 99999999999\r\nX-Workbench-Token: {told.api_token}\r\n\r\n".encode())
        answered = b""
        while received := caller.recv(65536):
            answered += received
    assert b" 413 " in answered.partition(b"\r\n")[0]
    assert b"predict.body_too_large" in answered


@pytest.mark.parametrize(
    ("token", "status", "code"), [(None, 401, "access.unauthenticated"), ("wrong", 403, "access.denied")]
)
def test_a_workspaces_deployment_is_for_those_who_know_the_token(post, token, status, code):
    answer = post({"rows": [ROW]}, token=token)
    assert (answer.status, answer.code) == (status, code)


def test_the_token_may_come_as_a_bearer(warm, post):
    bearer = f"Bearer {warm.service.state().api_token}"
    assert post({"rows": [ROW]}, token=None, Authorization=bearer).status == 200


def test_a_public_deployment_is_for_all(post, deployment):
    deployment.open_to("public")
    assert post({"rows": [ROW]}, token=None).status == 200
    deployment.open_to("workspace")
    assert post({"rows": [ROW]}, token=None).status == 401


def test_a_slug_that_is_not_there_is_not_found(post):
    answer = post({"rows": [ROW]}, slug="nothing-here")
    assert (answer.status, answer.code) == (404, "deployment.not_found")


def test_a_stranger_is_not_told_which_slugs_there_are(post):
    assert post({"rows": [ROW]}, slug="nothing-here", token=None).status == 401


def test_a_request_keeps_the_id_that_it_came_with(post):
    answer = post({"rows": [ROW]}, **{"X-Request-Id": 'mine-"7"'})
    assert (answer.body["request_id"], answer.headers["X-Request-Id"]) == ('mine-"7"', 'mine-"7"')


def test_an_id_that_cannot_be_written_anywhere_is_replaced(post):
    answer = post({"rows": [ROW]}, **{"X-Request-Id": "two words"})
    assert answer.body["request_id"] == answer.headers["X-Request-Id"] != "two words"


def test_a_refusal_bears_the_requests_id_too(post):
    assert post({"rows": []}, **{"X-Request-Id": "mine"}).headers["X-Request-Id"] == "mine"


def test_requests_rows_and_errors_are_counted_and_rows_are_kept(warm, post, deployment, eventually):
    counted = warm.deployments.deploy(pipeline=deployment.pipeline.id, slug="iris-counted")
    checked = eventually(lambda: (now := counted.record).request_count and now)
    post({"rows": [ROW, ROW]}, slug="iris-counted")
    post({"rows": []}, slug="iris-counted")
    done = eventually(lambda: (now := counted.record).request_count == checked.request_count + 2 and now)
    assert (done.row_count - checked.row_count, done.error_count) == (2, 1)
    assert done.p50_ms > 0
    assert counted.predictions(limit=1)[0].input == ROW
    counted.delete()


def test_prometheus_reads_the_same_counts(warm, post):
    post({"rows": [ROW]})
    told = warm.service.state()
    connection = http.client.HTTPConnection("127.0.0.1", told.api_port, timeout=30)
    connection.request("GET", "/api/v1/metrics", headers={"X-Workbench-Token": told.api_token})
    text = connection.getresponse().read().decode()
    connection.close()
    assert 'workbench_deployment_ready{slug="iris-api"} 1.0' in text
    counted = [line for line in text.splitlines() if line.startswith("workbench_predict_requests_total{")]
    assert any('slug="iris-api"' in line and float(line.rpartition(" ")[2]) >= 1 for line in counted)


def test_concurrent_requests_each_get_their_own_answer(post):
    petals = [{"petal_length_cm": 1.4, "petal_width_cm": 0.2}, {"petal_length_cm": 6.0, "petal_width_cm": 2.2}]
    wrong: list[Any] = []

    def ask(place: int) -> None:
        for _ in range(10):
            said = post({"rows": [ROW | petals[place % 2]]}).body["predictions"][0]["prediction"]
            if said != ("setosa", "virginica")[place % 2]:
                wrong.append(said)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
cells = st.one_of(st.floats(allow_nan=False), st.integers(-(2**70), 2**70), json_values)
made_rows = st.lists(
    st.fixed_dictionaries(dict.fromkeys(ROW, cells))
    | st.dictionaries(st.text(max_size=8), cells, max_size=5)
    | json_values,
    max_size=4,
)


@given(rows=made_rows)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_row_brings_about_a_fault(post, rows):
    answer = post({"rows": rows})
    assert answer.status in (200, 400, 422)
    if answer.status == 200:
        assert len(answer.body["predictions"]) == len(rows)
        assert all(one["prediction"] is not None for one in answer.body["predictions"])


def test_python_raises_what_http_answers(deployment):
    with pytest.raises(BadRequest) as raised:
        deployment.predict([ROW | {"colour": "red"}])
    assert (raised.value.code, raised.value.about["problems"][0]["column"]) == ("predict.invalid_rows", "colour")


def test_python_takes_a_frame(warm, deployment):
    frame = warm.data.load(warm.data.get("iris")).drop(columns="species").head(3)
    said = deployment.predict(frame)["predictions"]
    assert [one["prediction"] for one in said] == ["setosa"] * 3


def test_what_is_stopped_says_so_until_it_is_warm_again(post, deployment):
    deployment.stop()
    answer = post({"rows": [ROW]})
    assert (answer.status, answer.code, answer.body["state"]) == (409, "deployment.not_ready", "stopped")
    with pytest.raises(Conflict, match="stopped"):
        deployment.predict([ROW])
    deployment.warm()
    assert deployment.predict([ROW])["predictions"][0]["prediction"] == "setosa"
