"""Advisors over HTTP: the envelope, and every refusal as a problem."""

from __future__ import annotations

import http.client
import json

import pytest

from tests.narrating.provider import Reply, serving
from tests.server.conftest import TOKEN
from workbench import connect
from workbench.data.sources import Sources

ROWS = [
    {"age": 20 + row % 37, "city": "Rome" if row % 3 else "Oslo", "buys": "yes" if row % 4 else "no"}
    for row in range(120)
]
ASKED = {"advisor": "dataset_analyst", "subject": "shoppers", "arguments": {"target": "buys"}}


@pytest.fixture
def api(serve):
    made = serve()
    Sources(made.store).add(ROWS, "shoppers")
    return made


def post(api, path, content):
    """Post what is JSON by its letters, also where it is no text."""
    return api.ask(path, "POST", json.dumps(content).encode(), **{"Content-Type": "application/json"})


def test_an_advisor_is_consulted_and_its_answer_found_again(api):
    status, _, told = post(api, "/advices", ASKED)
    assert status == 201
    assert {"verdict", "reasoning_summary", "findings", "suggested_config", "suggested_action", "risk_flags"} == set(
        told["advice"]
    )
    assert api.ask(f"/advices/{told['id']}")[::2] == (200, told)
    assert [each["id"] for each in api.ask("/advices?advisor=dataset_analyst")[2]] == [told["id"]]
    assert api.ask("/advices?subject=nobody")[2] == []
    assert api.ask(f"/advices/{told['id']}?evidence=true")[2]["evidence"] is not None


def test_it_is_read_as_markdown(api):
    told = post(api, "/advices", ASKED)[2]
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    connection.request("GET", f"/api/v1/advices/{told['id']}/markdown", headers={"X-Workbench-Token": TOKEN})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.getheader("Content-Type").startswith("text/markdown")
    assert text.startswith("# Dataset analyst on shoppers\n") and told["advice"]["verdict"].split(":")[0] in text


def test_thresholds_are_told_with_their_reasons(api):
    status, _, told = api.ask("/advices/thresholds")
    assert status == 200
    assert {"name": "drift.psi_retrain", "value": 0.4}.items() <= next(
        each for each in told if each["name"] == "drift.psi_retrain"
    ).items()


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        pytest.param({"advisor": "oracle"}, 400, "advice.invalid", id="no such advisor"),
        pytest.param({"subject": "nobody"}, 404, "data.not_found", id="no such subject"),
        pytest.param({"arguments": {"goal": "more"}}, 400, "advice.invalid", id="an argument of another advisor"),
        pytest.param({"arguments": {"gaol": "more"}}, 422, "request.malformed", id="no such argument"),
        pytest.param({"arguments": {"target": 3}}, 400, "advice.invalid", id="a number for a text"),
        pytest.param({"arguments": {"target": "\ud800"}}, 422, "request.malformed", id="half a character"),
        pytest.param({"narrate": True}, 400, "advice.no_model", id="no language model"),
        pytest.param({"more": 1}, 422, "request.malformed", id="no such field"),
    ],
)
def test_what_cannot_be_asked_is_refused_as_a_problem(api, asked, status, code):
    found, _, told = post(api, "/advices", ASKED | asked)
    assert (found, told["code"]) == (status, code)


def test_one_that_is_not_there_is_a_404(api):
    status, _, told = api.ask("/advices/ffffffff")
    assert (status, told["code"]) == (404, "advice.not_found")


def test_a_stranger_is_told_nothing(api):
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    connection.request("GET", "/api/v1/advices")
    assert connection.getresponse().status == 401
    connection.close()


def test_a_provider_that_fails_is_a_502_and_the_advice_is_there(serve):
    with serving() as provider:
        provider.script(Reply(status=500))
        api = serve(llm_model="openai:local", llm_url=provider.url, llm_timeout_s=30.0)
        Sources(api.store).add(ROWS, "shoppers")
        status, _, told = post(api, "/advices", ASKED | {"narrate": True})
    assert (status, told["code"]) == (502, "advice.provider_failed")
    stored = api.ask(f"/advices/{told['consultation_id']}")[2]
    assert stored == told["consultation"]
    assert (stored["status"], stored["narration_status"]) == ("advised", "failed")
    assert stored["advice"]["verdict"]


def test_a_narration_that_is_not_waited_for_is_on_its_way(serve):
    with serving() as provider:
        provider.script(Reply(hangs=True))
        api = serve(llm_model="openai:local", llm_url=provider.url, llm_timeout_s=30.0)
        Sources(api.store).add(ROWS, "shoppers")
        _, _, told = post(api, "/advices", ASKED | {"narrate": False})
        with connect(f"unix://{api.path}") as far:
            assert far.advisors.narrate(told["id"], wait=False).narration_status == "asked"
            status, _, again = api.ask(f"/advices/{told['id']}/narrate?wait=false", "POST")
            assert (status, again["narration_status"]) == (202, "asked")
            provider.released.set()
            assert far.advisors.wait(told["id"]).narration_status == "failed"
