"""The house's name on a page for strangers: read seldom, and left out if it cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.pipeline import installed
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, make_engine
from upstage_crm.organisation.settings import details
from upstage_crm.web.house_name import FRESH_S, HouseNames
from upstage_crm.wiring import Runtime

pytestmark = pytest.mark.each_database


@pytest.fixture
def parts(database: Database, clock: FrozenClock) -> Iterator[Runtime]:
    with installed(database, clock) as made:
        yield made


def test_the_house_is_named_and_a_dead_database_only_leaves_it_out(parts: Runtime) -> None:
    with parts.database.reading() as session:
        name = details(session).name
    dead = replace(parts, database=Database(make_engine("sqlite:////nowhere/at/all.db")))
    here, now = [parts], [0.0]
    names = HouseNames(lambda: here[0], lambda: now[0])

    first = asyncio.run(names.now())
    here[0] = dead
    remembered = asyncio.run(names.now())
    now[0] = FRESH_S
    after = asyncio.run(names.now())

    assert name
    assert (first, remembered, after) == (name, name, "")
