"""Reads one order for its page, as far as its reader may know whose it is. Texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from sqlmodel import Session

from upstage_crm.admin.orders.order_rows import Visit, visits
from upstage_crm.admin.orders.url import print_href
from upstage_crm.admin.patrons.rows import patron_href
from upstage_crm.core import when
from upstage_crm.core.money import as_typed, in_words
from upstage_crm.orders import queries
from upstage_crm.orders.records import contact_reveals, order_money
from upstage_crm.orders.records.contact_reveals import CONTACT_FIELDS
from upstage_crm.orders.records.order_money import OrderMoney, PaidPart
from upstage_crm.orders.transfers import seat_proposal
from upstage_crm.orders.transfers.views import OfferState, SeatMoveView
from upstage_crm.orders.views import OrderView, StepKind, StepView, TicketState, TicketView
from upstage_crm.organisation.settings import details, home
from upstage_crm.patrons import queries as patrons
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.reveals import may_reveal
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.payments.views import PaymentState, RefundState
from upstage_crm.programme.prices.price_types import price_types
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import StaffMember
from upstage_crm.wording.consequences import counted
from upstage_crm.wording.programme import CHANNEL_WORDS
from upstage_crm.wording.sales.orders import OFFER_STATES, STEPS, TICKET_STATES, reason_words
from upstage_crm.wording.sales.payments import (
    METHOD_WORDS,
    PAYMENT_WORDS,
    REFUND_CAUSE_WORDS,
    REFUND_WORDS,
)

_BY_BUYER: Mapping[StepKind, str] = {StepKind.RETURN: "The buyer"}  # where no one of staff did
_STEP_LOOKS: Mapping[StepKind, tuple[str, str]] = {
    StepKind.SALE: ("ticket", "success"),
    StepKind.EXCHANGE: ("refresh-cw", "neutral"),
    StepKind.RETURN: ("undo-2", "warning"),
    StepKind.CANCELLATION: ("circle-slash", "danger"),
    StepKind.REISSUE: ("key-round", "neutral"),
    StepKind.TRANSFER: ("send", "neutral"),
    StepKind.SEAT_MOVE: ("refresh-cw", "neutral"),
}
_TICKET_TONES: Mapping[TicketState, str] = {
    TicketState.VALID: "success",
    TicketState.RETURNED: "neutral",
    TicketState.EXCHANGED: "neutral",
    TicketState.VOID: "danger",
}
_TICKET_ICONS: Mapping[TicketState, str] = {
    TicketState.VALID: "circle-check",
    TicketState.RETURNED: "undo-2",
    TicketState.EXCHANGED: "refresh-cw",
    TicketState.VOID: "circle-slash",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLine:
    """One field of the contact; `revealed` says that it is shown for a reason that was given."""

    key: str = ""
    label: str = ""
    value: str = ""
    can_reveal: bool = False
    revealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    """One ticket; `called` and `visit` tell it from others where one is chosen."""

    id: str = ""
    place: str = ""
    called: str = ""
    visit: str = ""
    kind: str = ""
    event: str = ""
    when: str = ""
    house: str = ""
    amount: str = ""
    state: str = ""
    icon: str = ""
    tone: str = ""
    note: str = ""
    is_valid: bool = False
    can_return: bool = False
    can_move: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One thing that happened to the order.

    `answer` is how far a question to the holder is; one that is open has an `offer_id`.
    """

    words: str = ""
    icon: str = ""
    tone: str = ""
    actor: str = ""
    reason: str = ""
    time: str = ""
    time_iso: str = ""
    answer: str = ""
    offer_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRow:
    """A payment, or what was given back of the one above it."""

    words: str = ""
    note: str = ""
    amount: str = ""
    time: str = ""
    time_iso: str = ""
    is_refund: bool = False
    is_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """Everything that the page of an order shows to one reader.

    `patron` is the record that it is filed at, `claim` what is to be known of that. The sums are
    "" where they are nothing; `owed_typed` is what is owed as an input holds it.
    """

    order_id: str = ""
    reference: str = ""
    heading: str = ""
    print_href: str = ""
    currency: str = ""
    sold: str = ""
    channel: str = ""
    seller: str = ""
    patron: str = ""
    patron_href: str = ""
    claim: str = ""
    total: str = ""
    paid: str = ""
    given_back: str = ""
    on_its_way: str = ""
    owed: str = ""
    owed_chip: str = ""
    owed_typed: str = ""
    contact: list[ContactLine] = field(default_factory=list)
    tickets: list[TicketRow] = field(default_factory=list)
    steps: list[StepRow] = field(default_factory=list)
    money: list[MoneyRow] = field(default_factory=list)

    @property
    def valid(self) -> list[TicketRow]:
        """The tickets that open a door."""
        return [one for one in self.tickets if one.is_valid]


def read(
    session: Session,
    reference: str,
    *,
    viewer: StaffMember,
    revealed: Mapping[str, str],
    now: datetime,
) -> OrderRecord:
    """Read the order with a reference.

    Raises:
        UnknownOrder: there is none.
    """
    order = queries.by_reference(session, reference)
    zone = details(session).zone
    money = order_money.of_order(session, order)
    access = FieldAccess(viewer.role)
    patron, href = "", ""
    if order.patron_id is not None:
        record = patrons.get(session, order.patron_id)
        access = FieldAccess(viewer.role, record.is_protected)
        patron, href = access.name(record.values, number=record.number), patron_href(record.number)
    asked = seat_proposal.of_order(session, order.id, now=now)
    by = {each.staff_id for each in (*order.steps, *asked)} | {order.staff_id}
    names = accounts.labels_of(session, by - {""})
    words = _Amounts(order.currency)
    return OrderRecord(
        order_id=order.id,
        reference=order.reference,
        heading=f"Order {order.reference}",
        print_href=print_href(order.reference),
        currency=order.currency,
        sold=f"Sold {when.in_words(order.created_at, zone)}",
        channel=CHANNEL_WORDS[order.channel],
        seller=names.get(order.staff_id, ""),
        patron=patron,
        patron_href=href,
        claim=_claim(order, patron),
        total=words.plain(order.total),
        paid=words.plain(money.paid),
        given_back=words.some(money.given_back),
        on_its_way=words.some(money.on_its_way),
        owed=words.some(money.owed),
        owed_chip=f"{words.plain(money.owed)} owed" if money.owed else "",
        owed_typed=as_typed(money.owed, order.currency),
        contact=_contact(order, access, viewer, revealed, home(session)),
        tickets=_tickets(session, order, now),
        steps=_history(order, asked, words, names, zone),
        money=_money(money, words, zone),
    )


@dataclass(frozen=True, slots=True)
class _Amounts:
    """Amounts of one currency in words."""

    currency: str

    def plain(self, amount: int) -> str:
        return in_words(amount, self.currency)

    def some(self, amount: int) -> str:
        """The amount, or nothing for none."""
        return self.plain(amount) if amount else ""


def _claim(order: OrderView, patron: str) -> str:
    if not patron:
        return "Bought as a guest. It belongs to no record."
    if not order.is_claimed:
        return "Bought as a guest. The mailbox has not confirmed it yet."
    return ""


def _contact(
    order: OrderView,
    access: FieldAccess,
    viewer: StaffMember,
    revealed: Mapping[str, str],
    country: str,
) -> list[ContactLine]:
    seen = contact_reveals.seen(order.contact, access)
    return [
        ContactLine(
            key=key,
            label=FIELDS[key].label,
            value=contact_reveals.shown(key, revealed.get(key, seen[key]), country),
            can_reveal=bool(seen[key]) and may_reveal(viewer, access, key) and key not in revealed,
            revealed=key in revealed,
        )
        for key in CONTACT_FIELDS
    ]


def _tickets(session: Session, order: OrderView, now: datetime) -> list[TicketRow]:
    known = visits(session, {ticket.performance_id for ticket in order.tickets})
    kinds = {type_id: one.name for type_id, one in price_types(session).items()}
    rank = {performance_id: place for place, performance_id in enumerate(known)}
    ordered = sorted(
        order.tickets,
        key=lambda one: (
            one.state is not TicketState.VALID,
            rank.get(one.performance_id, 0),
            one.id,
        ),
    )
    amounts = _Amounts(order.currency)
    return [_ticket(one, known, kinds, amounts, now) for one in ordered]


def _ticket(
    one: TicketView,
    known: Mapping[str, Visit],
    kinds: Mapping[str, str],
    amounts: _Amounts,
    now: datetime,
) -> TicketRow:
    visit = known.get(one.performance_id)
    is_valid = one.state is TicketState.VALID
    is_ahead = is_valid and visit is not None and visit.starts_at > now
    notes = [
        f"Code {one.code_version}" if one.code_version > 1 else "",
        "Collected" if one.collected_at else "",
    ]
    return TicketRow(
        id=one.id,
        place=one.place,
        called=f"{one.place} · {amounts.plain(one.amount)}",
        visit=f"{visit.title}, {visit.when}" if visit else "",
        kind=kinds.get(one.type_id, ""),
        event=visit.title if visit else "",
        when=visit.when if visit else "",
        house=visit.house if visit else "",
        amount=amounts.plain(one.amount),
        state=TICKET_STATES[one.state],
        icon=_TICKET_ICONS[one.state],
        tone=_TICKET_TONES[one.state],
        note=" · ".join(filter(None, notes)),
        is_valid=is_valid,
        can_return=is_ahead,
        can_move=is_ahead and bool(one.seat_id),
    )


def _history(
    order: OrderView,
    asked: Sequence[SeatMoveView],
    amounts: _Amounts,
    names: Mapping[str, str],
    time_zone: tzinfo,
) -> list[StepRow]:
    """What happened to the order and what its holder is asked, the newest first."""
    rows = [
        *((each.created_at, _step(each, amounts, names, time_zone)) for each in order.steps),
        *((each.created_at, _question(each, names, time_zone)) for each in asked),
    ]
    return [row for _at, row in sorted(rows, key=lambda found: found[0])[::-1]]


def _question(asked: SeatMoveView, names: Mapping[str, str], time_zone: tzinfo) -> StepRow:
    until = when.short(asked.until, time_zone)
    is_over = asked.state is OfferState.OPEN and not asked.is_open
    state = OFFER_STATES[OfferState.LAPSED if is_over else asked.state]
    return StepRow(
        words=f"Another seat proposed: {asked.new_place} for {asked.old_place}",
        icon="send",
        tone="info",
        actor=names.get(asked.staff_id, ""),
        reason=reason_words(asked.reason),
        time=when.short(asked.created_at, time_zone),
        time_iso=when.iso(asked.created_at),
        answer=f"{state}. The seat is held until {until}." if asked.is_open else f"{state}.",
        offer_id=asked.id if asked.is_open else "",
    )


def _step(
    step: StepView, amounts: _Amounts, names: Mapping[str, str], time_zone: tzinfo
) -> StepRow:
    icon, tone = _STEP_LOOKS[step.kind]
    words = STEPS[step.kind]
    if step.total or step.kind is StepKind.SALE:
        words = f"{words}: {amounts.plain(step.total)}"
    return StepRow(
        words=words,
        icon=icon,
        tone=tone,
        actor=names.get(step.staff_id, "") or _BY_BUYER.get(step.kind, ""),
        reason=reason_words(step.reason),
        time=when.short(step.created_at, time_zone),
        time_iso=when.iso(step.created_at),
    )


def _money(money: OrderMoney, amounts: _Amounts, time_zone: tzinfo) -> list[MoneyRow]:
    return [row for part in money.parts for row in _part(part, amounts, time_zone)]


def _part(part: PaidPart, amounts: _Amounts, time_zone: tzinfo) -> list[MoneyRow]:
    payment = part.payment
    is_paid = payment.state is PaymentState.CAPTURED
    state = "" if is_paid else PAYMENT_WORDS[payment.state]
    at = payment.settled_at or payment.created_at
    paid = MoneyRow(
        words=METHOD_WORDS[payment.method],
        note=" · ".join(filter(None, (state, payment.note))),
        amount=amounts.plain(payment.amount),
        time=when.short(at, time_zone),
        time_iso=when.iso(at),
        is_failed=not is_paid,
    )
    given = [
        MoneyRow(
            words=REFUND_WORDS[refund.state],
            note=" · ".join(
                note
                for note in (REFUND_CAUSE_WORDS[refund.cause], reason_words(refund.reason))
                if note
            ),
            amount=amounts.plain(-refund.amount),
            time=when.short(refund.settled_at or refund.created_at, time_zone),
            time_iso=when.iso(refund.settled_at or refund.created_at),
            is_refund=True,
            is_failed=refund.state is RefundState.FAILED,
        )
        for refund in part.refunds
    ]
    return [paid, *given]


def tickets_in_words(count: int) -> str:
    """A number of tickets."""
    return counted(count, "ticket")
