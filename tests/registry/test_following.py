"""Deployments that follow an alias: brought along by a promotion, put back by one that fails, not forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.access.actor import owner
from workbench.errors import Conflict, EngineFault
from workbench.registrar import SafePromotions
from workbench.serving import deployments
from workbench.serving.deployment import DeploymentRecord


@pytest.fixture
def follower(store, champion, promoted) -> DeploymentRecord:
    """A deployment at rest that follows the alias, and that would be rolled back to a third pipeline."""
    third = promoted("lr", name="third")
    deployments.create(store, "follower", third.id, by="ada", alias="champion")
    return deployments.swap(store, "follower", champion.id, by="ada")


@pytest.fixture
def stands(store, follower) -> Callable[[], tuple[str, str | None, str | None]]:
    def stands() -> tuple[str, str | None, str | None]:
        record = deployments.get(store, follower.id)
        return record.pipeline_id, record.next_pipeline_id, record.previous_pipeline_id

    return stands


@pytest.fixture
def safe(store) -> SafePromotions:
    return SafePromotions(store.on_behalf_of(owner("ada")))


def test_what_follows_goes_along(safe, proposed, challenger, champion, stands):
    safe.complete(proposed())
    assert stands() == (challenger.id, None, champion.id)


def test_where_another_one_cannot_go_along_a_follower_goes_back_to_what_it_was(
    store, safe, aliases, promoted, proposed, request
):
    other = promoted("et", name="other", target="petal_width_cm")
    deployments.create(store, "cannot", other.id, by="ada", alias="champion")
    # The newest goes first: this one has gone along when the other is refused.
    stands = request.getfixturevalue("stands")
    before = stands()
    with pytest.raises(EngineFault, match="new is a classification of species, while other, which answers") as caught:
        safe.complete(proposed())
    assert (caught.value.about["cause"], caught.value.about["not_put_back"]) == ("deployment.not_comparable", [])
    assert stands() == before
    assert deployments.get(store, "cannot").pipeline_id == other.id
    assert aliases.get("champion").pipeline_name == "old"
    told = [line.action for line in deployments.history(store, deployments.get(store, "follower"))]
    assert told[:2] == ["deployment.restored", "deployment.swapping"]


def test_what_a_killed_promotion_left_behind_is_brought_along_when_it_is_completed_again(
    promotions, safe, proposed, challenger, champion, stands
):
    killed = promotions.complete(proposed())
    assert stands()[0] == champion.id
    assert safe.complete(killed).status == "promoted"
    assert stands() == (challenger.id, None, champion.id)
    with pytest.raises(Conflict) as caught:
        safe.complete(killed)
    assert caught.value.code == "promotion.wrong_state"


def test_nothing_is_brought_along_once_the_alias_has_moved_on(promotions, safe, aliases, proposed, champion, stands):
    killed = promotions.complete(proposed())
    aliases.set("champion", champion)
    with pytest.raises(Conflict) as caught:
        safe.complete(killed)
    assert caught.value.code == "promotion.wrong_state"
    assert stands()[0] == champion.id
