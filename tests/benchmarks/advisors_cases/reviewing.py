"""How the deployment reviewer is asked: runs trained, served and asked for rows, and the evidence gathered of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.advisors_cases import tables
from tests.benchmarks.advisors_cases.case import Play
from tests.benchmarks.advisors_cases.room import Room
from workbench.advisors.advice import Advice
from workbench.advisors.deployment_reviewer.advisor import advise
from workbench.advisors.deployment_reviewer.evidence import ReviewEvidence
from workbench.advisors.thresholds import Thresholds
from workbench.consulting.gathering import review

NAME = "deployment_reviewer"
Random = np.random.Generator
Frame = Callable[[Random], pd.DataFrame]
Change = Callable[[ReviewEvidence], ReviewEvidence]

PATIENCE_S = 120.0
"""Rules are what is measured here: what else the machine does shall not decide what could be looked at."""

LINE = {"plan": "create", "model": "lr", "folds": 5}
BOARD = {"plan": "compare", "folds": 10}


def judge(evidence: ReviewEvidence) -> Advice:
    # As it is stored and read again.
    return advise(ReviewEvidence.model_validate_json(evidence.model_dump_json()), Thresholds.default())


def trained(
    frame: Frame, *, goal: str = "", segment: str | None = None, change: Change | None = None, **asked: Any
) -> Play:
    """Train on a table, and have the run's model reviewed; `change` puts in what no bench can make."""

    def play(room: Room, random: Random) -> Advice:
        source = room.source(frame(random), "case")
        run = room.train(source, **({"target": "y"} | asked))
        assert run.status == "succeeded", run.error
        evidence = review.gather(room.store, run.id, goal=goal, segment=segment, budget_s=PATIENCE_S)
        return judge(evidence if change is None else change(evidence))

    return play


def served(
    frame: Frame,
    asks: Callable[[Random], pd.DataFrame] | None = None,
    *,
    days_ago: float = 1.0,
    change: Change | None = None,
    counts: dict[str, Any] | None = None,
    **asked: Any,
) -> Play:
    """Train, deploy and ask for rows, and have the deployment reviewed."""

    def play(room: Room, random: Random) -> Advice:
        source = room.source(frame(random), "served")
        run = room.train(source, **({"target": "y"} | LINE | asked))
        deployment = room.deploy(run, days_ago=days_ago)
        rows = asks(random) if asks is not None else tables.without(frame(random)).head(500)
        room.ask(deployment, rows)
        if counts is not None:
            room.count(deployment, **counts)
        evidence = review.gather(room.store, deployment.record.id, budget_s=PATIENCE_S)
        return judge(evidence if change is None else change(evidence))

    return play
