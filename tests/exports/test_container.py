"""Contexts for images: what they hold, and that a server built as they say answers as a deployment does."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.exports.conftest import DEPLOYMENT
from tests.ports import kept_port
from workbench.store.artifacts import PIPELINE

ROWS_MOST = 30


@pytest.fixture(scope="module")
def instructions(container: Path) -> list[tuple[str, str]]:
    """The Dockerfile's instructions, in order, each on one line."""
    text = (container / "Dockerfile").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


@pytest.fixture(scope="module")
def python(environment: Callable[..., Path], container: Path) -> Path:
    return environment(container / "requirements.txt")


@pytest.fixture(scope="module")
def context(container: Path, tmp_path_factory) -> Path:
    """A copy that allows fewer rows a request."""
    folder = tmp_path_factory.mktemp("context") / "app"
    shutil.copytree(container, folder)
    path = folder / "model" / "manifest.json"
    told = json.loads(path.read_text())
    told["limits"] |= {"rows": ROWS_MOST, "body_bytes": 100_000}
    path.write_text(json.dumps(told))
    return folder


@pytest.fixture(scope="module")
def command(instructions, python) -> list[str]:
    """What the image carries out, on this machine's loopback."""
    told = json.loads(dict(instructions)["CMD"])
    assert (told[0], told[-2:]) == ("python", ["--host", "0.0.0.0"])
    return [str(python), *told[1:-2]]


@pytest.fixture(scope="module")
def variables(instructions, bare, tmp_path_factory) -> dict[str, str]:
    """The image's environment variables, but for its port and for the home of its user."""
    told = dict(pair.split("=", 1) for pair in shlex.split(dict(instructions)["ENV"]))
    home = str(tmp_path_factory.mktemp("home"))
    return bare | told | {"PORT": "0", "HOME": home, "NUMBA_CACHE_DIR": home}


@pytest.fixture(scope="module")
def server(context, command, variables, eventually) -> Iterator[tuple[subprocess.Popen, int]]:
    with kept_port() as port:
        process = subprocess.Popen(command, cwd=context, env=variables | {"PORT": str(port)})
        try:
            eventually(lambda: process.poll() is not None or status(port, "/ready") == 200)
            assert process.poll() is None
            yield process, port
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def ask(server) -> Callable[..., tuple[int, dict[str, str], Any]]:
    def ask(body: Any, path: str = "/predict", **headers: str) -> tuple[int, dict[str, str], Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asked(server[1], "POST", path, content, headers)

    return ask


@pytest.fixture
def sample(container: Path) -> list[dict[str, Any]]:
    return json.loads((container / "model" / "sample.json").read_text())


def asked(
    port: int, method: str, path: str, content: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, content, headers or {})
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, json.loads(response.read())
    finally:
        connection.close()


def status(port: int, path: str) -> int | None:
    try:
        return asked(port, "GET", path)[0]
    except OSError:
        return None


def test_the_image_is_slim_and_of_the_python_that_trained(instructions, pipeline):
    told = dict(instructions)
    minor = ".".join(pipeline.lineage["versions"]["python"].split(".")[:2])
    assert told["ARG"] == f"BASE=python:{minor}-slim"
    assert told["FROM"] == "${BASE}"


def test_the_image_runs_as_nobody_special(instructions):
    names = [name for name, _ in instructions]
    (made,) = [rest for name, rest in instructions if name == "RUN" and "useradd" in rest]
    assert names.index("USER") < names.index("CMD")
    assert dict(instructions)["USER"] == made.split()[-1] != "root"


def test_all_that_the_image_copies_is_there_and_nothing_is_fetched_but_packages(instructions, container):
    for sources in [rest.split()[:-1] for name, rest in instructions if name == "COPY"]:
        assert all((container / source).exists() for source in sources)
    assert "ADD" not in dict(instructions)
    texts = [path.read_text() for path in container.rglob("*") if path.suffix in ("", ".txt", ".md") and path.is_file()]
    urls = {found for text in texts for found in re.findall(r"https?://([\w.-]+)", text)}
    assert urls <= {"127.0.0.1"}


def test_the_model_is_tried_while_the_image_is_built(instructions, python, context, variables):
    (told,) = [json.loads(rest) for name, rest in instructions if name == "RUN" and rest.startswith("[")]
    assert told[0] == "python"
    done = subprocess.run([str(python), *told[1:]], cwd=context, env=variables, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_packages_that_only_workbench_itself_needs_are_not_installed(python):
    code = "import importlib.util, sys; print([importlib.util.find_spec(name) for name in sys.argv[1:]])"
    names = ["workbench", "sqlalchemy", "alembic", "typer"]
    told = subprocess.run(
        [str(python), "-c", code, *names], cwd=python.parent, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == str([None] * len(names))


def test_it_answers_what_the_deployment_answers(ask, sample, warm, pipeline):
    deployment = warm.deployments.deploy(pipeline=pipeline, slug=DEPLOYMENT[1])
    try:
        theirs = deployment.predict(sample, request_id="mine")
    finally:
        deployment.delete()
    for path in ("/predict", f"/api/v1/deployments/{DEPLOYMENT[1]}/predict"):
        code, headers, ours = ask({"rows": sample}, path, **{"X-Request-Id": "mine"})
        assert (code, headers["x-request-id"], headers["x-workbench-pipeline"]) == (200, "mine", pipeline.id)
        assert ours.pop("latency_ms") > 0
        expected = {name: value for name, value in theirs.items() if name != "latency_ms"}
        assert ours == expected | {"deployment_id": DEPLOYMENT[0]}


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ({"rows": []}, 400, "predict.no_rows"),
        ({"rows": [{"age": "old"}]}, 400, "predict.invalid_rows"),
        (b"{", 422, "request.malformed"),
        ({"rows": [{}] * (ROWS_MOST + 1)}, 413, "predict.too_many_rows"),
        (b" " * 100_001, 413, "predict.body_too_large"),
    ],
)
def test_it_refuses_as_a_deployment_does(ask, body, code, told):
    answered, headers, problem = ask(body)
    assert (answered, problem["code"], problem["status"]) == (code, told, code)
    assert headers["content-type"] == "application/problem+json"


def test_another_deployment_is_not_found(ask, sample):
    answered, _, problem = ask({"rows": sample}, "/api/v1/deployments/other/predict")
    assert (answered, problem["code"]) == (404, "deployment.not_found")


def test_it_tells_its_health(server):
    assert [asked(server[1], "GET", path)[2]["status"] for path in ("/health", "/ready")] == ["ok", "ready"]


@pytest.mark.parametrize("is_there", [True, False])
def test_the_image_s_health_check_finds_out_whether_the_server_lives(instructions, python, server, is_there):
    command = dict(instructions)["HEALTHCHECK"].partition(" CMD ")[2]
    variables = {"PATH": f"{python.parent}{os.pathsep}{os.defpath}", "PORT": str(server[1] if is_there else 1)}
    done = subprocess.run(["sh", "-c", command], env=variables, capture_output=True, check=False)
    assert (done.returncode == 0) == is_there


def test_a_predictor_that_is_killed_comes_back_and_callers_are_told_to_ask_again(server, ask, sample, eventually):
    process, port = server
    (predictor,) = psutil.Process(process.pid).children()
    predictor.kill()
    code, headers, problem = eventually(lambda: (told := ask({"rows": sample}))[0] != 200 and told)
    assert (code, problem["code"]) == (503, "deployment.unavailable")
    assert int(headers["retry-after"]) > 0
    assert status(port, "/health") == 200
    assert eventually(lambda: ask({"rows": sample})[0] == 200)


def test_it_ends_together_with_its_predictor(context, command, variables, eventually):
    process = subprocess.Popen(command, cwd=context, env=variables)
    (predictor,) = eventually(lambda: psutil.Process(process.pid).children())
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    assert not predictor.is_running()


def test_bytes_that_have_changed_are_not_unpickled_and_the_server_ends(context, command, variables, tmp_path):
    spoilt = tmp_path / "app"
    shutil.copytree(context, spoilt)
    path = spoilt / "model" / PIPELINE
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    done = subprocess.run(command, cwd=spoilt, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "pipeline.pkl is not what was exported" in done.stderr


def test_a_folder_that_holds_no_model_is_said(command, variables, tmp_path, container):
    done = subprocess.run(
        [*command[:-1], str(tmp_path)],
        cwd=container,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "manifest.json cannot be read" in done.stderr
