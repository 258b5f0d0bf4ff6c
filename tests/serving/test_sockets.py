"""Sockets are their owner's alone: nobody else can connect to one, or stand where one is looked for."""

from __future__ import annotations

import os
import socket
import stat

import pytest

from workbench.errors import EngineFault
from workbench.server import jupyter
from workbench.serving import sockets
from workbench.serving.client import Client
from workbench.settings import Settings


@pytest.fixture
def settings(tmp_path_factory) -> Settings:
    """Settings of a home whose path is short enough for sockets inside."""
    return Settings(home=tmp_path_factory.mktemp("h"))


@pytest.fixture
def anothers(monkeypatch):
    """Be another user than the one who made the files here."""
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)


def test_a_socket_and_its_folder_are_the_owners_alone(tmp_path):
    path = tmp_path / "s" / "a.sock"
    with sockets.listen(path):
        assert [stat.S_IMODE(made.stat().st_mode) for made in (path.parent, path)] == [0o700, 0o600]


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_that_is_open_to_others_is_neither_listened_nor_asked_in(settings, mode):
    settings.sockets.mkdir()
    settings.sockets.chmod(mode)
    for use in (lambda: sockets.listen(settings.api_socket), lambda: Client(settings).post("/", b"", timeout_s=1)):
        with pytest.raises(EngineFault, match="is open to others") as raised:
            use()
        assert raised.value.code == "service.not_started"


def test_a_folder_of_another_user_is_neither_listened_nor_asked_in(settings, anothers):
    settings.sockets.mkdir(mode=0o700)
    for use in (lambda: sockets.listen(settings.api_socket), lambda: Client(settings).post("/", b"", timeout_s=1)):
        with pytest.raises(EngineFault, match="is another user's"):
            use()


def test_jupyter_is_not_sent_where_another_user_may_answer(settings, monkeypatch, anothers):
    monkeypatch.setenv("WORKBENCH_HOME", str(settings.home))
    with pytest.raises(EngineFault, match="is another user's"):
        jupyter.proxied()


def test_where_a_homes_path_is_too_long_its_sockets_lie_in_a_folder_of_its_own(tmp_path):
    one, other = (Settings(home=tmp_path / ("long" * 25) / name) for name in ("one", "other"))
    assert one.sockets != other.sockets
    assert [each.sockets.parent.name for each in (one, other)] == ["tmp", "tmp"]


def test_a_sweep_removes_what_nobody_listens_on_and_nothing_else(tmp_path):
    folder = tmp_path / "s"
    sockets.listen(folder / "dead.sock").close()
    (folder / "notes.txt").touch()
    busy = socket.socket(socket.AF_UNIX)
    busy.bind(str(folder / "busy.sock"))
    busy.listen(0)
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(str(folder / "busy.sock"))
    with sockets.listen(folder / "alive.sock"):
        sockets.sweep(folder)
    assert {path.name for path in folder.iterdir()} == {"alive.sock", "busy.sock", "notes.txt"}
    for each in (busy, waiting):
        each.close()


def test_a_sweep_leaves_a_folder_alone_that_is_open_to_others(tmp_path):
    sockets.listen(tmp_path / "s" / "dead.sock").close()
    (tmp_path / "s").chmod(0o755)
    sockets.sweep(tmp_path / "s")
    sockets.sweep(tmp_path / "nothing")
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["dead.sock"]
