"""Many times the rows that a database holds: what a year leaves behind, in seconds.

Copies are made past the guards and are no evidence of anything: the trail does not tell of them.
They are for whoever asks what a page costs when tables have grown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from upstage_crm.tables import metadata
from upstage_crm.wiring import PROTECTED

TABLES = (
    "patron",
    "patron_term",
    "change_request",
    "field_change",
    "review",
    "audit_entry",
    "audit_value",
    "mail_outbox",
)
_IDS = ("id", "patron_id", "request_id", "field_change_id", "after_id", "notice_id")
_TEXTS = ("dedupe_key", "email_key", "hash", "reference")
_STEP = 1_000_000  # the copies have numbers of their own, below those of the rows
_MONTH = timedelta(days=30)
_AT_ONCE = 500


def multiply(engine: Engine, times: int) -> None:
    """Copy every row of the tables that grow `times` times; `engine` is the owner's."""
    with engine.begin() as connection:
        triggers.drop(connection)
        for name in TABLES:
            table = metadata.tables[name]
            rows = [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for copies in _in_parts(_copies(name, rows, times)):
                connection.execute(sa.insert(table), copies)
        triggers.install(connection, PROTECTED)
        _analyse(connection)


def _copies(name: str, rows: Sequence[Mapping[Any, Any]], times: int) -> Iterator[dict[str, Any]]:
    for number in range(1, times + 1):
        for row in rows:
            yield {
                **{key: _older(key, row[key], number) for key in row},
                **_ended(name, row, number),
            }


def _older(key: str, value: Any, number: int) -> Any:
    """The value as it was `number` months before."""
    if isinstance(value, datetime):
        return value - number * _MONTH
    if value is None:
        return None
    if key in _IDS:
        written = int(value[:12], 16) - number * (_MONTH // timedelta(milliseconds=1))
        return f"{written:012x}{value[12:]}"
    if key in _TEXTS:
        return f"{number}{value}"[:64]
    return value - number * _STEP if key in ("seq", "number") else value


def _ended(name: str, row: Mapping[Any, Any], number: int) -> dict[str, Any]:
    """What was open then has ended since."""
    if name == "change_request" and row["state"] in OPEN_STATES:
        ended_at = row["expires_at"] - number * _MONTH
        return {"state": RequestState.EXPIRED, "ended_at": ended_at}
    if name == "field_change" and row["outcome"] in OPEN_OUTCOMES:
        return {"outcome": FieldOutcome.LAPSED, "settled_at": row["settled_at"]}
    return {}


def _in_parts(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _analyse(connection: Connection) -> None:
    """PostgreSQL's planner learns how long a table is; SQLite's is left as an installation's is."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE")
