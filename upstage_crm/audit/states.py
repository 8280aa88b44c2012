"""What a recorded subject is, as one text: made by the database, compared column by column.

One statement reads all rows of a subject as a JSON object of lists, a list for each table. What is
empty is left out of the text that the trail commits to, so a column or a table that comes with a
later revision changes nothing about older commitments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from upstage_crm.audit.chain import canonical
from upstage_crm.audit.proven_rows import Part, Subject
from upstage_crm.core.db import UtcDateTime

State = dict[str, list[dict[str, Any]]]

_HORIZON = "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
GONE = "null"  # what is committed to for a subject whose own row was deleted


def committed_text(subject: Subject, raw: str) -> str:
    """The state as it is committed to: what is empty is left out, a secret is its hash."""
    read: State | None = json.loads(raw)
    if read is None:
        return GONE
    secrets = {part.table: part.secrets for part in subject.parts}
    return canonical(
        {
            table: [
                {
                    name: digest(value) if name in secrets[table] else value
                    for name, value in row.items()
                    if value is not None
                }
                for row in rows
            ]
            for table, rows in read.items()
            if rows
        }
    )


def digest(value: object) -> str:
    """What is committed to of a secret."""
    return hashlib.sha256(str(value).encode()).hexdigest()


def differences(subject: Subject, committed: str, now: str) -> list[str]:
    """Where two states differ, as `table id: column, column`; empty when they mean the same.

    A column that came with a later revision is empty in an older state; so is a whole table.
    """
    before: State = json.loads(committed) or {}
    after: State = json.loads(now) or {}
    found: list[str] = []
    for part in subject.parts:
        old = {str(row[part.key]): row for row in before.get(part.table, [])}
        new = {str(row[part.key]): row for row in after.get(part.table, [])}
        for key in sorted(old.keys() | new.keys()):
            if key not in new:
                found.append(f"{part.table} {key}: gone")
            elif key not in old:
                found.append(f"{part.table} {key}: unknown")
            elif columns := _other_columns(part, old[key], new[key]):
                found.append(f"{part.table} {key}: {', '.join(columns)}")
    return found


def _other_columns(part: Part, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [
        name
        for name in sorted(old.keys() | new.keys())
        if name not in part.rest
        and old.get(name) != new.get(name)
        and (name in old or str(new[name]) not in _born_with(part.table, name))
    ]


def _born_with(table: str, name: str) -> tuple[str, ...]:
    """What a column holds in rows that are older than itself, where that is not empty.

    SQLite holds a flag as a number, PostgreSQL as what it is.
    """
    default = SQLModel.metadata.tables[table].columns[name].server_default
    if not isinstance(default, sa.DefaultClause):
        return ()
    if isinstance(default.arg, sa.False_):
        return ("0", "False")
    return (str(default.arg),)


@cache
def statement(subject: Subject, dialect: str) -> sa.TextClause:
    """What reads subjects by their `ids`: `id`, `patron_id` and `state`."""
    return _build(subject, dialect, "")


@cache
def statement_with_newest(subject: Subject, dialect: str) -> sa.TextClause:
    """The same with the newest entry about each, `seq`."""
    return _build(subject, dialect, _newest(subject, dialect))


@cache
def statement_of_proof(subject: Subject, dialect: str) -> sa.TextClause:
    """The same again for the one subject `row_id`, so that a proof is one statement.

    For one and not for several: with a list of ids SQLAlchemy writes the whole text each time.
    On PostgreSQL with `horizon`, the oldest transaction that was still running, and `seen`, the
    lines of the log of touched rows that it and younger ones had committed.
    """
    newest = _newest(subject, dialect)
    if dialect == "postgresql":
        newest += (
            f", {_HORIZON} AS horizon, ARRAY(SELECT n FROM touched_row "  # noqa: S608  # names of ours
            f"WHERE tx >= {_HORIZON} AND {_is_about(subject, dialect)}) AS seen"
        )
    return sa.text(_text_of(subject, dialect, newest, "= :row_id"))


def _newest(subject: Subject, dialect: str) -> str:
    where = _is_about(subject, dialect)
    return f", (SELECT max(seq) FROM recorded_row WHERE {where}) AS seq"  # noqa: S608  # names of ours


def _is_about(subject: Subject, dialect: str) -> str:
    return f"subject = '{subject.name}' AND row_id = {_id(subject, dialect)}"


def _build(subject: Subject, dialect: str, extra: str) -> sa.TextClause:
    text = _text_of(subject, dialect, extra, "IN :ids")
    return sa.text(text).bindparams(sa.bindparam("ids", expanding=True))


def _text_of(subject: Subject, dialect: str, extra: str, which: str) -> str:
    root = subject.parts[0]
    patron = f"t.{subject.patron}" if subject.patron else "NULL"
    return (
        f"SELECT {_id(subject, dialect)} AS id, {patron} AS patron_id, "  # noqa: S608  # names of ours
        f"{_state(subject, dialect)} AS state{extra} FROM {root.table} t "
        f"WHERE {_id(subject, dialect)} {which}"
    )


def has_number(subject: str) -> bool:
    """Whether the ids of a subject are numbers, which are compared as text.

    An id that is a text is compared as it is: no index would find the row of a cast.
    """
    return isinstance(SQLModel.metadata.tables[subject].c.id.type, sa.Integer)


def _id(subject: Subject, dialect: str) -> str:
    return _text("t.id", dialect) if has_number(subject.name) else "t.id"


def _state(subject: Subject, dialect: str) -> str:
    root, *children = subject.parts
    members = [f"'{root.table}', {_list(_object(root, 't', dialect), dialect)}"]
    members += [f"'{part.table}', {_rows(part, dialect)}" for part in children]
    build = "json_object" if dialect == "sqlite" else "json_build_object"
    return _text(f"{build}({', '.join(members)})", dialect)


def _list(item: str, dialect: str) -> str:
    return f"json_array({item})" if dialect == "sqlite" else f"json_build_array({item})"


def _rows(part: Part, dialect: str) -> str:
    one = _object(part, "c", dialect)
    where = f"FROM {part.table} c WHERE c.{part.subject} = t.id"
    if dialect == "sqlite":
        inner = f"SELECT {one} AS o {where} ORDER BY c.{part.key}"
        return f"(SELECT json_group_array(json(o)) FROM ({inner}))"  # noqa: S608  # names of ours
    return f"(SELECT coalesce(json_agg({one} ORDER BY c.{part.key}), CAST('[]' AS json)) {where})"


def _object(part: Part, alias: str, dialect: str) -> str:
    """One row as a JSON object; `key` stands in it even where it decides nothing."""
    columns = [c for c in _columns(part.table) if c.name not in part.rest]
    members = ", ".join(f"'{c.name}', {_column(c, alias, dialect)}" for c in columns)
    return f"json_object({members})" if dialect == "sqlite" else f"json_build_object({members})"


def _column(column: sa.Column[Any], alias: str, dialect: str) -> str:
    name = f"{alias}.{column.name}"
    if dialect == "postgresql" and isinstance(column.type, UtcDateTime):
        # As text an instant would depend on the session's time zone.
        return f"CAST(extract(epoch FROM {name}) * 1000000 AS bigint)"
    return name


def _columns(table: str) -> list[sa.Column[Any]]:
    return list(SQLModel.metadata.tables[table].columns)


def _text(expression: str, dialect: str) -> str:
    return f"CAST({expression} AS {'TEXT' if dialect == 'sqlite' else 'text'})"
