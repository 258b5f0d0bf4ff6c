"""The facade of the advisors: what is asked is stored, answered by the right process, and found again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.narrating.conftest import said
from tests.narrating.provider import Provider, Reply, serving
from workbench import connect
from workbench.errors import BadGateway, BadRequest, Conflict, EngineFault, NotFound
from workbench.store.tables import ConsultationRow


@pytest.fixture(scope="module")
def run(warm, mixed, tmp_path_factory):
    path = tmp_path_factory.mktemp("advised-shoppers") / "shoppers.csv"
    mixed["classification"].to_csv(path, index=False)
    source = warm.data.upload(path, name="advised-shoppers")
    submitted = warm.runs.submit(source, target="buys", include=["lr", "dt", "dummy"], folds=3, seed=1)
    assert submitted.wait(120).status == "succeeded"
    return submitted


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


@pytest.fixture
def narrated(warm, provider):
    """The same home, with a language model."""
    changed = {"llm_model": "openai:local", "llm_url": provider.url, "llm_timeout_s": 30.0}
    opened = connect(warm.settings.model_copy(update=changed))
    yield opened
    opened.close()


def test_what_takes_the_pipeline_is_answered_by_a_process_of_the_service(warm, run):
    found = warm.advisors.explain(run)
    with warm._store.database.read() as session:
        row = session.get_one(ConsultationRow, found.id)
    assert (found.status, row.served_by) == ("advised", warm.settings.identity)
    assert found.advice.finding("new_rows") is not None
    assert warm.settings.process_log("consultation", found.id).is_file()


def test_what_is_stored_already_is_answered_in_this_process(warm, run):
    found = warm.advisors.analyse("advised-shoppers", target="buys")
    assert found.status == "advised"
    assert not warm.settings.process_log("consultation", found.id).exists()


def test_it_is_found_again_with_all_that_the_advisor_was_shown(warm, run):
    asked = warm.advisors.review(run, goal="rank by risk", segment="city")
    found = connect(warm.settings).advisors.get(asked.id)
    assert found == asked
    assert found.inputs == {"goal": "rank by risk", "segment": "city"}
    assert found.as_dict(with_evidence=True)["evidence"]["segment"] == "city"
    assert asked.id in [each.id for each in warm.advisors.list(run, advisor="deployment_reviewer")]


def test_a_consultation_goes_on_without_whoever_asked_for_it(warm, run):
    asker = connect(warm.settings)
    asked = asker.advisors.explain(run, wait=False)
    asker.close()
    assert asked.status == "queued"
    assert warm.advisors.wait(asked).status == "advised"


def test_a_process_that_is_killed_costs_one_more_try(warm, run, eventually):
    def row(id):
        with warm._store.database.read() as session:
            return session.get_one(ConsultationRow, id)

    def one_that_was_killed():
        # It may be over before it is found, or hit.
        asked = warm.advisors.explain(run, wait=False)
        found = eventually(lambda: row(asked.id).process_id or (warm.advisors.is_over(asked.id) and -1))
        if found > 0:
            with suppress(ProcessLookupError):
                os.killpg(found, signal.SIGKILL)
        assert warm.advisors.wait(asked).status == "advised"
        return row(asked.id) if row(asked.id).deaths else None

    assert eventually(one_that_was_killed).deaths == 1


def test_what_is_suggested_can_be_launched(warm, run):
    found = warm.advisors.design("advised-shoppers", "predict who buys, quickly", target="buys")
    assert warm.runs.estimate(**found.suggested_config).units > 0


def test_what_stood_in_the_way_is_stored_and_raised(warm, run):
    with pytest.raises(Conflict) as caught:
        warm.advisors.diagnose(run)
    assert caught.value.code == "advice.not_possible"
    stored = warm.advisors.get(caught.value.about["consultation_id"])
    assert (stored.status, stored.problem["code"], stored.advice) == ("failed", "advice.not_possible", None)


@pytest.mark.parametrize("reference", ["nobody", "", "'; drop table advices"])
def test_what_is_not_there_cannot_be_asked_about(warm, reference):
    before = len(warm.advisors.list(limit=1000))
    with pytest.raises(NotFound):
        warm.advisors.review(reference)
    assert len(warm.advisors.list(limit=1000)) == before


def test_a_thing_of_another_kind_cannot_be_asked_about(warm, run):
    with pytest.raises(BadRequest) as caught:
        warm.advisors.analyse(run)
    assert caught.value.code == "advice.invalid"


def test_an_error_that_nobody_foresaw_is_kept_with_what_was_asked(warm, run, monkeypatch):
    from workbench.advisors.dataset_analyst import advisor

    def breaks(*_):
        raise RuntimeError("out of order")

    monkeypatch.setattr(advisor, "advise", breaks)
    with pytest.raises(EngineFault, match="RuntimeError: out of order") as caught:
        warm.advisors.analyse("advised-shoppers", target="buys")
    stored = warm.advisors.get(caught.value.about["consultation_id"])
    assert (stored.status, stored.inputs) == ("failed", {"target": "buys"})


def test_a_run_as_it_stood_can_be_asked_about(warm, run):
    assert warm.advisors.explain(run.record, wait=False).subject.id == run.id


def test_without_a_language_model_none_is_asked(warm, run):
    assert warm.advisors.analyse("advised-shoppers", target="buys").narration_status is None
    with pytest.raises(BadRequest) as caught:
        warm.advisors.analyse("advised-shoppers", target="buys", narrate=True)
    assert caught.value.code == "advice.no_model"


def test_a_language_model_tells_what_was_found_beside_it(narrated, provider, run):
    provider.script(Reply(says=said()))
    found = narrated.advisors.analyse("advised-shoppers", target="buys")
    assert found.narration_status == "told"
    # It cited findings that this advice does not have.
    assert (found.narration["summary"], found.narration["dropped"]["unknown_finding"]) == ("", 1)


def test_one_that_fails_costs_no_advice(narrated, provider, run):
    provider.script(Reply(status=500))
    found = narrated.advisors.analyse("advised-shoppers", target="buys")
    assert (found.status, found.narration_status) == ("advised", "failed")
    assert found.narration["problem"]["kind"] == "provider_error"


def test_one_that_fails_is_an_error_for_whoever_wants_the_narration(narrated, provider, run):
    provider.script(Reply(status=500))
    with pytest.raises(BadGateway) as caught:
        narrated.advisors.analyse("advised-shoppers", target="buys", narrate=True)
    assert (caught.value.code, caught.value.status) == ("advice.provider_failed", 502)
    assert narrated.advisors.get(caught.value.about["consultation_id"]).advice is not None


def test_a_narration_cannot_be_wanted_without_waiting(narrated, run):
    with pytest.raises(BadRequest) as caught:
        narrated.advisors.analyse("advised-shoppers", target="buys", narrate=True, wait=False)
    assert caught.value.code == "advice.invalid"


def test_a_narration_can_be_asked_for_again(narrated, provider, run):
    provider.script(Reply(status=401))
    found = narrated.advisors.analyse("advised-shoppers", target="buys")
    finding = found.findings[0].id
    line = {"text": "Look at this first.", "findings": [finding]}
    provider.script(Reply(says={"summary": [line], "statements": [], "suggestions": []}))
    assert narrated.advisors.narrate(found.id).narration["summary"] == "Look at this first."
