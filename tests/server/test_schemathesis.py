"""The API holds to its own description, whatever it is asked: schemathesis asks, by operation and by links."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.server.calling import Caller
from tests.server.feeding import THINGS
from tests.server.matrix import House
from tests.server.walking import described
from workbench.access.permissions import Role

ROOT = Path(__file__).parents[2]
SEED = 20240229
"""The one that every run tries; beside it others are drawn."""
DRAWN = [random.SystemRandom().randrange(2**32) for _ in range(3)]
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
REST = [f"--exclude-operation-id={one}" for one in (*PARTING, *ENDLESS)]
REFUSED = {
    "check_narrator": "there is no language model",
    "narrate": "there is no language model",
    "learn": "it is for the home's owner",
    "metrics": "it is for the home's owner",
    "delete_workspace": "there are things in it",
    "refresh_source": "a sample does not change",
    "retype_source": "a sample is as it is",
    "complete_promotion": "the rival is worse",
    "rename_project": "the default one keeps its name",
    "roll_alias_back": "it named nothing else before",
    "roll_deployment_back": "nothing else answered before",
}
"""What is never carried out here, and why; the walk through the API (`tests.server.walking`) has each answered."""
FOLLOWED = 5
"""Operations, at least, that links lead to and that are carried out."""


@dataclass
class Explored:
    """What schemathesis asked, and found.

    Attributes
    ----------
    found
        What is wrong; empty: nothing.
    statuses
        Operation → how often each status was answered.
    followed
        Operations that a link led to, with how often they were carried out.
    """

    found: str
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    followed: Counter[str] = field(default_factory=Counter)

    def read(self, report: Path, names: Mapping[tuple[str, str], str]) -> None:
        for line in report.read_text().splitlines():
            recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
            for place, case in recorder.get("cases", {}).items():
                response = recorder["interactions"].get(place, {}).get("response")
                name = names.get((case["value"]["method"], case["value"]["path"]))
                if response is None or name is None:
                    continue
                self.statuses[name][response["status_code"]] += 1
                if case["is_transition_applied"] and response["status_code"] < 300:
                    self.followed[name] += 1


@pytest.fixture(scope="module")
def house(warm, eventually) -> Iterator[House]:
    made = House(warm, eventually)
    yield made
    for one in made.here.deployments.list():
        one.delete()


@pytest.fixture(scope="module")
def operations(owner: Caller) -> dict[tuple[str, str], str]:
    """Method and path → the operation's name."""
    paths: dict[str, dict[str, Any]] = described(owner)["paths"]
    return {(how.upper(), path): one["operationId"] for path, of in paths.items() for how, one in of.items()}


@pytest.fixture(scope="module")
def things(house, tmp_path_factory) -> Path:
    """A file that tells schemathesis what is there."""
    told = tmp_path_factory.mktemp("house") / "things.json"
    told.write_text(json.dumps({"ask": house.things, "delete": house.spares()}))
    return told


@pytest.fixture
def explore(warm, house, things, operations, tmp_path) -> Callable[..., Explored]:
    """Have schemathesis explore the API as an owner of a workspace of its own."""
    settings = tmp_path / "schemathesis.toml"
    # The description declares its links: those that can be guessed beside them lead to the same operations.
    settings.write_text("[phases.stateful.inference]\nalgorithms = []\n")

    def explore(
        phases: str,
        which: Sequence[str],
        *,
        key: str = "",
        seed: int = SEED,
        examples: int = 2,
        most_s: int = 0,
    ) -> Explored:
        report = tmp_path / "report.ndjson"
        address = f"http://127.0.0.1:{warm.service.state().api_port}/api/v1/openapi.json"
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run", address),
            *("--header", f"X-Workbench-Key: {key or house.key(Role.OWNER, ['*'])}"),
            *("--generation-with-security-parameters", "false", "--phases", phases, "--checks", ",".join(CHECKS)),
            *("--max-examples", str(examples), "--seed", str(seed), "--request-timeout", "60"),
            # CPython 3.11 now and then fails to parse in two threads at once.
            *("--workers", "1"),
            *(("--max-time", str(most_s)) if most_s else ()),
            *("--generation-database", "none", "--no-color", "--continue-on-failure"),
            *("--report", "ndjson", "--report-ndjson-path", str(report)),
            *which,
        ]
        environment = os.environ | {THINGS: str(things), "SCHEMATHESIS_HOOKS": "tests.server.feeding"}
        told = subprocess.run(
            command, capture_output=True, text=True, timeout=400, check=False, cwd=ROOT, env=environment
        )
        is_whole = told.returncode == 0
        explored = Explored("" if is_whole else f"seed {seed}\n{told.stdout[-20_000:]}\n{told.stderr[-2000:]}")
        if report.exists():
            explored.read(report, operations)
        return explored

    return explore


def test_each_operation_holds_to_its_description_and_is_carried_out(explore, operations):
    # All of them, however long it takes: what the clock cuts off was not shown.
    explored = explore("fuzzing", REST)
    assert explored.found == ""
    done = {name for name, statuses in explored.statuses.items() if any(status < 300 for status in statuses)}
    left = {name: dict(explored.statuses[name]) for name in set(operations.values()) - done}
    assert {name: left[name] for name in left.keys() - {*REFUSED, *PARTING, *ENDLESS}} == {}


def test_what_a_link_leads_to_holds_to_it(explore):
    followed: Counter[str] = Counter()
    # One operation that takes long may leave too little time for others.
    for seed in DRAWN:
        if len(followed) < FOLLOWED:
            explored = explore("stateful", REST, seed=seed, examples=20, most_s=15)
            assert explored.found == ""
            followed += explored.followed
    assert len(followed) >= FOLLOWED, followed


def test_what_is_at_the_bounds_is_answered_as_described(explore):
    explored = explore("coverage", REST, most_s=8)
    assert explored.found == ""
    assert explored.statuses


def test_what_takes_access_away_holds_to_it(explore, house):
    # Whoever asks this is no member afterwards.
    which = [f"--include-operation-id={one}" for one in PARTING]
    explored = explore("fuzzing", which, key=house.leaver("owner"))
    assert explored.found == ""
    assert explored.statuses.keys() == {*PARTING}
