"""What can go wrong, as data. The faces (panel, command line, HTTP) render it; the engine only raises it.

::

    WorkbenchError
    ├── BadRequest        400  the caller can mend it: a wrong name, a table that cannot be learned from
    ├── Unauthorized      401  the caller has not said who it is
    ├── Forbidden         403  the caller may not do this
    ├── NotFound          404  no such id or name
    ├── TooSlow           408  a request that did not come in time
    ├── Conflict          409  a taken name, or a state that does not allow it
    ├── Gone              410  it was there, its data is not any more
    ├── TooLarge          413  over a limit
    ├── Malformed         422  a body that is not what it claims to be
    ├── Busy              429  more is asked for than can be answered; ``retry_after_s`` says when to ask again
    ├── EngineFault       500  a part of Workbench itself did not do its work
    ├── BadGateway        502  somebody else's service, which was asked on the user's behalf, did not do its work
    └── Unavailable       503  it is not there for the moment; ``retry_after_s`` says when to ask again
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

ErrorCode = Literal[
    "access.denied",
    "access.not_a_member",
    "access.role_too_low",
    "access.scope_missing",
    "access.unauthenticated",
    "advice.ambiguous",
    "advice.failed",
    "advice.invalid",
    "advice.no_model",
    "advice.not_found",
    "advice.not_possible",
    "advice.not_ready",
    "advice.provider_failed",
    "alias.invalid",
    "alias.no_history",
    "alias.not_found",
    "artifact.hash_mismatch",
    "artifact.missing",
    "batch.cancelled",
    "batch.failed",
    "batch.not_ended",
    "batch.not_found",
    "dashboard.failed",
    "data.columns_too_many",
    "data.driver_missing",
    "data.empty",
    "data.file_missing",
    "data.in_use",
    "data.kind_unfit",
    "data.name_invalid",
    "data.name_taken",
    "data.no_rows",
    "data.not_a_table",
    "data.not_found",
    "data.on_its_way",
    "data.parse_failed",
    "data.query_failed",
    "data.ragged",
    "data.secret_literal",
    "data.secret_missing",
    "data.source_denied",
    "data.source_invalid",
    "data.source_unreachable",
    "data.too_large",
    "data.unknown_option",
    "data.unknown_sample",
    "data.upload_broken",
    "data.version_taken",
    "deployment.access_invalid",
    "deployment.busy",
    "deployment.not_comparable",
    "deployment.not_found",
    "deployment.not_ready",
    "deployment.other_columns",
    "deployment.slug_invalid",
    "deployment.slug_taken",
    "deployment.step_failed",
    "deployment.unavailable",
    "deployment.wrong_state",
    "executor.no_workers",
    "executor.unreachable",
    "experiment.failed",
    "experiment.name_invalid",
    "experiment.not_found",
    "export.failed",
    "invitation.invalid",
    "invitation.not_found",
    "key.expired",
    "key.expiry_invalid",
    "key.invalid",
    "key.limit_invalid",
    "key.name_invalid",
    "key.not_found",
    "key.revoked",
    "key.scope_unknown",
    "member.exists",
    "member.last_owner",
    "member.name_invalid",
    "member.not_found",
    "member.role_unknown",
    "models.not_installed",
    "pipeline.ambiguous",
    "pipeline.in_use",
    "pipeline.name_invalid",
    "pipeline.name_taken",
    "pipeline.not_found",
    "pipeline.takes_no_new_rows",
    "plan.not_runnable",
    "predict.body_too_large",
    "predict.failed",
    "predict.invalid_rows",
    "predict.no_rows",
    "predict.too_many_rows",
    "project.in_use",
    "project.name_invalid",
    "project.name_taken",
    "project.not_found",
    "promotion.alias_moved",
    "promotion.ambiguous",
    "promotion.failed",
    "promotion.gate_invalid",
    "promotion.gate_open",
    "promotion.needless",
    "promotion.not_comparable",
    "promotion.not_found",
    "promotion.person_missing",
    "promotion.wrong_state",
    "remote.address_invalid",
    "remote.insecure",
    "remote.not_possible",
    "remote.not_understood",
    "remote.secret_lost",
    "remote.unreachable",
    "request.idempotency_invalid",
    "request.idempotency_reused",
    "request.in_progress",
    "request.malformed",
    "request.no_place",
    "request.outcome_unknown",
    "request.rate_limited",
    "request.timed_out",
    "request.too_large",
    "run.ambiguous",
    "run.file_exists",
    "run.no_pipeline",
    "run.not_ended",
    "run.not_found",
    "run.not_written",
    "service.not_started",
    "settings.invalid",
    "spec.blocked",
    "spec.invalid",
    "spec.no_data",
    "spec.no_features",
    "spec.target_constant",
    "spec.target_empty",
    "spec.target_missing",
    "spec.target_not_numeric",
    "spec.target_rare",
    "spec.unknown_metric",
    "spec.unknown_model",
    "spec.unknown_option",
    "spec.unknown_plan",
    "spec.unknown_task",
    "store.busy",
    "store.log_broken",
    "store.schema_ahead",
    "store.schema_unknown",
    "store.unreachable",
    "training.install_failed",
    "training.not_installed",
    "training.version_mismatch",
    "workspace.in_use",
    "workspace.name_invalid",
    "workspace.name_taken",
    "workspace.not_found",
]
"""Every code an error may bear. Callers may rely on them; ``docs/errors.md`` says what each means."""


class WorkbenchError(Exception):
    """Any failure that Workbench foresees.

    Parameters
    ----------
    code
        Stable name of what went wrong, for callers.
    message
        One sentence a user can act on.
    hint
        What to do about it, where the message does not say so already.
    **about
        Ids and names the error is about, e.g. ``run_id=…``.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Workbench error"

    def __init__(self, code: ErrorCode, message: str, *, hint: str | None = None, **about: Any) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.hint = hint
        self.about = about

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # The default rebuilds an exception from its args alone and would lose code and ids between processes.
        return _rebuild, (type(self), self.code, self.message, self.hint, self.about)

    @property
    def is_users(self) -> bool:
        """Whether the caller can mend it, rather than whoever runs Workbench."""
        return self.status < 500

    def as_problem(self) -> dict[str, Any]:
        """RFC 9457 problem details, with ``code``, ``hint`` and the ids added."""
        problem: dict[str, Any] = {
            "type": f"urn:workbench:error:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.message,
            "code": self.code,
        }
        if self.hint:
            problem["hint"] = self.hint
        return problem | self.about


def _rebuild(
    kind: type[WorkbenchError], code: ErrorCode, message: str, hint: str | None, about: dict[str, Any]
) -> WorkbenchError:
    return kind(code, message, hint=hint, **about)


class BadRequest(WorkbenchError):
    status = 400
    title = "Bad request"


class Unauthorized(WorkbenchError):
    status = 401
    title = "Unauthorized"


class Forbidden(WorkbenchError):
    status = 403
    title = "Forbidden"


class NotFound(WorkbenchError):
    status = 404
    title = "Not found"


class TooSlow(WorkbenchError):
    status = 408
    title = "Request timeout"


class Conflict(WorkbenchError):
    status = 409
    title = "Conflict"


class Gone(WorkbenchError):
    status = 410
    title = "Gone"


class TooLarge(WorkbenchError):
    status = 413
    title = "Too large"


class Malformed(WorkbenchError):
    status = 422
    title = "Malformed"


class Busy(WorkbenchError):
    """Ask again later: ``about["retry_after_s"]`` says in how many seconds, HTTP by ``Retry-After``."""

    status = 429
    title = "Busy"


class EngineFault(WorkbenchError):
    status = 500
    title = "Engine fault"


class BadGateway(WorkbenchError):
    status = 502
    title = "Bad gateway"


class Unavailable(WorkbenchError):
    """Ask again later: ``about["retry_after_s"]`` says in how many seconds, HTTP by ``Retry-After``."""

    status = 503
    title = "Unavailable"


def of_problem(told: Mapping[str, Any]) -> WorkbenchError:
    """Rebuild an error from its problem details.

    Parameters
    ----------
    told
        As `WorkbenchError.as_problem` gave it.
    """
    kinds = {kind.status: kind for kind in WorkbenchError.__subclasses__()}
    kind = kinds.get(told["status"], EngineFault)
    about = {name: value for name, value in told.items() if name not in _OF_A_PROBLEM}
    return kind(told["code"], told["detail"], hint=told.get("hint"), **about)


_OF_A_PROBLEM = ("type", "title", "status", "detail", "code", "hint")


def choices(wrong: str, valid: Iterable[str], *, most: int = 40) -> str:
    """Name the valid choices, and the nearest one first where there is one.

    >>> choices("lgbm", ["lr", "lightgbm"])
    'Did you mean lightgbm? Valid: lightgbm, lr.'
    """
    names = sorted(valid)
    near = difflib.get_close_matches(wrong, names, n=1, cutoff=0.6)
    listed = ", ".join(names[:most]) + (f", and {len(names) - most} more" if len(names) > most else "")
    return f"Did you mean {near[0]}? Valid: {listed}." if near else f"Valid: {listed}."
