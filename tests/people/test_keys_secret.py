"""A key's secret is shown once, and stands nowhere else: no row, no file, no log, no text of an error."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest

from workbench.access import secrets
from workbench.errors import WorkbenchError


@pytest.fixture
def issued(workbench):
    return workbench.keys.create("ci", "*")


def files_with(folder, secret: str) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_only_its_hash_is_kept(workbench, issued):
    opened = workbench.for_key(issued.secret, origin="http 192.0.2.7")
    opened.keys.rotate(issued.key.id, grace_minutes=1)
    workbench.keys.revoke(issued.key.id)
    assert files_with(workbench.settings.home, issued.secret) == []
    assert files_with(workbench.settings.home, secrets.digest(issued.secret)) != []


def test_it_is_told_when_it_is_asked_for_alone(issued):
    shown = [repr(issued), str(issued), f"{issued}", repr(issued.key), str(issued.key), str(issued.key.as_dict())]
    assert [text for text in shown if issued.secret in text] == []
    assert issued.as_dict()["secret"] == issued.secret


def test_it_survives_a_way_between_processes(issued):
    assert pickle.loads(pickle.dumps(issued)) == issued


def test_whoever_bears_it_is_shown_without_it(workbench, issued):
    opened = workbench.for_key(issued.secret, origin="http 192.0.2.7")
    shown = [repr(opened), repr(opened.actor), repr(workbench.bearers.find(issued.secret, origin="http 192.0.2.7"))]
    assert [text for text in shown if issued.secret in text] == []


def calls(workbench, secret: str):
    keys = workbench.keys
    yield lambda: keys.get(secret)
    yield lambda: keys.revoke(secret)
    yield lambda: keys.rotate(secret)
    yield lambda: keys.list(before=secret)
    yield lambda: keys.create(secret * 3, "*")
    yield lambda: keys.create(f"{secret}\n", "*", days=0)
    yield lambda: keys.create("ci", secret)
    yield lambda: keys.create("ci", "*", days=secret)
    yield lambda: keys.create("ci", "*", requests_per_minute=secret)
    yield lambda: keys.rotate(keys.create("two", "*").key.id, grace_minutes=secret)
    yield lambda: workbench.for_key(secret, origin="http 192.0.2.7")
    yield lambda: workbench.for_key(f"{secret}x", origin="http 192.0.2.7")


@pytest.mark.parametrize("number", range(12))
def test_an_error_does_not_repeat_it(workbench, issued, caplog, number):
    workbench.keys.revoke(issued.key.id)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(WorkbenchError) as raised:
        list(calls(workbench, issued.secret))[number]()
    error = raised.value
    told = [str(error), repr(error), str(error.as_problem()), "".join(traceback.format_exception(error)), caplog.text]
    assert [text for text in told if issued.secret in text] == []
    assert files_with(workbench.settings.home, issued.secret) == []


def test_a_secret_that_somebody_puts_into_a_name_is_cut_short_in_the_audit_log(workbench, issued):
    workbench.keys.create(f"copy of {issued.secret}", "*")
    (line,) = workbench.audit.list(action="key.issued", limit=1)
    assert f"copy of {issued.key.prefix}…" in line.message
    assert issued.secret not in str(line.as_dict())


@pytest.mark.parametrize("kind", [secrets.KEY, secrets.INVITATION])
def test_a_text_is_told_with_its_secrets_cut_short(kind):
    secret = secrets.new(kind)
    assert secrets.redacted(f"({secret}), '{secret}'") == f"({secret[:12]}…), '{secret[:12]}…'"


@pytest.mark.parametrize("text", ["", "pck_", "pck_abc", "a pck_12345678 b", "inventory", "pck"])
def test_a_text_without_secrets_is_told_as_it_is(text):
    assert secrets.redacted(text) == text
