"""The running server finds what was written past it within one turn, and says so once."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.base import Executable
from sqlmodel import SQLModel

from tests.support.factories import Desk
from tests.support.forging import forge_entry
from tests.support.keyring import OTHER_RING, RING, over, rotate
from tests.support.town import PARTS, Town, another, is_unique
from upstage_crm.audit import seals, trail
from upstage_crm.audit.errors import RowNotProven, TrailKeyUnknown
from upstage_crm.audit.events import Action
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.guards.frozen_columns import NEVER_UPDATED
from upstage_crm.audit.proven_rows import SEALED
from upstage_crm.audit.signing import SigningKey
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.proof import integrity
from upstage_crm.proof.integrity import TRAIL, Position
from upstage_crm.proof.watch import OLDER, Watch, Witness
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import Role, StaffMember

pytestmark = pytest.mark.each_database

EVIL = SigningKey.derive("evil", b"e" * 32)


class Server:
    """A desk and the watch of the process that serves it."""

    def __init__(self, desk: Desk, file: Path) -> None:
        self.desk, self.file = desk, file
        self.vic = desk.staff("Vic", Role.BOX_OFFICE)
        # The role was changed before, so an instant of it may stay as it is: see `staff since`.
        desk.arrange("UPDATE staff SET role_at = created_at WHERE id = :id", {"id": self.vic.id})
        self.restart()
        assert self.turn() == []

    def restart(self) -> None:
        """Another process, with the same file beside its keys."""
        self.watch = Watch(self.desk.database, Witness(self.file))

    def turn(self) -> list[tuple[str, str, Problem]]:
        found = self.watch.turn(now=self.desk.now)
        return [(one.subject, one.row_id, one.problem) for one in found]

    def standing(self) -> list[tuple[str, str]]:
        return [one.ref for one in self.desk.read(integrity.standing)]

    def seen(self) -> Position | None:
        """How far the file says that the trail was checked."""
        name = self.desk.read(lambda session: trail.hash_at(session, 1))
        assert name is not None
        return Witness(self.file).read(name)

    def promote(self, member: StaffMember, role: str = "owner") -> None:
        new = f"role = '{role}', role_at = created_at"
        self.desk.forge(f"UPDATE staff SET {new} WHERE id = '{member.id}'")


@pytest.fixture
def server(desk: Desk, tmp_path: Path) -> Server:
    return Server(desk, tmp_path / "heads.json")


# --- any row, with the guards up and no more than the rights of the app ---------------------------


@pytest.fixture
def town(database: Database, clock: FrozenClock, tmp_path: Path) -> Town:
    return Town(database, clock, tmp_path)


def is_refused(town: Town, statement: Executable, ref: tuple[str, str]) -> bool:
    """Whether the database refuses a raw write; if it does not, a turn would find the row."""
    with town.database.engine.connect() as connection, connection.begin() as transaction:
        last = connection.scalar(sa.text("SELECT coalesce(max(n), 0) FROM touched_row"))
        try:
            connection.execute(statement)
        except DBAPIError:
            return True
        with over(connection) as session:
            named = integrity.touched_after(session, int(last or 0))
            found = {one.ref for one in integrity.examine(session, named)}
        transaction.rollback()
    assert ref in named, "no trigger wrote it into the log"
    assert ref in found
    return False


def test_a_raw_update_of_a_recorded_row_is_refused_or_found(town: Town) -> None:
    found: set[str] = set()
    for subject, part in PARTS:
        for row in town.rows(subject, part):
            for column in row.table.columns:
                if column.name in part.rest:
                    continue
                update = sa.update(row.table).where(row.is_this).values({column: another(column)})
                if not is_refused(town, update, row.ref):
                    found.add(part.table)
            if part.table in found:
                break  # a decided review refuses every column, an open one does not
    assert found == {part.table for _subject, part in PARTS} - {"staff_alert", *NEVER_UPDATED}


def test_a_raw_delete_of_a_recorded_row_is_refused_or_found(town: Town) -> None:
    for subject, part in PARTS:
        row = town.row(subject, part)
        is_refused(town, sa.delete(row.table).where(row.is_this), row.ref)


def test_a_raw_update_of_a_sealed_row_is_refused_or_found(town: Town) -> None:
    found: set[str] = set()
    for name, sealed in SEALED.items():
        row, table = town.sealed(name), SQLModel.metadata.tables[name]
        is_this = sa.and_(*(table.c[key] == row[key] for key in sealed.key))
        for column in (*sealed.frozen, "seal"):
            change = {column: sa.null()} if column == "seal" else {column: another(table.c[column])}
            update = sa.update(table).where(is_this).values(change)
            if not is_refused(town, update, (name, seals.row_id(name, row))):
                found.add(name)
    assert found == {*SEALED} - {*NEVER_UPDATED} - {"link_code"}


def test_a_raw_insert_of_a_sealed_row_is_found(town: Town) -> None:
    for name, sealed in SEALED.items():
        row, table = town.sealed(name), SQLModel.metadata.tables[name]
        fresh = {column.name: "zz" for column in table.columns if is_unique(table, column)}
        made = {**row, **fresh, sealed.key[-1]: "f" * 32}
        if "version" in made:
            made["version"] = 99
        if name == "ticket_transfer":
            made["ticket_id"] = town.kept  # a ticket is in one offer
        assert not is_refused(town, sa.insert(table).values(made), (name, seals.row_id(name, made)))


def test_a_raw_delete_of_a_sealed_row_is_refused_or_found(town: Town) -> None:
    """But for those that grant nothing once they are gone."""
    harmless = {"staff_session", "staff_device"}
    harmless |= {"patron_registration", "patron_session", "patron_sign_in"}
    for name in {*SEALED} - harmless:
        row, table = town.sealed(name), SQLModel.metadata.tables[name]
        is_this = sa.and_(*(table.c[key] == row[key] for key in SEALED[name].key))
        is_refused(town, sa.delete(table).where(is_this), (name, seals.row_id(name, row)))


# --- turns ----------------------------------------------------------------------------------------


def test_a_quiet_house_is_no_finding(server: Server) -> None:
    server.desk.decide(server.desk.asked(server.desk.patron())[1])

    assert server.turn() == []
    assert server.standing() == []


def test_a_raw_write_is_found_within_one_turn_and_told_once(server: Server) -> None:
    server.promote(server.vic)

    assert server.turn() == [("staff", server.vic.id, Problem.ROW_ALTERED)]
    assert server.turn() == []
    assert server.standing() == [("staff", server.vic.id)]
    (line,) = server.desk.lines(action=Action.TAMPERING_FOUND)
    assert line.facts == {"row": f"staff {server.vic.id}", "problem": "row_altered"}


def test_a_finding_names_columns_and_no_value(server: Server) -> None:
    server.promote(server.vic)
    server.turn()

    (found,) = server.desk.read(integrity.standing)

    assert found.detail == f"staff {server.vic.id}: role"


def test_a_finding_ends_when_its_row_is_as_it_was(server: Server) -> None:
    server.promote(server.vic)
    server.turn()
    server.promote(server.vic, "box_office")

    assert server.turn() == []
    assert server.standing() == []
    assert len(server.desk.lines(action=Action.TAMPERING_ENDED)) == 1


def test_a_finding_stands_for_as_long_as_its_row_differs(server: Server) -> None:
    """Also when the row is written once more, to a third value."""
    server.promote(server.vic)
    server.turn()
    server.promote(server.vic, "auditor")

    assert server.turn() == []
    assert server.standing() == [("staff", server.vic.id)]


def test_what_came_back_and_goes_again_is_told_again(server: Server) -> None:
    for role in ("owner", "box_office", "owner"):
        server.promote(server.vic, role)
        server.turn()

    assert len(server.desk.lines(action=Action.TAMPERING_FOUND)) == 2


def test_an_entry_that_nobody_signed_is_found(server: Server) -> None:
    seq = forge_entry(server.desk)

    assert server.turn() == [(TRAIL, str(seq), Problem.ENTRY_UNSIGNED)]
    server.desk.patron()
    assert server.turn() == []  # our entries after it hold, and it is told once


def test_an_entry_signed_by_a_key_of_the_forgers_is_found(server: Server) -> None:
    seq = forge_entry(server.desk, key=EVIL)

    assert (TRAIL, str(seq), Problem.ENTRY_ALTERED) in server.turn()


def test_a_key_of_the_forgers_is_found(server: Server) -> None:
    """It enters as ours do, with a signature of its own that fits."""
    enter(server.desk, EVIL)

    assert server.turn() == [(TRAIL, "key evil", Problem.TRAIL_KEY)]


def test_a_start_does_not_take_over_from_a_key_of_the_forgers(server: Server) -> None:
    """Our key would vouch for all that the forger's has signed."""
    enter(server.desk, EVIL)
    before = server.desk.entries

    with pytest.raises(TrailKeyUnknown):
        rotate(server.desk.database, to=OTHER_RING, now=server.desk.now)
    with pytest.raises(TrailKeyUnknown):
        rotate(server.desk.database, to=RING, now=server.desk.now)
    assert server.desk.entries == before


def test_a_key_of_ours_that_enters_is_no_finding(server: Server) -> None:
    rotate(server.desk.database, to=OTHER_RING, now=server.desk.now)
    server.desk.patron()

    assert server.turn() == []


def enter(desk: Desk, key: SigningKey) -> None:
    said = {"kid": key.kid, "public_key": key.public_key}
    said |= {"replaces": RING.signer.kid, "replaces_key": RING.signer.public_key}
    forge_entry(desk, key=key, action=Action.TRAIL_KEY_ENTERED, **said)


# --- restarts -------------------------------------------------------------------------------------


def test_a_restart_goes_on_where_the_last_process_ended(server: Server) -> None:
    server.desk.patron()
    server.turn()
    seen = server.seen()
    server.restart()

    assert server.turn() == []

    assert seen is not None
    assert (seen.seq, seen.hash) == server.desk.read(trail.head)
    assert seen.n == server.desk.scalar("SELECT max(n) FROM touched_row")
    assert server.seen() == seen


def test_what_was_written_while_no_server_ran_is_found_by_the_next_one(server: Server) -> None:
    server.promote(server.vic)
    server.restart()

    assert server.turn() == [("staff", server.vic.id, Problem.ROW_ALTERED)]


def test_a_server_that_has_lost_its_file_looks_at_everything_in_the_log(server: Server) -> None:
    server.promote(server.vic)
    server.turn()
    server.promote(server.vic, "box_office")
    server.turn()
    server.promote(server.vic)
    server.file.unlink()
    server.restart()

    assert server.turn() == [("staff", server.vic.id, Problem.ROW_ALTERED)]


def test_a_file_that_cannot_be_read_is_as_good_as_none(server: Server) -> None:
    for nonsense in ("", "[]", "{", '{"x": 1}'):
        server.file.write_text(nonsense, "utf-8")
        server.restart()
        assert server.turn() == []


def older(server: Server) -> None:
    """Put the database back to what it was before the newest entries."""
    desk = server.desk
    seq = desk.entries - 3
    desk.forge(
        *(f"DELETE FROM {name} WHERE seq > {seq}" for name in ("recorded_row", "audit_value")),
        f"DELETE FROM audit_entry WHERE seq > {seq}",
        f"UPDATE audit_head SET seq = {seq}, "
        f"hash = (SELECT hash FROM audit_entry WHERE seq = {seq})",
        unguarded=True,
    )


def test_an_older_database_is_a_finding(server: Server) -> None:
    """The file beside the keys has seen what the database no longer holds."""
    for number in range(4):
        server.desk.patron(f"p{number}@example.com")
    server.turn()
    seen = server.seen()
    older(server)
    server.restart()

    assert (TRAIL, OLDER, Problem.OLDER_DATABASE) in server.turn()

    (found,) = [one for one in server.desk.read(integrity.standing) if one.row_id == OLDER]
    assert seen is not None
    assert found.detail == f"entry {seen.seq}"
    assert server.seen() == seen  # it stays known, whatever is checked meanwhile
    server.restart()
    assert (TRAIL, OLDER) in server.standing()


def test_a_database_with_another_end_is_a_finding(server: Server) -> None:
    """Restored, and gone on with: as long as before, and not the same."""
    for number in range(4):
        server.desk.patron(f"p{number}@example.com")
    server.turn()
    older(server)
    for number in range(4):
        server.desk.patron(f"q{number}@example.com")
    server.restart()

    assert (TRAIL, OLDER, Problem.OLDER_DATABASE) in server.turn()


def test_another_database_is_no_older_one(server: Server, tmp_path: Path) -> None:
    """A new trail has a name of its own."""
    far = Position(tx=9, n=9, seq=9_999, hash="0" * 64)
    Witness(server.file).write("the first hash of another trail", far)
    server.restart()

    assert server.turn() == []
    assert Witness(server.file).read("the first hash of another trail") == far


def test_the_file_never_goes_back_by_itself(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "heads.json")
    witness.write("a", Position(seq=7))
    witness.write("a", Position(seq=5))

    assert witness.read("a") == Position(seq=7)
    witness.write("a", Position(seq=5), forget=True)
    assert witness.read("a") == Position(seq=5)
    assert witness.read("b") is None


# --- what the log does not name -------------------------------------------------------------------


def test_a_suspect_of_a_failed_proof_is_looked_at(server: Server) -> None:
    """The attacker switched the log off; a command that meets the row remembers it."""
    where = f"WHERE id = '{server.vic.id}'"
    server.desk.forge(f"UPDATE staff SET role = 'owner' {where}", unguarded=True)
    assert server.turn() == []

    with pytest.raises(RowNotProven):
        server.desk.read(lambda session: accounts.get_row(session, server.vic.id))

    assert server.turn() == [("staff", server.vic.id, Problem.ROW_ALTERED)]


def test_a_suspect_with_a_bad_seal_is_looked_at(server: Server) -> None:
    server.desk.patron()
    server.desk.propose(server.desk.patron("ole@example.com", "Ole"))
    server.turn()
    server.desk.forge("UPDATE mail_outbox SET subject = 'zz'", unguarded=True)
    assert server.turn() == []

    server.desk.deliver()

    assert {problem for _table, _id, problem in server.turn()} == {Problem.SEAL}


# --- attacks on the watch itself ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "row_id"),
    [
        ("staff_device", "no slash"),
        ("staff_device", "a/b/c/d"),
        ("staff", "nobody"),
        ("no table", "x"),
        ("policy", "not a number"),
        ("mail_outbox", ""),
    ],
)
def test_nonsense_in_the_log_does_not_stop_the_watch(
    server: Server, subject: str, row_id: str
) -> None:
    line = f"INSERT INTO touched_row (subject, row_id, op) VALUES ('{subject}', '{row_id}', 'x')"
    server.desk.forge(line)
    server.promote(server.vic)

    found = server.turn()

    assert ("staff", server.vic.id, Problem.ROW_ALTERED) in found
    assert Problem.ROW_ALTERED not in [problem for named, _id, problem in found if named != "staff"]


def test_a_row_that_cannot_be_read_is_a_finding_and_stops_nothing(server: Server) -> None:
    """A word that is none of ours, and an instant or bytes that our text of a row cannot hold."""
    desk = server.desk
    desk.propose(desk.patron())
    evil = "x'00ff'" if desk.database.engine.dialect.name == "sqlite" else "'infinity'"
    desk.forge(
        "UPDATE mail_outbox SET kind = 'nonsense'",
        f"UPDATE staff SET second_factor_at = {evil} WHERE id = '{server.vic.id}'",
        "UPDATE organisation SET name = 'Evil'",
    )

    found = {(subject, problem) for subject, _row_id, problem in server.turn()}

    assert found == {
        ("mail_outbox", Problem.ROW_ALTERED),
        ("staff", Problem.ROW_ALTERED),
        ("organisation", Problem.ROW_ALTERED),
    }


def test_a_finding_that_the_attacker_ends_is_found_itself(server: Server) -> None:
    server.promote(server.vic)
    server.turn()

    server.desk.forge("UPDATE integrity_finding SET ended_at = found_at")

    ((subject, _row_id, problem),) = server.turn()
    assert (subject, problem) == ("integrity_finding", Problem.ROW_ALTERED)
    assert server.standing() != []


def test_a_finding_of_the_attackers_takes_no_place_of_ours(server: Server) -> None:
    """One that stands already would not be told, and staff would restore what is right."""
    server.desk.forge(
        "INSERT INTO integrity_finding (id, subject, row_id, problem, detail, found_at) "
        f"VALUES ('{'f' * 32}', 'staff', '{server.vic.id}', 'row_altered', '', '2026-03-02')"
    )
    server.promote(server.vic)

    assert server.standing() == []
    assert sorted(server.turn()) == [
        ("integrity_finding", "f" * 32, Problem.ROW_UNKNOWN),
        ("staff", server.vic.id, Problem.ROW_ALTERED),
    ]


def test_a_word_in_a_forged_finding_stops_nothing(server: Server) -> None:
    server.desk.forge(
        "INSERT INTO integrity_finding (id, subject, row_id, problem, detail, found_at) "
        f"VALUES ('{'f' * 32}', 'staff', 'x', 'nonsense', '', '2026-03-02')"
    )

    assert server.standing() == []
    assert server.turn() == [("integrity_finding", "f" * 32, Problem.ROW_UNKNOWN)]


# --- PostgreSQL -----------------------------------------------------------------------------------


def test_a_transaction_that_commits_late_is_not_missed(server: Server) -> None:
    """Its lines of the log have lower numbers than those that were looked at before it."""
    desk = server.desk
    if desk.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    zoe = desk.staff("Zoe", Role.BOX_OFFICE)
    server.turn()
    with desk.database.engine.connect() as late, late.begin():
        late.execute(sa.text(f"UPDATE staff SET role = 'owner' WHERE id = '{server.vic.id}'"))
        server.promote(zoe)
        server.turn()
        server.turn()
    server.turn()

    assert sorted(server.standing()) == sorted([("staff", server.vic.id), ("staff", zoe.id)])
