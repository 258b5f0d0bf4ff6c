"""A run told again in PyCaret's own calls, as a PyCaret user would write them.

In what is written ``df`` is the table, ``exp`` the experiment, and ``said`` what PyCaret prints, a row a model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from workbench.catalogue import PLANS, TASKS, Option
from workbench.catalogue.horizon import pycaret_setup
from workbench.recipe import Recipe, check_name, checked
from workbench.runs.reproduce.measures import Measures
from workbench.runs.reproduce.python import call, literal

_VERBS = {
    "ensemble": ("bagging", "ensemble_model"),
    "blend": ("blend", "blend_models"),
    "stack": ("stack", "stack_models"),
    "calibrate": ("calibrated", "calibrate_model"),
}
"""Plan → what its result is called, and PyCaret's function."""
_UNSCORED = {"cross_validation": "False", "predict": "False"}
"""What spares ``create_model`` the scores."""
_TUNABLE = {"classification": "TunableMLPClassifier", "regression": "TunableMLPRegressor"}
"""Stands in for the neural network while it is tuned: its layers are parameters of their own there."""


def experiment(task: str) -> tuple[str, str]:
    """Return the module and the name of PyCaret's experiment of a task."""
    return f"pycaret.{task}", "TSForecastingExperiment" if task == "time_series" else f"{task.title()}Experiment"


def set_up(spec: Mapping[str, Any], *, has_others: bool = False) -> str:
    """Write the set-up: what governs the numbers, and the options that are not PyCaret's defaults.

    Parameters
    ----------
    has_others
        Whether a forecast has other columns than its target.
    """
    task = TASKS[spec["task"]]
    named: dict[str, Any] = {"target": spec["target"]} if task.has_target else {}
    named["session_id"] = spec["seed"]
    if task.folds > 1:
        named["fold"] = spec["folds"]
    # One thread, for estimators that sum in another order on several; no files of earlier sessions.
    named["n_jobs"] = 1
    if "memory" in task.managed:
        named["memory"] = False
    asked = pycaret_setup(spec["setup"]) if spec["task"] == "time_series" else spec["setup"]
    named |= {name: value for name, value in asked.items() if not _is_default(task.options.get(name), value)}
    if has_others:
        # It governs which models there are and nothing else: naive forecasts use no other columns.
        named["enforce_exogenous"] = False
    truth = spec["options"].get("ground_truth")
    data = "df" if truth is None else call("df.drop", columns=literal(truth))
    return call("exp.setup", data, **{name: literal(value) for name, value in named.items()})


def _is_default(option: Option | None, value: Any) -> bool:
    # 3 and 3.0 are not the same to PyCaret: a count and a share.
    return option is not None and value == option.default and type(value) is type(option.default)


@dataclass(slots=True)
class Calls:
    """Statements in the order in which they run.

    Attributes
    ----------
    spec
        The run's, as stored.
    measures
        How a model's numbers are read.
    field
        Ids of the models that took part, in order; empty where that is not known.
    wanted
        Ids of those whose numbers are kept in ``said``.
    imports
        Statements that they need beside PyCaret's experiment.
    """

    spec: Mapping[str, Any]
    measures: Measures
    field: Sequence[str]
    wanted: Collection[str]
    statements: list[str] = dataclasses.field(default_factory=list)
    imports: list[str] = dataclasses.field(default_factory=list)
    _names: set[str] = dataclasses.field(default_factory=lambda: {"df", "exp", "said", "pd"})

    def put(self, wanted_name: str, value: str) -> str:
        """Give a value a name of its own, and return that."""
        check_name(wanted_name)
        name, number = wanted_name, 1
        while name in self._names:
            number += 1
            name = f"{wanted_name}_{number}"
        self._names.add(name)
        self.statements.append(f"{name} = {value}")
        return name

    def keep(self, model: str | None, name: str) -> None:
        """Keep the numbers of a model that was made under a name just now."""
        if model in self.wanted:
            self.statements.append(f"said[{literal(model)}] = {self.measures.numbers.format(model=name)}")

    def make(self, recipe: Recipe, *, as_part: bool = False) -> str:
        """Write the calls that make and fit a recipe, and return the name of what they give.

        Parameters
        ----------
        as_part
            Whether nobody asks for its own numbers: PyCaret need not score it then.
        """
        if recipe.kind == "model":
            return self._model(recipe, as_part=as_part)
        bases = [self.make(base, as_part=True) for base in recipe.bases]
        verb, params = _MADE[recipe.kind](recipe)
        if recipe.kind == "stack" and recipe.meta and recipe.meta != Recipe(model="lr"):
            params["meta_model"] = self.make(recipe.meta, as_part=True)
        return self.put(recipe.kind, call(f"exp.{verb}", _bases(recipe.kind, bases), **params))

    def _model(self, recipe: Recipe, *, as_part: bool) -> str:
        # What a model prints while it fits is no part of it, and PyCaret has an argument of that name.
        known = PLANS[self.spec["plan"]].options_of(self.spec["task"]).values()
        renamed = {option.parameter: option.name for option in known if option.parameter}
        params = {renamed.get(name, name): value for name, value in recipe.params.items() if name != "verbose"}
        if any(name.startswith("hidden_layer_size_") for name in params):
            plain = self.put(recipe.model, call("exp.create_model", literal(recipe.model), **_UNSCORED))
            tuned = self.tunable(plain, literal(params))
            return self.put(recipe.model, call("exp.create_model", tuned, **(_UNSCORED if as_part else {})))
        named = _created(self.spec) | _arguments(params) | (_UNSCORED if as_part else {})
        return self.put(recipe.model, call("exp.create_model", literal(recipe.model), **named))

    def tunable(self, plain: str, params: str) -> str:
        """Write a neural network with parameters as PyCaret tunes it."""
        name = _TUNABLE[self.spec["task"]]
        line = f"from pycaret.internal.tunable import {name}"
        if line not in self.imports:
            self.imports.append(line)
        return f"{name}(**{plain}.get_params()).set_params(**{params}).get_base_sklearn_object()"


def _arguments(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: literal(value) for name, value in params.items()}


def _bases(kind: str, names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]" if kind in ("blend", "stack") else names[0]


def _ensemble(method: str) -> Callable[[Recipe], tuple[str, dict[str, str]]]:
    return lambda recipe: ("ensemble_model", {"method": literal(method), **_arguments(recipe.params)})


def _renamed(verb: str, names: Mapping[str, str]) -> Callable[[Recipe], tuple[str, dict[str, str]]]:
    """Call an ensemble's own parameters what PyCaret's function calls them."""
    return lambda recipe: (
        verb,
        {names.get(name, name): literal(value) for name, value in recipe.params.items() if value is not None},
    )


_MADE: Mapping[str, Callable[[Recipe], tuple[str, dict[str, str]]]] = {
    "bagging": _ensemble("Bagging"),
    "boosting": _ensemble("Boosting"),
    "blend": _renamed("blend_models", {"voting": "method", "aggfunc": "method"}),
    "stack": _renamed("stack_models", {"cv": "meta_model_fold", "stack_method": "method", "passthrough": "restack"}),
    "calibrated": _renamed("calibrate_model", {"cv": "calibrate_fold"}),
}


def of_plan(
    spec: Mapping[str, Any],
    measures: Measures,
    *,
    field: Sequence[str],
    skipped: Collection[str],
    wanted: Collection[str],
) -> Calls:
    """Write the calls of a run's plan; arguments as in `Calls`.

    Parameters
    ----------
    skipped
        Ids of the models that yielded nothing, which a field or a search is spared.
    """
    calls = Calls(spec, measures, field, wanted)
    if spec["plan"] == "compare":
        # A run that ended before set-up knows no field.
        asked = field or TASKS[spec["task"]].field(spec["include"], spec["exclude"])
        _compare(calls, [model for model in asked if model not in skipped])
    elif spec["plan"] != "setup":
        calls.statements.append("said = {}")
        _PLANS.get(spec["plan"], _put_together)(calls, skipped)
        calls.statements.append("said = pd.DataFrame(said).T")
    return calls


def _compare(calls: Calls, field: Sequence[str]) -> None:
    if not field:
        return
    if TASKS[calls.spec["task"]].has_target:
        named = {"include": literal(field), "sort": literal(calls.spec["sort"])}
        if calls.spec["sort"] == "Bias":
            # PyCaret takes no metric of such a name to sort by, and knows none that is best at 0.
            del named["sort"]
        calls.put("best", call("exp.compare_models", **named))
        calls.statements.append("said = exp.pull()")
        return
    created = call("exp.create_model", "model", **_created(calls.spec))
    calls.statements += [
        "# PyCaret has no compare_models for this task.",
        "said = {}",
        f"for model in {literal(field)}:\n"
        f"    made = {created}\n"
        f"    said[model] = {calls.measures.numbers.format(model='made')}",
        "said = pd.DataFrame(said).T",
    ]


def _create(calls: Calls, skipped: Collection[str]) -> str:  # noqa: ARG001
    (base,) = _recipes(calls.spec)
    name = calls.make(base)
    calls.keep(base.id, name)
    return name


def _finalize(calls: Calls, skipped: Collection[str]) -> None:
    calls.put("final", call("exp.finalize_model", _create(calls, skipped)))


def _tune(calls: Calls, skipped: Collection[str]) -> None:
    spec = calls.spec
    (base,) = _recipes(spec)
    plain = _create(calls, skipped)
    named = _plan_options(spec) | {"optimize": literal(spec["sort"]), "return_tuner": "True"}
    calls.statements += [
        call("tuned, search = exp.tune_model", plain, **named),
        'best = exp.pull().loc["Mean"]',
        "# The search keeps one metric of each trial; scored by itself, a trial shows all of them.",
    ]
    lost = [int(model.rpartition(":")[2]) for model in skipped if model != base.id]
    passed_over = f"    if number in {literal(sorted(lost))}:\n        continue\n" if lost else ""
    step = "forecaster__model" if spec["task"] == "time_series" else "actual_estimator"
    trial = calls.tunable(plain, "params") if base.model == "mlp" else f"{plain}, **params"
    calls.statements += [
        'for number, drawn in enumerate(search.cv_results_["params"], 1):\n'
        + passed_over
        + f'    params = {{name.removeprefix("{step}__"): value for name, value in drawn.items()}}\n'
        f"    exp.create_model({trial}, verbose=False)\n"
        f'    said[f"{base.id}:{{number}}"] = exp.pull().loc["Mean"]',
        f'said[f"{base.id}:{{search.best_index_ + 1}}"] = best',
    ]


def _put_together(calls: Calls, skipped: Collection[str]) -> None:  # noqa: ARG001
    spec = calls.spec
    *parts, made = calls.field or [""]
    names = []
    for base, part in zip_longest(_recipes(spec), parts):
        names.append(calls.make(base, as_part=part not in calls.wanted))
        calls.keep(part, names[-1])
    named = _plan_options(spec)
    meta = spec["options"].get("meta_model", "lr")
    if meta != "lr":
        named["meta_model"] = calls.make(Recipe(model=meta), as_part=True)
    kind, verb = _VERBS[spec["plan"]]
    if spec["options"].get("method") == "Boosting":
        kind = "boosting"
    name = calls.put(kind, call(f"exp.{verb}", _bases(kind, names), **named))
    calls.keep(made, name)


def _plan_options(spec: Mapping[str, Any]) -> dict[str, str]:
    """Write a plan's options; which model is kept in the end is PyCaret's to say only where it can be asked to."""
    told = {name: value for name, value in spec["options"].items() if value is not None and name != "meta_model"}
    better = told.pop("choose_better", False)
    if spec["plan"] == "tune":
        told["choose_better"] = better
    elif better and spec["plan"] != "calibrate":
        told |= {"choose_better": True, "optimize": spec["sort"]}
    return {name: literal(value) for name, value in told.items()}


def _created(spec: Mapping[str, Any]) -> dict[str, str]:
    """Write what ``create_model`` is told of every model of a run without a target."""
    names = () if TASKS[spec["task"]].has_target else ("num_clusters", "fraction")
    return {name: literal(spec["options"][name]) for name in names if name in spec["options"]}


def _recipes(spec: Mapping[str, Any]) -> list[Recipe]:
    # A run may have been stored before recipes were checked.
    return [checked(Recipe.of(base)) for base in spec["bases"]]


_PLANS: Mapping[str, Callable[[Calls, Collection[str]], object]] = {
    "create": _create,
    "finalize": _finalize,
    "tune": _tune,
}
