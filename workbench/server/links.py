"""What can be asked next: which part of an answer names what another operation is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RUN = (
    "show_run",
    "list_events",
    "show_progress",
    "show_leaderboard",
    "fetch_reproduction",
    "fit_model",
    "cancel_run",
    "resume_run",
    "delete_run",
)
_SOURCE = (
    "show_source",
    "list_versions",
    "show_head",
    "show_profile",
    "fetch_table",
    "show_changed",
    "retype_source",
    "delete_source",
)
_PIPELINE = ("show_pipeline", "show_card", "list_moves", "verify_pipeline", "delete_pipeline")
_PROMOTION = ("show_promotion", "acknowledge_gate", "complete_promotion", "cancel_promotion")
_DEPLOYMENT = (
    "show_deployment",
    "show_schema",
    "list_deployment_history",
    "list_traffic",
    "list_predictions",
    "list_predictors",
    "show_log",
    "stop_deployment",
    "warm_deployment",
    "delete_deployment",
)
_BATCH = ("show_batch", "fetch_batch", "cancel_batch", "delete_batch")
_ADVICE = ("show_advice", "show_advice_markdown")
_KEY = ("show_key", "rotate_key", "revoke_key")
_WORKSPACE = ("show_workspace", "rename_workspace", "delete_workspace")
_PROJECT = ("show_project", "rename_project", "delete_project")
_EXPERIMENT = ("show_experiment", "rename_experiment", "show_experiment_leaderboard")

_NEXT: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    *((of, "201", "run", "/id", _RUN) for of in ("submit_run", "resume_run", "fit_model")),
    ("submit_run", "201", "experiment", "/experiment_id", _EXPERIMENT),
    ("list_runs", "200", "run", "/0/id", _RUN),
    *((of, "201", "source", "/id", _SOURCE) for of in ("add_source", "upload_source", "add_sample")),
    ("list_sources", "200", "source", "/0/id", _SOURCE),
    ("promote_run", "201", "pipeline", "/id", _PIPELINE),
    ("list_pipelines", "200", "pipeline", "/0/id", _PIPELINE),
    ("set_alias", "200", "name", "/name", ("show_alias", "list_alias_history", "roll_alias_back", "unset_alias")),
    ("propose_promotion", "202", "promotion", "/id", _PROMOTION),
    ("list_promotions", "200", "promotion", "/0/id", _PROMOTION),
    ("deploy", "201", "slug", "/slug", _DEPLOYMENT),
    ("list_deployments", "200", "slug", "/0/slug", _DEPLOYMENT),
    ("begin_batch", "201", "batch", "/id", _BATCH),
    ("list_batches", "200", "batch", "/0/id", _BATCH),
    ("consult", "201", "advice", "/id", _ADVICE),
    ("list_advices", "200", "advice", "/0/id", _ADVICE),
    ("create_key", "201", "key", "/key/id", _KEY),
    ("rotate_key", "201", "key", "/key/id", _KEY),
    ("create_workspace", "201", "workspace", "/id", _WORKSPACE),
    ("create_project", "201", "project", "/id", _PROJECT),
    ("list_experiments", "200", "experiment", "/0/id", _EXPERIMENT),
    ("set_role", "200", "user", "/name", ("remove_member",)),
    ("invite", "201", "invitation", "/invitation/id", ("revoke_invitation",)),
)


def _links() -> dict[str, dict[str, dict[str, Any]]]:
    made: dict[str, dict[str, dict[str, Any]]] = {}
    for operation, status, parameter, pointer, following in _NEXT:
        made.setdefault(operation, {})[status] = {
            after: {"operationId": after, "parameters": {parameter: f"$response.body#{pointer}"}} for after in following
        }
    return made


LINKS: Mapping[str, Mapping[str, Mapping[str, Any]]] = _links()
"""Operation → status of its answer → links (OpenAPI 3.1, 4.8.20)."""
