"""What the command palette finds on the server: patrons, requests, an order, as the role sees."""

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.orders.order_rows import order_rows
from upstage_crm.admin.palette.rows import Found, order_found, patron_found, request_found
from upstage_crm.change_requests.reads import requests
from upstage_crm.change_requests.reads.references import patron_number
from upstage_crm.core.ids import parse_reference
from upstage_crm.orders.records import order_list
from upstage_crm.orders.records.order_list import OrderFilter
from upstage_crm.organisation.settings import details
from upstage_crm.pages.list_url import QUERY_LIMIT
from upstage_crm.patrons.search.patron_list import best
from upstage_crm.staff.roles import Permission, StaffMember, may
from upstage_crm.wiring import runtime

PATRONS = 6
REQUESTS = 4


class PaletteState(AdminState):
    """What was found for `asked`. The browser shows it under exactly those words."""

    asked: str = ""
    found: rx.Field[list[Found]] = rx.field(default_factory=list)

    @rx.event
    async def find(self, words: str) -> None:
        """Find patrons and requests; without words, forget what was found."""
        asked = words.strip()[:QUERY_LIMIT]
        member = self._actor()
        found = await self._read(lambda s: find(s, asked, reader=member)) if asked else []
        self.asked, self.found = asked, found


def find(session: Session, words: str, *, reader: StaffMember) -> list[Found]:
    """The patrons and requests that `words` find for `reader`, a few of each.

    Patrons come first, but for the words that are the whole reference of a request or an order.
    """
    patrons = _patrons(session, words, reader) if may(reader, Permission.VIEW_PATRONS) else []
    asked = _requests(session, words, reader) if may(reader, Permission.VIEW_REQUESTS) else []
    orders = _orders(session, words, reader) if may(reader, Permission.VIEW_ORDERS) else []
    is_reference = any(one.words == parse_reference(words) for one in asked)
    found = [*asked, *patrons] if is_reference else [*patrons, *asked]
    return [*orders, *found]


def _patrons(session: Session, words: str, reader: StaffMember) -> list[Found]:
    lines = best(session, words, most=PATRONS, reader=reader.role)
    if not lines and (number := patron_number(session, words)):
        lines = best(session, str(number), most=PATRONS, reader=reader.role)
    return [patron_found(line) for line in lines]


def _orders(session: Session, words: str, reader: StaffMember) -> list[Found]:
    """The order with this whole reference."""
    wanted = OrderFilter(reference=parse_reference(words))
    lines = order_list.page(session, wanted, size=1, reader=reader.role).lines
    zone = details(session).zone
    rows = order_rows(session, lines, reader=reader.role, time_zone=zone)
    return [order_found(row) for row in rows]


def _requests(session: Session, words: str, reader: StaffMember) -> list[Found]:
    _total, lines = requests.page(
        session, query=words, size=REQUESTS, descending=True, reader=reader.role
    )
    now, zone = runtime().clock.now(), details(session).zone
    return [request_found(line, now=now, time_zone=zone) for line in lines]
