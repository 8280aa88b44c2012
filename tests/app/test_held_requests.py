"""Requests that wait for a second person, reviewers who are added, and codes that are read out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, days, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.model.errors import (
    NoMailbox,
    NothingWaits,
    OwnRecord,
    RequestEnded,
    SamePerson,
)
from upstage_crm.change_requests.model.policy import (
    DEFAULT,
    Asked,
    FieldPolicy,
)
from upstage_crm.change_requests.model.rules import (
    Cause,
    Decision,
    RequestState,
    ReviewChannel,
)
from upstage_crm.core.errors import Forbidden
from upstage_crm.links.claims import Reviewer
from upstage_crm.privacy import erasure
from upstage_crm.staff.roles import Role, StaffMember

PHONE = {"phone": {"phone": "+1 212 555 0199"}}
SECOND_PERSON = replace(
    DEFAULT,
    fields={
        "phone": FieldPolicy(asked=Asked.CURRENT, second_person=True),
        "email": FieldPolicy(asked=Asked.PROPOSED, second_person=True),
    },
)


def test_a_held_request_asks_nobody_before_another_member_releases_it(
    engine: Engine, rosa: StaffMember
) -> None:
    """Case 43: no mail, no clock; the proposer and a clerk cannot release it."""
    engine.set_policy(SECOND_PERSON)
    patron = engine.patron()
    request = engine.propose(patron, changes=PHONE)
    clerk = engine.staff("Vic", Role.BOX_OFFICE)
    assert engine.queued() == []
    engine.clock.advance(days(10))
    assert not engine.expire(request)

    unchanged(engine, lambda: engine.release(request, engine.owner), SamePerson)
    unchanged(engine, lambda: engine.release(request, clerk), Forbidden)
    assert RequestState.PENDING is engine.release(request, rosa)
    unchanged(engine, lambda: engine.release(request, rosa), NothingWaits)

    assert engine.now + DEFAULT.link_life == engine.view(request).expires_at
    assert RequestState.APPROVED is engine.decide(engine.claims(OLD))


def test_a_member_does_not_release_a_change_of_the_own_record(engine: Engine) -> None:
    """Case 42."""
    engine.set_policy(SECOND_PERSON)
    patron = engine.patron("rosa@example.org", "Rosa")
    rosa = engine.staff("Rosa", Role.MANAGER, email="rosa@example.org")
    request = engine.propose(patron, changes=PHONE)

    unchanged(engine, lambda: engine.release(request, rosa), OwnRecord)


def test_what_can_no_longer_be_true_is_withdrawn_at_release(
    engine: Engine, rosa: StaffMember
) -> None:
    """The address was taken while the request was held: no one is asked."""
    engine.set_policy(SECOND_PERSON)
    patron = engine.patron()
    request = engine.propose(patron)
    engine.patron(NEW, "Another")

    assert RequestState.WITHDRAWN is engine.release(request, rosa)

    assert Cause.ADDRESS_TAKEN is engine.view(request).cause
    assert [mail for mail in engine.queued() if mail[1] in (OLD, NEW)] == []


def test_nobody_is_released_to_a_mailbox_that_stopped_working(
    engine: Engine, rosa: StaffMember
) -> None:
    engine.set_policy(SECOND_PERSON)
    patron = engine.patron()
    request = engine.propose(patron, changes=PHONE)
    other = engine.propose(
        patron, changes={"name": {"given_name": "Maren", "family_name": "Smith"}}
    )
    engine.lose_mailbox(other)

    unchanged(engine, lambda: engine.release(request, rosa), NoMailbox)


def test_a_running_question_goes_on_without_the_mailbox_that_stopped_working(
    engine: Engine,
) -> None:
    """Sent again it reaches each mailbox that can still be reached, and reminders do the same."""
    patron = engine.patron()
    both = engine.propose(patron, ask_both=True)
    other = engine.propose(patron, changes=PHONE)
    engine.lose_mailbox(other)

    engine.resend(both)
    again = [mail for mail in engine.deliver() if mail.tags["kind"] == "decision_request"]
    assert [mail.to for mail in again] == [NEW]
    engine.clock.advance(days(2))
    assert engine.remind(both)
    assert [mail.to for mail in engine.deliver()] == [NEW]


def test_a_protected_patron_needs_both_mailboxes(engine: Engine, rosa: StaffMember) -> None:
    """Case 43: also when the mark came after the proposal."""
    patron = engine.patron()
    request, link = engine.asked(patron)
    engine.protect(patron, rosa)

    assert RequestState.PENDING is engine.decide(link)
    assert engine.email(patron) == OLD
    assert Action.REVIEWER_ADDED in engine.actions(request_id=request.request_id)
    assert RequestState.APPROVED is engine.decide(engine.claims(OLD))
    assert engine.email(patron) == NEW

    later = engine.propose(patron, "other@example.org")
    (field,) = engine.view(later).fields
    assert {Reviewer.PROPOSED, Reviewer.CURRENT} == set(field.reviewers)


def test_nothing_is_approved_for_an_erased_patron(engine: Engine) -> None:
    """Case 19: an open request stands in the way; afterwards its link opens a calm page."""
    patron = engine.patron()
    request, link = engine.asked(patron)
    engine.withdraw(request)
    second = engine.staff("Una", Role.PRIVACY_LEAD)
    who = {"patron_id": patron.id}
    engine.act(engine.owner, erasure.request_erasure, reason="by letter", **who)
    engine.act(second, erasure.confirm_erasure, **who)

    unchanged(engine, lambda: engine.decide(link), RequestEnded)
    assert engine.email(patron) is None


def test_a_code_that_is_read_out_counts_once_two_members_say_so(
    engine: Engine, rosa: StaffMember
) -> None:
    """Channel `desk`, the clerk named, a second person, and the patron's answer to each field."""
    patron = engine.patron()
    request = engine.propose(patron)
    engine.deliver()
    (code,) = engine.codes_in(NEW)
    clerk = engine.staff("Vic", Role.BOX_OFFICE)
    assert engine.read_out(request, clerk, code)
    assert engine.email(patron) == OLD

    unchanged(engine, lambda: engine.confirm_code(request, clerk), Forbidden)
    assert RequestState.APPROVED is engine.confirm_code(request, rosa)

    (field,) = engine.view(request).fields
    assert ReviewChannel.DESK is field.channel
    approved = engine.lines(request_id=request.request_id, action=Action.FIELD_APPROVED)
    assert (clerk.id, rosa.id) == (approved[0].facts["clerk"], approved[0].facts["second"])
    assert engine.email(patron) == NEW


def test_whoever_heard_the_code_cannot_confirm_it(engine: Engine, rosa: StaffMember) -> None:
    request = engine.propose(engine.patron())
    engine.deliver()
    (code,) = engine.codes_in(NEW)
    assert engine.read_out(request, rosa, code)

    unchanged(engine, lambda: engine.confirm_code(request, rosa), SamePerson)
    engine.decline_code(request, engine.owner)
    unchanged(engine, lambda: engine.confirm_code(request, engine.owner), NothingWaits)
    assert RequestState.PENDING is engine.state(request)


def test_a_code_dies_with_its_mail(engine: Engine, rosa: StaffMember) -> None:
    """Sent again, the older code is refused, and one read out before counts no more."""
    request = engine.propose(engine.patron())
    engine.deliver()
    (old,) = engine.codes_in(NEW)
    assert engine.read_out(request, engine.owner, old)
    engine.clock.advance(timedelta(hours=1))
    engine.resend(request)

    with pytest.raises(Exception, match="link_outdated"):
        engine.confirm_code(request, rosa)
    assert not engine.redeem(request, old)


def test_five_tries_are_for_page_and_desk_together(engine: Engine) -> None:
    request = engine.propose(engine.patron())
    engine.deliver()
    (code,) = engine.codes_in(NEW)
    for turn in range(5):
        if turn % 2:
            assert not engine.redeem(request, "ABCD-EFGH")
        else:
            assert not engine.read_out(request, engine.owner, "ABCD-EFGH")

    assert not engine.redeem(request, code)
    assert not engine.read_out(request, engine.owner, code)
    assert RequestState.PENDING is engine.state(request)  # the link itself still works
    assert RequestState.REJECTED is engine.decide(engine.claims(NEW), Decision.REJECT)


def test_each_reminder_leaves_once_and_the_end_is_told_once(engine: Engine) -> None:
    """Case 50: three days after sending and a day before the end, to an address that is proven."""
    patron = engine.patron()
    engine.propose(patron, changes={"name": {"given_name": "Maren", "family_name": "Smith"}})
    engine.decide(engine.claims(OLD))  # from here on the address is a proven one
    engine.deliver()
    request = engine.propose(patron, changes=PHONE)
    sent: list[tuple[str, str]] = []
    for _hour in range(7 * 24 + 2):
        engine.clock.advance(timedelta(hours=1))
        engine.remind(request)
        engine.expire(request)
        sent += [(mail.tags["kind"], mail.to) for mail in engine.deliver()]

    assert sent.count(("decision_reminder", OLD)) == 2
    assert sent.count(("change_expired", OLD)) == 1
    assert sent.count(("staff_outcome", "dana@staff.example.org")) == 1
