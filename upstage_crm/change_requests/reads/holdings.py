"""What a patron has with the organisation that a thief would want, read from the orders."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from upstage_crm.change_requests.model.reviewers import RECENT_ORDER, Holdings, has_stake
from upstage_crm.orders.records import patron_orders
from upstage_crm.patrons.tables import PatronRow


def is_worth_a_theft(session: Session, patron: PatronRow, *, now: datetime) -> bool:
    """Whether something is at stake for a patron, see `has_stake`."""
    return has_stake(of_patron(session, patron.id, now=now), created_at=patron.created_at, now=now)


def of_patron(session: Session, patron_id: str, *, now: datetime) -> Holdings:
    """What a patron holds. A recent order says enough: then nothing else is read."""
    kept_since = patron_orders.kept_since(session)
    last = patron_orders.last_bought_at(session, patron_id)
    if last is None or now - last <= RECENT_ORDER:
        return Holdings(last_order_at=last, kept_since=kept_since)
    held = patron_orders.held(session, patron_id, now=now)
    return Holdings(
        has_future_tickets=any(order.tickets for order in held),
        has_balance=any(order.owed or order.on_its_way for order in held),
        last_order_at=last,
        kept_since=kept_since,
    )
