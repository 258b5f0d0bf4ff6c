from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.narrating.provider import Provider, serving
from workbench.advisors.advice import Advice, Evidence, Finding
from workbench.narrating.narrate import narrate
from workbench.narrating.narration import Narration
from workbench.narrating.terms import Terms

KEY = "sk-not-to-be-seen"

LEAK = Finding(
    id="leak.copy:income",
    severity="blocking",
    evidence=Evidence(
        claim="With income alone the AUC is 0.9987 on 1,070 rows.",
        measured={"auc": 0.99871, "rows": 1070, "share": 0.1234},
        columns=["income"],
    ),
    recommendation="Leave income out.",
)
SMALL = Finding(
    id="small_sample",
    severity="warning",
    evidence=Evidence(claim="Only 40 rows were held out.", measured={"rows": 40}),
)
ADVICE = Advice(
    verdict="DO NOT DEPLOY: a leak",
    reasoning_summary="One column is a copy of the target.",
    findings=(LEAK, SMALL),
    suggested_config={"data": "0198", "target": "default", "setup": {"ignore_features": ["income"]}},
    suggested_action="Launch the run without income.",
    risk_flags=("leak", "small_sample"),
)
EVIDENCE = {"rows": 1070, "columns": [{"name": "income", "distinct": 900}, {"name": "default", "distinct": 2}]}


def line(text: str, *findings: str) -> dict[str, Any]:
    return {"text": text, "findings": list(findings)}


def said(*statements: dict[str, Any], suggestions: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """An answer whose summary holds, with other lines to look at."""
    summary = [line("One column gives the answer away.", LEAK.id)]
    return {"summary": summary, "statements": list(statements), "suggestions": list(suggestions)}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


Told = Callable[..., Narration]


@pytest.fixture
def told(provider: Provider) -> Told:
    """Narrate by the provider at hand; keywords go into the terms."""

    def tell(
        advice: Advice = ADVICE, evidence: Any = EVIDENCE, *, anthropic: bool = False, **changed: Any
    ) -> Narration:
        model, url = ("anthropic:claude", provider.root) if anthropic else ("openai:local", provider.url)
        terms = Terms(**({"model": model, "url": url, "key": KEY, "timeout_s": 30.0} | changed))
        return narrate(advice, advisor="deployment_reviewer", evidence=evidence, terms=terms)

    return tell
