from __future__ import annotations

import pytest

from tests.narrating.conftest import ADVICE, said
from tests.narrating.provider import Provider, Reply
from workbench.advisors.advice import Told
from workbench.consulting import consultations
from workbench.consulting.consultation import Consultation, Subject
from workbench.narrating.errand import narrate_stored
from workbench.settings import Settings
from workbench.store.store import Store
from workbench.store.tables import now


class Shown(Told):
    rows: int = 1070


@pytest.fixture
def stored(store: Store, settings: Settings, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Consultation:
    """A consultation that waits for the language model of this machine."""
    asked = settings.model_copy(update={"llm_model": "openai:local", "llm_url": provider.url, "llm_timeout_s": 30.0})
    for name, value in asked.environment().items():
        monkeypatch.setenv(name, value)
    subject = Subject("run", "0198", "run 0198")
    return consultations.keep(store, "run_explainer", subject, {}, (Shown(), ADVICE), by="me", began=now())


@pytest.fixture
def token(store: Store, stored: Consultation) -> str:
    """Of the one who is to ask it."""
    given = consultations.ask_narrator(store, stored.id, within_s=60)
    assert given is not None
    return given


def test_what_a_model_says_is_stored_with_the_consultation(
    store: Store, stored: Consultation, provider: Provider, token: str
) -> None:
    provider.script(Reply(says=said()))
    narrate_stored(stored.id, token)
    found = consultations.get(store, stored.id)
    assert found.narration_status == "told"
    assert found.narration is not None
    assert found.narration["summary"] == "One column gives the answer away."
    assert found.advice == ADVICE


def test_a_failure_is_stored_too(store: Store, stored: Consultation, provider: Provider, token: str) -> None:
    provider.script(Reply(status=401))
    narrate_stored(stored.id, token)
    found = consultations.get(store, stored.id)
    assert found.narration_status == "failed"
    assert found.narration is not None
    assert found.narration["problem"]["kind"] == "unauthorized"


def test_what_cannot_be_asked_at_all_is_stored_with_the_reason(
    store: Store, stored: Consultation, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_LLM_KEY_VARIABLE", "NO_SUCH_KEY")
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    narrate_stored(stored.id, token)
    narration = consultations.get(store, stored.id).narration
    assert narration is not None
    assert "NO_SUCH_KEY" in narration["problem"]["message"]


def test_an_answer_to_an_earlier_asking_is_not_stored(
    store: Store, stored: Consultation, provider: Provider, token: str
) -> None:
    provider.script(Reply(says=said()))
    narrate_stored(stored.id, "another")
    assert consultations.get(store, stored.id).narration_status == "asked"
    narrate_stored(stored.id, token)
    assert consultations.get(store, stored.id).narration_status == "told"
