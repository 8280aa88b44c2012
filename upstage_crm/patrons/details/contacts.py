"""Other emails and phones of a patron: secondary ones, and those that were on the record before.

They find a record, and staff read them. No decision, no notice and no other mail goes to them: only
the address on the record, and the one that is proposed, are ever asked or told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.core.db import table_of
from upstage_crm.patrons import suppressions
from upstage_crm.patrons.details.tables import PatronContactRow
from upstage_crm.patrons.fields import FIELDS, ProtectedField
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.views import ContactPlace

REACHES: Mapping[str, ProtectedField] = {
    key: entry for key, entry in FIELDS.items() if entry.parts[0].type in ("email", "tel")
}
"""The fields by which a patron is reached: each is one value with one key."""

_contact, _patron = table_of(PatronContactRow), table_of(PatronRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One other email or phone. With `is_suppressed`, its owner said that it is not theirs."""

    field: str
    key: str
    value: str
    place: ContactPlace
    since: datetime
    is_suppressed: bool = False


def of_patron(session: Session, patron_id: str) -> tuple[Contact, ...]:
    """The other contacts of a patron, secondary ones first, each the newest first."""
    query = select(PatronContactRow).where(col(PatronContactRow.patron_id) == patron_id)
    rows = session.exec(query).all()
    stopped = suppressions.standing(session, [row.value_key for row in rows], patron_id=patron_id)
    found = [
        Contact(
            field=row.field,
            key=row.value_key,
            value=row.value,
            place=row.place,
            since=row.since,
            is_suppressed=row.value_key in stopped,
        )
        for row in rows
    ]
    newest_first = sorted(found, key=lambda one: (one.since, one.key), reverse=True)
    return tuple(sorted(newest_first, key=lambda one: list(ContactPlace).index(one.place)))


def keys_of(session: Session, first: int, last: int) -> dict[int, list[tuple[str, str]]]:
    """The field and key of each other contact, by the numbers of patrons from `first` to `last`."""
    query = sa.select(_patron.c.number, _contact.c.field, _contact.c.value_key).where(
        _patron.c.number.between(first, last), _contact.c.patron_id == _patron.c.id
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for number, field, key in session.connection().execute(query):
        found.setdefault(number, []).append((field, key))
    return found


def having(entry: ProtectedField, key: str) -> sa.Select[str]:
    """The ids of the patrons who have this other contact, as a whole."""
    return sa.select(_contact.c.patron_id).where(
        _contact.c.field == entry.key, _contact.c.value_key == key
    )


def keep_previous(
    session: Session,
    *,
    row: PatronRow,
    columns: Mapping[str, str | None],
    is_revert: bool,
    now: datetime,
) -> list[tuple[str, str]]:
    """Keep the email or phone that an approved change replaces, as a previous contact.

    `row` is locked and holds the values of before. The new value is removed from the other
    contacts. Not kept are a value that a revert removes, because it was not the patron's, and one
    whose owner said that it is not theirs.

    Returns the field and key of each other contact that the patron has then.
    """
    held = keys_of(session, row.number, row.number).get(row.number, [])
    for entry in REACHES.values():
        (column,), (key,) = entry.columns, entry.derived
        old, new = getattr(row, key), columns.get(key)
        if key not in columns or old == new:
            continue
        for gone in [one for one in held if one in ((entry.key, old), (entry.key, new))]:
            forget(session, patron_id=row.id, field=entry.key, key=gone[1])
            held.remove(gone)
        if old and not is_revert:
            wanted = {"patron": row.id, "of": entry.key, "key": old, "value": getattr(row, column)}
            wanted |= {"previous": ContactPlace.PREVIOUS, "now": now}
            if session.connection().execute(_KEEP, wanted).rowcount:
                held.append((entry.key, old))
    return held


def place(session: Session, *, patron_id: str, contact: Contact) -> None:
    """Write one other contact of a locked patron."""
    row = {
        "patron_id": patron_id,
        "field": contact.field,
        "value_key": contact.key,
        "value": contact.value,
        "place": contact.place,
        "since": contact.since,
    }
    session.connection().execute(sa.insert(_contact), row)


def forget(session: Session, *, patron_id: str, field: str, key: str) -> None:
    """Delete one other contact of a locked patron."""
    session.connection().execute(_FORGET, {"patron": patron_id, "of": field, "key": key})


_FORGET = sa.delete(_contact).where(
    _contact.c.patron_id == sa.bindparam("patron"),
    _contact.c.field == sa.bindparam("of"),
    _contact.c.value_key == sa.bindparam("key"),
)
_KEPT = ("patron_id", "field", "value_key", "value", "place", "since")
_KEEP = sa.insert(_contact).from_select(
    _KEPT,
    sa.select(
        *(
            sa.bindparam(bound, type_=_contact.c[name].type)
            for name, bound in zip(
                _KEPT, ("patron", "of", "key", "value", "previous", "now"), strict=True
            )
        )
    ).where(~suppressions.is_standing(sa.bindparam("key"), sa.bindparam("patron"))),
)
