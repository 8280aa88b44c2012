"""What tests of the pages' states ask for besides a database and a clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.factories import NEW, OLD, Desk
from tests.support.pipeline import Pipeline, installed, sign_in
from tests.support.venue import Venue
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.staff.roles import Role
from upstage_crm.upstage_crm import PUBLIC_HANDLERS
from upstage_crm.wiring import Runtime


@pytest.fixture
def made(database: Database, clock: FrozenClock) -> Iterator[Runtime]:
    """The process's runtime over an empty database of each kind."""
    with installed(database, clock) as runtime:
        yield runtime


@pytest.fixture
async def pipeline() -> AsyncIterator[Pipeline]:
    """The events of the app, with the handlers that are public in production."""
    async with Pipeline(PUBLIC_HANDLERS) as running:
        yield running


@pytest.fixture
def venue(made: Runtime, clock: FrozenClock) -> Venue:
    """A venue with one patron, one request and their mails."""
    desk = Desk(made.database, clock)
    patron = desk.patron(OLD, "Mara", "Okonkwo")
    desk.propose(patron, NEW)
    desk.deliver()
    dana = sign_in(made.database, Role.OWNER, at=clock.now(), name="Dana Reyes")
    return Venue(made, desk, clock, patron.number, dana)
