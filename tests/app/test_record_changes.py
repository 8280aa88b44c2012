"""Removing a protection and changing a status: two people, a reason, a guard in the database."""

from __future__ import annotations

import pytest

from tests.support.engine import Engine
from tests.support.factories import ANOTHER, NEW, OLD, days, unchanged
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.disputes import record_changes
from upstage_crm.change_requests.model.errors import (
    AlreadyWaiting,
    NoteMissing,
    NothingWaits,
    OwnRecord,
    PatronFrozen,
    RecordMoved,
    RequestEnded,
    SamePerson,
    StatusRefused,
)
from upstage_crm.change_requests.model.rules import (
    Cause,
    Decision,
    RecordChangeKind,
    RequestState,
)
from upstage_crm.change_requests.reads.dashboard import Standing
from upstage_crm.change_requests.reads.needs import Need, needing
from upstage_crm.core.errors import Forbidden
from upstage_crm.patrons.errors import AddressTaken
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy import erasure
from upstage_crm.staff.roles import Role, StaffMember

STATUS = RecordChangeKind.STATUS
INACTIVE, DECEASED, ACTIVE = PatronStatus.INACTIVE, PatronStatus.DECEASED, PatronStatus.ACTIVE


@pytest.fixture
def mara(engine: Engine) -> PatronRecord:
    """A protected patron."""
    patron = engine.patron()
    engine.protect(patron, engine.owner)
    return patron


@pytest.fixture
def old(engine: Engine) -> PatronRecord:
    """A record with a stake: it is older than a month."""
    patron = engine.patron()
    engine.clock.advance(days(31))
    return patron


def is_protected(engine: Engine, patron: PatronRecord) -> bool:
    return engine.record(patron).is_protected


def status_of(engine: Engine, patron: PatronRecord) -> str:
    return str(engine.scalar(f"SELECT status FROM patron WHERE id = '{patron.id}'"))


def waiting(engine: Engine) -> tuple[Standing, ...]:
    """What the dashboard lists for a second person on records."""
    need, now = Need.RECORD_CHANGE, engine.now
    return engine.read(lambda s: needing(s, need, viewer=ANOTHER, since=now, limit=5)).items


# --- protection ---------------------------------------------------------------------------------


def test_protection_goes_with_two_people_and_a_mail_to_the_patron(
    engine: Engine, rosa: StaffMember, mara: PatronRecord
) -> None:
    engine.ask_to_unprotect(mara, engine.owner)
    assert is_protected(engine, mara)
    assert engine.deliver() == []
    unchanged(engine, lambda: engine.confirm_change(mara, engine.owner), SamePerson)

    engine.confirm_change(mara, rosa)

    assert not is_protected(engine, mara)
    (mail,) = engine.deliver()
    assert (mail.to, mail.tags["kind"]) == (OLD, "protection_removed")
    assert "no longer protected" in mail.subject
    assert "Mara" not in mail.text, "no one has answered from this mailbox yet"
    (line,) = engine.lines(action=Action.PATRON_UNPROTECTED)
    assert line.actor.id == rosa.id
    assert line.facts["first"] == engine.owner.id
    assert line.values == {"note": "no longer needed"}
    unchanged(engine, lambda: engine.confirm_change(mara, rosa), NothingWaits)
    assert engine.chain_is_whole()


def test_a_proven_mailbox_is_greeted_in_the_patrons_language(
    engine: Engine, rosa: StaffMember
) -> None:
    patron = engine.patron(free={"language": "de"})
    engine.decide(engine.asked(patron)[1])
    engine.deliver()
    engine.protect(patron, rosa)
    engine.ask_to_unprotect(patron, rosa)

    engine.confirm_change(patron, engine.owner)

    (mail,) = engine.deliver()
    assert mail.to == NEW
    assert "Besonderer Schutz beendet" in mail.subject
    assert "Mara Smith" in mail.text


@pytest.mark.parametrize("email", ["", OLD])
def test_a_mailbox_that_does_not_work_is_told_nothing(
    engine: Engine, rosa: StaffMember, email: str
) -> None:
    patron = engine.patron(email)
    engine.protect(patron, rosa)
    engine.arrange("UPDATE patron SET email_bounced_at = '2026-03-01 00:00:00' WHERE email <> ''")
    engine.ask_to_unprotect(patron, rosa)

    engine.confirm_change(patron, engine.owner)

    assert engine.deliver() == []
    assert not is_protected(engine, patron)


def test_who_may_remove_a_protection(
    engine: Engine, rosa: StaffMember, vic: StaffMember, mara: PatronRecord
) -> None:
    unchanged(engine, lambda: engine.ask_to_unprotect(mara, vic), Forbidden)
    own = engine.staff("Mara", Role.MANAGER, email=OLD)
    unchanged(engine, lambda: engine.ask_to_unprotect(mara, own), OwnRecord)
    engine.ask_to_unprotect(mara, rosa)
    unchanged(engine, lambda: engine.ask_to_unprotect(mara, engine.owner), AlreadyWaiting)
    unchanged(engine, lambda: engine.confirm_change(mara, vic), Forbidden)
    unchanged(engine, lambda: engine.confirm_change(mara, own), OwnRecord)
    unchanged(engine, lambda: engine.decline_change(mara, vic), Forbidden)
    unchanged(engine, lambda: engine.decline_change(mara, rosa, note=" "), NoteMissing)

    engine.decline_change(mara, rosa)

    assert is_protected(engine, mara)
    unchanged(engine, lambda: engine.confirm_change(mara, engine.owner), NothingWaits)
    engine.ask_to_unprotect(mara, rosa)  # another try may come


def test_a_reason_is_needed_and_a_protection(
    engine: Engine, rosa: StaffMember, mara: PatronRecord
) -> None:
    def without_reason() -> None:
        engine.act(rosa, record_changes.ask_to_unprotect, patron_id=mara.id, reason=" \n")

    unchanged(engine, without_reason, NoteMissing)
    other = engine.patron("ole@example.com", "Ole")
    unchanged(engine, lambda: engine.ask_to_unprotect(other, rosa), RecordMoved)


# --- status -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [INACTIVE, DECEASED])
def test_a_record_with_a_stake_keeps_its_address_until_a_second_person_confirms(
    engine: Engine, rosa: StaffMember, vic: StaffMember, old: PatronRecord, status: PatronStatus
) -> None:
    """The thief's way around everything: the record goes, its address is free for another one."""
    assert engine.set_status(old, status, actor=vic) is False

    assert status_of(engine, old) == "active"
    assert [standing.patron_number for standing in waiting(engine)] == [old.number]
    unchanged(engine, lambda: engine.patron(OLD, "Mallory"), AddressTaken)
    unchanged(engine, lambda: engine.confirm_change(old, vic, STATUS), Forbidden)

    engine.confirm_change(old, rosa, STATUS)

    assert status_of(engine, old) == status.value
    assert waiting(engine) == ()
    (line,) = engine.lines(action=Action.STATUS_CHANGED)
    assert line.facts["status.new"] == status.value
    assert line.facts["first"] == vic.id
    assert engine.deliver() == []
    assert engine.chain_is_whole()


def test_a_record_without_a_stake_takes_one_person(engine: Engine, vic: StaffMember) -> None:
    patron = engine.patron()
    engine.clock.advance(days(30))

    assert engine.set_status(patron, INACTIVE, actor=vic) is True

    assert status_of(engine, patron) == "inactive"
    assert [line.actor.id for line in engine.lines(action=Action.STATUS_CHANGED)] == [vic.id]


def test_a_change_that_may_be_undone_makes_it_two(engine: Engine, vic: StaffMember) -> None:
    """Nothing comes back to a record that is not active: no thief closes it behind them."""
    patron = engine.patron()
    engine.decide(engine.asked(patron, actor=vic)[1])

    assert engine.set_status(patron, INACTIVE, actor=vic) is False

    assert status_of(engine, patron) == "active"


def test_what_is_open_about_the_patron_ends_with_it(engine: Engine, vic: StaffMember) -> None:
    patron = engine.patron()
    request, link = engine.asked(patron, actor=vic)
    engine.deliver()

    engine.set_status(patron, DECEASED, actor=vic)

    assert engine.state(request) is RequestState.WITHDRAWN
    assert engine.view(request).cause is Cause.PATRON_INACTIVE
    assert sorted(to for kind, to in engine.told(request) if kind == "change_withdrawn") == [
        NEW,
        OLD,
    ]
    unchanged(engine, lambda: engine.decide(link), RequestEnded)


def test_a_record_comes_back_unless_its_address_is_anothers(
    engine: Engine, rosa: StaffMember, vic: StaffMember, old: PatronRecord
) -> None:
    engine.set_status(old, DECEASED, actor=vic)
    engine.confirm_change(old, rosa, STATUS)
    other = engine.patron(OLD, "Ole")
    assert engine.set_status(old, ACTIVE, actor=vic) is False
    unchanged(engine, lambda: engine.confirm_change(old, rosa, STATUS), AddressTaken)
    engine.set_status(other, INACTIVE, actor=vic)

    engine.confirm_change(old, rosa, STATUS)

    assert status_of(engine, old) == "active"


def test_which_status_is_chosen_by_hand(
    engine: Engine, vic: StaffMember, old: PatronRecord
) -> None:
    for status in (ACTIVE, PatronStatus.ERASED):
        unchanged(engine, lambda s=status: engine.set_status(old, s, actor=vic), StatusRefused)
    reader = engine.staff("Rea", Role.READ_ONLY)
    unchanged(engine, lambda: engine.set_status(old, INACTIVE, actor=reader), Forbidden)


def test_a_record_in_dispute_keeps_its_status(
    engine: Engine, rosa: StaffMember, vic: StaffMember
) -> None:
    patron = engine.patron()
    engine.decide(engine.asked(patron)[1])
    engine.deliver()
    engine.set_status(patron, INACTIVE, actor=vic)  # asked for before a reader objects
    engine.decide(engine.claims(OLD), Decision.OBJECT)

    unchanged(engine, lambda: engine.confirm_change(patron, rosa, STATUS), PatronFrozen)
    engine.decline_change(patron, rosa, STATUS)
    unchanged(engine, lambda: engine.set_status(patron, INACTIVE, actor=vic), PatronFrozen)


def test_what_moved_meanwhile_is_not_confirmed(
    engine: Engine, rosa: StaffMember, vic: StaffMember, old: PatronRecord
) -> None:
    engine.set_status(old, INACTIVE, actor=vic)
    deceased = f"UPDATE patron SET status = 'deceased' WHERE id = '{old.id}'"
    engine.arrange(deceased, unguarded=True)

    unchanged(engine, lambda: engine.confirm_change(old, rosa, STATUS), RecordMoved)


# --- the database -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("UPDATE patron SET is_protected = FALSE", "patron protection"),
        ("UPDATE patron SET status = 'inactive'", "patron status"),
        ("UPDATE patron SET status = 'deceased'", "patron status"),
    ],
)
def test_raw_sql_does_neither(
    engine: Engine, mara: PatronRecord, statement: str, guard: str
) -> None:
    with pytest.raises(Exception, match=f"upstage guard: {guard}"):
        engine.arrange(f"{statement} WHERE id = '{mara.id}'")


def test_what_waits_lets_nothing_through(
    engine: Engine, rosa: StaffMember, vic: StaffMember, old: PatronRecord
) -> None:
    engine.protect(old, rosa)
    engine.ask_to_unprotect(old, rosa)
    engine.set_status(old, INACTIVE, actor=vic)

    for statement, guard in (
        ("UPDATE patron SET is_protected = FALSE", "patron protection"),
        ("UPDATE patron SET status = 'inactive'", "patron status"),
        ("UPDATE record_change SET done_at = requested_at", "record change second"),
        (
            "UPDATE record_change SET confirmed_at = requested_at, confirmed_by = requested_by",
            "record change second",
        ),
        ("UPDATE record_change SET needs_second = FALSE", "record change identity"),
        ("UPDATE record_change SET status_to = 'deceased'", "record change identity"),
        ("UPDATE record_change SET reason = ''", "record change words"),
        ("DELETE FROM record_change", "record change delete"),
    ):
        with pytest.raises(Exception, match=f"upstage guard: {guard}"):
            engine.arrange(statement)


def test_what_is_done_is_used_up(
    engine: Engine, rosa: StaffMember, vic: StaffMember, old: PatronRecord
) -> None:
    engine.set_status(old, INACTIVE, actor=vic)
    engine.confirm_change(old, rosa, STATUS)
    engine.set_status(old, ACTIVE, actor=vic)
    engine.confirm_change(old, rosa, STATUS)

    for statement in (
        "UPDATE patron SET status = 'inactive'",
        "UPDATE record_change SET done_at = NULL",
        "UPDATE record_change SET confirmed_by = NULL",
    ):
        with pytest.raises(Exception, match=r"upstage guard: (patron status|record change second)"):
            engine.arrange(statement)


def test_no_protection_is_removed_by_a_row_that_needs_nobody(
    engine: Engine, mara: PatronRecord
) -> None:
    forged = (
        "INSERT INTO record_change (id, patron_id, kind, needs_second, reason, requested_by, "
        "requested_label, requested_at) SELECT 'forged', :patron, 'unprotect', FALSE, '', id, "
        "'x', created_at FROM staff WHERE id = :staff"
    )

    with pytest.raises(Exception, match="upstage guard: record change birth"):
        engine.arrange(forged, {"patron": mara.id, "staff": engine.owner.id})


def test_an_erasure_empties_the_reason_and_ends_what_waits(
    engine: Engine, rosa: StaffMember, old: PatronRecord
) -> None:
    engine.protect(old, rosa)
    engine.ask_to_unprotect(old, rosa)
    lead = engine.staff("Pia", Role.PRIVACY_LEAD)
    about = {"patron_id": old.id}
    engine.act(engine.owner, erasure.request_erasure, reason="by letter", **about)
    engine.act(lead, erasure.confirm_erasure, **about)

    assert engine.scalar("SELECT reason FROM record_change") == ""
    assert engine.read(lambda s: record_changes.find_waiting(s, old.id)) == ()
    assert not is_protected(engine, old)
