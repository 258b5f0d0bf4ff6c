"""The audit of the locked packages: pip-audit asks a service of ours, and what it hears decides."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.audit import CONTROL, ROOT, Aside, Known, judged, pins, set_aside

CONTROLLED, CONTROL_VERSION = CONTROL.split("==")
KNOWN = Known("demo", "1.0", ("PYSEC-1", "CVE-1"), ("1.1",))
TODAY = date(2026, 6, 1)
LATER, BEFORE = date(2026, 7, 1), date(2026, 5, 1)


def advisory(package: str, fixed: str = "9.9") -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
    affected = [{"package": {"name": package, "ecosystem": "PyPI"}, "ranges": ranges}]
    return {"id": f"OSV-{package}", "aliases": [f"CVE-{package}"], "summary": "…", "affected": affected}


@pytest.fixture
def knowing() -> Iterator[Callable[..., str]]:
    """Start a service that knows of advisories as OSV does; return its address."""
    servers = []

    def start(*vulnerable: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
                content = json.dumps({"vulns": [advisory(asked)]} if asked in vulnerable else {}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/v1/query"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def audited(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Audit a lock of one package as CI does; return the code it ended with, and what it said."""

    def audit(url: str, aside: str = "") -> tuple[int, str]:
        (tmp_path / "lock.txt").write_text("demo==1.0\n")
        (tmp_path / "aside.toml").write_text(aside)
        command = [sys.executable, str(ROOT / "scripts" / "audit.py"), f"--osv-url={url}"]
        more = [f"--lock={tmp_path / 'lock.txt'}", f"--aside={tmp_path / 'aside.toml'}"]
        ended = subprocess.run([*command, *more], capture_output=True, text=True, timeout=300)
        return ended.returncode, ended.stdout + ended.stderr

    return audit


def test_an_advisory_about_a_locked_package_fails_the_audit(knowing, audited) -> None:
    code, said = audited(knowing(CONTROLLED, "demo"))
    assert code == 1
    assert "demo 1.0: CVE-demo = OSV-demo, fixed in 9.9" in said


def test_nothing_known_passes_the_audit(knowing, audited) -> None:
    code, said = audited(knowing(CONTROLLED))
    assert (code, "NOT AUDITED" in said) == (0, False)


def test_what_is_set_aside_passes_with_its_reason(knowing, audited) -> None:
    aside = '[[advisory]]\nid = "CVE-demo"\npackage = "demo"\nwhy = "It is not called."\nuntil = 2999-01-01\n'
    code, said = audited(knowing(CONTROLLED, "demo"), aside)
    assert (code, "It is not called." in said) == (0, True)


def test_a_service_that_cannot_be_reached_is_told_and_is_no_finding(audited) -> None:
    code, said = audited("http://127.0.0.1:9/v1/query")
    assert (code, said.startswith("NOT AUDITED")) == (0, True)


def test_a_service_that_knows_nothing_at_all_is_not_taken_for_a_clean_bill(knowing, audited) -> None:
    code, said = audited(knowing())
    assert (code, said.startswith("NOT AUDITED")) == (0, True)
    assert CONTROL in said


def test_an_advisory_is_set_aside_by_any_of_its_names() -> None:
    verdict = judged([KNOWN], [Aside("CVE-1", "demo", "why", LATER)], TODAY)
    assert (verdict.failing, len(verdict.aside)) == ((), 1)


@pytest.mark.parametrize("aside", [Aside("CVE-1", "other", "why", LATER), Aside("CVE-2", "demo", "why", LATER)])
def test_what_is_set_aside_of_something_else_does_not_help(aside: Aside) -> None:
    verdict = judged([KNOWN], [aside], TODAY)
    assert (len(verdict.failing), verdict.idle) == (1, (f"{aside.package} {aside.id}",))


def test_what_was_set_aside_for_a_time_fails_after_it() -> None:
    (failing,) = judged([KNOWN], [Aside("CVE-1", "demo", "It is not called.", BEFORE)], TODAY).failing
    assert "2026-05-01" in failing


def test_every_line_of_the_lock_is_asked_for_whatever_system_it_is_of() -> None:
    lock = ROOT / "constraints.txt"
    locked = sorted(line.partition(";")[0].strip() for line in lock.read_text().splitlines())
    lists = list(pins(lock))
    assert sorted(pin for pinned in lists for pin in pinned) == locked
    assert all(len({pin.partition("==")[0] for pin in pinned}) == len(pinned) for pinned in lists)


def test_what_is_set_aside_is_about_locked_packages_and_says_why() -> None:
    locked = {pin.partition("==")[0] for pinned in pins(ROOT / "constraints.txt") for pin in pinned}
    asides = set_aside(ROOT / ".ci" / "advisories.toml")
    assert {one.package for one in asides} <= locked
    assert all(len(one.why) > 40 for one in asides)
