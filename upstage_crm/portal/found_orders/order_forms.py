"""What the holder of a mailbox does with the orders behind its link: add them to their record, and
close them on this device.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from upstage_crm.core.errors import UpstageError
from upstage_crm.core.threads import to_writer_thread
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.orders import filing, queries
from upstage_crm.orders.letters import order_links
from upstage_crm.portal import order_link
from upstage_crm.portal.addresses import ORDERS, WHATS_ON
from upstage_crm.portal.answers import see
from upstage_crm.portal.basket import visitors
from upstage_crm.portal.found_orders import find_order
from upstage_crm.portal.order_link import claims_of, token_of
from upstage_crm.portal.readers import reader_of
from upstage_crm.wiring import runtime

MINE: Final = f"{ORDERS}mine"
ALL: Final = f"{ORDERS}all"
ADD: Final = f"{ORDERS}add"
CLOSE: Final = f"{ORDERS}close"


def can_add(token: str, reference: str = "") -> bool:
    """Whether a button would add something to the record: this order, or any without `reference`.

    A link to one order adds that one, a link to all of them each.
    """
    claims = claims_of(token)
    if claims is None:
        return False
    with runtime().database.reading() as session:
        ids = set(filing.unclaimed(session, order_links.address_key(session, claims)))
        if reference:
            return queries.by_reference(session, reference).id in ids
        return bool(ids)


async def add(request: Request) -> Response:
    """Claim the orders of the link, and show them again."""
    try:
        visitors.ensure_own_form(request)
    except UpstageError as refusal:
        return await find_order.answer_with(request, refusal=refusal)
    claims = claims_of(token_of(request))
    if claims is not None:
        await to_writer_thread(_claim, claims)
    is_one = claims is not None and claims.purpose is Purpose.ORDER
    return see(reader_of(request, usual="").href(MINE if is_one else ALL))


async def close(request: Request) -> Response:
    """Forget the link in this browser."""
    try:
        visitors.ensure_own_form(request)
    except UpstageError as refusal:
        return await find_order.answer_with(request, refusal=refusal)
    response = see(reader_of(request, usual="").href(WHATS_ON))
    order_link.forget(response)
    return response


def _claim(claims: LinkClaims) -> None:
    parts = runtime()

    def work(session: Session) -> int:
        return filing.claim_all(
            parts.order_context(session),
            email_key=order_links.address_key(session, claims),
            only=claims.request_id if claims.purpose is Purpose.ORDER else "",
        )

    parts.database.attempt(work)


ROUTES = [
    Route(ADD, add, methods=["POST"]),
    Route(CLOSE, close, methods=["POST"]),
]
