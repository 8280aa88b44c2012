"""One member's unusual proposals are held before any mail leaves, and every owner is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.engine import Engine
from tests.support.factories import ANOTHER, NEW, OLD, PROTECTED, days, together, unchanged
from tests.support.keyring import opened
from tests.support.pipeline import installed
from tests.support.thresholds import tighten
from upstage_crm.audit.events import Action
from upstage_crm.audit.guards import triggers
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.limits import alerts, proposal_limits
from upstage_crm.change_requests.model.errors import (
    AlertOpen,
    HeldCannotReplace,
    NoMailbox,
    NothingWaits,
    OwnRecord,
    SamePerson,
    TooManyForPatron,
    TooManyToAddress,
)
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    HeldFor,
    RequestState,
)
from upstage_crm.change_requests.model.tables import ProposalAttemptRow
from upstage_crm.change_requests.model.thresholds import (
    Counts,
    Thresholds,
    Wire,
)
from upstage_crm.change_requests.reads.needs import Need, needing
from upstage_crm.core import migrations
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, table_of
from upstage_crm.core.errors import Forbidden
from upstage_crm.jobs import schedule
from upstage_crm.mail.message import MailMessage
from upstage_crm.patrons import marks
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy import erasure
from upstage_crm.staff.roles import Role, StaffMember

PHONE = {"phone": {"phone": "+1 212 555 0199"}}
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
COOLING = DEFAULT.thresholds.cooling
ATTEMPT = table_of(ProposalAttemptRow)


@pytest.fixture
def engine(watched_engine: Engine) -> Engine:
    return watched_engine


def crowd(engine: Engine, count: int) -> list[PatronRecord]:
    return [engine.patron(f"p{n}@example.com", f"P{n}") for n in range(count)]


def burst(engine: Engine, actor: StaffMember, count: int) -> list[Proposed]:
    """Proposals for that many patrons, each to a domain of its own, within one minute."""
    return [
        engine.propose(patron, f"p{n}@venue{n}.example", actor=actor)
        for n, patron in enumerate(crowd(engine, count))
    ]


def held_for(engine: Engine, requests: Sequence[Proposed]) -> list[HeldFor | None]:
    return [engine.view(request).held_for for request in requests]


def states(engine: Engine, requests: Sequence[Proposed]) -> list[RequestState]:
    return [engine.state(request) for request in requests]


def alert_mails(mails: Sequence[MailMessage]) -> list[str]:
    return [mail.to for mail in mails if mail.tags["kind"] == "staff_alert"]


def to_patrons(mails: Sequence[MailMessage]) -> list[MailMessage]:
    return [mail for mail in mails if not mail.tags["kind"].startswith("staff_")]


def waiting(engine: Engine) -> tuple[str, ...]:
    """The references that the dashboard lists for a second person."""
    need, now = Need.SECOND_PERSON, engine.now
    found = engine.read(lambda s: needing(s, need, viewer=ANOTHER, since=now, limit=5))
    return tuple(standing.reference for standing in found.items)


def outcomes(engine: Engine) -> list[str]:
    query = sa.select(ATTEMPT.c.outcome).order_by(ATTEMPT.c.id)
    return [row.value for row in engine.read(lambda s: s.execute(query).scalars().all())]


def test_two_go_at_once_and_the_next_ones_wait_for_the_clock(
    engine: Engine, vic: StaffMember
) -> None:
    requests = burst(engine, vic, 5)

    assert held_for(engine, requests) == [None] * 2 + [HeldFor.COOLING] * 3
    assert len(engine.deliver()) == 4
    assert waiting(engine) == ()  # for the clock, and for no one
    engine.clock.advance(COOLING - MINUTE)
    assert [engine.cool(request) for request in requests[2:]] == [False] * 3
    engine.clock.advance(MINUTE)
    assert [engine.cool(request) for request in requests[2:]] == [True] * 3
    assert [engine.cool(request) for request in requests[2:]] == [False] * 3

    assert states(engine, requests) == [RequestState.PENDING] * 5
    assert engine.now + DEFAULT.link_life == engine.view(requests[4]).expires_at
    assert len(engine.deliver()) == 6
    released = engine.lines(action=Action.REQUEST_RELEASED)
    assert {None} == {line.actor.id for line in released}
    assert Action.TRIPWIRE_TRIPPED not in engine.actions()
    assert engine.chain_is_whole()


def test_a_server_lets_go_what_has_cooled_down_and_forgets_old_attempts(
    engine: Engine, vic: StaffMember
) -> None:
    with installed(engine.database, engine.clock) as parts:
        engine.room = parts.notifier
        requests = burst(engine, vic, 5)
        schedule.do_what_is_due(parts)
        assert states(engine, requests[2:]) == [RequestState.HELD] * 3
        engine.clock.advance(COOLING)
        schedule.do_what_is_due(parts)
        assert states(engine, requests) == [RequestState.PENDING] * 5

        engine.clock.advance(proposal_limits.KEPT)
        schedule.do_what_is_due(parts)
    assert outcomes(engine) == []


def test_whom_nobody_can_ask_any_more_is_looked_at_by_a_person(
    engine: Engine, vic: StaffMember
) -> None:
    patron = engine.patron()
    asked = engine.propose(patron, changes=PHONE, actor=vic)
    burst(engine, vic, 1)
    cooling = engine.propose(
        patron, changes={"name": {"given_name": "Maren", "family_name": "Smith"}}, actor=vic
    )
    engine.lose_mailbox(asked)
    engine.clock.advance(COOLING)

    assert engine.cool(cooling)

    assert held_for(engine, [cooling]) == [HeldFor.QUARANTINE]
    assert (cooling.reference,) == waiting(engine)
    unchanged(engine, lambda: engine.release(cooling, engine.owner), NoMailbox)


def test_nobody_lets_a_cooling_request_go_by_hand(engine: Engine, vic: StaffMember) -> None:
    request = burst(engine, vic, 3)[2]

    unchanged(engine, lambda: engine.release(request, engine.owner), NothingWaits)
    engine.withdraw(request, actor=vic)
    engine.clock.advance(HOUR)

    assert not engine.cool(request)
    assert RequestState.WITHDRAWN is engine.state(request)


def test_the_sixth_holds_all_that_has_not_left_and_tells_every_owner(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    owners = {engine.owner.email_key, engine.staff("Ola", Role.OWNER).email_key}
    requests = burst(engine, vic, 6)

    assert {request.reference for request in requests[2:]} == set(waiting(engine))

    assert held_for(engine, requests) == [None] * 2 + [HeldFor.QUARANTINE] * 4
    mails = engine.deliver()
    assert owners == set(alert_mails(mails[:2]))  # before all others
    assert len(alert_mails(mails)) == 2
    assert len(to_patrons(mails)) == 4
    engine.clock.advance(days(1))
    assert not any(engine.cool(request) for request in requests)
    (told,) = engine.lines(action=Action.TRIPWIRE_TRIPPED)
    assert {
        "staff_id": vic.id,
        "wire": "burst",
        "count": 6,
        "limit": 5,
        "stopped": 3,
    } == dict(told.facts)
    (alert,) = engine.read(alerts.alerts_open)
    assert (vic.id, "Vic, box office", Wire.BURST, 4) == (
        alert.staff_id,
        alert.staff_label,
        alert.wire,
        alert.held,
    )
    text = next(mail.text for mail in mails if mail.tags["kind"] == "staff_alert")
    assert "Vic, box office" in text
    assert "/team/" in text


def test_while_an_alert_is_open_everything_is_held_and_nobody_is_told_twice(
    engine: Engine, vic: StaffMember
) -> None:
    burst(engine, vic, 6)
    engine.deliver()
    engine.clock.advance(days(2))
    later = engine.propose(engine.patron("late@example.com"), "late@else.example", actor=vic)
    others = engine.propose(engine.patron("other@example.com"), "other@else.example")

    assert held_for(engine, [later, others]) == [HeldFor.QUARANTINE, None]
    assert alert_mails(engine.deliver()) == []


def test_a_member_with_an_alert_sends_nothing_again_and_ends_nobody_elses_request(
    engine: Engine, vic: StaffMember
) -> None:
    """Both would mail patrons; what the member began itself may always be taken back."""
    theirs = engine.propose(engine.patron())
    first, *_rest = burst(engine, vic, 6)
    engine.clock.advance(HOUR)

    for request in (theirs, first):
        unchanged(engine, lambda r=request: engine.resend(r, actor=vic), AlertOpen)
    unchanged(engine, lambda: engine.withdraw(theirs, actor=vic), AlertOpen)
    engine.withdraw(first, actor=vic)
    assert states(engine, [theirs, first]) == [RequestState.PENDING, RequestState.WITHDRAWN]


def test_who_looked_closes_the_alert_and_the_count_begins_anew(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    held = burst(engine, vic, 6)[5]
    engine.clock.advance(MINUTE)
    unchanged(engine, lambda: engine.close_alert(vic, vic), Forbidden)
    engine.close_alert(vic, rosa)
    engine.clock.advance(MINUTE)

    later = engine.propose(engine.patron("late@example.com"), "late@else.example", actor=vic)

    assert held_for(engine, [held, later]) == [HeldFor.QUARANTINE, None]
    assert engine.read(alerts.alerts_open) == ()
    unchanged(engine, lambda: engine.close_alert(vic, rosa), NothingWaits)
    (closed,) = engine.lines(action=Action.ALERT_CLOSED)
    assert (rosa.id, vic.id) == (closed.actor.id, closed.facts["staff_id"])


def test_nobody_closes_the_own_alert(engine: Engine, rosa: StaffMember) -> None:
    burst(engine, rosa, 6)

    unchanged(engine, lambda: engine.close_alert(rosa, rosa), SamePerson)


def test_a_second_person_releases_from_quarantine_one_by_one(
    engine: Engine, rosa: StaffMember, vic: StaffMember
) -> None:
    first, *_rest, last = burst(engine, rosa, 6)
    own = engine.patron("vera@staff.example.org", "Vera")
    vera = engine.staff("Vera", Role.MANAGER, email="vera@staff.example.org")
    hers = engine.propose(own, changes={"phone": {"phone": "+1 212 555 0199"}}, actor=rosa)
    engine.deliver()

    unchanged(engine, lambda: engine.release(last, rosa), SamePerson)
    unchanged(engine, lambda: engine.release(last, vic), Forbidden)
    unchanged(engine, lambda: engine.release(hers, vera), OwnRecord)
    unchanged(engine, lambda: engine.release(first, vera), NothingWaits)
    assert RequestState.PENDING is engine.release(last, vera)
    unchanged(engine, lambda: engine.release(last, vera), NothingWaits)

    assert [m.to for m in engine.deliver()] == ["p5@example.com", "p5@venue5.example"]
    assert RequestState.HELD is engine.state(hers)


def test_what_is_withdrawn_from_quarantine_was_never_heard_of(
    engine: Engine, vic: StaffMember
) -> None:
    held = burst(engine, vic, 6)[5]
    engine.deliver()
    engine.withdraw(held)

    assert to_patrons(engine.deliver()) == []


@pytest.mark.parametrize(
    ("domain", "at_most"), [("evil.example", 2), ("a.b.evil.example", 2), ("gmail.com", 9)]
)
def test_many_addresses_at_one_domain_trip(
    engine: Engine, vic: StaffMember, domain: str, at_most: int
) -> None:
    """Subdomains are one domain; at a well-known provider many patrons have their mail."""
    made: list[Proposed] = []
    for n, patron in enumerate(crowd(engine, at_most + 1)):
        own = domain.replace("a.b.", f"s{n}.")
        made.append(engine.propose(patron, f"p{n}@{own}", actor=vic))
        engine.clock.advance(6 * MINUTE)

    assert [None] * at_most + [HeldFor.QUARANTINE] == held_for(engine, made)
    assert [alert.wire for alert in engine.read(alerts.alerts_open)] == [Wire.PER_DOMAIN]


def test_many_proposals_for_protected_patrons_trip(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    patrons = crowd(engine, 3)
    made: list[Proposed] = []
    for n, patron in enumerate(patrons):
        engine.protect(patron, rosa)
        made.append(engine.propose(patron, f"p{n}@venue{n}.example", actor=vic))
        engine.clock.advance(11 * MINUTE)

    assert held_for(engine, made) == [None, None, HeldFor.QUARANTINE]


def test_a_night_has_few_proposals(engine: Engine, vic: StaffMember) -> None:
    """From 23:00 to 06:00 of the organisation, whose clock counts and not the server's."""
    engine.owner  # noqa: B018  # is added when first asked for
    engine.arrange("UPDATE organisation SET time_zone = 'America/New_York'")
    engine.clock.set(datetime(2026, 3, 3, 3, 30, tzinfo=UTC))  # 22:30 there
    made: list[Proposed] = []
    for n, patron in enumerate(crowd(engine, 4)):
        made.append(engine.propose(patron, f"p{n}@venue{n}.example", actor=vic))
        engine.clock.advance(2 * HOUR)

    assert held_for(engine, made) == [None, None, None, HeldFor.QUARANTINE]
    assert [alert.wire for alert in engine.read(alerts.alerts_open)] == [Wire.AT_NIGHT]


def test_what_waits_takes_no_place_of_what_a_patron_is_answering(
    engine: Engine, vic: StaffMember
) -> None:
    patron = engine.patron()
    asked = engine.propose(patron)
    burst(engine, vic, 2)

    error = unchanged(
        engine, lambda: engine.propose(patron, "x@else.example", actor=vic), HeldCannotReplace
    )

    assert asked.reference == error.facts["reference"]
    again = engine.propose(patron, NEW, actor=vic)  # the same as it stands already
    assert (asked.reference, False) == (again.reference, again.is_new)
    assert RequestState.PENDING is engine.state(asked)


def test_only_one_request_is_replaced_at_once(engine: Engine, vic: StaffMember) -> None:
    """A replaced address gets a goodbye: with it two proposals would make six mails."""
    first, second = crowd(engine, 2)
    engine.propose(first, "a@venue1.example")
    engine.propose(second, "b@venue2.example")
    engine.deliver()
    engine.propose(first, "c@venue3.example", actor=vic)

    unchanged(
        engine, lambda: engine.propose(second, "d@venue4.example", actor=vic), HeldCannotReplace
    )
    assert len(to_patrons(engine.deliver())) == 3


def test_refused_attempts_count_and_the_sixty_first_is_refused_by_itself(
    engine: Engine, vic: StaffMember
) -> None:
    """A member who looks for addresses that are taken is stopped, and owners are told."""
    patrons = crowd(engine, 16)
    for n in range(60):
        taken = f"p{(n + 1) % 16}@example.com"
        refused = engine.tried(patrons[n % 16], taken, actor=vic)
        assert str(refused) == "address_taken"
    assert engine.read(alerts.alerts_open) == ()

    last = engine.tried(patrons[0], "x@else.example", actor=vic)

    assert str(last) == "too_many_proposals"
    assert Counter(outcomes(engine)) == {"refused": 60, "limited": 1}
    assert [alert.wire for alert in engine.read(alerts.alerts_open)] == [Wire.ATTEMPTS]
    assert [engine.owner.email_key] == alert_mails(engine.deliver())
    engine.clock.advance(2 * HOUR)
    later = engine.propose(engine.patron("late@example.com"), "l@else.example", actor=vic)
    assert HeldFor.QUARANTINE is later.held_for


def test_one_patron_is_proposed_for_five_times_a_day(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    """Of all members together; what was mistyped reached no one and does not count."""
    patron = engine.patron()
    for n in range(5):
        who = vic if n % 2 else rosa
        request = engine.propose(patron, f"m{n}@venue{n}.example", actor=who)
        engine.withdraw(request)
        engine.tried(patron, "no address", actor=who)
        engine.clock.advance(HOUR)

    error = unchanged(
        engine, lambda: engine.propose(patron, "x@else.example", actor=vic), TooManyForPatron
    )
    assert error.facts["limit"] == 5
    for _ in range(9):
        engine.tried(patron, "x@else.example", actor=vic)
    engine.clock.advance(days(1) - 5 * HOUR + MINUTE)
    assert engine.propose(patron, "x@else.example", actor=rosa).is_new


def test_one_address_is_proposed_five_times_a_day(engine: Engine, vic: StaffMember) -> None:
    """Whatever follows a plus, and for every proposer and patron."""
    patrons = crowd(engine, 7)
    for n in range(5):
        request = engine.propose(patrons[n], f"victim+{n}@gmail.com", actor=vic)
        engine.withdraw(request)
        engine.clock.advance(HOUR)

    unchanged(engine, lambda: engine.propose(patrons[5], "victim@gmail.com"), TooManyToAddress)


def test_the_desk_counts_too_and_nobody_confirms_for_a_member_with_an_alert(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    desk = [
        engine.identify(patron, vic, {"email": {"email": f"p{n}@venue{n}.example"}})
        for n, patron in enumerate(crowd(engine, 6))
    ]

    assert held_for(engine, desk) == [HeldFor.DESK] * 6
    assert [alert.wire for alert in engine.read(alerts.alerts_open)] == [Wire.BURST]
    unchanged(engine, lambda: engine.vouch(desk[0], rosa), AlertOpen)
    engine.close_alert(vic, rosa)
    engine.vouch(desk[0], rosa)


def test_two_browsers_of_one_account_are_counted_as_one(engine: Engine, vic: StaffMember) -> None:
    patrons = crowd(engine, 8)

    made = together(
        *[
            lambda n=n, patron=patron: engine.propose(patron, f"p{n}@venue{n}.example", actor=vic)
            for n, patron in enumerate(patrons)
        ]
    )

    assert [result for result in made if not isinstance(result, Proposed)] == []
    requests = [result for result in made if isinstance(result, Proposed)]
    assert held_for(engine, requests).count(None) == 2
    assert held_for(engine, requests).count(HeldFor.QUARANTINE) == 6
    assert len(alert_mails(engine.deliver())) == 1


def test_an_owner_chooses_the_thresholds(engine: Engine, vic: StaffMember) -> None:
    few = Thresholds(at_once=1, cooling=10 * MINUTE, burst=2)
    engine.set_policy(replace(DEFAULT, thresholds=few))
    requests = burst(engine, vic, 3)

    assert held_for(engine, requests) == [None] + [HeldFor.QUARANTINE] * 2


def test_a_protected_patron_takes_a_second_person_where_an_owner_chose_so(
    engine: Engine, vic: StaffMember, rosa: StaffMember
) -> None:
    engine.set_policy(replace(DEFAULT, second_person_protected=True))
    plain, patron = engine.patron("plain@example.com", "Plain"), engine.patron()
    engine.protect(patron, rosa)

    asked = engine.propose(plain, "p@else.example", actor=vic)
    held = engine.propose(patron, actor=vic)

    assert held_for(engine, [asked, held]) == [None, HeldFor.SECOND_PERSON]
    assert RequestState.PENDING is engine.release(held, rosa)


def test_an_attempt_holds_no_address_and_an_erasure_empties_it(
    engine: Engine, vic: StaffMember
) -> None:
    patron = engine.patron()
    engine.withdraw(engine.propose(patron, "mara.new@mine.example", actor=vic))
    (row,) = engine.dump()["proposal_attempt"]
    assert "mara.new" not in repr(row)
    second = engine.staff("Una", Role.PRIVACY_LEAD)
    who = {"patron_id": patron.id}
    engine.act(engine.owner, erasure.request_erasure, reason="by letter", **who)
    engine.act(second, erasure.confirm_erasure, **who)

    (row,) = engine.dump()["proposal_attempt"]
    assert "mine.example" not in repr(row)
    engine.clock.advance(proposal_limits.KEPT + MINUTE)
    assert engine.read(lambda s: proposal_limits.has_old(s, now=engine.now))
    assert engine.write(lambda s: proposal_limits.forget_old(s, now=engine.now)) == 1
    assert engine.email(patron) != OLD


def test_going_back_a_revision_keeps_asking_for_a_second_person(
    blank_url: str, clock: FrozenClock
) -> None:
    database = opened(blank_url)
    tighten(database)
    engine = Engine(database, clock, is_watched=True)
    burst(engine, engine.staff("Vic", Role.BOX_OFFICE), 6)

    migrations.downgrade(database.engine, "0003")

    held = "SELECT DISTINCT held_for FROM change_request WHERE state = 'held'"
    assert engine.scalar(held) == "second_person"
    migrations.upgrade(database.engine)
    with database.engine.connect() as connection:
        assert triggers.missing(connection, PROTECTED) == ()
    database.dispose()


# --- where the proposed mailbox alone decides at once --------------------------------------------


@pytest.fixture
def careful(database: Database, clock: FrozenClock) -> Engine:
    """A venue with the thresholds of a new deployment."""
    return Engine(database, clock, is_watched=True)


def without_address(engine: Engine, n: int) -> PatronRecord:
    return engine.patron("", f"P{n}")


def with_a_new_address(engine: Engine, n: int) -> PatronRecord:
    return engine.patron(f"p{n}@example.com", f"P{n}")


def with_a_dead_address(engine: Engine, n: int) -> PatronRecord:
    patron = engine.patron(f"p{n}@example.com", f"P{n}")
    engine.step(patron, lambda s: marks.note_bounce(s, patron_id=patron.id, now=engine.now))
    return patron


def with_a_proven_address(engine: Engine, n: int) -> PatronRecord:
    patron = engine.patron(f"p{n}@example.com", f"P{n}")
    engine.step(patron, lambda s: marks.prove_address(s, patron_id=patron.id, now=engine.now))
    return patron


def protected(engine: Engine, n: int) -> PatronRecord:
    patron = engine.patron(f"p{n}@example.com", f"P{n}")
    engine.protect(patron, engine.owner)
    return patron


def in_turn(
    engine: Engine, patrons: Sequence[PatronRecord], actor: StaffMember, every: timedelta
) -> list[HeldFor | None]:
    found: list[HeldFor | None] = []
    for n, patron in enumerate(patrons):
        made = engine.propose(patron, f"n{n}@venue{n}.example", actor=actor)
        found.append(made.held_for)
        engine.clock.advance(every)
    return found


@pytest.mark.parametrize("made", [without_address, with_a_new_address, with_a_dead_address])
def test_where_the_new_address_alone_decides_two_go_and_the_sixth_is_held(
    careful: Engine, made: Callable[[Engine, int], PatronRecord]
) -> None:
    vic = careful.staff("Vic", Role.BOX_OFFICE)
    patrons = [made(careful, n) for n in range(6)]

    found = in_turn(careful, patrons, vic, timedelta(seconds=4))

    assert found == [None, None, *[HeldFor.COOLING] * 3, HeldFor.QUARANTINE]
    (alert,) = careful.read(alerts.alerts_open)
    assert alert.wire is Wire.ALONE_PER_HOUR


@pytest.mark.parametrize("made", [with_a_proven_address, protected])
def test_where_somebody_else_is_asked_or_told_a_busy_desk_has_its_numbers(
    careful: Engine, made: Callable[[Engine, int], PatronRecord]
) -> None:
    vic = careful.staff("Vic", Role.BOX_OFFICE)
    patrons = [made(careful, n) for n in range(3)]

    assert in_turn(careful, patrons, vic, timedelta(seconds=4)) == [None] * 3


@pytest.mark.parametrize(
    ("made", "held"), [(without_address, HeldFor.SECOND_PERSON), (with_a_new_address, None)]
)
def test_a_record_with_a_stake_is_another_matter(
    careful: Engine, made: Callable[[Engine, int], PatronRecord], held: HeldFor | None
) -> None:
    """After a month nothing of it happens at once: time or a second person comes in between."""
    vic = careful.staff("Vic", Role.BOX_OFFICE)
    patrons = [made(careful, n) for n in range(3)]
    careful.clock.advance(days(31))

    assert in_turn(careful, patrons, vic, timedelta(seconds=4)) == [held] * 3


def test_an_address_that_is_three_days_old_is_no_typing_mistake(careful: Engine) -> None:
    vic = careful.staff("Vic", Role.BOX_OFFICE)
    patrons = [with_a_new_address(careful, n) for n in range(3)]
    careful.clock.advance(timedelta(hours=72))

    assert in_turn(careful, patrons, vic, timedelta(seconds=4)) == [None] * 3


def test_an_address_that_came_by_a_change_has_answered_and_is_asked(careful: Engine) -> None:
    """It is young, and yet no typing mistake."""
    vic = careful.staff("Vic", Role.BOX_OFFICE)
    patrons = [with_a_new_address(careful, n) for n in range(3)]
    careful.clock.advance(days(7))
    ruth = careful.staff("Ruth", Role.MANAGER)
    requests: list[Proposed] = []
    for n, patron in enumerate(patrons):
        changes = {"email": {"email": f"d{n}@x{n}.example"}}
        requests.append(careful.identify(patron, careful.owner, changes))
        careful.clock.advance(timedelta(seconds=4))
    for request in requests:
        careful.vouch(request, ruth)
    careful.deliver()
    for n, request in enumerate(requests):
        careful.decide(careful.claims(f"d{n}@x{n}.example"))
        careful.note_arrival(request)
    careful.clock.advance(DEFAULT.desk_wait)
    assert all(careful.make_due(request) for request in requests)

    found = in_turn(careful, patrons, vic, timedelta(seconds=4))

    assert found == [None] * 3


def test_a_phone_number_does_not_count_for_it(careful: Engine) -> None:
    vic = careful.staff("Vic", Role.BOX_OFFICE)
    for n in range(3):
        patron = with_a_new_address(careful, n)
        made = careful.propose(patron, changes=PHONE, actor=vic)
        careful.clock.advance(timedelta(seconds=4))

        assert made.held_for is None


def test_what_the_desk_vouches_for_does_not_count_for_it(careful: Engine) -> None:
    vic = careful.staff("Vic", Role.BOX_OFFICE)
    for n in range(3):
        email = {"email": {"email": f"n{n}@venue{n}.example"}}
        careful.identify(without_address(careful, n), vic, email)
        careful.clock.advance(timedelta(seconds=4))

    made = careful.propose(without_address(careful, 9), "n9@venue9.example", actor=vic)
    assert made.held_for is None


def test_what_is_dated_later_than_now_counts_for_no_window(careful: Engine) -> None:
    """Another worker's clock was an hour ahead: the desk goes on working."""
    vic = careful.staff("Vic", Role.BOX_OFFICE)
    careful.clock.advance(HOUR)
    in_turn(careful, [without_address(careful, n) for n in range(5)], vic, timedelta(seconds=4))
    careful.clock.advance(-HOUR)

    patron = with_a_proven_address(careful, 9)
    counts, _hour = careful.read(
        lambda s: proposal_limits.count_attempts(
            careful.staff_context(s, vic),
            patron=s.get_one(PatronRow, patron.id),
            aim=proposal_limits.Aim(domain="venue.example", address_hash="x"),
            is_replacing=False,
            decides_alone=True,
            thresholds=DEFAULT.thresholds,
        )
    )

    assert counts == Counts(alone=1, alone_hour=1, domain=1, night=1, address=1)
