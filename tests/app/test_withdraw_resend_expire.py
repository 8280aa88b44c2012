"""The other ends of a request: taken back by staff, sent again, run out of time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.factories import NEW, OLD, Desk, days, kinds_to, unchanged
from upstage_crm.audit.events import Action, ActorKind, Channel
from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.model import errors
from upstage_crm.change_requests.model.rules import (
    Cause,
    Decision,
    FieldOutcome,
    RequestState,
)
from upstage_crm.change_requests.reads import due
from upstage_crm.core.errors import Forbidden
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role
from upstage_crm.wording.sentences import sentence

DANA = "dana@staff.example.org"
COOLDOWN = timedelta(minutes=5)
ACTING = [
    role
    for role in Role
    if {Permission.WITHDRAW_REQUEST, Permission.RESEND_REQUEST} <= PERMISSIONS[role]
]
LOOKING = [role for role in Role if role not in ACTING]


# --- withdraw ------------------------------------------------------------------------------------


def test_a_withdrawal_beats_a_page_that_is_open(desk: Desk) -> None:
    """Case 31: the approval is refused with "withdrawn"."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    assert desk.review(link).phase == "open"

    desk.withdraw(request)

    error = unchanged(desk, lambda: desk.decide(link), errors.RequestEnded)
    assert RequestState.WITHDRAWN is error.facts["state"]
    assert desk.review(link).phase == "withdrawn"
    assert desk.email(patron) == OLD
    assert (desk.state(request), desk.view(request).cause) == (RequestState.WITHDRAWN, Cause.STAFF)


def test_a_withdrawal_tells_everybody_who_was_asked(desk: Desk) -> None:
    request, _link = desk.asked(desk.patron())

    desk.withdraw(request)

    assert desk.told(request) == [("change_withdrawn", NEW), ("change_withdrawn", OLD)]


def test_nobody_takes_back_or_repeats_what_concerns_their_own_record(desk: Desk) -> None:
    """Case 42: a member who is a patron too leaves their record to a colleague."""
    patron = desk.patron("rosa@staff.example.org")
    request, _link = desk.asked(patron)
    rosa = desk.staff("Rosa", Role.MANAGER)
    desk.clock.advance(COOLDOWN)

    unchanged(desk, lambda: desk.withdraw(request, actor=rosa), errors.OwnRecord)
    unchanged(desk, lambda: desk.resend(request, actor=rosa), errors.OwnRecord)
    desk.withdraw(request)


def test_a_withdrawal_before_any_mail_left_tells_nobody(desk: Desk) -> None:
    request = desk.propose(desk.patron())

    desk.withdraw(request)

    assert desk.deliver() == []
    assert {"cancelled"} == {state for _kind, _to, state in desk.queued()}


def test_a_colleagues_withdrawal_is_told_to_the_proposer(desk: Desk) -> None:
    rosa = desk.staff("Rosa", Role.BOX_OFFICE)
    request, _link = desk.asked(desk.patron())

    desk.withdraw(request, actor=rosa)

    assert ("staff_outcome", DANA) in desk.told(request)
    line = desk.lines(action=Action.REQUEST_WITHDRAWN)[0]
    assert (line.actor.kind, line.actor.label) == (ActorKind.STAFF, "Rosa, box office")
    assert line.facts["cause"] == "staff"


def test_a_second_withdrawal_is_refused_with_what_stands(desk: Desk) -> None:
    request, link = desk.asked(desk.patron())
    desk.decide(link, Decision.REJECT)

    error = unchanged(desk, lambda: desk.withdraw(request), errors.RequestEnded)

    assert RequestState.REJECTED is error.facts["state"]


def test_a_role_without_the_permission_withdraws_nothing(desk: Desk) -> None:
    """Case 42."""
    request, _link = desk.asked(desk.patron())

    for role in LOOKING:
        member = desk.staff(role.value, role)
        unchanged(desk, lambda member=member: desk.withdraw(request, actor=member), Forbidden)


def test_an_unknown_reference_is_refused(desk: Desk) -> None:
    request = staff_commands.Proposed(request_id="0" * 32, reference="ZZ-ZZZ", is_new=True)
    assert desk.owner

    unchanged(desk, lambda: desk.withdraw(request), errors.UnknownRequest)
    unchanged(desk, lambda: desk.resend(request), errors.UnknownRequest)
    unchanged(desk, lambda: desk.expire(request), errors.UnknownRequest)


# --- resend --------------------------------------------------------------------------------------


def test_sent_again_the_new_link_works_and_the_old_one_is_dead(desk: Desk) -> None:
    """Case 32: same request, new jti."""
    patron = desk.patron()
    request, old = desk.asked(patron)
    desk.clock.advance(COOLDOWN)

    desk.resend(request)

    new = desk.claims(NEW)
    assert (old.request_id, old.version + 1) == (new.request_id, new.version)
    assert old.jti != new.jti
    assert desk.review(old).phase == "outdated"
    unchanged(desk, lambda: desk.decide(old), errors.LinkOutdated)
    unchanged(desk, lambda: desk.decide(old, Decision.REJECT), errors.LinkOutdated)
    unchanged(desk, lambda: desk.decide(old, Decision.OBJECT), errors.LinkOutdated)
    assert RequestState.APPROVED is desk.decide(new)
    assert desk.email(patron) == NEW


def test_sent_again_the_deadline_stays(desk: Desk) -> None:
    request, _link = desk.asked(desk.patron())
    until = desk.view(request).expires_at
    desk.clock.advance(days(6))

    desk.resend(request)

    assert until == desk.view(request).expires_at == desk.claims(NEW).expires_at


def test_sent_again_only_the_decision_mail_leaves(desk: Desk) -> None:
    request, _link = desk.asked(desk.patron())
    desk.clock.advance(COOLDOWN)

    desk.resend(request)

    assert kinds_to(desk.deliver()) == [("decision_request", NEW)]


def test_a_decision_mail_that_has_not_left_is_replaced(desk: Desk) -> None:
    request = desk.propose(desk.patron())
    desk.clock.advance(COOLDOWN)

    desk.resend(request)

    assert kinds_to(desk.deliver()) == [("change_notice", OLD), ("decision_request", NEW)]
    assert desk.claims(NEW).version == 2


def test_five_minutes_lie_between_two_mails(desk: Desk) -> None:
    """Case 32: refused with the time that remains, in minutes as people count them."""
    request, _link = desk.asked(desk.patron())
    desk.clock.advance(timedelta(minutes=3, seconds=20))

    error = unchanged(desk, lambda: desk.resend(request), errors.ResendTooSoon)

    assert error.facts["wait"] == timedelta(minutes=2)
    assert sentence(error).endswith("Try again in 2 min.")


def test_three_times_a_day_is_the_most(desk: Desk) -> None:
    """Case 32."""
    request, _link = desk.asked(desk.patron())
    for _ in range(3):
        desk.clock.advance(COOLDOWN)
        desk.resend(request)
    desk.clock.advance(COOLDOWN)

    error = unchanged(desk, lambda: desk.resend(request), errors.ResendLimit)

    assert error.facts["limit"] == 3
    assert desk.view(request).sent_count == 4
    desk.clock.advance(days(1))
    desk.resend(request)
    assert [line.facts["version"] for line in desk.lines(action=Action.REQUEST_RESENT)] == [
        2,
        3,
        4,
        5,
    ]


@pytest.mark.parametrize("end", ["withdrawn", "rejected", "approved", "time"])
def test_a_request_that_is_over_is_not_sent_again(desk: Desk, end: str) -> None:
    request, link = desk.asked(desk.patron())
    if end == "withdrawn":
        desk.withdraw(request)
    elif end == "time":
        desk.clock.advance(days(7))
    else:
        desk.decide(link, Decision.REJECT if end == "rejected" else Decision.APPROVE)
    desk.clock.advance(COOLDOWN)

    unchanged(desk, lambda: desk.resend(request), errors.RequestEnded)


def test_a_role_without_the_permission_sends_nothing_again(desk: Desk) -> None:
    """Case 42."""
    request, _link = desk.asked(desk.patron())
    desk.clock.advance(COOLDOWN)

    for role in LOOKING:
        member = desk.staff(role.value, role)
        unchanged(desk, lambda member=member: desk.resend(request, actor=member), Forbidden)


def test_a_role_with_the_permission_sends_again_and_withdraws(desk: Desk) -> None:
    patron = desk.patron()
    for role in ACTING:
        request = desk.propose(patron)
        member = desk.staff(role.value, role)
        desk.clock.advance(COOLDOWN)

        desk.resend(request, actor=member)
        desk.withdraw(request, actor=member)

        assert RequestState.WITHDRAWN is desk.state(request)


# --- expire --------------------------------------------------------------------------------------


def test_silence_is_a_no(desk: Desk) -> None:
    patron = desk.patron()
    request, _link = desk.asked(patron)
    desk.clock.advance(days(7))

    assert desk.expire(request)

    assert RequestState.EXPIRED is desk.state(request)
    assert FieldOutcome.LAPSED is desk.view(request).fields[0].outcome
    assert desk.email(patron) == OLD
    assert desk.told(request) == [
        ("change_expired", NEW),
        ("change_expired", OLD),
        ("staff_outcome", DANA),
    ]
    line = desk.lines(action=Action.REQUEST_EXPIRED)[0]
    assert (line.actor.kind, line.channel) == (ActorKind.SYSTEM, Channel.SCHEDULE)


def test_time_runs_out_once(desk: Desk) -> None:
    request, _link = desk.asked(desk.patron())
    desk.clock.advance(days(7))
    desk.expire(request)
    before = desk.dump()

    assert not desk.expire(request)
    assert before == desk.dump()


def test_nothing_lapses_before_its_time(desk: Desk) -> None:
    request, link = desk.asked(desk.patron())
    desk.clock.advance(days(7) - timedelta(microseconds=1))
    before = desk.dump()

    assert not desk.expire(request)
    assert before == desk.dump()
    assert desk.read(lambda session: due.expiring(session, now=desk.now)) == ()
    assert RequestState.APPROVED is desk.decide(link)


def test_what_is_due_is_found(desk: Desk) -> None:
    request, _link = desk.asked(desk.patron())
    desk.clock.advance(days(7))

    found = desk.read(lambda session: due.expiring(session, now=desk.now))
    assert found == (request.request_id,)


def test_an_answer_before_the_end_leaves_nothing_to_lapse(desk: Desk) -> None:
    request, link = desk.asked(desk.patron())
    desk.decide(link)
    desk.clock.advance(days(7))
    before = desk.dump()

    assert not desk.expire(request)
    assert before == desk.dump()


def test_after_a_partial_answer_only_the_rest_lapses(desk: Desk) -> None:
    patron = desk.patron()
    changes = {"phone": {"phone": "+1 212 555 0199"}, "email": {"email": NEW}}
    request = desk.propose(patron, changes=changes)
    desk.decide(desk.claims(NEW))
    desk.clock.advance(days(7))

    desk.expire(request)

    assert RequestState.PARTLY_APPROVED is desk.state(request)
    assert desk.email(patron) == NEW
    assert desk.record(patron).values["phone"] is None
