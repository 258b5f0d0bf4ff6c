"""What is told as JSON is rebuilt as it was."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from workbench.consulting.consultation import Consultation
from workbench.data.profile import Profile
from workbench.data.source import Source
from workbench.decoding import read, rebuilt
from workbench.people.key import Issued, Key
from workbench.preflight.findings import Preflight
from workbench.registry.alias import Move
from workbench.registry.comparison import Comparison
from workbench.registry.pipeline import Pipeline
from workbench.runs.events import Event
from workbench.runs.record import RunRecord
from workbench.runs.scores import LeaderboardRow
from workbench.store.audit import Entry

AT = datetime(2026, 3, 31, 12, 0, 0, 123456, tzinfo=UTC)


def over(value):
    """Send a dataclass as JSON, and rebuild it."""
    return read(type(value), json.loads(json.dumps(value.as_dict(), allow_nan=False)))


def test_a_time_keeps_its_zone_and_its_microseconds():
    told = Event(
        "r", 1, "run.queued", "queued", {"n": [1, None, 0.1]}, None, AT.astimezone(timezone(timedelta(hours=2)))
    )
    again = over(told)
    assert again == told
    assert again.emitted_at.utcoffset() == timedelta(hours=2)


def test_an_undefined_measure_stays_none_and_an_interval_a_tuple():
    row = LeaderboardRow(
        model="lr",
        name="Logistic Regression",
        rank=None,
        status="scored",
        reason=None,
        metrics={"AUC": None, "Accuracy": 1 / 3},
        std={"AUC": None, "Accuracy": 0.0},
        interval={"AUC": None, "Accuracy": (0.1, 0.9)},
        notes={"AUC": "one class"},
        pycaret={"AUC": 0.0},
        folds={"AUC": [None, None], "Accuracy": [0.1, 5e-324]},
        folds_scored=2,
        folds_total=2,
        is_separable=None,
        fit_s=0.25,
        score_s=None,
        recipe={"kind": "model", "model": "lr"},
    )
    again = over(row)
    assert again == row
    assert type(again.interval["Accuracy"]) is tuple


def test_a_move_from_nothing_is_one():
    move = Move("champion", 1, AT, "ana", None, None, "p", "wine-nb", None, "first")
    assert over(move) == move


def test_a_key_is_as_it_was():
    key = Key(
        "k",
        "ci",
        "pck_abcdefgh",
        ("runs:read",),
        "ana",
        "default",
        "active",
        "ana",
        AT,
        None,
        None,
        None,
        None,
        None,
        5,
        None,
        None,
    )
    assert over(key) == key


def test_what_is_told_beside_the_fields_is_left_out():
    assert rebuilt(Event, {**Event("r", 1, "k", "m", {}, 1.5, AT).as_dict(), "new": 1}).duration_ms == 1.5


def test_what_does_not_fit_shows_nothing_of_what_was_told():
    with pytest.raises(ValueError, match="key") as raised:
        rebuilt(Issued, {"key": "pck_of-somebody", "secret": "pck_of-somebody"})
    assert "of-somebody" not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__}"


def test_all_of_a_run_is_as_it_was(warm, fitted, called):
    source = warm.data.get(fitted.record.source_id)
    pipeline = warm.registry.promote(fitted, name=called)
    told = [
        fitted.record,
        source,
        pipeline,
        *fitted.history(),
        *fitted.rows(),
        warm.registry.compare(pipeline, fitted.id),
        warm.runs.check(source, target="cultivar"),
        warm.data.profile(source),
        *warm.audit.list(limit=20),
        warm.advisors.explain(fitted),
    ]
    kinds = {RunRecord, Source, Pipeline, Event, LeaderboardRow, Comparison, Preflight, Profile, Entry, Consultation}
    assert {type(one) for one in told} == kinds
    consultation = told.pop()
    assert [over(one) for one in told] == told
    assert Consultation.of_dict(json.loads(json.dumps(consultation.as_dict(with_evidence=True)))) == consultation
