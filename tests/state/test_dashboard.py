from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, Desk
from tests.support.houses import seat
from tests.support.pipeline import Client, Pipeline, sign_in
from tests.support.shop import open_shop
from upstage_crm import upstage_crm as app_module
from upstage_crm.admin.dashboard.state import SHOWN_PER_NEED, DashboardState
from upstage_crm.admin.guard import AdminState
from upstage_crm.change_requests.model.policy import DEFAULT, Asked, FieldPolicy
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.model.thresholds import Thresholds
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.money import in_words
from upstage_crm.payments import disputes
from upstage_crm.payments import queries as payments
from upstage_crm.payments.providers.provider import DisputeFacts
from upstage_crm.payments.views import DisputeState
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime


@dataclass
class Scene:
    """A venue whose dashboard runs."""

    desk: Desk
    clock: FrozenClock
    pipeline: Pipeline

    async def open(self, role: Role = Role.BOX_OFFICE) -> Client:
        tab = self.pipeline.client(sign_in(self.desk.database, role, at=self.clock.now()))
        await self.pipeline.send(tab, DashboardState.load, "/")
        return tab

    async def shown(self, tab: Client) -> DashboardState:
        return await self.pipeline.state(tab, DashboardState)

    async def numbers(self, tab: Client) -> dict[str, str]:
        return {tile.label: tile.number for tile in (await self.shown(tab)).tiles}

    async def needs(self, tab: Client) -> list[tuple[str, str]]:
        return [(row.words, row.about) for row in (await self.shown(tab)).needs]


@pytest.fixture
def scene(made: Runtime, clock: FrozenClock, pipeline: Pipeline) -> Scene:
    return Scene(Desk(made.database, clock), clock, pipeline)


async def test_before_the_first_request_the_page_says_how_to_begin(scene: Scene) -> None:
    scene.desk.patron()

    assert (await scene.shown(await scene.open())).shown == "first_use"


async def test_tiles_count_what_waits_and_what_was_decided_this_week(scene: Scene) -> None:
    desk = scene.desk
    _request, claims = desk.asked(desk.patron("a@example.com", "A", "One"), "a@example.org")
    desk.decide(claims)
    scene.clock.advance(timedelta(days=8))  # that approval is no longer of this week
    for number, decision in enumerate((Decision.APPROVE, Decision.REJECT)):
        patron = desk.patron(f"p{number}@example.com", "P", f"Number{number}")
        _request, claims = desk.asked(patron, f"new{number}@example.org")
        desk.decide(claims, decision)
        scene.clock.advance(timedelta(minutes=1))
    desk.deliver()
    desk.propose(desk.patron())

    tab = await scene.open()

    assert await scene.numbers(tab) == {
        "Waiting for patrons": "1",
        "On hold": "0",
        "Expiring in 48 h": "0",
        "Approved, last 7 days": "1",
        "Rejected, last 7 days": "1",
        "Email queued or failed": "2",
    }
    state = await scene.shown(tab)
    assert [row.state for row in state.decided] == ["rejected", "approved", "approved"]
    assert state.tiles[-1].href == "/mailbox/?state=queued"


async def test_needs_you_lists_objections_and_conflicts_but_not_what_waits_for_patrons(
    scene: Scene,
) -> None:
    desk = scene.desk
    desk.propose(desk.patron("late@example.com", "Late", "Answer"), "slow@example.org")
    scene.clock.advance(timedelta(days=5, hours=1))
    _request, claims = desk.asked(
        desk.patron("o@example.com", "Olga", "Objects"), "o@x.example.org"
    )
    desk.decide(claims, Decision.OBJECT)
    _request, claims = desk.asked(desk.patron())
    desk.patron(NEW, "Somebody", "Else")
    desk.decide(claims)

    needs = await scene.needs(await scene.open())

    assert needs == [
        ("The patron objected", "Olga Objects"),
        ("Address used by two patrons", "Mara Smith"),
    ]


async def test_an_objection_after_the_approval_needs_you_too(scene: Scene) -> None:
    desk = scene.desk
    _request, claims = desk.asked(desk.patron())
    desk.decide(claims)
    scene.clock.advance(timedelta(hours=1))
    desk.decide(desk.claims(OLD), Decision.OBJECT)

    assert await scene.needs(await scene.open()) == []
    lead = await scene.open(Role.MANAGER)
    assert await scene.needs(lead) == [("In dispute", "Mara Smith")]


async def test_a_failed_mail_needs_who_may_open_the_mailbox(scene: Scene) -> None:
    desk = scene.desk
    desk.propose(desk.patron())
    desk.arrange(
        "UPDATE mail_outbox SET state = 'failed', settled_at = created_at"
        " WHERE kind = 'change_notice'"
    )

    clerk = await scene.open()
    marketing = await scene.open(Role.MARKETING)

    assert await scene.needs(clerk) == [("Email could not be sent", OLD)]
    assert await scene.needs(marketing) == []
    tile, hidden = [(await scene.shown(tab)).tiles[-1] for tab in (clerk, marketing)]
    assert (tile.href, tile.note) == ("/mailbox/?state=failed", "1 need attention")
    assert hidden.href == ""


async def test_a_disputed_payment_needs_an_owner(scene: Scene) -> None:
    shop, desk = open_shop(scene.desk), scene.desk
    order = shop.sold(seat("A", 1))
    [payment] = desk.read(lambda s: payments.of_order(s, order.id))
    facts = DisputeFacts(
        reference="dp_1",
        capture_reference="",
        amount=payment.amount,
        currency=payment.currency,
        is_withheld=True,
        is_won=False,
        state=DisputeState.OPEN,
        due_at=scene.clock.now() + timedelta(days=9),
    )

    def hear(**changes: Any) -> None:
        said = replace(facts, **changes)
        desk.write(lambda s: disputes.keep(s, payment, said, now=desk.now))

    hear()
    owner, manager = await scene.open(Role.OWNER), await scene.open(Role.MANAGER)
    [row] = (await scene.shown(owner)).needs
    assert (row.words, row.about) == ("Payment disputed", f"Order {order.reference}")
    assert row.href == f"/orders/{order.reference}/"
    amount = in_words(payment.amount, payment.currency)
    assert row.detail.startswith(f"{amount}. Answer it at the payment provider by ")
    assert row.detail.endswith("11 March 2026.")
    assert (await scene.shown(owner)).needs_count == "1"
    assert await scene.needs(manager) == []

    async def told() -> list[tuple[str, str]]:
        await scene.pipeline.send(owner, DashboardState.refresh)
        return await scene.needs(owner)

    hear(state=DisputeState.ANSWERED)
    assert await told() == []
    for state, words in ((DisputeState.LOST, "Dispute lost"), (DisputeState.WON, "Dispute won")):
        hear(state=state, due_at=None)
        assert await told() == [(words, row.about)]
    scene.clock.advance(timedelta(days=8))
    assert await told() == []


async def test_an_open_alert_stands_first_for_who_may_look_into_it(
    scene: Scene, database: Database, clock: FrozenClock
) -> None:
    engine = Engine(database, clock)
    engine.set_policy(replace(DEFAULT, thresholds=Thresholds(at_once=1, burst=2)))
    vic = engine.staff("Vic", Role.BOX_OFFICE)
    for n in range(3):
        patron = engine.patron(f"p{n}@example.com", f"P{n}")
        engine.propose(patron, f"p{n}@venue{n}.example", actor=vic)
    alert = ("Unusual proposals on hold", "Vic, box office")

    lead = (await scene.shown(await scene.open(Role.MANAGER))).needs
    assert (alert, "/team/") == ((lead[0].words, lead[0].about), lead[0].href)
    assert "2 on hold" in lead[0].detail
    assert alert not in await scene.needs(await scene.open(Role.BOX_OFFICE))


SECOND = replace(DEFAULT, fields={"email": FieldPolicy(asked=Asked.PROPOSED, second_person=True)})


async def test_what_waits_for_a_second_person_is_for_those_who_may_be_the_second(
    scene: Scene, database: Database, clock: FrozenClock
) -> None:
    """The proposer, and a clerk who may not release it, could do nothing about it."""

    engine = Engine(database, clock)
    engine.set_policy(SECOND)
    lead = await scene.open(Role.MANAGER)
    proposer = (await scene.pipeline.state(lead, AdminState))._actor()
    engine.propose(engine.patron("h@example.com", "Hal"), "h@example.org", actor=proposer)
    await scene.pipeline.send(lead, DashboardState.refresh)

    waiting = ("Needs a colleague", "Hal Smith")
    assert await scene.needs(lead) == []
    assert await scene.needs(await scene.open(Role.BOX_OFFICE)) == []
    assert await scene.needs(await scene.open(Role.AUDITOR)) == []
    owner = await scene.open(Role.OWNER)
    assert await scene.needs(owner) == [waiting]
    assert (await scene.shown(owner)).needs_count == "1"
    tiles = await scene.numbers(owner)
    assert (tiles["Waiting for patrons"], tiles["On hold"]) == ("0", "1")


async def test_more_than_a_few_of_a_kind_are_counted_and_all_of_them_can_be_seen(
    scene: Scene, database: Database, clock: FrozenClock
) -> None:
    engine = Engine(database, clock)
    engine.set_policy(SECOND)
    for n in range(SHOWN_PER_NEED + 2):
        patron = engine.patron(f"p{n}@example.com", f"P{n}")
        engine.propose(patron, f"p{n}@venue{n}.example")
        clock.advance(timedelta(minutes=1))
    tab = await scene.open(Role.MANAGER)
    shown = await scene.shown(tab)
    assert len(shown.needs) == SHOWN_PER_NEED + 1
    more = shown.needs[-1]
    assert (more.more, more.href, shown.needs_count) == (
        "See all 7",
        "/?all=second_person",
        "7",
    )

    await scene.pipeline.send(tab, DashboardState.load, more.href)

    abouts = [row.about for row in (await scene.shown(tab)).needs]
    assert abouts == [f"P{n} Smith" for n in range(SHOWN_PER_NEED + 2)]


async def test_a_dispute_is_done_with_for_who_has_looked_first(scene: Scene) -> None:
    desk = scene.desk
    patron = desk.patron()
    _request, claims = desk.asked(patron)
    desk.decide(claims)
    scene.clock.advance(timedelta(hours=1))
    desk.decide(desk.claims(OLD), Decision.OBJECT)
    tab = await scene.open(Role.MANAGER)
    assert len(await scene.needs(tab)) == 1
    first = (await scene.pipeline.state(tab, AdminState))._actor()
    Engine(desk.database, scene.clock).clear(patron, first)

    await scene.pipeline.send(tab, DashboardState.refresh)

    assert await scene.needs(tab) == []
    assert len(await scene.needs(await scene.open(Role.OWNER))) == 1


async def test_the_dashboard_reads_again_when_told(scene: Scene) -> None:
    tab = await scene.open()
    scene.desk.propose(scene.desk.patron())

    await scene.pipeline.send(tab, DashboardState.refresh)

    assert (await scene.numbers(tab))["Waiting for patrons"] == "1"


async def test_the_search_goes_to_the_patrons(scene: Scene) -> None:
    tab = await scene.open()

    await scene.pipeline.send(tab, DashboardState.search, form={"q": "Mara & co"})
    await scene.pipeline.send(tab, DashboardState.search, form={"q": ""})

    assert tab.redirects() == ["/patrons/?q=Mara+%26+co", "/patrons/"]


async def test_the_search_opens_the_only_patron_it_finds(scene: Scene) -> None:
    patron = scene.desk.patron()
    tab = await scene.open()

    await scene.pipeline.send(tab, DashboardState.search, form={"q": f" {patron.number} "})

    assert tab.redirects() == [f"/patrons/{patron.number}/"]


async def test_nobody_without_a_session_sees_a_number(scene: Scene) -> None:
    scene.desk.propose(scene.desk.patron())

    for handler in (DashboardState.load, DashboardState.refresh):
        tab = scene.pipeline.client()
        await scene.pipeline.send(tab, handler, "/")

        assert tab.doors() == ["/sign-in/"]
        assert (await scene.shown(tab)).tiles == []


MENU = {
    Role.BOX_OFFICE: [
        "dashboard",
        "patrons",
        "requests",
        "box-office",
        "orders",
        "events",
        "calendar",
        "prices",
        "venues",
        "mailbox",
    ],
    Role.MARKETING: [
        "dashboard",
        "patrons",
        "requests",
        "orders",
        "events",
        "calendar",
        "prices",
        "venues",
    ],
    Role.OWNER: [
        "dashboard",
        "patrons",
        "requests",
        "box-office",
        "orders",
        "events",
        "calendar",
        "prices",
        "venues",
        "reports",
        "mailbox",
        "team",
        "audit",
        "settings",
    ],
}


@pytest.mark.parametrize("role", MENU)
async def test_the_menu_holds_only_what_the_role_may_open(scene: Scene, role: Role) -> None:
    tab = await scene.open(role)

    assert list((await scene.pipeline.state(tab, AdminState)).menu) == MENU[role]
    assert {page.key for page in app_module.PAGES if page.icon} == set(MENU[Role.OWNER])
