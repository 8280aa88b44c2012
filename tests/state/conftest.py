"""What tests of the pages' states ask for besides a database and a clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.pipeline import Pipeline, installed
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
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
