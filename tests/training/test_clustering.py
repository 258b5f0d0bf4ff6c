"""Clustering: PyCaret's numbers for every model of its library, and what is said where it prints 0."""

from __future__ import annotations

import pickle
import sys

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from tests.training.without_target import failures, fitted, ours, pipeline, score, theirs, units
from workbench.catalogue import TASKS
from workbench.recipe import Recipe
from workbench.training.request import ExperimentFitted, FoldPrepared, Limits, PipelineFitted
from workbench.training.work import Unit

MODELS = [model.id for model in TASKS["clustering"].models if model.requires is None]
OF_SHAPE = ("Silhouette", "Calinski-Harabasz", "Davies-Bouldin")
OF_TRUTH = ("Homogeneity", "Rand Index", "Completeness")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def blobs() -> pd.DataFrame:
    """Three groups of points and which one each is of."""
    random = np.random.default_rng(5)
    kind = np.repeat(["north", "east", "west"], 40)
    centres = pd.DataFrame({"north": [0.0, 9.0], "east": [8.0, 0.0], "west": [-8.0, 0.0]})
    points = centres[kind].T.to_numpy() + random.normal(0, 1, (120, 2))
    return pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "kind": kind})


@pytest.mark.parametrize(
    ("setup", "clusters"),
    [
        ({}, 4),
        ({"normalize": True, "remove_outliers": True}, 3),
        ({"numeric_imputation": "drop", "ignore_features": ["city"]}, 5),
    ],
    ids=["as it comes", "scaled, outliers removed", "rows with gaps dropped, single precision"],
)
def test_labels_and_metrics_of_every_model_are_pycarets(setup, clusters, mixed):
    experiment, pycaret = (
        ours("clustering", mixed["clustering"], {"num_clusters": clusters}, **setup),
        theirs("clustering", mixed["clustering"], **setup),
    )
    assert [model for model in pycaret._all_models if model != "kmodes"] == MODELS
    table, _ = experiment.prepare(0)
    for model in MODELS:
        made = pycaret.create_model(model, num_clusters=clusters, verbose=False)
        shown = pycaret.pull().iloc[0]
        compute = experiment.compute(Recipe(model=model))
        scored = compute(Unit(model, 0), table)
        assert list(table.fit(compute.estimator).labels_) == list(made.labels_), model
        for metric in OF_SHAPE:
            value = scored.metrics[metric]
            assert round(scored.pycaret[metric] if value is None else value, 4) == round(shown[metric], 4), model


def test_a_comparison_scores_every_model_once_and_fits_the_one_with_the_best_silhouette(train, mixed):
    updates = list(train("clustering", models=("kmeans", "hclust", "birch"), setup={"normalize": True}))
    fit, prepared = updates[:2]
    assert isinstance(fit, ExperimentFitted)
    assert (fit.train_rows, fit.test_rows, fit.features_in, fit.features_out, fit.folds) == (160, 0, 4, 6, 1)
    assert isinstance(prepared, FoldPrepared)
    assert prepared.train_rows == 160
    silhouettes = {model: unit.metrics["Silhouette"] for model, unit in units(updates).items()}
    assert set(silhouettes) == {"kmeans", "hclust", "birch"}
    assert isinstance(updates[-1], PipelineFitted)
    assert updates[-1].model == max(silhouettes, key=silhouettes.__getitem__)
    assert updates[-1].rows == len(mixed["clustering"])


def test_the_least_davies_bouldin_is_the_best(train):
    """PyCaret's container has it the other way round."""
    updates = list(train("clustering", models=("kmeans", "hclust", "meanshift"), sort="Davies-Bouldin"))
    values = {model: unit.metrics["Davies-Bouldin"] for model, unit in units(updates).items()}
    assert updates[-1].model == min(values, key=values.__getitem__)


@pytest.mark.parametrize(
    ("frame", "model", "why", "clusters", "noise"),
    [
        ({"x": [0.0, 40, 80, 120, 160, 200]}, "dbscan", "No cluster was found: every row is noise.", 0, 1.0),
        ({"x": [0.0, 0.1, 0.2, 0.3, 0.2, 0.1]}, "dbscan", "All rows are in one cluster.", 1, 0.0),
        ({"x": [0.0, 1, 2, 3, 4, 5]}, "kmeans", "Every row is a cluster of its own.", 6, 0.0),
    ],
)
def test_a_shape_that_cannot_be_measured_is_none_with_the_reason_and_pycarets_zero_beside_it(
    frame, model, why, clusters, noise
):
    scored = score(ours("clustering", pd.DataFrame(frame), {"num_clusters": 6}), model)
    assert scored.metrics == dict.fromkeys(OF_SHAPE) | {"Clusters": clusters, "Noise": noise}
    assert scored.undefined == dict.fromkeys(OF_SHAPE, why)
    assert scored.pycaret == dict.fromkeys(OF_SHAPE, 0.0)


def test_clusters_are_counted_without_the_noise_and_its_share_is_told(blobs):
    frame = pd.concat([blobs[["x", "y"]], pd.DataFrame({"x": [50.0, -50, 90], "y": [50.0, 90, -50]})])
    experiment = ours("clustering", frame.reset_index(drop=True), normalize=True)
    metrics = score(experiment, "dbscan").metrics
    labels = fitted(experiment, "dbscan").labels_
    assert metrics["Clusters"] == len(set(labels) - {-1})
    assert metrics["Noise"] == pytest.approx(np.mean(labels == -1))
    assert metrics["Noise"] > 0


def test_the_number_of_clusters_is_formed_where_the_model_takes_one(mixed):
    few, many = (ours("clustering", mixed["clustering"], {"num_clusters": count}, normalize=True) for count in (3, 7))
    assert (score(few, "kmeans").metrics["Clusters"], score(many, "kmeans").metrics["Clusters"]) == (3, 7)
    # Affinity propagation finds its own number.
    assert score(few, "ap").metrics == score(many, "ap").metrics


def test_the_number_of_clusters_that_a_recipe_names_goes_before_that_of_the_plan(mixed):
    experiment = ours("clustering", mixed["clustering"], {"num_clusters": 4}, normalize=True)
    assert score(experiment, "kmeans", n_clusters=7).metrics["Clusters"] == 7
    assert fitted(experiment, "kmeans", n_clusters=7).n_clusters == 7


def test_without_a_ground_truth_nothing_is_said_of_one(mixed):
    assert set(score(ours("clustering", mixed["clustering"]), "kmeans").metrics).isdisjoint(OF_TRUTH)


def test_a_ground_truth_is_kept_from_the_models_which_are_judged_by_it(blobs):
    blind = ours("clustering", blobs.drop(columns="kind"), {"num_clusters": 3})
    judged = ours("clustering", blobs, {"num_clusters": 3, "ground_truth": "kind"})
    metrics = score(judged, "kmeans").metrics
    assert {name: metrics[name] for name in OF_TRUTH} == pytest.approx(dict.fromkeys(OF_TRUTH, 1.0))
    assert {name: metrics[name] for name in OF_SHAPE} == {
        name: score(blind, "kmeans").metrics[name] for name in OF_SHAPE
    }
    assert list(judged.fit(Recipe(model="kmeans"), all_rows=False).features) == ["x", "y"]


def test_metrics_by_a_ground_truth_are_those_of_pycaret(mixed):
    frame = mixed["clustering"].assign(kind=mixed["classification"]["buys"])
    experiment = ours("clustering", frame, {"ground_truth": "kind"}, normalize=True)
    pycaret = theirs("clustering", mixed["clustering"], normalize=True)
    for model in ("kmeans", "meanshift", "optics"):
        made = pycaret.create_model(model, verbose=False)
        shown = pycaret._calculate_metrics(pycaret.X_transformed, made.labels_, ground_truth=frame["kind"].to_numpy())
        metrics = score(experiment, model).metrics
        assert {name: round(metrics[name], 4) for name in shown} == {
            name: round(value, 4) for name, value in shown.items()
        }


def test_rows_without_a_truth_and_rows_that_were_dropped_do_not_count(blobs):
    frame = blobs.assign(kind=blobs["kind"].where(blobs.index % 4 != 0), x=blobs["x"].where(blobs.index % 5 != 0))
    experiment = ours("clustering", frame, {"ground_truth": "kind", "num_clusters": 3}, numeric_imputation="drop")
    left = frame.dropna(subset=["x"])
    labels = pd.Series(fitted(experiment, "kmeans").labels_, left.index)
    known = left["kind"].dropna()
    assert score(experiment, "kmeans").metrics["Rand Index"] == pytest.approx(
        adjusted_rand_score(known, labels[known.index])
    )


def test_a_model_whose_sort_metric_is_undefined_is_fitted_when_it_is_the_only_one(train, mixed):
    updates = list(train("clustering", plan="create", bases=(Recipe(model="dbscan"),)))
    assert units(updates)["dbscan"].metrics["Silhouette"] is None
    assert isinstance(updates[-1], PipelineFitted)
    assert not hasattr(cloudpickle.loads(updates[-1].pickled), "predict")
    assert TASKS["clustering"].model("dbscan").new_rows


def test_where_no_model_of_a_comparison_can_be_ranked_none_is_fitted(train):
    alike = pd.DataFrame({"x": [0.0, 50, 100, 150, 200, 250]})
    updates = list(train("clustering", frame=alike, models=("dbscan", "optics")))
    assert {unit.metrics["Silhouette"] for unit in units(updates).values()} == {None}
    assert not isinstance(updates[-1], PipelineFitted)


@pytest.mark.parametrize("model", [model.id for model in TASKS["clustering"].models if not model.new_rows][:-1])
@pytest.mark.parametrize("columns", [["age", "income", "city", "visits"], ["income", "visits"]])
def test_a_pipeline_places_new_rows_as_pycaret_does_after_unpickling(model, columns, mixed):
    frame, new = mixed["clustering"][columns], mixed["clustering"][columns].sample(40, random_state=3) * 1
    new = new.assign(income=new["income"] * 1.1)
    ours_ = cloudpickle.loads(cloudpickle.dumps(pipeline(ours("clustering", frame), model)))
    pycaret = theirs("clustering", frame)
    told = pycaret.predict_model(_whole(pycaret, model), data=new)
    assert [f"Cluster {label}" for label in ours_.predict(new)] == list(told["Cluster"])


def _whole(pycaret, model):
    """PyCaret's own pipeline, as it saves it: it takes raw rows."""
    from pycaret.internal.pipeline import estimator_pipeline

    made = pycaret.create_model(model, verbose=False)
    with estimator_pipeline(pycaret.pipeline, made) as whole:
        return whole


@pytest.mark.parametrize(("task", "model"), [("clustering", "kmeans"), ("anomaly", "iforest")])
def test_a_unit_gives_the_same_after_a_journey_to_another_machine(task, model, mixed):
    experiment = ours(task, mixed[task])
    table, _ = experiment.prepare(0)
    sent = pickle.dumps((experiment.compute(Recipe(model=model)), table))
    compute, arrived = pickle.loads(sent)
    assert compute(Unit(model, 0), arrived).metrics == score(experiment, model).metrics


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts private memory")
def test_a_model_that_outgrows_its_memory_costs_its_own_row(train):
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(4000, 2)), columns=["x", "y"])
    limits = Limits(workers=1, unit_bytes=250 * 2**20)
    updates = list(train("clustering", frame=frame, models=("ap", "kmeans"), limits=limits))
    assert failures(updates) == {"ap": "It ran out of memory: it may take 0.244 GiB."}
    assert updates[-1].model == "kmeans"
