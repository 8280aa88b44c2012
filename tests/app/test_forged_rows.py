"""Whatever a command loads or locks is proven first: on a forged row nothing acts, at no door."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.engine import Engine
from tests.support.factories import NEW, OLD, days, unchanged
from tests.support.office import Office
from tests.support.pipeline import installed
from tests.support.proof import verified
from tests.support.thresholds import tighten
from upstage_crm.audit import recorded
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    Decision,
    RequestState,
)
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.jobs import schedule
from upstage_crm.organisation import settings
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy import erasure
from upstage_crm.staff import accounts, member_admin
from upstage_crm.staff.auth import security, sessions
from upstage_crm.staff.auth.security import SecurityPolicy
from upstage_crm.staff.command_context import CommandContext, StaffContext
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.team import (
    invitations,
    offboarding,
    password_reset,
)

pytestmark = pytest.mark.each_database

Act = Callable[[], object]


@pytest.fixture
def office(database: Database, clock: FrozenClock) -> Office:
    return Office(database, clock)


@pytest.fixture
def patron(engine: Engine) -> PatronRecord:
    return engine.patron(phone="+1 212 555 0101")


@pytest.fixture
def zoe(engine: Engine) -> StaffMember:
    return engine.staff("Zoe", Role.OWNER)


def refuses(engine: Engine, *acts: Act) -> None:
    for act in acts:
        unchanged(engine, act, RowNotProven)


# --- patrons --------------------------------------------------------------------------------------


def test_nothing_acts_on_a_forged_patron(
    engine: Engine, patron: PatronRecord, zoe: StaffMember
) -> None:
    """Proven by no one, unproven, no longer protected, disputed no more."""
    request, link = engine.asked(patron)
    where = f"WHERE id = '{patron.id}'"
    for forged in ("email_verified_at = created_at", "is_protected = TRUE", "is_flagged = TRUE"):
        engine.forge(f"UPDATE patron SET {forged} {where}")

        refuses(
            engine,
            lambda: engine.propose(patron, "other@example.org"),
            lambda: engine.decide(link),
            lambda: engine.decide(link, Decision.OBJECT),
            lambda: engine.withdraw(request),
            lambda: engine.resend(request),
            lambda: engine.protect(patron, zoe),
            lambda: engine.identify(patron, zoe, {"phone": {"phone": "+1 212 555 0177"}}),
            lambda: engine.expire(request),
            lambda: engine.act(zoe, erasure.request_erasure, patron_id=patron.id, reason="x"),
        )


def test_a_dispute_that_was_cleared_by_raw_sql_goes_on(
    engine: Engine, patron: PatronRecord, zoe: StaffMember
) -> None:
    _request, link = engine.asked(patron)
    engine.decide(link)
    engine.decide(engine.claims(OLD), Decision.OBJECT)
    engine.forge(
        "UPDATE patron_freeze SET cleared_at = opened_at",
        unguarded=True,
    )

    refuses(engine, lambda: engine.propose(patron, "third@example.org"))


# --- requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE review SET decision = 'approve', decided_at = '2026-03-02', channel = 'desk'",
        "UPDATE review SET mailbox = 'evil@example.net'",
        "UPDATE change_request SET expires_at = '2030-01-01'",
        "UPDATE change_request SET link_version = 9",
        "UPDATE change_request SET proposer_label = 'Somebody'",
        "UPDATE field_change SET proposed_key = 'evil@example.net'",
        "DELETE FROM review",
    ],
)
def test_nothing_acts_on_a_forged_request(
    engine: Engine, patron: PatronRecord, zoe: StaffMember, forged: str
) -> None:
    request, link = engine.asked(patron)
    (code,) = engine.codes_in(NEW)
    engine.forge(forged, unguarded=True)

    refuses(
        engine,
        lambda: engine.decide(link),
        lambda: engine.decide(link, Decision.REJECT),
        lambda: engine.withdraw(request),
        lambda: engine.resend(request),
        lambda: engine.redeem(request, code),
        lambda: engine.read_out(request, zoe, code),
        lambda: engine.expire(request),
        lambda: engine.remind(request),
        lambda: engine.act(zoe, offboarding.hand_over, staff_id=engine.owner.id, to_id=zoe.id),
    )


def desk_request(engine: Engine, patron: PatronRecord) -> Proposed:
    return engine.identify(patron, engine.owner, {"phone": {"phone": "+1 212 555 0177"}})


def test_the_clock_acts_on_no_forged_confirmation(
    engine: Engine, patron: PatronRecord, zoe: StaffMember
) -> None:
    """Two people and a time, all written by raw SQL: the guards take it, the server does not."""
    request = desk_request(engine, patron)
    engine.forge(
        f"UPDATE desk_confirmation SET second_id = '{zoe.id}', second_label = 'Zoe', "
        "confirmed_at = created_at",
        f"UPDATE change_request SET state = 'waiting' WHERE id = '{request.request_id}'",
        "UPDATE field_change SET outcome = 'waiting', applies_at = '2026-01-01 00:00:00+00:00' "
        f"WHERE request_id = '{request.request_id}'",
        unguarded=True,
    )
    engine.clock.advance(days(5))

    refuses(engine, lambda: engine.make_due(request), lambda: engine.vouch(request, zoe))


def test_one_forged_request_does_not_stop_the_clock_for_the_others(
    engine: Engine, patron: PatronRecord
) -> None:
    forged = engine.propose(patron)
    honest = engine.propose(engine.patron("ole@example.com", "Ole"), "ole.new@example.org")
    engine.forge(
        f"UPDATE change_request SET link_version = 9 WHERE id = '{forged.request_id}'",
        unguarded=True,
    )
    engine.clock.advance(days(8))

    with installed(engine.database, engine.clock) as parts:
        schedule.do_what_is_due(parts)

    assert engine.state(honest) is RequestState.EXPIRED
    assert engine.state(forged) is RequestState.PENDING


# --- staff ----------------------------------------------------------------------------------------


def test_nobody_is_a_forged_account(office: Office, engine: Engine, zoe: StaffMember) -> None:
    """Promoted, given another password or another address, enabled again, without its factor."""
    vic = engine.staff("Vic", Role.BOX_OFFICE)
    patron = engine.patron()
    token = office.sign_in(vic)
    where = f"WHERE id = '{vic.id}'"
    for forged in (
        "role = 'owner', role_at = created_at",
        "password_hash = 'x', password_at = created_at",
        "email = 'evil@example.net'",
    ):
        engine.forge(f"UPDATE staff SET {forged} {where}")

        refuses(
            engine,
            lambda: sign_in(office, "vic@staff.example.org"),
            lambda: office.found(token),
            lambda: office.sign_in(vic),
            lambda: engine.propose(patron, actor=vic),
            lambda: engine.write(
                lambda s: member_admin.change_role(
                    StaffContext(session=s, now=engine.now, notifier=None, actor=zoe),
                    staff_id=vic.id,
                    role=Role.MANAGER,
                )
            ),
            lambda: engine.read(lambda s: accounts.find_active(s, vic.id)),
            lambda: engine.write(
                lambda s: password_reset.send_link(
                    CommandContext(session=s, now=engine.now, notifier=office.post),
                    email=vic.email_key,
                )
            ),
            lambda: engine.freeze(vic, zoe),
        )


def sign_in(office: Office, email: str) -> sessions.Credentials:
    return office.read(lambda s: sessions.credentials(s, email))


def test_a_forged_owner_is_told_nothing(engine: Engine, zoe: StaffMember) -> None:
    """And no mail for every owner goes to an account that plain SQL made one."""
    vic = engine.staff("Vic", Role.BOX_OFFICE)
    dana = engine.owner
    engine.forge(f"UPDATE staff SET role = 'owner', role_at = created_at WHERE id = '{vic.id}'")

    told = engine.read(lambda s: accounts.colleagues(s, [Role.OWNER]))

    assert {one.id for one in told} == {dana.id, zoe.id}


def test_a_factor_that_was_inserted_opens_nothing(office: Office, engine: Engine) -> None:
    """The forger has an authenticator of their own, and a recovery code of their own."""
    vic, mia = engine.staff("Vic", Role.BOX_OFFICE), engine.staff("Mia", Role.BOX_OFFICE)
    office.enrol(office.sign_in(vic))
    secret, codes = office.enrol(office.sign_in(mia))
    token = office.sign_in(vic)
    assert office.inside(token).has_factor
    hers = f"SELECT sealed FROM staff_totp WHERE staff_id = '{mia.id}'"
    for forged in (
        f"UPDATE staff_totp SET sealed = ({hers}) WHERE staff_id = '{vic.id}'",
        f"UPDATE staff_recovery_code SET staff_id = '{vic.id}' WHERE staff_id = '{mia.id}'",
    ):
        engine.forge(forged)
        for code in (office.code(secret), codes[0]):
            refuses(engine, lambda code=code: office.give(token, code))


def test_a_factor_that_was_taken_away_is_missed(office: Office, engine: Engine) -> None:
    vic = engine.staff("Vic", Role.BOX_OFFICE)
    office.enrol(office.sign_in(vic))
    token = office.sign_in(vic)
    engine.forge(
        "DELETE FROM staff_recovery_code",
        "DELETE FROM staff_totp",
        "UPDATE staff SET second_factor_at = NULL",
    )

    refuses(engine, lambda: office.found(token), lambda: office.sign_in(vic))


def test_nothing_comes_of_a_forged_invitation(office: Office, engine: Engine) -> None:
    owner = engine.owner
    invited = engine.write(
        lambda s: invitations.invite(
            office.team_context(s, owner),
            email="nia@staff.example.org",
            display_name="Nia",
            desk="",
            role=Role.AUDITOR,
        )
    )
    link = office.link_in([m for m in engine.deliver() if m.to == "nia@staff.example.org"][-1])
    engine.forge("UPDATE staff_invitation SET role = 'owner'")

    refuses(
        engine,
        lambda: engine.read(lambda s: invitations.of_link(s, link, now=engine.now)),
        lambda: engine.write(
            lambda s: invitations.accept(
                CommandContext(session=s, now=engine.now, notifier=office.post),
                link,
                display_name="Nia",
                password_hash="x",
            )
        ),
        lambda: engine.write(
            lambda s: invitations.resend(office.team_context(s, owner), invitation_id=invited)
        ),
    )


def test_an_alert_that_was_closed_by_raw_sql_is_open_still(
    database: Database, clock: FrozenClock
) -> None:
    """The guards take any two people's names."""
    tighten(database)
    engine = Engine(database, clock, is_watched=True)
    vic, zoe = engine.staff("Vic", Role.BOX_OFFICE), engine.staff("Zoe", Role.OWNER)
    for n in range(6):
        engine.propose(engine.patron(f"p{n}@example.com"), f"p{n}@venue{n}.example", actor=vic)
    patron = engine.patron("last@example.com")
    engine.forge(f"UPDATE staff_alert SET closed_by = '{zoe.id}', closed_at = opened_at")

    refuses(
        engine,
        lambda: engine.propose(patron, "last@venue.example", actor=vic),
        lambda: engine.close_alert(vic, zoe),
    )


# --- settings -------------------------------------------------------------------------------------


def test_nobody_follows_forged_settings(
    office: Office, engine: Engine, patron: PatronRecord, zoe: StaffMember
) -> None:
    details = engine.read(settings.details)
    doors: dict[str, tuple[Act, ...]] = {
        "UPDATE policy SET settings = '{}'": (
            lambda: engine.propose(patron),
            lambda: engine.set_policy(DEFAULT),
            lambda: engine.read(policy_store.current),
        ),
        "UPDATE security SET settings = ' {}'": (
            lambda: engine.read(security.current),
            lambda: engine.write(
                lambda s: security.change(
                    StaffContext(session=s, now=engine.now, notifier=None, actor=zoe),
                    proposed=SecurityPolicy(second_factor=frozenset()),
                )
            ),
        ),
        "UPDATE organisation SET desk_phone = '+1 900 555 0100'": (
            lambda: engine.propose(patron),
            lambda: engine.read(settings.details),
            lambda: engine.act(zoe, settings.change, proposed=details),
        ),
    }
    for forged, acts in doors.items():
        refused = forged.split(" ")[1]
        engine.forge(forged)
        refuses(engine, *acts)
        assert engine.read(lambda s, r=refused: recorded.is_proven(s, r, "1")) is False


# --- and honestly ---------------------------------------------------------------------------------


def test_an_erasure_leaves_everything_provable(
    engine: Engine, patron: PatronRecord, zoe: StaffMember
) -> None:
    """What stood behind the commitments went with the person; what is left is committed to."""
    request, link = engine.asked(patron)
    engine.decide(link)
    engine.withdraw(engine.propose(patron, changes={"phone": {"phone": "+1 212 555 0177"}}))
    engine.clock.advance(days(40))
    who = {"patron_id": patron.id}
    engine.act(engine.owner, erasure.request_erasure, reason="by letter", **who)
    engine.act(zoe, erasure.confirm_erasure, **who)

    refs = [("patron", patron.id)]
    refs += [("change_request", one) for one in engine.column("SELECT id FROM change_request")]
    assert [engine.read(lambda s, r=ref: recorded.disagreement(s, *r)) for ref in refs] == [
        None
    ] * 3
    assert verified(engine).is_clean
    kept = engine.column(
        "SELECT value FROM audit_value WHERE seq IN "
        f"(SELECT seq FROM audit_entry WHERE patron_id = '{patron.id}')"
    )
    assert not [value for value in kept for word in (OLD, NEW, "Mara", "+1212") if word in value]
    engine.forge(f"UPDATE patron SET email = '{OLD}' WHERE id = '{patron.id}'", unguarded=True)
    assert engine.read(lambda s: recorded.disagreement(s, "patron", patron.id)) is not None
    assert request.request_id in {ref[1] for ref in refs}


def test_two_requests_suppress_the_same_mailbox(engine: Engine, patron: PatronRecord) -> None:
    """Its owner says twice that it is neither patron's: the first request keeps the row."""
    other = engine.patron("ole@example.com", "Ole")
    links = []
    for one in (patron, other):
        engine.propose(one, "mine@example.org", override=True)
        links.append(engine.claims("mine@example.org"))

    for link in links:
        engine.decide(link, Decision.OBJECT)

    assert engine.column("SELECT request_id FROM suppressed_address") == [links[0].request_id]
    assert verified(engine).is_clean
