"""What pre-flight means for a run that is asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.errors import BadRequest
from workbench.preflight.findings import apply
from workbench.requests import resolve
from workbench.runs import queue
from workbench.runs.queue import SourceIdentity


@pytest.fixture
def leaky(warm, honest):
    """A table of which a column is the target, another one names its rows; in the home whose service is warm."""
    found = next((source for source in warm.data.list() if source.name == "leaky"), None)
    frame = honest(120)
    frame = frame.assign(copy=frame["y"], name=[f"n{row}" for row in range(120)])
    return found or warm.data.add(frame, "leaky")


@pytest.fixture
def setup_run(warm, leaky):
    """Submit a set-up of the table, and see to it that it ends."""
    runs = []

    def submit(**asked):
        named = {} if "from_run" in asked else {"target": "y"}
        runs.append(warm.runs.submit(None if "from_run" in asked else leaky, plan="setup", **named, **asked))
        return runs[-1]

    yield submit
    for run in runs:
        run.cancel()
        assert run.wait(timeout_s=60).is_terminal


def test_what_is_found_is_told_without_a_run(warm, leaky):
    count = len(warm.runs.records(limit=1000))
    found = warm.runs.check(leaky, target="y")
    assert [finding.code for finding in found.findings] == ["leak.copy", "column.identifier"]
    assert [finding.code for finding in found.blocking] == ["leak.copy"]
    assert len(warm.runs.records(limit=1000)) == count


def test_it_is_told_in_any_thread(warm, leaky):
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(warm.runs.check, leaky, target="y").result() == warm.runs.check(leaky, target="y")


def test_a_blocking_finding_refuses_the_run_and_says_how_to_mend_and_how_to_override_it(warm, leaky):
    count = len(warm.runs.records(limit=1000))
    with pytest.raises(BadRequest) as caught:
        warm.runs.submit(leaky, target="y", plan="setup")
    error = caught.value
    assert error.code == "spec.blocked"
    assert error.message.startswith("'copy' is the target 'y' under another name")
    assert error.hint == "Leave out 'copy', or override leak.copy to run all the same."
    assert error.as_problem()["findings"][0]["mend"]["changes"] == {"setup": {"ignore_features": ["copy"]}}
    assert len(warm.runs.records(limit=1000)) == count


def test_a_mend_becomes_a_part_of_the_set_up(warm, leaky, setup_run):
    request = {"setup": {"normalize": True}}
    for finding in warm.runs.check(leaky, target="y", **request).findings:
        request = apply(request, finding.mend)
    run = setup_run(**request)
    assert run.record.spec["setup"] == {"normalize": True, "ignore_features": ["copy", "name"]}
    assert run.record.spec["preflight"]["findings"] == []


def test_an_override_is_recorded_with_what_was_found(setup_run):
    run = setup_run(override=["leak.copy"])
    recorded = run.record.as_dict()["spec"]["preflight"]
    assert recorded["overridden"] == ["leak.copy"]
    assert [(each["code"], each["columns"]) for each in recorded["findings"]] == [
        ("leak.copy", ["copy"]),
        ("column.identifier", ["name"]),
    ]
    assert recorded["findings"][0]["evidence"]["how"] == "renamed"
    queued = run.log(limit=1)[0]
    assert queued.kind == "run.queued"
    assert queued.message.endswith("despite leak.copy")
    assert queued.payload["overridden"] == ["leak.copy"]
    assert [each["severity"] for each in queued.payload["findings"]] == ["blocking", "warning"]


def test_an_override_of_what_is_not_found_is_not_recorded(warm, leaky, setup_run):
    run = setup_run(setup={"ignore_features": ["copy"]}, override=["leak.copy", "leak.computed"])
    assert run.record.spec["preflight"]["overridden"] == []


def test_an_override_of_another_finding_does_not_count(warm, leaky):
    with pytest.raises(BadRequest, match=r"override leak\.copy"):
        warm.runs.submit(leaky, target="y", override="memory.exceeded")


def test_there_is_no_override_of_what_is_never_found(warm, leaky):
    with pytest.raises(BadRequest, match=r"Pre-flight finds no 'leak.cpoy'. Did you mean leak.copy\?"):
        warm.runs.submit(leaky, target="y", override="leak.cpoy")


def test_a_run_that_follows_keeps_the_override_of_the_same_finding(warm, setup_run):
    first = setup_run(override="leak.copy")
    assert setup_run(from_run=first).record.spec["preflight"]["overridden"] == ["leak.copy"]
    found = warm.runs.check(from_run=first, plan="setup")
    assert (found.blocking, found.overridden) == ((), ("leak.copy",))


def test_a_run_that_follows_is_checked_for_what_is_found_only_now(warm, leaky, setup_run):
    first = setup_run(setup={"ignore_features": ["copy"]})
    with pytest.raises(BadRequest, match=r"override leak\.copy"):
        warm.runs.submit(from_run=first, plan="setup", setup={"ignore_features": None})


def test_a_run_that_follows_on_another_table_keeps_no_override(warm, leaky, setup_run, honest):
    first = setup_run(override="leak.copy")
    frame = honest(120)
    other = warm.data.add(frame.assign(copy=frame["y"], name="x"), "leaky too")
    try:
        with pytest.raises(BadRequest, match=r"override leak\.copy"):
            warm.runs.submit(other, from_run=first, plan="setup")
    finally:
        warm.data.delete(other)


def test_a_run_that_goes_on_is_not_held_up_by_what_it_started_with(warm, leaky, setup_run):
    """Nothing was found before runs kept what was: those that another Workbench started go on all the same."""
    source, spec = resolve(warm._store, warm.data, leaky, {"target": "y", "plan": "setup"})
    identity = SourceIdentity(source.id, source.name, source.sha256)
    old = queue.submit(warm._store, identity, spec, by="me", snapshot={}, service_is_warm=True)
    run = warm.runs.get(old.id)
    run.cancel()
    assert run.wait(timeout_s=60).is_terminal
    resumed = warm.runs.resume(run)
    resumed.cancel()
    assert resumed.wait(timeout_s=60).is_terminal
    assert resumed.record.spec["preflight"]["overridden"] == ["leak.copy"]


def test_an_estimate_is_not_held_up(warm, leaky):
    assert warm.runs.estimate(leaky, target="y", plan="setup").words
