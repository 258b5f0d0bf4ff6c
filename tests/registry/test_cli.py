"""``workbench registry``, ``alias`` and ``promotion``: the same operations in a shell."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from workbench.cli.main import main


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def words(self) -> str:
        """What was printed, wherever lines were broken and columns begin."""
        return " ".join(self.out.split())


@pytest.fixture
def say(store, monkeypatch, capsys):
    """Run the command in this process, in the home of the test."""
    monkeypatch.setenv("WORKBENCH_HOME", str(store.settings.home))

    def say(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["workbench", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Said(ended.value.code or 0, *capsys.readouterr())

    return say


def test_a_run_is_promoted_listed_shown_and_deleted(say, finished, aliases):
    run = finished()
    promoted = say("registry", "promote", run.id[-8:], "--note", "for [the] shop")
    assert (promoted.code, promoted.out) == (0, "iris-rf: RF for species on iris\n")
    aliases.set("night", "iris-rf")
    listed = say("registry", "list").out.splitlines()[1].split()
    assert listed[:8] == ["iris-rf", "RF", "iris", "species", "Accuracy", "0.9300", "±", "0.0294"]
    assert listed[8] == "night"
    shown = say("registry", "show", "night").out
    assert f"run      {run.id}" in shown
    assert "for [the] shop" in shown
    refused = say("registry", "delete", "iris-rf")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("error: iris-rf is needed by the alias night.")
    aliases.unset("night")
    assert say("registry", "delete", "iris-rf").code == 0
    assert say("registry", "list").out.startswith("no pipelines yet")


def test_what_is_listed_and_shown_is_told_as_json(say, promoted):
    kept = promoted()
    assert say("registry", "list", "--json").document == [kept.as_dict()]
    assert say("registry", "show", "iris-rf", "--json").document == kept.as_dict()


def test_a_model_card_is_printed_or_written(say, promoted, pipelines, tmp_path):
    text = pipelines.card(promoted())
    assert say("registry", "card", "iris-rf").out == f"{text}\n"
    assert say("registry", "card", "iris-rf", "--to", str(tmp_path / "card.md")).out == ""
    assert (tmp_path / "card.md").read_text() == text


def test_two_are_compared(say, promoted):
    promoted(name="a")
    promoted("dt", name="b", accuracy=(0.7, 0.75, 0.8), columns={"x": "text"})
    told = say("registry", "compare", "a", "b").words
    assert "option a b model RF DT" in told
    assert "x – text" in told
    assert "Accuracy 0.9300 ± 0.0294 0.7500 ± 0.0408 -0.1800 a is better" in told
    assert say("registry", "compare", "a", "b", "--json").document["same_schema"] is False


def test_an_alias_is_set_rolled_back_and_told_of(say, promoted):
    promoted(name="a")
    promoted("dt", name="b")
    assert say("alias", "set", "champion", "a").out == "champion names a\n"
    say("alias", "set", "champion", "b", "--why", "newer")
    assert say("alias", "list").out.splitlines()[1].split()[:2] == ["champion", "b"]
    assert say("alias", "rollback", "champion", "--why", "slow").out == "champion names a again\n"
    lines = [line.split(maxsplit=4) for line in say("alias", "history", "champion").out.splitlines()[1:]]
    assert [(line[0], " ".join(line[4].split())) for line in lines] == [
        ("1", "– a"),
        ("2", "a b newer"),
        ("3", "b a takes 2 back; slow"),
    ]
    assert say("alias", "at", "champion", "2999-01-01").out == "a\n"
    assert say("alias", "at", "champion", "2001-01-01T12:00").out == "no pipeline\n"
    assert say("alias", "at", "champion", "yesterday").code == 2
    assert say("alias", "unset", "champion").code == 0
    assert say("alias", "list").out.startswith("no aliases yet")


def test_a_promotion_goes_through_its_gates(say, promoted, promotions, evaluations, aliases, judged):
    aliases.set("champion", promoted(name="old"))
    asked = promotions.propose(promoted("dt", name="new"), "champion", segment="petal_width_cm")
    evaluations.register(asked.id, 4711, 12.5)
    segment = {"value": "0.2", "rows": 20, "champion": 0.9, "challenger": 0.8, "delta": -0.1, "low": -0.2, "high": -0.0}
    evaluations.evaluated(asked.id, judged("worse", -0.05, segments=[segment], notes=["few rows"]))
    shown = say("promotion", "show", asked.id[-8:]).words
    assert "is worse beyond noise" in shown
    assert "0.2 20 -0.1000 -0.2000 … -0.0000" in shown
    assert "note: few rows" in shown
    refused = say("promotion", "complete", asked.id)
    assert refused.code == 2
    assert "Acknowledge by name" in refused.err
    assert "(Grace)" in say("promotion", "acknowledge", asked.id, "metric", "--by", "Grace").out
    assert say("promotion", "complete", asked.id, "--json").document["status"] == "promoted"
    assert say("promotion", "list").out.splitlines()[1].split()[:5] == [
        asked.short_id,
        "champion",
        "new",
        "old",
        "promoted",
    ]


def test_a_first_champion_is_proposed_and_cancelled(say, promoted):
    promoted(name="new")
    proposed = say("promotion", "propose", "new", "champion", "--json")
    assert (proposed.code, proposed.document["status"]) == (0, "waiting")
    assert say("promotion", "cancel", proposed.document["id"], "--json").document["status"] == "cancelled"


def test_a_refused_promotion_exits_with_1(say, promoted, spoil):
    spoil(promoted(name="new"))
    refused = say("promotion", "propose", "new", "champion")
    assert refused.code == 1
    assert "refused" in refused.out


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("registry promote 00000000", "There is no run"),
        ("registry show nothing", "There is no pipeline 'nothing'"),
        ("registry card nothing", "There is no pipeline 'nothing'"),
        ("registry compare nothing nothing", "There is no pipeline 'nothing'"),
        ("registry delete nothing", "There is no pipeline 'nothing'"),
        ("alias set champion nothing", "There is no pipeline 'nothing'"),
        ("alias history nothing", "nothing"),
        ("alias rollback nothing", "nothing"),
        ("alias unset nothing", "nothing"),
        ("alias at nothing 2999-01-01", "nothing"),
        ("promotion propose nothing champion", "There is no pipeline 'nothing'"),
        ("promotion show 00000000", "There is no promotion"),
        ("promotion acknowledge 00000000 metric --by Grace", "There is no promotion"),
        ("promotion complete 00000000", "There is no promotion"),
        ("promotion cancel 00000000", "There is no promotion"),
    ],
    ids=lambda value: " ".join(value.split()[:2]),
)
def test_what_is_not_there_is_said_in_one_sentence(say, command, told):
    refused = say(*command.split())
    assert (refused.code, refused.out) == (2, "")
    (sentence,) = refused.err.splitlines()
    assert sentence.startswith("error: ")
    assert told in sentence
