"""What a goal is taken to mean: the task and the target, or the question that has to be answered first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workbench.advisors.candidates import can_be_predicted, candidates
from workbench.advisors.experiment_designer.choice import Choice
from workbench.advisors.experiment_designer.goal import Goal, understand
from workbench.advisors.experiment_designer.mentions import BY_VALUE, SAME_MEANING, WORD_BY_WORD, Mention
from workbench.advisors.experiment_designer.series import Series, series_of
from workbench.advisors.names import parts_of, stems
from workbench.advisors.table import Column, Table
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue import TASKS, TaskName

_SHOWN = 6
"""Columns that a question names."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A goal and what it is taken to mean.

    Attributes
    ----------
    task
        None: the goal is not clear.
    question
        What has to be answered first, where it is not; empty otherwise.
    unclear
        Why it is not, in a few words.
    """

    goal: Goal
    table: Table
    series: Series
    task: TaskName | None = None
    target: str | None = None
    choices: tuple[Choice, ...] = ()
    question: str = ""
    unclear: str = ""

    @property
    def column(self) -> Column | None:
        """The target's column."""
        return self.table.column(self.target)


def aim(said: str, table: Table, asked: str | None, thresholds: Thresholds) -> Aim:
    """Decide on the task and the target.

    Parameters
    ----------
    asked
        The target that was named beside the goal, a column of the table; None: the goal or the table tells.
    """
    goal = understand(said, table, thresholds)
    return _Aiming(goal, table, asked, thresholds).decide()


class _Aiming:
    def __init__(self, goal: Goal, table: Table, asked: str | None, thresholds: Thresholds) -> None:
        self._goal, self._table, self._asked, self._thresholds = goal, table, asked, thresholds
        self._able = {column.name for column in table.columns if can_be_predicted(column, table.rows, thresholds)}
        self._named = [mention for mention in goal.named if self._can_be_meant(mention)]
        self._series = series_of(table, asked or (self._named[0].column if self._named else None), thresholds)
        self._blank = Aim(goal, table, self._series)

    def _can_be_meant(self, mention: Mention) -> bool:
        """Whether a column that is named may be the target; one that is named in part must suit the task too."""
        column = self._table.column(mention.column)
        if column is None or column.name not in self._able or (column.names_rows and mention.tier > WORD_BY_WORD):
            return False
        if mention.tier <= WORD_BY_WORD:
            return True
        return self._fits(mention.column, is_forecast=False)

    def decide(self) -> Aim:
        goal, tasks = self._goal, self._goal.tasks
        apart = [name for name in ("time_series", "clustering", "anomaly") if name in tasks]
        is_labelled = bool(self._named) and self._named[0].tier <= SAME_MEANING
        predicts = "classification" in tasks or "regression" in tasks or bool(goal.object)
        if "anomaly" in apart and is_labelled and self._two_valued(self._named[0].column):
            apart.remove("anomaly")
        if len(apart) > 1 or ("clustering" in apart and is_labelled and predicts):
            return self._contradiction([*apart, *(name for name in ("classification", "regression") if name in tasks)])
        if apart and apart[0] != "time_series":
            return self._without_target(apart[0])  # type: ignore[arg-type]  # one of three tasks' names
        found = self._target(is_forecast="time_series" in apart)
        if isinstance(found, Aim):
            return found
        name, choice = found
        return self._of_target(name, choice, is_forecast="time_series" in apart)

    def _two_valued(self, name: str) -> bool:
        column = self._table.column(name)
        return column is not None and column.distinct == 2

    def _contradiction(self, tasks: list[str]) -> Aim:
        told = self._goal.tasks
        names = " and ".join(f"{TASKS[name].title.lower()} (“{told[name]}”)" for name in tasks if name in told)  # type: ignore[index]
        if len([name for name in tasks if name in told]) < 2:
            names = f"{names} and for a prediction of '{self._named[0].column}'"
        return replace(
            self._blank,
            unclear="the goal asks for several things at once",
            question=f"The goal asks for {names}: which of them comes first?",
        )

    def _without_target(self, task: TaskName) -> Aim:
        said = self._goal.tasks[task]
        choice = Choice(
            id="task",
            claim=f"The task is {TASKS[task].title.lower()}, which the goal asks for: “{said}”. It has no target.",
            measured={"task": task, "said": said},
            is_told=True,
        )
        doubts: tuple[Choice, ...] = ()
        if self._asked is not None:
            doubts = (
                Choice(
                    id="target.unused",
                    claim=f"'{self._asked}' was named as the target, and {TASKS[task].title.lower()} has none.",
                    doubt=f"the target '{self._asked}' is not used",
                    columns=(self._asked,),
                    advice="Say in the goal that it is to be predicted, if it is.",
                ),
            )
        return replace(self._blank, task=task, choices=(choice, *doubts))

    def _target(self, *, is_forecast: bool) -> tuple[str, Choice] | Aim:
        if self._asked is not None:
            return self._asked, self._asked_for()
        is_missing = bool(self._goal.absent) and self._goal.predicts
        if self._named and not (is_missing and self._named[0].tier > SAME_MEANING):
            return self._named[0].column, self._by_name()
        unable = next((each.column for each in self._goal.named if each.tier <= WORD_BY_WORD and not is_forecast), None)
        if unable is not None and self._goal.predicts:
            return self._ask(f"'{unable}' cannot be predicted: it is a date, constant, or a name of rows", "What is")
        if self._goal.absent or (self._goal.object and not self._is_about_table() and not is_forecast):
            what = self._goal.absent[0] if self._goal.absent else self._goal.object
            return self._ask(f"no column of {self._table.name} is like “{what}”", "Which column is it")
        understood = self._goal.tasks or self._goal.predicts or self._goal.wishes or self._goal.needs
        if not understood and not self._goal.metrics:
            why = "no goal was recognised" if self._goal.words else "there is no goal"
            return self._ask(why, "What is to be predicted")
        return self._likeliest(is_forecast=is_forecast)

    def _is_about_table(self) -> bool:
        """Whether what is to be predicted is called as the table is."""
        return set(stems(parts_of(self._goal.object))) <= set(stems(parts_of(self._table.name)))

    def _asked_for(self) -> Choice:
        assert self._asked is not None
        others = [mention for mention in self._named if mention.column != self._asked and mention.tier <= WORD_BY_WORD]
        column = self._table.column(self._asked)
        doubt = f"the goal names '{others[0].column}', and '{self._asked}' was chosen" if others else ""
        if self._asked not in self._able:
            doubt = f"'{self._asked}' is hardly a target"
        return Choice(
            id="target",
            claim=f"The target is '{self._asked}', as it was asked for"
            + (f"; the goal names '{others[0].column}' too." if others else "."),
            doubt=doubt,
            measured={"target": self._asked, "distinct": None if column is None else column.distinct},
            columns=(self._asked,),
            is_told=True,
        )

    def _by_name(self) -> Choice:
        best, *others = self._named
        rivals = [mention for mention in others if mention.tier == best.tier]
        doubt = self._doubt_of_name(best, rivals)
        also = f"; {', '.join(repr(each.column) for each in rivals[:3])} could be meant too" if rivals else ""
        return Choice(
            id="target",
            claim=f"The target is '{best.column}': {best.how} in the goal{also}.",
            doubt=doubt,
            measured={"target": best.column, "said": best.said, "others": [each.column for each in rivals[:_SHOWN]]},
            columns=(best.column,),
            is_told=not doubt,
            advice=f"Name the target, if it is not '{best.column}'." if doubt else "",
        )

    def _doubt_of_name(self, best: Mention, rivals: list[Mention]) -> str:
        if best.tier <= WORD_BY_WORD:
            return ""
        if rivals and best.tier > SAME_MEANING:
            return f"'{best.column}' may not be what is meant"
        return f"“{best.said}” is taken for '{best.column}'" if best.tier > BY_VALUE else ""

    def _likeliest(self, *, is_forecast: bool) -> tuple[str, Choice] | Aim:
        found = [
            each
            for each in candidates(self._table, self._thresholds)
            if self._fits(each.name, is_forecast=is_forecast) and each.name != self._series.index
        ]
        best = next((each for each in found if each.is_likely), None)
        if best is None and len(found) == 1:
            best = found[0]
        if best is None:
            return self._ask("the goal names no column", "What is to be predicted")
        is_only = len(found) == 1
        why = "is the only column that can be" if is_only and is_forecast else best.why
        return best.name, Choice(
            id="target",
            claim=f"The goal names no column; '{best.name}' is taken for the target, since it {why}.",
            doubt="" if is_only and is_forecast else f"the target '{best.name}' is a guess",
            measured={"target": best.name, "others": [each.name for each in found[1:_SHOWN]]},
            columns=(best.name,),
            advice="" if is_only and is_forecast else f"Name the target, if it is not '{best.name}'.",
        )

    def _fits(self, name: str, *, is_forecast: bool) -> bool:
        column, tasks = self._table.column(name), self._goal.tasks
        assert column is not None
        if is_forecast or ("regression" in tasks and "classification" not in tasks):
            return column.kind == "number" and column.distinct > 2
        if "classification" in tasks and "regression" not in tasks:
            return column.suits == "classification"
        return True

    def _ask(self, why: str, question: str) -> Aim:
        found = candidates(self._table, self._thresholds)
        names = [each.name for each in found]
        shown = ", ".join(repr(name) for name in names[:_SHOWN])
        more = f" or another of {len(names)}" if len(names) > _SHOWN else ""
        if not names:
            asked = f"{self._table.name} has no column that can be predicted: are groups to be found, or unusual rows?"
        else:
            asked = f"{question}: {shown}{more}? Or are groups to be found, or unusual rows?"
        return replace(self._blank, unclear=why, question=asked)

    def _of_target(self, name: str, choice: Choice, *, is_forecast: bool) -> Aim:
        column = self._table.column(name)
        assert column is not None
        task, claim, doubt = self._task(column, is_forecast=is_forecast)
        because = Choice(
            id="task",
            claim=claim,
            doubt=doubt,
            measured={"task": task, "kind": column.kind, "distinct": column.distinct},
            columns=(name,),
            is_told=task in self._goal.tasks and not doubt,
        )
        return replace(self._blank, task=task, target=name, choices=(because, choice))

    def _task(self, column: Column, *, is_forecast: bool) -> tuple[TaskName, str, str]:
        """Return the task, the reason, and what is doubtful about it."""
        tasks, name = self._goal.tasks, column.name
        is_number = column.kind == "number" and column.distinct > 2
        is_known = self._table.known_task == "time_series" and name == self._table.known_target
        if is_number and (is_forecast or (is_known and "time_series" not in self._goal.unwanted)):
            return self._forecast(column)
        task = self._by_values(column)
        what = f"'{name}' holds {column.distinct:,} different {'numbers' if column.kind == 'number' else 'values'}"
        if is_number and "regression" in tasks and "classification" not in tasks:
            task = "regression"
        doubt = ""
        if "regression" in tasks and "classification" in tasks:
            doubt = "the goal asks for two tasks"
        elif "regression" in tasks and task == "classification" and column.distinct > 2:
            doubt = f"'{name}' is no number to be estimated"
        elif "classification" in tasks and task == "regression":
            doubt = f"classes are asked for, and '{name}' is a number"
        elif task in self._goal.unwanted:
            doubt = f"the goal does not want {task}"
        told = f", which the goal asks for: “{tasks[task]}”" if task in tasks else ""
        return task, f"The task is {task}{told}: {what}.", doubt

    def _forecast(self, column: Column) -> tuple[TaskName, str, str]:
        said = self._goal.tasks.get("time_series")
        if self._series.index is not None:
            why = f"which the goal asks for: “{said}”" if said else "as its rows are one a date"
            claim = f"The task is forecasting '{column.name}' in the order of '{self._series.index}', {why}."
            return "time_series", claim, ""
        why = self._series.problem or f"no column of {self._table.name} orders its rows by time"
        claim = f"A forecast is asked for, and {why}: each row is predicted from its other columns instead."
        return self._by_values(column), claim, "no series can be made of the rows"

    def _by_values(self, column: Column) -> TaskName:
        return "regression" if column.suits == "regression" else "classification"
