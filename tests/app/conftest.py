"""What tests of the commands ask for besides a database and a clock."""

from __future__ import annotations

import pytest

from tests.support.attack import Scene
from tests.support.engine import Engine
from tests.support.factories import Desk
from tests.support.keyring import SECRET_KEYS
from tests.support.thresholds import tighten
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.staff.roles import Role, StaffMember


@pytest.fixture
def desk(database: Database, clock: FrozenClock) -> Desk:
    """A venue over an empty database of each kind."""
    return Desk(database, clock)


@pytest.fixture
def engine(database: Database, clock: FrozenClock) -> Engine:
    """The same with every second step."""
    return Engine(database, clock)


@pytest.fixture
def watched_engine(database: Database, clock: FrozenClock) -> Engine:
    """The same with tripwires that are quickly tripped; ask for it as `engine`."""
    tighten(database)
    return Engine(database, clock, is_watched=True)


@pytest.fixture
def vic(engine: Engine) -> StaffMember:
    """A clerk."""
    return engine.staff("Vic", Role.BOX_OFFICE)


@pytest.fixture
def rosa(engine: Engine) -> StaffMember:
    """A manager."""
    return engine.staff("Rosa", Role.MANAGER)


@pytest.fixture
def scene(desk: Desk) -> Scene:
    resting = desk.patron(given_name="Ina")
    desk.set_status(resting, PatronStatus.INACTIVE)
    mara = desk.patron(
        phone="+1 212 555 0101",
        address_line1="1 Main Street",
        address_city="Springfield",
        address_country="US",
        date_of_birth="1961-03-04",
    )
    ole = desk.patron(email="ole@example.com", given_name="Ole", family_name="")
    request, link = desk.asked(mara)
    phone_request = desk.propose(ole, changes={"phone": {"phone": "+1 212 555 0199"}})
    return Scene(desk, mara, ole, request, link, phone_request)


@pytest.fixture
def operator(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's environment around the test's database."""
    monkeypatch.setenv("UPSTAGE_DATABASE_URL", database_url)
    monkeypatch.setenv("UPSTAGE_SECRET_KEYS", SECRET_KEYS)
