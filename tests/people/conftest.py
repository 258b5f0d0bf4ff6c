from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.data.servers import postgres  # noqa: F401 - a fixture
from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.people.identity import HUB_USER
from workbench.settings import Settings
from workbench.store.store import open_store
from workbench.workbench import Workbench, connect


@pytest.fixture
def workbench(settings: Settings) -> Iterator[Workbench]:
    """A workbench on a fresh home; nothing here has a service started."""
    opened = connect(settings)
    yield opened
    opened.close()


@pytest.fixture
def acting(workbench: Workbench) -> Callable[..., Workbench]:
    """Make somebody a member of a workspace of the home, and open it for them."""

    def act(name: str, role: str = "editor", *, of: Workbench = workbench) -> Workbench:
        of.workspaces.set_role(name, role)
        return of.on_behalf_of(Actor(name, Role(role), origin="python"))

    return act


@pytest.fixture
def stranger(workbench: Workbench) -> Workbench:
    """The home, open for somebody who is no member of anything."""
    return workbench.on_behalf_of(Actor("mallory", None, origin="python"))


def address(postgres, name: str) -> str:  # noqa: F811 - the fixture that is imported
    return f"postgresql+psycopg://workbench:{quote(postgres.password, safe='')}@127.0.0.1:{postgres.port}/{name}"


@pytest.fixture(scope="session")
def template(postgres, tmp_path_factory: pytest.TempPathFactory) -> str:  # noqa: F811 - the fixture that is imported
    """Name of a database on a server that Alembic has migrated, to be copied and not used."""
    name = "people"
    postgres.execute(f"CREATE DATABASE {name}")
    home = tmp_path_factory.mktemp("template")
    open_store(Settings(home=home, database_url=address(postgres, name), artifact_url="")).close()
    return name


@pytest.fixture
def server(postgres, template: str) -> str:  # noqa: F811 - the fixture that is imported
    """URL of a fresh database on a server."""
    name = f"people_{secrets.token_hex(4)}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return address(postgres, name)


@pytest.fixture
def opened_by(server: str, tmp_path: Path) -> Iterator[Callable[..., Workbench]]:
    """Open the database on the server as somebody whom JupyterHub calls so, each with a home folder of their own."""
    opened: list[Workbench] = []

    def open_by(name: str, **chosen: str) -> Workbench:
        settings = Settings(home=tmp_path / name, database_url=server, artifact_url="")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(HUB_USER, name)
            opened.append(connect(settings, **chosen))
        return opened[-1]

    yield open_by
    for each in opened:
        each.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest) -> Workbench:
    """A home on each kind of database, opened by its administrator."""
    if request.param == "sqlite":
        return request.getfixturevalue("workbench")
    return request.getfixturevalue("opened_by")("root")
