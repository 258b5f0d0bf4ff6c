"""A language model asked by pydantic-ai."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from genai_prices import calc_price
from pydantic import BaseModel, Field
from pydantic_ai import Agent, ModelMessage, ModelResponse, PromptedOutput, capture_run_messages
from pydantic_ai.capabilities import Hooks
from pydantic_ai.exceptions import (
    ModelConnectionError,
    ModelRateLimitError,
    ModelServerError,
    ModelUnavailableError,
    RetryModelRequest,
)
from pydantic_ai.messages import TextPart, ToolCallPart
from pydantic_ai.models import Model
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.settings import ModelSettings

from workbench.narrating import problems
from workbench.narrating.narration import Problem, Status
from workbench.narrating.terms import Terms

RAW_MOST = 4_000
"""Longest answer that is kept although it could not be read, in characters."""
_TOKENS_MOST = 8_192
_FIRST_WAIT_S = 0.5
_SHORTEST_S = 0.5
"""Time that a request must have left to be made again, in seconds."""
_AGAIN = (ModelRateLimitError, ModelServerError, ModelUnavailableError, ModelConnectionError)


class Said(BaseModel):
    """A sentence, and the ids of the findings that it rests on."""

    text: str
    findings: list[str] = Field(default_factory=list, description="Ids of findings, exactly as in the data.")


class Spoken(BaseModel):
    """What is said about the advice."""

    summary: list[Said] = Field(description="Two to four sentences that together are a paragraph.")
    statements: list[Said] = Field(default_factory=list, description="What else the findings show, at most six.")
    suggestions: list[Said] = Field(default_factory=list, description="What could be done next, at most four.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking.

    Attributes
    ----------
    spoken
        None: nothing that could be read, and `problem` says why.
    """

    status: Status
    spoken: Spoken | None = None
    problem: Problem | None = None
    raw: str = ""
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class _Attempts:
    """Requests that were made, and the time that is left for others."""

    retries: int
    deadline: float
    made: int = 0
    failed: int = 0

    def hooks(self) -> Hooks[None]:
        hooks: Hooks[None] = Hooks()

        @hooks.on.prepare_model_request
        def count(_: Any, request: Any) -> Any:
            self.made += 1
            return request

        @hooks.on.model_request_error
        async def again(_: Any, *, request_context: Any, error: Exception) -> Any:  # noqa: ARG001 - called by name
            self.failed += 1
            if not isinstance(error, _AGAIN) or self.failed > self.retries:
                raise error
            wait = error.retry_after if error.retry_after is not None else _FIRST_WAIT_S * 2 ** (self.failed - 1)
            if time.monotonic() + wait + _SHORTEST_S > self.deadline:
                raise error
            await asyncio.sleep(wait)
            raise RetryModelRequest from error

        return hooks


def ask(instructions: str, prompt: str, terms: Terms) -> Answer:
    """Ask a language model, at most `Terms.timeout_s` seconds, and again where its answer does not fit.

    Must not be called where an event loop runs.
    """
    # Made before the clock runs: it imports a provider's library.
    model = _model(terms)
    began = time.monotonic()
    attempts = _Attempts(terms.retries, began + terms.timeout_s)
    spoken: Spoken | None = None
    status: Status = "told"
    problem, raw = None, ""
    with capture_run_messages() as messages:
        try:
            spoken = asyncio.run(_run(model, instructions, prompt, terms, attempts))
        except Exception as error:  # noqa: BLE001 - whatever a provider does to it, the advice stands
            status, problem = problems.problem(error, terms)
            raw = _raw(messages, terms) if status == "malformed_response" else ""
    return Answer(
        status=status,
        spoken=spoken,
        problem=problem,
        raw=raw,
        seconds=round(time.monotonic() - began, 3),
        **_usage(messages, attempts, terms),
    )


async def _run(model: Model, instructions: str, prompt: str, terms: Terms, attempts: _Attempts) -> Spoken:
    agent = Agent(
        model,
        # A server of one's own may know neither tools nor schemas: a schema in the prompt works with every model.
        output_type=PromptedOutput(Spoken) if terms.url and terms.provider == "openai" else Spoken,
        instructions=instructions,
        retries=terms.retries,
        capabilities=[attempts.hooks()],
        model_settings=_settings(terms),
    )
    result = await agent.run(prompt, timeout=terms.timeout_s)
    return result.output


def _settings(terms: Terms) -> ModelSettings:
    # Waiting is ours: the SDKs' own would wait longer than there is time.
    found = ModelSettings(max_retries=0, timeout=terms.timeout_s)
    # Anthropic's protocol wants a limit, and where that is large answers come as a stream, which need not be.
    return found | ModelSettings(max_tokens=_TOKENS_MOST) if terms.provider == "anthropic" else found


def _model(terms: Terms) -> Model:
    if terms.provider == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        here = AnthropicProvider(api_key=terms.key or "none", base_url=terms.url or "https://api.anthropic.com")
        return AnthropicModel(terms.model_name, provider=here)
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    if not terms.url:
        # Named, or the SDK would follow OPENAI_BASE_URL and carry the key there.
        own = OpenAIProvider(api_key=terms.key, base_url="https://api.openai.com/v1")
        return OpenAIChatModel(terms.model_name, provider=own)
    there = OpenAICompatibleProvider("openai-compatible", base_url=terms.url, api_key=terms.key or None)
    # Some servers refuse ``response_format``; the prompt asks for JSON in any case.
    plain = ModelProfile(supports_json_object_output=False)
    return OpenAIChatModel(terms.model_name, provider=there, profile=plain)


def _raw(messages: list[ModelMessage], terms: Terms) -> str:
    """Return the last answer, as it came."""
    for message in reversed(messages):
        if isinstance(message, ModelResponse):
            parts = [
                part.content if isinstance(part, TextPart) else part.args_as_json_str()
                for part in message.parts
                if isinstance(part, TextPart | ToolCallPart)
            ]
            text = problems.without_key("\n".join(parts), terms)
            return text if len(text) <= RAW_MOST else f"{text[:RAW_MOST]}…"
    return ""


def _usage(messages: list[ModelMessage], attempts: _Attempts, terms: Terms) -> dict[str, Any]:
    answers = [message for message in messages if isinstance(message, ModelResponse)]
    prices = [price(answer, terms) for answer in answers]
    known = [price for price in prices if price is not None]
    return {
        "requests": attempts.made,
        "input_tokens": sum(answer.usage.input_tokens or 0 for answer in answers),
        "output_tokens": sum(answer.usage.output_tokens or 0 for answer in answers),
        "cost_usd": sum(known) if known and len(known) == len(prices) else None,
    }


def price(answer: ModelResponse, terms: Terms) -> float | None:
    """Return what an answer costs at its source: a server of one's own has no price, whatever its model's name."""
    try:
        if terms.url:
            found = calc_price(answer.usage, terms.model_name, provider_api_url=terms.url)
        else:
            found = calc_price(answer.usage, terms.model_name, provider_id=terms.provider)
    except (LookupError, ValueError):
        return None
    return float(found.total_price)
