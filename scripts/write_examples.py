"""Write the examples of the API's description: what a walk through the API of a throw-away home asked and was answered.

Run it from the checkout where a model of an answer has changed: ``python -m scripts.write_examples``. A test holds the
examples against their models.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.server.calling import Caller
from tests.server.walking import Walk, described
from workbench.settings import Settings
from workbench.workbench import connect

INTO = Path("workbench/server/bodies/examples.json")
_MOST = 3
"""Longest list, and widest table of names, that an example shows."""
_TEXT_MOST = 160
_WIDEST = 40
_NAME = re.compile(r"#/components/schemas/(\w+)")


def main() -> None:
    """Walk, and write."""
    with tempfile.TemporaryDirectory() as folder:
        home = connect(Settings(home=Path(folder)))
        home.service.start()
        _eventually(lambda: (told := home.service.state()) and told.phase == "warm")
        state = home.service.state()
        assert state is not None
        caller = Caller(state.api_port, state.api_token)
        told = described(caller)
        walk = Walk(caller, told, _eventually, prefix="churn")
        walk.through()
        found: dict[str, Any] = {}
        for schema, body in _told(told, walk):
            _collect(schema, body, told["components"]["schemas"], found)
        for name, body in _asked(told, walk):
            _keep(name, body, found)
        text = json.dumps({name: found[name] for name in sorted(found)}, indent=1, ensure_ascii=False)
        INTO.write_text(_discreet(text, folder, home.user) + "\n", encoding="utf-8")
        home.service.stop()


def _told(told: Any, walk: Walk) -> Iterator[tuple[Any, Any]]:
    for methods in told["paths"].values():
        for operation in methods.values():
            for answer in walk.answers.get(operation["operationId"], ()):
                content = operation["responses"][str(answer.status)].get("content", {})
                if "application/json" in content:
                    yield content["application/json"]["schema"], answer.body


def _asked(told: Any, walk: Walk) -> Iterator[tuple[str, Any]]:
    for methods in told["paths"].values():
        for operation in methods.values():
            for body in walk.asked.get(operation["operationId"], ()):
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                yield _NAME.findall(json.dumps(schema))[0], body


def _collect(schema: Any, body: Any, schemas: Any, found: dict[str, Any]) -> None:
    """Take whatever an answer shows as an example of the model that it is of; the richest one wins."""
    for option in schema.get("anyOf", ()):
        if (body is None) == (option.get("type") == "null") and _fits(option, body, schemas):
            _collect(option, body, schemas, found)
            return
    if schema.get("type") == "array" and isinstance(body, list):
        for one in body:
            _collect(schema.get("items", {}), one, schemas, found)
    named = _NAME.fullmatch(schema.get("$ref", ""))
    if named is None or not isinstance(body, dict):
        return
    _keep(named[1], body, found)


def _keep(name: str, body: Any, found: dict[str, Any]) -> None:
    short = _shortened(body)
    if len(json.dumps(short)) > len(json.dumps(found.get(name))):
        found[name] = short


def _fits(option: Any, body: Any, schemas: Any) -> bool:
    named = _NAME.fullmatch(option.get("$ref", "") or option.get("items", {}).get("$ref", ""))
    first = (body[0] if body else {}) if isinstance(body, list) else body
    return named is None or (isinstance(first, dict) and set(first) == set(schemas[named[1]]["properties"]))


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        # Fields all stay; of what is known by many names a few do.
        shown = list(value.items())[: None if len(value) <= _WIDEST else 6]
        return {name: _shortened(one) for name, one in shown}
    if isinstance(value, list):
        return [_shortened(one) for one in value[:_MOST]]
    if isinstance(value, str) and len(value) > _TEXT_MOST:
        return f"{value[:_TEXT_MOST]}…"
    return round(value, 4) if isinstance(value, float) else value


def _discreet(text: str, folder: str, user: str) -> str:
    """Leave out whose machine it was, and what would pass for a secret."""
    samples = str(Path(__file__).resolve().parents[1])
    text = text.replace(folder, "/home/ana/.workbench").replace(samples, "/srv").replace(f'"{user}"', '"ana"')
    text = re.sub(r"http 127\.0\.0\.1", "http 192.0.2.7", text)
    return re.sub(r'"(pck|inv)_[\w-]{43}"', r'"\1_5fT1nX0y8m3kQe7bJd2wRz4uLp6vGs9aHc1iKo0tNxE"', text)


def _eventually(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 180
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
    return answer


if __name__ == "__main__":
    main()
