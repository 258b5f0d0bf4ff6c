"""On what terms a language model is asked: which, where, with what key, and how long."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal, get_args
from urllib.parse import urlsplit

from workbench.errors import BadRequest, choices
from workbench.settings import Settings

Provider = Literal["openai", "anthropic"]
KEYS: Mapping[Provider, str] = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
"""Where a provider's own key is looked for."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a language model is asked.

    Attributes
    ----------
    model
        ``openai:NAME`` or ``anthropic:NAME``.
    url
        Base URL of a server that speaks the provider's protocol; empty: the provider's own.
    key
        Empty: the server at `url` needs none. It is never shown.
    timeout_s
        Longest that everything may take, from the first request to the answer, in seconds.
    retries
        How often it is asked again whose answer does not fit, and how often a request that failed is made again.
    allow_samples
        Whether it may see values of single cells.
    """

    model: str
    url: str = ""
    key: str = field(default="", repr=False)
    timeout_s: float = 60.0
    retries: int = 2
    allow_samples: bool = False

    @property
    def provider(self) -> Provider:
        return "anthropic" if self.model.startswith("anthropic:") else "openai"

    @property
    def model_name(self) -> str:
        """Its name as the provider knows it."""
        return self.model.partition(":")[2]


def terms(settings: Settings) -> Terms:
    """Read the terms from settings and environment.

    Raises
    ------
    BadRequest
        ``settings.invalid`` where the model or the URL is not well-formed; ``advice.no_model`` where none is
        configured, the libraries that talk to one are not installed, or the key is not there. It names what to set.
    """
    provider, name = _model(settings.llm_model)
    _check_url(settings.llm_url)
    if any(find_spec(needed) is None for needed in ("pydantic_ai", provider)):
        raise BadRequest(
            "advice.no_model",
            f"What talks to {settings.llm_model} is not installed.",
            hint='Install it: pip install "jupyter-workbench[llm]".',
        )
    return Terms(
        model=f"{provider}:{name}",
        url=settings.llm_url,
        key=_key(settings, provider),
        timeout_s=settings.llm_timeout_s,
        retries=settings.llm_retries,
        allow_samples=settings.llm_samples,
    )


def check(settings: Settings) -> None:
    """Refuse what `terms` refuses, without talking to anybody."""
    terms(settings)


def _model(named: str) -> tuple[Provider, str]:
    if not named:
        raise BadRequest(
            "advice.no_model",
            "No language model is configured.",
            hint="Set WORKBENCH_LLM_MODEL, such as openai:NAME or anthropic:NAME.",
        )
    provider, colon, name = named.partition(":")
    for known in get_args(Provider):
        if provider == known and name.strip() == name and name:
            return known, name
    wrong = (
        f"WORKBENCH_LLM_MODEL is {named!r}, and must be a provider and a model's name, such as openai:NAME."
        if not colon or provider in KEYS
        else f"WORKBENCH_LLM_MODEL names {provider!r}, which is no provider that Workbench talks to."
    )
    raise BadRequest("settings.invalid", wrong, hint=choices(provider, KEYS))


def _check_url(url: str) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        raise BadRequest("settings.invalid", "WORKBENCH_LLM_URL must be an address such as http://localhost:11434/v1.")
    if parts.username or parts.password:
        raise BadRequest(
            "settings.invalid",
            "WORKBENCH_LLM_URL holds a user or a password; name a variable with the key in WORKBENCH_LLM_KEY_VARIABLE.",
        )


def _key(settings: Settings, provider: Provider) -> str:
    """A provider's own key goes to that provider alone: another server gets one only where its variable is named."""
    variable = settings.llm_key_variable or ("" if settings.llm_url else KEYS[provider])
    key = os.environ.get(variable, "").strip() if variable else ""
    if variable and not key:
        raise BadRequest(
            "advice.no_model",
            f"The key of {settings.llm_model} is not there.",
            hint=f"Set the environment variable {variable}.",
        )
    return key
