"""Find my order: a link by mail, the same answer whatever is true, and what the link opens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support.factories import COMPOSER, PUBLIC_URL, Desk
from tests.support.houses import LaidOut, on_sale, seat
from tests.support.shopping import (
    APP,
    Shopper,
    ask_for_link,
    best,
    bought,
    charge,
    link_of,
    said,
    shopping,
    to_card,
)
from upstage_crm.audit.events import Action
from upstage_crm.core.db import table_of
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.orders import filing
from upstage_crm.orders import queries as orders
from upstage_crm.orders.letters.order_mailer import OrderMailer
from upstage_crm.orders.tables import OrderRow
from upstage_crm.orders.transfers import moving_seats
from upstage_crm.portal.found_orders import find_order
from upstage_crm.portal.limits import Limit

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
INA = "ina@example.org"


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return on_sale(desk)


@pytest.fixture
def web(desk: Desk) -> Iterator[Shopper]:
    with shopping(desk) as shopper:
        yield shopper


@pytest.fixture
def reference(web: Shopper, desk: Desk, made: LaidOut) -> str:
    bought(web, made)
    query = sa.select(table_of(OrderRow).c.reference)
    return desk.read(lambda s: s.connection().execute(query).scalars().one())


def _references(desk: Desk) -> list[str]:
    query = sa.select(table_of(OrderRow).c.reference)
    return list(desk.read(lambda s: s.connection().execute(query).scalars()))


def links(desk: Desk) -> int:
    query = sa.select(sa.func.count()).where(
        OUTBOX.c.kind.in_([MailKind.ORDER_LINK, MailKind.ORDERS_LINK])
    )
    return desk.read(lambda s: s.connection().execute(query).scalar_one())


def test_the_mailed_link_opens_the_tickets_in_any_browser(
    web: Shopper, desk: Desk, reference: str
) -> None:
    answer = ask_for_link(web, reference.lower().replace("-", " "))
    phone = Shopper(APP)
    entered = phone.get(link_of(desk))
    page = phone.get(entered.headers["location"])

    assert "Please look into your mailbox." in answer.text
    assert entered.status_code == 303
    assert page.text.count('class="qr"') == 2
    assert phone.get("/tickets/mine.pdf").content.startswith(b"%PDF")
    assert reference in page.text


def test_another_seat_that_is_proposed_is_told_beside_the_ticket(
    web: Shopper, desk: Desk, made: LaidOut, reference: str
) -> None:
    order = desk.read(lambda s: orders.by_reference(s, reference))
    mailer = OrderMailer(composer=COMPOSER, public_url=PUBLIC_URL, codec=desk.codec, kid="test-key")
    free = seat("B", 1)
    assert free not in made.states()
    desk.act(
        desk.owner,
        moving_seats.propose,
        mailer,
        order_id=order.id,
        ticket_id=order.tickets[0].id,
        seat_id=free,
        reason="equipment",
    )
    desk.deliver()

    ask_for_link(web, reference)
    phone = Shopper(APP)
    page = phone.get(phone.get(link_of(desk)).headers["location"])

    told = "We proposed another seat: Stalls, row B, seat 1. Please answer our email."
    assert page.text.count(told) == 1
    assert page.text.count('class="qr"') == 2, "the ticket is good until the answer"


def test_the_answer_is_the_same_whatever_is_true(web: Shopper, desk: Desk, reference: str) -> None:
    answers = [
        ask_for_link(web, *pair).text
        for pair in ((reference, INA), (reference, "bob@example.org"), ("ZZ-ZZZ", INA),
                     ("", "no address"))
    ]  # fmt: skip

    plain = {re.sub(r'value="[^"]*"', "", text) for text in answers}
    assert len(plain) == 1
    assert links(desk) == 1


@on_sqlite
def test_who_asks_twice_has_one_mail_until_some_minutes_have_passed(
    web: Shopper, desk: Desk, reference: str
) -> None:
    ask_for_link(web, reference)
    ask_for_link(web, reference)
    once = links(desk)
    desk.clock.advance(timedelta(minutes=11))
    ask_for_link(web, reference)

    assert [once, links(desk)] == [1, 2]


def test_without_a_reference_the_link_opens_all_that_the_address_bought(
    web: Shopper, desk: Desk, made: LaidOut, reference: str
) -> None:
    bought(web, made)
    other = Shopper(APP)
    best(other, made)
    charge(other, to_card(other, "bob@example.org"))

    ask_for_link(web, "")
    phone = Shopper(APP)
    entered = phone.get(link_of(desk))
    page = phone.get(entered.headers["location"])
    references = set(re.findall(r"order=([\w-]+)", page.text))
    shown = [phone.get(f"/tickets/mine?order={one}") for one in references]
    bobs = [one for one in _references(desk) if one not in references]

    assert entered.headers["location"] == "/tickets/all"
    assert reference in references
    assert len(references) == 2
    assert [one.status_code for one in shown] == [200, 200]
    assert [phone.get(f"/tickets/mine?order={one}").status_code for one in bobs] == [404]


@on_sqlite
def test_a_link_to_one_order_opens_no_other_one(
    web: Shopper, desk: Desk, made: LaidOut, reference: str
) -> None:
    bought(web, made)
    [newer] = [one for one in _references(desk) if one != reference]
    ask_for_link(web, reference)
    phone = Shopper(APP)
    phone.get(link_of(desk))

    page = phone.get(f"/tickets/mine?order={newer}")

    assert reference in page.text
    assert newer not in page.text
    assert phone.get("/tickets/all").status_code == 404


@on_sqlite
def test_a_link_that_is_over_or_no_link_opens_nothing(
    web: Shopper, desk: Desk, reference: str
) -> None:
    ask_for_link(web, reference)
    link = link_of(desk)
    phone = Shopper(APP)
    desk.clock.advance(timedelta(days=8))

    late = phone.get(link)
    forged = phone.get("/tickets/link/a.b.c")
    without = phone.get("/tickets/mine")

    assert [one.status_code for one in (late, forged, without)] == [404, 404, 404]
    assert "This link no longer works" in late.text
    assert phone.get("/tickets/mine.ics").status_code == 404


@on_sqlite
def test_a_link_for_something_else_opens_no_order(web: Shopper, desk: Desk, reference: str) -> None:
    """A token for one purpose is refused everywhere else."""
    patron = desk.patron()
    desk.propose(patron)
    desk.deliver()
    token = re.findall(r"/c/([\w.-]+)", desk.mailbox.messages[-1].text)[0]

    assert reference
    assert web.get(f"/tickets/link/{token}").status_code == 404


@on_sqlite
def test_a_code_is_not_tried_a_thousand_times(
    web: Shopper, desk: Desk, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_order, "LOOKUPS", Limit("lookups", 9, 3, 600.0))

    answers = [ask_for_link(web, f"ZZ-ZZ{at}") for at in range(4)]

    assert [one.status_code for one in answers] == [200, 200, 200, 409]
    assert "Wait a minute" in said(answers[3])
    assert reference
    assert links(desk) == 0


def opened(desk: Desk, web: Shopper, reference: str) -> Shopper:
    """A phone that has opened the link in the mail."""
    ask_for_link(web, reference)
    phone = Shopper(APP)
    phone.get(link_of(desk))
    return phone


def filed(desk: Desk) -> None:
    desk.clock.advance(timedelta(seconds=10))
    desk.run(filing.file_orders)


def claimed(desk: Desk) -> list[str]:
    orders = table_of(OrderRow)
    query = sa.select(orders.c.reference).where(orders.c.claimed_at.is_not(None))
    return list(desk.read(lambda s: s.connection().execute(query).scalars()))


ADD_WORDS = "Add to my record"


def test_a_press_behind_the_link_adds_guest_orders_to_the_record(
    web: Shopper, desk: Desk, reference: str
) -> None:
    """Rule 14: to open a link changes nothing; the press of its mailbox claims the order."""
    desk.patron(email=INA)
    filed(desk)
    phone = opened(desk, web, "")

    before = phone.get("/tickets/all")
    looked = claimed(desk)
    answer = phone.send("/tickets/add")
    phone.send("/tickets/add")

    assert ADD_WORDS in before.text
    assert looked == []
    assert answer.headers["location"] == "/tickets/all"
    assert claimed(desk) == [reference]
    assert ADD_WORDS not in phone.get("/tickets/all").text
    lines = desk.lines(action=Action.ORDER_CLAIMED)
    assert [line.facts["order"] for line in lines] == [reference]


@on_sqlite
def test_a_link_to_one_order_adds_that_one(
    web: Shopper, desk: Desk, made: LaidOut, reference: str
) -> None:
    bought(web, made)
    desk.patron(email=INA)
    filed(desk)
    phone = opened(desk, web, reference)

    answer = phone.send("/tickets/add")

    assert answer.headers["location"] == "/tickets/mine"
    assert claimed(desk) == [reference]


@on_sqlite
def test_a_mailbox_adds_nothing_to_a_record_that_does_not_name_it(
    web: Shopper, desk: Desk, reference: str
) -> None:
    filed(desk)  # in a new record, without an address
    phone = opened(desk, web, reference)

    page = phone.get("/tickets/mine")
    phone.send("/tickets/add")

    assert ADD_WORDS not in page.text
    assert claimed(desk) == []


@on_sqlite
def test_without_the_link_or_from_another_site_nothing_is_added(
    web: Shopper, desk: Desk, reference: str
) -> None:
    desk.patron(email=INA)
    filed(desk)
    phone = opened(desk, web, reference)

    Shopper(APP).send("/tickets/add")
    foreign = phone.post("/tickets/add", headers={"origin": "https://evil.example"})

    assert foreign.status_code == 409
    assert claimed(desk) == []


@on_sqlite
def test_closed_tickets_need_the_link_again(web: Shopper, desk: Desk, reference: str) -> None:
    phone = opened(desk, web, reference)
    shown = phone.get("/tickets/mine")

    phone.send("/tickets/close")

    assert [shown.status_code, phone.get("/tickets/mine").status_code] == [200, 404]


@on_sqlite
def test_the_checkout_knows_the_address_of_an_opened_link(
    web: Shopper, desk: Desk, made: LaidOut, reference: str
) -> None:
    phone = opened(desk, web, reference)
    best(phone, made)
    stranger = Shopper(APP)
    best(stranger, made)

    assert f'value="{INA}"' in phone.get("/basket/").text
    assert INA not in stranger.get("/basket/").text
