"""The cards that the demo's orders were paid by, and what the test acquirer knows of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from upstage_crm.core.db import table_of
from upstage_crm.payments.providers.published_cards import AfterRefund, Outcome
from upstage_crm.payments.providers.rehearsal import Fault, PageState
from upstage_crm.payments.providers.tables import AcquirerPageRow
from upstage_crm.payments.tables import PaymentRow
from upstage_crm.payments.views import PaymentState

CARD_CLOSED = "Visa 5126"  # the published number whose refunds fail
CARDS = ("Visa 4242", "Mastercard 4444", "Visa 0005", CARD_CLOSED)
OF_CARDS = (40, 30, 30, 1)  # how often each is used
PAGE = table_of(AcquirerPageRow)
_PAYMENT = table_of(PaymentRow)
# A card payment is born before its provider has captured it.
CAPTURE = (
    sa.update(_PAYMENT)
    .where(_PAYMENT.c.id == sa.bindparam("which", type_=sa.String))
    .values(
        state=PaymentState.CAPTURED,
        reference=sa.bindparam("session", type_=sa.String),
        capture_reference=sa.bindparam("capture", type_=sa.String),
        note=sa.bindparam("card", type_=sa.String),
        settled_at=sa.bindparam("at", type_=_PAYMENT.c.settled_at.type),
    )
)


def page_of(captured: dict[str, Any], amount: int, currency: str) -> dict[str, Any]:
    """What the test acquirer knows of a payment: without it, it could give nothing back."""
    fails = captured["card"] == CARD_CLOSED
    return {
        "id": captured["session"],
        "payment_id": captured["which"],
        "amount": amount,
        "currency": currency,
        "words": "",
        "return_url": "",
        "back_url": "",
        "state": PageState.PAID,
        "fault": Fault.NONE,
        "card": captured["card"],
        "outcome": Outcome.PAID,
        "after_refund": AfterRefund.FAILS_LATER if fails else AfterRefund.DONE,
        "capture_reference": captured["capture"],
        "expires_at": captured["at"],
        "created_at": captured["at"],
    }
