"""Asking for a profile: by a process of its own, from the table of a data source."""

from __future__ import annotations

import json
import os

import pytest

from workbench.data import profile
from workbench.data.profile import sheet
from workbench.data.profile.asking import Following, table_of
from workbench.data.profile.job import Job
from workbench.data.profile.parts import GONE, Head, encoded
from workbench.errors import BadRequest


@pytest.fixture
def files(store):
    return store.settings.files


def test_a_profile_is_followed_part_by_part_and_kept(files, sources):
    loans = sources.sample("loans")
    parts = list(profile.follow(files, loans, target="default"))
    names = [part.name for part in parts if part.part == "column"]
    assert names == list(loans.column_names)
    others = [part.part for part in parts if part.part != "column"]
    # What goes with the target is computed beside the rest, and each of the two has an end.
    assert [part for part in others if part not in ("target", "end")] == ["head", "association"]
    assert (others.count("target"), others.count("end"), others[-1]) == (1, 2, "end")
    whole = profile.ask(files, loans, target="default")
    assert whole.is_complete
    assert whole.failures == ()
    assert whole.columns == tuple(part for part in parts if part.part == "column")
    assert (whole.target.name, whole.target.is_classes) == ("default", True)
    assert whole.column("income").measures.of == "number"
    assert whole.column("nothing") is None
    assert whole.seconds > 0
    assert whole.peak_bytes > 0
    json.dumps(whole.as_dict(), allow_nan=False)


def test_facts_of_the_table_and_its_profile_agree(files, sources):
    loans = sources.sample("loans")
    list(profile.follow(files, loans))
    told = profile.ask(files, loans)
    assert told.head.rows == loans.row_count
    for fact in loans.columns:
        column = told.column(fact.name)
        assert (column.kind, column.missing) == (fact.kind, fact.missing)
        assert column.distinct.count == fact.distinct
        if fact.kind == "number":
            assert column.measures.mean == pytest.approx(fact.mean)
            assert column.measures.integral == fact.integral


def test_a_version_is_held_against_an_earlier_one(files, sources, written):
    before = sources.upload(written("a,b\n" + "".join(f"{n},x\n" for n in range(60)), "one.csv"))
    now = sources.upload(written("a,b\n" + "".join(f"{n + 100},y\n" for n in range(60)), "two.csv"))
    *_, drift, _ = profile.follow(files, now, against=before)
    assert drift.part == "drift"
    assert [column.band for column in drift.columns] == ["changed", "changed"]
    assert profile.ask(files, now, against=before).drift == drift


def test_where_whoever_computes_it_dies_another_does_and_nothing_is_told_twice(files, sources):
    loans = sources.sample("loans")
    place = Job(table_of(files, loans))
    held = sheet.begin(place.path, place)
    sheet.append(held, encoded(Head("head", loans.row_count, (), None, "")))
    parts = profile.follow(files, loans, patience_s=60)
    assert next(parts).part == "head"
    # The kernel closes what a process had open, however it ends.
    os.close(held)
    told = [part.part for part in parts]
    assert told == ["column"] * len(loans.columns) + ["association", "end"]


def test_following_ends_when_patience_does(files, sources):
    loans = sources.sample("loans")
    place = Job(table_of(files, loans))
    held = sheet.begin(place.path, place)
    assert list(profile.follow(files, loans, patience_s=0)) == []
    assert not profile.ask(files, loans).is_complete
    os.close(held)


def test_a_target_that_the_table_does_not_have_is_refused(files, sources):
    iris = sources.sample("iris")
    with pytest.raises(BadRequest, match="no column 'specis'") as refused:
        profile.ask(files, iris, target="specis")
    assert refused.value.code == "spec.target_missing"
    assert "Did you mean species?" in refused.value.hint


def test_deleting_a_data_source_drops_its_profile(files, sources):
    iris = sources.sample("iris")
    list(profile.follow(files, iris, target="species"))
    assert len(list(files.glob(f"{iris.id}.profile*"))) == 3
    sources.delete(iris)
    assert list(files.iterdir()) == []


def test_who_follows_a_data_source_that_is_deleted_is_told_once_and_leaves_nothing(files, sources):
    iris = sources.sample("iris")
    table = table_of(files, iris)
    places = [Job(table), Job(table, target="species")]
    held = [sheet.begin(place.path, place) for place in places]
    with Following(files, iris, target="species") as following:
        assert following.parts() == []
        sources.delete(iris)
        # Whoever computed it dies, and nobody takes the place.
        for descriptor in held:
            os.close(descriptor)
        assert following.parts() == [GONE]
        assert following.is_over
        assert following.parts() == []
    assert list(files.iterdir()) == []


def test_asking_for_a_profile_of_a_table_that_is_gone_says_so_and_leaves_nothing(files, sources):
    iris = sources.sample("iris")
    sources.delete(iris)
    told = profile.ask(files, iris, target="species")
    assert (told.is_complete, told.failures) == (True, (GONE.reason,))
    assert list(files.iterdir()) == []


def test_what_values_hold_is_data(files, sources, written):
    rows = ["\"=cmd|'/c calc'!A1\"", '"<img src=x onerror=alert(1)>"', '"line\nbreak"', '"\x1b[31mred"']
    source = sources.upload(written("t,n\n" + "".join(f"{row},1\n" for row in rows)))
    list(profile.follow(files, source))
    shown = {value.label for value in profile.ask(files, source).column("t").measures.top}
    assert shown == {row.strip('"') for row in rows}
