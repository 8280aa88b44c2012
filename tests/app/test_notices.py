"""The warning that comes back, and the press by mistake: what a person has to do then."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.factories import ANOTHER, NEW, OLD, days, unchanged
from tests.support.takeover import House
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle.notices import LATEST
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.errors import (
    NoteMissing,
    NothingWaits,
    NotSuppressed,
    SamePerson,
)
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import Decision, NoticeState, RequestState
from upstage_crm.change_requests.reads.needs import Need, needing
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import Forbidden
from upstage_crm.mail.provider_events import EventKind
from upstage_crm.patrons.errors import AddressSuppressed
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Role, StaffMember


@pytest.fixture
def house(database: Database, clock: FrozenClock, tmp_path: Path) -> House:
    return House(database, clock, tmp_path)


@pytest.fixture
def vic(house: House) -> StaffMember:
    return house.staff("Vic", Role.BOX_OFFICE)


@pytest.fixture
def mara(house: House) -> PatronRecord:
    return house.patron_with_stake()


def told(house: House, kind: EventKind, request: Proposed) -> None:
    """The provider tells it of the notice, and the clock takes note."""
    house.clock.advance(timedelta(minutes=1))
    house.tell(kind, request)
    house.settle()


def stopped(house: House) -> list[str]:
    """The references that the dashboard shows because no one could be told."""
    found = house.read(
        lambda s: needing(s, Need.NOTICE_STOPPED, viewer=ANOTHER, since=house.now, limit=5)
    )
    return [one.reference for one in found.items]


@pytest.mark.parametrize(
    ("kind", "state", "marks"),
    [
        (EventKind.BOUNCED, NoticeState.BOUNCED, True),
        (EventKind.SUPPRESSED, NoticeState.SUPPRESSED, True),
        (EventKind.COMPLAINED, NoticeState.COMPLAINED, False),
    ],
)
def test_a_warning_that_comes_back_stops_the_clock_and_asks_for_a_person(
    house: House,
    mara: PatronRecord,
    vic: StaffMember,
    kind: EventKind,
    state: NoticeState,
    marks: bool,
) -> None:
    """Nothing fell back: the change happened although its one safeguard never arrived."""
    request = house.propose(mara, NEW, actor=vic)
    house.decide(house.claims(NEW))
    house.settle()
    assert stopped(house) == []

    told(house, kind, request)
    house.clock.advance(days(10))
    house.settle()

    view = house.view(request)
    assert (view.state, view.notice_state) == (RequestState.WAITING, state)
    assert house.email(mara) == OLD
    assert stopped(house) == [request.reference]
    assert (house.record(mara).email_bounced_at is not None) is marks
    assert Action.NOTICE_STOPPED in house.actions()

    rosa = house.staff("Rosa", Role.MANAGER)
    unchanged(house, lambda: house.end_period(request, vic), Forbidden)
    unchanged(house, lambda: house.end_period(request, rosa, note=" "), NoteMissing)
    house.end_period(request, rosa)
    assert house.email(mara) == NEW
    assert stopped(house) == []
    unchanged(house, lambda: house.end_period(request, rosa), NothingWaits)


def test_whoever_proposed_does_not_end_the_period(house: House, mara: PatronRecord) -> None:
    rosa = house.staff("Rosa", Role.MANAGER)
    request = house.propose(mara, NEW, actor=rosa)
    house.settle()
    told(house, EventKind.BOUNCED, request)

    unchanged(house, lambda: house.end_period(request, rosa), SamePerson)


def test_a_warning_that_does_not_arrive_within_a_day_stops_the_clock(
    house: House, mara: PatronRecord
) -> None:
    """Mail is down for a day, and comes back: the period begins with the arrival."""
    request = house.propose(mara, NEW)
    house.clock.advance(LATEST)
    assert house.note_arrival(request)
    assert house.view(request).notice_state is NoticeState.NOT_DELIVERED
    assert stopped(house) == [request.reference]

    house.settle()
    house.decide(house.claims(NEW))
    house.clock.advance(DEFAULT.notice_period - timedelta(minutes=1))
    house.settle()
    assert house.email(mara) == OLD
    house.clock.advance(timedelta(minutes=1))
    house.settle()
    assert house.email(mara) == NEW


def test_the_desk_waits_for_a_letter_when_its_warning_comes_back(
    house: House, mara: PatronRecord, vic: StaffMember
) -> None:
    rosa = house.staff("Rosa", Role.MANAGER)
    request = house.identify(mara, vic)
    house.vouch(request, rosa)
    house.decide(house.claims(NEW))
    house.settle()
    told(house, EventKind.BOUNCED, request)
    house.clock.advance(days(30))
    house.settle()
    assert house.email(mara) == OLD

    house.letter(request, vic)
    house.clock.advance(DEFAULT.paper_wait - timedelta(minutes=1))
    house.settle()
    assert house.email(mara) == OLD
    house.clock.advance(timedelta(minutes=1))
    house.settle()
    assert house.email(mara) == NEW


# --- pressed by mistake ---------------------------------------------------------------------------


def test_two_people_lift_what_was_pressed_by_mistake_and_the_address_is_told(
    house: House, mara: PatronRecord, vic: StaffMember
) -> None:
    """ "This is not my address" blocked an address for ever, although the page says "call us"."""
    house.decide(house.asked(mara)[1], Decision.OBJECT)
    house.settle()
    unchanged(house, lambda: house.propose(mara, NEW, override=True), AddressSuppressed)
    unchanged(house, lambda: house.patron(NEW, "Theo"), AddressSuppressed)
    suppression = house.scalar("SELECT id FROM suppressed_address")
    count = len(house.mailbox.to(NEW))

    unchanged(house, lambda: house.lift(suppression, vic), Forbidden)
    unchanged(house, lambda: house.lift(suppression, house.owner, note=" "), NoteMissing)
    assert not house.lift(suppression, house.owner, note="He called: pressed in error.")
    unchanged(house, lambda: house.lift(suppression, house.owner), SamePerson)
    unchanged(house, lambda: house.propose(mara, NEW, override=True), AddressSuppressed)
    assert house.lift(suppression, house.staff("Rosa", Role.MANAGER))
    unchanged(house, lambda: house.lift(suppression, house.owner), NotSuppressed)

    house.settle()
    (mail,) = house.mailbox.to(NEW)[count:]
    assert mail.tags["kind"] == "suppression_lifted"
    assert "Mara" not in mail.text + mail.html
    house.propose(mara, NEW, override=True)
    house.decide(house.claims(NEW))
    house.clock.advance(DEFAULT.notice_period)
    house.settle()
    assert house.email(mara) == NEW


def test_an_answer_of_not_this_person_stops_nothing_and_can_be_lifted(
    house: House, mara: PatronRecord, vic: StaffMember
) -> None:
    """The reader of the old mailbox is a stranger: no vote, no mail; the change goes on."""
    rosa = house.staff("Rosa", Role.MANAGER)
    request = house.propose(mara, NEW, actor=vic)
    house.decide(house.claims(NEW))
    assert house.decide(house.claims(OLD), Decision.NOT_THIS_PERSON) is RequestState.WAITING
    house.settle()
    house.clock.advance(DEFAULT.notice_period)
    house.settle()

    assert house.state(request) is RequestState.APPROVED
    assert house.email(mara) == NEW
    assert [mail.tags["kind"] for mail in house.mailbox.to(OLD)] == ["change_notice"]
    suppression = house.scalar("SELECT id FROM suppressed_address")
    house.lift(suppression, house.owner)
    assert house.lift(suppression, rosa)
