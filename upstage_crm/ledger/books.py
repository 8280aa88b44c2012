"""The one way into the books: a posting becomes one transaction, which never changes."""

from __future__ import annotations

import json
import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.ledger.errors import AmountBeyondBooks, PostingUnbalanced
from upstage_crm.ledger.tables import LedgerTransactionRow
from upstage_crm.ledger.views import MOST_AMOUNT, Leg, Posting

_POST = sa.insert(table_of(LedgerTransactionRow))
_SALT_BYTES = 16


def post(session: Session, posting: Posting, *, now: datetime) -> str:
    """Book a posting and return the id of its transaction.

    Legs of zero are left out. Where none is left, nothing moves: nothing is booked, and the id is
    "". So a complimentary ticket needs no case of its own.

    Raises:
        PostingUnbalanced: the legs do not sum to zero.
        AmountBeyondBooks: a leg is larger than the books take.
    """
    legs = [leg for leg in posting.legs if leg.amount]
    _check(legs)
    if not legs:
        return ""
    row = {
        "id": new_id(now),
        "kind": posting.kind,
        "booked_at": now,
        "legs": json.dumps(
            [[leg.account, leg.amount, leg.performance_id, leg.line_id] for leg in legs],
            separators=(",", ":"),
        ),
        "order_id": posting.order_id or None,
        "step_id": posting.step_id or None,
        "payment_id": posting.payment_id or None,
        "refund_id": posting.refund_id or None,
        "shift_id": posting.shift_id or None,
        "staff_id": posting.staff_id or None,
        "salt": secrets.token_hex(_SALT_BYTES),
        "seal_id": None,
    }
    session.connection().execute(_POST, row)
    return str(row["id"])


def _check(legs: list[Leg]) -> None:
    for leg in legs:
        if abs(leg.amount) > MOST_AMOUNT:
            raise AmountBeyondBooks(account=leg.account.value, amount=leg.amount)
    if difference := sum(leg.amount for leg in legs):
        raise PostingUnbalanced(difference=difference)
