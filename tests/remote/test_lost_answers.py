"""Connections that end before an answer is there: what was asked for is done once, and is told."""

import json
from importlib.resources import files

import pytest

import workbench
from tests.remote.answering import Says, answering
from tests.remote.cutting import Cutter
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.errors import Gone, NotFound, Unavailable

SOURCE = json.loads(files("workbench.server.bodies").joinpath("examples.json").read_text(encoding="utf-8"))["Source"]


@pytest.fixture
def far(cutter, secret):
    with workbench.connect(cutter.address, key=secret) as opened:
        yield opened


def test_a_run_whose_answer_was_lost_is_one_run(far, cutter, warm, fitted):
    before = {found.id for found in warm.runs.records(limit=1000)}
    cutter.lose = 2
    run = far.runs.submit(fitted.record.source_id, target="cultivar", plan="setup", seed=77)
    assert cutter.lose == 0
    assert {found.id for found in warm.runs.records(limit=1000)} - before == {run.id}


def test_a_rollback_whose_answer_was_lost_goes_back_once(far, cutter, warm, fitted, called):
    names = [warm.registry.promote(fitted, name=f"{called}-{place}").name for place in range(3)]
    for name in names:
        warm.registry.aliases.set(called, name)
    cutter.lose = 1
    assert far.registry.aliases.rollback(called).pipeline_name == names[1]
    assert warm.registry.aliases.get(called).pipeline_name == names[1]


def test_what_may_be_under_way_is_asked_for_as_long_as_its_time_lasts(far, cutter, warm, called, monkeypatch):
    monkeypatch.setattr("workbench.remote.patience._PAUSE_MOST_S", 0.01)
    cutter.lose = 20
    assert far.projects.create(called).name == called
    assert cutter.lose == 0
    assert [project.name for project in warm.projects.list()].count(called) == 1


def test_what_changes_nothing_is_not_asked_for_that_long(far, cutter, monkeypatch):
    monkeypatch.setattr("workbench.remote.patience._PAUSE_MOST_S", 0.01)
    cutter.lose = 20
    with pytest.raises(Unavailable):
        far.projects.list()
    assert cutter.lose > 0


def test_a_file_that_is_still_read_when_it_is_sent_again_is_waited_for(tmp_path):
    later = {"status": 409, "code": "request.in_progress", "detail": "Wait.", "retry_after_s": 0.01}
    answers = iter([Says(201, SOURCE), *[Says(409, later)] * 8, Says(201, SOURCE)])
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    with (
        answering(lambda _: next(answers)) as api,
        Cutter(int(api.address.rpartition(":")[2])) as between,
        workbench.connect(between.address, key="pck_x") as far,
    ):
        between.lose = 1
        assert far.data.upload(path, "table").name == SOURCE["name"]
    sent = api.of("/data-sources/upload")
    assert [one.body for one in sent] == [path.read_bytes()] * 10
    assert len({one.headers["idempotency-key"] for one in sent}) == 1


def test_a_delete_whose_answer_was_lost_is_no_error(far, cutter, warm, called):
    warm.projects.create(called)
    cutter.lose = 1
    far.projects.delete(called)
    assert called not in [project.name for project in warm.projects.list()]


def test_a_new_name_whose_answer_was_lost_is_no_error(far, cutter, warm, called):
    warm.projects.create(called)
    cutter.lose = 1
    assert far.projects.rename(called, f"{called}-anew").name == f"{called}-anew"


def test_who_leaves_and_loses_the_answer_has_left(cutter, warm, called):
    warm.workspaces.set_role(called, "viewer")
    secret = warm.on_behalf_of(Actor(called, Role.VIEWER)).keys.create("hers", ["*"]).secret
    with workbench.connect(cutter.address, key=secret) as leaving:
        leaving.projects.list()
        cutter.lose = 1
        leaving.workspaces.leave()
    assert called not in [member.name for member in warm.workspaces.members()]


def test_an_invitation_whose_answer_was_lost_is_accepted_and_its_key_said_to_be_lost(cutter, warm, called):
    code = warm.workspaces.invite(called).code
    cutter.lose = 1
    with workbench.connect(cutter.address) as nobody, pytest.raises(Gone) as raised:
        nobody.accept_invitation(code)
    assert raised.value.code == "remote.secret_lost"
    assert called in [member.name for member in warm.workspaces.members()]


def test_what_was_not_there_is_told_where_no_answer_was_lost(far):
    with pytest.raises(NotFound) as raised:
        far.projects.delete("never there")
    assert raised.value.code == "project.not_found"


def test_a_key_whose_answer_was_lost_is_made_once_and_said_to_be_lost(far, cutter, warm, called):
    cutter.lose = 1
    with pytest.raises(Gone) as raised:
        far.keys.create(called, "runs:read")
    assert raised.value.code == "remote.secret_lost"
    assert [key.name for key in warm.keys.list(limit=1000)].count(called) == 1


def test_a_file_whose_answer_was_lost_is_one_data_source(far, cutter, warm, called, tmp_path):
    path = tmp_path / f"{called}.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    cutter.lose = 1
    source = far.data.upload(path)
    assert source.row_count == 2
    assert [found.name for found in warm.data.list()].count(called) == 1


def test_events_come_once_and_in_order_however_often_they_break_off(far, cutter, fitted):
    run = far.runs.get(fitted.id)
    cutter.cuts, cutter.leave = 4, 1500
    seen = [event.seq for event in run.events()]
    assert cutter.cuts == 0
    assert seen == [event.seq for event in fitted.history()]


def test_a_table_that_breaks_off_is_fetched_anew(far, cutter, warm, fitted):
    source = warm.data.get(fitted.record.source_id)
    cutter.cuts, cutter.leave = 2, 600
    assert far.data.load(source).equals(warm.data.load(source))


def test_an_api_that_is_gone_is_unreachable(far, cutter):
    cutter.lose = 100
    with pytest.raises(Unavailable) as raised:
        far.runs.records()
    assert raised.value.code == "remote.unreachable"
