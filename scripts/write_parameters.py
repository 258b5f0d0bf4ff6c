"""Write which parameters a model may be given into ``workbench/catalogue/parameters.json``, as the libraries have them.

A library may take more than it says: files, hosts and ports among them. So a name counts where an estimator tells it as
its own, where PyCaret searches by it, or where it stands here.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.catalogue import TASKS, Task
from workbench.recipe import Recipe
from workbench.training import recipes
from workbench.training.experiment import set_up
from workbench.training.request import TrainingRequest

FILE = Path(__file__).parents[1] / "workbench" / "catalogue" / "parameters.json"
_PLACES = {"memory", "stan_backend"}
"""They name a folder to write into, or a program."""
_OBJECTS = {
    "callback",
    "check_estimator",
    "clustering_estimator",
    "context",
    "covariance_estimator",
    "estimator",
    "fe_target_rr",
    "is_data_valid",
    "is_model_valid",
    "minimize_kwargs",
    "regressor",
}
"""They take what no stored run can hold, or hand on arguments to whatever a library calls with them."""
_WORKERS = {"multiprocessing_start_method", "n_jobs"}
"""How many processors are used is the workers setting's to say."""
_LEFT_OUT = _PLACES | _OBJECTS | _WORKERS

_LIGHTGBM = """
    alpha bagging_fraction bagging_freq bagging_seed bin_construct_sample_cnt boost_from_average cat_l2 cat_smooth
    deterministic drop_rate drop_seed extra_seed extra_trees fair_c feature_fraction feature_fraction_bynode
    feature_fraction_seed force_col_wise force_row_wise is_unbalance lambda_l1 lambda_l2 linear_lambda linear_tree
    max_bin max_cat_threshold max_cat_to_onehot max_delta_step max_drop min_data_in_bin min_data_in_leaf
    min_data_per_group min_gain_to_split min_sum_hessian_in_leaf monotone_constraints monotone_constraints_method
    monotone_penalty neg_bagging_fraction other_rate path_smooth poisson_max_delta_step pos_bagging_fraction
    reg_sqrt scale_pos_weight sigmoid skip_drop top_rate tweedie_variance_power uniform_drop use_missing verbose
    verbosity xgboost_dart_mode zero_as_missing
"""
_XGBOOST = """
    base_score booster colsample_bylevel colsample_bynode colsample_bytree gamma grow_policy importance_type
    interaction_constraints learning_rate max_bin max_cat_threshold max_cat_to_onehot max_delta_step max_depth
    max_leaves min_child_weight missing monotone_constraints n_estimators num_parallel_tree objective random_state
    reg_alpha reg_lambda sampling_method scale_pos_weight subsample tree_method validate_parameters verbosity
"""
_CATBOOST = """
    allow_const_label approx_on_full_history auto_class_weights bagging_temperature boost_from_average boosting_type
    bootstrap_type border_count class_weights colsample_bylevel depth diffusion_temperature eta feature_border_type
    feature_weights fold_len_multiplier fold_permutation_block grow_policy has_time iterations l2_leaf_reg langevin
    leaf_estimation_backtracking leaf_estimation_iterations leaf_estimation_method learning_rate loss_function max_bin
    max_ctr_complexity max_depth max_leaves min_child_samples min_data_in_leaf model_shrink_mode model_shrink_rate
    model_size_reg monotone_constraints mvs_reg n_estimators nan_mode num_boost_round num_leaves num_trees objective
    od_pval od_type od_wait one_hot_max_size penalties_coefficient posterior_sampling random_score_type random_seed
    random_state random_strength reg_lambda rsm sampling_frequency sampling_unit scale_pos_weight score_function
    subsample target_border verbose
"""
_PROPHET = """
    add_country_holidays add_seasonality alpha changepoint_prior_scale changepoint_range changepoints daily_seasonality
    freq growth growth_cap growth_floor holidays_prior_scale mcmc_samples n_changepoints seasonality_mode
    seasonality_prior_scale uncertainty_samples verbose weekly_seasonality yearly_seasonality
"""
_KMODES = "cat_dissim init max_iter n_clusters n_init random_state verbose"
_BY_HAND = {
    "lightgbm": _LIGHTGBM.split(),
    "xgboost": _XGBOOST.split(),
    "catboost": _CATBOOST.split(),
    "prophet": _PROPHET.split(),
    "kmodes": _KMODES.split(),
}
"""What libraries take of which their estimators tell nothing, or which need not be installed."""
_REDUCED = "_cds_dt"


def names(task: Task) -> dict[str, list[str]]:
    """Return the parameters of a task's models."""
    experiment = _experiment(task).pycaret
    known: dict[str, set[str]] = {}
    for model in task.models:
        library = model.id.removesuffix(_REDUCED)
        is_reduced = library != model.id
        by_hand = {f"regressor__{name}" if is_reduced else name for name in _BY_HAND.get(library, ())}
        if model.requires is None:
            known[model.id] = by_hand | _told(experiment, model.id)
        elif is_reduced:
            known[model.id] = by_hand | {name for name in known[f"lr{_REDUCED}"] if "__" not in name}
        else:
            known[model.id] = by_hand
    return {model: sorted(left for left in told if _is_kept(left)) for model, told in known.items()}


def _told(experiment: Any, model: str) -> set[str]:
    from pycaret.internal.distributions import get_base_distributions

    definition = experiment._all_models_internal[model]
    plain = recipes.estimator(experiment, Recipe(model=model))
    searched = (get_base_distributions(grid) for grid in (definition.tune_grid, definition.tune_distribution))
    return {
        name
        for told in (plain.get_params(), recipes.tunable(definition, plain).get_params(), *searched)
        for name in told
    }


def _is_kept(name: str) -> bool:
    return name.rpartition("__")[2] not in _LEFT_OUT


def _experiment(task: Task) -> Any:
    frame = pd.DataFrame({"x": range(60), "k": ["a", "b", "c"] * 20, "y": [0, 1] * 30})
    setup: Mapping[str, Any] = {}
    if task.name == "time_series":
        frame = pd.DataFrame({"y": [100.0 + step % 6 for step in range(48)]})
        # With less, PyCaret leaves models out.
        setup = {"seasonal_period": 6, "ignore_seasonality_test": True, "fh": 2}
    target = "y" if task.has_target else None
    return set_up(frame, TrainingRequest(task.name, target, plan="setup", sort=task.sort, seed=1, folds=2, setup=setup))


def main(to: Path = FILE, tasks: Collection[Task] = tuple(TASKS.values())) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = {task.name: names(task) for task in tasks}
    to.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
