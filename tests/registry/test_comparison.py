"""How two pipelines or runs differ."""

from __future__ import annotations

import json

import pytest

from workbench.data.sources import Sources
from workbench.errors import NotFound


def options(found) -> dict[str, tuple[object, object]]:
    return {difference.option: (difference.a, difference.b) for difference in found.configuration}


def metric(found, name="Accuracy"):
    return next(difference for difference in found.metrics if difference.metric == name)


def test_two_alike_differ_in_nothing(pipelines, promoted):
    found = pipelines.compare(promoted(), promoted())
    assert (found.configuration, found.columns, found.notes) == ((), (), ())
    assert (found.same_data, found.same_folds, found.same_schema) == (True, True, True)
    assert (metric(found).delta, metric(found).better, metric(found).is_separable) == (0.0, None, False)


def test_options_are_compared_one_by_one_with_their_defaults(pipelines, promoted):
    a = promoted("rf", setup={"normalize": True, "pca": True})
    b = promoted("dt", setup={"pca": True, "train_size": 0.8}, seed=8)
    assert options(pipelines.compare(a, b)) == {
        "model": ("RF", "DT"),
        "seed": (7, 8),
        "setup.normalize": (True, False),
        "setup.train_size": (0.7, 0.8),
    }


def test_metrics_are_told_with_spread_and_with_what_noise_can_do(pipelines, promoted):
    a, b = promoted(accuracy=(0.80, 0.81, 0.82)), promoted("dt", accuracy=(0.90, 0.91, 0.925))
    found = metric(pipelines.compare(a, b))
    assert (found.a, found.b) == (pytest.approx(0.81), pytest.approx(0.91166667))
    assert (found.a_std, found.b_std) == (pytest.approx(0.0081649658), pytest.approx(0.0102740233))
    assert found.delta == pytest.approx(0.10166667)
    assert (found.better, found.is_separable) == ("b", True)


def test_a_difference_within_noise_is_not_separable(pipelines, promoted):
    a, b = promoted(accuracy=(0.8, 0.9, 0.7)), promoted("dt", accuracy=(0.9, 0.8, 0.8))
    found = metric(pipelines.compare(a, b))
    assert (found.better, found.is_separable) == ("b", False)


def test_an_undefined_metric_has_no_difference(pipelines, promoted):
    found = metric(pipelines.compare(promoted(), promoted("dt")), "AUC")
    assert (found.a, found.delta, found.better, found.is_separable) == (None, None, None, None)


@pytest.mark.parametrize("other", [{"seed": 8}, {"setup": {"train_size": 0.8}}, {"setup": {"fold_shuffle": True}}])
def test_other_folds_are_no_pairs(pipelines, promoted, other):
    found = pipelines.compare(promoted(), promoted("dt", **other))
    assert (found.same_data, found.same_folds, metric(found).is_separable) == (True, False, None)
    assert "different folds of the same data" in found.notes[0]


def test_other_data_are_told(store, pipelines, promoted):
    found = pipelines.compare(promoted(), promoted("dt", source=Sources(store).sample("wine")))
    assert (found.same_data, found.same_folds) == (False, False)
    assert options(found)["data"] == ("iris", "wine")
    assert "different data" in found.notes[0]


def test_columns_that_differ_are_named(pipelines, promoted):
    a = promoted(columns={"x": "number", "y": "text", "z": "number"})
    b = promoted("dt", columns={"z": "number", "x": "text", "w": "bool"})
    found = pipelines.compare(a, b)
    assert not found.same_schema
    assert [(column.column, column.a, column.b) for column in found.columns] == [
        ("x", "number", "text"),
        ("y", "text", None),
        ("w", None, "bool"),
    ]


def test_tasks_that_differ_share_no_metric(pipelines, promoted):
    found = pipelines.compare(promoted(), promoted("lr", task="regression", target="petal_width_cm"))
    assert found.metrics == ()
    assert "different tasks" in found.notes[0]


def test_runs_can_be_compared_with_pipelines_and_runs(pipelines, promoted, finished):
    run = finished("dt", accuracy=(0.7, 0.8, 0.9))
    found = pipelines.compare(promoted(name="shop"), run.id[-8:])
    assert (found.a.kind, found.a.name, found.b.kind, found.b.name) == (
        "pipeline",
        "shop",
        "run",
        f"run {run.short_id}",
    )
    assert metric(found).b == pytest.approx(0.8)
    assert found.same_schema
    assert pipelines.compare(run.id, run.id).configuration == ()


def test_a_run_without_a_pipeline_is_compared_as_far_as_it_goes(pipelines, promoted, submitted):
    found = pipelines.compare(promoted(), submitted("dt").id)
    assert (found.same_schema, found.columns) == (None, ())
    assert any("has no metrics" in note for note in found.notes)
    assert any("has fitted no pipeline" in note for note in found.notes)


def test_parameters_of_models_are_compared(pipelines, promoted, store):
    from workbench.store.tables import PipelineRow

    a, b = promoted(), promoted()
    with store.database.write() as session:
        row = session.get_one(PipelineRow, b.id)
        row.lineage = row.lineage | {"recipe": {"kind": "model", "model": "rf", "params": {"max_depth": 3}}}
    assert options(pipelines.compare(a, b)) == {"model.max_depth": (None, 3)}


def test_what_is_neither_is_said(pipelines, promoted):
    promoted()
    with pytest.raises(NotFound, match="There is no pipeline 'nothing'"):
        pipelines.compare("nothing", "iris-rf")


def test_it_is_told_as_json_and_shown_in_a_notebook(pipelines, promoted):
    found = pipelines.compare(promoted(name="a"), promoted("dt", name="b", columns={"<x>": "text"}))
    told = json.loads(json.dumps(found.as_dict()))
    assert (told["a"]["name"], told["b"]["name"], told["same_schema"]) == ("a", "b", False)
    shown = found._repr_html_()
    assert "&lt;x&gt;" in shown
    assert "<th>Accuracy</th><td>0.9300 ± 0.0294</td>" in shown
