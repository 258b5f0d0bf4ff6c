"""One evaluation, in its own process: a promotion in, how challenger and champion do on the same rows out."""

from __future__ import annotations

import os
import sys
import traceback

import psutil

from workbench.catalogue import TASKS
from workbench.consulting.gathering.fitted import of_pipeline
from workbench.data.sources import Sources
from workbench.errors import EngineFault, Gone, NotFound, WorkbenchError
from workbench.judging.comparison import Comparison, NotComparable, Unanswered
from workbench.judging.judge import judge, not_comparable
from workbench.judging.sides import ADVICE, Side, Table
from workbench.registry.evaluations import Evaluations
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.registry.promotion import Promotion
from workbench.registry.promotions import Promotions
from workbench.service.memory import even_share
from workbench.settings import Settings
from workbench.store.store import Store, open_store
from workbench.store.tables import PromotionRow
from workbench.training.request import Limits

ME = "service"
PATIENCE_S = 300.0
"""Longest that a pipeline may take for its answers."""


def carry_out(promotion_id: str, owner: str, settings: Settings) -> None:  # noqa: ARG001 - as every process
    """Carry an evaluation to its end; every outcome but a dead process is told here."""
    store = open_store(settings).holding(PromotionRow, promotion_id)
    evaluations = Evaluations(store, ME)
    try:
        if not evaluations.register(promotion_id, os.getpid(), psutil.Process().create_time()):
            return
        promotion = Promotions(store).get(promotion_id)
        evaluations.evaluated(promotion_id, evaluate(store, promotion).as_dict())
    except Unanswered as why:
        evaluations.failed(promotion_id, str(why))
    except Exception as error:  # noqa: BLE001 - the promotion keeps its first line, its log the traceback
        traceback.print_exc(file=sys.stderr)
        told = error.message if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"
        evaluations.failed(promotion_id, told)
    finally:
        store.close()


def evaluate(store: Store, promotion: Promotion) -> Comparison:
    """Compare a promotion's challenger with its champion.

    Raises
    ------
    Unanswered
        When the challenger raises, dies or takes too long.
    Gone, EngineFault
        ``artifact.…`` when the challenger's bytes are not what was promoted, or a table's file is not.
    """
    pipelines = Pipelines(store)
    assert promotion.champion_id is not None, "where there is no champion, there is nothing to evaluate"
    old, new = (pipelines.get(one) for one in (promotion.champion_id, promotion.challenger_id))
    task = TASKS[new.task]
    if new.target is None:
        why = f"{task.title} has no truth by which the two could be judged: look at both."
        return not_comparable(task.name, promotion.metric, why)
    challenger = of_pipeline(pipelines, new).side("challenger")
    try:
        return judge(
            _champion(pipelines, old),
            challenger,
            _table(store, promotion, old, new),
            target=new.target,
            metric=promotion.metric,
            segment=promotion.segment,
            limits=Limits(model_s=PATIENCE_S, unit_bytes=even_share(store.settings.worker_count)),
        )
    except NotComparable as why:
        return not_comparable(task.name, promotion.metric, str(why))


def _champion(pipelines: Pipelines, pipeline: Pipeline) -> Side:
    try:
        return of_pipeline(pipelines, pipeline).side("champion")
    except (Gone, EngineFault) as error:
        # It may well be replaced then, by somebody who knows.
        raise NotComparable(f"The champion cannot be loaded. {error}") from error


def _table(store: Store, promotion: Promotion, champion: Pipeline, challenger: Pipeline) -> Table:
    """Load the table that was named, or else the one that both learned from."""
    if promotion.source_id is None and champion.source["sha256"] != challenger.source["sha256"]:
        before, after = champion.source["name"], challenger.source["name"]
        raise NotComparable(f"The champion learned from {before}, the challenger from another table, {after}. {ADVICE}")
    sources = Sources(store)
    try:
        source = sources.get(promotion.source_id or challenger.source["id"], hidden=True)
        return Table(sources.load(source), source.name, source.sha256)
    except (NotFound, Gone) as error:
        raise NotComparable(f"{error.message} {ADVICE}") from error
