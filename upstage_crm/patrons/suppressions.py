"""Addresses that get no mail and no vote, for all patrons or for one. Every door asks here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from upstage_crm.audit import recorded
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.patrons.errors import AddressSuppressed
from upstage_crm.patrons.tables import SuppressedAddressRow
from upstage_crm.patrons.views import SuppressionCause

_suppressed = table_of(SuppressedAddressRow)
# Built once: every decision runs it.
_KNOWN = (
    sa.select(_suppressed.c.cause, _suppressed.c.lifted_at, _suppressed.c.request_id)
    .where(
        _suppressed.c.address_key == sa.bindparam("key"),
        sa.or_(
            _suppressed.c.patron_id.is_(None), _suppressed.c.patron_id == sa.bindparam("patron")
        ),
    )
    .order_by(_suppressed.c.created_at, _suppressed.c.id)
)


def cause_of(
    session: Session, address_key: str | None, *, patron_id: str = ""
) -> SuppressionCause | None:
    """Why an address is suppressed, for all patrons or for this one; None when it is not.

    Raises:
        RowNotProven: a suppression was lifted, and not by two staff members.
    """
    if not address_key:
        return None
    wanted = {"key": address_key, "patron": patron_id}
    known = session.connection().execute(_KNOWN, wanted).all()
    standing: SuppressionCause | None = next((r.cause for r in known if r.lifted_at is None), None)
    if standing is None:
        for row in known:
            recorded.prove(session, "change_request", row.request_id)
    return standing


def ensure_none(session: Session, address_key: str | None, *, patron_id: str = "") -> None:
    """Raise AddressSuppressed if an address gets no mail, from us or about this patron."""
    if cause_of(session, address_key, patron_id=patron_id) is not None:
        raise AddressSuppressed


def standing(session: Session, address_keys: Collection[str], *, patron_id: str) -> set[str]:
    """Those of these addresses that get no mail, from us or about this patron, as it is stored."""
    query = sa.select(_suppressed.c.address_key).where(
        _suppressed.c.address_key.in_(address_keys),
        _suppressed.c.lifted_at.is_(None),
        sa.or_(_suppressed.c.patron_id.is_(None), _suppressed.c.patron_id == patron_id),
    )
    return set(session.connection().execute(query).scalars()) if address_keys else set()


def is_standing(address_key: Any, patron_id: Any) -> sa.Exists:
    """SQL: whether an address gets no mail, from us or about this patron, as it is stored."""
    return sa.exists().where(
        _suppressed.c.address_key == address_key,
        _suppressed.c.lifted_at.is_(None),
        sa.or_(_suppressed.c.patron_id.is_(None), _suppressed.c.patron_id == patron_id),
    )


def suppress(
    session: Session,
    *,
    address_key: str,
    patron_id: str | None,
    cause: SuppressionCause,
    request_id: str,
    now: datetime,
) -> bool:
    """Suppress an address, for all patrons unless one is named; False when it was already."""
    if cause_of(session, address_key, patron_id=patron_id or "") is not None:
        return False
    row = {
        "id": new_id(now),
        "address_key": address_key,
        "patron_id": patron_id,
        "cause": cause,
        "request_id": request_id,
        "created_at": now,
        "first_note": "",
    }
    session.connection().execute(sa.insert(_suppressed), row)
    return True


def of_patron(
    session: Session, patron_id: str, *, address_key: str | None
) -> list[SuppressedAddressRow]:
    """What is suppressed about a patron, and the suppression of the address on the record."""
    query = select(SuppressedAddressRow).where(
        col(SuppressedAddressRow.lifted_at).is_(None),
        sa.or_(
            col(SuppressedAddressRow.patron_id) == patron_id,
            col(SuppressedAddressRow.address_key) == (address_key or ""),
        ),
    )
    return list(session.exec(query.order_by(col(SuppressedAddressRow.id))))
