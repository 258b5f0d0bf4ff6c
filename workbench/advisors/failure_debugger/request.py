"""The request that a run was, changed until it can be launched: arguments of ``Runs.submit``, and what differs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.advisors.failure_debugger.evidence import FailureEvidence
from workbench.catalogue import PLANS, TASKS, Option, Plan, Task
from workbench.plain import shown

_LIMITS: Mapping[str, Any] = {"executor": "local", "model_timeout_s": 0, "run_timeout_s": 0, "unit_memory": 0}
STURDY: Mapping[str, tuple[str, ...]] = {
    "classification": ("rf", "lr", "dt", "dummy"),
    "regression": ("rf", "ridge", "dt", "dummy"),
    "time_series": ("theta", "polytrend", "grand_means"),
    "clustering": ("kmeans", "birch"),
    "anomaly": ("iforest", "histogram", "pca"),
}
"""Models that stand in for one that fails, by task: they ask little of a table."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs from what was asked for, with a sentence's worth of words."""

    what: str
    before: Any
    after: Any
    words: str

    def as_dict(self) -> dict[str, Any]:
        return {"what": self.what, "before": self.before, "after": self.after}


class Request:
    """A request under correction.

    Attributes
    ----------
    setup, options
        Set-up options and the plan's own that differ from their defaults.
    models
        Ids that the plan works on; None: PyCaret's field.
    is_again
        Whether it is worth launching though nothing of it changes.
    """

    def __init__(self, evidence: FailureEvidence) -> None:
        spec = evidence.spec
        self._evidence = evidence
        self.task: str = evidence.task
        self.plan: str = evidence.plan
        self.folds = evidence.folds
        self.setup: dict[str, Any] = dict(evidence.setup)
        given = spec.get("options") or {}
        known = self.the_plan.options_of(self.task)
        self.options = {name: value for name, value in given.items() if name in known and value != known[name].default}
        self.models: list[str] | None = None if spec.get("include") is None else list(spec["include"])
        if self.the_plan.least and evidence.bases is not None:
            self.models = [base.id for base in evidence.bases]
        self.exclude = list(spec.get("exclude") or ())
        self.sort: str | None = spec.get("sort")
        self.limits = {name: spec.get(name, default) for name, default in _LIMITS.items()}
        self.is_again = False
        self.changes: list[Change] = []

    @property
    def the_task(self) -> Task:
        return TASKS[self.task]

    @property
    def the_plan(self) -> Plan:
        return PLANS[self.plan]

    @property
    def is_launchable(self) -> bool:
        """Whether there is something to launch: it differs, or is worth another try, and all of it can be named."""
        return bool(self.changes or self.is_again) and self._evidence.bases is not None

    def option(self, name: str) -> Any:
        """Value in force of a set-up option; None where the task has none of that name."""
        known = self.the_task.options.get(name)
        return self.setup.get(name, known.default) if known is not None else None

    def set_option(self, name: str, value: Any) -> bool:
        """Set a set-up option; return whether that changes anything."""
        known = self.the_task.options.get(name)
        before = self.option(name)
        if known is None or before == value:
            return False
        if value == known.default:
            self.setup.pop(name, None)
        else:
            self.setup[name] = value
        self._note(f"setup.{name}", before, value, f"{name} becomes {_told(value)} instead of {_told(before)}")
        return True

    def reset(self, names: Collection[str]) -> bool:
        """Take set-up options back to PyCaret's defaults."""
        options = self.the_task.options
        changed = [self.set_option(name, options[name].default) for name in names if name in options]
        return any(changed)

    def set_plan_option(self, name: str, value: Any) -> bool:
        """Set one of the plan's own options."""
        known = self.the_plan.options_of(self.task).get(name)
        before = self.options.get(name, known.default) if known is not None else None
        if known is None or before == value:
            return False
        if value == known.default:
            self.options.pop(name, None)
        else:
            self.options[name] = value
        self._note(f"options.{name}", before, value, f"{name} becomes {_told(value)} instead of {_told(before)}")
        return True

    def reset_plan_option(self, name: str) -> bool:
        known = self.the_plan.options_of(self.task).get(name)
        return known is not None and self.set_plan_option(name, known.default)

    def set_folds(self, folds: int) -> bool:
        """Have fewer folds, at least two."""
        if self.the_task.folds == 1 or not 2 <= folds < self.folds:
            return False
        self._note("folds", self.folds, folds, f"{folds} folds instead of {self.folds}")
        self.folds = folds
        return True

    def set_limit(self, name: str, value: Any, words: str) -> bool:
        """Set the executor, a time or a memory limit."""
        if self.limits[name] == value:
            return False
        self._note(name, self.limits[name], value, words)
        self.limits[name] = value
        return True

    def ignore(self, columns: Sequence[str]) -> bool:
        """Leave columns out, unless none but the target were left; options that name them forget them."""
        ignored = list(self.setup.get("ignore_features") or ())
        new = [name for name in columns if name not in ignored and name != self._evidence.target]
        left = [fact for fact in self._evidence.features if fact.name not in new]
        # A series can do without other columns.
        is_bare = not left and self.task != "time_series"
        if not new or is_bare or "ignore_features" not in self.the_task.options:
            return False
        for option in self.the_task.options.values():
            if option.name != "ignore_features" and option.name in self.setup:
                self._forget(option, new)
        before = list(ignored)
        self.setup["ignore_features"] = [*ignored, *new]
        self._note("setup.ignore_features", before, [*ignored, *new], f"{_listed(new)} left out")
        return True

    def unclaim(self, option: str, columns: Collection[str]) -> bool:
        """Take columns out of a set-up option that names them."""
        named = list(self.setup.get(option) or ())
        left = [name for name in named if name not in columns]
        if len(left) == len(named):
            return False
        return self.set_option(option, left or None)

    def _forget(self, option: Option, columns: Collection[str]) -> None:
        value = self.setup[option.name]
        if option.kind == "columns":
            left: Any = [name for name in value or () if name not in columns]
        elif option.kind == "column":
            left = None if value in columns else value
        elif option.kind == "levels":
            left = {name: levels for name, levels in (value or {}).items() if name not in columns}
        else:
            return
        if left != value:
            self.set_option(option.name, left or option.default)

    def without(self, failing: Collection[str], *, swap: bool = True) -> bool:
        """Leave models out.

        Parameters
        ----------
        swap
            Whether a sturdy model takes the place of the last one that is left out.
        """
        if self.the_plan.least:
            return self._without_bases(failing, swap=swap)
        asked = self.the_task.asked(self.models, self.exclude)
        gone = [model for model in asked if model in failing]
        if self.models is None:
            # Models that are there only if a package is installed may be in the field too.
            known = {model.id for model in self.the_task.models if model.is_turbo}
            gone = [model for model in self._evidence.field if model in failing and model in known] or gone
        gone = [model for model in gone if model not in self.the_task.always]
        left = [model for model in asked if model not in gone]
        if not gone or (not left and not swap):
            return False
        if not left:
            return self._stand_in(gone)
        before = self.models if self.models is not None else self.exclude
        if self.models is not None:
            self.models = [model for model in self.models if model not in gone]
        else:
            self.exclude = [*self.exclude, *gone]
        what, after = ("include", self.models) if self.models is not None else ("exclude", self.exclude)
        self._note(what, before, after, f"without {_listed(gone)}")
        return True

    def _without_bases(self, failing: Collection[str], *, swap: bool) -> bool:
        gone = [model for model in self.models or () if model in failing]
        left = [model for model in self.models or () if model not in failing]
        if gone and len(left) >= self.the_plan.least:
            before, self.models = self.models, left
            self.reset_plan_option("weights")
            self._note("include", before, left, f"without {_listed(gone)}")
            return True
        return bool(gone) and swap and self._stand_in(gone, left)

    def _stand_in(self, gone: Sequence[str], left: Sequence[str] = ()) -> bool:
        failed = {failure.model for failure in self._evidence.failures}
        sturdy = [
            model
            for model in (*self._evidence.scored, *STURDY[self.task])
            if model not in (*failed, *gone, *left) and self.the_task.model(model) is not None
        ]
        lacking = max(1, self.the_plan.least - len(left))
        if len(sturdy) < lacking:
            return False
        before, self.models = self.models, [*left, *sturdy[:lacking]]
        self._note("include", before, self.models, f"{_listed(sturdy[:lacking])} instead of {_listed(gone)}")
        return True

    def use_library_models(self) -> bool:
        """Take models as PyCaret's library has them, where they were to have parameters of their own."""
        before = [base.id for base in self._evidence.bases or () if base.of_run is not None]
        if not before or self.models is None:
            return False
        plain = [model.split(":")[0] for model in self.models]
        if any(self.the_task.model(model) is None for model in plain) or plain == self.models:
            return False
        self._note("model", self.models, plain, f"{_listed(plain)} with PyCaret's own parameters")
        self.models = plain
        return True

    def switch_plan(self, plan: str, words: str) -> bool:
        if plan == self.plan or plan not in self.the_task.plans:
            return False
        self._note("plan", self.plan, plan, words)
        self.plan = plan
        self.options = {
            name: value for name, value in self.options.items() if name in PLANS[plan].options_of(self.task)
        }
        return True

    def switch_task(self, task: str) -> bool:
        """Take the table for another task, with the options and models that it knows."""
        if task == self.task or self.plan not in TASKS[task].plans:
            return False
        self._note("task", self.task, task, f"{task} instead of {self.task}")
        self.task, self.sort = task, None
        options = self.the_task.options
        self.setup = {
            name: value
            for name, value in self.setup.items()
            if name in options and (not options[name].choices or value in options[name].choices)
        }
        self.setup.pop("fold_strategy", None)
        known = [model for model in self.models or () if self.the_task.model(model) is not None]
        self.models = known if len(known) >= max(1, self.the_plan.least) else None
        if self.models is None and self.the_plan.least:
            self.plan, self.options = "compare", {}
        self.exclude = [model for model in self.exclude if self.the_task.model(model) is not None]
        return True

    def arguments(self) -> dict[str, Any]:
        """Return it as arguments of ``Runs.submit``, as JSON holds them."""
        evidence = self._evidence
        made: dict[str, Any] = {"data": evidence.source_id}
        followed = self._followed()
        if followed is not None:
            made["from_run"] = followed
            if not evidence.is_source_there:
                del made["data"]
        if self.the_task.has_target:
            made["target"] = evidence.target
        made |= {"task": self.task, "plan": self.plan} | self._named()
        if self.exclude:
            made["exclude"] = self.exclude
        setup = self.setup | (self._resets() if followed is not None else {})
        made |= {name: value for name, value in (("setup", setup), ("options", self.options)) if value}
        if self.the_task.folds > 1:
            made["folds"] = self.folds
        made["seed"] = evidence.spec.get("seed")
        if self.sort is not None:
            made["sort"] = self.sort
        if evidence.spec.get("racing"):
            made["racing"] = True
        made |= {name: value for name, value in self.limits.items() if value != _LIMITS[name] or self._is_changed(name)}
        if evidence.overridden:
            made["override"] = list(evidence.overridden)
        return {name: value for name, value in made.items() if value is not None}

    def _named(self) -> dict[str, Any]:
        if self.models is None:
            return {}
        return {"model": self.models[0]} if self.the_plan.most == 1 else {"include": self.models}

    def _followed(self) -> str | None:
        """Return the run that tells how the models are made, or that still has the table."""
        named = {base.of_run for base in self._evidence.bases or () if base.id in (self.models or ())} - {None}
        if not self._evidence.is_source_there:
            return self._evidence.run_id
        return named.pop() if named else None

    def _resets(self) -> dict[str, Any]:
        """Options of the run that is followed, to be taken back: they would be taken over otherwise."""
        options = self.the_task.options
        gone = [name for name in self._evidence.followed_setup if name in options and name not in self.setup]
        return {name: options[name].default if options[name].takes_none else None for name in gone}

    def _is_changed(self, what: str) -> bool:
        return any(change.what == what for change in self.changes)

    def _note(self, what: str, before: Any, after: Any, words: str) -> None:
        self.changes.append(Change(what, before, after, words))


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "unset" if value is None else shown(value).strip("'")


def _listed(names: Sequence[str], *, most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
