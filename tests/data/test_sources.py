"""Finding, reading and deleting what was stored."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tests.serving.conftest import pipelines  # noqa: F401 - a fixture
from workbench.data.reading import VALUES_MOST
from workbench.errors import BadRequest, EngineFault, Gone, NotFound
from workbench.serving import batches
from workbench.store.tables import ExperimentRow, RunRow, SourceRow


@pytest.fixture
def juice(sources, written):
    return sources.upload(written("a,b\n1,x\n2,y\n", "juice.csv"))


def submit(store, source, status: str) -> str:
    """Put a run on a source into the store."""
    with store.database.write() as session:
        experiment = ExperimentRow(
            project_id=store.project_id,
            source_id=source.id,
            name="e",
            task="classification",
            target="b",
            setup={},
            fingerprint=status,
        )
        session.add(experiment)
        session.flush()
        run = RunRow(
            workspace_id=store.workspace_id,
            experiment_id=experiment.id,
            source_id=source.id,
            plan="compare",
            task="classification",
            target="b",
            spec={},
            status=status,
            created_by="me",
        )
        session.add(run)
        session.flush()
        return run.id


def end(store, run_id: str) -> None:
    with store.database.write() as session:
        session.get(RunRow, run_id).status = "cancelled"


def test_a_source_is_found_by_name_and_by_id(sources, juice):
    assert sources.get("juice") == sources.get(juice.id) == sources.get(juice) == juice


def test_an_unknown_name_is_answered_with_the_nearest(sources, juice):
    with pytest.raises(NotFound) as caught:
        sources.get("juce")
    assert caught.value.code == "data.not_found"
    assert str(caught.value) == 'There is no data source "juce". Did you mean juice? Valid: juice.'


def test_with_no_source_at_all_the_way_to_one_is_named(sources):
    with pytest.raises(NotFound, match="There is none yet"):
        sources.get("juice")


def test_sources_are_listed_newest_first(sources, juice, written):
    other = sources.upload(written("a,b\n1,2\n", "other.csv"))
    assert sources.list() == [other, juice]


def test_a_source_is_plain_data_for_json(juice):
    document = json.loads(json.dumps(juice.as_dict(), allow_nan=False))
    assert document["name"] == "juice"
    assert [column["name"] for column in document["columns"]] == ["a", "b"]
    assert juice.column("b").kind == "text"
    assert juice.column("c") is None


def test_a_columns_values_are_listed_in_their_own_order_without_gaps(sources, written):
    source = sources.upload(written("size,price,sold\nM,10,True\n,9.5,False\nL,,True\nM,10,True\n"))
    assert sources.values(source, "size") == ["L", "M"]
    assert sources.values(source, "price") == [9.5, 10]
    assert sources.values(source, "sold") == [False, True]
    with pytest.raises(BadRequest, match=r"Did you mean size\?"):
        sources.values(source, "sise")


def test_values_that_are_too_many_to_be_listed_are_refused(sources, written):
    source = sources.upload(written("n,m\n" + "".join(f"{row},1\n" for row in range(VALUES_MOST + 1))))
    with pytest.raises(BadRequest, match=r"'n' of table has 101 values; at most 100 can be listed\."):
        sources.values(source, "n")


def test_markup_in_names_is_escaped(sources, written):
    source = sources.upload(written("<script>,b\n1,2\n"), name="<b>")
    assert "<script>" not in source._repr_html_()
    assert "&lt;b&gt;" in source._repr_html_()


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n",
        "a,b,c\n1,,True\n,NA,\n3.25,None,False\n",
        'a,b\n1,"two\nlines"\n"3","say ""hi"""\n',
        "a;b\n1,5;x\n2,5;y\n",
        "a\tb\n007\t1e3\n7\t2e400\n",
        "a,b\n1,2\n3\n",
        "a,b\n18446744073709551615,9223372036854775808\n1,-1\n",
        "a,b\r\n 1 , x \r\n\r\n   \r\n2,y\r\n",
        "id,date\nA1,2024-01-01\nA2,2024-02-01\n",
        "a,b\n" + "1,x\n" * 60_000 + "z,y\n",
        "n\n0.1\n0.30000000000000004\n123456789.123456789\n",
    ],
)
def test_a_loaded_table_is_what_pandas_reads(sources, written, content):
    path = written(content)
    source = sources.upload(path)
    expected = pd.read_csv(path, sep=source.format["delimiter"], low_memory=False, float_precision="round_trip")
    loaded = sources.load(source)
    assert_frame_equal(loaded, expected, check_exact=True)
    assert isinstance(loaded.index, pd.RangeIndex)
    assert len(loaded) == source.row_count


def test_a_number_is_the_float_that_is_nearest_to_it(sources, written):
    texts = ["0.30000000000000004", "123456789.123456789", "0.43606053216687435", "-2.2012655822557426e-286"]
    loaded = sources.load(sources.upload(written("\n".join(["n", *texts, ""]))))
    assert loaded["n"].tolist() == [float(text) for text in texts]


def test_a_text_file_that_an_older_workbench_stored_is_made_a_table_once(sources, written, store):
    source = sources.upload(written("code;n\n007;1\n8;\n", "old.csv"))
    path = store.settings.files / f"{source.id}.csv"
    (store.settings.files / source.raw).rename(path)
    with store.database.write() as session:
        row = session.get_one(SourceRow, source.id)
        row.location, row.table_sha256, row.raw = path.name, None, None
        row.columns = [
            column.as_dict() | {"kind": kind} for column, kind in zip(source.columns, ("text", "number"), strict=True)
        ]
    old = sources.get("old")
    assert sources.load(old)["code"].tolist() == ["007", "8"]
    now = sources.get("old")
    assert (now.location, now.raw) == (f"{source.id}.parquet", path.name)
    assert_frame_equal(sources.load(now), sources.load(old))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_every_encoding_gives_the_same_table(sources, written, encoding):
    source = sources.upload(written("größe,n\nÄ,1\né,2\n".encode(encoding)))
    assert_frame_equal(sources.load(source), pd.DataFrame({"größe": ["Ä", "é"], "n": [1, 2]}))


def test_repaired_names_are_those_of_the_loaded_table(sources, written):
    source = sources.upload(written("\ufeffa,, b ,a\n1,2,3,4\n"))
    assert tuple(sources.load(source).columns) == source.column_names == ("a", "column_2", "b", "a.1")


def test_a_preview_is_plain_data_for_json(sources, written):
    source = sources.upload(written("n,f,t,b,d\n1,0.5,007,True,2024-01-01\n,inf,x,,\n3,1,y,False,2024-01-02\n"))
    rows = sources.head(source, 2)
    assert rows == [
        {"n": 1, "f": 0.5, "t": "007", "b": True, "d": "2024-01-01"},
        {"n": None, "f": "inf", "t": "x", "b": None, "d": None},
    ]
    json.dumps(rows, allow_nan=False)


def test_a_preview_is_no_longer_than_the_table(sources, juice):
    assert len(sources.head(juice)) == 2


def test_a_vanished_file_is_said(sources, juice, store):
    (store.settings.files / juice.location).unlink()
    with pytest.raises(Gone) as caught:
        sources.load(juice)
    assert caught.value.code == "data.file_missing"


def test_a_file_that_changed_size_is_not_loaded(sources, juice, store):
    with (store.settings.files / juice.location).open("ab") as file:
        file.write(b"3,z\n")
    with pytest.raises(EngineFault) as caught:
        sources.load(juice)
    assert caught.value.code == "artifact.hash_mismatch"


@pytest.mark.usefixtures("leaves_nothing")
def test_deleting_an_unused_source_removes_row_and_file(sources, juice, store):
    sources.delete("juice")
    with store.database.read() as session:
        assert session.get(SourceRow, juice.id) is None


def test_deleting_what_is_not_there_is_refused(sources):
    with pytest.raises(NotFound):
        sources.delete("juice")


def test_a_deleted_source_keeps_its_file_while_a_run_needs_it(sources, juice, store, written):
    run_id = submit(store, juice, "running")
    sources.delete(juice)
    assert sources.list() == []
    with pytest.raises(NotFound):
        sources.get(juice.id)
    kept = sources.get(juice.id, hidden=True)
    assert kept.is_deleted
    assert len(sources.load(kept)) == 2

    end(store, run_id)
    sources.upload(written("a,b\n1,2\n", "other.csv"))
    with pytest.raises(Gone):
        sources.load(kept)
    assert sources.get(juice.id, hidden=True) == kept


def test_a_newest_version_that_a_run_needs_is_kept_for_it_and_its_number_never_given_again(
    sources, juice, store, written
):
    now = sources.upload(written("a,b\n1,x\n"), follows="juice")
    run_id = submit(store, now, "running")
    sources.delete("juice@2")
    assert sources.get("juice") == juice
    assert len(sources.load(sources.get(now.id, hidden=True))) == 1
    end(store, run_id)
    assert sources.upload(written("a,b\n2,x\n"), follows="juice").version == 3
    assert [source.version for source in sources.versions("juice")] == [3, 1]


def test_a_deleted_source_whose_runs_have_ended_loses_its_file_at_once(sources, juice, store):
    submit(store, juice, "succeeded")
    sources.delete(juice)
    assert sources.get(juice.id, hidden=True).name == "juice"
    assert not (store.settings.files / juice.location).exists()


def test_a_deleted_source_keeps_its_file_while_a_batch_needs_it(sources, juice, store, pipelines):  # noqa: F811
    batch = batches.submit(store, pipelines[0], juice.id, 2, by="ana").id
    sources.delete(juice)
    assert sources.list() == []
    assert len(sources.load(sources.get(juice.id, hidden=True))) == 2
    batches.request_cancel(store, batch, by="ana")
    sources.begin_upload("other").abort()
    assert not (store.settings.files / juice.location).exists()
    assert sources.get(juice.id, hidden=True).name == "juice"


def test_a_deleted_sources_name_is_free_again(sources, juice, store, written):
    submit(store, juice, "running")
    sources.delete("juice")
    again = sources.upload(written("a,b\n1,2\n", "juice.csv"))
    assert sources.get("juice") == again
    assert again.id != juice.id


def test_importing_the_room_does_not_import_pandas():
    code = "import sys, workbench.data.sources; sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
