"""``workbench serve``: the home's API in the foreground, where others reach it."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli import render
from workbench.cli.opened import connect
from workbench.errors import BadRequest
from workbench.service import lifecycle
from workbench.service.api import check_place
from workbench.service.lifecycle import ServiceState
from workbench.settings import Settings
from workbench.workbench import Workbench

_LOOK_S = 0.5
_HINT = "Name a certificate by --certfile; where a proxy before it speaks TLS, say --insecure-http."
_ASKED = ("api_host", "api_port", "api_certfile", "api_keyfile")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: that of last time.")] = None,
    certfile: Annotated[Path | None, typer.Option(help="Certificate with its chain, as PEM: TLS is spoken.")] = None,
    keyfile: Annotated[Path | None, typer.Option(help="Its private key; default: in the same file.")] = None,
    insecure_http: Annotated[
        bool,
        typer.Option("--insecure-http", help="Listen beyond this machine without TLS: a proxy before it speaks it."),
    ] = False,
) -> None:
    """Serve the home's API until Ctrl-C.

    A home has one API, which its service runs. Where the service runs already as it is asked for here, it goes on when
    this command ends; where this command started it, it stops. Where it runs otherwise, it is started anew as is asked
    for here, and as it was when this command ends: each time its deployments do not answer for a few seconds. Runs
    under way go on.
    """
    told = dict(zip(_ASKED, (host, port, certfile, keyfile), strict=True))
    asked: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    workbench = connect(**asked)
    _check_certificate(workbench.settings)
    _check_reach(workbench.settings, is_proxied=insecure_http)
    with _interruptible(), _running(workbench, asked):
        address = lifecycle.api_address(workbench.settings)
        render.console.print(f"{address}/api/v1", markup=False, soft_wrap=True)
        render.console.print("`workbench key create NAME --scope SCOPE` makes a key for whoever calls.", markup=False)
        for record in workbench.deployments.records():
            render.console.print(f"{record.slug}: {record.status}", markup=False)
        while workbench.service.state() is not None:
            time.sleep(_LOOK_S)


def _check_reach(settings: Settings, *, is_proxied: bool) -> None:
    """Refuse to have keys go over a network where whoever is on it can read them."""
    if not (_is_here(settings.api_host) or settings.api_certfile is not None or is_proxied):
        raise BadRequest(
            "settings.invalid", f"On {settings.api_host} others could read the keys that are sent.", hint=_HINT
        )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_certificate(settings: Settings) -> None:
    if settings.api_certfile is None:
        if settings.api_keyfile is not None:
            raise BadRequest("settings.invalid", "A key is of no use without its certificate.", hint=_HINT)
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.api_certfile, settings.api_keyfile, password=_refuse_password
        )
    except (OSError, ValueError) as error:
        raise BadRequest(
            "settings.invalid",
            f"{settings.api_certfile} and its key cannot be used: {error}.",
            hint="Both are PEM files, and the key has no password.",
        ) from error


def _refuse_password() -> str:
    raise ValueError("the key has a password")


@contextlib.contextmanager
def _running(workbench: Workbench, asked: dict[str, Any]) -> Iterator[None]:
    """See that the service runs as it is asked for; leave it as it was found."""
    found = workbench.service.state()
    if found is not None and _fits(found, workbench.settings, asked):
        yield
        return
    settings = workbench.settings
    # What it has it can have again.
    is_its_own = found is not None and found.api_port == settings.api_port
    check_place(settings.api_host, 0 if is_its_own else settings.api_port)
    if found is not None:
        # Its settings are read once, when it starts.
        told = "The service runs otherwise than is asked for, and is started anew; its deployments answer in a moment."
        render.progress_console.print(told, markup=False)
        workbench.service.stop()
    try:
        workbench.service.start()
        yield
    finally:
        workbench.service.stop()
        if found is not None:
            connect().service.start()


def _fits(found: ServiceState, settings: Settings, asked: dict[str, Any]) -> bool:
    wanted, runs = settings.environment(), found.settings
    same = all(
        runs.get(name) == wanted[name] for name in (f"WORKBENCH_{one.upper()}" for one in asked if one != "api_port")
    )
    return same and asked.get("api_port") in (None, found.api_port)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """End well on Ctrl-C, and on what a supervisor sends."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)
