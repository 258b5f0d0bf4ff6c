"""The three gates of a promotion, and a person's name on what stays open."""

from __future__ import annotations

import pytest

from workbench.errors import BadRequest, Conflict, EngineFault


def standing(promotion) -> dict[str, bool]:
    return {gate.name: gate.passed for gate in promotion.gates}


def test_without_a_champion_only_the_bytes_count(promotions, challenger, aliases):
    promotion = promotions.propose(challenger, "champion", why="the first")
    assert (promotion.status, promotion.champion_id, promotion.open_gates) == ("waiting", None, ())
    assert standing(promotion) == {"artifact": True, "metric": True, "schema": True}
    assert promotion.gate("metric").message == "There is no champion to compare with."
    assert promotions.complete(promotion).status == "promoted"
    assert aliases.get("champion").pipeline_name == "new"


def test_with_a_champion_it_waits_for_its_evaluation(promotions, evaluations, champion, challenger):
    promotion = promotions.propose(challenger, "champion", metric="accuracy", why="newer")
    assert (promotion.status, promotion.metric, promotion.why) == ("queued", "Accuracy", "newer")
    assert (promotion.challenger_name, promotion.champion_name) == ("new", "old")
    assert standing(promotion) == {"artifact": True, "schema": True}
    assert evaluations.waiting() == [promotion.id]


@pytest.mark.parametrize("verdict", ["worse", "not comparable"])
def test_a_challenger_that_is_worse_or_not_comparable_does_not(promotions, aliases, proposed, verdict):
    promotion = proposed(verdict)
    assert [gate.name for gate in promotion.open_gates] == ["metric"]
    with pytest.raises(Conflict) as caught:
        promotions.complete(promotion)
    assert caught.value.code == "promotion.gate_open"
    assert caught.value.about["gates"] == ["metric"]
    assert aliases.get("champion").pipeline_name == "old"


def test_the_metric_gate_shows_both_values_and_how_far_apart_they_are(proposed):
    assert proposed("better").gate("metric").message == (
        "Accuracy of the challenger is 0.9200, of the champion 0.9000; the difference +0.0200 over 45 rows "
        "(95 % interval +0.0100 to +0.0300) is better."
    )


def test_a_gate_that_is_not_comparable_says_why(promotions, champion, challenger, evaluate):
    promotion = promotions.propose(challenger, "champion")
    nothing = {"low": None, "high": None, "rows": 0, "notes": ["No rows were held out from both."]}
    found = evaluate(promotion, "not comparable", None, **nothing)
    assert found.gate("metric").message == "The two are not comparable. No rows were held out from both."


def test_a_gate_that_is_not_comparable_shows_what_difference_there_is(promotions, champion, challenger, evaluate):
    few = {"low": None, "high": None, "rows": 12, "notes": ["12 rows are too few."]}
    found = evaluate(promotions.propose(challenger, "champion"), "not comparable", -0.1, **few)
    assert found.gate("metric").message == (
        "The two are not comparable. 12 rows are too few. Accuracy of the challenger is 0.8000, of the champion "
        "0.9000; the difference -0.1000 over 12 rows."
    )


def test_a_number_that_json_does_not_know_is_none(promotions, champion, challenger, evaluate):
    promotion = promotions.propose(challenger, "champion")
    found = evaluate(promotion, champion={"WAPE": float("inf")}, metric="WAPE")
    assert found.comparison["champion"] == {"WAPE": None}
    assert "of the champion undefined" in found.gate("metric").message


def test_a_named_person_may_acknowledge_an_open_gate(promotions, aliases, proposed):
    promotion = proposed("worse")
    told = promotions.acknowledge(promotion, "metric", by=" Grace Hopper ", why="it is explainable")
    assert told.open_gates == ()
    (word,) = told.acknowledgements
    assert (word.gate, word.by, word.user, word.why) == ("metric", "Grace Hopper", "ada", "it is explainable")
    assert word.saw == promotion.gate("metric").message
    assert promotions.complete(told).status == "promoted"
    assert "Grace Hopper acknowledged 'metric' (it is explainable)" in aliases.history("champion")[-1].why


def test_an_acknowledgement_names_a_person(promotions, proposed):
    promotion = proposed("worse")
    for nobody in ("", "  ", None):
        with pytest.raises(BadRequest) as caught:
            promotions.acknowledge(promotion, "metric", by=nobody)
        assert caught.value.code == "promotion.person_missing"
    assert promotions.get(promotion).acknowledgements == ()


def test_only_gates_that_are_open_can_be_acknowledged(promotions, proposed):
    promotion = proposed("worse")
    promotions.acknowledge(promotion, "metric", by="Grace")
    for gate, kind in [("schema", Conflict), ("metric", Conflict), ("metrics", BadRequest)]:
        with pytest.raises(kind) as caught:
            promotions.acknowledge(promotion, gate, by="Grace")
        assert caught.value.code == "promotion.gate_invalid"


def test_acknowledgements_are_dropped_on_cancel(promotions, proposed):
    promotion = promotions.acknowledge(proposed("worse"), "metric", by="Grace")
    cancelled = promotions.cancel(promotion)
    assert (cancelled.status, cancelled.acknowledgements, cancelled.ended_by) == ("cancelled", (), "ada")
    assert promotions.cancel(promotion) == cancelled


def test_other_input_columns_are_to_be_acknowledged(promotions, promoted, champion, evaluate):
    columns = {"sepal_length_cm": "text", "petal_length_cm": "number", "petal_width_cm": "number", "area": "number"}
    promotion = promotions.propose(promoted("dt", name="new", columns=columns), "champion")
    gate = promotion.gate("schema")
    assert (gate.passed, gate.overridable) == (False, True)
    assert gate.details["differences"] == {
        "sepal_length_cm": "text instead of number",
        "area": "taken anew",
        "sepal_width_cm": "not taken any more",
    }
    assert "new takes other input columns than old: sepal_length_cm: text instead of number" in gate.message
    found = evaluate(promotion)
    with pytest.raises(Conflict):
        promotions.complete(found)
    assert promotions.complete(promotions.acknowledge(found, "schema", by="Grace")).status == "promoted"


def test_bytes_that_have_changed_are_refused_whoever_asks(promotions, evaluations, champion, challenger, spoil):
    spoil(challenger)
    promotion = promotions.propose(challenger, "champion")
    assert (promotion.status, standing(promotion)["artifact"]) == ("refused", False)
    assert not promotion.gate("artifact").overridable
    assert "SHA-256" in promotion.error
    assert evaluations.waiting() == []
    with pytest.raises(Conflict) as caught:
        promotions.acknowledge(promotion, "artifact", by="Grace")
    assert caught.value.code == "promotion.wrong_state"


def test_bytes_that_change_while_it_waits_are_refused_in_the_end(promotions, aliases, proposed, challenger, spoil):
    promotion = proposed()
    spoil(challenger)
    with pytest.raises(EngineFault) as caught:
        promotions.complete(promotion)
    assert caught.value.code == "artifact.hash_mismatch"
    assert promotions.get(promotion).status == "refused"
    assert standing(promotions.get(promotion)) == {"artifact": False, "metric": True, "schema": True}
    assert aliases.get("champion").pipeline_name == "old"
