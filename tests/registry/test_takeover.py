"""A challenger takes an alias over, and the way back where it fails half-way."""

from __future__ import annotations

import threading

import pytest

from workbench.access.actor import owner
from workbench.errors import Conflict, EngineFault, NotFound
from workbench.registry.promotions import Promotions
from workbench.registry.takeover import PAUSES_S


def test_a_better_challenger_takes_over(promotions, aliases, proposed):
    promotion = proposed("better", why="newer")
    assert (promotion.status, promotion.open_gates) == ("waiting", ())
    assert [gate.name for gate in promotion.gates] == ["artifact", "metric", "schema"]
    assert promotion.comparison["delta"] == 0.02
    done = promotions.complete(promotion)
    assert (done.status, done.ended_by, done.error) == ("promoted", "ada", None)
    last = aliases.history("champion")[-1]
    assert (last.from_name, last.to_name, last.why) == ("old", "new", f"promotion {promotion.short_id}; newer")


def test_a_challenger_within_noise_takes_over(promotions, proposed):
    assert promotions.complete(proposed("no difference")).status == "promoted"


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
            outcomes.append(Promotions(store.on_behalf_of(owner("bob"))).complete(promotion).status)
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


@pytest.mark.parametrize(
    ("refusal", "tries"),
    [
        (Conflict("deployment.wrong_state", "Another swap is under way."), len(PAUSES_S) + 1),
        (Conflict("deployment.step_failed", "It does not answer yet."), len(PAUSES_S) + 1),
        (NotFound("deployment.not_found", "There is no deployment."), 1),
        (NotFound("pipeline.not_found", "There is no pipeline."), 1),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_a_refused_restore_is_tried_again_unless_it_would_be_refused_for_ever(promotions, proposed, refusal, tries):
    tried = []

    def back():
        tried.append(1)
        raise refusal

    with pytest.raises(EngineFault) as caught:
        promotions.complete(proposed(), after=[lambda _: back, lambda _: 1 / 0])
    assert len(tried) == tries
    assert caught.value.about["not_put_back"] == [refusal.message]


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
        Promotions(promotions._store.on_behalf_of(owner("bob")))._aliases.set("champion", third)
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
