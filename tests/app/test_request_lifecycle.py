"""What two people, the clock and the provider do: reminders, bounces, reverts, the desk."""

from __future__ import annotations

from datetime import timedelta

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, together, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.model.errors import (
    NothingWaits,
    SamePerson,
)
from upstage_crm.change_requests.model.rules import (
    Decision,
    RequestState,
)
from upstage_crm.core.errors import Forbidden
from upstage_crm.staff.roles import Role


def kinds(engine: Engine, kind: str) -> int:
    return [found for found, _to, _state in engine.queued()].count(kind)


def test_a_bounce_ends_the_request_and_tells_both_sides_once(engine: Engine) -> None:
    """Case 35."""
    request, _link = engine.asked(engine.patron())

    assert engine.bounce(request)
    assert not engine.bounce(request)

    assert RequestState.UNDELIVERABLE is engine.state(request)
    told = engine.told(request)
    assert told == [("change_undeliverable", OLD), ("staff_outcome", "dana@staff.example.org")]


def test_a_bounce_after_the_decision_changes_nothing(engine: Engine) -> None:
    """Case 35."""
    patron = engine.patron()
    request, link = engine.asked(patron)
    engine.decide(link)

    assert not engine.bounce(request)

    assert RequestState.APPROVED is engine.state(request)
    assert engine.email(patron) == NEW


def test_four_workers_send_one_reminder(engine: Engine) -> None:
    """Case 50: an unproven address hears once, however often the clock asks."""
    request, _link = engine.asked(engine.patron())
    engine.clock.advance(timedelta(days=3, minutes=1))

    results = together(*[lambda: engine.remind(request)] * 4)

    assert sorted(map(bool, results)) == [False, False, False, True]
    engine.clock.advance(timedelta(days=3))
    engine.remind(request)
    assert kinds(engine, "decision_reminder") == 1


def test_nobody_is_reminded_of_what_is_decided(engine: Engine) -> None:
    """Case 50."""
    request, link = engine.asked(engine.patron())
    engine.decide(link)
    engine.clock.advance(timedelta(days=4))

    assert not engine.remind(request)
    assert kinds(engine, "decision_reminder") == 0


def test_the_desk_needs_two_people_and_waits(engine: Engine) -> None:
    """The desk path: the clerk cannot confirm; the change is made after the wait, once."""
    patron = engine.patron()
    rosa = engine.staff("Rosa", Role.MANAGER)
    request = engine.identify(patron, engine.owner)

    unchanged(engine, lambda: engine.vouch(request, engine.owner), SamePerson)
    engine.vouch(request, rosa)
    unchanged(engine, lambda: engine.vouch(request, rosa), NothingWaits)
    assert engine.decide(engine.claims(NEW)) is RequestState.WAITING
    assert not engine.take_effect(request)
    engine.clock.advance(timedelta(hours=73))

    assert sorted(map(bool, together(*[lambda: engine.take_effect(request)] * 2))) == [False, True]
    assert engine.email(patron) == NEW
    assert RequestState.APPROVED is engine.state(request)


def test_staff_put_back_what_a_request_changed(engine: Engine) -> None:
    """Case 39: with a reason, by those who may, and only once."""
    patron = engine.patron()
    request, link = engine.asked(patron)
    engine.decide(link)
    minna = engine.staff("Minna", Role.MARKETING)

    unchanged(engine, lambda: engine.revert(request, minna), Forbidden)
    assert RequestState.REVERTED is engine.revert(request, engine.owner)

    assert engine.email(patron) == OLD
    assert engine.chain_is_whole()


def test_five_wrong_codes_are_all_that_anybody_gets(engine: Engine) -> None:
    """A code is tried five times for each request; the row counts no further."""
    request, _link = engine.asked(engine.patron())

    for _turn in range(6):
        assert not engine.redeem(request, "0000-0000")

    assert engine.scalar("SELECT code_tries FROM change_request") == 5


def test_whoever_approved_may_still_object_while_the_other_is_asked(engine: Engine) -> None:
    """The approval stays in the trail, the objection stops the field."""
    patron = engine.patron()
    request = engine.propose(patron, ask_both=True)
    link = engine.claims(NEW)
    assert RequestState.PENDING is engine.decide(link)

    assert RequestState.REJECTED is engine.decide(link, Decision.OBJECT)

    actions = engine.actions(request_id=request.request_id)
    assert [
        action for action in actions if action in (Action.FIELD_APPROVED, Action.FIELD_OBJECTED)
    ] == [Action.FIELD_APPROVED, Action.FIELD_OBJECTED]
    assert engine.email(patron) == OLD


def test_a_proposer_hears_what_was_answered_before_a_newer_proposal(engine: Engine) -> None:
    """Also when the newer one is the same member's: no one else tells of the answers."""
    patron = engine.patron()
    name = {"name": {"given_name": "Maren", "family_name": "Smith"}}
    request = engine.propose(patron, NEW, changes=name)
    engine.decide(engine.claims(NEW))
    engine.propose(patron, changes={"name": {"given_name": "Marie", "family_name": "Smith"}})

    assert RequestState.PARTLY_APPROVED is engine.state(request)
    assert ("staff_outcome", "dana@staff.example.org") in engine.told(request)
