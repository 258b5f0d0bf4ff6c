"""Steps that mend a request, by their names in ``patterns.toml``; each says whether it changed anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.advisors.failure_debugger import suspects
from workbench.advisors.failure_debugger.circumstances import named_options
from workbench.advisors.failure_debugger.diagnosis import Diagnosis
from workbench.advisors.failure_debugger.evidence import FailureEvidence
from workbench.advisors.failure_debugger.request import Request
from workbench.advisors.thresholds import Thresholds
from workbench.plain import byte_size


@dataclass(frozen=True, slots=True)
class Case:
    """What a step may look at."""

    diagnosis: Diagnosis
    evidence: FailureEvidence
    thresholds: Thresholds

    def number(self, name: str) -> float | None:
        """Return a number that the error tells; None where it tells none."""
        try:
            return float((self.diagnosis.told or {})[name].replace(",", ""))
        except (KeyError, ValueError):
            return None


def mend(request: Request, case: Case) -> bool:
    """Try a pattern's steps in their order until one changes the request; return whether one did."""
    pattern = case.diagnosis.pattern
    if pattern is None:
        return False
    return any(_STEPS[step.name](request, case, **step.told) for step in pattern.mend)


def _again(request: Request, case: Case) -> bool:  # noqa: ARG001 - each step takes what all are given
    request.is_again = True
    return True


def _set_option(request: Request, case: Case, option: str, value: Any) -> bool:  # noqa: ARG001
    return request.set_option(option, value)


def _default_options(request: Request, case: Case, options: Sequence[str]) -> bool:  # noqa: ARG001
    return request.reset(options)


def _plan_option(request: Request, case: Case, option: str, value: Any) -> bool:  # noqa: ARG001
    return request.set_plan_option(option, value)


def _default_plan_option(request: Request, case: Case, option: str) -> bool:  # noqa: ARG001
    return request.reset_plan_option(option)


def _named_option(request: Request, case: Case) -> bool:
    return request.reset(named_options(case.evidence, case.diagnosis.complaint.text))


# --- Models and their parameters


def _without_models(request: Request, case: Case, *, swap: bool = True) -> bool:
    return request.without(case.diagnosis.complaint.models, swap=swap)


def _default_parameters(request: Request, case: Case) -> bool:
    return request.use_library_models() or request.reset_plan_option("custom_grid") or _without_models(request, case)


def _without_parameter(request: Request, case: Case) -> bool:
    name = (case.diagnosis.told or {}).get("name")
    grid = request.options.get("custom_grid")
    if grid and name in grid:
        left = {parameter: values for parameter, values in grid.items() if parameter != name}
        return request.set_plan_option("custom_grid", left or None)
    return request.use_library_models()


def _score_as_it_is(request: Request, case: Case) -> bool:  # noqa: ARG001
    return request.switch_plan("create", "the model is scored as it is, without a search")


def _plain_votes(request: Request, case: Case) -> bool:  # noqa: ARG001
    votes = {"blend": "hard", "stack": "predict"}.get(request.plan)
    return votes is not None and request.task == "classification" and request.set_plan_option("method", votes)


def _as_regression(request: Request, case: Case) -> bool:
    target = case.evidence.column(case.evidence.target)
    is_number = target is not None and target.kind == "number"
    return is_number and request.task == "classification" and request.switch_task("regression")


# --- Limits


def _longer_run(request: Request, case: Case) -> bool:
    limit = case.number("limit") or case.evidence.spec.get("run_timeout_s") or 0
    units = max(1, len(case.evidence.field) * case.evidence.folds)
    longer = _stretched(limit, case.evidence.units_scored / units, case.thresholds)
    return request.set_limit("run_timeout_s", longer, f"the run may take {longer:g} s instead of {limit:g} s")


def _longer_models(request: Request, case: Case) -> bool:
    limit = case.number("limit") or case.evidence.spec.get("model_timeout_s") or 0
    shares = [failure.folds_scored / max(1, failure.folds_total) for failure in case.diagnosis.complaint.failures]
    longer = _stretched(limit, min(shares, default=0.0), case.thresholds)
    return request.set_limit("model_timeout_s", longer, f"a model may take {longer:g} s instead of {limit:g} s")


def _stretched(limit: float, done: float, thresholds: Thresholds) -> float:
    """Return a limit in which all would have come about, going by the part that was done within the old one."""
    needed = limit / max(done, 1 / thresholds["debugger.limit_most"])
    return float(math.ceil(max(needed * thresholds["debugger.limit_margin"], thresholds["debugger.limit_least_s"])))


def _share_of_memory(request: Request, case: Case) -> bool:
    """Lift a limit that was named: a model has an even share of what is free then."""
    named = case.evidence.spec.get("unit_memory") or 0
    words = f"a model may take an even share of the free memory instead of {byte_size(named)}"
    return request.set_limit("unit_memory", 0, words)


def _here(request: Request, case: Case) -> bool:  # noqa: ARG001
    return request.set_limit("executor", "local", "on this machine instead of the cluster")


def _fewer_features(request: Request, case: Case) -> bool:  # noqa: ARG001
    spreads = ("polynomial_features", "polynomial_degree", "text_features", "max_encoding_ohe", "group_features")
    if request.task in ("clustering", "anomaly") and request.option("max_encoding_ohe") == -1:
        return request.set_option("max_encoding_ohe", 25)
    return request.reset([name for name in spreads if name in request.setup])


# --- Folds


def _folds_within_class(request: Request, case: Case) -> bool:
    target = case.evidence.column(case.evidence.target)
    if target is None or target.rarest is None:
        return False
    members = math.floor(target.rarest * float(request.option("train_size") or 1))
    inner, asked = _inner_folds(request), case.number("n")
    if inner is not None and asked is not None and asked != request.folds:
        inside = members - math.ceil(members / request.folds)
        return inside >= 2 and request.set_plan_option(inner, min(inside, int(asked) - 1))
    return request.set_folds(members)


def _inner_folds(request: Request) -> str | None:
    return {"stack": "meta_model_fold", "calibrate": "calibrate_fold"}.get(request.plan)


def _few_folds(request: Request, case: Case) -> bool:
    rows = case.number("m")
    return request.set_folds(int(rows) if rows is not None else max(2, request.folds // 2))


def _folds_within_groups(request: Request, case: Case) -> bool:
    groups = case.evidence.column(request.option("fold_groups"))
    found = case.number("m") or (groups.distinct if groups is not None else None)
    return found is not None and request.set_folds(int(found))


def _fewer_splits(request: Request, case: Case) -> bool:  # noqa: ARG001
    if request.set_folds(2):
        return True
    horizon = request.option("fh")
    return isinstance(horizon, int) and horizon > 1 and request.set_option("fh", max(1, horizon // 2))


# --- The table


def _ignore_suspects(request: Request, case: Case) -> bool:
    return request.ignore([name for name in case.diagnosis.columns if name != case.evidence.target])


def _unclaim_suspects(request: Request, case: Case) -> bool:
    return request.unclaim("numeric_features", case.diagnosis.columns)


def _preprocess(request: Request, case: Case) -> bool:  # noqa: ARG001
    return request.reset(["preprocess"])


def _fill_gaps(request: Request, case: Case) -> bool:  # noqa: ARG001
    return request.reset(["preprocess", "imputation_type"])


def _fill_target(request: Request, case: Case) -> bool:  # noqa: ARG001
    return request.option("numeric_imputation_target") is None and request.set_option(
        "numeric_imputation_target", "drift"
    )


def _keep_rows(request: Request, case: Case) -> bool:  # noqa: ARG001
    dropping = [name for name in ("numeric_imputation", "categorical_imputation") if request.setup.get(name) == "drop"]
    return request.reset([*dropping, "remove_outliers", "outliers_threshold"])


def _not_negative(request: Request, case: Case) -> bool:  # noqa: ARG001
    is_scaled, is_by_ends = request.set_option("normalize", True), request.set_option("normalize_method", "minmax")
    return is_scaled or is_by_ends


def _independent_features(request: Request, case: Case) -> bool:  # noqa: ARG001
    return request.set_option("remove_multicollinearity", True)


def _components(request: Request, case: Case) -> bool:
    most = case.number("m")
    is_number = most is not None and most >= 1
    return request.set_option("pca_components", int(most)) if is_number and most else request.reset(["pca_components"])


def _copy_rows(request: Request, case: Case) -> bool:  # noqa: ARG001
    return request.set_option("fix_imbalance_method", "RandomOverSampler")


def _fewer_clusters(request: Request, case: Case) -> bool:
    rows = case.number("m") or case.evidence.rows
    return rows is not None and rows > 2 and request.set_plan_option("num_clusters", max(2, int(math.sqrt(rows))))


# --- Series


def _rows_in_order(request: Request, case: Case) -> bool:
    index = request.option("index")
    if index is None:
        return False
    request.set_option("index", None)
    column = case.evidence.column(index)
    if column is None or column.kind in ("text", "date"):
        request.ignore([index])
    return True


def _no_dates(request: Request, case: Case) -> bool:
    told = case.diagnosis.told or {}
    if told.get("role") == "index":
        return _rows_in_order(request, case)
    dates = [told["column"]] if "column" in told else list(suspects.find("texts", case.evidence))
    return request.unclaim("date_features", dates)


_STEPS: Mapping[str, Callable[..., bool]] = {
    "again": _again,
    "as_regression": _as_regression,
    "components": _components,
    "copy_rows": _copy_rows,
    "default_options": _default_options,
    "default_parameters": _default_parameters,
    "default_plan_option": _default_plan_option,
    "drop_named_option": _named_option,
    "few_folds": _few_folds,
    "fewer_clusters": _fewer_clusters,
    "fewer_features": _fewer_features,
    "fewer_splits": _fewer_splits,
    "fill_gaps": _fill_gaps,
    "fill_target": _fill_target,
    "folds_within_class": _folds_within_class,
    "folds_within_groups": _folds_within_groups,
    "here": _here,
    "ignore_suspects": _ignore_suspects,
    "independent_features": _independent_features,
    "keep_rows": _keep_rows,
    "longer_models": _longer_models,
    "longer_run": _longer_run,
    "share_of_memory": _share_of_memory,
    "no_dates": _no_dates,
    "not_negative": _not_negative,
    "plain_votes": _plain_votes,
    "plan_option": _plan_option,
    "preprocess": _preprocess,
    "rows_in_order": _rows_in_order,
    "score_as_it_is": _score_as_it_is,
    "set_option": _set_option,
    "unclaim_suspects": _unclaim_suspects,
    "without_models": _without_models,
    "without_parameter": _without_parameter,
}
"""Name in ``patterns.toml`` → what carries the step out."""
