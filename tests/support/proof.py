"""What tests of the proof share: the key, a receipt that a decision left, and a whole check."""

from __future__ import annotations

from sqlmodel import Session

from tests.support.factories import PROTECTED, SECRET, Desk
from tests.support.receipts import of_email
from upstage_crm.audit import trail
from upstage_crm.audit.signing import SigningKey
from upstage_crm.change_requests.commands import Proposed
from upstage_crm.core.ids import new_id
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.proof.verifying import Report, verify
from upstage_crm.receipts import issuing

KEY = SigningKey.derive("test-key", SECRET)
OTHER = SigningKey.derive("other", b"o" * 32)
KEYS = {KEY.kid: KEY.public_key}


def issue(desk: Desk, patron: PatronRecord, request: Proposed, *, key: SigningKey = KEY) -> str:
    """Issue a receipt about a request, and return its id."""
    receipt_id = new_id(desk.now)
    decided = of_email(
        receipt_id=receipt_id,
        request_id=request.request_id,
        reference=request.reference,
        patron_id=patron.id,
        decided_at=desk.now,
    )

    def command(session: Session) -> None:
        event = issuing.issue(session, decided=decided, key=key, now=desk.now)
        trail.record(session, [event], now=desk.now)

    desk.write(command)
    return receipt_id


def verified(desk: Desk) -> Report:
    """What `audit verify` finds."""
    return desk.read(lambda session: verify(session, protected=PROTECTED, public_keys=KEYS))
