"""Classifiers and regressors examined, part by part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from workbench.advisors.examination import PARTS, CurvePoint, Examination, LearningCurve, Part
from workbench.examining import calibration, importance, learning, preparation, residuals, scores, segments
from workbench.examining.clock import Clock
from workbench.examining.hearing import Answered, Told, interview
from workbench.examining.subject import SAMPLE_MOST, Split, Subject, split
from workbench.judging.answers import Answers, Labels, Numbers
from workbench.judging.asking import answered
from workbench.judging.comparison import NotComparable
from workbench.training.request import Limits

Array = np.ndarray[Any, Any]
T = TypeVar("T")

_ASKED_SHARE = 0.4
"""Of the time, for the first answers: all else rests on them."""
_IMPORTANCE_SHARE = 0.6
"""Of what is left then, for importances, where the learning curve comes after them."""
_LEAST_S = 0.5
"""Below, nothing more is begun."""
_PROBED = 200
"""Rows by which the preparation is tried."""
_REFIT_JUDGED = 5_000
"""Rows held out by which refitted models are judged."""


class Tabular:
    """One examination.

    Parameters
    ----------
    segment
        Column by which scores are told; None: the worst segments are looked for.
    """

    def __init__(
        self, subject: Subject, clock: Clock, limits: Limits, parts: frozenset[Part], segment: str | None
    ) -> None:
        self._subject = subject
        self._clock = clock
        self._limits = limits
        self._parts = parts
        self._segment = segment
        self._split: Split = split(subject)
        self._found: dict[str, Any] = {}

    @property
    def _has_labels(self) -> bool:
        return self._subject.side.task == "classification"

    def examine(self) -> Examination:
        """Look at each part that was asked for, in their order."""
        subject, rows = self._subject, self._split
        self._found = {
            "task": subject.side.task,
            "target": subject.target,
            "metric": subject.metric.name,
            "greater_is_better": subject.metric.greater_is_better,
            "rows_learned": int((subject.side.reference or {}).get("rows") or len(rows.learned)),
            "rows_held_out": rows.held_out_in_all,
            "rows_from": rows.told,
        }
        for note in rows.notes:
            self._clock.tells("", note)
        if rows.why:
            self._clock.lacks("scores", rows.why)
        asked = self._ask()
        if asked is not None:
            self._look(asked)
        return Examination.model_validate(self._found)

    def _ask(self) -> Answered | None:
        subject, rows = self._subject, self._split
        wants_preparation = "preparation" in self._parts
        try:
            with self._clock.measuring("scores"):
                sample = rows.learned[:SAMPLE_MOST]
                held_out, learned = subject.frame(rows.held_out), subject.frame(sample)
                some = held_out if len(held_out) else learned
                probe = some.head(_PROBED) if wants_preparation else None
                patience_s = self._clock.left_s * _ASKED_SHARE
                return self._alone(partial(interview, subject.side, held_out, learned, probe, patience_s=patience_s))
        except NotComparable as why:
            self._clock.lacks("", str(why))
            return None

    def _look(self, asked: Answered) -> None:
        if "preparation" in self._parts and asked.steps is not None:
            with self._clock.measuring("preparation"):
                known, new = self._rows(self._split.learned), self._rows(self._split.held_out)
                taken, side = self._subject.taken, self._subject.side
                self._found["preparation"] = preparation.told(asked.steps, side, known, new, taken)
        if asked.learned is not None:
            with self._clock.measuring("scores"):
                self._score_learned(asked.learned)
        held_out = asked.held_out
        if held_out is None:
            for part in PARTS:
                is_none = part in ("scores", "preparation") or (part == "calibration" and not self._has_labels)
                if part in self._parts and not is_none:
                    self._clock.lacks(part, self._split.why)
            return
        try:
            answers, numbers = self._answers(held_out, self._split.held_out)
        except NotComparable as why:
            self._clock.lacks("", str(why))
            return
        self._look_at("scores", lambda: self._score(answers))
        self._look_at("calibration", lambda: self._calibrate(answers, held_out.probabilities))
        self._look_at("errors", lambda: self._err(answers))
        self._look_at("segments", lambda: self._segment_by(answers, numbers))
        self._look_at("importances", lambda: self._importances(numbers, held_out))
        self._look_at("learning", lambda: self._learn(answers, numbers))

    def _look_at(self, part: Part, look: Callable[[], None]) -> None:
        if part not in self._parts:
            return
        if self._clock.left_s < _LEAST_S:
            self._clock.lacks(part, "There was no time left to look at it.")
            return
        with self._clock.measuring(part):
            try:
                look()
            except NotComparable as why:
                self._clock.lacks(part, str(why))

    def _score_learned(self, told: Told) -> None:
        answers, numbers = self._answers(told, self._split.learned[:SAMPLE_MOST])
        metrics, _ = scores.metrics(self._subject.side.task, answers)
        self._found |= {
            "learned": metrics,
            "learned_interval": scores.interval(answers, self._subject.metric),
            "rows_sampled": len(numbers),
        }
        asked = min(SAMPLE_MOST, len(self._split.learned))
        if len(numbers) < asked:
            self._clock.tells("scores", _few(len(numbers), asked, "rows that it learned from"))

    def _score(self, answers: Answers) -> None:
        task, metric = self._subject.side.task, self._subject.metric
        metrics, undefined = scores.metrics(task, answers)
        plain, asked = None, len(answers.predictions)
        if len(self._split.learned):
            plain = scores.baseline(answers, self._subject.truth(self._split.learned).to_numpy())
        self._found |= {
            "rows_examined": asked,
            "held_out": metrics,
            "undefined": undefined,
            "held_out_interval": scores.interval(answers, metric),
            "baseline": {} if plain is None else scores.metrics(task, plain)[0],
            "beyond_baseline": None if plain is None else scores.difference(plain, answers, metric),
            "classes": scores.class_shares(answers),
        }
        if asked < len(self._split.held_out):
            self._clock.tells("scores", _few(asked, len(self._split.held_out), "rows"))

    def _calibrate(self, answers: Answers, given: Array | None) -> None:
        if not isinstance(answers, Labels):
            return
        if given is None:
            self._clock.lacks("calibration", "The model gives no probabilities.")
            return
        said = answers.said
        if answers.classes.is_multiclass:
            of, probabilities, came_true = "", given.max(axis=1), said.learned[given.argmax(axis=1)] == answers.truth
        else:
            last = said.learned[-1]
            of, probabilities, came_true = str(last), given[:, -1], answers.truth == last
        found = calibration.measure(of, probabilities, came_true)
        if found is None:
            self._clock.lacks("calibration", f"{len(given)} rows are too few: it takes {calibration.ROWS_LEAST}.")
        self._found["calibration"] = found

    def _err(self, answers: Answers) -> None:
        if isinstance(answers, Labels):
            self._found["confusion"] = residuals.confused(answers)
            if self._found["confusion"] is None:
                self._clock.lacks("errors", f"{len(answers.classes.known):,} classes are too many for a table.")
        elif isinstance(answers, Numbers):
            self._found["residuals"] = residuals.residuals(answers)

    def _segment_by(self, answers: Answers, numbers: Array) -> None:
        metric = segments.scored_by(self._subject.side.task, self._subject.metric)
        frame = self._subject.table.frame
        if self._segment is not None and self._segment not in frame:
            self._clock.lacks("segments", f"{self._subject.table.name} has no column '{self._segment}'.")
            return
        if answers.measure().metrics[metric.name] is None:
            self._clock.lacks("segments", f"{metric.name} is undefined on these rows.")
            return
        if self._segment is not None:
            found = segments.of_column(answers, frame[self._segment].iloc[numbers], metric)
        else:
            taken = [name for name in self._subject.taken if name in frame]
            found = segments.look_for(answers, frame[taken].iloc[numbers], metric)
            if found.columns < len(taken):
                self._clock.tells("segments", f"The first {found.columns} of {len(taken):,} columns were looked at.")
        self._found |= {
            "segments": found.segments,
            "segments_looked_at": found.looked_at,
            "segment_metric": metric.name,
            "segment_greater_is_better": metric.greater_is_better,
        }

    def _importances(self, numbers: Array, told: Told) -> None:
        share = _IMPORTANCE_SHARE if "learning" in self._parts else 0.9
        columns = [name for name in self._subject.taken if name in self._subject.table.frame]
        truth = self._subject.truth(numbers).reset_index(drop=True)
        question = partial(
            importance.drops,
            self._subject.side,
            self._subject.frame(numbers),
            truth,
            columns,
            self._subject.metric,
            row_s=max(told.seconds, 1e-6) / max(1, len(numbers)),
            patience_s=self._clock.left_s * share,
        )
        found = self._alone(question)
        repeats = [len(values) for values in found.drops.values()]
        if not any(repeats):
            self._clock.lacks("importances", "The pipeline is too slow to be asked about shuffled columns in time.")
            return
        if found.rows < found.rows_meant or min(repeats) < importance.REPEATS:
            self._clock.tells(
                "importances",
                f"Columns were shuffled {min(repeats)} to {max(repeats)} times instead of {importance.REPEATS}, on "
                f"{found.rows:,} rows of {found.rows_meant:,} a time: the pipeline is slow, or "
                f"{self._subject.metric.name} undefined.",
            )
        self._found["importances"] = importance.summarised(found)

    def _learn(self, answers: Answers, numbers: Array) -> None:
        learned, judged = self._split.learned, numbers[:_REFIT_JUDGED]
        if not len(learned):
            self._clock.lacks("learning", "It is not known which rows it learned from.")
            return
        subject, metric = self._subject, self._subject.metric
        question = partial(
            learning.refit,
            subject.side,
            subject.frame(learned),
            subject.truth(learned).reset_index(drop=True),
            subject.frame(judged),
            patience_s=self._clock.left_s,
        )
        found, why = self._alone(question)
        if not found:
            self._clock.lacks("learning", why)
            return
        if len(found) < len(learning.SHARES):
            few = f"The model was fitted on {len(found)} of {len(learning.SHARES)} shares of its rows"
            self._clock.tells("learning", f"{few}: the others take too long, or are too few.")
        itself = answers.take(np.arange(len(judged)))
        of_each: list[tuple[int, Answers]] = []
        for refitted in found:
            of_each.append((refitted.rows, self._answers(Told(refitted.heard, None, 0.0), judged)[0]))
        of_each.append((len(learned), itself))
        points = [(rows, held.measure().metrics[metric.name], held) for rows, held in of_each]
        curve = tuple(CurvePoint(rows=rows, score=score) for rows, score, _ in points if score is not None)
        if len(curve) < len(points):
            self._clock.lacks("learning", f"{metric.name} is undefined on these rows.")
            return
        self._found["learning"] = LearningCurve(
            points=curve,
            gain=curve[-1].score - curve[-2].score,
            gain_interval=scores.difference(points[-2][2], itself, metric),
        )

    def _answers(self, told: Told, numbers: Array) -> tuple[Answers, Array]:
        """Put what was said beside the truth; return also which rows it is of."""
        kept = numbers[told.heard.places]
        role = self._subject.side.role
        places = np.arange(len(kept))
        found, notes = answered(
            self._subject.side.task, self._subject.truth(kept), {role: (told.heard.said, places)}, self._subject.table
        )
        for note in notes:
            self._clock.tells("scores", note)
        return found[role], kept

    def _rows(self, numbers: Array) -> pd.DataFrame | None:
        return self._subject.table.frame.iloc[numbers] if len(numbers) else None

    def _alone(self, question: Callable[[], T]) -> T:
        """Have the pipeline answer in a process of its own, in the time that is left."""
        left = max(self._clock.left_s, _LEAST_S)
        limit = min(self._limits.model_s, left) if self._limits.model_s else left
        return self._subject.side.ask(question, replace(self._limits, model_s=limit))


def _few(asked: int, meant: int, which: str) -> str:
    return f"{asked:,} of {meant:,} {which} were looked at: it answers no more in time, or drops those with gaps."
