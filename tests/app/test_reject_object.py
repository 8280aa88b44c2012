"""A reviewer says no, or that it was not them."""

from __future__ import annotations

import pytest

from tests.support.factories import NEW, OLD, Desk, days, kinds_to, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.model import errors
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
    RequestState,
)
from upstage_crm.core.errors import UpstageError
from upstage_crm.patrons.errors import AddressSuppressed
from upstage_crm.staff.roles import Role

DANA = "dana@staff.example.org"
REJECTION = [("change_rejected", NEW), ("change_rejected", OLD), ("staff_outcome", DANA)]


def test_a_rejection_keeps_the_address_and_reaches_everybody(desk: Desk) -> None:
    """Case 29: state, comment to the proposer and in the trail, the old address told."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.mailbox.messages.clear()

    state = desk.decide(link, Decision.REJECT, comment="Not my wish.\nReally.")

    assert RequestState.REJECTED is state
    assert desk.email(patron) == OLD
    view = desk.view(request)
    assert view.fields[0].comment == "Not my wish.\nReally."
    assert kinds_to(desk.deliver()) == REJECTION
    assert "Not my wish." in desk.mailbox.to(DANA)[-1].text
    line = desk.lines(action=Action.FIELD_REJECTED)[0]
    assert line.values["comment"] == "Not my wish.\nReally."


def test_a_rejected_value_rests_for_30_days(desk: Desk) -> None:
    """Case 29."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.decide(link, Decision.REJECT)
    desk.clock.advance(days(29.9))

    error = unchanged(desk, lambda: desk.propose(patron, NEW.upper()), errors.RecentlyRejected)

    assert request.reference == error.facts["reference"]
    assert desk.propose(patron, "third@example.org").is_new
    desk.clock.advance(days(0.1))
    assert desk.propose(patron).is_new


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.OWNER, True), (Role.MANAGER, True), (Role.PRIVACY_LEAD, True), (Role.BOX_OFFICE, False)],
)
def test_the_rest_is_skipped_by_permission_only(desk: Desk, role: Role, may: bool) -> None:
    """Case 29 and 42."""
    patron, member = desk.patron(), desk.staff("Rosa", role)
    desk.decide(desk.asked(patron)[1], Decision.REJECT)

    if may:
        assert desk.propose(patron, actor=member, override=True).is_new
        assert desk.lines()[-1].facts["override"] is True
    else:
        unchanged(desk, lambda: desk.propose(patron, actor=member, override=True), UpstageError)


def test_not_my_address_closes_and_suppresses(desk: Desk) -> None:
    """Case 28: nothing more is ever sent there, not even a confirmation."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.mailbox.messages.clear()

    assert RequestState.REJECTED is desk.decide(link, Decision.OBJECT)

    assert kinds_to(desk.deliver()) == [("change_rejected", OLD), ("staff_outcome", DANA)]
    assert desk.review(link).phase == "objected"
    assert not desk.record(patron).is_flagged  # a stranger's word puts no record in dispute
    assert FieldOutcome.OBJECTED is desk.view(request).fields[0].outcome
    assert {Action.FIELD_OBJECTED, Action.ADDRESS_SUPPRESSED} <= set(desk.actions())
    desk.clock.advance(days(365))
    unchanged(desk, lambda: desk.propose(patron, override=True), AddressSuppressed)
    other = desk.patron(email="ole@example.com", given_name="Ole")
    unchanged(desk, lambda: desk.propose(other, NEW.upper()), AddressSuppressed)


def test_this_was_not_me_ends_a_pending_request(desk: Desk) -> None:
    """The current address objects to what it was told of; its objection suppresses nothing."""
    patron = desk.patron()
    request, link = desk.asked(patron)

    assert RequestState.REJECTED is desk.decide(desk.claims(OLD), Decision.OBJECT, comment="No!")

    unchanged(desk, lambda: desk.decide(link), errors.RequestEnded)
    assert desk.email(patron) == OLD
    assert desk.told(request) == REJECTION
    assert Action.ADDRESS_SUPPRESSED not in desk.actions()


def test_who_was_never_asked_is_not_told_of_the_end(desk: Desk) -> None:
    """The current address objects before the decision mail has left."""
    patron = desk.patron()
    request = desk.propose(patron)
    assert desk.dispatcher.run_once(1) == 1
    notice = desk.codec.read(desk.tokens(OLD)[-1])

    desk.decide(notice, Decision.OBJECT)

    desk.deliver()
    assert desk.mailbox.to(NEW) == []
    assert RequestState.REJECTED is desk.state(request)


def test_an_objection_after_the_change_puts_it_back_once(desk: Desk) -> None:
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.decide(link)
    undo = desk.claims(OLD)

    assert RequestState.REVERTED is desk.decide(undo, Decision.OBJECT, comment="Not me")
    assert desk.email(patron) == OLD
    before = desk.dump()
    assert RequestState.REVERTED is desk.decide(undo, Decision.OBJECT, comment="Not me")

    assert before == desk.dump()
    assert desk.record(patron).is_flagged
    assert desk.told(request).count(("staff_outcome", DANA)) == 2
    assert desk.actions().count(Action.OBJECTION_RECEIVED) == 1


def test_an_objection_after_the_window_undoes_nothing_and_opens_a_dispute(desk: Desk) -> None:
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.decide(link)
    undo = desk.claims(OLD)
    desk.clock.advance(DEFAULT.revert_window)

    assert desk.decide(undo, Decision.OBJECT) is RequestState.APPROVED

    assert desk.email(patron) == NEW
    assert desk.record(patron).is_flagged
    assert desk.review(undo).objected_at == desk.now
    assert desk.told(request).count(("change_reverted", OLD)) == 0


def test_an_objection_after_thirty_days_is_a_calm_page_and_nothing_else(desk: Desk) -> None:
    desk.decide(desk.asked(desk.patron())[1])
    undo = desk.claims(OLD)
    desk.clock.advance(days(30))

    unchanged(desk, lambda: desk.decide(undo, Decision.OBJECT), errors.LinkExpired)

    assert not desk.review(undo).can_object


def test_a_comment_is_capped(desk: Desk) -> None:
    link = desk.asked(desk.patron())[1]

    unchanged(desk, lambda: desk.decide(link, Decision.REJECT, comment="x" * 501), UpstageError)
