"""Whatever is sent to be predicted is answered, or refused as the contract says; nothing brings about a fault."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.server.calling import Answer, refuses
from workbench.errors import ErrorCode

REFUSALS = {
    400: {"predict.no_rows", "predict.invalid_rows", "predict.failed"},
    413: {"predict.too_many_rows"},
    422: {"request.malformed"},
}
TASKS = ("classification", "regression", "time_series")
ROWS: Mapping[str, dict[str, Any]] = {
    "classification": {"age": 40.0, "income": 20000.0, "city": "Rome", "visits": 3},
    "regression": {"age": 40.0, "income": 20000.0, "city": "Rome", "visits": 3},
    "time_series": {"month": "2021-11-01", "price": 10.0},
}
ASKED: Mapping[str, dict[str, Any]] = {
    "classification": {"target": "buys", "model": "lr"},
    "regression": {"target": "spends", "model": "lr"},
    "time_series": {"target": "sales", "model": "arima", "setup": {"index": "month", "fh": 2}},
}
UNDER_WAY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Sent:
    """A request for predictions: bytes, and what its headers say of them."""

    body: bytes
    headers: Mapping[str, str]


any_text = st.text(st.characters(exclude_categories=()), max_size=6)
keys = any_text | st.sampled_from(["rows", "row", "__proto__", "", "k" * 100_000, "\ud800", "\x00"])
literals = st.sampled_from(
    [
        *("null", "true", "false", "NaN", "Infinity", "-Infinity", "-0", "-0.0", "1e308", "1e309", "-1e999", "1e-400"),
        *(
            "5e-324",
            str(2**53 + 1),
            str(2**63),
            str(2**64),
            str(-(2**70)),
            "9" * 500,
            "0." + "3" * 500,
            "01",
            "+1",
            ".",
        ),
        *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\x41"', '"Rome"', '"1e5"', '"2021-11-01"', '"9999-99-99"'),
        *('"0001-01-01"', '"2262-04-12"', '"now"', '"24:00"', '"' + "x" * 100_000 + '"', "", "[" * 2000, "{" * 2000),
    ]
)
numbers = st.integers().map(str) | st.floats().map(json.dumps)
dates = st.dates().map(lambda day: f'"{day}"')
leaves = literals | numbers | dates | any_text.map(json.dumps)


def listed(items: st.SearchStrategy[str], most: int) -> st.SearchStrategy[str]:
    return st.lists(items, max_size=most).map(lambda found: f"[{','.join(found)}]")


def an_object(pairs: list[tuple[str, str]]) -> str:
    """Write an object; a name may come twice."""
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"


nested = st.recursive(
    leaves,
    lambda inner: listed(inner, 3) | st.lists(st.tuples(keys, inner), max_size=3).map(an_object),
    max_leaves=6,
)
headers = st.dictionaries(
    st.sampled_from(["Content-Type", "Content-Encoding", "Accept", "X-Request-Id"]),
    st.sampled_from(["application/json", "text/plain", "application/json; charset=utf-16", "gzip", "deflate", "*/*"])
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=10),
    max_size=2,
)
encodings = st.sampled_from(["utf-8", "utf-16", "utf-32-be", "utf-8-sig"])


def rows_like(row: Mapping[str, Any]) -> st.SearchStrategy[str]:
    """Rows of the right columns, some of them, others beside, or the same twice; whatever in them."""
    right = [(name, json.dumps(value)) for name, value in row.items()]
    cells = [st.tuples(st.just(name), st.just(value) | leaves | nested) for name, value in right]
    others = st.lists(st.tuples(keys | st.sampled_from(list(row)), nested), max_size=2)
    some = st.lists(st.sampled_from(right), max_size=len(right))
    pairs = st.just(right) | st.tuples(*cells).map(list) | st.builds(list.__add__, some, others)
    return pairs.map(an_object)


def requests_like(row: Mapping[str, Any]) -> st.SearchStrategy[Sent]:
    """Requests, most of them with rows that resemble one."""
    rows = listed(rows_like(row) | rows_like(row) | nested, 4)
    asked = rows.map(lambda told: f'{{"rows":{told}}}')
    whole = st.lists(st.tuples(st.just("rows") | keys, rows | nested), max_size=3).map(an_object)
    texts = asked | asked | asked | whole | nested
    written = st.builds(lambda text, encoding: text.encode(encoding, "surrogatepass"), texts, encodings)
    plain = texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
    bodies = plain | plain | written | plain.map(gzip.compress) | st.binary(max_size=20)
    return st.builds(Sent, bodies, st.just({}) | headers)


@pytest.fixture(scope="module")
def deployed(warm, mixed) -> Iterator[dict[str, Any]]:
    """A deployment a task."""
    months = pd.date_range("2018-01-01", periods=48, freq="MS").strftime("%Y-%m-%d")
    dated = mixed["time_series"].assign(month=months, price=[10.0 + place % 3 for place in range(48)])
    tables = {**mixed, "time_series": dated}

    def upload(task: str) -> Any:
        return warm.data.upload(io.BytesIO(tables[task].to_csv(index=False).encode()), name=f"strange-{task}")

    runs = {
        task: warm.runs.submit(upload(task), task=task, plan="create", folds=2, seed=1, **ASKED[task]) for task in TASKS
    }
    made = {}
    for task, run in runs.items():
        assert run.wait(timeout_s=60).status == "succeeded", run.record.error
        made[task] = warm.deployments.deploy(run, slug=f"strange-{task.replace('_', '-')}")
    yield made
    for deployment in made.values():
        deployment.delete()


@pytest.fixture(scope="module")
def send(owner, deployed) -> Callable[[str, Sent], Answer]:
    return lambda task, sent: owner.predict(deployed[task].slug, sent.body, **sent.headers)


def check(answer: Answer, rows: int | None = None) -> None:
    """Check that a request was answered row by row, or refused as the contract says."""
    if answer.status == 200:
        predictions = answer.body["predictions"]
        assert [one["index"] for one in predictions] == list(range(len(predictions)))
        assert all(isinstance(one["prediction"], str | int | float) for one in predictions)
        assert rows in (None, len(predictions))
    else:
        assert answer.is_problem
        assert answer.code in REFUSALS[answer.status]
        assert answer.code in get_args(ErrorCode)


@pytest.mark.parametrize("task", TASKS)
def test_nothing_that_is_sent_brings_about_a_fault_or_ends_the_predictor(task, send, deployed):
    @given(sent=requests_like(ROWS[task]))
    @UNDER_WAY
    @example(Sent(b"", {}))
    @example(Sent(b"{}", {}))
    @example(Sent(b'{"rows":[{}]}', {}))
    @example(Sent(json.dumps({"rows": [ROWS[task]]}).encode(), {"Content-Encoding": "gzip"}))
    def ask(sent: Sent) -> None:
        check(send(task, sent))

    ask()
    assert [one.status for one in deployed[task].predictors()] == ["ready"]


@pytest.mark.parametrize("task", TASKS)
def test_a_row_as_it_should_be_is_answered_whatever_the_request_says_it_is(task, send):
    body = json.dumps({"rows": [ROWS[task]]}).encode()
    for kind in ("text/plain", "application/xml", "application/json; charset=utf-16", ""):
        answer = send(task, Sent(body, {"Content-Type": kind}))
        assert answer.status == 200, answer
        check(answer, 1)


@pytest.mark.parametrize("task", TASKS)
def test_more_rows_than_may_be_are_refused(task, send):
    answer = send(task, Sent(json.dumps({"rows": [ROWS[task]] * 10_001}).encode(), {}))
    check(answer)
    assert answer.code == "predict.too_many_rows"


@pytest.mark.parametrize(
    ("task", "changed", "code", "words"),
    [
        ("regression", {"age": 1.7e308}, "predict.failed", "predicts inf, which is no number"),
        ("time_series", {"month": "2030-01-01"}, "predict.invalid_rows", "the series goes on with 2021-11"),
    ],
    ids=TASKS[1:],
)
def test_what_a_pipeline_has_no_answer_to_is_refused_in_words(task, changed, code, words, send):
    answer = send(task, Sent(json.dumps({"rows": [ROWS[task] | changed]}).encode(), {}))
    refuses(answer, 400, code)
    assert words in answer.body["detail"]
