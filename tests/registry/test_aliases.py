"""Aliases: movable names, whose every move is kept."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from workbench.access.actor import owner
from workbench.errors import BadRequest, Conflict, NotFound
from workbench.registry.aliases import Aliases
from workbench.registry.moves import check_name
from workbench.store.tables import AliasHistoryRow, AliasRow, now


@pytest.fixture
def three(promoted):
    return promoted(name="a"), promoted("dt", name="b"), promoted("lr", name="c")


def moves(aliases, name="champion") -> list[tuple[int, str | None, str | None]]:
    return [(move.seq, move.from_name, move.to_name) for move in aliases.history(name)]


def test_an_alias_names_the_pipeline_it_was_set_to_last(aliases, three):
    aliases.set("champion", "a")
    assert aliases.set("champion", three[1]).pipeline_name == "b"
    assert aliases.get("champion").pipeline_id == three[1].id
    assert [alias.as_dict()["pipeline_name"] for alias in aliases.list()] == ["b"]


def test_its_history_says_who_moved_it_when_from_where_to_where_and_why(store, aliases, three):
    before = now()
    aliases.set("champion", "a", why="the first")
    Aliases(store.on_behalf_of(owner("bob"))).set("champion", "b")
    first, second = aliases.history("champion")
    assert (first.seq, first.by, first.from_id, first.to_id, first.why) == (1, "ada", None, three[0].id, "the first")
    assert (second.seq, second.by, second.from_name, second.to_name, second.why) == (2, "bob", "a", "b", "")
    assert before <= first.at <= second.at <= now()
    assert second.as_dict()["from"] == {"id": three[0].id, "name": "a"}


def test_setting_it_to_what_it_names_already_is_a_line_in_its_history_too(aliases, three):
    aliases.set("champion", "a")
    aliases.set("champion", "a", why="confirmed")
    assert moves(aliases) == [(1, None, "a"), (2, "a", "a")]


def test_another_alias_may_be_named_to_set_one(aliases, three):
    aliases.set("challenger", "b")
    assert aliases.set("champion", "challenger").pipeline_name == "b"


@pytest.mark.parametrize("name", ["", "Champion", "-a", "_a", "a b", "é", "a" * 101, "a\n", 7], ids=repr)
def test_a_name_that_does_not_do_is_refused(name):
    with pytest.raises(BadRequest) as caught:
        check_name(name)
    assert caught.value.code == "alias.invalid"


@pytest.mark.parametrize("name", ["a1", "0", "champion_of-2026", "x" * 100])
def test_a_name_that_does_is_taken(name):
    check_name(name)


def test_an_alias_is_not_set_under_a_name_that_does_not_do(aliases, three):
    with pytest.raises(BadRequest):
        aliases.set("Champion", "a")
    assert aliases.list() == []


def test_a_pipelines_name_is_no_alias(aliases, three):
    with pytest.raises(Conflict, match="There is a pipeline called 'b'") as caught:
        aliases.set("b", "a")
    assert caught.value.code == "pipeline.name_taken"
    assert aliases.list() == []


def test_an_alias_that_was_taken_away_does_not_come_back_over_a_pipelines_name(aliases, three, promoted):
    aliases.set("d", "a")
    aliases.unset("d")
    promoted("et", name="d")
    with pytest.raises(Conflict, match="There is a pipeline called 'd'"):
        aliases.rollback("d")


def test_what_it_shall_name_must_be_there(aliases, pipelines, three):
    pipelines.delete("c")
    for reference in ("c", three[2].id, "nothing"):
        with pytest.raises(NotFound) as caught:
            aliases.set("champion", reference)
        assert caught.value.code == "pipeline.not_found"
    assert aliases.list() == []


def test_an_alias_that_is_not_there_is_said_with_those_that_are(aliases, three):
    aliases.set("champion", "a")
    for ask in (aliases.get, aliases.history, aliases.unset, aliases.rollback, lambda name: aliases.at(name, now())):
        with pytest.raises(NotFound, match="Did you mean champion") as caught:
            ask("champoin")
        assert caught.value.code == "alias.not_found"


def test_an_alias_is_taken_away_and_its_history_stays(aliases, three):
    aliases.set("champion", "a")
    aliases.unset("champion", why="closed")
    with pytest.raises(NotFound):
        aliases.get("champion")
    with pytest.raises(NotFound):
        aliases.unset("champion")
    assert aliases.list() == []
    assert moves(aliases) == [(1, None, "a"), (2, "a", None)]
    assert aliases.rollback("champion").pipeline_name == "a"


def test_its_history_keeps_the_names_of_what_is_deleted(aliases, pipelines, three):
    aliases.set("champion", "a")
    aliases.set("champion", "b")
    pipelines.delete("a")
    assert moves(aliases) == [(1, None, "a"), (2, "a", "b")]


def test_what_it_named_at_a_time_is_known(store, aliases, three):
    for name in ("a", "b"):
        aliases.set("champion", name)
    aliases.unset("champion")
    aliases.set("champion", "c")
    start = now() - timedelta(days=9)
    with store.database.write() as session:
        for row in session.query(AliasHistoryRow):
            row.at = start + timedelta(days=row.seq)
    hour = timedelta(hours=1)

    def named(days: int, off: timedelta = hour) -> str | None:
        found = aliases.at("champion", start + timedelta(days=days) + off)
        return None if found is None else found.name

    assert [named(days) for days in range(6)] == [None, "a", "b", None, "c", "c"]
    assert (named(2, -hour), named(2, 0 * hour)) == ("a", "b")


def test_what_it_named_is_told_of_a_deleted_pipeline_too(aliases, pipelines, three):
    aliases.set("champion", "a")
    then = now()
    aliases.set("champion", "b")
    pipelines.delete("a")
    found = aliases.at("champion", then)
    assert (found.name, found.is_deleted) == ("a", True)


def test_a_time_without_a_zone_is_local(aliases, three):
    aliases.set("champion", "a")
    local = now().astimezone().replace(tzinfo=None)
    assert aliases.at("champion", local).name == aliases.at("champion", local.isoformat()).name == "a"


def test_what_is_no_time_is_refused(aliases, three):
    aliases.set("champion", "a")
    for time in ("yesterday", "", 7, None):
        with pytest.raises(BadRequest) as caught:
            aliases.at("champion", time)
        assert caught.value.code == "spec.invalid"


def test_a_clock_that_was_put_back_makes_no_time_ambiguous(store, aliases, three):
    aliases.set("champion", "a")
    ahead = now() + timedelta(hours=1)
    with store.database.write() as session:
        session.query(AliasHistoryRow).one().at = ahead
        session.query(AliasRow).one().updated_at = ahead
    aliases.set("champion", "b")
    assert [move.at for move in aliases.history("champion")] == [ahead, ahead]
    assert aliases.at("champion", ahead).name == "b"


def test_a_roll_back_returns_to_the_pipeline_before(aliases, three):
    aliases.set("champion", "a")
    aliases.set("champion", "b")
    assert aliases.rollback("champion", why="worse in the shop").pipeline_name == "a"
    last = aliases.history("champion")[-1]
    assert (last.seq, last.from_name, last.to_name, last.undoes, last.why) == (3, "b", "a", 2, "worse in the shop")


def test_a_second_roll_back_goes_further_back_and_not_forth(aliases, three):
    for name in ("a", "b", "c"):
        aliases.set("champion", name)
    assert [aliases.rollback("champion").pipeline_name for _ in range(2)] == ["b", "a"]
    with pytest.raises(Conflict) as caught:
        aliases.rollback("champion")
    assert caught.value.code == "alias.no_history"
    assert aliases.get("champion").pipeline_name == "a"


def test_what_was_rolled_back_is_not_come_by_again(aliases, three):
    aliases.set("champion", "a")
    aliases.set("champion", "b")
    aliases.rollback("champion")
    aliases.set("champion", "c")
    assert aliases.rollback("champion").pipeline_name == "a"
    with pytest.raises(Conflict):
        aliases.rollback("champion")


def test_a_pipeline_that_was_set_twice_is_come_by_twice(aliases, three):
    for name in ("a", "b", "a"):
        aliases.set("champion", name)
    assert [aliases.rollback("champion").pipeline_name for _ in range(2)] == ["b", "a"]


def test_a_roll_back_passes_over_what_changed_nothing_and_times_without_a_pipeline(aliases, three):
    aliases.set("champion", "a")
    aliases.unset("champion")
    aliases.set("champion", "b")
    aliases.set("champion", "b")
    assert aliases.rollback("champion").pipeline_name == "a"


def test_a_roll_back_does_not_pass_over_a_deleted_pipeline_in_silence(aliases, pipelines, three):
    for name in ("a", "b", "c"):
        aliases.set("champion", name)
    pipelines.delete("b")
    with pytest.raises(Conflict, match="named b before, and that is deleted") as caught:
        aliases.rollback("champion")
    assert caught.value.code == "alias.no_history"
    assert aliases.get("champion").pipeline_name == "c"


def test_an_alias_that_was_set_once_has_nothing_to_go_back_to(aliases, three):
    aliases.set("champion", "a")
    with pytest.raises(Conflict) as caught:
        aliases.rollback("champion")
    assert caught.value.code == "alias.no_history"


def test_writers_at_once_lose_nothing(store, aliases, three):
    start = threading.Barrier(4)

    def move(user: str) -> None:
        own = Aliases(store.on_behalf_of(owner(user)))
        start.wait()
        for name in ("a", "b", "c"):
            own.set("champion", name)

    threads = [threading.Thread(target=move, args=(user,)) for user in "wxyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = aliases.history("champion")
    assert [move.seq for move in told] == list(range(1, 13))
    assert sorted((move.by, move.to_name) for move in told) == [(user, name) for user in "wxyz" for name in "abc"]
    assert [move.from_name for move in told[1:]] == [move.to_name for move in told[:-1]]
    assert aliases.get("champion").pipeline_name == told[-1].to_name


def test_every_move_is_in_the_audit_log(aliases, three, told):
    aliases.set("champion", "a")
    aliases.set("champion", "b")
    aliases.rollback("champion")
    aliases.unset("champion")
    assert told(subject="alias", subject_id="champion") == [
        "alias.set",
        "alias.set",
        "alias.rolled_back",
        "alias.unset",
    ]


def test_the_moves_of_a_pipeline_are_those_that_came_to_it_or_left_it(aliases, three):
    aliases.set("champion", "a")
    aliases.set("challenger", "b")
    aliases.set("champion", "c")
    aliases.set("champion", "b")
    found = [(move.alias, move.from_name, move.to_name) for move in aliases.moves_of(three[0])]
    assert found == [("champion", None, "a"), ("champion", "a", "c")]
