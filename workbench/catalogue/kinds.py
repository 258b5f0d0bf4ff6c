"""What the tables of the catalogue are made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

TaskName = Literal["classification", "regression", "time_series", "clustering", "anomaly"]
PlanName = Literal["setup", "create", "compare", "tune", "ensemble", "blend", "stack", "calibrate", "finalize"]
OptionKind = Literal[
    "bool",
    "int",
    "float",
    "number",
    "numbers",
    "values",
    "text",
    "choice",
    "column",
    "columns",
    "parts",
    "levels",
    "groups",
    "mapping",
]
"""``values``: a number or a word, or a list of them. ``parts``: some of the choices. ``levels``: columns, each with its
values in order. ``groups``: names, each with columns. ``mapping``: names, each with values.
"""


@dataclass(frozen=True, slots=True)
class Model:
    """An estimator of PyCaret's model library.

    Attributes
    ----------
    is_turbo
        Whether ``compare`` runs it when no models are named.
    requires
        Package beyond PyCaret's own dependencies that it needs, or None.
    new_rows
        What its pipeline cannot do with rows that it has not seen, in a sentence; empty: nothing is amiss.
    """

    id: str
    name: str
    is_turbo: bool = True
    requires: str | None = None
    new_rows: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A column of the leaderboard.

    Attributes
    ----------
    is_own
        Whether it is Workbench's: PyCaret has none like it, or none at all for the task.
    needs_ground_truth
        Whether it is there only where a plan's option ``ground_truth`` names a column.
    needs_setup
        Set-up option without which it is not there; empty: it always is.
    ranks
        Whether a leaderboard can be ordered by it; a count or a share describes and is neither good nor bad.
    nearest_zero
        Whether 0 is best and either side of it is worse.
    spread_of
        Name of the metric over whose folds it is taken: ``std / |mean| · 100``. Such a figure belongs to a row of the
        leaderboard, not to a fold.
    about
        What it means and what it does not, for one of Workbench's own.
    is_minor
        Whether a board that has no room for every column leaves it out before others.
    """

    id: str
    name: str
    greater_is_better: bool = True
    is_own: bool = False
    needs_ground_truth: bool = False
    needs_setup: str = ""
    ranks: bool = True
    nearest_zero: bool = False
    spread_of: str = ""
    about: str = ""
    is_minor: bool = False

    def judged(self, mean: float | None) -> float | None:
        """The number by which a mean is ranked."""
        return abs(mean) if self.nearest_zero and mean is not None else mean


@dataclass(frozen=True, slots=True)
class Option:
    """An option: PyCaret's name and default, the values it takes, and a line for a form.

    Attributes
    ----------
    is_own
        Whether it is Workbench's: PyCaret has none of that name.
    claims
        Whether columns that it names are nothing else to PyCaret: a number is no category, a column left out neither.
    found
        Kinds of columns that PyCaret finds for it by itself; where it is named, it stands for the columns named alone.
    parameter
        Parameter of the models that it sets where they have one and their recipe leaves it open; empty: none.
    """

    name: str
    kind: OptionKind
    default: Any
    about: str
    choices: tuple[Any, ...] = ()
    is_common: bool = False
    tasks: tuple[TaskName, ...] = ()
    """Tasks that know it; empty: all of them."""
    is_own: bool = False
    claims: bool = False
    found: tuple[str, ...] = ()
    parameter: str = ""

    @property
    def takes_none(self) -> bool:
        """Whether None is a value of it."""
        return self.default is None or None in self.choices


@dataclass(frozen=True, slots=True)
class Plan:
    name: PlanName
    about: str
    options: tuple[Option, ...] = ()
    """The plan's own options; two of one name are for different tasks."""
    least: int = 0
    """Fewest models that it takes; 0: it takes a field."""
    most: int = 0
    """Most models that it takes; 0: any number."""
    is_bare: bool = False
    """Whether it takes models of PyCaret's library only, none that is put together of others."""

    def takes(self, kind: str) -> bool:
        """Whether it can work on a recipe of this kind."""
        return kind == "model" or not self.is_bare

    def options_of(self, task: str) -> Mapping[str, Option]:
        """The plan's options that a task knows."""
        return {option.name: option for option in self.options if not option.tasks or task in option.tasks}


@dataclass(frozen=True, slots=True)
class Task:
    name: TaskName
    title: str
    models: tuple[Model, ...]
    metrics: tuple[Metric, ...]
    sort: str
    """Display name of the metric that ranks a leaderboard unless another is named."""
    plans: tuple[PlanName, ...]
    """Plans that it can be asked for."""
    options: Mapping[str, Option] = field(repr=False)
    """Set-up options by PyCaret's names."""
    managed: Mapping[str, str] = field(repr=False)
    """PyCaret's other set-up parameters, and what governs each of them here."""
    has_target: bool = True
    folds: int = 10
    """Folds unless others are asked for; 1: the task knows no folds."""
    sort_by_truth: str | None = None
    """Display name of the metric that ranks instead of `sort` where a ground truth is named."""
    always: tuple[str, ...] = ()
    """Ids of the models that ``compare`` compares whatever it is asked for."""

    def model(self, model_id: str) -> Model | None:
        return next((model for model in self.models if model.id == model_id), None)

    def metric(self, name: str) -> Metric | None:
        """Find a metric by id or display name, whatever the case."""
        wanted = name.casefold()
        return next((m for m in self.metrics if wanted in (m.id.casefold(), m.name.casefold())), None)

    def metrics_of(self, options: Mapping[str, Any], setup: Mapping[str, Any]) -> tuple[Metric, ...]:
        """The metrics that a run has, by its plan's options and its set-up."""
        has_truth = options.get("ground_truth") is not None
        return tuple(
            metric
            for metric in self.metrics
            if (has_truth or not metric.needs_ground_truth)
            and (not metric.needs_setup or setup.get(metric.needs_setup) is not None)
        )

    def sort_of(self, options: Mapping[str, Any]) -> str:
        """Display name of the metric that ranks a run unless another is named, by its plan's options."""
        has_truth = options.get("ground_truth") is not None
        return self.sort_by_truth if has_truth and self.sort_by_truth else self.sort

    @property
    def turbo(self) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.is_turbo and model.requires is None)

    def asked(
        self,
        include: Sequence[str] | None = None,
        exclude: Collection[str] = (),
        *,
        there: Collection[str] | None = None,
    ) -> tuple[str, ...]:
        """Ids of the models that a comparison is asked for, each once, in the order in which they tie.

        Parameters
        ----------
        include
            Ids in an order of their own; None: PyCaret's turbo set in its order.
        exclude
            Ids to leave out.
        there
            Ids of which the turbo set is made; None: those that need no package beyond PyCaret's own.
        """
        if include is None:
            known = [model.id for model in self.turbo] if there is None else there
            include = [model.id for model in self.models if model.is_turbo and model.id in known]
        return tuple(dict.fromkeys(model for model in include if model not in exclude))

    def field(
        self,
        include: Sequence[str] | None = None,
        exclude: Collection[str] = (),
        *,
        there: Collection[str] | None = None,
    ) -> tuple[str, ...]:
        """Ids of the models that ``compare`` compares: those `asked` for, and those that it always compares."""
        asked = self.asked(include, exclude, there=there)
        return (*asked, *(model for model in self.always if model not in asked))
