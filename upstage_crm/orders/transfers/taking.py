"""The recipient's answer. A yes gives the tickets new codes, so the giver's open no door.

The tickets stay with their order, at their price: only who holds them changes, and where mails
about them go. The second answer changes nothing.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from upstage_crm.audit.events import Action, Actor, ActorKind
from upstage_crm.links.claims import LinkClaims
from upstage_crm.orders import steps
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.steps import TICKET
from upstage_crm.orders.transfers import giving as offering
from upstage_crm.orders.transfers import ticket_offers as offers
from upstage_crm.orders.transfers import transfer_mails
from upstage_crm.orders.transfers.errors import OfferEnded
from upstage_crm.orders.transfers.giving import InWindow
from upstage_crm.orders.transfers.views import OfferState
from upstage_crm.orders.views import Seller, StepKind, TicketState
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.staff.command_context import CommandContext

RECIPIENT: Final = Actor(ActorKind.OUTSIDER, "The recipient of the tickets")
_BY_ITSELF: Final = Seller(channel=SaleChannel.PORTAL)


def answer(
    context: CommandContext[OrderMailer],
    *,
    claims: LinkClaims,
    accepts: bool,
    in_window: InWindow,
) -> None:
    """Record what the recipient of a link decided, and do it.

    Raises:
        LinkRefused: the link is not for this.
        OfferEnded: it was answered, taken back, or none of its tickets can change hands.
        TransferWaits: the buyer's record may still be put back, so nothing is given away yet.
    """
    session, now = context.session, context.now
    seen = offers.offer_by(session, claims, now=now)
    order = steps.lock_order(session, seen.order_id)
    found = offering.lock_open(context, seen.id)
    tickets = [each.id for each in found.open_tickets]
    if not accepts:
        offering.end(context, found, OfferState.DECLINED)
        transfer_mails.tell_giver(context, found, is_accepted=False)
        offering.record(
            context, Action.OFFER_DECLINED, found, actor=RECIPIENT, tickets=len(tickets)
        )
        return
    rows = steps.tickets_of(session, found.order_id, tickets)
    offering.ensure_no_window(session, order["patron_id"], rows, in_window)
    steps.begin(
        context,
        _BY_ITSELF,
        order_id=found.order_id,
        kind=StepKind.TRANSFER,
        key=f"transfer:{found.id}",
        total=0,
    )
    offering.end(context, found, OfferState.ACCEPTED)
    turned = session.connection().execute(
        sa.update(TICKET)
        .where(TICKET.c.id.in_(tickets), TICKET.c.state == TicketState.VALID)
        .values(code_version=TICKET.c.code_version + 1, collected_at=None)
    )
    if turned.rowcount != len(tickets):
        raise OfferEnded
    transfer_mails.send_tickets(context, found)
    transfer_mails.tell_giver(context, found, is_accepted=True)
    offering.record(context, Action.TICKETS_PASSED_ON, found, actor=RECIPIENT, tickets=len(tickets))
