"""Reads receipts. Each reader gets what `visibility` allows, from values that were not erased."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.chain import Opened
from upstage_crm.audit.events import Action
from upstage_crm.core.db import table_of
from upstage_crm.organisation.settings import details
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.visibility import MailboxAccess
from upstage_crm.receipts import visibility
from upstage_crm.receipts.facts import ReceiptEvent
from upstage_crm.receipts.tables import ReceiptRow
from upstage_crm.receipts.visibility import SeenReceipt
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees

_receipt, _patron = table_of(ReceiptRow), table_of(PatronRow)
_ROWS = sa.select(
    _receipt.c.id,
    _receipt.c.request_id,
    _receipt.c.body,
    _receipt.c.signature,
    _patron.c.time_zone,
    _patron.c.is_protected,
).join_from(_receipt, _patron, _receipt.c.patron_id == _patron.c.id)


def of_request(
    session: Session, request_id: str, *, access: MailboxAccess | None
) -> tuple[SeenReceipt, ...]:
    """The receipts of a request that a mailbox may see, newest first; all of them without one."""
    query = _ROWS.where(_receipt.c.request_id == request_id).order_by(
        _receipt.c.at.desc(), _receipt.c.id.desc()
    )
    rows = session.connection().execute(query).all()
    if not rows:
        return ()
    opened, desk_phone = _opened(session, request_id), details(session).desk_phone
    found = (_seen(row, opened, access, desk_phone) for row in rows)
    return tuple(receipt for receipt in found if receipt is not None)


def get(session: Session, receipt_id: str, *, role: Role) -> SeenReceipt | None:
    """One receipt as a staff member of `role` sees it; None when there is none."""
    row = session.connection().execute(_ROWS.where(_receipt.c.id == receipt_id)).first()
    if row is None:
        return None
    hidden = [key for key in FIELDS if not sees(role, key, is_protected=row.is_protected)]
    opened, desk_phone = _opened(session, row.request_id), details(session).desk_phone
    return _seen(row, opened, None, desk_phone, hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """One receipt as a row of a list; nothing in it is personal.

    `reviewer` is a reviewer's name, or one of `facts.BY_STAFF` and `facts.AT_THE_DESK`.
    """

    id: str
    event: ReceiptEvent
    reviewer: str
    at: datetime


def lines_of_request(session: Session, request_id: str) -> tuple[ReceiptLine, ...]:
    """A request's receipts, newest first; for staff pages that link to them."""
    query = (
        sa.select(_receipt.c.id, _receipt.c.event, _receipt.c.reviewer, _receipt.c.at)
        .where(_receipt.c.request_id == request_id)
        .order_by(_receipt.c.at.desc(), _receipt.c.id.desc())
    )
    return tuple(
        ReceiptLine(id=row.id, event=ReceiptEvent(row.event), reviewer=row.reviewer, at=row.at)
        for row in session.connection().execute(query)
    )


def _seen(
    row: sa.Row[Any, Any, Any, Any, Any, Any],
    opened: Mapping[object, tuple[Opened, ...]],
    access: MailboxAccess | None,
    desk_phone: str,
    hidden: Collection[str] = (),
) -> SeenReceipt | None:
    return visibility.see(
        row.body,
        signature=row.signature,
        opened=opened.get(row.id, ()),
        access=access,
        time_zone=row.time_zone,
        desk_phone=desk_phone,
        hidden=hidden,
    )


def _opened(session: Session, request_id: str) -> dict[object, tuple[Opened, ...]]:
    """The personal values of a request's receipts, by receipt, as far as they were not erased."""
    entries = trail.opened(session, request_id=request_id, action=Action.RECEIPT_ISSUED)
    return {facts["receipt"]: values for facts, values in entries}
