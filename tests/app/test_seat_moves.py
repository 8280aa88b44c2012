"""A sold ticket moves to another seat by its holder's yes: asked, answered, withdrawn, lapsed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from tests.app.test_door import Door
from tests.app.test_letters import codes, kinds
from tests.app.test_transfers import BEN, Giving, Office
from tests.support.factories import Desk, together, unchanged
from tests.support.houses import seat
from tests.support.pipeline import installed
from tests.support.shop import INA, open_shop
from tests.support.tickets import KEYS
from upstage_crm.audit.events import Action
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import UpstageError
from upstage_crm.door.rules import Verdict
from upstage_crm.inventory.errors import SeatsLost, SeatsTaken, SeatUnknown
from upstage_crm.inventory.views import SeatState
from upstage_crm.jobs import order_letters
from upstage_crm.ledger.views import Account
from upstage_crm.links.claims import LinkRefused
from upstage_crm.mail.message import MailKind
from upstage_crm.orders.errors import ReasonMissing, TicketNotValid, UnknownTicket
from upstage_crm.orders.letters.letter_rules import DOORS_BEFORE
from upstage_crm.orders.transfers import moving_seats, seat_proposal
from upstage_crm.orders.transfers.errors import (
    NoMailbox,
    NotASeat,
    OfferEnded,
    SeatMoveTooLate,
    SeatProposedBefore,
)
from upstage_crm.orders.transfers.moving_seats import ANSWER_WITHIN
from upstage_crm.orders.transfers.views import OfferState, SeatMoveReason, SeatMoveView
from upstage_crm.orders.views import BasketKind, Contact, OrderView, StepKind, TicketState
from upstage_crm.staff.errors import Forbidden
from upstage_crm.staff.roles import Role

A1, A2, B1, B2 = seat("A", 1), seat("A", 2), seat("B", 1), seat("B", 2)
CLERK = "dana@staff.example.org"
MINUTE = timedelta(minutes=1)
REASON = SeatMoveReason.BROKEN.value


class Moving(Giving):
    """Staff who propose other seats, and holders who answer. Each verb is one transaction."""

    def propose(self, order: OrderView, to: str = B1, *, at: int = 0, reason: str = REASON) -> str:
        return self.propose_ticket(order, order.tickets[at].id, to, reason)

    def propose_ticket(self, order: OrderView, ticket_id: str, to: str, reason: str) -> str:
        return self.shop.act(
            lambda c: moving_seats.propose(
                c,
                self.by_clock.mailer,
                order_id=order.id,
                ticket_id=ticket_id,
                seat_id=to,
                reason=reason,
            )
        )

    def withdraw(self, order: OrderView, offer_id: str) -> None:
        self.shop.act(
            lambda c: moving_seats.withdraw(
                c, self.by_clock.mailer, order_id=order.id, offer_id=offer_id
            )
        )

    def say(self, *, accepts: bool, to: str = INA.email) -> None:
        self.office.tell()
        claims = self.desk.claims(to)
        self.by_clock.do(lambda c: moving_seats.answer(c, claims=claims, accepts=accepts))

    def lapse(self) -> int:
        return order_letters.end_seat_proposals(self.office.parts)

    def proposal(self, offer_id: str) -> SeatMoveView:
        found = self.desk.read(lambda s: seat_proposal.proposal(s, offer_id, now=self.desk.now))
        assert found is not None
        return found

    def states(self, *seats: str) -> list[SeatState]:
        found = self.shop.made.states()
        return [found.get(each, SeatState.FREE) for each in seats]

    def valid(self, order: OrderView) -> list[str]:
        return [each.seat_id for each in self.office.order(order).valid]


@pytest.fixture
def moving(database: Database, clock: FrozenClock) -> Iterator[Moving]:
    with installed(database, clock) as parts:
        yield Moving(Office(parts, open_shop(Desk(database, clock)), clock))


def test_a_yes_moves_the_ticket_turns_its_code_and_moves_no_money(moving: Moving) -> None:
    order = moving.sold(A1, A2)
    old = order.tickets[0]
    old_code = moving.office.code(order, 0)
    deferred = moving.shop.balance(Account.DEFERRED_INCOME)
    offer_id = moving.propose(order)
    [asked] = moving.office.tell()
    assert (asked.to, asked.files) == (INA.email, ())
    assert "Your seat now: Stalls, row A, seat 1" in asked.text
    assert "Proposed: Stalls, row B, seat 1" in asked.text
    assert "Your seat cannot be used at the moment." in asked.text
    assert INA.name not in asked.text
    assert moving.states(A1, B1) == [SeatState.SOLD, SeatState.HELD], "nothing before a yes"
    assert moving.office.code(order, 0) == old_code

    moving.say(accepts=True)
    mails = {mail.to: mail for mail in moving.office.tell()}

    after = moving.office.order(order)
    [kept, new] = sorted(after.valid, key=lambda one: one.seat_id)
    ended = next(one for one in after.tickets if one.id == old.id)
    assert moving.states(A1, A2, B1) == [SeatState.FREE, SeatState.SOLD, SeatState.SOLD]
    assert (kept.seat_id, new.seat_id, new.place) == (A2, B1, "Stalls, row B, seat 1")
    assert ended.state is TicketState.EXCHANGED
    assert (new.amount, after.total) == (old.amount, order.total)
    assert moving.shop.balance(Account.DEFERRED_INCOME) == deferred
    assert [one.kind for one in after.steps] == [StepKind.SALE, StepKind.SEAT_MOVE]
    assert mails.keys() == {INA.email, CLERK}, mails.keys()
    [code] = codes(mails[INA.email])
    assert code != old_code
    assert "new seat" in mails[CLERK].text
    assert moving.proposal(offer_id).state is OfferState.ACCEPTED
    assert moving.actions(Action.SEAT_PROPOSED, Action.SEAT_MOVED) == 2


def test_the_door_refuses_the_old_code_and_passes_the_new_one(moving: Moving) -> None:
    order = moving.sold(A1)
    door = Door(moving.shop, moving.desk.staff("Dora", Role.BOX_OFFICE))
    old = door.code(order)
    moving.propose(order)
    moving.say(accepts=True)

    assert door.scan(old).verdict is Verdict.VOID
    [ticket] = moving.office.order(order).valid
    new = KEYS.draw(ticket_id=ticket.id, version=1, performance_id=ticket.performance_id)
    assert door.scan(new).verdict is Verdict.VALID


def test_a_no_leaves_everything_as_it_was(moving: Moving) -> None:
    order = moving.sold(A1)
    code = moving.office.code(order)
    offer_id = moving.propose(order)
    moving.say(accepts=False)
    mails = {mail.to: mail for mail in moving.office.tell()}

    assert moving.states(A1, B1) == [SeatState.SOLD, SeatState.FREE]
    assert moving.valid(order) == [A1]
    assert moving.office.code(order) == code
    assert moving.proposal(offer_id).state is OfferState.DECLINED
    assert "You keep your seat" in mails[INA.email].text
    assert mails[INA.email].files == ()
    assert len(mails) == 2, "the member who proposed it is told, too"
    assert moving.actions(Action.SEAT_DECLINED) == 1
    moving.propose(order, B2)  # it may be proposed again


def test_silence_leaves_the_seat_and_frees_the_other_one(moving: Moving) -> None:
    order = moving.sold(A1)
    offer_id = moving.propose(order)
    moving.office.tell()
    until = moving.proposal(offer_id).until
    assert until == moving.desk.now + ANSWER_WITHIN
    moving.office.clock.advance(ANSWER_WITHIN - MINUTE)
    assert moving.lapse() == 0
    assert moving.states(B1) == [SeatState.HELD]

    moving.office.clock.advance(MINUTE)
    unchanged(moving.desk, lambda: moving.say(accepts=True), OfferEnded)
    assert [moving.lapse(), moving.lapse()] == [1, 0]

    told = {mail.to: mail for mail in moving.office.tell()}
    assert moving.states(A1, B1) == [SeatState.SOLD, SeatState.FREE]
    assert moving.proposal(offer_id).state is OfferState.LAPSED
    assert "You did not answer in time" in told[INA.email].text
    assert len(told) == 2
    assert moving.actions(Action.SEAT_LAPSED) == 1


def test_the_time_to_answer_ends_as_the_doors_open(moving: Moving) -> None:
    order = moving.sold(A1)
    clock = moving.office.clock
    doors = moving.office.starts_at() - DOORS_BEFORE
    clock.advance(doors - clock.now() - MINUTE)
    offer_id = moving.propose(order)
    assert moving.proposal(offer_id).until == doors
    clock.advance(MINUTE)

    unchanged(moving.desk, lambda: moving.propose(order, B2), SeatMoveTooLate)


def test_a_proposal_is_withdrawn_before_the_yes_and_not_after(moving: Moving) -> None:
    order, other = moving.sold(A1), moving.sold(A2)
    first = moving.propose(order)
    unchanged(moving.desk, lambda: moving.withdraw(other, first), OfferEnded)
    moving.office.tell()
    moving.withdraw(order, first)
    [told] = moving.office.tell()
    assert told.to == INA.email
    assert "no longer propose" in told.text
    assert moving.states(A1, B1) == [SeatState.SOLD, SeatState.FREE]
    unchanged(moving.desk, lambda: moving.say(accepts=True), OfferEnded)
    unchanged(moving.desk, lambda: moving.withdraw(order, first), OfferEnded)

    second = moving.propose(order)
    moving.say(accepts=True)
    unchanged(moving.desk, lambda: moving.withdraw(order, second), OfferEnded)
    assert moving.valid(order) == [B1]


def test_what_is_withdrawn_at_once_is_never_asked(moving: Moving) -> None:
    order = moving.sold(A1)
    moving.withdraw(order, moving.propose(order))

    assert moving.office.tell() == []


def test_a_second_answer_changes_nothing(moving: Moving) -> None:
    order = moving.sold(A1)
    moving.propose(order)
    moving.say(accepts=True)
    moving.office.tell()

    for accepts in (True, False):
        unchanged(moving.desk, lambda said=accepts: moving.say(accepts=said), OfferEnded)


def test_what_cannot_be_proposed(moving: Moving) -> None:
    order, other = moving.sold(A1), moving.sold(A2)
    [mine], [theirs] = order.tickets, other.tickets

    def refused(ticket: str, to: str, error: type[UpstageError], reason: str = REASON) -> None:
        unchanged(moving.desk, lambda: moving.propose_ticket(order, ticket, to, reason), error)

    refused(mine.id, B1, ReasonMissing, "because")
    refused(theirs.id, B1, UnknownTicket)
    refused(mine.id, A2, SeatsTaken)
    refused(mine.id, A1, SeatsTaken)
    refused(mine.id, "nowhere", SeatUnknown)
    moving.shop.filled(B2)
    refused(mine.id, B2, SeatsTaken)
    moving.propose(order)
    refused(mine.id, seat("B", 3), SeatProposedBefore)
    moving.shop.take_back(other, theirs.id)
    unchanged(moving.desk, lambda: moving.propose(other, seat("B", 3)), TicketNotValid)


def test_a_standing_place_and_a_sale_without_address_are_not_asked(moving: Moving) -> None:
    shop = moving.shop
    basket = shop.open()
    shop.add_places(basket, {shop.adult: 1})
    standing = shop.order(shop.sell(basket).order_id)
    nameless = shop.sold(A1, contact=Contact())

    unchanged(moving.desk, lambda: moving.propose(standing), NotASeat)
    unchanged(moving.desk, lambda: moving.propose(nameless), NoMailbox)


def test_who_may_not_sell_proposes_nothing(moving: Moving) -> None:
    order = moving.sold(A1)
    reader = moving.desk.staff("Rea", Role.READ_ONLY)

    with pytest.raises(Forbidden):
        moving.desk.act(
            reader,
            moving_seats.propose,
            mailer=moving.by_clock.mailer,
            order_id=order.id,
            ticket_id=order.tickets[0].id,
            seat_id=B1,
            reason=REASON,
        )


def test_a_ticket_that_ends_meanwhile_ends_its_proposal(moving: Moving) -> None:
    order, other = moving.sold(A1), moving.sold(A2)
    moving.propose(order)
    moving.office.tell()
    moving.shop.take_back(order, order.tickets[0].id)
    unchanged(moving.desk, lambda: moving.say(accepts=True), OfferEnded)
    assert moving.lapse() == 1
    assert moving.states(A1, B1) == [SeatState.FREE, SeatState.FREE]
    assert kinds(moving.office.tell()) == [MailKind.STAFF_NOTICE], "the holder knows already"

    moving.propose(other)
    moving.office.tell()
    basket = moving.shop.filled(B2, kind=BasketKind.EXCHANGE)
    moving.shop.exchange(other, basket, other.tickets[0].id)
    moving.office.tell()
    unchanged(moving.desk, lambda: moving.say(accepts=True), OfferEnded)


def test_a_cancelled_performance_ends_its_proposals(moving: Moving) -> None:
    order = moving.sold(A1)
    moving.propose(order)
    moving.office.tell()
    claims = moving.desk.claims(INA.email)
    moving.by_clock.cancel()

    with pytest.raises(OfferEnded):
        moving.by_clock.do(lambda c: moving_seats.answer(c, claims=claims, accepts=True))
    assert moving.lapse() == 1


def test_who_was_given_the_ticket_is_asked_and_keeps_it(moving: Moving) -> None:
    order = moving.sold(A1, A2)
    moving.offer(order, 0)
    moving.answer(accepts=True)
    moving.office.tell()
    moving.propose(order)
    [asked] = moving.office.tell()
    assert asked.to == BEN

    moving.say(accepts=True, to=BEN)
    mails = {mail.to: mail for mail in moving.office.tell()}
    assert INA.email not in mails
    [code] = codes(mails[BEN])
    moving.office.until_due()
    reminders = {mail.to: mail for mail in moving.office.tell()}
    assert codes(reminders[BEN]) == [code]
    assert code not in codes(reminders[INA.email])


def test_a_ticket_that_is_given_away_meanwhile_is_not_moved_by_its_giver(moving: Moving) -> None:
    order = moving.sold(A1)
    moving.propose(order)
    moving.office.tell()
    claims = moving.desk.claims(INA.email)
    moving.offer(order, 0)
    moving.answer(accepts=True)

    with pytest.raises(OfferEnded):
        moving.by_clock.do(lambda c: moving_seats.answer(c, claims=claims, accepts=True))


def test_a_held_seat_that_the_house_took_is_said(moving: Moving) -> None:
    order = moving.sold(A1)
    moving.propose(order)
    moving.office.tell()
    moving.desk.forge(
        f"UPDATE seat_state SET state = 'free', holder = NULL, expires_at = NULL "
        f"WHERE seat_id = '{B1}'",
        unguarded=True,
    )

    unchanged(moving.desk, lambda: moving.say(accepts=True), SeatsLost)
    assert moving.valid(order) == [A1]


def test_a_link_for_something_else_answers_no_proposal(moving: Moving) -> None:
    order = moving.sold(A1)
    moving.offer(order, 0)
    moving.office.tell()
    unchanged(moving.desk, lambda: moving.say(accepts=True, to=BEN), LinkRefused)

    moving.propose(order)
    moving.office.tell()
    unchanged(moving.desk, lambda: moving.answer(accepts=True, to=INA.email), LinkRefused)


def test_two_answers_at_once_are_one(moving: Moving) -> None:
    order = moving.sold(A1)
    moving.propose(order)
    moving.office.tell()
    claims = moving.desk.claims(INA.email)

    def press(accepts: bool) -> bool:
        try:
            moving.by_clock.do(lambda c: moving_seats.answer(c, claims=claims, accepts=accepts))
        except OfferEnded:
            return False
        return True

    done = together(*[lambda: press(True), lambda: press(False)] * 3)

    assert sorted(map(str, done)) == ["False"] * 5 + ["True"], done
    assert len(moving.valid(order)) == 1


def test_a_withdrawal_beside_a_yes_is_one_of_the_two(moving: Moving) -> None:
    order = moving.sold(A1)
    offer_id = moving.propose(order)
    moving.office.tell()
    claims = moving.desk.claims(INA.email)

    done = together(
        lambda: moving.by_clock.do(lambda c: moving_seats.answer(c, claims=claims, accepts=True)),
        lambda: moving.withdraw(order, offer_id),
    )

    assert sorted(type(each).__name__ for each in done) == ["NoneType", "OfferEnded"], done
    state = moving.proposal(offer_id).state
    expected = {OfferState.ACCEPTED: [B1], OfferState.TAKEN_BACK: [A1]}
    assert moving.valid(order) == expected[state]


def test_one_seat_is_proposed_to_one_of_two_holders(moving: Moving) -> None:
    one, other = moving.sold(A1), moving.sold(A2)

    done = together(lambda: moving.propose(one), lambda: moving.propose(other))

    assert sorted(isinstance(each, SeatsTaken) for each in done) == [False, True], done
    assert moving.states(B1) == [SeatState.HELD]


def test_one_ticket_is_asked_about_one_seat(moving: Moving) -> None:
    order = moving.sold(A1)

    done = together(lambda: moving.propose(order, B1), lambda: moving.propose(order, B2))

    assert sorted(isinstance(each, SeatProposedBefore) for each in done) == [False, True], done
    assert sorted(moving.states(B1, B2)) == [SeatState.FREE, SeatState.HELD]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE seat_move SET state = 'moved'",
        "UPDATE seat_move SET seat_id = 'x'",
        "UPDATE seat_move SET ticket_id = 'x'",
        "DELETE FROM seat_move",
        (
            "INSERT INTO seat_move SELECT 'x', offer_id, ticket_id, 'x', place, zone, reason, "
            "staff_id, answer_until, 'proposed' FROM seat_move"
        ),
    ],
)
def test_the_database_refuses_to_move_seats_by_hand(moving: Moving, statement: str) -> None:
    moving.propose(moving.sold(A1))

    with pytest.raises(DBAPIError, match=r"seat[ _]move"):
        moving.desk.forge(statement)
