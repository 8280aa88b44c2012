"""The keys of tests, and how a test's database comes to sign with them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, SQLModel

from upstage_crm.audit import opening, seals, trail, vouching
from upstage_crm.audit.proven_rows import SEALED
from upstage_crm.audit.signing import KeyRing
from upstage_crm.core.db import Database, make_engine
from upstage_crm.core.migrations import upgrade

SECRET = b"k" * 32
SECRET_KEYS = f"test-key:{base64.b64encode(SECRET).decode()}"  # as an operator sets it
RING = KeyRing([("test-key", SECRET)])
OTHER_RING = KeyRing([("other", b"o" * 32), ("test-key", SECRET)])  # after a rotation
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

_LAST = sa.text("SELECT coalesce(max(n), 0) FROM touched_row")
_TOUCHED = sa.text("SELECT DISTINCT subject, row_id FROM touched_row WHERE n > :since")


def attach(database: Database, ring: KeyRing = RING) -> Database:
    """Let the database sign; its trail is opened if nothing was signed yet."""
    trail.attach(database, ring)
    with database.transaction() as session:
        if opening.key_in_force(session) is None:
            opening.open_trail(session, now=LONG_AGO)
    return database


def opened(url: str) -> Database:
    """The migrated database at an address, which signs."""
    database = Database(make_engine(url))
    upgrade(database.engine)
    return attach(database)


def rotate(database: Database, *, to: KeyRing, now: datetime) -> None:
    """Let the first key of another ring sign from now on, as a start with new keys does."""
    trail.attach(database, to)
    with database.transaction() as session:
        opening.open_trail(session, now=now)


def over(connection: Connection) -> Session:
    """A session over a connection of the test's own, with the keys of `RING`."""
    session = Session(bind=connection)
    vouching.give_keys(session.info, RING)
    return session


def refusals_off(connection: Connection) -> None:
    """Drop the guards that refuse, and keep those that write the log of touched rows."""
    if connection.dialect.name == "postgresql":
        query, drop = "SELECT proname FROM pg_proc WHERE starts_with(proname, 'guard_')", "FUNCTION"
    else:
        query, drop = "SELECT name FROM sqlite_master WHERE type = 'trigger'", "TRIGGER"
    for name in connection.exec_driver_sql(query).scalars().all():
        if not name.startswith("guard_touch"):
            cascade = " CASCADE" if drop == "FUNCTION" else ""
            connection.exec_driver_sql(f"DROP {drop} {name}{cascade}")


def arrange(session: Session, statement: str, values: dict[str, object], *, now: datetime) -> None:
    """Run raw SQL as an arrangement of a test: the rows that it wrote are recorded or sealed.

    What an attacker writes goes through the engine instead, past every session.
    """
    connection = session.connection()
    since = connection.execute(_LAST).scalar_one()
    connection.execute(sa.text(statement), values)
    touched = {(a, b) for a, b in connection.execute(_TOUCHED, {"since": since})}
    for table, row_id in touched:
        if table in SEALED:
            _seal_again(session, table, row_id)
    session.info["proven"] |= touched
    if touched:
        trail.record(session, [], now=now)


def _seal_again(session: Session, name: str, row_id: str) -> None:
    table, key = SQLModel.metadata.tables[name], SEALED[name].key
    is_this = sa.and_(
        *(table.c[c] == part for c, part in zip(key, row_id.split("/", len(key) - 1), strict=True))
    )
    connection = session.connection()
    row = connection.execute(sa.select(table).where(is_this)).mappings().first()
    if row is not None:
        seal = seals.seal(session, name, row)
        connection.execute(sa.update(table).where(is_this).values(seal=seal))
