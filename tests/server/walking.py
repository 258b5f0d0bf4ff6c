"""A walk through the whole API: each operation of its description asked once, as somebody at work would."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from tests.server.calling import Answer, Caller

ROOT = "/api/v1"
ROWS = [{"size": place % 7, "kind": "a" if place % 3 else "b", "price": place * 1.5} for place in range(60)]
TABLE = "size,kind,price\n" + "\n".join(f"{row['size']},{row['kind']},{row['price']}" for row in ROWS)
NOT_WALKED = {"learn", "metrics", "stream_events", "narrate", "leave_workspace"}
"""What is no answer to look at, would take something that is not here, or would leave nobody."""


@dataclass
class Walk:
    """Asks operations by their ids, and keeps what was answered.

    Attributes
    ----------
    told
        The API's own description.
    answers
        Operation → what it answered.
    asked
        Operation → the bodies that are JSON with which it was asked.
    began
        When it set out.
    """

    caller: Caller
    told: Any
    eventually: Callable[..., Any]
    prefix: str = "walk"
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: dict[str, list[Any]] = field(default_factory=dict)
    began: str = ""

    def __post_init__(self) -> None:
        self.places = {
            operation["operationId"]: (method.upper(), path.removeprefix(ROOT))
            for path, methods in self.told["paths"].items()
            for method, operation in methods.items()
        }

    def __call__(self, operation: str, *, body: Any = None, **asked: Any) -> Any:
        """Ask an operation; what its path does not take goes into its query."""
        method, path = self.places[operation]
        query = {}
        for name, value in asked.items():
            place = f"{{{name}}}"
            if place in path:
                path = path.replace(place, quote(str(value), safe=""))
            else:
                query[name] = value
        full = f"{path}?{urlencode(query, doseq=True)}" if query else path
        answer = self.caller.ask(method, full, body)
        self.answers.setdefault(operation, []).append(answer)
        if isinstance(body, dict):
            self.asked.setdefault(operation, []).append(body)
        assert answer.status < 400, (operation, full, answer.status, answer.body)
        return answer.body

    def through(self) -> None:
        """Walk."""
        self.began = datetime.now(UTC).isoformat()
        self._people()
        source = self._data()
        run, other = self._runs(source)
        self._registry(run, other)
        self._serving(source)
        self._rest(source)
        self("delete_run", run=other)

    def _people(self) -> None:
        self("health"), self("ready"), self("show_me")
        name = self.prefix
        made = self("create_workspace", body={"name": name})
        self("list_workspaces"), self("show_workspace", workspace=name)
        self("rename_workspace", workspace=made["id"], body={"name": f"{name}-ed"})
        self("delete_workspace", workspace=made["id"])
        self("set_role", user=f"{name}-ana", body={"role": "viewer"})
        self("list_members"), self("remove_member", user=f"{name}-ana")
        gone = self("invite", body={"user": f"{name}-bo", "role": "viewer", "days": 3})
        self("list_invitations"), self("revoke_invitation", invitation=gone["invitation"]["id"])
        invited = self("invite", body={"user": f"{name}-eve", "role": "editor"})
        self("accept_invitation", body={"code": invited["code"]})
        self("remove_member", user=f"{name}-eve")
        self("create_project", body={"name": name})
        self("list_projects"), self("show_project", project=name)
        self("rename_project", project=name, body={"name": f"{name}-ed"})
        self("delete_project", project=f"{name}-ed")
        key = self("create_key", body={"name": name, "scopes": ["runs:read", "predict:*"], "days": 30})["key"]["id"]
        self("list_keys"), self("show_key", key=key)
        other = self("rotate_key", key=key, body={"grace_minutes": 5})["key"]["id"]
        self("revoke_key", key=other), self("revoke_key", key=key)

    def _data(self) -> str:
        self("list_samples"), self("add_sample", name="iris")
        added = f"{self.prefix}-rows"
        self("test_source", body={"what": ROWS})
        self("add_source", body={"what": ROWS, "name": added})
        sent = self("upload_source", name=self.prefix, file="prices.csv", body=TABLE.encode())
        source = sent["name"]
        self("upload_source", follows=source, file="prices.csv", body=f"{TABLE}\n7,a,0.5".encode())
        self("retype_source", source=source, body={"kinds": {"size": "text"}})
        self("list_sources"), self("list_sources", facts="false"), self("show_source", source=source)
        self("list_versions", source=source), self("show_head", source=source, rows=3)
        self("list_values", source=source, column="kind"), self("show_changed", source=source)
        asked = {"source": source, "target": "price", "against": f"{source}@1"}
        self.eventually(lambda: self("show_profile", **asked)["is_complete"])
        self("fetch_table", source=source), self("fetch_table", source=source, format="csv")
        self("refresh_source", source=self._file())
        self("delete_source", source=added)
        return source

    def _file(self) -> str:
        """Register a file of the machine's, which the home's owner may."""
        from workbench.data.samples import find

        path = str(find("wine").path)
        return str(self("add_source", body={"what": path, "name": f"{self.prefix}-file"})["id"])

    def _runs(self, source: str) -> tuple[str, str]:
        asked = {"data": "iris", "target": "species", "folds": 2, "seed": 1}
        self("check_run", body=asked), self("estimate_run", body=asked)
        run = self("submit_run", body={**asked, "include": ["nb", "dummy"]})["id"]
        self._end(run)
        self("list_runs", limit=2), self("show_run", run=run), self("list_events", run=run)
        self("show_progress", run=run), self("show_leaderboard", run=run), self("fetch_reproduction", run=run)
        self("cancel_run", run=run)
        self("cancel_run", run=self("submit_run", body={**asked, "include": ["nb", "lr", "dummy"]})["id"])
        other = self("fit_model", run=run, body={"model": "dummy"})["id"]
        self._end(other)
        self._end(self("resume_run", run=run, body={"run_timeout_s": 600})["id"])
        # Its time is no longer unknown.
        self("estimate_run", body=asked)
        experiment = self("list_experiments")[0]["id"]
        self("show_experiment", experiment=experiment)
        self("rename_experiment", experiment=experiment, body={"name": self.prefix})
        self("show_experiment_leaderboard", experiment=experiment)
        return run, other

    def _end(self, run: str) -> None:
        ended = self.eventually(lambda: (told := self("show_run", run=run))["finished_at"] and told)
        assert ended["status"] == "succeeded"

    def _registry(self, run: str, other: str) -> None:
        first, second, alias = f"{self.prefix}-first", f"{self.prefix}-second", f"{self.prefix}-best"
        self("promote_run", body={"run": run, "name": first}), self("promote_run", body={"run": other, "name": second})
        self("list_pipelines"), self("show_pipeline", pipeline=first), self("show_card", pipeline=first)
        self("verify_pipeline", pipeline=first), self("fetch_artifact", pipeline=first, name="schema.json")
        self("compare_pipelines", a=first, b=second)
        self("set_alias", name=alias, body={"pipeline": second}), self("list_aliases")
        self("show_alias", name=alias), self("show_alias", name=alias, at="2020-01-01T00:00:00Z")
        promotion = self("propose_promotion", body={"challenger": first, "alias": alias})["id"]
        self.eventually(lambda: self("show_promotion", promotion=promotion)["status"] not in ("queued", "evaluating"))
        self("complete_promotion", promotion=promotion)
        self("roll_alias_back", name=alias, body={"why": "to see"})
        self("list_alias_history", name=alias), self("list_moves", pipeline=first)
        # The other way round it is worse, which somebody has to answer for.
        self("set_alias", name=alias, body={"pipeline": first})
        worse = self("propose_promotion", body={"challenger": second, "alias": alias})["id"]
        self.eventually(lambda: self("show_promotion", promotion=worse)["status"] not in ("queued", "evaluating"))
        self("acknowledge_gate", promotion=worse, body={"gate": "metric", "by": "Ana", "why": "to see"})
        self("cancel_promotion", promotion=worse), self("list_promotions")
        self("unset_alias", name=alias)

    def _serving(self, source: str) -> None:
        slug, first, second = f"{self.prefix}-iris", f"{self.prefix}-first", f"{self.prefix}-second"
        self("check_slug", body={"slug": slug})
        self("deploy", body={"pipeline": first, "slug": slug})
        rows = self("show_schema", slug=slug)["sample"][:2]
        self("predict", slug=slug, body={"rows": rows})
        self("shadow_deployment", slug=slug, body={"pipeline": second})
        self("show_shadow", slug=slug, pipeline=second)
        self("shadow_deployment", slug=slug, body={})
        self("swap_pipeline", slug=slug, body={"pipeline": second})
        self("roll_deployment_back", slug=slug, body={"why": "to see"})
        self("open_deployment", slug=slug, body={"access": "api-key"})
        self("follow_alias", slug=slug, body={"alias": f"{self.prefix}-live"})
        self("follow_alias", slug=slug, body={"alias": None})
        self("list_deployments"), self("show_deployment", slug=slug), self("list_deployment_history", slug=slug)
        self.eventually(lambda: self("list_traffic", slug=slug))
        self.eventually(lambda: self("list_predictions", slug=slug))
        self("list_predictors", slug=slug), self("show_log", slug=slug), self("fetch_export", slug=slug)
        batch = self("begin_batch", body={"deployment": slug, "source": "iris"})["id"]
        self.eventually(lambda: self("show_batch", batch=batch)["finished_at"])
        self("fetch_batch", batch=batch), self("cancel_batch", batch=batch)
        self("list_batches", deployment=slug), self("delete_batch", batch=batch)
        self("cancel_batch", batch=self("begin_batch", body={"deployment": slug, "source": "iris"})["id"])
        self("stop_deployment", slug=slug), self("warm_deployment", slug=slug, body={"wait": True})
        self("delete_deployment", slug=slug)
        self("delete_pipeline", pipeline=second)

    def _rest(self, source: str) -> None:
        advice = self("consult", body={"advisor": "dataset_analyst", "subject": source})
        self("list_advices"), self("list_advice_lines", subject=advice["subject"]["id"])
        self("show_advice", advice=advice["id"]), self("show_advice", advice=advice["id"], evidence="true")
        self("show_advice_markdown", advice=advice["id"]), self("list_thresholds")
        self("list_audit", limit=5), self("verify_audit"), self("export_audit", outcome="done")
        self("export_audit", format="csv")


def described(caller: Caller) -> Any:
    """Ask for the API's description."""
    answer = caller.ask("GET", "/openapi.json")
    return answer.body if isinstance(answer.body, dict) else json.loads(answer.body)
