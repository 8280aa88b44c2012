"""Who among us gets what of which record, and when the patron knows: each cell of a table, played.

`docs/security.md` shows the same table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.attack import copy
from tests.support.factories import PROTECTED
from tests.support.keyring import RING
from tests.support.project import ROOT
from tests.support.takeover import Fate, House, Record, Target, Thief, play
from upstage_crm.audit import trail
from upstage_crm.audit.chain import canonical
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.jobs import integrity_checks
from upstage_crm.proof import integrity, repair
from upstage_crm.staff.roles import Role, StaffMember


class Attacker(StrEnum):
    """Who wants a patron's record. Each has a mailbox of their own."""

    CLERK = "clerk"
    READER = "clerk who reads the patron's mailbox, too"
    MANAGER = "manager"
    OWNER = "owner"
    PLANNER = "owner, prepared for a week"
    ROLE = "database role"


class Outcome(StrEnum):
    """What a thief gets of a record; `FATES` says it in hours."""

    SILENCE = "after 72 h of silence"
    SHORT_SILENCE = "after 24 h of silence"
    UNDONE = "at once, can be undone"
    NOTHING = "nothing"
    SECOND = "nothing alone"
    UNSEEN = "unseen"
    FOUND = "found"


FATES: Mapping[Outcome, Collection[Fate]] = {
    Outcome.SILENCE: [Fate(address=72, rest=144, told=0, is_kept=True)],
    Outcome.SHORT_SILENCE: [Fate(address=24, rest=48, told=0, is_kept=True)],
    Outcome.UNDONE: [Fate(address=0, rest=hours, told=0, is_kept=True) for hours in (24, 72)],
    Outcome.NOTHING: [Fate(address=None, rest=None, told=0, is_kept=True)],
    Outcome.SECOND: [Fate(address=None, rest=None, told=None, is_kept=True)],
    Outcome.UNSEEN: [
        Fate(address=0, rest=hours, told=None, is_kept=False) for hours in (0, 24, 72)
    ],
}


def row(*, alone: Outcome, reader: Outcome, prepared: Outcome) -> dict[Attacker, Outcome]:
    """One record. A member alone gets the same of it in every role."""
    return {
        Attacker.CLERK: alone,
        Attacker.READER: reader,
        Attacker.MANAGER: alone,
        Attacker.OWNER: alone,
        Attacker.PLANNER: prepared,
        Attacker.ROLE: Outcome.FOUND,
    }


SILENCE, SHORT_SILENCE, UNDONE = Outcome.SILENCE, Outcome.SHORT_SILENCE, Outcome.UNDONE
NOTHING, SECOND, UNSEEN = Outcome.NOTHING, Outcome.SECOND, Outcome.UNSEEN
TABLE: Mapping[Record, Mapping[Attacker, Outcome]] = {
    Record.PROVEN: row(alone=SILENCE, reader=UNSEEN, prepared=SHORT_SILENCE),
    Record.UNPROVEN: row(alone=SILENCE, reader=UNSEEN, prepared=SHORT_SILENCE),
    Record.TYPED_LATELY: row(alone=UNDONE, reader=UNSEEN, prepared=UNDONE),
    Record.STAKE: row(alone=SILENCE, reader=UNSEEN, prepared=SHORT_SILENCE),
    Record.PROTECTED: row(alone=NOTHING, reader=UNSEEN, prepared=SHORT_SILENCE),
    Record.COMES_BACK: row(alone=SECOND, reader=UNSEEN, prepared=UNSEEN),
    Record.DEAD: row(alone=UNSEEN, reader=UNSEEN, prepared=UNSEEN),
    Record.NO_EMAIL: row(alone=UNSEEN, reader=UNSEEN, prepared=UNSEEN),
    Record.DEAD_STAKE: row(alone=SECOND, reader=SECOND, prepared=UNSEEN),
    Record.NO_EMAIL_STAKE: row(alone=SECOND, reader=SECOND, prepared=UNSEEN),
}


@pytest.fixture
def house(database: Database, clock: FrozenClock, tmp_path: Path) -> House:
    return House(database, clock, tmp_path)


def column(attacker: Attacker) -> dict[Record, Outcome]:
    return {record: outcomes[attacker] for record, outcomes in TABLE.items()}


def prepare(house: House, second: list[StaffMember]) -> None:
    """What an owner does a week before: a second account, and the shortest times there are."""
    second.append(house.invited("Vera", Role.OWNER))
    day = timedelta(hours=24)
    times = {"notice_period": day, "desk_wait": day, "revert_window": day}
    house.set_policy(replace(DEFAULT, **times))


@pytest.mark.story
@pytest.mark.parametrize("attacker", [who for who in Attacker if who is not Attacker.ROLE])
def test_what_a_member_gets_of_each_record_and_when_the_patron_knows(
    house: House, attacker: Attacker
) -> None:
    second: list[StaffMember] = []
    is_planner = attacker is Attacker.PLANNER
    targets = house.settle_in(lambda: prepare(house, second) if is_planner else None)
    role = {Attacker.MANAGER: Role.MANAGER, Attacker.CLERK: Role.BOX_OFFICE}
    role[Attacker.READER] = Role.BOX_OFFICE
    own = house.staff("Vic", role[attacker]) if attacker in role else house.owner
    thief = Thief(house, own, *second, reads_patrons=attacker is Attacker.READER)

    played = play(house, thief, targets)

    expected = {record: FATES[outcome] for record, outcome in column(attacker).items()}
    wrong = {record: fate for record, fate in played.items() if fate not in expected[record]}
    assert wrong == {}


def test_what_the_databases_role_forges_is_found_before_it_helps(house: House) -> None:
    """A plain write is refused. An approval in the very shape of ours is taken, and is found."""
    assert set(column(Attacker.ROLE).values()) == {Outcome.FOUND}
    targets = house.settle_in(lambda: None)
    assert integrity_checks.watch_rows(house.parts) == 0
    shape = house.propose(house.patron("shape@example.com", "Shape"), "own@thief.example")

    for target in targets:
        with pytest.raises(DBAPIError), house.database.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE patron SET {address(target)}")
        with house.database.engine.begin() as connection:
            for statement in forged(target, shape.request_id):
                connection.exec_driver_sql(statement)
    house.clock.advance(timedelta(seconds=integrity_checks.EVERY_S))
    integrity_checks.watch_rows(house.parts)
    house.settle()

    assert {f"own@{target.patron.number}.example" for target in targets} <= set(
        house.column("SELECT email FROM patron")
    )
    found = {one.ref for one in house.read(integrity.standing)}
    assert {("patron", target.patron.id) for target in targets} <= found
    alarms = [m for m in house.mailbox.messages if "data changed outside the CRM" in m.subject]
    assert [mail.to for mail in alarms] == [house.owner.email_key]
    for target in targets:
        # Not one command works on such a record, so nothing follows from the address.
        with pytest.raises(RowNotProven):
            house.propose(target.patron, changes={"phone": {"phone": "+1 212 555 0142"}})
    restore(house)
    assert {target.mailbox or None for target in targets} == {
        house.record(target.patron).values["email"] for target in targets
    }
    assert integrity_checks.watch_rows(house.parts) == 0


def address(target: Target) -> str:
    own = f"own@{target.patron.number}.example"
    return f"email = '{own}', email_key = '{own}' WHERE id = '{target.patron.id}'"


def forged(target: Target, request_id: str) -> list[str]:
    """An approval as the product would leave it: a request, its field, a review, the values."""
    n, own = target.patron.number, f"own@{target.patron.number}.example"
    before = target.mailbox or None
    values = {
        "id": f"'change-{n}'",
        "request_id": f"'request-{n}'",
        "patron_id": f"'{target.patron.id}'",
        "current_value": f"'{canonical({'email': before, 'email_key': before})}'",
        "proposed_value": f"'{canonical({'email': own, 'email_key': own})}'",
        "proposed_key": f"'{own}'",
    }
    request = {"id": f"'request-{n}'", "reference": f"'{n}'", "patron_id": values["patron_id"]}
    review = {
        "id": f"'review-{n}'",
        "field_change_id": values["id"],
        "request_id": values["request_id"],
        "mailbox": f"'{own}'",
    }
    of_shape = f"request_id = '{request_id}'"
    decided = "decision = 'approve', channel = 'patron_page', decided_at = '2026-03-02 10:00:00'"
    settled = "outcome = 'approved', settled_at = '2026-03-02 10:00:00'"
    return [
        copy("change_request", f"id = '{request_id}'", request),
        copy("field_change", of_shape, values),
        copy("review", f"{of_shape} AND reviewer = 'proposed'", review),
        f"UPDATE review SET {decided} WHERE id = 'review-{n}'",
        f"UPDATE field_change SET {settled} WHERE id = 'change-{n}'",
        f"UPDATE patron SET {address(target)}",
    ]


def restore(house: House) -> None:
    """What `upstage-crm audit repair` does."""
    owner = Database(house.owned)
    trail.attach(owner, RING)
    with owner.transaction() as session:
        repair.repair_all(session, PROTECTED, now=house.now)


# --- the documents --------------------------------------------------------------------------------


def test_the_table_of_the_documents_is_the_one_that_was_played() -> None:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    lines = [["record", *Attacker], ["---"] * (1 + len(Attacker))]
    lines += [[record, *(TABLE[record][who] for who in Attacker)] for record in Record]

    assert "\n".join(f"| {' | '.join(cells)} |" for cells in lines) in text
    for outcome in Outcome:
        assert f"\n- **{outcome}**: " in text, outcome
