"""Safe promotion: three gates, a person's name on what stays open, and a way back where it fails half-way."""

from __future__ import annotations

import threading

import pytest

from workbench.data.sources import Sources
from workbench.errors import BadRequest, Conflict, EngineFault, NotFound
from workbench.registry.promotions import Promotions
from workbench.registry.takeover import PAUSES_S


@pytest.fixture
def champion(promoted, aliases):
    kept = promoted(name="old")
    aliases.set("champion", kept)
    return kept


@pytest.fixture
def challenger(promoted):
    return promoted("dt", name="new")


@pytest.fixture
def evaluate(promotions, evaluations, judged):
    """Do as a process of the service does: register, and store what was found."""

    def evaluate(promotion, verdict="better", delta=0.02, **other):
        assert evaluations.register(promotion.id, 4711, 12.5)
        assert evaluations.evaluated(promotion.id, judged(verdict, delta, **other))
        return promotions.get(promotion)

    return evaluate


@pytest.fixture
def proposed(promotions, champion, challenger, evaluate):
    """A promotion that waits, its metric gate by the verdict."""

    def propose(verdict="better", **asked):
        return evaluate(promotions.propose(challenger, "champion", **asked), verdict)

    return propose


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


def test_a_better_challenger_takes_over(promotions, aliases, proposed):
    promotion = proposed("better", why="newer")
    assert (promotion.status, promotion.open_gates) == ("waiting", ())
    assert list(standing(promotion)) == ["artifact", "metric", "schema"]
    assert promotion.comparison["delta"] == 0.02
    done = promotions.complete(promotion)
    assert (done.status, done.ended_by, done.error) == ("promoted", "ada", None)
    last = aliases.history("champion")[-1]
    assert (last.from_name, last.to_name, last.why) == ("old", "new", f"promotion {promotion.short_id}; newer")


def test_a_challenger_within_noise_takes_over(promotions, proposed):
    assert promotions.complete(proposed("no difference")).status == "promoted"


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


@pytest.mark.parametrize("is_taken_away", [True, False], ids=["unset", "moved"])
def test_an_alias_that_has_moved_wants_another_comparison(promotions, aliases, promoted, proposed, is_taken_away):
    promotion = proposed()
    if is_taken_away:
        aliases.unset("champion")
    else:
        aliases.set("champion", promoted("lr", name="third"))
    moves = aliases.history("champion")
    with pytest.raises(Conflict, match="'champion' names old no more") as caught:
        promotions.complete(promotion)
    assert caught.value.code == "promotion.alias_moved"
    assert aliases.history("champion") == moves
    assert promotions.get(promotion).status == "waiting"


def test_a_promotion_is_completed_once(promotions, aliases, proposed, store):
    promotion, outcomes = proposed(), []
    start = threading.Barrier(3)

    def complete() -> None:
        start.wait()
        try:
            outcomes.append(Promotions(store, "bob").complete(promotion).status)
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=complete) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["promoted", "promotion.wrong_state", "promotion.wrong_state"]
    assert len(aliases.history("champion")) == 2


def test_what_follows_the_alias_is_told_after_it_has_moved(promotions, aliases, proposed):
    seen = []
    promotions.complete(
        proposed(),
        after=[
            lambda promotion: seen.append((promotion.challenger_name, aliases.get("champion").pipeline_name)),
            lambda promotion: seen.append("second"),
        ],
    )
    assert seen == [("new", "new"), "second"]


def test_where_what_follows_fails_all_goes_back(promotions, aliases, proposed, told):
    promotion, undone = proposed(), []

    def fails(_):
        raise RuntimeError("the slug does not answer")

    steps = [lambda _: lambda: undone.append(1), lambda _: lambda: undone.append(2), fails, lambda _: undone.append(3)]
    with pytest.raises(EngineFault) as caught:
        promotions.complete(promotion, after=steps)
    assert caught.value.code == "promotion.failed"
    assert caught.value.message == "RuntimeError: the slug does not answer"
    assert caught.value.hint == "'champion' names old again."
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert undone == [2, 1]
    assert aliases.get("champion").pipeline_name == "old"
    last = aliases.history("champion")[-1]
    assert (last.from_name, last.to_name, last.undoes) == ("new", "old", 2)
    assert promotions.get(promotion).error == "RuntimeError: the slug does not answer"
    assert promotions.get(promotion).status == "failed"
    assert told(subject="promotion") == [
        f"promotion.{what}" for what in ("proposed", "evaluated", "promoted", "failed")
    ]


def test_a_first_champion_that_fails_leaves_the_alias_naming_nothing(promotions, aliases, challenger):
    promotion = promotions.propose(challenger, "champion")
    with pytest.raises(EngineFault, match="'champion' names no pipeline again"):
        promotions.complete(promotion, after=[lambda _: 1 / 0])
    with pytest.raises(NotFound):
        aliases.get("champion")


def test_a_roll_back_after_a_failed_promotion_goes_on_before_it(promotions, aliases, promoted, challenger, evaluate):
    for name in ("first", "second"):
        aliases.set("champion", promoted("et", name=name))
    promotion = evaluate(promotions.propose(challenger, "champion"))
    with pytest.raises(EngineFault):
        promotions.complete(promotion, after=[lambda _: 1 / 0])
    assert aliases.get("champion").pipeline_name == "second"
    assert aliases.rollback("champion").pipeline_name == "first"


def test_a_failed_restore_is_tried_again(promotions, proposed):
    tries = []

    def back():
        tries.append(1)
        if len(tries) <= len(PAUSES_S):
            raise OSError("not yet")

    with pytest.raises(EngineFault) as caught:
        promotions.complete(proposed(), after=[lambda _: back, lambda _: 1 / 0])
    assert len(tries) == len(PAUSES_S) + 1
    assert caught.value.about["not_put_back"] == []


def test_a_failed_restore_is_told_and_never_hides_the_first_error(promotions, aliases, proposed):
    def back():
        raise OSError("the socket is gone")

    promotion = proposed()
    with pytest.raises(EngineFault) as caught:
        promotions.complete(promotion, after=[lambda _: back, lambda _: 1 / 0])
    assert caught.value.message == "ZeroDivisionError: division by zero"
    assert caught.value.about["not_put_back"] == ["OSError: the socket is gone"]
    assert "the socket is gone" in caught.value.hint
    assert aliases.get("champion").pipeline_name == "old"
    error = promotions.get(promotion).error
    assert error.startswith("ZeroDivisionError: division by zero")
    assert "OSError: the socket is gone" in error


def test_an_alias_that_somebody_moved_since_is_not_moved_back_under_them(promotions, aliases, promoted, proposed):
    third = promoted("lr", name="third")

    def fails(_):
        Promotions(promotions._store, "bob")._aliases.set("champion", third)
        raise RuntimeError("too late")

    promotion = proposed()
    with pytest.raises(EngineFault) as caught:
        promotions.complete(promotion, after=[fails])
    assert caught.value.message == "RuntimeError: too late"
    assert "moved by somebody else" in caught.value.about["not_put_back"][0]
    assert aliases.get("champion").pipeline_name == "third"


def test_an_interrupt_goes_back_too_and_stays_an_interrupt(promotions, aliases, proposed):
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        promotions.complete(proposed(), after=[interrupted])
    assert aliases.get("champion").pipeline_name == "old"


def test_the_champion_itself_is_no_challenger(promotions, champion):
    with pytest.raises(Conflict) as caught:
        promotions.propose("champion", "champion")
    assert caught.value.code == "promotion.needless"


def test_what_predicts_something_else_is_no_challenger(promotions, promoted, champion):
    other = promoted("lr", name="other", task="regression", target="sepal_width_cm", columns={})
    with pytest.raises(Conflict, match="a regression of sepal_width_cm") as caught:
        promotions.propose(other, "champion")
    assert caught.value.code == "promotion.not_comparable"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"metric": "accurate"}, "spec.unknown_metric"),
        ({"segment": "colour"}, "spec.invalid"),
        ({"on": "nothing"}, "data.not_found"),
        ({"on": "wine"}, "spec.target_missing"),
        ({"on": "short"}, "spec.invalid"),
    ],
    ids=lambda value: (
        "-".join(f"{name}={given}" for name, given in value.items()) if isinstance(value, dict) else value
    ),
)
def test_what_cannot_be_judged_is_refused_at_once(store, promotions, champion, challenger, tmp_path, asked, code):
    (tmp_path / "short.csv").write_text("sepal_length_cm,species\n1,setosa\n2,virginica\n")
    sources = Sources(store)
    sources.sample("wine")
    sources.upload(tmp_path / "short.csv")
    with pytest.raises((BadRequest, NotFound)) as caught:
        promotions.propose(challenger, "champion", **asked)
    assert caught.value.code == code
    assert promotions.list() == []


def test_rows_and_segments_of_ones_own_are_kept(promotions, champion, challenger, iris):
    promotion = promotions.propose(challenger, "champion", on="iris", segment="petal_width_cm")
    assert (promotion.source_id, promotion.segment) == (iris.id, "petal_width_cm")


def test_an_alias_that_cannot_be_is_refused_at_once(promotions, champion, challenger):
    with pytest.raises(BadRequest) as caught:
        promotions.propose(challenger, "The Champion")
    assert caught.value.code == "alias.invalid"
    with pytest.raises(Conflict):
        promotions.propose(challenger, "old")


def test_one_process_evaluates_a_promotion(promotions, evaluations, champion, challenger):
    promotion = promotions.propose(challenger, "champion")
    assert evaluations.register(promotion.id, 4711, 12.5)
    assert not evaluations.register(promotion.id, 4712, 12.6)
    assert promotions.get(promotion).status == "evaluating"
    assert evaluations.waiting() == []
    assert evaluations.under_way() == [(promotion.id, 4711, 12.5, False)]


def test_the_oldest_promotion_is_evaluated_first(promotions, evaluations, champion, challenger):
    asked = [promotions.propose(challenger, "champion").id for _ in range(3)]
    assert evaluations.waiting() == asked


def test_a_process_that_is_lost_costs_its_promotion(promotions, evaluations, champion, challenger):
    promotion = promotions.propose(challenger, "champion")
    evaluations.register(promotion.id, 4711, 12.5)
    evaluations.lost(promotion.id, "The evaluation process was killed.", 4711)
    found = promotions.get(promotion)
    assert (found.status, found.error) == ("failed", "The evaluation process was killed.")
    assert evaluations.under_way() == evaluations.waiting() == []


def test_a_process_that_told_its_outcome_and_ends_is_not_lost(promotions, evaluations, proposed):
    promotion = proposed()
    evaluations.lost(promotion.id, "It ended.", 4711)
    assert promotions.get(promotion) == promotion


def test_the_process_of_a_cancelled_promotion_is_ended_unheard(promotions, evaluations, champion, challenger, judged):
    promotion = promotions.propose(challenger, "champion")
    evaluations.register(promotion.id, 4711, 12.5)
    promotions.cancel(promotion)
    assert evaluations.under_way() == [(promotion.id, 4711, 12.5, True)]
    assert not evaluations.evaluated(promotion.id, judged())
    evaluations.lost(promotion.id, "It was cancelled.", 4711)
    assert evaluations.under_way() == []
    found = promotions.get(promotion)
    assert (found.status, found.error, found.comparison) == ("cancelled", None, None)


def test_nothing_is_done_to_a_promotion_in_the_wrong_state(promotions, champion, challenger):
    promotion = promotions.propose(challenger, "champion")
    for act in (promotions.complete, lambda found: promotions.acknowledge(found, "metric", by="Grace")):
        with pytest.raises(Conflict, match="is queued") as caught:
            act(promotion)
        assert caught.value.code == "promotion.wrong_state"
    promotions.cancel(promotion)
    with pytest.raises(Conflict, match="is cancelled"):
        promotions.complete(promotion)


def test_promotions_are_listed_newest_first_and_by_alias(promotions, challenger):
    first, second = promotions.propose(challenger, "champion"), promotions.propose(challenger, "night")
    assert promotions.list() == [second, first]
    assert promotions.list(alias="champion") == [first]
    assert promotions.get(first.id[-8:]) == first


def test_a_promotion_that_is_not_there_is_said(promotions):
    for reference in ("abcdef", "x", "", None):
        with pytest.raises(NotFound) as caught:
            promotions.get(reference)
        assert caught.value.code == "promotion.not_found"


def test_it_is_told_as_json_and_shown_in_a_notebook(promotions, proposed):
    promotion = promotions.acknowledge(proposed("worse"), "metric", by="Grace <Hopper>")
    told = promotion.as_dict()
    assert told["champion"]["name"] == "old"
    assert [gate["name"] for gate in told["gates"]] == ["artifact", "metric", "schema"]
    assert told["open_gates"] == []
    assert "acknowledged by Grace &lt;Hopper&gt;" in promotion._repr_html_()
