"""Ask an advisory service, through pip-audit, what is known to be wrong with the locked packages.

It ends with 1 where something is known that ``.ci/advisories.toml`` does not set aside, or where the time for which it
set something aside is over. Where no service can be asked it says so, and ends with 0: that is no finding.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONTROL = "requests==2.19.0"
"""A version with advisories of long ago: a service that knows of none has none to tell."""
TIMEOUT_S = 15


@dataclass(frozen=True)
class Known:
    """What is known to be wrong with a locked package.

    Attributes
    ----------
    names
        Its ids; one advisory has several, one of each database.
    """

    package: str
    version: str
    names: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "not fixed yet"
        return f"{self.package} {self.version}: {' = '.join(self.names)}, {mended}"


@dataclass(frozen=True)
class Aside:
    """An advisory that does not stop anybody, why, and until when that is to be looked at again."""

    id: str
    package: str
    why: str
    until: date

    def is_about(self, known: Known) -> bool:
        return self.package == known.package and self.id in known.names


@dataclass(frozen=True)
class Verdict:
    """What came of it.

    Attributes
    ----------
    failing
        What nobody set aside, or no longer.
    aside
        What somebody did.
    idle
        What was set aside and is not known of any locked version.
    """

    failing: tuple[str, ...]
    aside: tuple[str, ...]
    idle: tuple[str, ...]


def set_aside(path: Path) -> list[Aside]:
    """Read what is set aside."""
    return [Aside(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("advisory", [])]


def judged(found: Iterable[Known], asides: Sequence[Aside], today: date) -> Verdict:
    """Hold what is known against what is set aside."""
    failing, aside, used = [], [], set()
    for known in found:
        match = next((one for one in asides if one.is_about(known)), None)
        if match is None:
            failing.append(str(known))
            continue
        used.add(match)
        if match.until < today:
            failing.append(f"{known}; it was set aside until {match.until} only: {match.why}")
        else:
            aside.append(f"{known}; until {match.until}: {match.why}")
    idle = tuple(f"{one.package} {one.id}" for one in asides if one not in used)
    return Verdict(tuple(failing), tuple(aside), idle)


def pins(lock: Path) -> Iterator[list[str]]:
    """Yield the pins of a lock in lists that name no package twice, those of every system among them."""
    lists: list[dict[str, str]] = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        pin = line.partition(";")[0].strip()
        name = pin.partition("==")[0]
        free = next((one for one in lists if name not in one), None)
        if free is None:
            lists.append(free := {})
        free[name] = pin
    for one in lists:
        yield list(one.values())


class Service:
    """An advisory service that pip-audit knows how to ask."""

    def __init__(self, name: str, *options: str) -> None:
        self.name = name
        self._options = options

    def ask(self, wanted: Sequence[str]) -> tuple[list[Known], list[str]]:
        """Return what is known of pins, and what it could not say anything of.

        Raises
        ------
        ConnectionError
            Where it does not answer.
        """
        with tempfile.TemporaryDirectory() as folder:
            requirements = Path(folder) / "requirements.txt"
            requirements.write_text("\n".join(wanted) + "\n", encoding="utf-8")
            options = ["--no-deps", "--disable-pip", "--format=json", "--desc=off", "--aliases=on"]
            more = [f"--timeout={TIMEOUT_S}", "--progress-spinner=off", f"--vulnerability-service={self.name}"]
            command = [sys.executable, "-m", "pip_audit", f"--requirement={requirements}", *options, *more]
            ended = subprocess.run([*command, *self._options], capture_output=True, text=True, check=False)
        try:
            # It ends with 1 both where it finds something and where it cannot look.
            report = json.loads(ended.stdout)
        except ValueError:
            raise ConnectionError((ended.stderr.strip().splitlines() or ["no answer"])[-1]) from None
        return _read(report)

    def why_not(self) -> str | None:
        """Return why this service cannot be asked; None where it can."""
        try:
            found, _ = self.ask([CONTROL])
        except ConnectionError as error:
            return str(error)
        return None if found else f"it knows nothing of {CONTROL}, which has advisories"


def _read(report: dict[str, Any]) -> tuple[list[Known], list[str]]:
    found, unheard = [], []
    for package in report["dependencies"]:
        if "skip_reason" in package:
            unheard.append(package["name"])
        for one in package.get("vulns", ()):
            names = (one["id"], *one.get("aliases", ()))
            found.append(Known(package["name"], package["version"], names, tuple(one["fix_versions"])))
    return found, unheard


def audit(services: Iterable[Service], lock: Path, asides: Sequence[Aside]) -> int:
    """Ask the first service that answers; print what it says, and return the code to end with."""
    reasons = []
    for service in services:
        if (reason := service.why_not()) is not None:
            reasons.append(f"  {service.name}: {reason}")
            continue
        found, unheard = [], []
        for wanted in pins(lock):
            more, silent = service.ask(wanted)
            found += more
            unheard += silent
        return _told(service, judged(found, asides, date.today()), unheard)
    print("NOT AUDITED: no advisory service can be asked from here. Nothing is known of the locked packages.")
    print("\n".join(reasons))
    return 0


def _told(service: Service, verdict: Verdict, unheard: Sequence[str]) -> int:
    for title, lines in (
        ("Set aside", verdict.aside),
        ("Set aside, but not known of any locked version; take it out", verdict.idle),
        (f"NOT AUDITED: {service.name} does not know them", unheard),
        ("Known to be vulnerable", verdict.failing),
    ):
        if lines:
            print("\n  ".join([f"{title}:", *lines]))
    if not verdict.failing:
        print(f"{service.name} knows of nothing else in the locked packages.")
    return 1 if verdict.failing else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, default=ROOT / "constraints.txt")
    parser.add_argument("--aside", type=Path, default=ROOT / ".ci" / "advisories.toml")
    parser.add_argument("--osv-url", help="ask this service alone; it speaks as OSV does")
    given = parser.parse_args()
    own = [Service("osv", f"--osv-url={given.osv_url}")] if given.osv_url else [Service("osv"), Service("pypi")]
    return audit(own, given.lock, set_aside(given.aside))


if __name__ == "__main__":
    sys.exit(main())
