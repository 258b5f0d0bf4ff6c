"""How long the audit log takes with 100,000 lines: to add one, to find a page of them, to prove all.

Run by hand: ``python -m tests.benchmarks.audit [DATABASE_URL]``; the database must be fresh.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, text

import workbench
from workbench.store import audit
from workbench.store.chain import link
from workbench.store.tables import AuditHeadRow, AuditRow, new_id, now
from workbench.workbench import Workbench

LINES = 100_000
TIMES = 100
ACTIONS = ("run.submitted", "data.added", "alias.set", "deployment.ready", "access.denied", "key.issued")
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"by": "user7"},
    {"by": "nobody"},
    {"action": "rare.thing"},
    {"subject": "run", "subject_id": "id-78"},
    {"subject_id": "id-78"},
    {"outcome": "failed"},
    {"origin": "http 192.0.2.7"},
    {"key_id": "none"},
    {"by": "user7", "action": "alias.set", "outcome": "failed"},
    {"since": "2999-01-01"},
    {"since": "2020-01-01"},
    {"until": "2999-01-01"},
    {"before": 500},
)


def fill(wb: Workbench) -> None:
    with wb._store.database.write() as session:
        for guard in ("audit_log_next", "audit_head_next"):
            # They hold each line against the one before it, as it is written; here thousands are written at once.
            session.execute(text(f"DROP TRIGGER {guard}"))
        head = session.get_one(AuditHeadRow, 1)
        rows = []
        for number in range(1, LINES + 1):
            row = {
                "id": new_id(),
                "seq": head.seq + 1,
                "workspace_id": wb._store.workspace_id,
                "at": now(),
                "by": f"user{number % 50}",
                "origin": "python",
                "key_id": None,
                "outcome": "done" if number % 1000 else "failed",
                "action": ACTIONS[number % 6] if number % 20_000 else "rare.thing",
                "subject": ("run", "source", "alias")[number % 3],
                "subject_id": f"id-{number % 5000}",
                "message": "what was done, in a sentence of usual length",
                "details": {"number": number, "more": "x" * 100},
                "previous": head.sha256,
            }
            head.seq, head.sha256 = head.seq + 1, link(head.sha256, row)
            rows.append(row | {"sha256": head.sha256})
        for begin in range(0, LINES, 5000):
            session.execute(insert(AuditRow), rows[begin : begin + 5000])


def timed(name: object, act: Callable[[], Any], times: int = TIMES) -> None:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    print(f"{name!s:70} p50 {statistics.median(took):9.2f} ms   p95 {sorted(took)[int(times * 0.95)]:9.2f} ms")


def main() -> None:
    url = sys.argv[1] if len(sys.argv) > 1 else ""
    wb = workbench.connect(home=tempfile.mkdtemp(prefix="workbench-audit-"), database_url=url, artifact_url="")
    fill(wb)

    def append() -> None:
        with wb._store.database.write() as session:
            audit.record(session, by="ada", action="alias.set", subject="alias", subject_id="a", message="…")

    timed("append", append)
    for about in FILTERS:
        timed(about, lambda about=about: wb.audit.list(**about))
    timed("verify", wb.audit.verify, times=1)
    timed("export", lambda: sum(1 for _ in wb.audit.export()), times=1)
    wb.close()


if __name__ == "__main__":
    main()
