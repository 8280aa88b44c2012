"""A buyer in the portal who pays by card, on the page of the test acquirer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import httpx
from sqlmodel import Session
from starlette.applications import Starlette

from tests.support.confirming import OURS, Browser
from tests.support.shop import INA, Shop
from upstage_crm.jobs import card_payments
from upstage_crm.orders import queries as orders
from upstage_crm.orders import settlement
from upstage_crm.orders.views import Seller
from upstage_crm.payments import checkout, queries
from upstage_crm.payments.providers.published_cards import CARDS, PublishedCard
from upstage_crm.payments.providers.test_acquirer import Acquirer
from upstage_crm.payments.views import PaymentView, RefundView
from upstage_crm.portal.acquirer import routes
from upstage_crm.programme.prices.views import SaleChannel
from upstage_crm.wiring import Runtime

CARD: dict[str, PublishedCard] = {card.number: card for card in CARDS}
VISA = "4242 4242 4242 4242"
RETURN = f"{OURS}/pay/done/"


@dataclass
class Buyer:
    """Pays for baskets of a shop, as surfaces do: each verb commits before the next."""

    shop: Shop
    parts: Runtime

    @property
    def acquirer(self) -> Acquirer:
        found = self.parts.cards.acquirer
        assert found is not None
        return found

    @property
    def browser(self) -> Browser:
        return Browser(Starlette(routes=routes.routes(is_offered=True)))

    def begin(self, *seats: str) -> PaymentView:
        """A basket with seats, and its payment."""
        shop = self.shop
        seller = Seller(channel=SaleChannel.PORTAL)
        basket = replace(shop, seller=seller).filled(*seats)
        return shop.run(lambda c: settlement.begin(c, seller, basket_id=basket, contact=INA))

    def page(self, payment: PaymentView) -> str:
        """The address of the provider's page, without our origin."""
        url = checkout.open_page(
            self.parts.database,
            self.parts.cards,
            payment,
            words="2 tickets for Hamlet",
            return_url=f"{RETURN}{payment.public_name}",
            back_url=f"{OURS}/basket",
            language="en",
            now=self.shop.desk.now,
        )
        return url.removeprefix(OURS)

    def opened(self, *seats: str) -> tuple[PaymentView, str]:
        """A payment with its page."""
        payment = self.begin(*seats)
        return payment, self.page(payment)

    def pays(self, path: str, number: str = VISA, **more: Any) -> httpx.Response:
        """The buyer types a number and presses the button."""
        return self.browser.post(path, data={"number": number, **more}, headers={"origin": OURS})

    def answers(self, path: str, answer: str) -> httpx.Response:
        """The buyer answers the bank."""
        return self.browser.post(f"{path}/bank", data={"answer": answer}, headers={"origin": OURS})

    def paid(self, *seats: str, number: str = VISA) -> PaymentView:
        """A payment that was captured, and what it paid for sold."""
        payment, path = self.opened(*seats)
        assert self.pays(path, number).status_code == 303
        return self.again(payment)

    def tick(self, *, is_minute: bool = True) -> None:
        """The clock does what is due."""
        card_payments.do_what_is_due(self.parts, is_minute=is_minute)

    def again(self, payment: PaymentView) -> PaymentView:
        return self.shop.desk.read(lambda s: queries.payment(s, payment.id))

    def refunds(self, payment: PaymentView) -> list[RefundView]:
        return list(self.shop.desk.read(lambda s: queries.refunds_of(s, payment.id)))

    def tickets(self, payment: PaymentView) -> int:
        """How many tickets the payment has bought."""

        def work(session: Session) -> int:
            order_id = queries.payment(session, payment.id).order_id
            return len(orders.order(session, order_id).tickets) if order_id else 0

        return self.shop.desk.read(work)
