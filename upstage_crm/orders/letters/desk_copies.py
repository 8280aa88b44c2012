"""The valid tickets of an order, ready for the paper of a desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from upstage_crm.orders.files.drawing import coded
from upstage_crm.orders.files.ticket_code import TicketKeys
from upstage_crm.orders.files.ticket_facts import TicketFacts
from upstage_crm.orders.letters.letter_facts import Bought, visits
from upstage_crm.orders.views import OrderView


def paper_tickets(
    session: Session, order: OrderView, *, keys: TicketKeys, is_duplicate: bool, now: datetime
) -> list[TicketFacts]:
    """Each valid ticket with its code, in the language of the order.

    `is_duplicate` marks it as printed before; who prints it says so to the trail first.
    """
    bought = [
        Bought(ticket=ticket, reference=order.reference, currency=order.currency)
        for ticket in order.valid
    ]
    found = visits(session, bought, language=order.contact.language, kid=keys.kid, now=now)
    return [
        replace(coded(ticket, keys), is_duplicate=is_duplicate)
        for visit in found
        for ticket in visit.tickets
    ]
