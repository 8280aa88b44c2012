"""The built-in acquirer for demos and rehearsals: a provider without a bank. No money moves.

It keeps to the protocol as Stripe does, with rows of its own, so that all that can go wrong between
a provider and us can be tried on one machine. `portal.acquirer` draws its page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.db import Database, table_of, take_turns
from upstage_crm.payments.errors import EventRefused, ProviderRefused
from upstage_crm.payments.providers import acquirer_news
from upstage_crm.payments.providers.provider import (
    DisputeFacts,
    EventAbout,
    Facts,
    Page,
    PageWanted,
    ProviderEvent,
    RefundFacts,
    RefundWanted,
)
from upstage_crm.payments.providers.published_cards import AfterRefund, Outcome, PublishedCard
from upstage_crm.payments.providers.rehearsal import Fault, PageState, PageView
from upstage_crm.payments.providers.tables import (
    WORDS_LIMIT,
    AcquirerPageRow,
    AcquirerRefundRow,
)
from upstage_crm.payments.views import PaymentState, RefundState

NAME = "test"
PATH = "/pay/test"
PAGE_LIVES = timedelta(minutes=30)  # at least, as Stripe's pages do
REFUND_TAKES = timedelta(minutes=1)  # where something becomes of it later
_BYTES = 16
T = TypeVar("T")

_PAGE, _REFUND = table_of(AcquirerPageRow), table_of(AcquirerRefundRow)
_PAYMENT_STATES: Mapping[PageState, PaymentState] = {
    PageState.OPEN: PaymentState.ACTION_NEEDED,
    PageState.BANK: PaymentState.ACTION_NEEDED,
    PageState.PAID: PaymentState.CAPTURED,
    PageState.OVER: PaymentState.EXPIRED,
}
_REFUND_STATES: Mapping[AfterRefund, tuple[RefundState, RefundState]] = {
    AfterRefund.DONE: (RefundState.DONE, RefundState.DONE),
    AfterRefund.DONE_LATER: (RefundState.PENDING, RefundState.DONE),
    AfterRefund.FAILS_LATER: (RefundState.DONE, RefundState.FAILED),
}
"""What a refund is at first, and what becomes of it."""


class Acquirer:
    """The test acquirer over a database, which would be its own if it were real."""

    name = NAME
    mark = "test_"
    form_action = ""

    def __init__(self, database: Database, base_url: str) -> None:
        self._database = database
        self._base_url = base_url

    def can_take(self, amount: int, currency: str) -> bool:  # noqa: ARG002  # of any currency
        """Whether there is anything to pay."""
        return amount > 0

    def open(self, wanted: PageWanted, *, now: datetime) -> Page:
        """Make the page, or give the one that was made for this payment before."""

        def work(session: Session) -> str:
            take_turns(session, f"page of {wanted.payment_id}")
            found = _first(session, _PAGE.c.payment_id == wanted.payment_id)
            if found is not None:
                if (found["amount"], found["currency"]) != (wanted.amount, wanted.currency):
                    raise ProviderRefused(reason="idempotency_error")
                return str(found["id"])
            row = {
                "id": f"test_{secrets.token_hex(_BYTES)}",
                "payment_id": wanted.payment_id,
                "amount": wanted.amount,
                "currency": wanted.currency,
                "words": wanted.words[:WORDS_LIMIT],
                "return_url": wanted.return_url,
                "back_url": wanted.back_url,
                "state": PageState.OPEN,
                "fault": Fault.NONE,
                "card": "",
                "outcome": Outcome.PAID,
                "after_refund": AfterRefund.DONE,
                "capture_reference": None,
                "expires_at": max(now + PAGE_LIVES, wanted.deadline_at),
                "created_at": now,
            }
            session.connection().execute(sa.insert(_PAGE).values(row))
            return str(row["id"])

        reference = self._attempt(work)
        return Page(reference=reference, url=f"{self._base_url}{PATH}/{reference}")

    def close(self, reference: str, *, now: datetime) -> None:  # noqa: ARG002  # the protocol's
        """End a page, so that nothing can be paid on it any more."""
        is_open = _PAGE.c.state.in_((PageState.OPEN, PageState.BANK))
        over = sa.update(_PAGE).where(_PAGE.c.id == reference, is_open)

        def work(session: Session) -> None:
            session.connection().execute(over.values(state=PageState.OVER))

        self._attempt(work)

    def fetch(self, reference: str, *, now: datetime) -> Facts:
        """What is true of a page, or of what was captured on it."""
        with self._database.reading() as session:
            is_it = sa.or_(_PAGE.c.id == reference, _PAGE.c.capture_reference == reference)
            row = _first(session, is_it)
        if row is None:
            raise ProviderRefused(reason="resource_missing")
        return Facts(
            payment_id=row["payment_id"],
            state=_PAYMENT_STATES[_state(row, now)],
            amount=row["amount"],
            currency=row["currency"],
            capture_reference=row["capture_reference"] or "",
            note=row["card"] if row["capture_reference"] else "",
        )

    def refund(self, wanted: RefundWanted, *, now: datetime) -> RefundFacts:
        """Give back, once for each refund id and never more than was paid."""

        def work(session: Session) -> RefundFacts:
            page = _first(session, _PAGE.c.capture_reference == wanted.capture_reference, lock=True)
            if page is None:
                raise ProviderRefused(reason="resource_missing")
            rows = _refunds(session, _REFUND.c.page_id == page["id"])
            known = next((row for row in rows if row["refund_id"] == wanted.refund_id), None)
            if known is not None:
                if known["amount"] != wanted.amount:
                    raise ProviderRefused(reason="idempotency_error")
                return _refund_facts(known, page, now)
            facts = [_refund_facts(row, page, now) for row in rows]
            gone = sum(one.amount for one in facts if one.state is not RefundState.FAILED)
            if gone + wanted.amount > page["amount"]:
                raise ProviderRefused(reason="charge_already_refunded")
            row: dict[str, Any] = {
                "id": f"test_refund_{secrets.token_hex(_BYTES)}",
                "page_id": page["id"],
                "refund_id": wanted.refund_id,
                "amount": wanted.amount,
                "after_refund": page["after_refund"],
                "settles_at": now + REFUND_TAKES,
                "created_at": now,
            }
            session.connection().execute(sa.insert(_REFUND).values(row))
            is_later = row["after_refund"] is not AfterRefund.DONE
            due_at = row["settles_at"] if is_later else now
            acquirer_news.add(session, "refund.updated", row["id"], due_at=due_at)
            return _refund_facts(row, page, now)

        return self._attempt(work)

    def fetch_refund(self, reference: str, *, now: datetime) -> RefundFacts:
        """What is true of a refund."""
        with self._database.reading() as session:
            found = _refunds(session, _REFUND.c.id == reference)
            page = _first(session, _PAGE.c.id == found[0]["page_id"]) if found else None
        if page is None:
            raise ProviderRefused(reason="resource_missing")
        return _refund_facts(found[0], page, now)

    def fetch_dispute(self, reference: str, *, now: datetime) -> DisputeFacts:
        """There is no bank, and so no dispute."""
        del reference, now
        raise ProviderRefused(reason="resource_missing")

    def read_event(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> ProviderEvent:
        """Its news come by `due_news`, on this machine: nothing from outside is ever its own."""
        del headers, body, now
        raise EventRefused

    # --- what its page and its news ask for ------------------------------------------------------

    def page(self, reference: str, *, now: datetime) -> PageView | None:
        """A page, or None where there is none."""
        with self._database.reading() as session:
            row = _first(session, _PAGE.c.id == reference)
        return None if row is None else _view(row, now)

    def charge(
        self, reference: str, card: PublishedCard, *, fault: Fault, now: datetime
    ) -> PageView | None:
        """Try a card on a page that is open: it pays, is refused, or its bank asks first."""
        said = {"card": card.note, "outcome": card.outcome, "after_refund": card.after_refund}
        return self._move(
            reference, PageState.OPEN, is_bank_next=card.asks_bank, fault=fault, said=said, now=now
        )

    def answer_bank(self, reference: str, *, is_me: bool, now: datetime) -> PageView | None:
        """What the cardholder tells the bank: then the card is charged, or refused."""
        said = {} if is_me else {"outcome": Outcome.NOT_PROVEN}
        return self._move(reference, PageState.BANK, is_bank_next=False, said=said, now=now)

    def due_news(self, *, now: datetime) -> tuple[ProviderEvent, ...]:
        """What it has to tell us now, the oldest first."""
        with self._database.reading() as session:
            rows = acquirer_news.due(session, now=now)
        return tuple(
            ProviderEvent(id=row["id"], kind=row["kind"], about=_about(row), subject=row["subject"])
            for row in rows
        )

    def told(self, event_id: str) -> None:
        """One copy of its news was heard."""
        self._attempt(lambda session: acquirer_news.told(session, event_id))

    def _move(
        self,
        reference: str,
        start: PageState,
        *,
        is_bank_next: bool,
        said: Mapping[str, Any],
        now: datetime,
        fault: Fault | None = None,
    ) -> PageView | None:
        def work(session: Session) -> PageView | None:
            row = _first(session, _PAGE.c.id == reference, lock=True)
            if row is None:
                return None
            if _state(row, now) is not start:
                return _view(row, now)
            values: dict[str, Any] = {**row, **said}
            values["fault"] = fault if fault is not None else values["fault"]
            values["state"] = PageState.BANK if is_bank_next else PageState.OPEN
            if not is_bank_next and values["outcome"] is Outcome.PAID:
                values["state"] = PageState.PAID
                values["capture_reference"] = f"test_paid_{secrets.token_hex(_BYTES)}"
                acquirer_news.add_payment(session, reference, values["fault"], now=now)
            statement = sa.update(_PAGE).where(_PAGE.c.id == reference).values(values)
            session.connection().execute(statement)
            return _view(values, now)

        return self._attempt(work)

    def _attempt(self, work: Callable[[Session], T]) -> T:
        return self._database.attempt(work, is_recorded=False)


def _first(
    session: Session, condition: sa.ColumnElement[bool], *, lock: bool = False
) -> sa.RowMapping | None:
    query = sa.select(_PAGE).where(condition)
    if lock:
        query = query.with_for_update()
    return session.connection().execute(query).mappings().first()


def _refunds(session: Session, condition: sa.ColumnElement[bool]) -> list[sa.RowMapping]:
    query = sa.select(_REFUND).where(condition).order_by(_REFUND.c.created_at)
    return list(session.connection().execute(query).mappings())


def _state(row: Mapping[Any, Any], now: datetime) -> PageState:
    state: PageState = row["state"]
    is_late = state in (PageState.OPEN, PageState.BANK) and row["expires_at"] <= now
    return PageState.OVER if is_late else state


def _view(row: Mapping[Any, Any], now: datetime) -> PageView:
    names = ("amount", "currency", "words", "return_url", "back_url", "fault", "card", "outcome")
    return PageView(
        reference=row["id"], state=_state(row, now), **{name: row[name] for name in names}
    )


def _refund_facts(row: Mapping[Any, Any], page: Mapping[Any, Any], now: datetime) -> RefundFacts:
    first, then = _REFUND_STATES[row["after_refund"]]
    return RefundFacts(
        reference=row["id"],
        refund_id=row["refund_id"],
        capture_reference=page["capture_reference"],
        state=then if row["settles_at"] <= now else first,
        amount=row["amount"],
        currency=page["currency"],
    )


def _about(row: Mapping[Any, Any]) -> EventAbout:
    is_refund = str(row["kind"]).startswith("refund")
    return EventAbout.REFUND if is_refund else EventAbout.PAYMENT
