"""A deployment in the user's hand, over HTTP: asks afresh at each call, holds nothing but id and slug."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.source import Source
from workbench.deployment import PATIENCE_S
from workbench.errors import NotFound
from workbench.exports import place
from workbench.pages import MINUTES_MOST, bounded
from workbench.registry.lookup import Reference
from workbench.registry.pipeline import Pipeline
from workbench.remote import packed
from workbench.remote.batch import Batch
from workbench.remote.waiting import waited
from workbench.serving.asking import WITH_KEY, as_plain, asked_patiently, curl
from workbench.serving.deployment import PUBLIC, WARMING, DeploymentRecord, Predictor
from workbench.serving.reports import Comparison, Logged, Minute
from workbench.store import audit

if TYPE_CHECKING:
    import pandas as pd

    from workbench.remote.api import Api

_CHANGE_S = 2 * PATIENCE_S
"""How long the API may take until another pipeline answers."""


class Deployment:
    """A pipeline served under a slug; see `workbench.deployment.Deployment`."""

    def __init__(self, api: Api, deployment_id: str, slug: str) -> None:
        self._api = api
        self._slug = slug
        self.id = deployment_id

    @property
    def record(self) -> DeploymentRecord:
        """The deployment as it stands now."""
        return self._record(self._get())

    @property
    def slug(self) -> str:
        # It never gets another one.
        return self._slug

    @property
    def status(self) -> str:
        return self.record.status

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that answers."""
        return self._api.of(Pipeline, self._api.get("pipelines", self.record.pipeline_id))

    @property
    def engine(self) -> Mapping[str, Any] | None:
        """What of the pipeline is compiled, and what that was proven on; None where nothing answers."""
        found: Mapping[str, Any] | None = self._get()["engine"]
        return found

    def predict(
        self,
        rows: Sequence[Mapping[str, Any]] | pd.DataFrame,
        *,
        timeout_s: float = 30,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """Predict rows; parameters, answer and errors as of `workbench.deployment.Deployment.predict`."""
        body = {"rows": as_plain(rows)}
        headers = {} if request_id is None else {"X-Request-Id": request_id}

        def ask(left_s: float) -> dict[str, Any]:
            found: dict[str, Any] = self._api.ask_once(
                "deployments", self.slug, "predict", body=body, headers=headers, timeout_s=left_s
            )
            if found["deployment_id"] != self.id:
                raise NotFound(
                    "deployment.not_found", f"{self.slug} was deleted; another deployment answers by that name now."
                )
            return found

        return asked_patiently(ask, timeout_s=timeout_s, meanwhile=lambda: None, wait=self.wait)

    def wait(self, timeout_s: float = PATIENCE_S) -> DeploymentRecord:
        """Wait until nothing is on its way, at most `timeout_s` seconds, and return the deployment as it is then."""
        return waited(lambda: self.record, _is_settled, timeout_s)

    def warm(self, *, wait: bool = True) -> DeploymentRecord:
        """Have it served, and wait until it answers."""
        return self._changed("warm", {"wait": wait})

    def stop(self) -> DeploymentRecord:
        """Serve it no more; it can be warmed again."""
        return self._changed("stop")

    def delete(self) -> None:
        """Serve it no more and give its slug free; what was counted of it stays."""
        self._api.delete("deployments", self.id)

    def swap(
        self, pipeline: Reference, *, why: str = "", other_columns: bool = False, wait: bool = True
    ) -> DeploymentRecord:
        """Let another pipeline answer: the old one answers until the new one does, and no request fails."""
        asked = {"pipeline": key_of(pipeline), "why": why, "other_columns": other_columns, "wait": wait}
        return self._changed("swap", asked)

    def rollback(self, *, why: str = "rolled back", wait: bool = True) -> DeploymentRecord:
        """Let the pipeline answer again that answered before."""
        return self._changed("rollback", {"why": why, "wait": wait})

    def shadow(self, pipeline: Reference | None) -> DeploymentRecord:
        """Have another pipeline answer each request too, recorded and not returned; None: no more."""
        return self._changed("shadow", {"pipeline": key_of(pipeline)})

    def shadow_report(self, pipeline: Reference | None = None) -> Comparison:
        """Tell how the pipeline in the shadow, or one that was there, compares with what was returned."""
        found = self._api.get("deployments", self.id, "shadow", pipeline=key_of(pipeline))
        return self._api.of(Comparison, found)

    def open_to(self, access: str) -> DeploymentRecord:
        """Change who may ask: ``workspace``, ``api-key`` or ``public``."""
        return self._changed("access", {"access": access})

    def follow(self, alias: str | None) -> DeploymentRecord:
        """Go along with an alias: where a promotion moves it, this is swapped too; None: no more."""
        return self._changed("follow", {"alias": alias})

    def batch(self, source: Source | str) -> Batch:
        """Predict a whole data source into a file, in a process of its own."""
        body = {"deployment": self.id, "source": source.id if isinstance(source, Source) else source}
        return Batch(self._api, self._api.post("batches", body=body)["id"])

    def export(self, folder: str | Path, kind: str = "mlflow") -> Path:
        """Fetch the pipeline that answers into a folder of this machine that serves it by itself."""
        into = place.named(folder)
        place.check_free(into)
        with tempfile.TemporaryDirectory(dir=self._api.folder) as fetched:
            archive = Path(fetched, "packed.zip")
            self._api.download(archive, "deployments", self.id, "export", kind=kind)
            place.fill(into, lambda partial: packed.unpack(archive, partial, self._api.host))
        return into

    def schema(self) -> dict[str, Any]:
        """Return what a row takes: columns with their kinds and what was learned of them, and sample rows."""
        found: dict[str, Any] = self._api.get("deployments", self.id, "schema")
        return found

    def history(self, *, limit: int = 100) -> list[audit.Entry]:
        """Return what was done with it, newest first."""
        return self._api.all_of(audit.Entry, self._api.get("deployments", self.id, "history", limit=bounded(limit)))

    def traffic(self, *, minutes: int = 60) -> list[Minute]:
        """Return what was counted in the last minutes, oldest first."""
        return self._api.all_of(
            Minute, self._api.get("deployments", self.id, "traffic", minutes=bounded(minutes, MINUTES_MOST))
        )

    def predictions(self, *, limit: int = 100) -> list[Logged]:
        """Return rows that were asked for, newest first, of those that the sampling kept."""
        return self._api.all_of(Logged, self._api.get("deployments", self.id, "predictions", limit=bounded(limit)))

    def predictors(self) -> list[Predictor]:
        """Return the processes that answer for it, newest first, those that are gone too."""
        return self._api.all_of(Predictor, self._api.get("deployments", self.id, "predictors"))

    def log(self, lines: int = 50) -> list[str]:
        """Return the last lines that its newest predictor wrote, oldest first."""
        found: list[str] = self._api.get("deployments", self.id, "log", lines=bounded(lines))
        return found

    def url(self) -> str:
        """Return where it answers."""
        return f"{self._api.address.base}/deployments/{self.slug}/predict"

    def curl(self, rows: Sequence[Mapping[str, Any]] | None = None) -> str:
        """Return a line for a shell that asks it for rows; None: for the first sample row."""
        asked = rows or self.schema()["sample"][:1] or [{}]
        return curl(self.url(), asked, None if self.record.access == PUBLIC else WITH_KEY)

    def _get(self) -> dict[str, Any]:
        found: dict[str, Any] = self._api.get("deployments", self.id)
        return found

    def _record(self, told: Any) -> DeploymentRecord:
        return self._api.of(DeploymentRecord, told)

    def _changed(self, what: str, body: Mapping[str, Any] | None = None) -> DeploymentRecord:
        return self._record(self._api.post("deployments", self.id, what, body=body, timeout_s=_CHANGE_S))

    def __repr__(self) -> str:
        record = self.record
        return f"<Deployment {record.slug}: {record.status}>"


def key_of(pipeline: Any) -> Any:
    """Return the id of a pipeline, or what a user names it by."""
    return pipeline.id if isinstance(pipeline, Pipeline) else pipeline


def _is_settled(record: DeploymentRecord) -> bool:
    return record.status != WARMING and not record.next_pipeline_id
