"""The API holds to its own description, whatever it is asked: schemathesis asks, by operation and by links."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.server.matrix import House
from workbench.access.permissions import Role

SEED = 20240229
"""The one that every run tries; beside it another one is drawn."""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
PARTING = ("leave_workspace", "rotate_key", "revoke_key", "remove_member", "set_role")
"""By which whoever asks may lose what they ask by: these are asked for themselves."""
ENDLESS = ("stream_events",)


@pytest.fixture(scope="module")
def house(warm, eventually) -> House:
    return House(warm, eventually)


def explored(house: House, port: int, *, seed: int, phases: str, most_s: int, which: Sequence[str]) -> str:
    """Have schemathesis explore the API as an owner of a workspace of its own; return what it found, if anything."""
    key = house.key(Role.OWNER, ["*"])
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/api/v1/openapi.json"),
        *("--header", f"X-Workbench-Key: {key}", "--generation-with-security-parameters", "false"),
        *("--phases", phases, "--checks", ",".join(CHECKS), "--max-examples", "5", "--seed", str(seed)),
        *("--max-time", str(most_s), "--request-timeout", "60"),
        # CPython 3.11 now and then fails to parse in two threads at once.
        *("--workers", "1"),
        *("--generation-database", "none", "--no-color", "--continue-on-failure"),
        *which,
    ]
    told = subprocess.run(command, capture_output=True, text=True, timeout=10 * most_s, check=False)
    return "" if told.returncode == 0 else f"seed {seed}\n{told.stdout[-20_000:]}\n{told.stderr[-2000:]}"


@pytest.mark.parametrize(
    ("seed", "phases"),
    [
        pytest.param(SEED, "examples,coverage,fuzzing,stateful", id="fixed"),
        pytest.param(random.SystemRandom().randrange(2**32), "fuzzing,stateful", id="drawn"),
    ],
)
def test_the_api_holds_to_its_description(seed, phases, warm, house):
    which = [f"--exclude-operation-id={one}" for one in (*PARTING, *ENDLESS)]
    found = explored(house, warm.service.state().api_port, seed=seed, phases=phases, most_s=35, which=which)
    assert found == ""


def test_what_takes_access_away_holds_to_it_too(warm, house):
    which = [f"--include-operation-id={one}" for one in PARTING]
    port = warm.service.state().api_port
    assert explored(house, port, seed=SEED, phases="coverage,fuzzing", most_s=10, which=which) == ""
