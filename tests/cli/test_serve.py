"""``workbench serve``: one API a home, in the foreground, and no further than it is safe."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from tests.cli.conftest import Said
from workbench.workbench import Workbench


@pytest.fixture
def serving(start, workbench: Workbench, eventually) -> Iterator[Callable[..., tuple[Popen[str], str]]]:
    """Start the command on a fresh home; return its process and the address that it told."""
    started: list[Popen[str]] = []

    def serving(*arguments: object) -> tuple[Popen[str], str]:
        process = start(workbench.settings, "serve", *arguments)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield serving
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate of this machine and its key, for a day."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "cert.pem", folder / "key.pem"


def health(address: str, context: ssl.SSLContext | None = None) -> Any:
    with urllib.request.urlopen(f"{address}/health", timeout=30, context=context) as answer:
        return answer.headers, json.loads(answer.read())


def test_it_starts_the_service_and_stops_it_on_ctrl_c(serving, workbench):
    process, address = serving()
    assert health(address)[1]["status"] == "ok"
    assert process.stdout.readline().startswith("`workbench key create NAME")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert process.stderr.read() == ""
    assert workbench.service.state() is None


def test_a_service_that_it_found_goes_on(serving, workbench):
    workbench.service.start()
    workbench.service.wait()
    process, address = serving()
    assert address.endswith(f":{workbench.service.wait().api_port}/api/v1")
    process.terminate()
    assert process.wait(60) == 0
    assert health(address)[1]["status"] == "ok"


def test_by_a_certificate_it_speaks_tls_and_the_homes_own_socket_stays_plain(serving, workbench, certificate):
    certfile, keyfile = certificate
    process, address = serving("--certfile", certfile, "--keyfile", keyfile)
    assert address.startswith("https://127.0.0.1:")
    headers, told = health(address, ssl.create_default_context(cafile=certfile))
    assert (told["status"], headers["Strict-Transport-Security"]) == ("ok", "max-age=31536000")
    with socket.socket(socket.AF_UNIX) as own:
        own.connect(str(workbench.settings.api_socket))
        own.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert own.recv(65536).startswith(b"HTTP/1.1 200")
    process.terminate()
    assert process.wait(60) == 0


def test_where_it_cannot_listen_the_service_that_it_found_is_left_alone(say, workbench):
    workbench.service.start()
    before = workbench.service.wait()
    told: Said = say(workbench.settings, "serve", "--host", "no-such-host.invalid", "--insecure-http")
    told.refuses("no-such-host.invalid")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = say(workbench.settings, "serve", "--port", port)
        told.refuses(f"127.0.0.1:{port}: Address already in use")
    assert workbench.service.state().pid == before.pid


def test_a_service_that_runs_otherwise_is_started_anew_and_that_is_told(serving, workbench):
    workbench.service.start()
    before = workbench.service.wait()
    process, address = serving("--host", "0.0.0.0", "--insecure-http")
    assert health(address)[1]["status"] == "ok"
    assert workbench.service.state().pid != before.pid
    process.terminate()
    assert process.wait(60) == 0
    assert "started anew" in process.stderr.read()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_it_listens_beyond_this_machine_only_by_tls(say, workbench, host):
    told: Said = say(workbench.settings, "serve", "--host", host)
    told.refuses(f"On {host} others could read the keys", "--insecure-http")
    assert workbench.service.state() is None


def test_a_proxy_before_it_may_speak_tls_for_it(serving):
    _, address = serving("--host", "0.0.0.0", "--insecure-http")
    assert health(address)[1]["status"] == "ok"


def test_what_is_no_certificate_is_refused(say, workbench, certificate, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    say(workbench.settings, "serve", "--certfile", tmp_path / "empty.pem").refuses("cannot be used")
    say(workbench.settings, "serve", "--certfile", tmp_path / "none.pem").refuses("cannot be used")
    say(workbench.settings, "serve", "--keyfile", certificate[1]).refuses("without its certificate")
