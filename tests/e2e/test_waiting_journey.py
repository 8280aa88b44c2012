"""A sold-out evening in a browser: join the list, be offered a seat by the clock, and buy it."""

from __future__ import annotations

import re
from datetime import date, time

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import Session

from tests.e2e.test_portal_journey import VISA, is_accessible
from tests.support.accessibility import assert_fits_narrow_screens
from tests.support.journey import PATIENCE_MS
from tests.support.playhouse import PageOf, Playhouse
from tests.support.server import Server
from tests.support.stage import Stage
from upstage_crm.demo.season import prices
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.inventory import holds, sale_steps, selling
from upstage_crm.inventory import queries as inventory
from upstage_crm.inventory.views import Wanted
from upstage_crm.mail.message import MailKind
from upstage_crm.portal import addresses
from upstage_crm.programme import commands, queries
from upstage_crm.wiring import SALE_CHECKS

INA = "ina.waits@example.org"
LINK = re.compile(r"/tickets/waiting/link/[\w.-]+")
SALE = "sold-before"
LOOK_MS = 250
TEXTS = {"title": "Sold Out Requiem", "genre": "Concert", "running_minutes": "90"}


def sold_out(stage: Stage, day: date) -> tuple[str, str]:
    """The path and the id of a performance whose seats are all sold."""
    parts, owner = stage.parts, stage.owner
    with parts.database.transaction() as session:
        context = parts.staff_context(session, owner)
        if not queries.hall_choices(session):
            demo_venues.add(context)
        halls = {one.name.partition(",")[0]: one.id for one in queries.hall_choices(session)}
        event = commands.add_event(context, typed=TEXTS)
        commands.add_performances(
            context,
            event_id=event,
            hall_id=halls["Concert Hall"],
            days=[day],
            at=time(19, 30),
        )
        prices.add_prices(context, prices.setting_of(context), event_id=event, top=40)
        prices.add_windows(context, event_id=event, today=context.now.date(), weeks=0)
        view = queries.event(session, event)
        [performance] = view.performances
        sale_steps.put_on_sale(context, performance_ids=[performance.id], checks=SALE_CHECKS)
    now = parts.clock.now()
    with parts.database.reading() as session:
        seats = inventory.free_seats(session, performance.id, now=now)
    wanted = Wanted(seats={performance.id: frozenset(seats)})

    def sell(session: Session) -> None:
        holds.hold(session, holder="before", wanted=wanted, now=now)
        selling.sell(session, holder="before", sale=SALE, wanted=wanted, now=now)

    parts.database.attempt(sell)
    return addresses.performance_path(view, performance), performance.id


def give_back(stage: Stage, performance_id: str) -> None:
    with stage.parts.database.reading() as session:
        seat = min(inventory.places_of(session, performance_id))
    wanted, now = Wanted(seats={performance_id: frozenset({seat})}), stage.parts.clock.now()
    stage.parts.database.attempt(lambda s: selling.give_back(s, sale=SALE, wanted=wanted, now=now))


def open_new(page: Page, url: str) -> None:
    """Open the page of a performance; for some seconds the shop may not know a new one yet."""
    for _ in range(PATIENCE_MS // LOOK_MS):
        page.goto(url)
        if page.url == url:
            return
        page.wait_for_timeout(LOOK_MS)
    raise AssertionError(f"the shop does not know {url}")


def looked_at(page: Page, *, has_scripts: bool) -> None:
    assert_fits_narrow_screens(page)
    if has_scripts:
        is_accessible(page)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])
def test_a_guest_waits_is_offered_a_seat_and_buys_it(
    browser: Browser, page_of: PageOf, house: tuple[Server, Stage], has_scripts: bool
) -> None:
    server, stage = house
    path, performance_id = sold_out(stage, date(2031, 5, 1 if has_scripts else 2))
    email = f"{'scripts' if has_scripts else 'plain'}.{INA}"
    play = Playhouse(page_of, house)
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=has_scripts, locale="en-GB"
    )
    phone = context.new_page()
    phone.set_default_timeout(PATIENCE_MS)

    open_new(phone, server.url + path)
    expect(phone.get_by_text("Sold out").first).to_be_visible()
    looked_at(phone, has_scripts=has_scripts)
    phone.get_by_label("Your email address").fill(email)
    phone.get_by_role("button", name="Join the waiting list").click()
    expect(phone.get_by_text("Please look into your mailbox.")).to_be_visible()
    looked_at(phone, has_scripts=has_scripts)

    found = LINK.search(play.mail(email, MailKind.WAITING_PLACE))
    assert found is not None
    phone.goto(server.url + found[0])
    looked_at(phone, has_scripts=has_scripts)
    phone.get_by_role("button", name="Join the waiting list").click()
    expect(phone.get_by_text("You are on the waiting list.")).to_be_visible()
    looked_at(phone, has_scripts=has_scripts)

    give_back(stage, performance_id)
    found = LINK.search(play.mail(email, MailKind.WAITING_OFFER))
    assert found is not None
    phone.goto(server.url + found[0])
    seat = phone.locator(".line-place").inner_text()
    looked_at(phone, has_scripts=has_scripts)
    phone.get_by_role("button", name="Go on with these tickets").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your basket")
    expect(phone.locator(".line-place")).to_have_text(seat)
    expect(phone.get_by_label("Your email address")).to_have_value(email)
    phone.get_by_role("button", name=re.compile("^Pay")).first.click()
    phone.get_by_label(re.compile("card number")).fill(VISA)
    phone.get_by_role("button", name=re.compile("^Pay")).first.click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your tickets")
    context.close()
