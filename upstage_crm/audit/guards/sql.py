"""Pieces of SQL that the guards are made of, alike for both dialects. Pure.

SQLite says `IS NOT` where Postgres says `IS DISTINCT FROM`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# The patron behind a row, as SQL over its OLD values.
_PATRON_OF = {
    "patron": "OLD.id",
    "change_request": "OLD.patron_id",
    "field_change": "OLD.patron_id",
    "review": "(SELECT r.patron_id FROM change_request r WHERE r.id = OLD.request_id)",
    "desk_confirmation": "(SELECT r.patron_id FROM change_request r WHERE r.id = OLD.request_id)",
    "patron_freeze": "OLD.patron_id",
    "erasure": "OLD.patron_id",
    "record_change": "OLD.patron_id",
    "suppressed_address": "OLD.patron_id",
    "patron_session": "OLD.patron_id",
    "patron_sign_in": "OLD.patron_id",
    "audit_value": "(SELECT e.patron_id FROM audit_entry e WHERE e.seq = OLD.seq)",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """`event` on `table` is refused when `when` holds; `name` is what the refusal says."""

    name: str
    table: str
    event: str
    when: str


@dataclass(frozen=True, slots=True)
class Mark:
    """After an `event` on `table` that fits `when`, `then` is executed."""

    name: str
    when: str
    then: str
    table: str = "patron"
    event: str = "UPDATE"


def erasing(table: str) -> str:
    """Whether the patron behind the OLD row of `table` is being erased right now."""
    return (
        f"EXISTS (SELECT 1 FROM erasure x WHERE x.patron_id = {_PATRON_OF[table]} "
        "AND x.confirmed_at IS NOT NULL AND x.done_at IS NULL)"
    )


def is_same(dialect: str) -> str:
    """The operator for "equal, or both empty"."""
    return "IS" if dialect == "sqlite" else "IS NOT DISTINCT FROM"


def is_other(dialect: str) -> str:
    """The operator for "not equal, and not both empty"."""
    return "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"


def any_differs(columns: Sequence[str], dialect: str) -> str:
    """Whether an UPDATE changes any of `columns`."""
    return " OR ".join(f"NEW.{column} {is_other(dialect)} OLD.{column}" for column in columns)


def stands_already(table: str, key: str) -> str:
    """Whether a row of `table` has the NEW row's `key`: columns, separated by ", "."""
    match = " AND ".join(f"t.{column} = NEW.{column}" for column in key.split(", "))
    return f"EXISTS (SELECT 1 FROM {table} t WHERE {match})"


def moves(column: str, legal: Mapping[str, Sequence[str]]) -> str:
    """Whether an UPDATE moves `column` along one of the `legal` ways."""
    return " OR ".join(
        f"(OLD.{column} = '{start}' AND NEW.{column} IN ({', '.join(repr(e) for e in ends)}))"
        for start, ends in legal.items()
    )


def json_value(column: str, key: str, dialect: str) -> str:
    """The text under `key` in the JSON object that `column` holds."""
    if dialect == "sqlite":
        return f"json_extract({column}, '$.{key}')"
    return f"({column}::jsonb ->> '{key}')"


def row_id(row: str, key: Sequence[str], dialect: str) -> str:
    """The text that names a row in the log of touched rows; `row` is OLD or NEW."""
    kind = "TEXT" if dialect == "sqlite" else "text"
    return " || '/' || ".join(f"CAST({row}.{column} AS {kind})" for column in key)


def transaction(dialect: str) -> str:
    """One more value of the log: the number of the transaction, where numbers mislead."""
    return "" if dialect == "sqlite" else ", CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
