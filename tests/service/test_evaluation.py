"""Promotions evaluated by a real service, in processes of their own."""

from __future__ import annotations

import hashlib
import os
import pickle

import pytest

from workbench.store.artifacts import PIPELINE, Key
from workbench.store.tables import PipelineRow


class Kills:
    """Ends whatever process unpickles it."""

    def __reduce__(self):
        return os._exit, (3,)


@pytest.fixture(scope="module")
def cancer(warm):
    return warm.data.sample("breast_cancer")


@pytest.fixture(scope="module")
def pipelines(warm, cancer):
    """A model that knows nothing, a good one, and a good one that was fitted on all rows."""
    asked = {"dummy": ("create", "dummy"), "good": ("create", "lr"), "final": ("finalize", "lr")}
    runs = {
        name: warm.runs.submit(cancer, target="diagnosis", plan=plan, model=model, folds=2)
        for name, (plan, model) in asked.items()
    }
    assert {name: run.wait(timeout_s=60).status for name, run in runs.items()} == dict.fromkeys(asked, "succeeded")
    return {name: warm.registry.promote(run, name=f"evaluated-{name}") for name, run in runs.items()}


@pytest.fixture
def propose(warm):
    """Propose a pipeline where another one is champion, and wait until it is evaluated."""

    def propose(champion, challenger, **asked):
        warm.registry.aliases.set("evaluated", champion)
        return warm.registry.promotions.propose(challenger, "evaluated", **asked)

    return propose


@pytest.mark.parametrize(
    ("champion", "challenger", "verdict", "open_gates"),
    [("dummy", "good", "better", []), ("good", "dummy", "worse", ["metric"])],
)
def test_both_are_judged_on_the_rows_that_were_held_out_from_both(
    propose, pipelines, champion, challenger, verdict, open_gates
):
    found = propose(pipelines[champion], pipelines[challenger], metric="AUC")
    assert (found.status, found.error) == ("waiting", None)
    told = found.comparison
    assert (told["metric"], told["verdict"], told["rows"]) == ("AUC", verdict, 171)
    assert told["rows_from"] == "rows of breast_cancer that were held out from both"
    assert told["low"] <= told["delta"] <= told["high"]
    assert [gate.name for gate in found.open_gates] == open_gates


def test_rows_of_a_named_table_are_judged_by(propose, pipelines, warm, cancer, tmp_path):
    frame = warm.data.load(cancer)
    numbers = frame.columns.drop("diagnosis")
    fresh = frame.assign(**(frame[numbers] * 1.001)).assign(ward=["north", "south"] * 284 + ["north"])
    fresh.to_csv(tmp_path / "fresh.csv", index=False)
    source = warm.data.upload(tmp_path / "fresh.csv")
    found = propose(pipelines["final"], pipelines["good"], on=source, segment="ward")
    assert found.comparison["rows_from"] == "rows of fresh, taken to be new to both"
    assert found.comparison["rows"] == 569
    assert {part["value"]: part["rows"] for part in found.comparison["segments"]} == {"north": 285, "south": 284}


def test_without_rows_that_are_new_to_both_a_person_decides(propose, pipelines):
    found = propose(pipelines["good"], pipelines["final"])
    assert found.comparison["verdict"] == "not comparable"
    (gate,) = found.open_gates
    assert (gate.name, gate.overridable) == ("metric", True)
    assert "The challenger was fitted on all rows of breast_cancer." in gate.message


def test_a_champion_whose_bytes_are_damaged_can_be_replaced_by_somebody_who_knows(propose, warm, pipelines):
    damaged = warm.registry.promote(pipelines["dummy"].run_id, name="evaluated-damaged")
    (warm.settings.home / "artifacts" / str(Key("pipelines", damaged.id, PIPELINE))).write_bytes(b"?")
    found = propose(damaged, pipelines["good"])
    (gate,) = found.open_gates
    assert (gate.name, gate.overridable) == ("metric", True)
    assert "The champion cannot be loaded. pipeline.pkl is not what was stored" in gate.message


def test_a_challenger_that_crashes_costs_its_promotion_and_nothing_else(propose, warm, pipelines):
    doomed = warm.registry.promote(pipelines["dummy"].run_id, name="evaluated-doomed")
    content = pickle.dumps(Kills())
    sha256 = hashlib.sha256(content).hexdigest()
    (warm.settings.home / "artifacts" / str(Key("pipelines", doomed.id, PIPELINE))).write_bytes(content)
    with warm._store.database.write() as session:
        row = session.get_one(PipelineRow, doomed.id)
        row.sha256 = sha256
        row.artifacts = row.artifacts | {PIPELINE: {"sha256": sha256, "size_bytes": len(content)}}
    found = propose(pipelines["good"], doomed)
    assert (found.status, found.error) == ("failed", "The challenger did not answer. Its process ended with code 3.")
    assert warm.service.state().phase == "warm"
    assert propose(pipelines["dummy"], pipelines["good"]).status == "waiting"
