"""A data source that changes gets another version; what was there stays as it is."""

from __future__ import annotations

import io
import os

import pytest

from workbench.errors import BadRequest, Conflict, NotFound

FIRST, SECOND = b"zip,n\n00501,1\n90210,2\n", b"zip,n\n00501,3\n"


@pytest.fixture
def zips(sources):
    return sources.upload(io.BytesIO(FIRST), "zips")


def test_an_upload_may_be_the_next_version(sources, zips):
    now = sources.upload(io.BytesIO(SECOND), follows="zips")
    assert (now.name, now.version, now.is_current) == ("zips", 2, True)
    assert sources.get("zips") == now
    assert [source.name for source in sources.list()] == ["zips"]


def test_an_older_version_is_found_by_number_and_by_id(sources, zips):
    sources.upload(io.BytesIO(SECOND), follows="zips")
    assert sources.get("zips@1").id == sources.get(zips.id).id == zips.id
    assert sources.load(sources.get("zips@1"))["n"].tolist() == [1, 2]
    assert [source.version for source in sources.versions("zips")] == [2, 1]
    with pytest.raises(NotFound):
        sources.get("zips@3")


def test_a_column_is_read_as_something_else_from_what_came_at_first(sources, zips):
    assert sources.load(zips)["zip"].tolist() == [501, 90210]
    now = sources.retype("zips", {"zip": "text"})
    assert sources.load(now)["zip"].tolist() == ["00501", "90210"]
    assert (now.version, now.column("zip").kind) == (2, "text")


def test_what_was_said_of_columns_holds_for_the_next_upload_too(sources, zips):
    sources.retype("zips", {"zip": "text"})
    now = sources.upload(io.BytesIO(SECOND), follows="zips")
    assert sources.load(now)["zip"].tolist() == ["00501"]


def test_other_kinds_of_the_same_bytes_are_other_data(sources, zips):
    assert sources.retype("zips", {"zip": "text"}).sha256 != zips.sha256


def test_dates_are_read_as_they_are_said_to_be_written(sources):
    source = sources.upload(io.BytesIO(b"day,n\n03/04/2020,1\n13/04/2020,2\n"), "days", kinds={"day": "date:%d/%m/%Y"})
    assert source.column("day").kind == "date"
    assert sources.load(source)["day"].tolist() == ["2020-04-03", "2020-04-13"]


def test_a_value_that_does_not_fit_its_kind_is_named_and_the_version_stays(sources):
    sources.upload(io.BytesIO(b"n,m\n1,2\nx,3\n"), "t")
    with pytest.raises(BadRequest) as caught:
        sources.retype("t", {"n": "number"})
    assert caught.value.code == "data.kind_unfit"
    assert "row 2 holds 'x'" in caught.value.message
    assert sources.get("t").version == 1


def test_a_column_that_is_not_there_is_answered_with_the_nearest(sources, zips):
    with pytest.raises(BadRequest, match="Did you mean zip"):
        sources.retype("zips", {"zipp": "text"})


def test_of_two_next_versions_the_first_to_finish_wins(sources, zips, store):
    slow, quick = (sources.begin_upload("zips", follows=zips) for _ in range(2))
    for upload in (slow, quick):
        upload.write(SECOND)
    quick.finish()
    with pytest.raises(Conflict) as caught:
        slow.finish()
    assert caught.value.code == "data.version_taken"
    assert [source.version for source in sources.versions("zips")] == [2, 1]
    assert len(list(store.settings.files.iterdir())) == 4


def test_deleting_a_data_source_deletes_all_its_versions(sources, zips, store):
    sources.upload(io.BytesIO(SECOND), follows="zips")
    sources.delete("zips")
    assert sources.list() == []
    assert list(store.settings.files.iterdir()) == []


def test_an_older_version_may_be_deleted_alone(sources, zips):
    now = sources.upload(io.BytesIO(SECOND), follows="zips")
    sources.delete("zips@1")
    assert sources.versions("zips") == [now]


def test_where_the_newest_version_goes_alone_the_one_before_is_the_newest_again(sources, zips, store):
    now = sources.upload(io.BytesIO(SECOND), follows="zips")
    sources.delete("zips@2")
    assert sources.get("zips") == zips
    assert sources.versions("zips") == sources.list() == [zips]
    assert not list(store.settings.files.glob(f"{now.id}*"))
    assert sources.upload(io.BytesIO(SECOND), follows="zips").version == 2


def test_the_last_version_that_goes_alone_leaves_nothing(sources, zips, store):
    sources.delete("zips@1")
    assert sources.list() == []
    assert list(store.settings.files.iterdir()) == []


def test_a_name_that_looks_like_a_version_is_deleted_as_a_name(sources, zips):
    first = sources.upload(io.BytesIO(FIRST), "zips@1")
    sources.upload(io.BytesIO(SECOND), follows=first)
    sources.delete("zips@1")
    assert sources.list() == [zips]


def test_a_file_in_its_place_is_read_again_when_it_has_changed(sources, written):
    path = written(FIRST, "zips.csv")
    first = sources.add(str(path))
    assert (first.kind, first.version, sources.has_changed(first)) == ("file", 1, False)
    assert sources.refresh("zips") == first
    path.write_bytes(SECOND)
    assert sources.has_changed(first)
    now = sources.refresh("zips")
    assert (now.version, now.row_count) == (2, 1)


def test_a_file_that_was_only_touched_has_not_changed_once_it_was_read_again(sources, written):
    path = written(FIRST, "zips.csv")
    first = sources.add(path)
    os.utime(path, (1, 1))
    assert sources.has_changed(first)
    again = sources.refresh(first)
    assert (again.id, again.version, sources.has_changed(again)) == (first.id, 1, False)
    assert not sources.has_changed(sources.get("zips"))


def test_a_file_that_has_changed_when_it_is_read_otherwise_is_told(sources, written):
    path = written(FIRST, "zips.csv")
    sources.add(path)
    assert sources.retype("zips", {"zip": "text"}).notices == ()
    path.write_bytes(SECOND)
    now = sources.retype("zips", {"zip": "number"})
    assert now.row_count == 1
    assert now.notices == ("zips.csv had changed since version 2 was read; this is what it holds now.",)


def test_a_file_in_its_place_is_not_copied(sources, written, store):
    source = sources.add(written(FIRST, "zips.csv"))
    assert [path.name for path in store.settings.files.iterdir()] == [source.location]


def test_an_upload_has_no_place_to_be_read_from_again(sources, zips):
    with pytest.raises(BadRequest) as caught:
        sources.refresh("zips")
    assert caught.value.code == "data.source_invalid"


def test_records_in_memory_are_a_table(sources):
    source = sources.add([{"a": 1, "b": "x"}, {"a": None, "b": "y"}], "records")
    assert (source.kind, source.row_count, source.column("a").missing) == ("inline", 2, 1)


def test_a_frame_is_the_same_table_when_it_is_loaded(sources):
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [True, False], "d": [0.5, None]})
    loaded = sources.load(sources.add(frame, "frame"))
    assert loaded["b"].isna().tolist() == [False, True]
    pd.testing.assert_frame_equal(loaded.drop(columns="b"), frame.drop(columns="b"))


def test_a_kind_for_a_column_that_a_file_does_not_have_is_refused(sources):
    with pytest.raises(BadRequest, match="Did you mean zip"):
        sources.upload(io.BytesIO(FIRST), "zips", kinds={"zipp": "text"})
    assert sources.list() == []


@pytest.mark.parametrize("kinds", [["zip"], {"zip": 5}, {"zip": b"text"}, {5: "text"}])
def test_what_columns_are_to_be_is_said_by_texts(sources, written, kinds):
    path = written(FIRST, "zips.csv")
    for add in (sources.add, sources.upload):
        with pytest.raises(BadRequest, match="is said by texts") as caught:
            add(path, kinds=kinds)
        assert caught.value.code == "data.kind_unfit"


def test_an_option_that_is_neither_text_nor_number_is_refused(sources, written):
    with pytest.raises(BadRequest, match="The option delimiter is a text or a whole number"):
        sources.add(written(FIRST, "zips.csv"), delimiter=[";"])


def test_no_module_beside_the_notebook_stands_in_for_one_of_pythons(sources, written, monkeypatch, tmp_path):
    path = written(FIRST, "zips.csv")
    written("raise SystemExit('not this one')", "copy.py")
    monkeypatch.chdir(tmp_path)
    assert sources.add(path).row_count == 2
