"""What a language model said on top of an advice, and what of it did not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from workbench.advisors.advice import Told

Status = Literal["told", "malformed_response", "failed"]

ProblemKind = Literal[
    "timeout",
    "rate_limited",
    "provider_error",
    "unauthorized",
    "unreachable",
    "malformed",
    "refused",
]

Reason = Literal[
    "no_finding",
    "unknown_finding",
    "unfounded_number",
    "other_verdict",
    "link",
]
"""Why a line was dropped: it names no finding, or one that there is not; a number that its findings do not have; a
verdict that is not the advice's; an address."""


class Line(Told):
    """Something that was said, and the findings that it rests on."""

    text: str
    findings: tuple[str, ...]


class Problem(Told):
    """Why nothing was told.

    Attributes
    ----------
    kind
        ``timeout``, ``rate_limited``, ``provider_error``, ``unauthorized``, ``unreachable``, ``malformed`` (what came
        is not what was asked for) or ``refused`` (the model, or the provider's filter, would not answer).
    message
        One sentence. No key is ever in it.
    """

    kind: ProblemKind
    message: str


class Narration(Told):
    """What a language model said on top of an advice. The advice holds whatever it is.

    Attributes
    ----------
    status
        ``told``; ``malformed_response``: also when asked again it did not answer in the form asked for; ``failed``: it
        did not answer.
    summary
        A paragraph of those of its sentences that hold; empty: none did.
    statements, suggestions
        Those that hold: each rests on findings that there are, and its numbers are theirs.
    dropped
        Reason → how many sentences, statements and suggestions were dropped for it.
    withheld
        How many values of evidence and advice were kept from it: single cells, unless it may see sample values, and
        what there was no room for.
    model
        As the settings name it.
    requests
        HTTP requests that were made, those that failed too.
    input_tokens, output_tokens
        As the provider counts them, over all requests.
    cost_usd
        By list prices; None: no price is known, as of a model of your own.
    seconds
        From the first request to the answer.
    raw
        What it answered, cut short, where that could not be read.
    """

    status: Status
    summary: str = ""
    statements: tuple[Line, ...] = ()
    suggestions: tuple[Line, ...] = ()
    dropped: Mapping[Reason, int] = {}
    withheld: int = 0
    model: str
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0
    problem: Problem | None = None
    raw: str = ""
