"""The keys of tests, and how a test's database comes to sign with them."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import opening, trail
from upstage_crm.audit.signing import KeyRing
from upstage_crm.core.db import Database

SECRET = b"k" * 32
RING = KeyRing([("test-key", SECRET)])
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def attach(database: Database, ring: KeyRing = RING) -> Database:
    """Let the database sign; its trail is opened if nothing was signed yet."""
    trail.attach(database, ring)
    with database.transaction() as session:
        if opening.key_in_force(session) is None:
            opening.open_trail(session, now=LONG_AGO)
    return database


def arrange(session: Session, statement: str, values: dict[str, object], *, now: datetime) -> None:
    """Run raw SQL as an arrangement of a test: the trail commits to what it wrote.

    What an attacker writes goes through the engine instead, past every session.
    """
    connection = session.connection()
    since = session.info["touched_since"]
    connection.execute(sa.text(statement), values)
    query = sa.text("SELECT subject, row_id FROM touched_row WHERE n > :since")
    session.info["proven"] |= {(a, b) for a, b in connection.execute(query, {"since": since})}
    if session.info["proven"]:
        trail.record(session, [], now=now)
