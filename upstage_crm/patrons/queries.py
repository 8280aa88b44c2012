"""Reads patrons."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from upstage_crm.audit import recorded
from upstage_crm.core.db import table_of
from upstage_crm.organisation.settings import home
from upstage_crm.patrons import tags
from upstage_crm.patrons.errors import AddressTaken, UnknownPatron
from upstage_crm.patrons.fields import DERIVED_COLUMNS, FIELDS, PROTECTED_COLUMNS
from upstage_crm.patrons.tables import PatronRow, PatronStatus, same_name
from upstage_crm.patrons.views import Duplicate, PatronRecord
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.staff.roles import Role

FREE_COLUMNS = ("preferred_name", "pronouns", "language", "time_zone", "note")


_patron = table_of(PatronRow)


# Every decision runs these. Built once: building them again takes longer than running them.
_SHARED = (
    select(PatronRow.status)
    .where(col(PatronRow.id) == sa.bindparam("id", type_=sa.String()))
    .with_for_update(read=True, key_share=True)
)
_LIVE_BY_KEY = sa.select(_patron.c.number).where(
    _patron.c.email_key == sa.bindparam("key"),
    _patron.c.status == PatronStatus.ACTIVE,
    _patron.c.id != sa.bindparam("besides"),
)


def locking(patron_id: sa.ColumnElement[str]) -> SelectOfScalar[PatronRow]:
    """The statement with which `lock` finds a patron by what `patron_id` comes to."""
    return (
        select(PatronRow)
        .where(col(PatronRow.id) == patron_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


_LOCK = locking(sa.bindparam("id", type_=sa.String()))


def lock(
    session: Session, known_id: str, *, statement: SelectOfScalar[PatronRow] = _LOCK
) -> PatronRow:
    """Return a patron's row, locked until the transaction ends; the first lock of a command.

    `known_id` is the patron's, unless a `statement` of `locking` finds the patron by another id.

    Raises:
        UnknownPatron: there is none. RowNotProven: it is not what the trail says.
    """
    row = session.exec(statement, params={"id": known_id}).first()
    if row is None:
        raise UnknownPatron
    recorded.prove(session, "patron", row.id)
    return row


def share_lock(session: Session, patron_id: str) -> bool:
    """Whether something can be sold to a patron, who is not erased until the transaction ends.

    It is the lock that a foreign key takes, so sales to one patron do not wait for each other.
    """
    status = session.exec(_SHARED, params={"id": patron_id}).first()
    return status in {PatronStatus.ACTIVE, PatronStatus.INACTIVE}


def get(session: Session, patron_id: str) -> PatronRecord:
    """Return the record of a patron id.

    Raises:
        UnknownPatron: there is none.
    """
    row = session.get(PatronRow, patron_id)
    if row is None:
        raise UnknownPatron
    return record_of(session, row)


def get_by_number(session: Session, number: int) -> PatronRecord:
    """Return the record of a patron number.

    Raises:
        UnknownPatron: there is none.
    """
    row = session.exec(select(PatronRow).where(PatronRow.number == number)).first()
    if row is None:
        raise UnknownPatron
    return record_of(session, row)


def find_live_id(session: Session, email_key: str) -> str | None:
    """The id of the live patron with this address."""
    query = sa.select(_patron.c.id).where(
        _patron.c.email_key == email_key, _patron.c.status == PatronStatus.ACTIVE
    )
    return session.connection().execute(query).scalar()


def find_live_by_email_key(
    session: Session, email_key: str, *, besides: str | None = None
) -> int | None:
    """The number of the live patron with this address, if any other than `besides` (an id)."""
    wanted = {"key": email_key, "besides": besides or ""}
    return session.connection().execute(_LIVE_BY_KEY, wanted).scalar()


def duplicates(
    session: Session, columns: Mapping[str, str | None], *, reader: Role, limit: int = 5
) -> tuple[Duplicate, ...]:
    """Live patrons who share a phone number, or a name, with the person about to be added."""
    found: dict[str, tuple[PatronRow, list[str]]] = {}
    country = home(session)
    for reason, value, is_alike in (
        ("phone", columns.get("phone_key"), _patron.c.phone_key == columns.get("phone_key")),
        ("name", columns.get("sort_name"), same_name(columns.get("sort_name"))),
    ):
        if not value:
            continue
        query = select(PatronRow).where(PatronRow.status == PatronStatus.ACTIVE, is_alike)
        for row in session.exec(query.limit(limit)):
            found.setdefault(row.id, (row, []))[1].append(reason)
    ranked = sorted(found.values(), key=lambda pair: (-len(pair[1]), pair[0].number))
    return tuple(
        _duplicate(row, reasons, access_of(row, reader, home=country))
        for row, reasons in ranked[:limit]
    )


def count(session: Session) -> int:
    """How many patrons there are."""
    return session.exec(select(sa.func.count()).select_from(PatronRow)).one()


def access_of(row: PatronRow, reader: Role, *, home: str) -> FieldAccess:
    """What a role may read of this patron, as it is written in the country `home`."""
    return FieldAccess(reader, row.is_protected, (values_of(row),), home)


def sights(
    session: Session, patron_ids: Collection[str], *, reader: Role
) -> Mapping[str, FieldAccess]:
    """What a role may read of each of these patrons; ids of no patron are left out."""
    query = select(PatronRow).where(col(PatronRow.id).in_(patron_ids))
    country = home(session)
    return {row.id: access_of(row, reader, home=country) for row in session.exec(query)}


def seen_name(row: PatronRow, reader: Role) -> str:
    """The name as a role reads it; the patron number when there is none."""
    return FieldAccess(reader, row.is_protected).name(values_of(row), number=row.number)


def values_of(row: PatronRow) -> dict[str, str | None]:
    """The protected columns of a row, derived ones included."""
    return {name: getattr(row, name) for name in (*PROTECTED_COLUMNS, *DERIVED_COLUMNS)}


def name_of(row: PatronRow) -> str:
    """The name staff read: given and family name, or the patron number when there is none."""
    return full_name(row.given_name, row.family_name) or f"Patron {row.number}"


def full_name(given_name: str | None, family_name: str | None) -> str:
    """Given and family name in a row; empty when neither is known."""
    return " ".join(part for part in (given_name, family_name) if part)


def record_of(session: Session, row: PatronRow) -> PatronRecord:
    """The read model of a row."""
    return PatronRecord(
        id=row.id,
        number=row.number,
        name=name_of(row),
        kind=row.kind.value,
        status=row.status.value,
        values={name: getattr(row, name) for name in PROTECTED_COLUMNS},
        free={name: getattr(row, name) for name in FREE_COLUMNS},
        tags=tags.labels_of(session, row.id),
        email_verified_at=row.email_verified_at,
        email_bounced_at=row.email_bounced_at,
        is_flagged=row.is_flagged,
        is_protected=row.is_protected,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _duplicate(row: PatronRow, reasons: list[str], access: FieldAccess) -> Duplicate:
    values = values_of(row)
    return Duplicate(
        number=row.number,
        name=access.name(values, number=row.number),
        email=access.show(FIELDS["email"], values),
        reasons=tuple(reasons),
    )


def ids_that_take(session: Session, numbers: Collection[int]) -> tuple[str, ...]:
    """The ids of the patrons with these numbers whose records still take changes."""
    query = sa.select(_patron.c.id).where(
        _patron.c.number.in_(numbers), _patron.c.status != PatronStatus.ERASED
    )
    return tuple(session.connection().execute(query.order_by(_patron.c.id)).scalars())


def ids_of(session: Session, numbers: Collection[int]) -> tuple[str, ...]:
    """The ids of the patrons with these numbers."""
    query = sa.select(_patron.c.id).where(_patron.c.number.in_(numbers)).order_by(_patron.c.id)
    return tuple(session.connection().execute(query).scalars())


def protected_ids() -> sa.Select[tuple[str]]:
    """The ids of protected patrons, to be asked as a part of another query."""
    return sa.select(_patron.c.id).where(_patron.c.is_protected.is_(True))


def ensure_unique(
    session: Session, columns: Mapping[str, str | None], *, besides: str | None = None
) -> None:
    """Raise AddressTaken if a live patron other than `besides` (an id) has this address."""
    key = columns.get("email_key")
    if key and (number := find_live_by_email_key(session, key, besides=besides)):
        raise AddressTaken(number=number)
