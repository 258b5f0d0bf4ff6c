"""Requests that nobody should send, thousands of them, to a real service: what is answered, and how it does afterwards.

    python tests/benchmarks/fuzz.py [--requests 5000] [--first 0] [--threads 8]

Prints how many of each kind were answered with which status (0: the connection was closed without a word), every answer
that is not right with the seed that makes its request again, and the memory of the API before and after.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

import workbench
from tests.benchmarks.serving.bench import wait_until
from tests.server.fuzzing import Fuzz, send_all

MIB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--threads", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = workbench.connect(home=f"{folder}/home", head_timeout_s=2, body_timeout_s=2)
        try:
            sys.exit(0 if fuzz(home, asked) else 1)
        finally:
            home.service.stop()
            home.close()


def fuzz(home: workbench.Workbench, asked: argparse.Namespace) -> bool:
    """Send all, print what came of it, and return whether all is well."""
    home.service.start()
    told = home.service.wait()
    wait_until(lambda: (state := home.service.state()) is not None and state.phase == "warm")
    home.data.sample("iris")
    port = home.service.wait().api_port
    wait_until(lambda: is_well(port))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/openapi.json") as answer:
        paths = json.loads(answer.read())["paths"]
    api = next(one for one in psutil.Process(told.pid).children() if "workbench.server" in " ".join(one.cmdline()))
    before, began = api.memory_info().rss, time.perf_counter()
    made = Fuzz(paths, told.api_token)
    outcome = send_all(port, made, range(asked.first, asked.first + asked.requests), threads=asked.threads)
    took_s = time.perf_counter() - began
    for (kind, status), count in sorted(outcome.statuses.items()):
        print(f"{kind:<12} {status:>4} {count:>6}")
    print(f"{asked.requests:,} requests in {took_s:.1f} s; the slowest took {outcome.slowest_s:.2f} s")
    after = api.memory_info().rss
    print(f"API: {before / MIB:.0f} MiB before, {after / MIB:.0f} MiB after; the same process: {api.is_running()}")
    print(f"healthy: {is_well(port)}; wrong: {len(outcome.wrong)}")
    for line in outcome.wrong[:40]:
        print(line)
    return not outcome.wrong and is_well(port) and api.is_running()


def is_well(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/ready", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    main()
