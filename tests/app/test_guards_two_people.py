"""Raw SQL against what two people vouch for, what the clock decides, and the evidence of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import sqlalchemy as sa

from tests.support.attack import Scene, copy
from tests.support.engine import Engine
from tests.support.factories import days
from upstage_crm.audit.guards.frozen_columns import FIXED, NEVER_UPDATED
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.policy import DEFAULT, Asked, FieldPolicy
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.model.thresholds import Thresholds
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.privacy import erasure
from upstage_crm.staff.roles import Role, StaffMember
from upstage_crm.tables import metadata

pytestmark = pytest.mark.each_database

NEWER = (
    "receipt",
    "link_code",
    "desk_confirmation",
    "patron_freeze",
    "erasure",
    "staff_alert",
)


@dataclass
class Second:
    """A venue in the middle of every second step, seen by an attacker."""

    engine: Engine
    scene: Scene
    held: Proposed
    waiting: Proposed
    disputed: PatronRecord
    leaving: PatronRecord
    vic: StaffMember
    cooling: Proposed
    quarantined: Proposed

    def refuses(self, *statements: str, by: str = "") -> None:
        self.scene.refuses(*statements, by=by)


@pytest.fixture
def second(database: Database, clock: FrozenClock) -> Second:
    engine = Engine(database, clock)
    vic = engine.staff("Vic", Role.MANAGER)
    phone = FieldPolicy(asked=Asked.CURRENT, second_person=True)
    engine.set_policy(replace(DEFAULT, fields={"phone": phone}))
    mara = engine.patron()
    held = engine.propose(mara, changes={"phone": {"phone": "+1 212 555 0188"}})
    ole = engine.patron("ole@example.com", "Ole")
    waiting = engine.identify(ole, engine.owner, {"email": {"email": "ole1@example.org"}})
    disputed = engine.patron("ina@example.com", "Ina")
    request, link = engine.asked(disputed, "ina1@example.org")
    engine.decide(link)
    engine.deliver()
    engine.decide(engine.claims("ina@example.com"), Decision.OBJECT)
    leaving = engine.patron("lea@example.com", "Lea")
    engine.act(engine.owner, erasure.request_erasure, patron_id=leaving.id, reason="by letter")
    cooling, quarantined = unusual(engine, vic)
    scene = Scene(engine, mara, ole, request, link, held)
    return Second(engine, scene, held, waiting, disputed, leaving, vic, cooling, quarantined)


def unusual(engine: Engine, vic: StaffMember) -> tuple[Proposed, Proposed]:
    """One request that cools down, one in quarantine, and the alert about Vic behind it."""
    uma = engine.staff("Uma", Role.BOX_OFFICE)
    standing = engine.read(policy_store.current)
    few = Thresholds(at_once=1, burst=2)
    engine.set_policy(replace(standing, thresholds=few))
    made = [
        engine.propose(
            engine.patron(f"{name}{n}@example.com", name), f"{n}@{name}{n}.example", actor=who
        )
        for name, who, count in (("uma", uma, 2), ("vic", vic, 3))
        for n in range(count)
    ]
    engine.set_policy(replace(standing, thresholds=DEFAULT.thresholds))
    return made[1], made[4]


def test_no_row_of_these_is_deleted_replaced_or_written_over(second: Second) -> None:
    for table in NEWER:
        evil = next(c.name for c in metadata.tables[table].columns if c.name != "id")
        second.refuses(f"DELETE FROM {table}")
        by = f"{table.replace('_', ' ')} overwrite"
        second.refuses(copy(table, "TRUE", {evil: "'evil'"}), by=by)
        second.refuses(
            copy(table, "TRUE", {}, suffix=f"ON CONFLICT (id) DO UPDATE SET {evil} = 'evil'")
        )
        if second.scene.is_sqlite:
            second.refuses(copy(table, "TRUE", {evil: "'evil'"}, verb="REPLACE"))
            second.refuses(f"UPDATE OR REPLACE {table} SET rowid = 9999 WHERE rowid = 1")


def test_no_column_of_evidence_is_ever_updated(second: Second) -> None:
    evidence = [table for table in NEVER_UPDATED if table in NEWER]
    assert evidence
    for column in (column for table in evidence for column in metadata.tables[table].columns):
        changed = "1 + 8" if isinstance(column.type, sa.Integer) else "'evil'"
        if isinstance(column.type, sa.DateTime) or "DATETIME" in repr(column.type).upper():
            changed = "'2001-01-01 00:00:00'"
        second.refuses(f"UPDATE {column.table.name} SET {column.name} = {changed}")


def test_who_did_what_never_changes(second: Second) -> None:
    fixed = [(table, name) for table in FIXED if table in NEWER for name in FIXED[table]]
    assert fixed
    for table, name in fixed:
        column = metadata.tables[table].columns[name]
        changed = "'evil'"
        if "DateTime" in repr(column.type):
            changed = "'2001-01-01 00:00:00'"
        second.refuses(f"UPDATE {table} SET {name} = {changed}")


def test_nobody_is_the_own_second_person(second: Second) -> None:
    me, at = f"'{second.engine.owner.id}'", "'2026-03-02 10:00:00'"
    second.refuses(
        f"UPDATE desk_confirmation SET second_id = {me}, confirmed_at = {at}",
        by="desk confirmation second",
    )
    second.refuses(f"UPDATE desk_confirmation SET confirmed_at = {at}")
    second.refuses(f"UPDATE patron_freeze SET cleared_at = {at}", by="patron freeze second")
    second.refuses(
        f"UPDATE patron_freeze SET first_id = {me}, second_id = {me}, cleared_at = {at}",
    )
    second.refuses(f"UPDATE erasure SET confirmed_by = {me}, confirmed_at = {at}")
    second.refuses(f"UPDATE erasure SET done_at = {at}", by="erasure second")
    for released in ("NULL", me):
        second.refuses(
            f"UPDATE change_request SET state = 'pending', released_by = {released} "
            f"WHERE id = '{second.held.request_id}'",
            by="change request release",
        )


def test_quarantine_needs_a_second_person_and_cooling_none(second: Second) -> None:
    for released in ("NULL", f"'{second.vic.id}'"):
        second.refuses(
            f"UPDATE change_request SET state = 'pending', released_by = {released} "
            f"WHERE id = '{second.quarantined.request_id}'",
            by="change request release",
        )
    second.engine.arrange(
        "UPDATE field_change SET outcome = 'pending' WHERE request_id = :id",
        {"id": second.cooling.request_id},
    )
    second.engine.arrange(
        "UPDATE change_request SET state = 'pending' WHERE id = :id",
        {"id": second.cooling.request_id},
    )


def test_why_a_request_is_held_changes_one_way_only(second: Second) -> None:
    """Or the thief who holds the account would say that it only cools down."""
    for request in (second.quarantined, second.held, second.waiting):
        for forged in ("'cooling'", "'desk'", "NULL"):
            if request is second.waiting and forged == "'desk'":
                continue
            second.refuses(
                f"UPDATE change_request SET held_for = {forged} WHERE id = '{request.request_id}'",
                by="change request held",
            )
    second.engine.arrange(
        "UPDATE change_request SET held_for = 'quarantine' WHERE id = :id",
        {"id": second.cooling.request_id},
    )


def test_nobody_closes_the_own_alert_and_none_is_opened_again(second: Second) -> None:
    vic, me, at = second.vic.id, second.engine.owner.id, "'2026-03-02 10:00:00'"
    for forged in (f"closed_by = '{vic}', closed_at = {at}", f"closed_at = {at}"):
        second.refuses(f"UPDATE staff_alert SET {forged}", by="staff alert second")
    second.engine.arrange(f"UPDATE staff_alert SET closed_by = '{me}', closed_at = {at}")
    for forged in ("closed_by = NULL, closed_at = NULL", f"closed_at = '2026-03-03 {at[12:]}"):
        second.refuses(f"UPDATE staff_alert SET {forged}", by="staff alert second")
    born = {"id": "'new'", "closed_by": f"'{me}'", "closed_at": at}
    second.refuses(copy("staff_alert", "TRUE", born), by="staff alert birth")


def test_nothing_is_born_with_its_second_person(second: Second) -> None:
    vic, at = f"'{second.vic.id}'", "'2026-03-02 10:00:00'"
    born = {"id": "'new'", "second_id": vic, "confirmed_at": at}
    second.refuses(copy("desk_confirmation", "TRUE", born), by="desk confirmation birth")
    born = {"id": "'new'", "patron_id": f"'{second.leaving.id}'", "first_id": vic}
    second.refuses(copy("patron_freeze", "TRUE", born), by="patron freeze birth")
    born = {"id": "'new'", "patron_id": f"'{second.disputed.id}'", "confirmed_at": at}
    second.refuses(copy("erasure", "TRUE", born), by="erasure birth")


def test_the_desk_approves_nothing_before_a_second_person(second: Second) -> None:
    mine = f"request_id = '{second.waiting.request_id}'"
    second.refuses(
        f"UPDATE field_change SET outcome = 'pending' WHERE {mine}",
        f"UPDATE field_change SET outcome = 'approved' WHERE {mine}",
        by="field change approval",
    )
    change = second.engine.view(second.waiting).fields[0].id
    # A field change of the desk cannot be smuggled into a request that mailboxes decide.
    smuggled = {"id": "'new'", "kind": "'change'", "field": "'name'"}
    second.refuses(copy("field_change", f"id = '{change}'", smuggled), by="field change birth")


def test_a_revert_gives_back_only_what_was_replaced(second: Second) -> None:
    """Also with the right kind and on a decided request, no other value comes in this way."""
    patron = second.engine.patron("uwe@example.com", "Uwe")
    request, link = second.engine.asked(patron, "uwe1@example.org")
    second.engine.decide(link)
    change = second.engine.view(request).fields[0].id
    evil = '{"email":"evil@example.org","email_key":"evil@example.org"}'
    for values in (
        {"proposed_value": f"'{evil}'", "current_value": "proposed_value"},
        {"proposed_value": "current_value", "current_value": f"'{evil}'"},
    ):
        forged = {"id": "'new'", "kind": "'revert'", "outcome": "'pending'", **values}
        second.refuses(copy("field_change", f"id = '{change}'", forged), by="field change birth")
    true = {
        "id": "'new'",
        "kind": "'revert'",
        "outcome": "'pending'",
        "proposed_value": "current_value",
        "current_value": "proposed_value",
    }
    for outcome in ("'approved'", "'applied'"):
        born = true | {"outcome": outcome}
        second.refuses(copy("field_change", f"id = '{change}'", born), by="field change birth")


def test_a_try_is_never_taken_back_and_no_link_revived(second: Second) -> None:
    patron = second.engine.patron("eva@example.com", "Eva")
    request = second.engine.propose(patron, "eva1@example.org")
    second.engine.clock.advance(days(0.1))
    assert not second.engine.redeem(request, "ABCD-EFGH")
    for forged in ("code_tries = 0", "code_tries = -1", "link_version = 0"):
        second.refuses(
            f"UPDATE change_request SET {forged} WHERE id = '{request.request_id}'",
            by="change request links",
        )
