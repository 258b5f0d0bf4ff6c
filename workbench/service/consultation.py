"""One consultation, in its own process: evidence is gathered and measured, the advisor answers, both are stored."""

from __future__ import annotations

import os
import sys
import traceback

import psutil

from workbench.advisors.thresholds import Thresholds
from workbench.consulting import consultations
from workbench.consulting.consultation import Consultation
from workbench.consulting.consultations import ConsultationQueue
from workbench.consulting.desks import desk
from workbench.errors import WorkbenchError
from workbench.settings import Settings
from workbench.store.store import Store, open_store
from workbench.store.tables import ConsultationRow


def carry_out(consultation_id: str, owner: str, settings: Settings) -> None:  # noqa: ARG001 - as every process
    """Carry a consultation to its end; every outcome but a dead process is told here."""
    store = open_store(settings).holding(ConsultationRow, consultation_id)
    try:
        found = ConsultationQueue(store).register(consultation_id, os.getpid(), psutil.Process().create_time())
        if found is not None:
            _answer(store, found)
    finally:
        store.close()


def _answer(store: Store, asked: Consultation) -> None:
    at = desk(asked.advisor)
    try:
        evidence = at.gather(store, asked.subject.id, asked.inputs)
        advice = at.advise(evidence, Thresholds.load(store.settings.thresholds))
        consultations.advised(store, asked.id, evidence, advice)
    except WorkbenchError as error:
        consultations.failed(store, asked.id, error)
    except Exception as error:  # noqa: BLE001 - the consultation keeps its first line, its log the traceback
        traceback.print_exc(file=sys.stderr)
        consultations.failed(store, asked.id, consultations.unforeseen(error))
