"""The API's own description: it is whole, and what it says of answers is so."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest

from tests.audited.writes import WRITES
from tests.server.walking import NOT_WALKED, Walk, described
from workbench.server.access_table import TABLE


@pytest.fixture(scope="module")
def told(owner) -> Any:
    return described(owner)


@pytest.fixture(scope="module")
def walk(owner, told, eventually) -> Walk:
    """A walk through the whole API."""
    walk = Walk(owner, told, eventually)
    walk.through()
    return walk


@pytest.fixture(scope="module")
def lines(owner, walk) -> list[Any]:
    """What the audit log tells of the walk: it asks first of all for who it is."""
    text = owner.ask("GET", f"/audit/export?everywhere=true&since={quote(walk.began)}").body
    return [json.loads(line) for line in text.splitlines()]


def operations(told: Any) -> list[tuple[str, str, Any]]:
    return [(method.upper(), path, one) for path, methods in told["paths"].items() for method, one in methods.items()]


def strict(part: Any) -> Any:
    """Return a schema that takes nothing beyond what it names."""
    if isinstance(part, list):
        return [strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {name: strict(one) for name, one in part.items()}
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


def test_every_route_that_is_declared_is_described_and_no_other(told):
    there = {(method, path) for method, path, _ in operations(told)}
    wanted = {place for place in TABLE if place[0] != "WS"} - {("GET", "/api/v1/openapi.json")}
    assert there == wanted


def test_every_operation_says_what_it_does_whom_it_takes_and_what_it_gives(told):
    lacking = [
        one["operationId"]
        for _, _, one in operations(told)
        if not (one.get("summary") and one.get("tags") and one.get("x-permission"))
        or not (one.get("description") or one["tags"] == ["health"])
        or not any(status < "400" for status in one["responses"])
    ]
    assert lacking == []


def test_operations_have_names_of_their_own(told):
    names = [one["operationId"] for _, _, one in operations(told)]
    assert len(names) == len(set(names))


def test_links_lead_to_operations_that_take_their_parameters(told):
    taken = {
        one["operationId"]: {parameter["name"] for parameter in one.get("parameters", ())}
        for _, _, one in operations(told)
    }
    links = [
        link
        for _, _, one in operations(told)
        for response in one["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(links) > 50
    assert [link for link in links if not set(link["parameters"]) <= taken[link["operationId"]]] == []


def test_the_walk_passes_every_operation(told, walk):
    assert {one["operationId"] for _, _, one in operations(told)} - set(walk.answers) - NOT_WALKED == {"check_narrator"}


def test_every_answer_is_of_a_status_and_a_type_that_is_described(told, walk):
    described = {one["operationId"]: one["responses"] for _, _, one in operations(told)}
    wrong = []
    for operation, answers in walk.answers.items():
        for answer in answers:
            content = described[operation].get(str(answer.status), {}).get("content", {})
            kind = (answer.headers["Content-Type"] or "").partition(";")[0]
            if str(answer.status) not in described[operation] or (kind and kind not in content):
                wrong.append((operation, answer.status, kind))
    assert wrong == []


def test_every_answer_is_what_its_model_says_and_nothing_beyond_it(told, walk):
    components = {"components": strict(told["components"])}
    described = {one["operationId"]: one["responses"] for _, _, one in operations(told)}
    wrong = []
    for operation, answers in walk.answers.items():
        for answer in answers:
            content = described[operation][str(answer.status)].get("content", {})
            schema = content.get("application/json", {}).get("schema")
            if schema is None or operation == "health":
                continue
            validator = jsonschema.Draft202012Validator({**components, **strict(schema)})
            found = [(operation, list(one.path), one.message[:300]) for one in validator.iter_errors(answer.body)]
            wrong += found[:2]
    assert wrong == []


UNTOLD = {"advice.narration_asked", "advice.asked", "data.refreshed"}
"""What the walk does not: there is no language model, advices come at once, and its file is as it was."""


@pytest.mark.parametrize("action", sorted(set().union(*WRITES.values()) - UNTOLD))
def test_what_the_walk_changed_is_told_with_who_did_it_from_where_and_to_what(action, lines, walk):
    (me,) = walk.answers["show_me"]
    told = [line for line in lines if line["action"] == action and line["by"] == me.body["name"]]
    assert [line for line in told if line["origin"] == "http 127.0.0.1"]
    assert all(line["outcome"] == "done" and line["subject_id"] for line in told)
    assert {line["subject"] for line in told} == {told[0]["subject"]}


def test_headers_that_are_promised_come(told, walk):
    lacking = []
    for _, _, one in operations(told):
        for answer in walk.answers.get(one["operationId"], ()):
            promised = set(one["responses"][str(answer.status)].get("headers", {})) - {"Link", "ETag"}
            lacking += [(one["operationId"], name) for name in promised if not answer.headers[name]]
    assert lacking == []


def test_what_has_a_tag_is_answered_with_it_once_it_is_not_under_way(told, walk):
    untagged = set()
    for _, _, one in operations(told):
        answers = walk.answers.get(one["operationId"], ())
        is_promised = any("ETag" in one["responses"][str(answer.status)].get("headers", {}) for answer in answers)
        if is_promised and not any(answer.headers["ETag"] for answer in answers):
            untagged.add(one["operationId"])
    assert untagged == set()


def test_what_is_made_is_found_where_its_location_says(owner, walk, told):
    from urllib.parse import urljoin

    places = {one["operationId"]: path for _, path, one in operations(told)}
    source = walk.answers["upload_source"][0]
    place = urljoin(f"http://there{places['upload_source']}", source.headers["Location"])
    # Its next version stands under its name; the first keeps its id.
    assert owner.ask("GET", place.removeprefix("http://there/api/v1")).body["id"] == source.body["id"]


def test_examples_are_what_their_models_say(told):
    components = {"components": strict(told["components"])}
    wrong, count = [], 0
    for name, schema in told["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            count += 1
            validator = jsonschema.Draft202012Validator({**components, "$ref": f"#/components/schemas/{name}"})
            wrong += [(name, error.message[:200]) for error in validator.iter_errors(example)]
    assert wrong == []
    assert count > 30


def test_every_body_has_an_example_that_is_what_its_model_says(told):
    components = {"components": strict(told["components"])}
    wrong, count = [], 0
    for _, _, one in operations(told):
        for kind, body in one.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                count += 1
                validator = jsonschema.Draft202012Validator({**components, **strict(body["schema"])})
                wrong += [(one["operationId"], error.message[:200]) for error in validator.iter_errors(body["example"])]
    assert wrong == []
    assert count > 30


@pytest.mark.parametrize("operation", ["check_run", "estimate_run", "test_source", "create_key", "invite"])
def test_an_example_of_what_needs_nothing_but_a_sample_works(operation, owner, told):
    assert owner.ask("POST", "/samples/iris").status == 201
    path, body = next(
        (path, one["requestBody"]["content"]["application/json"]["example"])
        for _, path, one in operations(told)
        if one["operationId"] == operation
    )
    answer = owner.ask("POST", path.removeprefix("/api/v1"), body)
    assert answer.status < 300, answer.body


def test_examples_tell_nothing_of_the_machine_that_they_were_made_on(told):
    text = json.dumps([schema.get("examples") for schema in told["components"]["schemas"].values()])
    assert "/tmp" not in text
    assert "/root" not in text
