"""Property 4: whatever is fired together at one request, one wins and everything agrees."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.support.factories import Desk, days, together
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle import scheduled
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import (
    Decision,
    FieldOutcome,
    RequestState,
)
from upstage_crm.core.errors import UpstageError
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Role, StaffMember

pytestmark = pytest.mark.each_database

DANA = "dana@staff.example.org"
NORMAL, LONG = 20, 200
ENDS = {
    RequestState.APPROVED: "change_applied",
    RequestState.REJECTED: "change_rejected",
    RequestState.WITHDRAWN: "change_withdrawn",
    RequestState.EXPIRED: "change_expired",
}


def race(desk: Desk, turn: int, rosa: StaffMember, rng: random.Random) -> RequestState:
    """Fire five ends at one request in threads; see that one won; return it."""
    start, patron = desk.now, desk.patron(email=f"old{turn}@example.com", given_name=f"Mara {turn}")
    new = f"new{turn}@example.org"
    request, link = desk.asked(patron, new)
    # The last instant of the request: an answer still counts, and the sweep is not yet due; the
    # sweep alone believes that it is a moment later.
    desk.clock.set(start + days(7) - desk.clock.now().resolution)
    commands: list[Callable[[], object]] = [
        lambda: desk.decide(link),
        lambda: desk.decide(link, Decision.REJECT),
        lambda: desk.withdraw(request),
        lambda: desk.propose(patron, f"newer{turn}@example.org", actor=rosa),
        lambda: _expire_a_moment_later(desk, request),
    ]
    rng.shuffle(commands)

    results = together(*commands)

    for result in results:
        assert not isinstance(result, Exception) or isinstance(result, UpstageError), result
    state = desk.state(request)
    check_agreement(desk, patron, request, new, state)
    desk.clock.set(start)
    return state


def check_agreement(
    desk: Desk, patron: PatronRecord, request: Proposed, new: str, state: RequestState
) -> None:
    """Record, request, field, mails and trail tell one and the same story."""
    old = patron.values["email"]
    assert old is not None
    assert not state.is_open
    assert (new if state is RequestState.APPROVED else old) == desk.email(patron)
    (field,) = desk.view(request).fields
    assert (FieldOutcome.APPLIED is field.outcome) == (state is RequestState.APPROVED)
    told = desk.told(request)
    if state is RequestState.SUPERSEDED:
        # The current address gets the newer request's own notice instead of a goodbye.
        assert [("change_superseded", new), ("staff_outcome", DANA)] == told
    else:
        both = [(ENDS[state], new), (ENDS[state], old)]
        proposer = [] if state is RequestState.WITHDRAWN else [("staff_outcome", DANA)]
        assert sorted(both + proposer) == told
    actions = desk.actions(request_id=request.request_id)
    ends = (
        Action.FIELD_APPLIED,
        Action.FIELD_REJECTED,
        Action.REQUEST_WITHDRAWN,
        Action.REQUEST_EXPIRED,
        Action.REQUEST_SUPERSEDED,
    )
    assert sum(actions.count(end) for end in ends) == 1


def _expire_a_moment_later(desk: Desk, request: Proposed) -> bool:

    later = desk.now + days(1)
    return desk.write(
        lambda session: scheduled.expire(
            desk.command_context(session, now=later), request_id=request.request_id
        )
    )


def run(desk: Desk, rounds: int) -> None:
    rng = random.Random(rounds)
    rosa = desk.staff("Rosa", Role.MANAGER)
    seen = {race(desk, turn, rosa, rng) for turn in range(rounds)}

    assert len(seen) > 1, "always the same winner: this is no race"
    assert desk.chain_is_whole()


def test_five_ends_at_once_have_one_winner(desk: Desk) -> None:
    run(desk, NORMAL)


@pytest.mark.long
def test_five_ends_at_once_have_one_winner_200_times(desk: Desk) -> None:
    run(desk, LONG)


def test_resend_against_a_decision_leaves_no_live_link(desk: Desk) -> None:
    """Either the link was renewed first and the old one is dead, or the decision stands."""
    for turn in range(5):
        patron = desk.patron(email=f"old{turn}@example.com", given_name=f"Mara {turn}")
        request, link = desk.asked(patron, f"new{turn}@example.org")
        desk.clock.advance(days(0.1))

        results = together(
            lambda link=link: desk.decide(link),
            lambda request=request: desk.resend(request),
        )

        refused = [result for result in results if isinstance(result, Exception)]
        assert all(isinstance(result, UpstageError) for result in refused)
        assert len(refused) == 1
        decided = RequestState.APPROVED is desk.state(request)
        assert decided == (desk.email(patron) == f"new{turn}@example.org")
        asked = [kind for kind, _to, state in desk.queued() if state == "queued"]
        assert ("decision_request" in asked) == (not decided)
        desk.deliver()


def test_the_same_race_for_many_patrons_at_once(desk: Desk) -> None:
    """Commands for different patrons meet at the trail's head only, and never deadlock there."""
    links = [
        desk.asked(desk.patron(email=f"p{i}@example.com", given_name=f"P{i}"), f"n{i}@example.org")
        for i in range(4)
    ]

    results = together(
        *[lambda link=link: desk.decide(link) for _request, link in links],
        *[lambda r=request: desk.withdraw(r) for request, _link in links],
    )

    assert len([result for result in results if not isinstance(result, Exception)]) == 4
    assert all(
        isinstance(result, UpstageError) for result in results if isinstance(result, Exception)
    )
    assert desk.chain_is_whole()
