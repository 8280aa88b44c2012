"""Many times the rows that a database holds: what the years leave behind, in seconds.

The database copies its rows itself, past the guards. The copies are evidence of nothing: the trail
does not tell of them. Tests and benches use them to see what a page costs when tables have grown.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from upstage_crm.audit.guards import triggers
from upstage_crm.change_requests.model.rules import (
    OPEN_OUTCOMES,
    OPEN_STATES,
    FieldOutcome,
    RequestState,
)
from upstage_crm.core.db import UtcDateTime
from upstage_crm.mail.delivery import MailState
from upstage_crm.tables import metadata
from upstage_crm.wiring import PROTECTED

TABLES = (
    "patron",
    "patron_term",
    "patron_tag",
    "change_request",
    "field_change",
    "review",
    "receipt",
    "audit_entry",
    "audit_value",
    "recorded_row",
    "mail_outbox",
)
_IDS = ("id", "patron_id", "request_id", "field_change_id", "after_id", "notice_id", "row_id")
_TEXTS = ("dedupe_key", "email_key", "hash", "reference")
_NUMBERS = ("seq", "number", "patron_number")
_STEP = 1_000_000  # the copies have numbers of their own, below those of the rows
_MONTH = timedelta(days=30)  # each copy is so much older than the one before
# What was open then has ended since.
_ENDED: dict[tuple[str, str], tuple[Collection[str], str]] = {
    ("change_request", "state"): (OPEN_STATES, RequestState.EXPIRED),
    ("field_change", "outcome"): (OPEN_OUTCOMES, FieldOutcome.LAPSED),
    ("mail_outbox", "state"): ((MailState.QUEUED, MailState.SENDING), MailState.SENT),
}
_CACHE_KB = 500_000
_MONTH_MS = _MONTH // timedelta(milliseconds=1)


def multiply(engine: Engine, times: int) -> None:
    """Copy every row of the tables that grow `times` times; `engine` is the owner's."""
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.driver_connection
            driver.create_function("older_id", 2, _older_id, deterministic=True)
            driver.create_function("older_time", 2, _older_time, deterministic=True)
            connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KB}")
        triggers.drop(connection)
        for name in TABLES:
            connection.exec_driver_sql(_copy(connection, name, times))
        triggers.install(connection, PROTECTED)
        if connection.dialect.name == "postgresql":
            # Its planner learns how long a table is; SQLite's is left as an installation's is.
            connection.exec_driver_sql("ANALYZE")


def _copy(connection: Connection, table: str, times: int) -> str:
    is_sqlite = connection.dialect.name == "sqlite"
    columns = metadata.tables[table].columns
    older = [_older(table, column, is_sqlite=is_sqlite) for column in columns]
    return (
        "WITH RECURSIVE copies(n) AS"  # names and numbers of ours
        f" (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < {times})"
        f" INSERT INTO {table} ({', '.join(column.name for column in columns)})"
        f" SELECT {', '.join(older)} FROM {table} CROSS JOIN copies"
    )


def _older(table: str, column: sa.Column[Any], *, is_sqlite: bool) -> str:
    """What the column held `n` months before, as SQL."""
    name = column.name
    if isinstance(column.type, UtcDateTime):
        if (table, name) == ("change_request", "ended_at"):
            name = "coalesce(ended_at, expires_at)"
        return f"older_time({name}, n)" if is_sqlite else f"{name} - n * interval '30 days'"
    if (table, name) in _ENDED:
        is_open, end = _ENDED[table, name]
        listed = ", ".join(f"'{value}'" for value in is_open)
        return f"CASE WHEN {name} IN ({listed}) THEN '{end}' ELSE {name} END"
    if name in _IDS:
        return f"older_id({name}, n)" if is_sqlite else _OLDER_ID.format(name=name)
    return _another(name, getattr(column.type, "length", None))


def _another(name: str, length: int | None) -> str:
    """Another text or number in place of one that is unique; the same of anything else."""
    if name in _TEXTS:
        return f"substr(n || '.' || {name}, 1, {length})"
    return f"{name} - n * {_STEP}" if name in _NUMBERS else name


# An id begins with its time; a row that is known by a name gets another name.
_OLDER_ID = (
    "CASE WHEN {name} ~ '^[0-9a-f]{{32}}$' THEN"
    " lpad(to_hex(('x0000' || substr({name}, 1, 12))::bit(64)::bigint"
    f" - n * {_MONTH_MS}::bigint), 12, '0')"
    " || substr({name}, 13) ELSE {name} || '.' || n END"
)


def _older_id(value: str | None, n: int) -> str | None:
    if value is None:
        return None
    try:
        return f"{int(value[:12], 16) - n * _MONTH_MS:012x}{value[12:]}"
    except ValueError:
        return f"{value}.{n}"


def _older_time(value: str | None, n: int) -> str | None:
    if value is None:
        return None
    return (datetime.fromisoformat(value) - n * _MONTH).isoformat(" ", "microseconds")
