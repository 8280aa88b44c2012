"""The house of a performance in the browser: laid out, held back, followed live, released."""

from __future__ import annotations

import re
from datetime import date, time

from playwright.sync_api import Page, expect

from tests.support.journey import PageOf, opened
from tests.support.server import Server
from tests.support.stage import CLERK, OWNER, Stage
from upstage_crm.demo.season import venues as demo_venues
from upstage_crm.inventory import holds
from upstage_crm.inventory.views import Wanted
from upstage_crm.programme import commands, queries


def add_performance(stage: Stage) -> tuple[str, str]:
    """A concert in the hall of 1,200 seats; the ids of the event and of its performance."""
    with stage.parts.database.transaction() as session:
        context = stage.parts.staff_context(session, stage.owner)
        demo_venues.add(context)
        halls = {one.name.partition(",")[0]: one.id for one in queries.hall_choices(session)}
        event = commands.add_event(context, typed={"title": "Requiem"})
        commands.add_performances(
            context,
            event_id=event,
            hall_id=halls["Concert Hall"],
            days=[date(2030, 3, 1)],
            at=time(19, 30),
        )
        return event, queries.event(session, event).performances[0].id


def counts(page: Page, words: str) -> None:
    """The legend of the map has these words and numbers."""
    expect(page.locator(".u-plan-legend")).to_have_text(re.compile(words))


def row_a(page: Page) -> str:
    return page.get_by_role("row", name=re.compile("^Row A Stalls")).inner_text()


def test_a_house_is_laid_out_and_a_row_is_held_back_and_released(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    event, performance = add_performance(stage)
    office = opened(page_of(OWNER), f"{server.url}/events/{event}/")
    office.get_by_role("link", name=re.compile("March 1")).click()
    office.get_by_role("button", name="Lay out the seats").click()
    counts(office, "Free1,200In a basket0")
    desk = opened(page_of(CLERK), f"{server.url}/events/{event}/{performance}/")

    office.get_by_role("button", name="Hold seats back").click()
    dialog = office.get_by_role("dialog")
    dialog.get_by_label("Seats").fill("A, B1-99")
    dialog.get_by_label("Letter").fill("h")
    dialog.get_by_role("button", name="Hold back").click()
    expect(dialog.get_by_label("Reason")).to_be_focused()
    dialog.get_by_label("Reason").fill("For the director")
    dialog.get_by_label("Seats").fill("A")
    dialog.get_by_role("button", name="Hold back").click()

    counts(office, "Held back26")
    counts(desk, "Held back26")
    assert "H 1–25 odd, 2–26 even" in row_a(desk)
    expect(desk.locator(".u-plan .u-plan-mark")).to_have_text(["H"] * 26)

    wanted = Wanted(seats={performance: frozenset({"Stalls-C-1", "Stalls-C-2"})})
    now = stage.parts.clock.now()
    stage.parts.database.attempt(
        lambda s: holds.hold(s, holder="basket", wanted=wanted, now=now), is_recorded=False
    )
    counts(desk, "In a basket2")

    desk.get_by_role("button", name=re.compile("^Release")).click()
    desk.get_by_role("dialog").get_by_role("button", name="Release").click()
    counts(office, "Free1,198In a basket2Sold0Held back0")
