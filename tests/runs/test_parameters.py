"""What a model may be given by a request: parameters that it is known to have, and no place, host or other setting."""

from __future__ import annotations

import pytest

from workbench.catalogue.parameters import check_parameters
from workbench.errors import BadRequest
from workbench.recipe import Recipe
from workbench.runs.asked import Asked
from workbench.runs.spec import RunSpec, make_spec

PLACES = {
    "lightgbm": (
        "machines",
        "workers",
        "nodes",
        "num_machines",
        "machine_list_filename",
        "mlist",
        "local_listen_port",
        "local_port",
        "forcedsplits_filename",
        "fs",
        "forcedbins_filename",
        "input_model",
        "output_model",
        "config",
        "device_type",
    ),
    "catboost": (
        "train_dir",
        "json_log",
        "learn_error_log",
        "output_borders",
        "input_borders",
        "save_snapshot",
        "snapshot_file",
        "allow_writing_files",
        "metadata",
        "callback",
    ),
    "xgboost": ("callbacks", "kwargs", "device", "n_jobs"),
}
"""What libraries take besides what a model is fitted by, under all of its names."""
NAMED = [(model, name) for model, names in PLACES.items() for name in names]
INJECTED = [
    "binary machines=127.0.0.1:1",
    "binary\tlocal_listen_port=1",
    "binary\nmachines=h",
    "/tmp/a",
    "..\\a",
    "a\0b",
]


def spec(**request: object) -> RunSpec:
    return make_spec(Asked.of({"task": "classification", "target": "y", **request}))


def refused(**request: object) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        spec(**request)
    assert caught.value.code == "spec.invalid"
    return caught.value


@pytest.mark.parametrize(("model", "name"), NAMED)
def test_a_parameter_that_names_a_place_is_refused(model: str, name: str) -> None:
    named = Recipe(model=model, params={name: "127.0.0.1:1"})
    assert f"no parameter '{name}'" in refused(plan="create", model=named).message


@pytest.mark.parametrize(("model", "name"), NAMED)
def test_a_search_over_places_is_refused(model: str, name: str) -> None:
    refused(plan="tune", model=model, options={"custom_grid": {name: ["127.0.0.1:1"]}})


@pytest.mark.parametrize("name", ["regressor__machines", "regressor__nodes", "regressor", "machines"])
def test_a_parameter_of_a_model_within_a_forecaster_is_held_to_the_same(name: str) -> None:
    asked = {"task": "time_series", "plan": "create", "model": Recipe(model="lightgbm_cds_dt", params={name: "h:1"})}
    refused(**asked)


@pytest.mark.parametrize(
    "made",
    [
        lambda bad: Recipe(kind="bagging", bases=(bad,)),
        lambda bad: Recipe(kind="blend", bases=(Recipe(model="nb"), bad)),
        lambda bad: Recipe(kind="stack", bases=(Recipe(model="nb"), Recipe(model="lr")), meta=bad),
        lambda bad: Recipe(kind="calibrated", bases=(Recipe(kind="boosting", bases=(bad,)),)),
    ],
    ids=["bagging", "blend", "meta", "calibrated"],
)
def test_it_is_refused_wherever_the_model_lies(made) -> None:
    refused(plan="create", model=made(Recipe(model="lightgbm", params={"machines": "127.0.0.1:1"})))


@pytest.mark.parametrize("value", [*INJECTED, [INJECTED[0]], [["a", INJECTED[0]]], {"a": INJECTED[0]}], ids=repr)
def test_a_text_holds_no_other_parameter_and_no_path(value: object) -> None:
    """LightGBM is handed its parameters in one text, with a space between them."""
    named = Recipe(model="lightgbm", params={"objective": value})
    assert "a text is one word there, and no path" in refused(plan="create", model=named).message
    refused(plan="tune", model="lightgbm", options={"custom_grid": {"objective": [value]}})


def test_a_folder_to_write_into_is_no_parameter() -> None:
    for model in ("hclust", "optics"):
        with pytest.raises(BadRequest):
            check_parameters("clustering", model, {"memory": "a"})


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("lightgbm", {"num_leaves": 7, "bagging_fraction": 0.5, "max_bin": 63, "objective": "binary"}),
        ("xgboost", {"max_depth": 3, "objective": "binary:logistic"}),
        ("catboost", {"depth": 3, "loss_function": "Focal:focal_alpha=0.5;focal_gamma=1"}),
        ("rf", {"class_weight": {"not churned": 2}, "max_features": "sqrt"}),
        ("mlp", {"hidden_layer_size_0": 5, "hidden_layer_size_1": 0}),
    ],
)
def test_what_a_model_is_fitted_by_is_taken(model: str, params: dict[str, object]) -> None:
    (base,) = spec(plan="create", model=Recipe(model=model, params=params)).bases
    assert base.params == params
