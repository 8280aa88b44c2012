"""What tests of the commands ask for besides a database and a clock."""

from __future__ import annotations

import pytest

from tests.support.factories import Desk
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database


@pytest.fixture
def desk(database: Database, clock: FrozenClock) -> Desk:
    """A venue over an empty database of each kind."""
    return Desk(database, clock)
