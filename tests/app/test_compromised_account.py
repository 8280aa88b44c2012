"""The whole story of a stolen session: a script that makes 200 proposals, and a patient thief."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.engine import Engine
from tests.support.pipeline import installed
from upstage_crm.admin.patrons.proposal import Proposal, sent
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.limits import alerts
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.change_requests.model.thresholds import Wire
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.errors import UpstageError
from upstage_crm.jobs import schedule
from upstage_crm.mail.delivery import ACCEPTED
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.team import offboarding
from upstage_crm.wiring import Runtime

pytestmark = pytest.mark.story

PROPOSALS = 200
EVERY = timedelta(milliseconds=50)  # twenty a second
LOOKS_EVERY = timedelta(seconds=2)  # the dispatcher
KEEPS_TIME_EVERY = timedelta(seconds=schedule.EVERY_S)
MOST_MAILS, TOLD_WITHIN = 5, timedelta(seconds=60)


@pytest.fixture
def parts(database: Database, clock: FrozenClock) -> Iterator[Runtime]:
    with installed(database, clock) as made:
        yield made


class Server:
    """What a worker does by itself while time passes."""

    def __init__(self, parts: Runtime, clock: FrozenClock) -> None:
        self._parts, self._clock = parts, clock
        self._looked = self._kept = clock.now()

    def pass_time(self, span: timedelta) -> None:
        """Move the clock; mails leave and what is due happens when a worker would do it."""
        self._clock.advance(span)
        now = self._clock.now()
        if now - self._kept >= KEEPS_TIME_EVERY:
            self._kept = now
            schedule.do_what_is_due(self._parts)
        if now - self._looked >= LOOKS_EVERY:
            self._looked = now
            while self._parts.dispatcher.run_once():
                pass


def left(engine: Engine) -> list[tuple[str, str, datetime, datetime]]:
    """Every mail that left: kind, address, when it was queued and when it left."""
    query = sa.select(
        OUTBOX.c.kind, OUTBOX.c.to_address, OUTBOX.c.created_at, OUTBOX.c.settled_at
    ).where(OUTBOX.c.state.in_(tuple(ACCEPTED)))
    rows = engine.read(lambda session: session.execute(query).all())
    return [(row.kind.value, row.to_address, row.created_at, row.settled_at) for row in rows]


def attack(
    server: Server, patrons: list[PatronRecord], thief: StaffMember, *, every: timedelta = EVERY
) -> Counter[str]:
    """Propose as the dialog's handler does, with the choices that make the most mails."""
    came_out: Counter[str] = Counter()
    for n, patron in enumerate(patrons):
        proposal = Proposal(
            actor=thief,
            patron_id=patron.id,
            field="email",
            raw={"email": f"mine{n}@thief{n}.example"},
            reason=ReasonCode.ASKED_BY_PHONE.value,
            ask_both=n % 2 == 0,
        )
        try:
            made = sent(proposal)
            came_out[made.held_for.value if made.held_for else "went out"] += 1
        except UpstageError as error:
            came_out[error.code] += 1
        server.pass_time(every)
    return came_out


def test_a_stolen_session_mails_next_to_nobody_and_changes_nothing(
    parts: Runtime, database: Database, clock: FrozenClock, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Engine(database, clock, is_watched=True)
    engine.room, engine.codec = parts.notifier, parts.codec
    owners = [engine.owner, engine.staff("Ola", Role.OWNER)]
    lead, thief = engine.staff("Rosa", Role.MANAGER), engine.staff("Vic", Role.BOX_OFFICE)
    patrons = [engine.patron(f"p{n}@example.com", f"P{n}") for n in range(PROPOSALS)]
    server = Server(parts, clock)
    # The first patrons are being asked by a colleague already: those requests must survive, but
    # for the one whose place is taken at once.
    for patron in patrons[:4]:
        engine.propose(patron, f"right{patron.number}@colleague{patron.number}.example")
        server.pass_time(timedelta(hours=1))
    values = {patron.id: engine.record(patron).values for patron in patrons}
    assert len(left(engine)) == 8
    began = clock.now()

    came_out = attack(server, patrons, thief)
    for _ in range(6 * 30):  # half an hour in which no one does anything
        server.pass_time(KEEPS_TIME_EVERY)

    mails = [mail for mail in left(engine) if mail[2] >= began]
    alarms = [mail for mail in mails if mail[0] == "staff_alert"]
    out = [mail for mail in mails if not mail[0].startswith("staff_")]
    assert len(out) <= MOST_MAILS, Counter(mail[0] for mail in out)
    assert {owner.email_key for owner in owners} == {mail[1] for mail in alarms}
    assert len(owners) == len(alarms)
    slowest = max(mail[3] for mail in alarms) - began
    assert slowest <= TOLD_WITHIN
    (alert,) = engine.read(alerts.alerts_open)
    assert thief.id == alert.staff_id
    assert came_out.total() == PROPOSALS

    frozen = engine.write(
        lambda session: offboarding.freeze(
            parts.staff_context(session, lead, now=clock.now()), staff_id=thief.id
        )
    )
    server.pass_time(LOOKS_EVERY)

    mine = "SELECT count(*) FROM change_request WHERE proposer_id = :id AND state IN {open}"
    still_open = engine.read(
        lambda session: session.connection().scalar(
            sa.text(mine.format(open="('held', 'pending')")), {"id": thief.id}
        )
    )
    assert still_open == 0
    assert values == {patron.id: engine.record(patron).values for patron in patrons}
    assert engine.read(alerts.alerts_open) == ()
    assert Action.FIELD_APPLIED not in engine.actions()
    assert engine.chain_is_whole()
    told = [mail for mail in left(engine) if mail[0] == "change_withdrawn"]
    assert {mail[1] for mail in told} <= {mail[1] for mail in out}
    with capsys.disabled():
        print(
            f"\n{PROPOSALS} attempts in {PROPOSALS * EVERY.total_seconds():.0f} s: "
            f"{dict(came_out)}; {len(out)} mails to patrons, every owner told after "
            f"{slowest.total_seconds():.1f} s; one freeze withdrew {frozen.withdrawn} requests"
        )


# --- a thief with time --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "proposals", "changed"),
    [
        (timedelta(seconds=3.1), 40, 2),  # slower than a script, faster than an owner looks
        # One more: what is proposed first of those that wait has waited when the sixth trips.
        (timedelta(minutes=2), 30, 3),
    ],
)
def test_a_patient_thief_gets_next_to_nothing_where_the_new_address_decides_alone(
    parts: Runtime,
    database: Database,
    clock: FrozenClock,
    every: timedelta,
    proposals: int,
    changed: int,
) -> None:
    """Records without an address, one domain each, and every mail answered at once with yes."""
    engine = Engine(database, clock, is_watched=True)
    engine.room, engine.codec = parts.notifier, parts.codec
    owners = [engine.owner, engine.staff("Ola", Role.OWNER)]
    thief = engine.staff("Vic", Role.BOX_OFFICE)
    patrons = [engine.patron("", f"P{n}") for n in range(proposals)]
    server = Server(parts, clock)

    attack(server, patrons, thief, every=every)
    server.pass_time(timedelta(minutes=30))

    mails = left(engine)
    asked = [mail for mail in mails if mail[0] == "decision_request"]
    assert len(asked) == changed
    assert len([mail for mail in mails if not mail[0].startswith("staff_")]) == changed
    assert {mail[1] for mail in mails if mail[0] == "staff_alert"} == {o.email_key for o in owners}
    (alert,) = engine.read(alerts.alerts_open)
    assert alert.wire is Wire.ALONE_PER_HOUR
    assert alert.staff_id == thief.id


def test_the_desk_keeps_its_pace_where_the_current_address_is_told_first(
    parts: Runtime, database: Database, clock: FrozenClock
) -> None:
    """The same pace on records with a stake: nothing there happens at once, so more may go out."""
    engine = Engine(database, clock, is_watched=True)
    engine.room, engine.codec = parts.notifier, parts.codec
    clerk = engine.staff("Vic", Role.BOX_OFFICE)
    patrons = [engine.patron(f"p{n}@example.com", f"P{n}") for n in range(12)]
    clock.advance(timedelta(days=31))

    came_out = attack(Server(parts, clock), patrons, clerk, every=timedelta(seconds=3.1))

    assert came_out == {"went out": 6, "cooling": 6}
