"""What an error of pydantic-ai means: its errors end here, as one sentence each."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelTimeoutError,
    OutputTokenLimitExceeded,
    RunTimedOut,
    UnexpectedModelBehavior,
)

from workbench.narrating.narration import Problem, ProblemKind, Status
from workbench.narrating.terms import Terms

_Row = tuple[Status, ProblemKind, str]
_NO_COMPLETION = "Invalid response"
"""How the library's message begins of a body that is JSON and no completion: it has no kind of error for that."""
_UNREACHABLE = "{where} cannot be reached; {mend}."
_NO_PROTOCOL: _Row = ("failed", "malformed", "What answers at {where} does not speak the provider's protocol; {mend}.")
_UNFORESEEN: _Row = ("failed", "provider_error", "Asking {where} failed: {kind}.")
_TOLD: tuple[tuple[tuple[type[Exception], ...], _Row], ...] = (
    (
        (RunTimedOut, ModelRequestTimeout, TimeoutError),
        (
            "failed",
            "timeout",
            "{where} did not answer within {timeout} s; WORKBENCH_LLM_TIMEOUT_S allows it more.",
        ),
    ),
    (
        (ModelRateLimitError,),
        ("failed", "rate_limited", "{where} takes no more requests for now{code}; try again later."),
    ),
    ((ModelQuotaExceededError,), ("failed", "rate_limited", "The account of {where} has no quota left{code}.")),
    (
        (ModelAuthenticationError,),
        (
            "failed",
            "unauthorized",
            "{where} does not accept the key{code}; check the environment variable that holds it.",
        ),
    ),
    ((ModelTimeoutError,), ("failed", "timeout", "{where} did not answer in time; {mend}.")),
    ((ModelConnectionError,), ("failed", "unreachable", _UNREACHABLE)),
    (
        (ModelNotFoundError,),
        (
            "failed",
            "provider_error",
            "{where} is not known there{code}; check WORKBENCH_LLM_MODEL and WORKBENCH_LLM_URL.",
        ),
    ),
    ((ModelRequestRejectedError,), ("failed", "provider_error", "{where} refused the request{code}{detail}.")),
    ((ModelHTTPError,), ("failed", "provider_error", "{where} failed{code}; try again later.")),
    ((ContentFilterError,), ("failed", "refused", "{where} would not answer.")),
    (
        (OutputTokenLimitExceeded,),
        ("malformed_response", "malformed", "{where} reached its limit before its answer was complete."),
    ),
    # The library takes the first choice of none, and the length of what is not there.
    ((ModelAPIError, IndexError, TypeError), _NO_PROTOCOL),
    (
        (UnexpectedModelBehavior,),
        (
            "malformed_response",
            "malformed",
            "{where} did not answer in the form that was asked for, in {times} attempts.",
        ),
    ),
)
"""What an error of the library means, and how it is told; the closest kind of error first."""


def problem(error: Exception, terms: Terms) -> tuple[Status, Problem]:
    """Say what went wrong: by the first row of `_TOLD` that fits."""
    where = f"{terms.model} at {terms.url}" if terms.url else terms.model
    code = f" ({error.status_code})" if isinstance(error, ModelHTTPError) else ""
    status, kind, words = next((told for kinds, told in _TOLD if isinstance(error, kinds)), _UNFORESEEN)
    if isinstance(error, UnexpectedModelBehavior) and _NO_COMPLETION in error.message:
        status, kind, words = _NO_PROTOCOL
    if isinstance(error, ModelTimeoutError) and error.phase == "connect":
        kind, words = "unreachable", _UNREACHABLE
    detail = _words(error, terms) if kind == "provider_error" and isinstance(error, ModelRequestRejectedError) else ""
    message = words.format(
        where=where,
        code=code,
        detail=detail,
        timeout=f"{terms.timeout_s:g}",
        times=terms.retries + 1,
        mend="check WORKBENCH_LLM_URL" if terms.url else "try again later",
        kind=type(error).__name__,
    )
    return status, Problem(kind=kind, message=message)


def _words(error: ModelAPIError, terms: Terms) -> str:
    """Quote what a provider says of a request that it refuses, cut short."""
    body = error.body if isinstance(error.body, Mapping) else {}
    inner = body.get("error")
    said = (inner if isinstance(inner, Mapping) else body).get("message")
    if not isinstance(said, str):
        return ""
    text = " ".join(without_key(said, terms).split()).rstrip(".")
    return f': "{text[:200]}"' if text else ""


def without_key(text: str, terms: Terms) -> str:
    """Leave the key out of a text that came from elsewhere."""
    return text.replace(terms.key, "…") if terms.key else text
