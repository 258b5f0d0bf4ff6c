"""What a goal asks for: the task, the target, how models are to be judged, and what they have to be besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from workbench.advisors.experiment_designer.mentions import (
    BY_VALUE,
    WORD_BY_WORD,
    Mention,
    is_nothing,
    mentions,
    named_but_absent,
)
from workbench.advisors.experiment_designer.words import Hit, Word, find, number_of, unit_of, vocabulary, words_of
from workbench.advisors.table import Table
from workbench.advisors.thresholds import Thresholds
from workbench.catalogue import TASKS, TaskName

Need = Literal["explainable", "fast_answers", "quick"]


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far ahead is asked for: so many of a unit of time, whose name is empty where steps are meant."""

    count: float
    unit: str
    said: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, as far as it is understood.

    Attributes
    ----------
    tasks
        What is asked for, by task, with the words that ask for it; what is said not to be wanted is in `unwanted`.
    named
        Columns that may be meant by the target, the surest first; neither those that are to be learned from nor those
        that are to be left out.
    learned_from, left_out
        Columns that are named as such.
    absent
        What is named as a column and is none.
    predicts
        Whether it says that something is to be predicted.
    object
        Words after such a verb that no column is found for; empty where there are none.
    wishes
        How models are to be judged, with the words that say so.
    metrics
        Metrics that are called by their names, by task.
    minutes
        Time that the whole may take; None where nothing is said.
    count
        Number that stands before clusters or groups; None where there is none.
    share
        Share that is said to be anomalous; None where nothing is said.
    is_cut
        Whether the goal had more words than are read.
    """

    words: tuple[Word, ...]
    tasks: Mapping[TaskName, str] = field(default_factory=dict)
    unwanted: Mapping[TaskName, str] = field(default_factory=dict)
    named: tuple[Mention, ...] = ()
    learned_from: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    predicts: bool = False
    object: str = ""
    wishes: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    needs: Mapping[Need, str] = field(default_factory=dict)
    horizon: Horizon | None = None
    minutes: float | None = None
    count: int | None = None
    share: float | None = None
    is_cut: bool = False


def understand(goal: str, table: Table, thresholds: Thresholds) -> Goal:
    """Read a goal against a table; the same goal and table give the same every time."""
    words, is_cut = words_of(goal, int(thresholds["designer.goal_words"]))
    reader = _Reader(words, thresholds)
    found = mentions(goal, words, table, thresholds)
    roles = [reader.role(mention) for mention in found]
    named = tuple(mention for mention, role in zip(found, roles, strict=True) if role == "named")
    dates = {column.name for column in table.columns if column.kind == "date"}
    # "Month" in "the next six months" is a time, though there is a column of that name.
    surely = [mention for mention in named if mention.tier <= WORD_BY_WORD and mention.column not in dates]
    taken = {place for mention in surely for place in range(mention.start, mention.stop)}
    tasks, unwanted = reader.tasks(taken)
    taken |= reader.places("regression")
    verbs = reader.hits(vocabulary()["verbs"]["words"])
    return Goal(
        words=words,
        tasks=tasks,
        unwanted=unwanted,
        named=reader.nearest(named, verbs),
        learned_from=_columns(found, roles, "learned_from"),
        left_out=_columns(found, roles, "left_out"),
        absent=named_but_absent(goal, table),
        predicts=reader.predicts(),
        object=reader.object(found),
        wishes=reader.wishes(taken),
        metrics=reader.metrics(taken),
        needs=reader.needs(taken),
        horizon=reader.horizon(),
        minutes=reader.minutes(),
        count=reader.count(),
        share=reader.share(),
        is_cut=is_cut,
    )


def _columns(found: Sequence[Mention], roles: Sequence[str], wanted: str) -> tuple[str, ...]:
    return tuple(
        mention.column
        for mention, role in zip(found, roles, strict=True)
        if role == wanted and mention.tier <= WORD_BY_WORD
    )


class _Reader:
    """The words of one goal."""

    def __init__(self, words: tuple[Word, ...], thresholds: Thresholds) -> None:
        self._words = words
        self._between = int(thresholds["designer.words_between"])
        self._reach = int(thresholds["designer.negation_reach"])
        self._object_words = int(thresholds["designer.object_words"])
        told = vocabulary()
        self._negating = {at for hit in self.hits(told["negations"]["words"]) for at in range(hit.start, hit.stop)}
        self._dismissed = {words[hit.start].part for hit in self.hits(told["dismissals"]["words"])}
        self._left_out = self.hits(told["features"]["left_out"])
        self._from = self.hits(told["features"]["words"])
        self._verbs = self.hits(told["verbs"]["object_verbs"])
        self._horizons = self.hits(told["tasks"]["time_series"]["words"])

    def hits(self, phrases: Sequence[str]) -> list[Hit]:
        return list(find(self._words, phrases, self._between))

    def said(self, hit: Hit) -> str:
        return " ".join(word.text for word in self._words[hit.start : hit.stop])

    def tasks(self, taken: set[int]) -> tuple[dict[TaskName, str], dict[TaskName, str]]:
        wanted: dict[TaskName, str] = {}
        unwanted: dict[TaskName, str] = {}
        names: tuple[TaskName, ...] = get_args(TaskName)
        for name in names:
            for hit in self.hits(vocabulary()["tasks"][name]["words"]):
                if not taken.isdisjoint(range(hit.start, hit.stop)):
                    continue
                (unwanted if self._is_negated(hit) else wanted).setdefault(name, self.said(hit))
        return wanted, {name: said for name, said in unwanted.items() if name not in wanted}

    def predicts(self) -> bool:
        return any(not self._is_negated(hit) for hit in self._verbs)

    def places(self, task: TaskName) -> set[int]:
        """Return where the words stand that ask for a task."""
        found = self.hits(vocabulary()["tasks"][task]["words"])
        return {place for hit in found for place in range(hit.start, hit.stop)}

    def role(self, mention: Mention) -> str:
        """Tell what a column is named for."""
        if mention.tier == BY_VALUE:
            return "named"
        word = self._words[mention.start]
        before = [
            (hit.stop, hit.stop - hit.start, role)
            for role, hits in (("left_out", self._left_out), ("learned_from", self._from), ("named", self._verbs))
            for hit in hits
            if hit.stop <= mention.start and self._words[hit.start].sentence == word.sentence
        ]
        # "Do not use" ends where "use" does, and says more.
        return max(before)[2] if before else "named"

    def nearest(self, named: tuple[Mention, ...], verbs: Sequence[Hit]) -> tuple[Mention, ...]:
        """Put the surest first, and among equals the first that follows a verb."""

        def rank(mention: Mention) -> tuple[int, float, int, int]:
            after = [mention.start - verb.stop for verb in verbs if verb.stop <= mention.start]
            return mention.tier, -mention.share, min(after, default=len(self._words)), mention.start

        return tuple(sorted(named, key=rank))

    def object(self, found: Sequence[Mention]) -> str:
        """Return what is to be predicted where the table has nothing like it."""
        covered = {place for mention in found for place in range(mention.start, mention.stop)}
        ahead = {place for hit in self._horizons for place in range(hit.start, hit.stop)}
        markers = {hit.start for hit in (*self._from, *self._left_out)}
        for hit in self._verbs:
            said = []
            for place in range(hit.stop, min(hit.stop + self._object_words, len(self._words))):
                word = self._words[place]
                if word.part != self._words[hit.start].part or place in markers:
                    break
                if place in covered:
                    return ""
                if not is_nothing(word) and place not in ahead and unit_of(word.stem) is None:
                    said.append(word.text)
            if said:
                return " ".join(said)
        return ""

    def wishes(self, taken: set[int]) -> dict[str, str]:
        strong: dict[str, str] = {}
        weak: dict[str, str] = {}
        for name, told in vocabulary()["wishes"].items():
            for where, phrases in ((strong, told["words"]), (weak, told.get("weak", ()))):
                for hit in self.hits(phrases):
                    if taken.isdisjoint(range(hit.start, hit.stop)) and self._counts(hit):
                        where.setdefault(name, self.said(hit))
        found = strong | {name: said for name, said in weak.items() if name not in strong} if strong else {}
        return _put_together(found)

    def metrics(self, taken: set[int]) -> dict[str, str]:
        """Find metrics that are called by their names: task → metric."""
        found: dict[str, str] = {}
        for task in TASKS.values():
            for metric in task.metrics:
                phrases = {metric.id.casefold(), metric.name.casefold().rstrip(".")} - {
                    "clusters",
                    "noise",
                    "bias",
                    "precision",
                }
                for hit in self.hits(sorted(phrases)):
                    if metric.ranks and taken.isdisjoint(range(hit.start, hit.stop)) and self._counts(hit):
                        found.setdefault(task.name, metric.name)
        return found

    def needs(self, taken: set[int]) -> dict[Need, str]:
        found: dict[Need, str] = {}
        of_horizon = {place for hit in self._horizons for place in range(hit.start, hit.stop)}
        for name, told in vocabulary()["needs"].items():
            for hit in self.hits(told["words"]):
                places = range(hit.start, hit.stop)
                if taken.isdisjoint(places) and of_horizon.isdisjoint(places) and not self._is_negated(hit):
                    found.setdefault(name, self.said(hit))
        if "fast_answers" in found and found.get("quick", "") in found["fast_answers"]:
            found.pop("quick", None)
        return found

    def horizon(self) -> Horizon | None:
        """Return how far ahead is looked, of the first words that say so."""
        for hit in sorted(self._horizons, key=lambda each: (each.start, -each.stop)):
            told = self._words[hit.start : hit.stop]
            unit = next((each for word in told if (each := unit_of(word.stem))), None)
            if "tomorrow" in [word.text for word in told]:
                return Horizon(1, "day", "tomorrow")
            if unit is not None and not self._is_negated(hit):
                count = next((found for word in told if (found := number_of(word.text)) is not None), 1.0)
                return Horizon(count, unit, self.said(hit))
        return None

    def minutes(self) -> float | None:
        ahead = {place for hit in self._horizons for place in range(hit.start, hit.stop)}
        days = vocabulary()["units"]
        for hit in self.hits(["in # %unit", "within # %unit", "under # %unit", "less than # %unit", "# %unit budget"]):
            named = (unit_of(word.stem) for word in self._words[hit.start : hit.stop])
            unit = next(each for each in named if each is not None)
            if unit in ("second", "minute", "hour") and ahead.isdisjoint(range(hit.start, hit.stop)):
                told = (number_of(word.text) for word in self._words[hit.start : hit.stop])
                count = next(number for number in told if number is not None)
                if not count:
                    continue
                return count * float(days[unit]["days"]) / float(days["minute"]["days"])
        return None

    def count(self) -> int | None:
        for hit in self.hits(["# … cluster", "# … segment", "# … group", "# persona"]):
            number = number_of(self._words[hit.start].text)
            if number is not None and number == int(number) and self._words[hit.start].text not in ("a", "an", "one"):
                return int(number)
        return None

    def share(self) -> float | None:
        for hit in self.hits(["# %", "# percent", "# per cent"]):
            number = number_of(self._words[hit.start].text)
            if number is not None:
                return number / 100
        return None

    def _counts(self, hit: Hit) -> bool:
        return self._words[hit.start].part not in self._dismissed

    def _is_negated(self, hit: Hit) -> bool:
        part = self._words[hit.start].part
        reach = range(max(0, hit.start - self._reach), hit.start)
        return any(place in self._negating and self._words[place].part == part for place in reach)


def _put_together(found: dict[str, str]) -> dict[str, str]:
    for told in vocabulary()["together"]:
        first, second = told["wishes"]
        if first in found and second in found:
            both = f"{found.pop(first)}” and “{found.pop(second)}"
            found = {told["make"]: both} | found
    return found
