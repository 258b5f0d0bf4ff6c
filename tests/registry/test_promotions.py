"""Promotions: what can be proposed, who evaluates it, and how they are found and shown."""

from __future__ import annotations

import pytest

from workbench.data.sources import Sources
from workbench.errors import BadRequest, Conflict, NotFound
from workbench.store.homes import AWAY, LEASE
from workbench.store.tables import HomeRow, PromotionRow, now


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


def test_an_evaluation_is_left_to_its_home_until_that_is_gone(promotions, evaluations, champion, challenger, store):
    promotion = promotions.propose(challenger, "champion")
    evaluations.register(promotion.id, 4711, 12.5)
    with store.database.write() as session:
        session.get_one(PromotionRow, promotion.id).served_by = "another"
        session.add(HomeRow(identity="another", lease_until=now() + LEASE))
    assert evaluations.under_way() == []
    with store.database.write() as session:
        session.get_one(HomeRow, "another").lease_until = now() - LEASE
    assert evaluations.under_way() == [(promotion.id, 4711, 12.5, False)]


def test_a_promotion_waits_for_its_home_unless_that_is_gone_and_its_table_is_here(
    promotions, evaluations, champion, challenger, store, iris
):
    promotion = promotions.propose(challenger, "champion")
    with store.database.write() as session:
        session.get_one(PromotionRow, promotion.id).served_by = "another"
        session.get_one(PromotionRow, promotion.id).created_at -= 2 * LEASE
        session.add(HomeRow(identity="another", lease_until=now() + LEASE))
    table = store.settings.files / iris.location
    table.parent.mkdir(exist_ok=True)
    table.touch()
    assert evaluations.waiting() == []
    with store.database.write() as session:
        session.get_one(HomeRow, "another").lease_until = now() - LEASE
    assert evaluations.waiting() == [promotion.id]
    table.unlink()
    assert (evaluations.waiting(), promotions.get(promotion).error) == ([], AWAY)


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
