"""Tickets and receipts for a printer of 80 mm paper, as a page that the browser prints.

One document that loads nothing and runs nothing; each ticket is a page of its own, cut after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from upstage_crm.core.languages import speaker
from upstage_crm.core.templates import Templates
from upstage_crm.orders.files import ticket_words as w
from upstage_crm.orders.files.qr_code import svg
from upstage_crm.orders.files.ticket_facts import SlipFacts, TicketFacts

TEMPLATES: Final = Templates(Path(__file__).with_name("templates"))


def tickets_page(tickets: Sequence[TicketFacts]) -> str:
    """The page of these tickets, in their order.

    Raises:
        IndexError: there is no ticket.
    """
    first = tickets[0]
    say = speaker(first.language)
    return TEMPLATES.render(
        "tickets.html",
        lang=first.language,
        title=f"{say(w.TICKETS)} {first.reference}",
        tickets=[(ticket, svg(ticket.code)) for ticket in tickets],
        words={
            "code": say(w.CODE),
            "duplicate": say(w.DUPLICATE),
            "order": say(w.ORDER),
        },
    )


def slip_page(slip: SlipFacts) -> str:
    """The page of a receipt."""
    say = speaker(slip.language)
    return TEMPLATES.render(
        "slip.html",
        lang=slip.language,
        title=f"{say(w.SALES_RECEIPT)} {slip.reference}",
        slip=slip,
        words={
            "duplicate": say(w.DUPLICATE),
            "order": say(w.ORDER),
            "total": say(w.TOTAL),
            "tax": say(w.TAX_IN_IT),
            "paid": say(w.PAID_WITH),
            "by": say(w.SERVED_BY),
        },
    )
