"""Thresholds that no test trips by chance: most tests are about something else than tripwires."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import Session

from tests.support.keyring import LONG_AGO, arrange
from upstage_crm.change_requests.model.policy import (
    DEFAULT,
    Policy,
    from_json,
    to_json,
)
from upstage_crm.change_requests.model.thresholds import Thresholds
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
    """Write strict thresholds into the policy."""
    with database.transaction() as session:
        _store(session, replace(_stored(session), thresholds=STRICT))


def relax(database: Database) -> None:
    """Write generous thresholds into the policy, unless a test chose its own."""
    with database.transaction() as session:
        stored = _stored(session)
        if stored.thresholds == DEFAULT.thresholds:
            _store(session, replace(stored, thresholds=GENEROUS))


def _stored(session: Session) -> Policy:
    return from_json(session.connection().scalar(sa.text("SELECT settings FROM policy")))


def _store(session: Session, policy: Policy) -> None:
    update = "UPDATE policy SET settings = :settings"
    arrange(session, update, {"settings": to_json(policy)}, now=LONG_AGO)
