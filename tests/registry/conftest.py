from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from workbench.access.actor import owner
from workbench.data.source import Source
from workbench.data.sources import Sources
from workbench.registry.aliases import Aliases
from workbench.registry.evaluations import Evaluations
from workbench.registry.pipeline import Pipeline
from workbench.registry.pipelines import Pipelines
from workbench.registry.promotion import Promotion
from workbench.registry.promotions import Promotions
from workbench.runs import ending, events, lookup, queue
from workbench.runs.queue import SourceIdentity
from workbench.runs.record import SUCCEEDED, RunRecord
from workbench.runs.scores import store_score
from workbench.runs.spec import Asked, make_spec
from workbench.settings import Settings
from workbench.store import artifacts, audit
from workbench.store.store import Store, open_store
from workbench.store.tables import ArtifactRow, RunRow

COLUMNS = dict.fromkeys(("sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"), "number")
ACCURACY = (0.9, 0.92, 0.97)


@pytest.fixture(scope="session")
def migrated_home(migrated_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that knows the sample iris besides, to be copied and not used."""
    home = tmp_path_factory.mktemp("sampled")
    shutil.copy(migrated_home / "workbench.db", home / "workbench.db")
    opened = open_store(Settings(home=home, database_url="", artifact_url=""))
    Sources(opened).sample("iris")
    opened.close()
    return home


@pytest.fixture
def iris(store: Store) -> Source:
    return Sources(store).get("iris")


@pytest.fixture
def submitted(store: Store, iris: Source) -> Callable[..., RunRecord]:
    """Put a run into the queue; nobody carries it out."""

    def submit(model: str = "rf", *, source: Source = iris, **request: Any) -> RunRecord:
        asked = {"task": "classification", "target": "species", "folds": 3, "plan": "create", "seed": 7} | request
        spec = make_spec(Asked(**asked, model=None if asked["plan"] in ("setup", "compare") else model))
        identity = SourceIdentity(source.id, source.name, source.sha256)
        snapshot = {"source_sha256": source.sha256, "rows": source.row_count}
        return queue.submit(store, identity, spec, by="ada", snapshot=snapshot, service_is_warm=True)

    return submit


@pytest.fixture
def finished(store: Store, submitted: Callable[..., RunRecord]) -> Callable[..., RunRecord]:
    """Make a run that has ended, as a process leaves one behind."""

    def finish(
        model: str = "rf",
        *,
        accuracy: Sequence[float] = ACCURACY,
        columns: Mapping[str, str] = COLUMNS,
        content: bytes | None = None,
        kept: Mapping[str, bytes] = {},
        status: str = SUCCEEDED,
        **request: Any,
    ) -> RunRecord:
        run = submitted(model, **request)
        schema = [{"name": name, "dtype": "float64", "kind": kind} for name, kind in columns.items()]
        contents = {
            artifacts.PIPELINE: f"{model} of {run.id}".encode() if content is None else content,
            artifacts.SCHEMA: json.dumps(schema).encode(),
            artifacts.SAMPLE: b"[]",
            artifacts.ENVIRONMENT: b"pycaret==3.3.2\nsix==1.17\n",
        } | kept
        stored = [store.artifacts.put(run.id, name, held) for name, held in contents.items()]
        with store.database.write() as session:
            row = session.get_one(RunRow, run.id)
            row.field = [[model, model.upper(), {"kind": "model", "model": model}]]
            versions = {"python": "3.11.7", "pycaret": "3.3.2"}
            row.fitted = {"folds": run.folds, "test_ratio": 0.5, "versions": versions}
            for fold, value in enumerate(accuracy):
                metrics = {"Accuracy": value, "AUC": None}
                store_score(
                    session, run.id, model, fold, "scored", metrics=metrics, undefined={"AUC": "a class is missing"}
                )
            payload = {"train_rows": 105, "test_rows": 45, "notices": ["4 repeated rows"]}
            events.append(session, run.id, "experiment.fitted", "fitted", payload=payload)
            for artifact in stored:
                session.add(
                    ArtifactRow(
                        run_id=run.id, name=artifact.name, sha256=artifact.sha256, size_bytes=artifact.size_bytes
                    )
                )
        summary = {"rows": 150, "best": model, "sort": "Accuracy"}
        assert ending.finish(store, run.id, status, "done", summary=summary)
        return lookup.get(store, run.id)

    return finish


@pytest.fixture
def pipelines(store: Store) -> Pipelines:
    return Pipelines(store.on_behalf_of(owner("ada")))


@pytest.fixture
def aliases(store: Store) -> Aliases:
    return Aliases(store.on_behalf_of(owner("ada")))


@pytest.fixture
def promotions(store: Store) -> Promotions:
    return Promotions(store.on_behalf_of(owner("ada")))


@pytest.fixture
def evaluations(store: Store) -> Evaluations:
    return Evaluations(store, "service")


@pytest.fixture
def promoted(pipelines: Pipelines, finished: Callable[..., RunRecord]) -> Callable[..., Pipeline]:
    """Promote the model of a fresh run."""

    def promote(model: str = "rf", *, name: str | None = None, note: str = "", **made: Any) -> Pipeline:
        return pipelines.promote(finished(model, **made).id, name=name, note=note)

    return promote


@pytest.fixture
def spoil(store: Store) -> Callable[[Pipeline], None]:
    """Change one byte of a pipeline's pickle behind the store's back."""

    def spoil(pipeline: Pipeline) -> None:
        path = store.settings.home / "artifacts" / str(artifacts.Key("pipelines", pipeline.id, artifacts.PIPELINE))
        path.write_bytes(path.read_bytes()[:-1] + b"\x00")

    return spoil


@pytest.fixture
def told(store: Store) -> Callable[..., list[str]]:
    """Read the actions of the audit log, oldest first."""
    return lambda **about: [entry.action for entry in reversed(audit.entries(store.database, audit.About(**about)))]


@pytest.fixture
def judged() -> Callable[..., dict[str, Any]]:
    """Make a comparison as an evaluation stores it."""

    def judge(verdict: str = "better", delta: float | None = 0.02, **other: Any) -> dict[str, Any]:
        known = delta or 0.0
        return {
            "metric": "Accuracy",
            "greater_is_better": True,
            "rows": 45,
            "rows_from": "45 rows that neither was fitted on",
            "champion": {"Accuracy": 0.9},
            "challenger": {"Accuracy": 0.9 + known},
            "delta": delta,
            "low": known - 0.01,
            "high": known + 0.01,
            "verdict": verdict,
            "method": "paired bootstrap",
            "segments": [],
            "notes": [],
        } | other

    return judge


@pytest.fixture
def champion(promoted: Callable[..., Pipeline], aliases: Aliases) -> Pipeline:
    """The pipeline that an alias of that name names."""
    kept = promoted(name="old")
    aliases.set("champion", kept)
    return kept


@pytest.fixture
def challenger(promoted: Callable[..., Pipeline]) -> Pipeline:
    return promoted("dt", name="new")


@pytest.fixture
def evaluate(
    promotions: Promotions, evaluations: Evaluations, judged: Callable[..., dict[str, Any]]
) -> Callable[..., Promotion]:
    """Do as a process of the service does: register, and store what was found."""

    def evaluate(promotion: Promotion, verdict: str = "better", delta: float | None = 0.02, **other: Any) -> Promotion:
        assert evaluations.register(promotion.id, 4711, 12.5)
        assert evaluations.evaluated(promotion.id, judged(verdict, delta, **other))
        return promotions.get(promotion)

    return evaluate


@pytest.fixture
def proposed(
    promotions: Promotions, champion: Pipeline, challenger: Pipeline, evaluate: Callable[..., Promotion]
) -> Callable[..., Promotion]:
    """A promotion that waits, its metric gate by the verdict."""

    def propose(verdict: str = "better", **asked: Any) -> Promotion:
        return evaluate(promotions.propose(challenger, "champion", **asked), verdict)

    return propose
