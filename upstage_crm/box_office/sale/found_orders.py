"""Orders as a till finds and shows them: by reference, ticket code or name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from upstage_crm.box_office.sale.till_rows import OrderTicket, Suggested
from upstage_crm.box_office.sale.till_sales import OldTickets
from upstage_crm.core import when
from upstage_crm.core.money import in_words
from upstage_crm.orders import queries as orders
from upstage_crm.orders.files.ticket_code import TicketKeys
from upstage_crm.orders.records import order_list
from upstage_crm.orders.records.order_list import OrderFilter
from upstage_crm.orders.views import OrderView, TicketState
from upstage_crm.organisation.settings import details
from upstage_crm.patrons import queries as patrons
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.staff.roles import Role
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.sales.orders import TICKET_STATES

MOST = 8
SOON = timedelta(hours=12)  # who names an order so shortly before has come for the tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOrder:
    """An order with its tickets as they are drawn. `waits` says that tickets wait to be collected
    for a performance that begins soon.
    """

    order: OrderView
    name: str
    total: str
    tickets: list[OrderTicket]
    waits: bool


def suggested(session: Session, words: str, *, reader: Role) -> list[Suggested]:
    """The newest orders with this reference, name or ticket, each with what tells it apart."""
    found = order_list.page(session, OrderFilter(text=words), size=MOST, reader=reader)
    zone = when.zone(details(session).time_zone)
    ids = {performance_id for one in found for performance_id, _ in one.tickets}
    about = {one.id: one for one in programme.performances(session, ids)}
    return [
        Suggested(
            name=one.id,
            group="Orders",
            words=f"{one.reference} {one.name}".strip(),
            detail=" · ".join(
                f"{counted(count, 'ticket')}, {about[performance_id].title}, "
                f"{when.brief(about[performance_id].starts_at, zone)}"
                for performance_id, count in one.tickets
                if performance_id in about
            ),
        )
        for one in found
    ]


def scanned(session: Session, text: str, keys: TicketKeys) -> tuple[str, str]:
    """The order behind a scanned or typed text, and the ticket that was scanned, "" for none.

    Raises:
        UnknownOrder, UnknownTicket: there is none.
    """
    claims = keys.read(text)
    if claims is not None:
        ticket = orders.ticket(session, claims.ticket_id)
        return ticket.order_id, ticket.id
    return orders.by_reference(session, text).id, ""


def shown(session: Session, order_id: str, *, chosen: Collection[str], now: datetime) -> FoundOrder:
    """One order as the till shows it.

    Raises:
        UnknownOrder: there is none with this id.
    """
    order = orders.order(session, order_id)
    zone, types = when.zone(details(session).time_zone), price_types(session)
    ids = {one.performance_id for one in order.tickets}
    about = {one.id: one for one in programme.performances(session, ids)}
    name = order.contact.name
    if order.patron_id and not name:
        name = patrons.get(session, order.patron_id).name
    tickets = [
        OrderTicket(
            id=one.id,
            place=one.place,
            about=f"{about[one.performance_id].title}, "
            f"{when.brief(about[one.performance_id].starts_at, zone)} · {types[one.type_id].name}",
            amount=in_words(one.amount, order.currency),
            state=_state(one.state, is_collected=one.collected_at is not None),
            is_valid=one.state is TicketState.VALID,
            is_chosen=one.id in chosen,
        )
        for one in order.tickets
    ]
    waits = any(
        one.collected_at is None and about[one.performance_id].starts_at - now < SOON
        for one in order.valid
    )
    return FoundOrder(
        order=order,
        name=name,
        total=in_words(order.total, order.currency),
        tickets=tickets,
        waits=waits,
    )


def old_tickets(order: OrderView, ticket_ids: Collection[str]) -> OldTickets:
    """The valid ones of these tickets, as an exchange takes them."""
    chosen = [one for one in order.valid if one.id in ticket_ids]
    return OldTickets(
        order_id=order.id,
        reference=order.reference,
        ticket_ids=tuple(one.id for one in chosen),
        types=Counter(one.type_id for one in chosen),
        carried=sum(one.amount for one in chosen),
    )


def _state(state: TicketState, *, is_collected: bool) -> str:
    return "Handed out" if state is TicketState.VALID and is_collected else TICKET_STATES[state]
