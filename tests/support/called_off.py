"""A performance that is cancelled or moved after tickets were sold, played by the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlmodel import Session

from tests.support.factories import COMPOSER, PUBLIC_URL
from tests.support.houses import performance_in
from tests.support.shop import INA, Shop
from upstage_crm.inventory import sale_steps
from upstage_crm.links.claims import LinkClaims
from upstage_crm.orders import settlement
from upstage_crm.orders.cancellations import (
    answering,
    cancelling,
    moving,
    offering,
    offers,
    paying_out,
    progress,
)
from upstage_crm.orders.cancellations.dry_run import dry_run
from upstage_crm.orders.cancellations.views import Answer, DryRun, Offer, OtherDate, Progress
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.settlement import Facts, Said
from upstage_crm.orders.views import Contact, OrderView
from upstage_crm.payments import queries as payments
from upstage_crm.payments import refunds
from upstage_crm.payments.views import Method, RefundView
from upstage_crm.programme import queries as programme
from upstage_crm.programme.bulk_edit import Change
from upstage_crm.staff.command_context import CommandContext

T = TypeVar("T")


@dataclass
class CalledOff:
    """What becomes of the performance of a shop. Each verb is one transaction."""

    shop: Shop
    mailer: OrderMailer = field(init=False)

    def __post_init__(self) -> None:
        self.mailer = OrderMailer(
            composer=COMPOSER, public_url=PUBLIC_URL, codec=self.shop.desk.codec, kid="test-key"
        )

    def dry_run(self) -> DryRun:
        """What cancelling would do."""
        return self.shop.desk.read(lambda s: dry_run(s, [self.shop.performance]))

    def cancel(self) -> None:
        """The clerk cancels the performance."""
        self.shop.act(lambda c: cancelling.cancel(c, performance_ids=[self.shop.performance]))

    def move(self, *, later: int) -> None:
        """The clerk moves the performance by days."""
        self.shop.act(
            lambda c: moving.change_all(c, Change(later=later), versions=self._versions())
        )

    def move_back(self, places: Any) -> None:
        """The clerk takes a move back."""
        self.shop.act(lambda c: moving.move_back(c, places=places, versions=self._versions()))

    def another_date(self) -> str:
        """Another performance of the event, on sale a week later; its id."""
        made = self.shop.made
        new = performance_in(made.desk, made.hall, made.event, date(2026, 12, 11))
        self.shop.act(lambda c: sale_steps.put_on_sale(c, performance_ids=[new], checks=()))
        return new

    def tell(self) -> int:
        """The job tells all that are listed, and the mails leave; return how many."""
        found = self.shop.desk.read(offering.listed)
        told = sum(self.do(partial(offering.tell, disrupted_id=each)) for each in found)
        self.shop.desk.deliver()
        return told

    def wait(self, days: float = 7) -> int:
        """Time passes, and the job settles who has not answered."""
        desk = self.shop.desk
        desk.clock.advance(timedelta(days=days))
        found = desk.read(lambda s: offering.silent(s, now=desk.now))
        return sum(self.do(partial(offering.settle_silent, disrupted_id=each)) for each in found)

    def claims(self, to: str = INA.email) -> LinkClaims:
        """What the newest link to a mailbox says."""
        return self.shop.desk.claims(to)

    def answer(self, chosen: Answer, to: str = INA.email, **how: Any) -> None:
        """The reader of a mailbox chooses."""
        claims = self.claims(to)
        self.do(lambda c: answering.answer(c, claims=claims, chosen=chosen, **how))

    def offer(self, to: str = INA.email) -> Offer:
        """What the newest link to a mailbox shows."""
        claims = self.claims(to)
        return self.shop.desk.read(lambda s: offers.offer_by(s, claims))

    def dates(self, to: str = INA.email) -> list[OtherDate]:
        """The other dates that the newest link to a mailbox offers."""
        offer = self.offer(to)
        return self.shop.desk.read(lambda s: offers.other_dates(s, offer, now=self.shop.desk.now))

    def pay_out(self, order: OrderView, shift_id: str = "shift") -> int:
        """The clerk pays out what the desk owes."""
        seller = self.shop.seller
        own = type(seller)(channel=seller.channel, actor=seller.actor, shift_id=shift_id)
        return self.shop.act(lambda c: paying_out.pay_out(c, own, order_id=order.id))

    def progress(self) -> Progress:
        """How far it is."""
        found = self.shop.desk.read(lambda s: progress.of_performance(s, self.shop.performance))
        assert found is not None
        return found

    def refunds(self, order: OrderView) -> list[RefundView]:
        """Every refund of an order."""

        def read(session: Session) -> list[RefundView]:
            return [
                refund
                for payment in payments.of_order(session, order.id)
                for refund in payments.refunds_of(session, payment.id)
            ]

        return self.shop.desk.read(read)

    def provider_pays(self) -> int:
        """The provider gives back every card refund that waits."""
        desk = self.shop.desk
        found = desk.read(lambda s: payments.unsent_refunds(s, Method.CARD))
        for each in found:
            desk.write(lambda s, one=each: refunds.refund_done(s, one.id, now=desk.now))
        return sum(each.amount for each in found)

    def pay_by_card(self, basket: str, contact: Contact = INA) -> str:
        """Begin to pay a basket by card; return the payment's id."""
        return self.do(
            lambda c: settlement.begin(c, self.shop.seller, basket_id=basket, contact=contact)
        ).id

    def captured(self, payment_id: str) -> settlement.Outcome:
        """The provider says that it has the money."""
        facts = Facts(said=Said.CAPTURED)
        return self.do(
            lambda c: settlement.settle(c, self.shop.seller, payment_id=payment_id, facts=facts)
        )

    def sold_by_card(self, *seats: str, email: str = INA.email) -> OrderView:
        """An order of seats, paid by card."""
        contact = Contact(email=email, name="Ina Example")
        payment_id = self.pay_by_card(self.shop.filled(*seats), contact)
        assert self.captured(payment_id) is settlement.Outcome.SOLD
        found = self.shop.desk.read(lambda s: payments.payment(s, payment_id))
        return self.shop.order(found.order_id)

    def do(self, work: Callable[[CommandContext[OrderMailer]], T]) -> T:
        """The clock or a buyer runs a command."""
        desk = self.shop.desk
        return desk.database.attempt(
            lambda s: work(CommandContext(session=s, now=desk.now, notifier=self.mailer))
        )

    def _versions(self) -> dict[str, int]:
        performance = self.shop.performance
        (found,) = self.shop.desk.read(lambda s: programme.performances(s, [performance]))
        return {performance: found.version}
