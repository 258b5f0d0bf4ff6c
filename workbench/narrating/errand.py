"""One narration, from the store to the store, in a process of its own."""

from __future__ import annotations

from workbench.consulting import consultations
from workbench.errors import WorkbenchError
from workbench.narrating.narrate import narrate
from workbench.narrating.narration import Narration, Problem
from workbench.narrating.terms import terms
from workbench.settings import Settings, load
from workbench.store.store import Store, open_store
from workbench.store.tables import ConsultationRow


def narrate_stored(consultation_id: str, token: str) -> None:
    """Have a language model tell what a consultation found, and store what comes of it, a failure too.

    Settings and key are read from the environment.

    Parameters
    ----------
    token
        As `consultations.ask_narrator` gave it: where another was asked since, nothing is stored.
    """
    settings = load()
    store = open_store(settings).holding(ConsultationRow, consultation_id)
    try:
        found = _narration(store, settings, consultation_id)
        consultations.narrated(store, consultation_id, found.status, found.model_dump(mode="json"), token=token)
    finally:
        store.close()


def _narration(store: Store, settings: Settings, consultation_id: str) -> Narration:
    try:
        asked = consultations.get(store, consultation_id)
        return narrate(asked.given, advisor=asked.advisor, evidence=asked.evidence_given or {}, terms=terms(settings))
    except WorkbenchError as error:
        problem = Problem(kind="provider_error", message=str(error))
    except Exception as error:  # noqa: BLE001 - whoever waits for it shall be told
        problem = Problem(kind="provider_error", message=f"The narration failed: {type(error).__name__}.")
    return Narration(status="failed", model=settings.llm_model, problem=problem)
