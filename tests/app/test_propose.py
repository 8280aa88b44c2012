"""What a proposal writes, whom it asks, and how it meets the one before it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from tests.support.factories import NEW, OLD, Desk, days, kinds_to, together
from upstage_crm.audit.events import Action, ActorKind, Channel
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model import errors
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
    ReasonCode,
    RequestState,
)
from upstage_crm.change_requests.reads.earlier_proposal import last_reason
from upstage_crm.links.claims import Reviewer
from upstage_crm.patrons.fields import PROTECTED_COLUMNS
from upstage_crm.staff.roles import Role


def test_when_nothing_is_clicked_nothing_changes(desk: Desk) -> None:
    """Case 1: the current email and every other column of the patron stay as they were."""
    patron = desk.patron(phone="+1 212 555 0101")
    before = desk.dump()["patron"]

    request = desk.propose(patron)
    desk.deliver()
    desk.review(desk.claims())
    desk.clock.advance(days(6.9))

    assert before == desk.dump()["patron"]
    assert RequestState.PENDING is desk.state(request)


def test_a_proposal_is_one_pending_row_with_all_that_it_rests_on(desk: Desk) -> None:
    """Case 2: proposer, reason, old and new value, reviewer, expiry."""
    patron = desk.patron()

    request = desk.propose(
        patron, reason_code=ReasonCode.ASKED_AT_DESK, reason_text="She stood before me."
    )

    view = desk.view(request)
    assert RequestState.PENDING is view.state
    assert (desk.owner.id, "Dana, box office") == (view.proposer_id, view.proposer_label)
    assert (
        view.reason_code,
        view.reason_text,
    ) == (ReasonCode.ASKED_AT_DESK, "She stood before me.")
    assert desk.now + timedelta(days=7) == view.expires_at
    (field,) = view.fields
    assert (field.now, field.proposed) == (OLD, NEW)
    assert (field.reviewers, field.mailboxes) == ((Reviewer.CURRENT, Reviewer.PROPOSED), (OLD, NEW))
    assert FieldOutcome.PENDING is field.outcome
    assert desk.scalar("SELECT count(*) FROM field_change") == 1


def test_a_proposal_is_one_mail_to_each_side(desk: Desk) -> None:
    """Case 2: one decision mail to the new address, one notice to the old one."""
    desk.propose(desk.patron())

    delivered = desk.deliver()

    assert kinds_to(delivered) == [("change_notice", OLD), ("decision_request", NEW)]
    assert desk.deliver() == []


def test_the_decision_mail_waits_for_the_notice(desk: Desk) -> None:
    """docs/rules.md, Reviewers: the decision mail leaves only after the notice was accepted."""
    desk.propose(desk.patron())

    desk.deliver()

    assert [mail.to for mail in desk.mailbox.messages] == [OLD, NEW]


def test_a_first_email_asks_the_proposed_address_alone(desk: Desk) -> None:
    desk.propose(desk.patron(email=""))

    assert kinds_to(desk.deliver()) == [("decision_request", NEW)]


def test_other_fields_ask_the_current_address(desk: Desk) -> None:
    request = desk.propose(desk.patron(), changes={"phone": {"phone": "+1 212 555 0199"}})

    (field,) = desk.view(request).fields
    assert (field.reviewers, field.mailboxes) == ((Reviewer.CURRENT,), (OLD,))
    assert kinds_to(desk.deliver()) == [("decision_request", OLD)]


def test_the_trail_says_who_proposed_what_through_which_door(desk: Desk) -> None:
    """Case 41: actor, channel, reason, old and new."""
    patron = desk.patron()

    request = desk.propose(patron, reason_text="She rang.")

    line = desk.lines(request_id=request.request_id)[-1]
    assert Action.REQUEST_PROPOSED is line.action
    assert (line.actor.kind, line.actor.label) == (ActorKind.STAFF, "Dana, box office")
    assert Channel.CRM is line.channel
    assert patron.id == line.patron_id
    assert line.values == {"reason": "She rang.", "email.old": OLD, "email.new": NEW}
    assert line.facts["reason"] == "asked_by_phone"
    assert request.reference == line.facts["reference"]


def test_a_newer_proposal_takes_the_place_of_the_older_one(desk: Desk) -> None:
    """Case 13: link 1 is dead and says "superseded", link 2 confirms only value 2."""
    patron = desk.patron()
    first, first_link = desk.asked(patron, "one@example.org")

    second, second_link = desk.asked(patron, "two@example.org")

    assert RequestState.SUPERSEDED is desk.state(first)
    assert desk.review(first_link).phase == "superseded"
    with pytest.raises(errors.RequestEnded) as caught:
        desk.decide(first_link)
    assert RequestState.SUPERSEDED is caught.value.facts["state"]
    assert desk.email(patron) == OLD
    assert RequestState.APPROVED is desk.decide(second_link)
    assert desk.email(patron) == "two@example.org"
    assert Action.REQUEST_SUPERSEDED in desk.actions(request_id=first.request_id)
    assert RequestState.APPROVED is desk.state(second)


def test_a_superseded_request_sends_nothing_more(desk: Desk) -> None:
    patron = desk.patron()
    desk.propose(patron, "one@example.org")

    desk.propose(patron, "two@example.org")

    delivered = {mail.to for mail in desk.deliver()}
    assert {OLD, "two@example.org"} == delivered


def test_a_colleague_whose_request_was_superseded_is_told(desk: Desk) -> None:
    patron, rosa = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE)
    first = desk.propose(patron, "one@example.org", actor=rosa)

    desk.propose(patron, "two@example.org")

    assert desk.told(first) == [("staff_outcome", "rosa@staff.example.org")]


def test_one_field_may_be_superseded_while_another_stays(desk: Desk) -> None:
    patron = desk.patron()
    changes = {"email": {"email": NEW}, "phone": {"phone": "+1 212 555 0199"}}
    first = desk.propose(patron, changes=changes)

    desk.propose(patron, "two@example.org")

    outcomes = {field.field: field.outcome for field in desk.view(first).fields}
    assert outcomes == {"email": FieldOutcome.SUPERSEDED, "phone": FieldOutcome.PENDING}
    assert RequestState.PENDING is desk.state(first)


@pytest.mark.parametrize("spelling", [NEW, "MARA.NEW@example.org", f"  {NEW} "])
def test_the_same_value_twice_is_one_request_and_one_mail(desk: Desk, spelling: str) -> None:
    """Case 15: also by another member of staff, also in another spelling."""
    patron, rosa = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE)
    first = desk.propose(patron)
    before = desk.dump()

    second = desk.propose(patron, spelling, actor=rosa)

    assert Proposed(request_id=first.request_id, reference=first.reference, is_new=False) == second
    # Only that a member tried is remembered.
    assert before | {"proposal_attempt": []} == desk.dump() | {"proposal_attempt": []}
    assert len([mail for mail in desk.deliver() if mail.to == NEW]) == 1


COLOGNE = {"address_city": "Köln", "address_country": "DE"}
SPELLINGS = [
    (
        {"name": {"given_name": "Jose", "family_name": "Garcia"}},
        {"name": {"given_name": "José", "family_name": "García"}},
    ),
    (
        {"name": {"given_name": "Liam", "family_name": "o brien"}},
        {"name": {"given_name": "Liam", "family_name": "O'Brien"}},
    ),
    (
        {
            "address": {
                "address_line1": "1 Strasse",
                "address_city": "Koln",
                "address_country": "DE",
            }
        },
        {"address": {"address_line1": "1 Straße", "address_city": "Köln", "address_country": "DE"}},
    ),
]


@pytest.mark.parametrize(("mistaken", "corrected"), SPELLINGS)
def test_a_spelling_is_corrected_while_it_is_pending(
    desk: Desk, mistaken: dict[str, dict[str, str]], corrected: dict[str, dict[str, str]]
) -> None:
    patron = desk.patron()
    first = desk.propose(patron, changes=mistaken)

    second = desk.propose(patron, changes=corrected)

    assert second.is_new
    assert desk.state(first) is RequestState.SUPERSEDED
    again = desk.propose(patron, changes=corrected)
    assert (again.is_new, again.reference) == (False, second.reference)


@pytest.mark.parametrize(("mistaken", "corrected"), SPELLINGS)
def test_a_spelling_is_corrected_after_a_rejection(
    desk: Desk, mistaken: dict[str, dict[str, str]], corrected: dict[str, dict[str, str]]
) -> None:
    """The patron answers "It is José with an accent": that is no reason to wait 30 days."""
    patron = desk.patron()
    desk.propose(patron, changes=mistaken)
    desk.decide(desk.claims(OLD), Decision.REJECT)

    with pytest.raises(errors.RecentlyRejected):
        desk.propose(patron, changes=mistaken)

    assert desk.propose(patron, changes=corrected).is_new


def test_the_same_value_after_time_ran_out_is_a_new_request(desk: Desk) -> None:
    """A request that can no longer be answered must not swallow a new proposal."""
    patron = desk.patron()
    first = desk.propose(patron)
    desk.clock.advance(days(7))

    second = desk.propose(patron)

    assert second.is_new
    assert first.reference != second.reference
    assert RequestState.WAITING is desk.decide(desk.claims())
    assert desk.take_effect(second, after=DEFAULT.notice_period)
    assert desk.email(patron) == NEW


def test_two_staff_propose_the_same_at_one_moment(desk: Desk) -> None:
    """Case 15, concurrently."""
    patron, rosa, dana = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE), desk.owner

    results = together(
        lambda: desk.propose(patron, actor=rosa), lambda: desk.propose(patron, actor=dana)
    )

    assert sorted(r.is_new for r in results if isinstance(r, Proposed)) == [False, True]
    assert desk.scalar("SELECT count(*) FROM change_request") == 1
    assert len([mail for mail in desk.deliver() if mail.to == NEW]) == 1
    assert desk.chain_is_whole()


def test_two_staff_propose_different_values_at_one_moment(desk: Desk) -> None:
    """Case 14: no token ever confirms a value that it was not issued for."""
    patron, rosa, dana = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE), desk.owner

    together(
        lambda: desk.propose(patron, "one@example.org", actor=rosa),
        lambda: desk.propose(patron, "two@example.org", actor=dana),
    )

    assert desk.scalar("SELECT count(*) FROM field_change WHERE outcome = 'pending'") == 1
    desk.deliver()
    asked = {to for kind, to in kinds_to(desk.mailbox.messages) if kind == "decision_request"}
    assert len(asked) == 1
    (winner,) = asked
    desk.decide(desk.claims(winner))
    assert winner == desk.email(patron)
    assert desk.chain_is_whole()


def test_the_row_keeps_every_column_of_the_value(desk: Desk) -> None:
    """Old and new values stand in the field change, derived keys included, nothing else."""
    desk.propose(desk.patron())

    row = desk.dump()["field_change"][0]

    values = [json.loads(column) for column in row if str(column).startswith("{")]
    assert values == [
        {"email": OLD, "email_key": OLD},
        {"email": NEW, "email_key": NEW},
    ]
    assert set(values[0]) & set(PROTECTED_COLUMNS) == {"email"}


def test_the_last_reason_is_the_members_own_and_of_this_shift(desk: Desk) -> None:
    began, colleague = desk.now, desk.staff("Cleo", Role.BOX_OFFICE)
    desk.propose(desk.patron(), NEW)
    desk.clock.advance(timedelta(hours=1))

    def last(staff_id: str, since: datetime) -> ReasonCode | None:
        return desk.read(lambda session: last_reason(session, staff_id, since=since))

    assert last(desk.owner.id, began) is ReasonCode.ASKED_BY_PHONE
    assert last(desk.owner.id, desk.now) is None
    assert last(colleague.id, began) is None
