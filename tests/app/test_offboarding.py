"""A stolen account is stopped with one press; who leaves hands the open requests over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, days, together, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.lifecycle.consequences import Consequences
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.errors import (
    NotAKeeper,
    RequestEnded,
)
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    Cause,
    RequestState,
)
from upstage_crm.change_requests.model.thresholds import Thresholds
from upstage_crm.core.errors import Forbidden, UpstageError
from upstage_crm.staff import accounts
from upstage_crm.staff.auth import sessions
from upstage_crm.staff.errors import LastOwner, OwnAccount
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.team import offboarding
from upstage_crm.team.offboarding import Frozen

PHONE = {"phone": {"phone": "+1 212 555 0199"}}


@pytest.fixture
def engine(watched_engine: Engine) -> Engine:
    return watched_engine


def test_one_press_ends_all_that_a_member_began(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    """Each mailbox that was mailed is told; no other is, least of all the holder of the account."""
    token = engine.write(
        lambda s: sessions.begin(s, staff_id=vic.id, user_agent="", ip_prefix="", now=engine.now)
    )
    asked, link = engine.asked(engine.patron(), actor=vic)
    unheard = engine.propose(engine.patron("un@example.com"), "un@else.example", actor=vic)
    others = engine.propose(engine.patron("ole@example.com"), "ole@venue.example")

    assert Frozen(was_enabled=True, withdrawn=2) == engine.freeze(vic, rosa)

    for request in (asked, unheard):
        view = engine.view(request)
        assert (view.state, view.cause) == (RequestState.WITHDRAWN, Cause.PROPOSER_GONE)
    assert RequestState.PENDING is engine.state(others)
    assert engine.read(lambda s: accounts.find_active(s, vic.id)) is None
    assert engine.read(lambda s: sessions.find(s, token, now=engine.now)) is None
    told = [(m.tags["kind"], m.to) for m in engine.deliver()]
    assert sorted(to for kind, to in told if kind == "change_withdrawn") == [NEW, OLD]
    assert not {"un@example.com", "un@else.example", vic.email_key} & {to for _kind, to in told}
    unchanged(engine, lambda: engine.decide(link), RequestEnded)
    (frozen,) = engine.lines(action=Action.STAFF_FROZEN)
    assert (rosa.id, vic.id, 2) == (
        frozen.actor.id,
        frozen.facts["staff_id"],
        frozen.facts["withdrawn"],
    )
    assert engine.chain_is_whole()


def test_what_a_freeze_will_do_is_counted_as_it_is_done(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    """Before the press: how many requests end, how many emails say so. Nothing is changed by it."""
    engine.propose(engine.patron(), actor=vic)
    several = engine.patron("two@example.com")
    engine.propose(several, "two@else.example", changes=PHONE, actor=vic)
    engine.deliver()
    engine.propose(engine.patron("un@example.com"), "un@venue.example", actor=vic)  # unheard of
    engine.propose(engine.patron("ole@example.com"), "ole@venue.example")  # not by Vic
    before = engine.dump()

    said = consequences(engine, vic, rosa)

    assert before == engine.dump()
    done = engine.freeze(vic, rosa)
    mails = [mail for mail in engine.deliver() if mail.tags["kind"] == "change_withdrawn"]
    assert said == Consequences(requests=3, mails=4)
    assert (done.withdrawn, len(mails)) == (3, 4)
    assert consequences(engine, vic, rosa) == Consequences(requests=0, mails=0)


def test_what_a_freeze_will_do_is_told_to_who_may_do_it(engine: Engine, vic: StaffMember) -> None:
    with pytest.raises(Forbidden):
        consequences(engine, vic, engine.staff("Ray", Role.READ_ONLY))


def consequences(engine: Engine, member: StaffMember, actor: StaffMember) -> Consequences:
    return engine.read(
        lambda session: offboarding.consequences(session, actor=actor, staff_id=member.id)
    )


def test_a_second_press_changes_nothing(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    engine.propose(engine.patron(), actor=vic)
    engine.freeze(vic, rosa)
    before = engine.dump()

    assert Frozen(was_enabled=False, withdrawn=0) == engine.freeze(vic, rosa)
    assert before == engine.dump()


def test_nothing_slips_through_while_an_account_is_frozen(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    """A proposal that was on its way is withdrawn with the others, or refused."""
    patrons = [engine.patron(f"p{n}@example.com", f"P{n}") for n in range(6)]

    came_out = together(
        *[
            lambda n=n, patron=patron: engine.propose(patron, f"p{n}@v{n}.example", actor=vic)
            for n, patron in enumerate(patrons[:3])
        ],
        lambda: engine.freeze(vic, rosa),
        *[
            lambda n=n, patron=patron: engine.propose(patron, f"q{n}@w{n}.example", actor=vic)
            for n, patron in enumerate(patrons[3:])
        ],
    )

    refused = [result for result in came_out if isinstance(result, Exception)]
    assert {"forbidden"} >= {str(error) for error in refused}
    still_open = "SELECT count(*) FROM change_request WHERE state IN ('held', 'pending')"
    assert engine.scalar(still_open) == 0
    assert engine.chain_is_whole()


def test_members_who_propose_trip_freeze_and_hand_over_at_once_wait_for_each_other(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    """One order of locks: the member, the patron, the request, the trail. None is a deadlock."""
    ola = engine.staff("Ola", Role.OWNER)
    wim = engine.staff("Wim", Role.BOX_OFFICE)
    patrons = [engine.patron(f"p{n}@example.com", f"P{n}") for n in range(6)]
    engine.set_policy(replace(DEFAULT, thresholds=Thresholds(at_once=1, burst=2)))
    asked, link = engine.asked(patrons[0], actor=ola)
    assert asked.is_new

    def proposing(who: StaffMember, turn: int) -> Callable[[], object]:
        order = patrons[turn:] + patrons[:turn]
        return lambda: [
            engine.tried(patron, f"{who.display_name}{n}@v{n}.example", actor=who)
            for n, patron in enumerate(order)
        ]

    came_out = together(
        *[proposing(who, turn) for turn, who in enumerate((vic, rosa, wim, ola, vic))],
        lambda: engine.hand_over(vic, rosa, ola),
        lambda: engine.freeze(vic, rosa),
        lambda: engine.freeze(wim, ola),
        lambda: engine.decide(link),
    )

    failed = [result for result in came_out if isinstance(result, Exception)]
    assert [error for error in failed if not isinstance(error, UpstageError)] == []
    assert engine.chain_is_whole()


def test_a_freeze_closes_the_alert(engine: Engine, vic: StaffMember, rosa: StaffMember) -> None:
    for n in range(6):
        patron = engine.patron(f"p{n}@example.com", f"P{n}")
        engine.propose(patron, f"p{n}@venue{n}.example", actor=vic)

    assert engine.freeze(vic, rosa).withdrawn == 6

    assert engine.read(alerts.alerts_open) == ()
    (closed,) = engine.lines(action=Action.ALERT_CLOSED)
    assert rosa.id == closed.actor.id


def test_who_may_freeze_whom(engine: Engine, vic: StaffMember, rosa: StaffMember) -> None:
    owner = engine.owner
    unchanged(engine, lambda: engine.freeze(rosa, vic), Forbidden)
    unchanged(engine, lambda: engine.freeze(rosa, rosa), OwnAccount)
    unchanged(engine, lambda: engine.freeze(owner, rosa), LastOwner)
    engine.staff("Ola", Role.OWNER)
    assert engine.freeze(owner, rosa).was_enabled


def test_who_takes_over_hears_of_the_outcome_and_keeps_the_request_alive(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    patron = engine.patron()
    request, link = engine.asked(patron, actor=vic)

    assert engine.hand_over(vic, rosa, engine.owner) == 1
    # What stays with the one who leaves is nothing: a freeze finds no request of his.
    assert engine.freeze(vic, rosa).withdrawn == 0
    assert RequestState.APPROVED is engine.decide(link)

    view = engine.view(request)
    assert (vic.id, "Vic, box office") == (view.proposer_id, view.proposer_label)
    assert engine.email(patron) == NEW
    outcome = [mail.to for mail in engine.deliver() if mail.tags["kind"] == "staff_outcome"]
    assert [rosa.email_key] == outcome
    (told,) = engine.lines(action=Action.REQUEST_HANDED_OVER)
    assert {
        "reference": request.reference,
        "from": vic.id,
        "to": rosa.id,
    } == dict(told.facts)
    assert engine.chain_is_whole()


def test_without_a_keeper_a_request_dies_with_its_proposer(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    """The keeper counts for the check at approval, whether it is the first or a later one."""
    patron = engine.patron()
    request, link = engine.asked(patron, actor=vic)
    engine.hand_over(vic, rosa, engine.owner)
    engine.freeze(rosa, engine.owner)

    assert Cause.PROPOSER_GONE is engine.view(request).cause
    unchanged(engine, lambda: engine.decide(link), RequestEnded)
    assert engine.email(patron) == OLD


def test_a_held_request_is_handed_over_too(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    requests = [
        engine.propose(engine.patron(f"p{n}@example.com"), f"p{n}@venue{n}.example", actor=vic)
        for n in range(3)
    ]

    assert engine.hand_over(vic, rosa, engine.owner) == 3
    engine.freeze(vic, engine.owner)
    engine.clock.advance(DEFAULT.thresholds.cooling)

    assert engine.cool(requests[2])
    assert [engine.state(request) for request in requests] == [RequestState.PENDING] * 3


def test_who_may_take_over(engine: Engine, vic: StaffMember, rosa: StaffMember) -> None:
    assert engine.owner
    own = engine.patron("rosa@staff.example.org", "Rosa")
    request = engine.propose(own, changes=PHONE, actor=vic)
    reader = engine.staff("Ray", Role.READ_ONLY)
    gone = engine.staff("Gus", Role.MANAGER)
    engine.freeze(gone, rosa)

    unchanged(engine, lambda: engine.hand_over(vic, rosa, rosa), Forbidden)
    for other in (vic, reader, gone):
        unchanged(engine, lambda to=other: engine.hand_over(vic, to, engine.owner), NotAKeeper)
    # No member answers for a change of their own record.
    before = engine.dump()
    assert engine.hand_over(vic, rosa, engine.owner) == 0
    assert before == engine.dump()
    assert RequestState.PENDING is engine.state(request)


def test_the_proposer_is_no_second_person_for_what_was_handed_over(
    engine: Engine, rosa: StaffMember
) -> None:
    """The guard and the command look at who proposed, not at who answers for it now."""
    for n in range(6):
        patron = engine.patron(f"p{n}@example.com", f"P{n}")
        held = engine.propose(patron, f"p{n}@venue{n}.example", actor=rosa)
    other = engine.staff("Olga", Role.MANAGER)
    engine.hand_over(rosa, other, engine.owner)
    engine.clock.advance(days(1))

    with pytest.raises(Exception, match="same_person"):
        engine.release(held, rosa)
    assert RequestState.PENDING is engine.release(held, other)


# --- leaving in good order ------------------------------------------------------------------------


def let_go(
    engine: Engine, member: StaffMember, actor: StaffMember, to: StaffMember | None = None
) -> int:
    return engine.act(actor, offboarding.let_go, staff_id=member.id, to_id=to.id if to else None)


def test_who_leaves_hands_open_requests_to_a_colleague(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    _request, link = engine.asked(engine.patron(), actor=vic)

    assert let_go(engine, vic, engine.owner, rosa) == 1

    assert engine.read(lambda s: accounts.find_active(s, vic.id)) is None
    engine.decide(link)
    told = [m.to for m in engine.deliver() if m.tags["kind"] == "staff_outcome"]
    assert [rosa.email_key] == told, "the one who answers for it now hears of the outcome"


def test_without_a_colleague_they_are_withdrawn(engine: Engine, vic: StaffMember) -> None:
    request, _link = engine.asked(engine.patron(), actor=vic)

    assert let_go(engine, vic, engine.owner) == 1

    assert RequestState.WITHDRAWN is engine.state(request)
    assert Cause.PROPOSER_GONE is engine.view(request).cause
    assert let_go(engine, vic, engine.owner) == 0, "a second time changes nothing"
    assert engine.actions(action=Action.STAFF_DISABLED) == [Action.STAFF_DISABLED]


def test_nobody_is_let_go_by_who_may_not_or_into_nowhere(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    reader = engine.staff("Ray", Role.READ_ONLY)
    owner = engine.owner

    unchanged(engine, lambda: let_go(engine, vic, rosa), Forbidden)
    unchanged(engine, lambda: let_go(engine, owner, owner), OwnAccount)
    unchanged(engine, lambda: let_go(engine, vic, owner, reader), NotAKeeper)
    unchanged(engine, lambda: let_go(engine, vic, owner, vic), NotAKeeper)
