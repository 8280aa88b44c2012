"""Proves that the database can be written: one row that is touched and stays.

A write that is rolled back proves nothing: on SQLite it never reaches the disk.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import SQLModel

from upstage_crm.core.db import Database, UtcDateTime

HEARTBEAT = sa.Table(
    "heartbeat",
    SQLModel.metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
)
_ONLY = HEARTBEAT.c.id == 1


def touch(database: Database, *, now: datetime) -> None:
    """Write `now` into the one row and commit; no page is told, because nothing has changed.

    Raises:
        sqlalchemy.exc.DBAPIError: it could not be written; see `core.db_trouble`.
    """
    with database.writing() as connection:
        touched = connection.execute(sa.update(HEARTBEAT).where(_ONLY).values(at=now))
        if not touched.rowcount:
            connection.execute(sa.insert(HEARTBEAT).values(id=1, at=now))
