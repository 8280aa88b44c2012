"""Between proposal and approval the world moved: checked again inside the lock."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from tests.support.factories import NEW, OLD, Desk, days, together, unchanged
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.audit.events import Action, Channel
from upstage_crm.change_requests.model import errors
from upstage_crm.change_requests.model.errors import RequestEnded
from upstage_crm.change_requests.model.rules import (
    Cause,
    Decision,
    RequestState,
    ReviewChannel,
)
from upstage_crm.links.claims import LinkClaims
from upstage_crm.patrons.errors import AddressTaken
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import Role

DANA = "dana@staff.example.org"

MOVED = "UPDATE patron SET email = 'moved@example.com', email_key = 'moved@example.com'"


def test_an_address_added_meanwhile_withdraws_the_request(desk: Desk) -> None:
    """Case 16: no change, a neutral page, staff see the cause."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.patron(email=NEW, given_name="Ole")

    assert RequestState.WITHDRAWN is desk.decide(link)

    assert desk.email(patron) == OLD
    assert Cause.ADDRESS_TAKEN is desk.view(request).cause
    review = desk.review(link)
    assert review.phase == "withdrawn"
    assert "taken" not in repr(review)
    assert ("staff_outcome", DANA) in desk.told(request)
    assert Action.FIELD_APPLIED not in desk.actions()


def test_an_address_approved_for_another_patron_meanwhile(desk: Desk) -> None:
    """Case 16: taken by another approval."""
    mara, ole = desk.patron(), desk.patron(email="ole@example.com", given_name="Ole")
    first, first_link = desk.asked(mara)
    desk.propose(ole, override=True)
    second_link = desk.claims(NEW)

    desk.decide(second_link)

    assert RequestState.WITHDRAWN is desk.decide(first_link)
    assert (desk.email(mara), desk.email(ole)) == (OLD, NEW)
    assert Cause.ADDRESS_TAKEN is desk.view(first).cause


def test_one_address_approved_for_two_patrons_at_one_moment(desk: Desk) -> None:
    """Case 16, concurrently: the unique index decides, and its refusal is no error page."""
    for turn in range(3):
        new = f"new{turn}@example.org"
        mara = desk.patron(email=f"mara{turn}@example.com", given_name=f"Mara{turn}")
        ole = desk.patron(email=f"ole{turn}@example.com", given_name=f"Ole{turn}")
        _first, first_link = desk.asked(mara, new)
        desk.propose(ole, new, override=True)
        second_link = desk.claims(new)

        results = together(
            lambda link=first_link: desk.decide(link),
            lambda link=second_link: desk.decide(link),
        )

        assert {RequestState.APPROVED, RequestState.WITHDRAWN} == set(results)
        assert [desk.email(mara), desk.email(ole)].count(new) == 1
    assert desk.chain_is_whole()


def test_an_address_added_and_approved_at_one_moment(desk: Desk) -> None:
    """Case 16, concurrently: the second one is told so in words."""
    for turn in range(3):
        new = f"new{turn}@example.org"
        mara = desk.patron(email=f"mara{turn}@example.com", given_name=f"Mara{turn}")
        _request, link = desk.asked(mara, new)

        decided, added = together(
            lambda link=link: desk.decide(link),
            lambda new=new: desk.patron(email=new, given_name="Ole"),
        )

        if decided is RequestState.APPROVED:
            assert isinstance(added, AddressTaken)
        else:
            assert RequestState.WITHDRAWN is decided
            assert isinstance(added, PatronRecord)
    assert desk.chain_is_whole()


def test_a_value_that_moved_withdraws_the_request(desk: Desk) -> None:
    """Case 18: changed by another path, and the trail knows of it."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.arrange(MOVED, unguarded=True)

    assert RequestState.WITHDRAWN is desk.decide(link)

    assert desk.email(patron) == "moved@example.com"
    assert Cause.VALUE_MOVED is desk.view(request).cause


def test_on_a_value_that_somebody_moved_past_the_guards_nothing_acts(desk: Desk) -> None:
    patron = desk.patron()
    _request, link = desk.asked(patron)
    desk.forge(MOVED, unguarded=True)

    refusal = unchanged(desk, lambda: desk.decide(link), RowNotProven)

    assert refusal.facts["detail"] == f"patron {patron.id}: email, email_key"


@pytest.mark.parametrize("status", ["inactive", "deceased"])
def test_a_patron_who_is_no_longer_active_withdraws_the_request(desk: Desk, status: str) -> None:
    """Case 19: approval refused, proposer told."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.set_status(patron, PatronStatus(status))

    unchanged(desk, lambda: desk.decide(link), RequestEnded)

    assert desk.email(patron) == OLD
    assert Cause.PATRON_INACTIVE is desk.view(request).cause
    assert ("staff_outcome", DANA) in desk.told(request)


def test_a_proposer_who_is_gone_withdraws_the_request(desk: Desk) -> None:
    """Case 20: default policy; no one is mailed at a disabled account."""
    patron, rosa = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE)
    request, link = desk.asked(patron, actor=rosa)
    desk.write(
        lambda session: accounts.disable(
            session,
            email="rosa@staff.example.org",
            actor=desk.owner.as_actor(),
            channel=Channel.CRM,
            now=desk.now,
        )
    )

    assert RequestState.WITHDRAWN is desk.decide(link)

    assert desk.email(patron) == OLD
    assert Cause.PROPOSER_GONE is desk.view(request).cause
    assert desk.review(link).phase == "withdrawn"
    desk.deliver()
    assert desk.mailbox.to("rosa@staff.example.org") == []


@pytest.mark.parametrize("role", [Role.MARKETING, Role.AUDITOR, Role.READ_ONLY])
def test_a_proposer_who_lost_the_role_withdraws_the_request(desk: Desk, role: Role) -> None:
    """Cases 20 and 21: permission is asked again at the approval."""
    patron, rosa = desk.patron(), desk.staff("Rosa", Role.BOX_OFFICE)
    request, link = desk.asked(patron, actor=rosa)
    desk.arrange(
        "UPDATE staff SET role = :role, role_at = created_at WHERE id = :id",
        {"role": role.value, "id": rosa.id},
    )

    assert RequestState.WITHDRAWN is desk.decide(link)

    assert desk.email(patron) == OLD
    assert Cause.PROPOSER_GONE is desk.view(request).cause


def test_a_rejection_counts_although_an_approval_no_longer_could(desk: Desk) -> None:
    patron = desk.patron()
    request, link = desk.asked(patron)
    desk.patron(email=NEW, given_name="Ole")

    assert RequestState.REJECTED is desk.decide(link, Decision.REJECT)
    assert RequestState.REJECTED is desk.state(request)


@pytest.mark.parametrize("end", ["rejected", "expired", "withdrawn"])
def test_an_approve_link_after_the_end_is_a_calm_page(desk: Desk, end: str) -> None:
    """Case 30: the phase says what happened, and nothing changes."""
    patron = desk.patron()
    request, link = desk.asked(patron)
    if end == "rejected":
        desk.decide(link, Decision.REJECT)
    elif end == "withdrawn":
        desk.withdraw(request)
    else:
        desk.clock.advance(days(7))
        desk.expire(request)

    assert end == desk.review(link).phase
    error = unchanged(desk, lambda: desk.decide(link), errors.RequestEnded)

    assert RequestState(end) is error.facts["state"]
    assert desk.email(patron) == OLD


def test_an_approval_after_its_time_is_refused_before_anybody_swept(desk: Desk) -> None:
    link = desk.asked(desk.patron())[1]
    desk.clock.advance(days(7))

    unchanged(desk, lambda: desk.decide(link), errors.LinkExpired)
    assert desk.review(link).phase == "expired"


def test_a_failure_during_an_approval_leaves_everything_as_it_was(desk: Desk) -> None:
    """Case 34: patron, request, review, mails and trail move together or not at all."""
    link = desk.asked(desk.patron())[1]
    before = desk.dump()

    with (  # noqa: PT012  # what happens inside the transaction is the point
        pytest.raises(RuntimeError, match="power cut"),
        desk.database.transaction() as session,
    ):
        _decide_in(desk, session, link)
        assert (
            session.scalar(
                sa.text("SELECT count(*) FROM mail_outbox WHERE kind = 'change_applied'")
            )
            == 2
        )
        raise RuntimeError("power cut")

    assert before == desk.dump()
    assert RequestState.APPROVED is desk.decide(link)


def _decide_in(desk: Desk, session: Session, link: LinkClaims) -> None:
    from upstage_crm.change_requests.decisions import decide

    decide.decide(
        desk.command_context(session),
        claims=link,
        decision=Decision.APPROVE,
        channel=ReviewChannel.PATRON_PAGE,
    )
