"""An advice and its evidence in, what a language model says of them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.advisors.advice import Advice, AdvisorName
from workbench.narrating.holding import Holding
from workbench.narrating.narration import Narration
from workbench.narrating.prompt import INSTRUCTIONS, prompt
from workbench.narrating.terms import Terms


def narrate(
    advice: Advice,
    *,
    advisor: AdvisorName,
    evidence: Mapping[str, Any],
    terms: Terms,
) -> Narration:
    """Have a language model tell what an advice says, on the same evidence.

    Whatever it answers, the advice stays as it is: nothing of an answer is taken for a verdict, a finding or a
    configuration, and each line is held against the findings that it names, see `Holding`.

    Parameters
    ----------
    evidence
        What the advisor was shown, as JSON holds it. What of it is sent, `prompt` says.

    Returns
    -------
    Narration
        Also where the model cannot be asked or does not answer: its `status` and `problem` tell.
    """
    from workbench.narrating.asking import ask

    told = prompt(advice, advisor, evidence, allow_samples=terms.allow_samples)
    answer = ask(INSTRUCTIONS, told.text, terms)
    common: dict[str, Any] = {
        "status": answer.status,
        "withheld": told.withheld,
        "model": terms.model,
        "requests": answer.requests,
        "input_tokens": answer.input_tokens,
        "output_tokens": answer.output_tokens,
        "cost_usd": answer.cost_usd,
        "seconds": answer.seconds,
        "problem": answer.problem,
        "raw": answer.raw,
    }
    if answer.spoken is None:
        return Narration(**common)
    holding = Holding(advice, advisor, told.ids)
    summary = holding.statements(answer.spoken.summary)
    return Narration(
        summary=" ".join(line.text for line in summary),
        statements=holding.statements(answer.spoken.statements),
        suggestions=holding.suggestions(answer.spoken.suggestions),
        dropped=dict(holding.dropped),
        **common,
    )
