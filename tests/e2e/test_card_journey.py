"""A browser pays by card: on the test acquirer's page, and on Stripe's by its emulator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette

from tests.support.accessibility import assert_accessible
from tests.support.asgi_stand import serving_app
from tests.support.confirming import Browser as Sender
from tests.support.confirming import serving
from tests.support.factories import Desk
from tests.support.houses import LaidOut, on_sale
from tests.support.processes import free_port
from tests.support.shopping import types
from tests.support.stripe_stand import API_KEY, SECRET, Stripe, running_stripe
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.portal import limits, memory
from upstage_crm.portal.acquirer import routes as acquirer
from upstage_crm.portal.basket import basket_page
from upstage_crm.portal.routes import ROUTES
from upstage_crm.webhooks import stripe as stripe_webhook

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
APP = Starlette(
    routes=[
        *ROUTES,
        *acquirer.routes(is_offered=True),
        *stripe_webhook.routes(has_secret=True),
    ]
)


@pytest.fixture
def made(database: Database, clock: FrozenClock) -> LaidOut:
    return on_sale(Desk(database, clock))


@pytest.fixture
def stripe(clock: FrozenClock) -> Iterator[Stripe]:
    with running_stripe(clock) as running:
        yield running


def served(stack: ExitStack, made: LaidOut, stripe: Stripe | None = None) -> str:
    """The portal on this machine, with Stripe or with the test acquirer."""
    memory.forget_all()
    limits.pace.forget()
    port = free_port()
    more = {"PORT": str(port)}
    if stripe is not None:
        more |= {"STRIPE_API_KEY": API_KEY, "STRIPE_API_URL": stripe.url}
        more |= {"STRIPE_WEBHOOK_SECRET": SECRET}
        web = Sender(APP)
        stripe.deliver = lambda headers, body: (
            web.post(stripe_webhook.PATH, content=body, headers=headers).status_code
        )
    stack.enter_context(serving(made.desk, more=more))
    return stack.enter_context(serving_app(APP, port))


def to_card(page: Page, origin: str, made: LaidOut) -> None:
    """Two tickets, an address, and the button that leads to the provider."""
    adult = f"type-{types(made)['Adult']}"
    form: dict[str, str | float | bool] = {"how": "best", "performance": made.performance}
    form[adult] = "2"
    page.request.post(f"{origin}/basket/add", form=form, headers={"origin": origin})
    page.goto(f"{origin}/basket/")
    page.get_by_label("Your email address").fill("ina@example.org")
    page.get_by_role("button", name=re.compile("^Pay ")).click()


def test_a_buyer_tries_cards_on_the_page_of_the_test_acquirer(page: Page, made: LaidOut) -> None:
    with ExitStack() as stack:
        origin = served(stack, made)
        to_card(page, origin, made)
        expect(page.get_by_role("heading", name=re.compile("^Pay "))).to_be_visible()
        assert_accessible(page)

        page.get_by_label("Test card number").fill("4929 1234 5678 9015")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("none of the test numbers")
        expect(page.get_by_label("Test card number")).to_have_value("")
        page.get_by_role("button", name="4000 0000 0000 0002").click()
        expect(page.get_by_role("alert")).to_contain_text("The card was declined")
        page.get_by_role("button", name="4000 0000 0000 3220").click()
        assert_accessible(page)
        page.get_by_role("button", name="Yes, it is me").click()

        expect(page).to_have_url(f"{origin}/basket/tickets")
        expect(page.locator(".ticket")).to_have_count(2)


def test_the_policy_lets_the_form_go_on_to_stripe_and_the_buyer_comes_back_with_tickets(
    page: Page, made: LaidOut, stripe: Stripe
) -> None:
    with ExitStack() as stack:
        origin = served(stack, made, stripe)
        to_card(page, origin, made)
        page.wait_for_url(f"{stripe.url}/checkout/**")

        page.locator(".checkout-pay-btn").click()

        expect(page).to_have_url(f"{origin}/basket/tickets")
        expect(page.locator(".ticket")).to_have_count(2)
        assert stripe.said == [200]


def test_without_the_name_of_stripe_in_the_policy_the_browser_stops_the_form(
    browser: Browser, made: LaidOut, stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why the policy of the basket names the provider."""
    monkeypatch.setattr(basket_page, "policy_leading_to", lambda _origin: "form-action 'self'")
    with ExitStack() as stack:
        origin = served(stack, made, stripe)
        opened = browser.new_page()  # its complaint is expected
        stack.callback(opened.close)
        with opened.expect_console_message(lambda said: "form-action" in said.text):
            to_card(opened, origin, made)
        assert opened.url == f"{origin}/basket/"
