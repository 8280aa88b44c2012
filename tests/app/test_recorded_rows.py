"""Every recorded row: altered, deleted, copied, put back to an older state, it is found.

The cases come from `proven_rows`, so a table that is added to it is tested too. The attacker may
drop guards here: what the guards refuse is in `test_guards`.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from tests.support.engines import superusers
from tests.support.keyring import over, refusals_off
from tests.support.proof import verified
from tests.support.town import PARTS, Row, Town, another, is_unique, unguarded
from upstage_crm.audit import recorded, states, trail
from upstage_crm.audit.errors import RowNotProven
from upstage_crm.audit.findings import Problem
from upstage_crm.audit.guards.frozen_columns import NEVER_UPDATED
from upstage_crm.audit.proven_rows import RECORDED, Part
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database

pytestmark = pytest.mark.each_database

OTHER_ID = "f" * 32


@pytest.fixture
def town(database: Database, clock: FrozenClock, tmp_path: Path) -> Town:
    return Town(database, clock, tmp_path)


@contextmanager
def attack(town: Town) -> Generator[Connection]:
    """A connection without guards whose writes never stay."""
    engine = superusers(town.database.engine)
    with engine.connect() as connection, connection.begin() as transaction:
        unguarded(connection)
        yield connection
        transaction.rollback()


def found(connection: Connection, ref: tuple[str, str]) -> RowNotProven | None:
    with over(connection) as session:
        return recorded.disagreement(session, *ref)


def problem(connection: Connection, ref: tuple[str, str]) -> Problem | None:
    refusal = found(connection, ref)
    return None if refusal is None else refusal.problem


def copied(table: sa.Table, is_this: sa.ColumnElement[bool], changed: dict[str, Any]) -> sa.Insert:
    """An INSERT of the same rows with other values for some columns."""
    values = [
        sa.literal(changed[c.name], c.type).label(c.name) if c.name in changed else c
        for c in table.columns
    ]
    return sa.insert(table).from_select(list(table.columns), sa.select(*values).where(is_this))


UPDATED = [pair for pair in PARTS if pair[1].table not in NEVER_UPDATED]
"""The parts whose rows have an earlier state, and which the app's role may write."""


def deciding(part: Part, table: sa.Table) -> sa.Column[Any]:
    """A column that decides, and that no other table refers to or from."""
    return next(
        column
        for column in table.columns
        if column.name not in (*part.rest, *part.secrets, part.key, part.subject)
        and not column.foreign_keys
        and not column.primary_key
        and not is_unique(table, column)
        and not isinstance(column.type, sa.Enum)
    )


def test_the_town_is_as_the_trail_says(town: Town) -> None:
    """Nothing below is found for another reason, and no part of a subject is without a row."""
    report = verified(town.engine)

    assert report.is_clean, report.differences
    assert town.watch.turn(now=town.engine.now) == ()
    for subject, part in PARTS:
        town.row(subject, part)


def test_a_column_that_came_later_is_as_it_was_born(town: Town) -> None:
    """A flag that is down reads as `0` on SQLite and as `false` on PostgreSQL."""
    subject, columns = RECORDED["staff"], ("by_operator", "epoch")
    invited = "UPDATE staff SET by_operator = FALSE, epoch = 0 WHERE id = :id"
    town.engine.arrange(invited, {"id": town.zoe.id}, unguarded=True)
    with town.database.engine.connect() as connection:
        (now,) = recorded.read(connection, subject, [town.zoe.id])
    older = json.loads(now.text)
    for column in columns:
        del older["staff"][0][column]

    assert states.differences(subject, json.dumps(older), now.text) == []


# --- the attacker writes rows ---------------------------------------------------------------------


def test_every_deciding_column_is_found_and_named(town: Town) -> None:
    for subject, part in PARTS:
        row = town.row(subject, part)
        for column in row.table.columns:
            with attack(town) as connection:
                change = {column.name: another(column)}
                connection.execute(sa.update(row.table).where(row.is_this).values(change))
                refusal = found(connection, row.ref)
            where = f"{part.table}.{column.name}"
            if column.name in part.rest:
                assert refusal is None, where
                continue
            assert refusal is not None, where
            if column.name not in (part.key, part.subject):
                assert refusal.detail == f"{part.table} {row.key}: {column.name}", where


def test_a_value_that_went_is_found(town: Town) -> None:
    for subject, part in PARTS:
        row = town.row(subject, part)
        for column in row.table.columns:
            if not column.nullable or column.name in part.rest:
                continue
            with attack(town) as connection:
                was_empty = connection.scalar(sa.select(column.is_(None)).where(row.is_this))
                connection.execute(sa.update(row.table).where(row.is_this).values({column: None}))
                assert was_empty or found(connection, row.ref) is not None, column


def test_a_row_that_went_is_found(town: Town) -> None:
    for subject, part in PARTS:
        row = town.row(subject, part)
        with attack(town) as connection:
            connection.execute(sa.delete(row.table).where(row.is_this))
            refusal = found(connection, row.ref)

        assert refusal is not None, part
        is_root = part is subject.parts[0]
        assert refusal.problem is (Problem.ROW_GONE if is_root else Problem.ROW_ALTERED), part
        assert f"{part.table} {row.key}: gone" in refusal.detail


def test_a_copy_of_a_row_is_refused_or_found(town: Town) -> None:
    """Under another key it is known to no entry, in its subject or as one of its own."""
    refused: set[str] = set()
    for subject, part in PARTS:
        row, is_root = town.row(subject, part), part is subject.parts[0]
        key = row.table.c[part.key]
        other: Any = 2 if isinstance(key.type, sa.Integer) else OTHER_ID
        fresh = {
            column.name: 99 if isinstance(column.type, sa.Integer) else "zz"
            for column in row.table.columns
            if is_unique(row.table, column)
        }
        with attack(town) as connection:
            try:
                connection.execute(copied(row.table, row.is_this, fresh | {part.key: other}))
            except IntegrityError:
                refused.add(part.table)
                continue
            refusal = found(connection, (subject.name, str(other)) if is_root else row.ref)

        assert refusal is not None or part.key == part.subject, part
        if refusal is not None:
            expected = Problem.ROW_UNKNOWN if is_root else Problem.ROW_ALTERED
            assert refusal.problem is expected, part
    assert refused == {"patron_freeze", "erasure", "staff_alert"}  # one open one at most


def test_a_row_copied_to_another_subject_is_found(town: Town) -> None:
    """A yes, a factor, an identification, lent to another."""
    for subject, part in PARTS:
        if part is subject.parts[0]:
            continue
        row, root = town.row(subject, part), SQLModel.metadata.tables[subject.name]
        with attack(town) as connection:
            others = sa.select(root.c.id).where(root.c.id != row.subject_id)
            other = connection.scalar(others.order_by(root.c.id))
            change = {part.subject: other}
            connection.execute(sa.update(row.table).where(row.is_this).values(change))

            assert problem(connection, (subject.name, str(other))) is Problem.ROW_ALTERED, part
            assert problem(connection, row.ref) is Problem.ROW_ALTERED, part


def test_an_older_state_is_found(town: Town) -> None:
    """What a row was before the newest entry about it is no excuse."""
    with town.engine.owned.begin() as connection:
        refusals_off(connection)
    for subject, part in UPDATED:
        row = town.row(subject, part)
        column = deciding(part, row.table)
        change = sa.update(row.table).where(row.is_this)
        with town.database.engine.connect() as connection:
            older = connection.scalar(sa.select(column).where(row.is_this))
        with town.database.transaction() as session:
            recorded.prove(session, *row.ref)
            session.connection().execute(change.values({column: another(column)}))
            trail.record(session, [], now=town.engine.now)

        with attack(town) as connection:
            assert found(connection, row.ref) is None, part
            connection.execute(change.values({column: older}))
            assert problem(connection, row.ref) is Problem.ROW_ALTERED, part


# --- the attacker writes evidence -----------------------------------------------------------------


@pytest.mark.parametrize("tables", [("audit_value",), ()], ids=["with values", "without values"])
def test_an_older_commitment_copied_to_the_end_is_found(town: Town, tables: Sequence[str]) -> None:
    """The entry with its signature and a pointer, under the next number."""
    for subject in RECORDED.values():
        row = town.row(subject, subject.parts[0])
        about = f"subject = '{row.subject}' AND row_id = '{row.subject_id}'"
        with attack(town) as connection:
            run = connection.exec_driver_sql
            old = run(f"SELECT max(seq) FROM recorded_row WHERE {about}").scalar()
            new = run("SELECT max(seq) + 1 FROM audit_entry").scalar()
            for name in ("audit_entry", "recorded_row", *tables):
                table = SQLModel.metadata.tables[name]
                fresh = {"seq": new} | ({"hash": "0" * 64} if name == "audit_entry" else {})
                connection.execute(copied(table, table.c.seq == old, fresh))

            assert problem(connection, row.ref) is Problem.ENTRY_UNSIGNED, subject


def test_altered_evidence_is_found(town: Town) -> None:
    for subject in RECORDED.values():
        row = town.row(subject, subject.parts[0])
        for statement, expected in on_evidence(row):
            with attack(town) as connection:
                connection.exec_driver_sql(statement)
                assert problem(connection, row.ref) is expected, statement


def on_evidence(row: Row) -> Sequence[tuple[str, Problem]]:
    """The state and its salt behind the commitment, the pointer, the entry itself."""
    about = f"subject = '{row.subject}' AND row_id = '{row.subject_id}'"
    newest = f"(SELECT max(seq) FROM recorded_row WHERE {about})"
    value = f"seq = {newest} AND name = 'row:{row.subject}:{row.subject_id}'"
    return (
        (f"UPDATE audit_value SET value = '{{}}' WHERE {value}", Problem.EVIDENCE_ALTERED),
        (f"UPDATE audit_value SET salt = 'x' WHERE {value}", Problem.EVIDENCE_ALTERED),
        (f"DELETE FROM audit_value WHERE {value}", Problem.EVIDENCE_GONE),
        (f"DELETE FROM recorded_row WHERE {about}", Problem.ROW_UNKNOWN),
        (f"UPDATE audit_entry SET facts = '[' WHERE seq = {newest}", Problem.ENTRY_UNSIGNED),
    )


def test_a_pointer_that_went_is_found_by_the_check_of_everything(town: Town) -> None:
    """Without the newest pointer an older state passes for the newest."""
    town.engine.protect(town.ole, town.zoe)
    about = f"subject = 'patron' AND row_id = '{town.ole.id}'"
    newest = f"SELECT max(seq) FROM recorded_row WHERE {about}"

    town.engine.forge(
        f"DELETE FROM recorded_row WHERE {about} AND seq = ({newest})",
        f"UPDATE patron SET is_protected = FALSE WHERE id = '{town.ole.id}'",
        unguarded=True,
    )

    assert town.engine.read(lambda s: recorded.disagreement(s, "patron", town.ole.id)) is None
    report = verified(town.engine)
    assert {one.problem for one in report.differences} == {Problem.EVIDENCE_GONE}


# --- commands -------------------------------------------------------------------------------------


def test_a_command_that_touches_a_row_it_has_not_proven_cannot_commit(town: Town) -> None:
    with town.engine.owned.begin() as connection:
        refusals_off(connection)
    for subject, part in UPDATED:
        row = town.row(subject, part)
        column = deciding(part, row.table)
        change = sa.update(row.table).where(row.is_this).values({column: another(column)})

        def touch(session: Session, change: sa.Update = change) -> None:
            session.connection().execute(change)

        def touch_and_record(session: Session, change: sa.Update = change) -> None:
            session.connection().execute(change)
            trail.record(session, [], now=town.engine.now)

        for command in (touch, touch_and_record):
            with pytest.raises(RowNotProven) as caught:
                town.engine.write(command)
            assert (caught.value.subject, caught.value.row_id) == row.ref
            assert caught.value.problem is Problem.UNPROVEN


def protect(session: Session, patron_id: str, change: str = "is_protected = TRUE") -> None:
    statement = sa.text(f"UPDATE patron SET {change} WHERE id = :id")
    session.connection().execute(statement, {"id": patron_id})


def test_a_row_that_is_proven_counts_for_no_other_one(town: Town) -> None:
    def command(session: Session) -> None:
        recorded.prove(session, "patron", town.ole.id)
        protect(session, town.ole.id)
        protect(session, town.mara.id)
        trail.record(session, [], now=town.engine.now)

    with pytest.raises(RowNotProven) as caught:
        town.engine.write(command)

    assert caught.value.row_id == town.mara.id


def test_a_command_that_does_not_record_what_it_touches_cannot_commit(town: Town) -> None:
    """Also when it touches once more after its entry."""

    def command(session: Session) -> None:
        recorded.prove(session, "patron", town.ole.id)
        protect(session, town.ole.id)
        trail.record(session, [], now=town.engine.now)
        protect(session, town.ole.id, "email_verified_at = created_at")

    with pytest.raises(RuntimeError, match="touched and not recorded: patron"):
        town.engine.write(command)
    assert not town.engine.record(town.ole).is_protected


def test_what_a_command_has_changed_itself_is_proven_still(town: Town) -> None:
    """A command that calls another one: the same rows are locked and proven twice."""

    def command(session: Session) -> None:
        recorded.prove(session, "patron", town.ole.id)
        protect(session, town.ole.id)
        recorded.prove(session, "patron", town.ole.id)
        trail.record(session, [], now=town.engine.now)

    town.engine.write(command)

    assert town.engine.record(town.ole).is_protected
    assert verified(town.engine).is_clean


def test_what_a_command_changed_without_a_proof_is_none_of_its_own(town: Town) -> None:
    def command(session: Session) -> None:
        protect(session, town.ole.id)
        recorded.prove(session, "patron", town.ole.id)

    with pytest.raises(RowNotProven) as caught:
        town.engine.write(command)

    assert caught.value.problem is Problem.ROW_ALTERED
