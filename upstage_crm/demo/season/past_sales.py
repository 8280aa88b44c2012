"""What the demo's house has sold: orders of the last and of this season, written in bulk.

They are what the commands would have left: priced by the versions that hold, with seats, payments
and books that agree. Only nobody waited for thousands of sales.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import table_of
from upstage_crm.core.ids import CROCKFORD, REFERENCE_LENGTH, new_id
from upstage_crm.core.text import comparable
from upstage_crm.demo.season.past_payments import CAPTURE, CARDS, OF_CARDS, PAGE, page_of
from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory import seatings, selling
from upstage_crm.inventory.best_available import RankedPlan
from upstage_crm.inventory.errors import NotLaidOut
from upstage_crm.ledger import books
from upstage_crm.ledger.views import Posting, PostingKind
from upstage_crm.orders import basket_prices, order_postings, steps
from upstage_crm.orders.letters import day_of
from upstage_crm.orders.order_contacts import CONTACT
from upstage_crm.orders.views import BasketLine, StepKind, Tender
from upstage_crm.patrons.queries import full_name
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.payments.tables import PaymentRow
from upstage_crm.payments.views import Method, PaymentState
from upstage_crm.pricing.basket import price_basket
from upstage_crm.pricing.views import Buyer, Line, Offer
from upstage_crm.programme import queries as programme
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.programme.prices.views import Audience, CompReason, PriceType, SaleChannel
from upstage_crm.programme.views import PerformanceState
from upstage_crm.staff.command_context import StaffContext

_PATRON, _PAYMENT = table_of(PatronRow), table_of(PaymentRow)
PARTIES = (2, 2, 2, 2, 4, 2, 1, 3, 2, 1, 5, 2, 2)
CHANNELS = (SaleChannel.PORTAL,) * 15 + (SaleChannel.PHONE,) * 3 + (SaleChannel.BOX_OFFICE,) * 2
PAID_BY = {
    SaleChannel.PORTAL: Method.CARD,
    SaleChannel.PHONE: Method.TERMINAL,
    SaleChannel.BOX_OFFICE: Method.TERMINAL,
}
PERFORMED_LAID_OUT = 12  # performances of the past whose seats are drawn
MOST_MISSES = 12  # parties that find no room, before the house counts as full
_SOONEST = timedelta(hours=1)  # after the sale opens, the first ticket is sold


@dataclass(frozen=True, slots=True)
class _Buyer:
    id: str
    email: str
    email_key: str
    name: str
    phone: str
    language: str


class _Rows:
    """The rows of many orders, and what they moved on the books, until they are written."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self.contacts: list[dict[str, Any]] = []
        self.steps: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.tickets: list[dict[str, Any]] = []
        self.payments: list[dict[str, Any]] = []
        self.captured: list[dict[str, Any]] = []
        self.pages: list[dict[str, Any]] = []
        self.postings: list[tuple[Posting, datetime]] = []

    def write(self, session: Session) -> None:
        """Write them, each table at once."""
        pairs = (
            (steps.ORDER, self.orders),
            (CONTACT, self.contacts),
            (steps.STEP, self.steps),
            (steps.ORDER_LINE, self.lines),
            (steps.TICKET, self.tickets),
            (_PAYMENT, self.payments),
            (PAGE, self.pages),
        )
        for table, rows in pairs:
            if rows:
                session.connection().execute(sa.insert(table), rows)
        if self.captured:
            session.connection().execute(CAPTURE, self.captured)
        for posting, booked_at in self.postings:
            books.post(session, posting, now=booked_at)


class PastSales:
    """Sells the house's seats to patrons, one performance after the other. The same every time."""

    def __init__(self, context: StaffContext[object]) -> None:
        self.context = context
        self.chance = random.Random("past sales")  # noqa: S311  # a picture
        self.types = price_types(context.session)
        self.usual = [
            kind
            for kind in self.types.values()
            if not kind.is_comp and not kind.is_retired and kind.least <= 1
        ]
        self.comp = next((kind for kind in self.types.values() if kind.is_comp), None)
        self.buyers = _buyers(context.session)
        self.drawn: set[str] = set()
        self.rows = _Rows()
        self.numbered = 0

    def add(self, performance_id: str, share: float) -> int:
        """Sell a share of a performance, and return how many orders that took."""
        session, now = self.context.session, self.context.now
        facts = programme.performance(session, performance_id)
        offer = basket_prices.offer_of(session, performance_id)
        if _opens_at(offer) >= now - _SOONEST:
            return 0
        owners: dict[str, str] = {}
        places: dict[str, int] = {}
        count = 0
        for lines in self._parties(performance_id, share):
            order_id = self._order(lines, offer, facts.starts_at)
            for line in lines:
                if line.seat_id:
                    owners[line.seat_id] = order_id
                else:
                    places[line.pool_id] = places.get(line.pool_id, 0) + 1
            count += 1
        selling.sell_all(session, performance_id, owners=owners, places=places, now=now)
        return count

    def write(self) -> None:
        """Write all that was sold."""
        self.rows.write(self.context.session)

    def _parties(self, performance_id: str, share: float) -> Iterator[list[BasketLine]]:
        session, now, chance = self.context.session, self.context.now, self.chance
        house = inventory.house(session, performance_id, now=now)
        plan = inventory.plan_of(session, performance_id)
        known = inventory.places_of(session, performance_id)
        ranked = RankedPlan(plan)
        free = inventory.free_seats(session, performance_id, now=now)
        left, misses = int(len(free) * share), 0
        while left > 0 and misses < MOST_MISSES:
            size, seed = chance.choice(PARTIES), chance.randrange(10_000)
            party = ranked.choose(free, size, seed=seed, is_rush=chance.random() < 0.8)
            if party is None:
                misses += 1
                continue
            free.difference_update(party)
            left -= size
            yield [
                self._line(performance_id, seat, "", known[seat].words, known[seat].zone)
                for seat in party
            ]
        for pool in house.pools:
            rest = int(pool.free * share)
            while rest > 0:
                size = min(chance.choice(PARTIES), rest)
                rest -= size
                yield [
                    self._line(performance_id, "", pool.id, pool.name, pool.name)
                    for _ in range(size)
                ]

    def _line(
        self, performance_id: str, seat_id: str, pool_id: str, place: str, zone: str
    ) -> BasketLine:
        self.numbered += 1
        kind = self._kind()
        return BasketLine(
            key=f"{performance_id}:{seat_id or self.numbered}",
            performance_id=performance_id,
            seat_id=seat_id,
            pool_id=pool_id,
            place=place,
            zone=zone,
            type_id=kind.id,
            comp_reason=CompReason.PRESS if kind.is_comp else None,
            amount=0,
        )

    def _kind(self) -> PriceType:
        if self.comp is not None and self.chance.random() < 0.04:
            return self.comp
        return self.chance.choices(self.usual, [8, 3, 2][: len(self.usual)])[0]

    def _order(self, lines: Sequence[BasketLine], offer: Offer, starts_at: datetime) -> str:
        """Write one order down and return its id."""
        chance, rows = self.chance, self.rows
        channel = chance.choice(CHANNELS)
        ends = min(starts_at, self.context.now) - timedelta(minutes=5)
        sold_at = ends - chance.betavariate(1, 4) * (ends - _opens_at(offer))
        wanted = [
            Line(
                key=line.key,
                performance_id=line.performance_id,
                zone=line.zone,
                type_id=line.type_id,
                comp_reason=line.comp_reason,
            )
            for line in lines
        ]
        priced = price_basket(
            wanted,
            {offer.performance_id: offer},
            self.types,
            Buyer(channel=channel, may_comp=True),
            now=ends,
        )
        buyer = chance.choice(self.buyers)
        is_guest = channel is SaleChannel.PORTAL and chance.random() < 0.38
        is_walk_up = channel is SaleChannel.BOX_OFFICE and chance.random() < 0.6
        order_id, step_id = new_id(sold_at), new_id(sold_at)
        patron_id = None if is_walk_up else buyer.id
        staff_id = "" if channel is SaleChannel.PORTAL else self.context.actor.id
        rows.orders.append(
            {
                "id": order_id,
                "reference": self._reference(),
                "basket_id": new_id(sold_at),
                "channel": channel,
                "patron_id": patron_id,
                "staff_id": staff_id,
                "shift_id": "",
                "currency": priced.currency,
                "total": priced.total,
                "tax_mode": priced.tax_mode.value,
                "created_at": sold_at,
                "filed_at": sold_at,
                "claimed_at": None if is_guest or is_walk_up else sold_at,
            }
        )
        rows.contacts.append(_contact(order_id, None if is_walk_up else buyer))
        rows.steps.append(
            {
                "id": step_id,
                "order_id": order_id,
                "n": 1,
                "kind": StepKind.SALE,
                "key": f"demo {order_id}",
                "total": priced.total,
                "staff_id": staff_id,
                "shift_id": "",
                "reason": "",
                "created_at": sold_at,
            }
        )
        prices = {each.line.key: each for each in priced.lines}
        made = [steps.line_row(new_id(sold_at), order_id, step_id, prices[x.key]) for x in lines]
        rows.lines += made
        rows.tickets += [
            steps.ticket_row(sold_at, line, row, patron_id)
            for line, row in zip(lines, made, strict=True)
        ]
        self._pay(order_id, step_id, channel, priced.total, priced.currency, sold_at, made)
        return order_id

    def _pay(
        self,
        order_id: str,
        step_id: str,
        channel: SaleChannel,
        total: int,
        currency: str,
        at: datetime,
        made: Sequence[dict[str, Any]],
    ) -> None:
        if not total:
            return
        method, payment_id = PAID_BY[channel], new_id(at)
        is_card = method is Method.CARD
        self.rows.payments.append(
            {
                "id": payment_id,
                "basket_id": self.rows.orders[-1]["basket_id"],
                "order_id": order_id,
                "method": method,
                "state": PaymentState.CREATED if is_card else PaymentState.CAPTURED,
                "amount": total,
                "currency": currency,
                "refunded": 0,
                "reference": None,
                "capture_reference": None,
                "public_name": payment_id,
                "shift_id": "",
                "note": "",
                "deadline_at": None,
                "created_at": at,
                "settled_at": None if is_card else at,
            }
        )
        if is_card:
            (card,) = self.chance.choices(CARDS, OF_CARDS)
            row = {"which": payment_id, "at": at, "card": card}
            row |= {"session": f"test_{payment_id}", "capture": f"paid_{payment_id}"}
            self.rows.captured.append(row)
            self.rows.pages.append(page_of(row, total, currency))
        paid = [Tender(method=method, amount=total)]
        legs = (*order_postings.paid(paid), *order_postings.sold(map(steps.booked_of, made)))
        posting = Posting(
            kind=PostingKind.SALE,
            legs=legs,
            order_id=order_id,
            step_id=step_id,
            payment_id=payment_id,
            staff_id=self.rows.orders[-1]["staff_id"],
        )
        self.rows.postings.append((posting, at))

    def _reference(self) -> str:
        while True:
            drawn = "".join(self.chance.choices(CROCKFORD, k=REFERENCE_LENGTH))
            if drawn not in self.drawn:
                self.drawn.add(drawn)
                return f"{drawn[:2]}-{drawn[2:]}"


def add(context: StaffContext[object]) -> None:
    """Sell the seats of what is performed, and of some performances that are over."""
    sales = PastSales(context)
    session, now = context.session, context.now
    _, events = programme.events(session)
    found = sorted(
        (one.starts_at, one.id, one.state)
        for event in events
        for one in programme.event(session, event.id).performances
    )
    over = [each for each in found if each[2] is PerformanceState.PERFORMED]
    for starts_at, performance_id, _ in over[-PERFORMED_LAID_OUT:]:
        seatings.lay_out(context, performance_id=performance_id)
        sales.add(performance_id, 0.6 + 0.1 * (starts_at.weekday() % 4))
    ahead = [each for each in found if each[2] is PerformanceState.ON_SALE and each[0] > now]
    for place, (starts_at, performance_id, _) in enumerate(ahead):
        try:
            weeks = (starts_at - now).days / 7
            sales.add(performance_id, max(0.6 - 0.06 * weeks - 0.05 * (place % 3), 0.03))
        except NotLaidOut:
            continue
    sales.write()
    day_of.pass_over(session, now=now)


def _opens_at(offer: Offer) -> datetime:
    """When everyone may buy."""
    return max(window.opens_at for window in offer.windows if window.audience is Audience.PUBLIC)


def _contact(order_id: str, buyer: _Buyer | None) -> dict[str, Any]:
    email = buyer.email if buyer else ""
    name = buyer.name if buyer else ""
    return {
        "order_id": order_id,
        "email": email,
        "email_key": buyer.email_key if buyer else "",
        "name": name,
        "name_key": comparable(name),
        "phone": buyer.phone if buyer else "",
        "language": buyer.language if buyer else "en",
    }


def _buyers(session: Session) -> list[_Buyer]:
    """Patrons with an address: some buy more often than others."""
    query = (
        sa.select(_PATRON)
        .where(_PATRON.c.status == "active", _PATRON.c.email.is_not(None))
        .order_by(_PATRON.c.number)
    )
    found = [
        _Buyer(
            id=row.id,
            email=row.email,
            email_key=row.email_key,
            name=full_name(row.given_name, row.family_name),
            phone=row.phone or "",
            language=row.language,
        )
        for row in session.connection().execute(query)
    ]
    return found + found[::4] + found[::9] * 3
