"""What the run explainer is shown of a run in the store."""

from __future__ import annotations

import json

import pytest

from workbench.advisors.run_explainer.advisor import advise
from workbench.advisors.thresholds import Thresholds
from workbench.consulting.gathering.explanation import gather
from workbench.data.sources import Sources
from workbench.errors import Conflict
from workbench.requests import resolve
from workbench.runs import ending, lookup, queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.record import CANCELLED, SUCCEEDED
from workbench.runs.scores import store_score
from workbench.runs.spec import Asked, make_spec
from workbench.store import artifacts
from workbench.store.tables import ArtifactRow, RunRow

pytestmark = pytest.mark.filterwarnings("ignore")
SCORES = {"lr": (0.95, 0.96, 0.94), "dummy": (0.33, 0.34, 0.32)}


@pytest.fixture
def ended(store, learned):
    """Leave a comparison of two models on the sample iris as its process does."""
    source = Sources(store).sample("iris")

    def end(status: str = SUCCEEDED, *, scored: bool = True):
        spec = make_spec(Asked(task="classification", target="species", plan="compare", include=list(SCORES), folds=3))
        identity = SourceIdentity(source.id, source.name, source.sha256)
        snapshot = {"source_sha256": source.sha256, "rows": source.row_count}
        run = queue.submit(store, identity, spec, by="ada", snapshot=snapshot, service_is_warm=True)
        with store.database.write() as session:
            row = session.get_one(RunRow, run.id)
            row.field = [[model, model.upper(), {"kind": "model", "model": model}] for model in SCORES]
            row.fitted = {"folds": 3, "test_ratio": 0.5, "versions": {}}
            for model, values in SCORES.items():
                for fold, value in enumerate(values if scored else ()):
                    store_score(session, run.id, model, fold, "scored", metrics={"Accuracy": value}, fit_s=0.1)
        if status == SUCCEEDED:
            _fit(run)
        assert ending.finish(store, run.id, status, "done", summary={"best": "lr"} if status == SUCCEEDED else None)
        return lookup.get(store, run.id)

    def _fit(run):
        frame = Sources(store).load(source)
        side = learned("pipeline", "classification", "lr", frame=frame, target="species", sha256=source.sha256)
        kept = {
            artifacts.SCHEMA: side.schema,
            artifacts.SAMPLE: side.sample,
            artifacts.HOLDOUT: side.holdout,
            artifacts.REFERENCE: side.reference,
        }
        contents = {name: json.dumps(held).encode() for name, held in kept.items()} | {artifacts.PIPELINE: side.pickled}
        for name, content in contents.items():
            stored = store.artifacts.put(run.id, name, content)
            with store.database.write() as session:
                row = ArtifactRow(run_id=run.id, name=name, sha256=stored.sha256, size_bytes=stored.size_bytes)
                session.add(row)

    return end


def test_the_board_and_the_best_model_on_rows_held_out_are_shown(store, ended):
    run = ended()
    found = gather(store, run.short_id)
    assert [row.model for row in found.board] == ["lr", "dummy"]
    assert found.board[1].is_separable
    assert found.examination.rows_examined == 45
    assert found.examination.metric == "Accuracy"
    assert sum(found.class_shares.values()) == pytest.approx(1)
    advice = advise(found, Thresholds.default())
    _, spec = resolve(store, Sources(store), None, advice.suggested_config or {})
    assert (spec.from_run, spec.target) == (run.id, "species")


def test_a_pipeline_whose_bytes_are_not_what_was_stored_is_not_asked(store, ended):
    run = ended()
    path = store.settings.home / "artifacts" / str(artifacts.Key("runs", run.id, artifacts.PIPELINE))
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    found = gather(store, run.id)
    assert found.examination is None
    assert "is not what was stored" in found.not_examined


def test_a_cancelled_run_is_shown_without_an_examination(store, ended):
    found = gather(store, ended(CANCELLED).id)
    assert (found.examination, found.status) == (None, "cancelled")
    assert "cancelled" in found.not_examined
    assert len(found.ranked) == 2


def test_of_a_run_without_a_score_there_is_nothing_to_explain(store, ended):
    run = ended(CANCELLED, scored=False)
    with pytest.raises(Conflict, match="no scored model") as error:
        gather(store, run.id)
    assert error.value.code == "advice.not_possible"
