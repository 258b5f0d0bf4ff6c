from __future__ import annotations

import pytest

from workbench.access.actor import Actor
from workbench.access.permissions import Role
from workbench.workbench import Workbench


@pytest.fixture
def mine(workbench) -> Workbench:
    """The home, opened for an owner from somewhere."""
    return workbench.on_behalf_of(Actor("olga", Role.OWNER, origin="http 192.0.2.7", is_administrator=True))
