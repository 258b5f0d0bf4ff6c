"""Consultations in the store: nothing asked is lost, whatever becomes of the process that was to answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workbench.advisors.advice import Advice, Evidence, Finding, Told
from workbench.consulting import consultations
from workbench.consulting.consultation import Subject
from workbench.consulting.consultations import ConsultationQueue
from workbench.errors import BadRequest, Conflict, EngineFault, NotFound
from workbench.store import audit
from workbench.store.tables import ConsultationRow, now


class Shown(Told):
    rows: int = 3


RUN = Subject("run", "0f" * 18, "run 12345678")
ADVICE = Advice(
    verdict="NO CLEAR WINNER: two are alike",
    reasoning_summary="Two models are alike.",
    findings=(Finding(id="margin", severity="warning", evidence=Evidence(claim="They differ by 0.001.")),),
    risk_flags=("tiny_margin",),
)


@pytest.fixture
def asked(store):
    return consultations.ask(store, "run_explainer", RUN, {}, by="ada")


@pytest.fixture
def queue(store):
    return ConsultationQueue(store)


def test_what_is_asked_waits_with_its_inputs(store, queue):
    made = consultations.ask(store, "deployment_reviewer", RUN, {"goal": "find fraud"}, by="ada")
    found = consultations.get(store, made.id)
    assert (found.status, found.inputs, found.subject, found.created_by) == (
        "queued",
        {"goal": "find fraud"},
        RUN,
        "ada",
    )
    assert queue.waiting() == [made.id]
    assert queue.under_way() == []


def test_one_process_alone_gathers_for_it(store, queue, asked):
    assert queue.register(asked.id, 17, 1.0).status == "gathering"
    assert queue.register(asked.id, 18, 1.0) is None
    assert queue.under_way() == [(asked.id, 17, 1.0, False)]


def test_the_answer_is_kept_with_what_it_rests_on(store, queue, asked):
    queue.register(asked.id, 17, 1.0)
    assert consultations.advised(store, asked.id, Shown(), ADVICE)
    found = consultations.get(store, asked.id[-8:])
    assert (found.status, found.advice, found.evidence_given) == ("advised", ADVICE, {"rows": 3})
    assert (found.verdict, found.tone, found.risk_flags) == (ADVICE.verdict, "warning", ("tiny_margin",))
    assert found.is_over


def test_an_answer_is_a_line_of_the_audit_log(store, queue, asked):
    queue.register(asked.id, 17, 1.0)
    consultations.advised(store, asked.id, Shown(), ADVICE)
    line = audit.entries(store.database, audit.About(action="advice.given"))[0]
    assert (line.subject, line.subject_id, line.details["consultation_id"]) == ("run", RUN.id, asked.id)
    assert ADVICE.verdict in line.message


def test_an_answer_that_comes_too_late_is_not_taken(store, queue, asked):
    queue.register(asked.id, 17, 1.0)
    consultations.failed(store, asked.id, EngineFault("advice.failed", "It broke."))
    assert not consultations.advised(store, asked.id, Shown(), ADVICE)
    assert consultations.get(store, asked.id).advice is None


def test_what_stood_in_the_way_is_raised_again_as_it_was(store, queue, asked):
    queue.register(asked.id, 17, 1.0)
    consultations.failed(store, asked.id, Conflict("advice.not_possible", "Nothing is scored.", hint="Wait."))
    with pytest.raises(Conflict, match=r"Nothing is scored. Wait.") as caught:
        consultations.get(store, asked.id).given  # noqa: B018
    assert (caught.value.code, caught.value.about["consultation_id"]) == ("advice.not_possible", asked.id)


def test_there_is_no_answer_before_there_is_one(asked):
    with pytest.raises(Conflict) as caught:
        asked.given  # noqa: B018
    assert caught.value.code == "advice.not_ready"


def test_a_lost_process_costs_one_more_try_and_then_the_consultation(store, queue, asked):
    queue.register(asked.id, 17, 1.0)
    queue.lost(asked.id, "It was killed.", 17)
    again = consultations.get(store, asked.id)
    assert (again.status, again.problem["detail"]) == ("queued", "It was killed. It starts again.")
    queue.register(asked.id, 18, 1.0)
    queue.lost(asked.id, "It was killed.", 18)
    over = consultations.get(store, asked.id)
    assert (over.status, over.problem["detail"], over.problem["code"]) == ("failed", "It was killed.", "advice.failed")


def test_the_end_of_an_earlier_process_does_not_count(store, queue, asked):
    queue.register(asked.id, 17, 1.0)
    queue.lost(asked.id, "It was killed.", 16)
    assert consultations.get(store, asked.id).status == "gathering"


def test_what_was_found_out_at_once_is_kept_whole(store):
    began = now() - timedelta(seconds=2)
    made = consultations.keep(store, "failure_debugger", RUN, {}, (Shown(), ADVICE), by="ada", began=began)
    assert (made.status, made.advice, made.created_at) == ("advised", ADVICE, began)
    refused = Conflict("advice.not_possible", "Nothing failed.")
    other = consultations.keep(store, "failure_debugger", RUN, {}, refused, by="ada", began=began)
    assert (other.status, other.problem["code"]) == ("failed", "advice.not_possible")


def test_they_are_found_by_subject_and_advisor_newest_first(store):
    other = Subject("run", "1f" * 18, "another run")
    first, second, third = (
        consultations.ask(store, advisor, of, {}, by="ada").id
        for advisor, of in (("run_explainer", RUN), ("failure_debugger", RUN), ("run_explainer", other))
    )
    assert [found.id for found in consultations.listed(store)] == [third, second, first]
    assert [found.id for found in consultations.listed(store, subject=RUN.id)] == [second, first]
    assert [found.id for found in consultations.listed(store, advisor="run_explainer")] == [third, first]
    assert [found.id for found in consultations.listed(store, limit=1)] == [third]


@pytest.mark.parametrize("reference", ["", "nobody", "ffffffff", "'; drop table advices"])
def test_one_that_is_not_there_is_refused_by_name(store, reference):
    with pytest.raises(NotFound) as caught:
        consultations.get(store, reference)
    assert caught.value.code == "advice.not_found"


def test_an_ending_that_several_have_is_refused(store):
    with store.database.write() as session:
        for begin in ("aaaa", "bbbb"):
            session.add(
                ConsultationRow(
                    id=f"{begin}0000-0000-7000-8000-000000001234",
                    workspace_id=store.workspace_id,
                    advisor="run_explainer",
                    subject_kind="run",
                    subject_id=RUN.id,
                    subject_name=RUN.name,
                    inputs={},
                    created_by="ada",
                )
            )
    with pytest.raises(BadRequest) as caught:
        consultations.get(store, "1234")
    assert caught.value.code == "advice.ambiguous"


@pytest.fixture
def advised(store):
    return consultations.keep(store, "failure_debugger", RUN, {}, (Shown(), ADVICE), by="ada", began=now())


def test_a_narration_is_waited_for_and_kept(store, advised):
    token = consultations.ask_narrator(store, advised.id, within_s=60)
    assert consultations.get(store, advised.id).narration_status == "asked"
    assert consultations.narrated(store, advised.id, "told", {"summary": "Two are alike."}, token=token)
    found = consultations.get(store, advised.id)
    assert (found.narration_status, found.narration, found.is_over) == ("told", {"summary": "Two are alike."}, True)
    assert not consultations.narrated(store, advised.id, "told", {"summary": "Something else."}, token=token)


def test_a_narration_is_asked_for_once_at_a_time(store, advised):
    assert consultations.ask_narrator(store, advised.id, within_s=60) is not None
    assert consultations.ask_narrator(store, advised.id, within_s=60) is None


def test_a_narrator_that_is_late_counts_as_gone(store, advised):
    consultations.ask_narrator(store, advised.id, within_s=-1)
    found = consultations.get(store, advised.id)
    assert (found.narration_status, found.is_over, found.advice) == ("failed", True, ADVICE)


def test_one_that_was_given_up_does_not_answer_for_the_next(store, advised):
    late = consultations.ask_narrator(store, advised.id, within_s=-1)
    token = consultations.ask_narrator(store, advised.id, within_s=60)
    assert not consultations.narrated(store, advised.id, "told", {"summary": "Late."}, token=late)
    assert consultations.narrated(store, advised.id, "told", {"summary": "In time."}, token=token)


def test_what_no_database_holds_is_written_so_that_each_does(store, queue, asked):
    queue.register(asked.id, 17, 1.0)
    odd = ADVICE.model_copy(update={"reasoning_summary": "no\0 and \ud800"})
    consultations.advised(store, asked.id, Shown(), odd)
    assert consultations.get(store, asked.id).reasoning_summary == "no␀ and ?"


def test_lists_leave_out_what_the_advisor_was_shown(store, advised):
    assert consultations.listed(store)[0].evidence_given is None
    assert consultations.get(store, advised.id).evidence_given == {"rows": 3}
