"""Issues a receipt: one row and one signature, inside the transaction of the decision."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.audit import trail
from upstage_crm.audit.chain import canonical, commitment
from upstage_crm.audit.events import SYSTEM, Action, AuditEvent
from upstage_crm.audit.signing import SigningKey
from upstage_crm.core.db import table_of
from upstage_crm.receipts import facts
from upstage_crm.receipts.facts import Decided
from upstage_crm.receipts.tables import ReceiptRow

_ADD = sa.insert(table_of(ReceiptRow))  # built once: every decision runs it


def issue(session: Session, *, decided: Decided, key: SigningKey, now: datetime) -> AuditEvent:
    """Write the receipt of a decision and return the event to record with the decision's own.

    The event carries the personal values with the very salts that the receipt commits to, so the
    caller must record it in this transaction: the trail's head is locked last, hence not here.
    """
    values = decided.values
    salts = {name: trail.new_salt() for name in values}
    commitments = {name: commitment(salts[name], name, value) for name, value in values.items()}
    body = canonical(
        facts.body(
            decided,
            commitments,
            kid=key.kid,
            public_key=key.public_key,
            head=trail.head(session),
        ),
    )
    session.connection().execute(
        _ADD,
        {
            "id": decided.receipt_id,
            "request_id": decided.request_id,
            "patron_id": decided.patron_id,
            "reviewer": decided.reviewer,
            "event": decided.event.value,
            "at": now,
            "language": decided.language,
            "body": body,
            "kid": key.kid,
            "signature": key.sign(body.encode()),
        },
    )
    return AuditEvent(
        action=Action.RECEIPT_ISSUED,
        actor=SYSTEM,
        channel=decided.channel,
        patron_id=decided.patron_id,
        request_id=decided.request_id,
        facts={
            "reference": decided.reference,
            "receipt": decided.receipt_id,
            "body": facts.hashed_body(body),
            "kid": key.kid,
        },
        values=values,
        salts=salts,
    )
