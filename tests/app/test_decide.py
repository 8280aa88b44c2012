"""What a reviewer's link does: approve, reject, object, and everything it must not do."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import event

from tests.support.factories import NEW, OLD, Desk, days, kinds_to, together, unchanged
from upstage_crm.audit.events import Action, ActorKind, Channel
from upstage_crm.change_requests.lifecycle.answer import Evidence
from upstage_crm.change_requests.model import errors
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
    RequestState,
    ReviewChannel,
)
from upstage_crm.links.claims import LinkRefused, Purpose, Reviewer

pytestmark = pytest.mark.each_database

PHONE = {"phone": {"phone": "+1 212 555 0199"}}
MOST_ASKED = 49  # statements; two of them keep the former address
DANA = "dana@staff.example.org"
OUTCOME = [("change_applied", NEW), ("change_applied", OLD), ("staff_outcome", DANA)]


# --- approve -----------------------------------------------------------------------------------


def test_an_approval_changes_the_address_at_once(desk: Desk) -> None:
    patron = desk.patron()
    request, link = desk.asked(patron)

    assert RequestState.APPROVED is desk.decide(link)

    record = desk.record(patron)
    assert record.values["email"] == NEW
    assert desk.now == record.email_verified_at
    assert desk.scalar("SELECT email_key FROM patron") == NEW
    view = desk.view(request)
    assert (RequestState.APPROVED, desk.now) == (view.state, view.ended_at)
    assert (
        view.fields[0].outcome,
        view.fields[0].decision,
    ) == (FieldOutcome.APPLIED, Decision.APPROVE)
    assert ReviewChannel.PATRON_PAGE is view.fields[0].channel


def test_only_the_approved_columns_change(desk: Desk) -> None:
    patron = desk.patron(phone="+1 212 555 0101", free={"note": "kind"})
    link = desk.asked(patron)[1]
    before = dataclasses.asdict(desk.record(patron))

    desk.decide(link)

    after = dataclasses.asdict(desk.record(patron))
    moved = {name for name in after if after[name] != before[name]}
    assert {"values", "email_verified_at"} >= moved - {"updated_at"}
    assert before["values"] | {"email": NEW} == after["values"]


def test_a_decision_asks_the_database_no_more_than_it_must(desk: Desk) -> None:
    """Every statement is time for which all other writers wait."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_more: object) -> None:
        asked.append(sql)

    first, second = desk.patron(), desk.patron("other@example.com")
    desk.decide(desk.asked(first)[1])  # what is checked once for all was checked then
    link = desk.asked(second, "new.other@example.org")[1]
    event.listen(desk.database.engine, "before_cursor_execute", note)
    try:
        desk.decide(link)
    finally:
        event.remove(desk.database.engine, "before_cursor_execute", note)

    assert len(asked) <= MOST_ASKED, "\n".join(asked)


def test_an_approved_patron_is_found_by_the_new_address_and_by_the_former_one(
    desk: Desk,
) -> None:
    from upstage_crm.patrons.search import patron_list

    desk.decide(desk.asked(desk.patron())[1])

    assert desk.read(lambda session: patron_list.page(session, query=NEW).total) == 1
    assert desk.read(lambda session: patron_list.page(session, query=OLD).total) == 1


def test_completion_tells_old_new_and_proposer_exactly_once(desk: Desk) -> None:
    """Case 37: also when the job that sends is run again and again."""
    request, link = desk.asked(desk.patron())
    desk.mailbox.messages.clear()

    desk.decide(link)

    assert kinds_to(desk.deliver()) == OUTCOME
    assert desk.deliver() == []
    assert desk.told(request) == OUTCOME


def test_the_old_address_learns_who_when_and_how_to_undo(desk: Desk) -> None:
    """Case 37."""
    request, link = desk.asked(desk.patron())
    desk.decide(link)
    desk.deliver()

    told = desk.mailbox.to(OLD)[-1]

    for part in (told.text, told.html):
        assert "Dana (box office)" in part
        assert NEW not in part
        assert "m•••@example.org" in part
        assert "Monday, 2 March 2026" in part
        assert request.reference in part
    undo = desk.codec.read(desk.tokens(OLD)[-1])
    assert (undo.purpose, undo.reviewer) == (Purpose.OBJECTION, Reviewer.CURRENT)
    assert desk.now + days(30) == undo.expires_at
    assert "Thursday, 5 March 2026" in told.text  # the end of the revert window


def test_the_trail_of_an_approval(desk: Desk) -> None:
    """Case 41: actor, reason, old and new captured before the change, channel, one entry each."""
    patron = desk.patron()
    request, link = desk.asked(patron, reason_text="She rang.")
    evidence = Evidence(ip_prefix="192.0.2.0/24", user_agent="Browser 1")

    desk.decide(link, evidence=evidence, channel=ReviewChannel.SIMPLE_PAGE)

    lines = desk.lines(request_id=request.request_id)
    assert [line.action for line in lines] == [
        Action.REQUEST_PROPOSED,
        Action.NOTICE_DELIVERED,
        Action.FIELD_APPROVED,
        Action.FIELD_APPLIED,
        Action.RECEIPT_ISSUED,
    ]
    said, applied = lines[2], lines[3]
    assert {ActorKind.PATRON} == {said.actor.kind, applied.actor.kind}
    assert {Channel.SIMPLE_PAGE} == {said.channel, applied.channel}
    assert said.values == {"ip_prefix": "192.0.2.0/24", "user_agent": "Browser 1"}
    assert applied.values == {"email.old": OLD, "email.new": NEW}
    assert lines[0].values["reason"] == "She rang."
    assert desk.chain_is_whole()


def test_no_table_ever_holds_a_token(desk: Desk) -> None:
    """Case 41: not in the trail, not in the outbox, nowhere."""
    request, link = desk.asked(desk.patron())
    desk.clock.advance(days(0.1))
    desk.resend(request)
    desk.decide(desk.claims())
    desk.deliver()
    tokens = desk.tokens(OLD) + desk.tokens(NEW)
    assert len(tokens) >= 6
    assert link.jti  # the claims are kept, the signature never

    everything = repr(desk.dump())

    for token in tokens:
        assert token not in everything
        assert token.rpartition(".")[2] not in everything


def test_the_trail_holds_personal_values_as_commitments_only(desk: Desk) -> None:
    """Case 41: addresses stand in `audit_value`, which erasure may delete, not in the chain."""
    desk.decide(desk.asked(desk.patron())[1])

    chained = repr(desk.dump()["audit_entry"])

    for value in (OLD, NEW, "Mara", "Smith"):
        assert value not in chained


def test_a_second_approval_changes_nothing(desk: Desk) -> None:
    """Case 6: a double click or a retry finds what was decided."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.decide(link)

    error = unchanged(desk, lambda: desk.decide(link), errors.RequestEnded)

    assert RequestState.APPROVED is error.facts["state"]
    assert desk.review(link).phase == "approved"
    assert desk.told(request) == OUTCOME
    assert desk.actions().count(Action.FIELD_APPLIED) == 1


def test_approving_twice_at_one_moment_is_one_change(desk: Desk) -> None:
    """Case 6, in parallel."""
    patron = desk.patron()
    request, link = desk.asked(patron)

    results = together(*[lambda: desk.decide(link)] * 4)

    assert results.count(RequestState.APPROVED) == 1
    losers = [result for result in results if isinstance(result, errors.RequestEnded)]
    assert [error.facts["state"] for error in losers] == [RequestState.APPROVED] * 3
    assert desk.told(request) == OUTCOME
    assert desk.actions().count(Action.FIELD_APPLIED) == 1
    assert desk.chain_is_whole()


def test_approve_and_reject_at_one_moment_have_one_winner(desk: Desk) -> None:
    """Case 7: the loser sees the recorded outcome, and no mails are mixed."""
    for turn in range(3):
        patron = desk.patron(email=f"old{turn}@example.com", given_name=f"Mara{turn}")
        new = f"new{turn}@example.org"
        request, link = desk.asked(patron, new)

        results = together(
            lambda link=link: desk.decide(link),
            lambda link=link: desk.decide(link, Decision.REJECT),
        )

        (won,) = [result for result in results if isinstance(result, RequestState)]
        (lost,) = [result for result in results if not isinstance(result, RequestState)]
        assert isinstance(lost, errors.RequestEnded)
        assert won is lost.facts["state"] is desk.state(request)
        kind = "change_applied" if won is RequestState.APPROVED else "change_rejected"
        told = [(kind, new), (kind, f"old{turn}@example.com"), ("staff_outcome", DANA)]
        assert told == desk.told(request)
        assert (new if won is RequestState.APPROVED else f"old{turn}@example.com") == desk.email(
            patron
        )


def test_an_approved_link_replayed_after_a_change_back_changes_nothing(desk: Desk) -> None:
    """Case 8."""
    patron = desk.patron()
    link = desk.asked(patron)[1]
    desk.decide(link)
    desk.deliver()
    desk.clock.advance(DEFAULT.revert_window)  # inside it the way back would wait
    back_request, back = desk.asked(patron, OLD)
    desk.decide(back)
    assert desk.take_effect(back_request, after=DEFAULT.notice_period)
    assert desk.email(patron) == OLD

    unchanged(desk, lambda: desk.decide(link), errors.RequestEnded)
    unchanged(desk, lambda: desk.decide(back), errors.RequestEnded)


def test_a_first_email_is_approved_by_its_owner(desk: Desk) -> None:
    patron = desk.patron(email="")
    link = desk.asked(patron)[1]

    desk.decide(link)

    assert desk.email(patron) == NEW


def test_mail_not_yet_sent_is_taken_back_when_the_matter_ends(desk: Desk) -> None:
    """docs/rules.md, Approval: the transition that ends a request cancels its unsent mails."""
    request, link = desk.asked(desk.patron())
    desk.clock.advance(days(0.1))
    desk.resend(request)

    desk.withdraw(request)

    assert [kind for kind, _to in kinds_to(desk.deliver()) if kind == "decision_request"] == []
    assert link.request_id == request.request_id


# --- links -------------------------------------------------------------------------------------


def test_a_link_for_one_request_never_decides_another(desk: Desk) -> None:
    """Case 10: what the token's `sub` names is what is decided."""
    mara, ole = desk.patron(), desk.patron(email="ole@example.com", given_name="Ole")
    _first, link = desk.asked(mara)
    second, _other = desk.asked(ole, "ole.new@example.org")

    desk.decide(link)

    assert RequestState.PENDING is desk.state(second)
    assert desk.email(ole) == "ole@example.com"


def test_a_link_for_no_request_is_refused(desk: Desk) -> None:
    _request, link = desk.asked(desk.patron())
    stray = dataclasses.replace(link, request_id="f" * 32)

    unchanged(desk, lambda: desk.decide(stray), LinkRefused)
    with pytest.raises(LinkRefused):
        desk.review(stray)


@pytest.mark.parametrize("decision", [Decision.APPROVE, Decision.REJECT])
def test_an_objection_link_can_neither_approve_nor_reject(desk: Desk, decision: Decision) -> None:
    """Case 10: the link in the mail that tells of the change is for objecting alone."""
    desk.decide(desk.asked(desk.patron())[1])
    objection = desk.claims(OLD)
    assert Purpose.OBJECTION is objection.purpose

    unchanged(desk, lambda: desk.decide(objection, decision), LinkRefused)


def test_a_link_to_the_other_mailbox_decides_nothing(desk: Desk) -> None:
    """Case 10: a phone number is the current address's to decide, and no one else's."""
    desk.propose(desk.patron(), changes=PHONE)
    forged = dataclasses.replace(desk.claims(OLD), reviewer=Reviewer.PROPOSED)

    unchanged(desk, lambda: desk.decide(forged), errors.RequestEnded)


def test_a_stranger_never_decides_a_field_of_the_current_address(desk: Desk) -> None:
    """Case 28: the proposed address sees, approves, rejects and objects to its own field only."""
    patron = desk.patron()
    request = desk.propose(patron, changes=PHONE | {"email": {"email": NEW}})
    link = desk.claims(NEW)

    assert [field.label for field in desk.review(link).fields] == ["Email address"]
    phone = next(field.id for field in desk.view(request).fields if field.field == "phone")
    unchanged(desk, lambda: desk.decide(link, field_ids=[phone]), errors.RequestEnded)
    assert RequestState.PENDING is desk.decide(link, Decision.OBJECT)
    outcomes = {field.field: field.outcome for field in desk.view(request).fields}
    assert outcomes == {"email": FieldOutcome.OBJECTED, "phone": FieldOutcome.PENDING}
    unchanged(desk, lambda: desk.decide(link, Decision.OBJECT), errors.RequestEnded)


def test_two_mailboxes_decide_a_request_of_two_fields(desk: Desk) -> None:
    patron = desk.patron()
    request = desk.propose(patron, changes=PHONE | {"email": {"email": NEW}})
    proposed, current = desk.claims(NEW), desk.claims(OLD)

    assert RequestState.PENDING is desk.decide(current)
    assert desk.review(current).phase == "decided"
    assert RequestState.APPROVED is desk.decide(proposed)

    values = desk.record(patron).values
    assert (values["email"], values["phone"]) == (NEW, "+12125550199")
    assert desk.told(request).count(("staff_outcome", DANA)) == 1


def test_a_partly_approved_request_is_told_as_such(desk: Desk) -> None:
    patron = desk.patron()
    request = desk.propose(patron, changes=PHONE | {"email": {"email": NEW}})
    fields = {field.field: field.id for field in desk.view(request).fields}
    desk.decide(desk.claims(OLD), Decision.REJECT, field_ids=[fields["phone"]])

    assert RequestState.WAITING is desk.decide(desk.claims(NEW))  # who answers is proven

    desk.deliver()
    assert "partly approved, takes effect on Thursday" in " ".join(
        desk.mailbox.to(DANA)[-1].text.split()
    )
    assert desk.take_effect(request, after=DEFAULT.notice_period)
    assert desk.told(request).count(("staff_outcome", DANA)) == 1
    assert desk.record(patron).values["phone"] is None
    assert RequestState.PARTLY_APPROVED is desk.state(request)


def test_an_end_that_was_not_foretold_is_told(desk: Desk) -> None:
    """A field that ends while another waits belongs to the end, of which no email had spoken."""
    patron = desk.patron()
    name = {"name": {"given_name": "Mara", "family_name": "Jones"}}
    request = desk.propose(patron, changes=PHONE | name | {"email": {"email": NEW}})
    fields = {field.field: field.id for field in desk.view(request).fields}
    desk.decide(desk.claims(OLD), field_ids=[fields["name"]])  # who answers is proven
    assert RequestState.PENDING is desk.decide(desk.claims(NEW))
    desk.propose(patron, changes={"phone": {"phone": "+1 212 555 0177"}})
    assert RequestState.WAITING is desk.state(request)

    assert desk.take_effect(request, after=DEFAULT.notice_period)

    assert RequestState.PARTLY_APPROVED is desk.state(request)
    desk.deliver()
    subjects = [mail.subject for mail in desk.mailbox.to(DANA) if request.reference in mail.subject]
    assert ["so far" in subject for subject in subjects] == [True, False]


def test_a_mail_of_several_fields_says_what_became_of_each(desk: Desk) -> None:
    """An approved field is told as approved, not as waiting."""
    patron = desk.patron()
    name = {"name": {"given_name": "Mara", "family_name": "Jones"}}
    desk.propose(patron, changes=PHONE | name)
    desk.decide(desk.claims(OLD))
    desk.deliver()

    text = desk.mailbox.to(OLD)[-1].text
    assert "Phone number: approved" in text
    assert "Name: approved" in text
    assert "waiting" not in text


def test_one_field_of_two_may_be_chosen(desk: Desk) -> None:
    patron = desk.patron()
    name = {"name": {"given_name": "Mara", "family_name": "Jones"}}
    request = desk.propose(patron, changes=PHONE | name)
    link = desk.claims(OLD)
    fields = {field.field: field.id for field in desk.view(request).fields}

    desk.decide(link, field_ids=[fields["phone"]])
    assert RequestState.PARTLY_APPROVED is desk.decide(
        link, Decision.REJECT, field_ids=[fields["name"]]
    )

    assert desk.record(patron).values["phone"] == "+12125550199"
    assert desk.record(patron).values["family_name"] == "Smith"


def test_the_current_address_that_answers_is_proven(desk: Desk) -> None:
    patron = desk.patron()
    desk.propose(patron, changes=PHONE)

    desk.decide(desk.claims(OLD))

    assert desk.now == desk.record(patron).email_verified_at
    line = next(line for line in desk.lines() if line.action is Action.ADDRESS_PROVEN)
    assert line.values == {"email": OLD}


def test_a_mailbox_that_lost_its_place_decides_nothing_and_the_new_one_is_asked(
    desk: Desk,
) -> None:
    """An answer counts only while its mailbox holds the place that it was asked in."""
    patron = desk.patron()
    phone = desk.propose(patron, changes=PHONE)
    before = desk.claims(OLD)
    desk.propose(patron, NEW)
    desk.decide(desk.claims(NEW))

    unchanged(desk, lambda: desk.decide(before), errors.LinkOutdated)

    asked_now = desk.claims(NEW)
    assert (asked_now.request_id, asked_now.reviewer) == (phone.request_id, Reviewer.CURRENT)
    assert desk.decide(asked_now) is RequestState.WAITING  # inside the revert window
    assert desk.record(patron).values["phone"] is None
    assert desk.take_effect(phone, after=DEFAULT.revert_window)
    assert desk.record(patron).values["phone"] == "+12125550199"


def test_the_yes_of_a_mailbox_that_lost_its_place_meanwhile_counts_no_more(desk: Desk) -> None:
    """The old address had approved the phone, which waits; then another address took its place."""
    patron = desk.patron_with_stake()
    email, link = desk.asked(patron)
    phone = desk.propose(patron, changes=PHONE | {"name": {"given_name": "M", "family_name": "S"}})
    fields = {field.field: field.id for field in desk.view(phone).fields}
    desk.decide(desk.claims(OLD), field_ids=[fields["phone"]])  # applies: it holds its place
    desk.decide(link)
    assert desk.take_effect(email, after=DEFAULT.notice_period)

    assert desk.record(patron).values["phone"] == "+12125550199"
    assert desk.claims(NEW).request_id == phone.request_id
    assert [field.label for field in desk.review(desk.claims(NEW)).fields] == ["Name"]
