"""Seals rows when they are born, and tells a row of ours from one that plain SQL wrote.

A seal is a keyed hash over the table, the row's key and every frozen column; the key is not in the
database. It says nothing of the columns that go on changing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping
from sqlmodel import Session, SQLModel

from upstage_crm.audit import vouching
from upstage_crm.audit.chain import canonical, instant_text
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.proven_rows import SEALED

Row = Mapping[str, Any] | RowMapping


def seal(session: Session, table: str, values: Row) -> str:
    """The seal of a row of `table` with these values; all that is frozen must be among them."""
    return vouching.keys_of(session).ring.seal(_message(table, values))


def put(session: Session, row: SQLModel) -> None:
    """Seal `row` as it is now."""
    table = str(row.__tablename__)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # SQLModel's hint
    row.seal = seal(session, table, row.model_dump())  # every sealed row has it


def is_sealed(session: Session, table: str, values: Row) -> bool:
    """Whether the row is what was sealed; one that is not is remembered for the next check."""
    if vouching.keys_of(session).ring.is_sealed(values["seal"], _message(table, values)):
        return True
    vouching.keys_of(session).suspects.append((table, row_id(table, values)))
    return False


def is_former(session: Session, values: Row) -> bool:
    """Whether the seal names a key that has left the ring: it can be neither proven nor refuted.

    Nothing acts on such a row, but it is no finding either.
    """
    kid, _, _ = str(values["seal"] or "").rpartition(":")
    return kid not in vouching.keys_of(session).ring.public_keys and vouching.is_former(
        session, kid
    )


def prove(session: Session, table: str, values: Row) -> None:
    """See that a sealed row is what was sealed.

    Raises:
        RowNotProven: it is not.
    """
    if not is_sealed(session, table, values):
        raise RowNotProven(subject=table, row_id=row_id(table, values), problem=Problem.SEAL)


def row_id(table: str, values: Row) -> str:
    """How the log of touched rows names the row."""
    return "/".join(str(values[name]) for name in SEALED[table].key)


def _message(table: str, values: Row) -> bytes:
    names = (*SEALED[table].key, *SEALED[table].frozen)
    return canonical([table, *(_plain(values[name]) for name in names)]).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant_text(value)
    return str(value) if isinstance(value, str) else value  # an enum is a text, too
