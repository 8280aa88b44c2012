"""Thresholds that no test trips by chance: most tests are about something else than tripwires."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from upstage_crm.change_requests.policy import DEFAULT, from_json, to_json
from upstage_crm.change_requests.tripwires import Thresholds
from upstage_crm.core.db import Database

_MANY = 1_000_000
GENEROUS = Thresholds(
    at_speed=_MANY,
    at_once=_MANY,
    burst=_MANY,
    alone_at_once=_MANY,
    alone_per_hour=_MANY,
    per_hour=_MANY,
    per_domain=_MANY,
    per_common_domain=_MANY,
    high_value=_MANY,
    at_night=_MANY,
    attempts=_MANY,
    per_patron=_MANY,
    per_address=_MANY,
)


# Numbers that are quickly reached, each by itself: for tests of what becomes of the next one.
STRICT = Thresholds(
    at_speed=_MANY,
    at_once=2,
    burst=5,
    alone_at_once=_MANY,
    alone_per_hour=_MANY,
    per_hour=20,
    per_domain=2,
    per_common_domain=9,
    high_value=2,
    at_night=2,
    per_patron=5,
    per_address=5,
)


def tighten(database: Database) -> None:
    """Write strict thresholds into the policy that stands."""
    with database.transaction() as session:
        run = session.connection().execute
        stored = from_json(run(sa.text("SELECT settings FROM policy")).scalar_one())
        strict = to_json(replace(stored, thresholds=STRICT))
        run(sa.text("UPDATE policy SET settings = :settings"), {"settings": strict})


def relax(database: Database) -> None:
    """Write generous thresholds into the policy that stands, unless a test chose its own."""
    with database.transaction() as session:
        run = session.connection().execute
        stored = from_json(run(sa.text("SELECT settings FROM policy")).scalar_one())
        if stored.thresholds == DEFAULT.thresholds:
            generous = to_json(replace(stored, thresholds=GENEROUS))
            run(sa.text("UPDATE policy SET settings = :settings"), {"settings": generous})
