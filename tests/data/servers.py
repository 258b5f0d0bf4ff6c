"""Real servers to read tables from, on this machine alone: PostgreSQL, S3, and a relay that breaks off."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import MISSING
from tests.ports import HOST, kept_port

_USER = "workbench"


@dataclass(frozen=True)
class Postgres:
    """A server of one's own; each test makes the tables that it reads."""

    port: int
    password: str

    def url(self, password: str = "${WORKBENCH_TEST_PASSWORD}", port: int | None = None) -> str:
        return f"postgresql://{_USER}:{password}@{HOST}:{port or self.port}/postgres"

    def empty_database(self) -> str:
        """Make one, and return what `Settings.database_url` takes."""
        name = f"made_{secrets.token_hex(4)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{_USER}:{quote(self.password, safe='')}@{HOST}:{self.port}/{name}"

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Carry out statements, and return the rows of the last one."""
        with self.connected() as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def connected(self) -> Any:
        """Connect; each statement is carried out for itself."""
        import psycopg

        about = {"host": HOST, "port": self.port, "user": _USER, "password": self.password, "dbname": "postgres"}
        return psycopg.connect(**about, autocommit=True)


@dataclass(frozen=True)
class S3:
    """A server of one's own, which checks signatures."""

    port: int
    key: str
    secret: str

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def options(self) -> dict[str, Any]:
        """Options of a source, to be used under the environment of `environment`."""
        return {"endpoint_url": self.endpoint, "key": "${WORKBENCH_TEST_KEY}", "secret": "${WORKBENCH_TEST_SECRET}"}

    def environment(self) -> dict[str, str]:
        return {"WORKBENCH_TEST_KEY": self.key, "WORKBENCH_TEST_SECRET": self.secret}

    def put(self, bucket: str, key: str, content: bytes) -> None:
        client = _client("s3", self.port, self.key, self.secret)
        with suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            client.create_bucket(Bucket=bucket)
        client.put_object(Bucket=bucket, Key=key, Body=content)


@pytest.fixture(scope="session")
def postgres(eventually: Callable[..., Any]) -> Iterator[Postgres]:
    """A PostgreSQL server on a port of its own."""
    programs, user = _postgres_programs(), _unprivileged()
    with tempfile.TemporaryDirectory(prefix="workbench-postgres-") as made:
        folder, made_by = Path(made), {}
        password = f"p/{secrets.token_hex(8)}@w"
        (folder / "password").write_text(password)
        if user is not None:
            made_by = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            for path in (folder, folder / "password"):
                os.chown(path, user.pw_uid, user.pw_gid)
        quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, **made_by}
        make = f"-D data -U {_USER} --pwfile=password --auth=scram-sha-256 --no-sync --no-locale -E UTF8"
        subprocess.run([programs / "initdb", *make.split()], check=True, **quiet)
        with kept_port() as port, (folder / "log").open("wb") as log:
            serve = f"-D data -p {port} -k {folder} -c listen_addresses={HOST} -c fsync=off"
            with subprocess.Popen([programs / "postgres", *serve.split()], stderr=log, **quiet) as process:
                try:
                    server = Postgres(port, password)
                    eventually(lambda: process.poll() is not None or _answers(server))
                    assert process.poll() is None, (folder / "log").read_text()
                    yield server
                finally:
                    process.send_signal(signal.SIGINT)
                    process.wait(timeout=30)


@pytest.fixture
def postgres_password(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """The password, in the variable that `Postgres.url` names."""
    monkeypatch.setenv("WORKBENCH_TEST_PASSWORD", postgres.password)
    return postgres.password


@pytest.fixture(scope="session")
def s3(eventually: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """An S3 server on a port of its own, with one user who may do all."""
    port_file = tmp_path_factory.mktemp("s3") / "port"
    # Three requests make the user; from then on, each has to be signed by somebody.
    environment = os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": "3", "MOTO_PORT_FILE": str(port_file)}
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE_S3], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            eventually(lambda: server.poll() is not None or (port_file.is_file() and port_file.read_text()))
            assert server.poll() is None
            port = int(port_file.read_text())
            iam = _client("iam", port, "nobody", "nobody")
            iam.create_user(UserName=_USER)
            iam.put_user_policy(UserName=_USER, PolicyName="all", PolicyDocument=_ALLOW_ALL)
            made = iam.create_access_key(UserName=_USER)["AccessKey"]
            yield S3(port, made["AccessKeyId"], made["SecretAccessKey"])
        finally:
            server.kill()


_ALLOW_ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
_SERVE_S3 = """
import os, pathlib
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
pathlib.Path(os.environ["MOTO_PORT_FILE"]).write_text(str(server.server_port))
server.serve_forever()
"""


def _client(service: str, port: int, key: str, secret: str) -> Any:
    import boto3

    return boto3.client(
        service,
        endpoint_url=f"http://{HOST}:{port}",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
    )


def _postgres_programs() -> Path:
    """Find the folder of the server's programs: on PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return folders[-1].parent if folders else pytest.skip(f"{MISSING} postgresql")


def _answers(server: Postgres) -> bool:
    import psycopg

    with suppress(psycopg.OperationalError):
        return server.execute("SELECT 1") == [(1,)]
    return False


def _unprivileged() -> pwd.struct_passwd | None:
    """Return a user who may run the server, which refuses root; None: this one may."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    return pytest.skip(f"{MISSING} a user other than root, to run PostgreSQL")


class Relay:
    """Passes bytes between a client and a server, and breaks off its first connections after so many from the server.

    Parameters
    ----------
    cuts
        After how many bytes each connection in turn breaks off; the ones after them do not.
    """

    def __init__(self, port: int, cuts: list[int]) -> None:
        self._target, self._cuts = port, list(cuts)
        self.connections = 0
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for thread in self._threads:
            thread.join(timeout=10)

    def stop(self) -> None:
        """Take no more connections, and break off those that there are."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.break_off()

    def break_off(self) -> None:
        """Break off the connections that there are."""
        while self._open:
            one = self._open.pop()
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection((HOST, self._target))
            except OSError:
                return
            self.connections += 1
            left = self._cuts.pop(0) if self._cuts else None
            self._open += [client, server]
            for source, sink, most in ((client, server, None), (server, client, left)):
                thread = threading.Thread(target=_pass_on, args=(source, sink, most), daemon=True)
                self._threads.append(thread)
                thread.start()


def _pass_on(source: socket.socket, sink: socket.socket, most: int | None) -> None:
    passed = 0
    with suppress(OSError):
        while chunk := source.recv(65536):
            passed += len(chunk)
            if most is not None and passed > most:
                break
            sink.sendall(chunk)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
