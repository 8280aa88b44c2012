"""The database itself refuses what no patron approved, whoever speaks SQL to it.

Every attack runs through our own engine; on SQLite also as the bare `sqlite3` tool would run it:
without foreign keys and without `recursive_triggers`, where REPLACE fires no delete trigger.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from tests.support.factories import NEW, OLD, PROTECTED, Desk
from upstage_crm.audit import guards
from upstage_crm.change_requests.commands import Proposed
from upstage_crm.change_requests.rules import Decision, FieldOutcome, RequestState
from upstage_crm.links.claims import LinkClaims
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.tables import metadata

COLUMNS = [column for columns in PROTECTED.values() for column in columns]
GUARDED = (
    "patron",
    "change_request",
    "field_change",
    "review",
    "audit_entry",
    "audit_value",
    "audit_head",
)


@dataclass
class Scene:
    """Mara with every field and a pending email; Ole without a phone and with one proposed."""

    desk: Desk
    mara: PatronRecord
    ole: PatronRecord
    request: Proposed
    link: LinkClaims
    phone_request: Proposed

    @property
    def is_sqlite(self) -> bool:
        return self.desk.database.engine.dialect.name == "sqlite"

    @property
    def change(self) -> str:
        return self.desk.view(self.request).fields[0].id

    @property
    def phone_change(self) -> str:
        return self.desk.view(self.phone_request).fields[0].id

    def ours(self, *statements: str) -> None:
        """Run SQL in one transaction of our own engine."""
        with self.desk.database.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))

    def bare(self, *statements: str) -> None:
        """Run SQL on SQLite as an outsider's tool does: every protecting pragma at its default."""
        path = self.desk.database.engine.url.database
        assert path is not None
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            assert 0 == connection.execute("PRAGMA recursive_triggers").fetchone()[0]
            assert 0 == connection.execute("PRAGMA foreign_keys").fetchone()[0]
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(statement)
            connection.execute("COMMIT")

    def rows(self) -> list[list[tuple[object, ...]]]:
        """Every row of every guarded table, read without any help of ours: this runs often."""
        with self.desk.database.engine.connect() as connection:
            return [
                sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {table}")), key=repr)
                for table in GUARDED
            ]

    def ways(self) -> list[Callable[..., None]]:
        return [self.ours, self.bare] if self.is_sqlite else [self.ours]

    def refuses(self, *statements: str, by: str = "") -> None:
        """Every way of running the statements is refused, and not one row is another."""
        before = self.rows()
        for way in self.ways():
            with pytest.raises((DBAPIError, sqlite3.Error)) as caught:
                way(*statements)
            if by:
                assert f"upstage guard: {by}" in str(caught.value), statements
        assert before == self.rows(), statements

    def ignores(self, *statements: str) -> None:
        """The statements may pass without an error, but not one row is another."""
        before = self.rows()
        for way in self.ways():
            with contextlib.suppress(DBAPIError, sqlite3.Error):
                way(*statements)
        assert before == self.rows(), statements


@pytest.fixture
def scene(desk: Desk) -> Scene:
    resting = desk.patron(given_name="Ina")
    desk.run("UPDATE patron SET status = 'inactive' WHERE id = :id", {"id": resting.id})
    mara = desk.patron(
        phone="+1 212 555 0101",
        address_line1="1 Main Street",
        address_city="Springfield",
        address_country="US",
        date_of_birth="1961-03-04",
    )
    ole = desk.patron(email="ole@example.com", given_name="Ole", family_name="")
    request, link = desk.asked(mara)
    phone_request = desk.propose(ole, changes={"phone": {"phone": "+1 212 555 0199"}})
    return Scene(desk, mara, ole, request, link, phone_request)


def copy(
    table: str,
    where: str,
    changed: Mapping[str, str],
    *,
    verb: str = "INSERT",
    suffix: str = "",
    extra: Mapping[str, str] | None = None,
) -> str:
    """An INSERT of a copy of one row with some columns replaced by SQL expressions."""
    names = [column.name for column in metadata.tables[table].columns]
    values = [changed.get(name, name) for name in names]
    names, values = [*names, *(extra or {})], [*values, *(extra or {}).values()]
    return (
        f"{verb} INTO {table} ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM {table} WHERE {where} {suffix}"
    )


# --- protected columns ---------------------------------------------------------------------------


def test_the_guards_cover_every_protected_and_derived_column(scene: Scene) -> None:
    """A plain UPDATE of each column, to a value and to nothing, also of one that is empty."""
    for column in COLUMNS:
        for patron in (scene.mara, scene.ole):
            scene.refuses(f"UPDATE patron SET {column} = 'evil' WHERE id = '{patron.id}'")
        held = scene.desk.dump()["patron"]
        place = [c.name for c in metadata.tables["patron"].columns].index(column)
        if any(row[0] == scene.mara.id and row[place] is not None for row in held):
            scene.refuses(f"UPDATE patron SET {column} = NULL WHERE id = '{scene.mara.id}'")
    scene.refuses("UPDATE patron SET email = email || 'x'", by="patron email")
    scene.refuses("UPDATE patron SET email = 'MARA@example.com'", by="patron email")


def test_a_protected_column_hidden_among_free_ones_is_refused(scene: Scene) -> None:
    scene.refuses("UPDATE patron SET note = 'x', tags = 'y', phone = '1'", by="patron phone")
    scene.refuses(
        "UPDATE patron SET email = email, email_key = 'evil@example.org'", by="patron email"
    )


def test_free_columns_stay_free(scene: Scene) -> None:
    """The guards refuse for the right reason: the same statement without a value passes."""
    scene.ours("UPDATE patron SET note = 'x', tags = 'y', email = email, phone = phone")


def test_update_or_something_is_refused(scene: Scene) -> None:
    if not scene.is_sqlite:
        pytest.skip("SQLite's own grammar")
    where = f"WHERE id = '{scene.mara.id}'"
    for column in COLUMNS:
        for verb in ("OR REPLACE", "OR IGNORE"):
            scene.ignores(f"UPDATE {verb} patron SET {column} = 'evil' {where}")
    for verb in ("OR FAIL", "OR ROLLBACK", "OR ABORT"):
        scene.ignores(f"UPDATE {verb} patron SET email = 'evil' {where}")


def test_a_returning_record_cannot_replace_the_live_one(scene: Scene) -> None:
    """Ina rests with Mara's address; REPLACE would delete Mara when Ina comes back."""
    scene.refuses("UPDATE patron SET status = 'active'")
    if scene.is_sqlite:
        scene.refuses("UPDATE OR REPLACE patron SET status = 'active'", by="patron live email")


def test_identity_never_changes(scene: Scene) -> None:
    for column, value in (("id", "'x'"), ("number", "1"), ("created_at", "NULL")):
        scene.refuses(f"UPDATE patron SET {column} = {value} WHERE id = '{scene.mara.id}'")
    if scene.is_sqlite:
        number = scene.ole.number
        scene.refuses(f"UPDATE OR REPLACE patron SET number = {number} WHERE number <> {number}")
        scene.refuses(
            f"UPDATE OR REPLACE patron SET rowid = (SELECT rowid FROM patron WHERE id = "
            f"'{scene.mara.id}') WHERE id = '{scene.ole.id}'",
            by="patron identity",
        )


def test_an_insert_never_overwrites_a_patron(scene: Scene) -> None:
    """INSERT OR REPLACE, REPLACE, and UPSERT on every unique key of a patron."""
    where = f"id = '{scene.mara.id}'"
    keep = {"email": "'evil@example.org'", "email_key": "'evil@example.org'"}
    fresh = {"id": "'x'", "number": "1"}
    upsert = "ON CONFLICT (id) DO UPDATE SET email = 'evil@example.org'"
    statements = [
        copy("patron", where, keep),
        copy("patron", where, keep, suffix=upsert),
        copy("patron", where, keep | {"id": "'x'"}),
        copy("patron", where, keep | {"number": "1"}),
        copy("patron", where, fresh),
    ]
    if scene.is_sqlite:
        rowid = {"rowid": "rowid"}
        for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR FAIL"):
            statements += [
                copy("patron", where, keep, verb=verb),
                copy("patron", where, keep | {"id": "'x'"}, verb=verb),
                copy("patron", where, keep | {"number": "1"}, verb=verb),
                copy("patron", where, fresh, verb=verb),
                copy("patron", where, keep | fresh, verb=verb, extra=rowid),
            ]
    for statement in statements:
        scene.refuses(statement)


def test_a_patron_is_never_deleted(scene: Scene) -> None:
    """DELETE, and DELETE followed by an INSERT in the same transaction."""
    where = f"id = '{scene.mara.id}'"
    values = scene.desk.dump()["patron"]
    assert 3 == len(values)

    scene.refuses(f"DELETE FROM patron WHERE {where}", by="patron delete")
    scene.refuses("DELETE FROM patron", by="patron delete")
    scene.refuses(
        f"CREATE TEMPORARY TABLE kept AS SELECT * FROM patron WHERE {where}",
        f"DELETE FROM patron WHERE {where}",
        "UPDATE kept SET email = 'evil@example.org', email_key = 'evil@example.org'",
        "INSERT INTO patron SELECT * FROM kept",
    )


def test_nothing_guarded_is_ever_truncated(scene: Scene) -> None:
    if scene.is_sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    for table in GUARDED:
        scene.refuses(f"TRUNCATE {table} CASCADE")
        scene.refuses(f"TRUNCATE {table}")


def test_merge_and_copy_are_refused(scene: Scene) -> None:
    if scene.is_sqlite:
        pytest.skip("Postgres' own grammar")
    scene.refuses(
        "MERGE INTO patron p USING (SELECT 'evil@example.org' AS e) s ON p.email = "
        f"'{OLD}' WHEN MATCHED THEN UPDATE SET email = s.e"
    )
    scene.refuses("MERGE INTO patron p USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE")


def test_a_table_of_the_same_name_does_not_stand_before_the_real_one(scene: Scene) -> None:
    """A session's temporary `field_change` must not approve anything."""
    forged = (
        f"INSERT INTO pg_temp.field_change SELECT * FROM public.field_change "
        f"WHERE id = '{scene.change}'"
    )
    if scene.is_sqlite:
        forged = forged.replace("pg_temp.", "temp.").replace("public.", "main.")
    temp = "temp" if scene.is_sqlite else "pg_temp"
    main = "main" if scene.is_sqlite else "public"
    scene.refuses(
        f"CREATE TEMPORARY TABLE field_change AS SELECT * FROM {main}.field_change WHERE 1 = 0",
        forged,
        f"UPDATE {temp}.field_change SET outcome = 'approved'",
        f"UPDATE {main}.patron SET email = '{NEW}', email_key = '{NEW}' "
        f"WHERE id = '{scene.mara.id}'",
        by="patron email",
    )


# --- forged approvals ----------------------------------------------------------------------------


def approved(scene: Scene) -> list[str]:
    """What the commands do: the review first, then the field change. Legal, so it passes."""
    return [
        f"UPDATE review SET decision = 'approve' WHERE field_change_id = '{scene.change}'",
        f"UPDATE field_change SET outcome = 'approved' WHERE id = '{scene.change}'",
    ]


def written(value: str = NEW, *, key: str = NEW) -> str:
    return f"UPDATE patron SET email = '{value}', email_key = '{key}' WHERE email = '{OLD}'"


def test_an_approved_value_is_written_once_and_marked(scene: Scene) -> None:
    """The control for every attack below: in the right order, with the right value, it passes."""
    scene.ours(*approved(scene), f"{written()} AND status = 'active'")

    assert NEW == scene.desk.email(scene.mara)
    outcome = scene.desk.scalar(f"SELECT outcome FROM field_change WHERE id = '{scene.change}'")
    assert "applied" == outcome
    # It is used up: neither another value nor the old one can be written with it.
    scene.refuses(f"UPDATE patron SET email = '{OLD}', email_key = '{OLD}' WHERE email = '{NEW}'")


def test_an_approval_covers_its_own_value_only(scene: Scene) -> None:
    yes = approved(scene)

    scene.refuses(*yes, written("evil@example.org", key="evil@example.org"), by="patron email")
    scene.refuses(*yes, written(NEW, key="evil@example.org"), by="patron email")
    scene.refuses(*yes, written("Mara.New@example.org"), by="patron email")
    scene.refuses(*yes, f"UPDATE patron SET email = '{NEW}' WHERE id = '{scene.mara.id}'")
    scene.refuses(*yes, f"UPDATE patron SET email = NULL WHERE id = '{scene.mara.id}'")


def test_an_approval_covers_its_own_patron_and_field_only(scene: Scene) -> None:
    yes = approved(scene)
    to_ole = f"UPDATE patron SET email = '{NEW}', email_key = '{NEW}' WHERE id = '{scene.ole.id}'"

    scene.refuses(*yes, to_ole, by="patron email")
    scene.refuses(*yes, f"UPDATE patron SET phone = '{NEW}' WHERE id = '{scene.mara.id}'")
    scene.refuses(
        *yes,
        f"UPDATE patron SET email = '{NEW}', email_key = '{NEW}', phone = '1', phone_key = '1' "
        f"WHERE id = '{scene.mara.id}'",
        by="patron phone",
    )


def test_a_field_change_is_born_open(scene: Scene) -> None:
    where = f"id = '{scene.change}'"
    for outcome in (outcome for outcome in FieldOutcome if not outcome.is_open):
        forged = {"id": "'x'", "field": "'phone'", "outcome": f"'{outcome.value}'"}
        scene.refuses(copy("field_change", where, forged), by="field change birth")


def test_a_request_is_born_open(scene: Scene) -> None:
    where = f"id = '{scene.request.request_id}'"
    for state in (state for state in RequestState if not state.is_open):
        forged = {"id": "'x'", "reference": "'ZZ-ZZZ'", "state": f"'{state.value}'"}
        scene.refuses(copy("change_request", where, forged), by="change request birth")


def test_nothing_is_approved_without_a_review(scene: Scene) -> None:
    where = f"id = '{scene.change}'"
    born = copy("field_change", where, {"id": "'x'", "field": "'phone'"})

    scene.refuses(f"UPDATE field_change SET outcome = 'approved' WHERE {where}", by="field change")
    scene.refuses(
        born,
        "UPDATE field_change SET outcome = 'approved' WHERE id = 'x'",
        by="field change approval",
    )


def test_a_no_approves_nothing(scene: Scene) -> None:
    for decision in ("reject", "object"):
        scene.refuses(
            f"UPDATE review SET decision = '{decision}' WHERE field_change_id = '{scene.change}'",
            f"UPDATE field_change SET outcome = 'approved' WHERE id = '{scene.change}'",
            by="field change approval",
        )


def test_a_foreign_review_approves_nothing(scene: Scene) -> None:
    """A yes of another field, moved, copied or newly written, does not count here."""
    foreign = f"field_change_id = '{scene.phone_change}'"
    yes = f"UPDATE review SET decision = 'approve' WHERE {foreign}"
    approve = f"UPDATE field_change SET outcome = 'approved' WHERE id = '{scene.change}'"

    scene.refuses(yes, approve, by="field change approval")
    scene.refuses(yes, f"UPDATE review SET field_change_id = '{scene.change}' WHERE {foreign}")
    scene.refuses(
        yes, copy("review", foreign, {"id": "'x'", "field_change_id": f"'{scene.change}'"})
    )
    scene.refuses(
        copy(
            "review",
            foreign,
            {"id": "'x'", "field_change_id": f"'{scene.change}'", "reviewer": "'current'"},
        ),
        by="review birth",
    )
    # One more reviewer who says yes does not stand for the one who has said nothing.
    own = f"field_change_id = '{scene.change}'"
    scene.refuses(
        copy("review", own, {"id": "'x'", "reviewer": "'current'"}),
        "UPDATE review SET decision = 'approve' WHERE id = 'x'",
        approve,
        by="field change approval",
    )


def test_a_review_is_born_undecided_and_decided_once(scene: Scene) -> None:
    own = f"field_change_id = '{scene.change}'"
    scene.refuses(
        copy("review", own, {"id": "'x'", "reviewer": "'current'", "decision": "'approve'"}),
        by="review birth",
    )
    scene.desk.decide(scene.link, Decision.REJECT)

    scene.refuses(f"UPDATE review SET decision = 'approve' WHERE {own}", by="review once")
    scene.refuses(f"UPDATE review SET decision = NULL WHERE {own}", by="review once")
    scene.refuses(f"UPDATE review SET comment = 'x' WHERE {own}", by="review once")
    scene.refuses(f"DELETE FROM review WHERE {own}", by="review delete")


def test_a_review_never_changes_its_mailbox(scene: Scene) -> None:
    for column in ("id", "field_change_id", "request_id", "reviewer", "mailbox"):
        scene.refuses(f"UPDATE review SET {column} = 'evil'", by="review identity")


def test_a_review_is_never_replaced(scene: Scene) -> None:
    own = f"field_change_id = '{scene.change}'"
    scene.refuses(copy("review", own, {"mailbox": "'evil@example.org'"}))
    scene.refuses(copy("review", own, {"id": "'x'", "mailbox": "'evil@example.org'"}))
    if scene.is_sqlite:
        evil = {"mailbox": "'evil@example.org'"}
        scene.refuses(copy("review", own, evil, verb="REPLACE"))
        scene.refuses(copy("review", own, evil | {"id": "'x'"}, verb="REPLACE"))
        fresh = evil | {"id": "'x'", "reviewer": "'current'"}
        scene.refuses(copy("review", own, fresh, verb="REPLACE", extra={"rowid": "rowid"}))


def test_values_never_move_after_birth(scene: Scene) -> None:
    columns = (
        "id",
        "request_id",
        "patron_id",
        "field",
        "kind",
        "current_value",
        "proposed_value",
        "proposed_key",
    )
    for column in columns:
        scene.refuses(
            f"UPDATE field_change SET {column} = 'evil' WHERE id = '{scene.change}'",
            by="field change identity",
        )


def test_a_field_change_is_never_replaced(scene: Scene) -> None:
    """Not by id, not by "the one open change of this field", not by a hidden row number."""
    where, evil = f"id = '{scene.change}'", {"proposed_value": "'{}'"}
    scene.refuses(copy("field_change", where, evil))
    scene.refuses(copy("field_change", where, evil | {"id": "'x'"}))
    if scene.is_sqlite:
        scene.refuses(copy("field_change", where, evil, verb="REPLACE"))
        scene.refuses(copy("field_change", where, evil | {"id": "'x'"}, verb="REPLACE"))
        other = evil | {"id": "'x'", "field": "'name'"}
        scene.refuses(copy("field_change", where, other, verb="REPLACE", extra={"rowid": "rowid"}))
    scene.refuses(f"DELETE FROM field_change WHERE {where}", by="field change delete")


def test_a_field_change_belongs_to_an_open_request_of_its_patron(scene: Scene) -> None:
    """Nobody's yes can be lent to somebody else's record."""
    lent = {"id": "'x'", "field": "'phone'", "patron_id": f"'{scene.ole.id}'"}
    scene.desk.withdraw(scene.phone_request)

    scene.refuses(copy("field_change", f"id = '{scene.change}'", lent), by="field change birth")
    late = {"id": "'x'", "outcome": "'pending'"}
    scene.refuses(
        copy("field_change", f"id = '{scene.phone_change}'", late), by="field change birth"
    )


def test_outcomes_move_along_legal_ways_only(scene: Scene) -> None:
    """From pending, and from an end, to everything that no rule allows."""
    where = f"WHERE id = '{scene.change}'"
    for outcome in FieldOutcome:
        if outcome.value not in (*guards.FIELD_MOVES["pending"], "pending"):
            scene.refuses(f"UPDATE field_change SET outcome = '{outcome.value}' {where}")
    scene.refuses(f"UPDATE field_change SET outcome = 'nonsense' {where}", by="field change moves")
    scene.desk.decide(scene.link, Decision.REJECT)
    for outcome in FieldOutcome:
        if outcome is not FieldOutcome.REJECTED:
            scene.refuses(f"UPDATE field_change SET outcome = '{outcome.value}' {where}")


def test_nothing_counts_as_applied_that_the_record_does_not_hold(scene: Scene) -> None:
    mark = f"UPDATE field_change SET outcome = 'applied' WHERE id = '{scene.change}'"

    scene.refuses(*approved(scene), mark, by="field change applied email")


def test_requests_move_along_legal_ways_only(scene: Scene) -> None:
    where = f"WHERE id = '{scene.request.request_id}'"
    for state in RequestState:
        if state is not RequestState.PENDING:
            # Even a legal end is refused while its field is still open.
            scene.refuses(f"UPDATE change_request SET state = '{state.value}' {where}")
    scene.desk.decide(scene.link, Decision.REJECT)
    for state in RequestState:
        if state is not RequestState.REJECTED:
            scene.refuses(f"UPDATE change_request SET state = '{state.value}' {where}")


def test_a_request_is_not_approved_when_nothing_was_applied(scene: Scene) -> None:
    where = f"WHERE id = '{scene.request.request_id}'"
    lapse = f"UPDATE field_change SET outcome = 'lapsed' WHERE id = '{scene.change}'"

    for state in ("approved", "partly_approved"):
        scene.refuses(
            lapse,
            f"UPDATE change_request SET state = '{state}' {where}",
            by="change request end",
        )


def test_a_requests_story_never_changes(scene: Scene) -> None:
    columns = (
        "id",
        "reference",
        "patron_id",
        "reason_code",
        "reason_text",
        "proposer_id",
        "proposer_label",
        "created_at",
    )
    for column in columns:
        value = "NULL" if column == "created_at" else "'evil'"
        scene.refuses(f"UPDATE change_request SET {column} = {value}", by="change request identity")
    scene.refuses("DELETE FROM change_request", by="change request delete")
    where = f"id = '{scene.request.request_id}'"
    scene.refuses(copy("change_request", where, {"reason_text": "'x'"}))
    scene.refuses(copy("change_request", where, {"id": "'x'"}))
    if scene.is_sqlite:
        fresh = {"id": "'x'", "reference": "'ZZ-ZZZ'"}
        scene.refuses(copy("change_request", where, {"id": "'x'"}, verb="REPLACE"))
        scene.refuses(
            copy("change_request", where, fresh, verb="REPLACE", extra={"rowid": "rowid"})
        )


def test_a_dead_link_is_never_revived(scene: Scene) -> None:
    scene.ours("UPDATE change_request SET link_version = 5")

    scene.refuses("UPDATE change_request SET link_version = 4", by="change request links")


# --- the trail -----------------------------------------------------------------------------------


def test_no_column_of_the_trail_is_ever_updated(scene: Scene) -> None:
    tables = metadata.tables["audit_entry"], metadata.tables["audit_value"]
    for column in (column for table in tables for column in table.columns):
        value = "1" if isinstance(column.type, sa.Integer) else "'evil'"
        if column.name == "at":
            value = "NULL"
        scene.refuses(f"UPDATE {column.table.name} SET {column.name} = {value} WHERE seq = 2")


def test_the_trail_is_never_deleted_or_overwritten(scene: Scene) -> None:
    scene.refuses("DELETE FROM audit_entry", by="audit entry delete")
    scene.refuses("DELETE FROM audit_head", by="audit head delete")
    entry, value = "seq = 2", "seq = 2 AND name = 'email'"
    evil = {"facts": "'{}'"}
    for statement in (
        copy("audit_entry", entry, evil),
        copy("audit_entry", entry, evil | {"seq": "9999"}),
        copy("audit_entry", entry, evil, suffix="ON CONFLICT (seq) DO UPDATE SET facts = '{}'"),
        copy("audit_value", value, {"value": "'evil'"}),
        copy("audit_head", "id = 1", {"seq": "0"}),
    ):
        scene.refuses(statement)
    if scene.is_sqlite:
        for statement in (
            copy("audit_entry", entry, evil, verb="REPLACE"),
            copy("audit_entry", entry, evil | {"seq": "9999"}, verb="REPLACE"),
            copy("audit_value", value, {"value": "'evil'"}, verb="REPLACE"),
            copy("audit_value", value, {"name": "'x'"}, verb="REPLACE", extra={"rowid": "rowid"}),
            copy("audit_head", "id = 1", {"seq": "0"}, verb="REPLACE"),
        ):
            scene.refuses(statement)


def test_the_head_only_moves_forward(scene: Scene) -> None:
    scene.refuses("UPDATE audit_head SET seq = seq - 1", by="audit head order")
    scene.refuses("UPDATE audit_head SET hash = 'x'", by="audit head order")
    scene.refuses("UPDATE audit_head SET id = 2, seq = seq + 1", by="audit head identity")


# --- who watches the guards ----------------------------------------------------------------------


def missing(desk: Desk) -> Sequence[str]:
    with desk.database.engine.connect() as connection:
        return guards.missing(connection, PROTECTED)


def names(desk: Desk) -> list[tuple[str, str]]:
    if desk.database.engine.dialect.name == "sqlite":
        query = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'guard%' "
            "AND NOT tgisinternal"
        )
    with desk.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(query.replace("%", "%%"))
        return sorted((str(name), str(table)) for name, table in rows)


def test_a_fresh_database_misses_no_guard(desk: Desk) -> None:
    assert () == missing(desk)
    assert len(names(desk)) > 40


def test_every_dropped_guard_is_named(desk: Desk) -> None:
    for name, table in names(desk):
        on = "" if desk.database.engine.dialect.name == "sqlite" else f" ON {table}"
        with desk.database.engine.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")
            assert name in {found.removeprefix("on_") for found in _missing_in(connection)}
            transaction.rollback()
    assert () == missing(desk)


def test_an_altered_guard_is_named(desk: Desk) -> None:
    """Same name, same table, but it never refuses."""
    if desk.database.engine.dialect.name == "sqlite":
        desk.run("DROP TRIGGER guard_patron_email")
        desk.run(
            "CREATE TRIGGER guard_patron_email BEFORE UPDATE ON patron WHEN FALSE "
            "BEGIN SELECT RAISE(ABORT, 'upstage guard: patron email'); END"
        )
    else:
        desk.run(
            "CREATE OR REPLACE FUNCTION guard_patron_email() RETURNS trigger LANGUAGE plpgsql "
            "SET search_path TO 'public', 'pg_temp' AS $$BEGIN RETURN NEW; END$$"
        )

    assert ("guard_patron_email",) == missing(desk)


WEAKENED = (
    "ALTER TABLE patron DISABLE TRIGGER guard_patron_email",
    "ALTER TABLE patron ENABLE REPLICA TRIGGER guard_patron_email",
    "ALTER FUNCTION guard_patron_email() RESET search_path",
    (
        "CREATE OR REPLACE TRIGGER guard_patron_email BEFORE UPDATE ON patron "
        "FOR EACH ROW WHEN (false) EXECUTE FUNCTION guard_patron_email()"
    ),
    (
        "CREATE OR REPLACE TRIGGER guard_patron_email BEFORE UPDATE OF note ON patron "
        "FOR EACH ROW EXECUTE FUNCTION guard_patron_email()"
    ),
    (
        "CREATE OR REPLACE TRIGGER guard_patron_email AFTER INSERT ON patron "
        "FOR EACH ROW EXECUTE FUNCTION guard_patron_email()"
    ),
    (
        "CREATE OR REPLACE TRIGGER guard_patron_email BEFORE UPDATE ON patron "
        "FOR EACH ROW EXECUTE FUNCTION guard_patron_delete()"
    ),
)


def test_a_weakened_trigger_is_named(desk: Desk) -> None:
    if desk.database.engine.dialect.name == "sqlite":
        pytest.skip("Postgres' own ways of weakening a trigger")
    for weakened in WEAKENED:
        with desk.database.engine.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql(weakened)
            found = {name.removeprefix("on_") for name in _missing_in(connection)}
            assert {"guard_patron_email"} == found, weakened
            transaction.rollback()


def test_guards_can_be_taken_down_and_put_back(desk: Desk) -> None:
    """What a migration does."""
    with desk.database.engine.begin() as connection:
        guards.drop(connection)
    assert [] == names(desk)

    with desk.database.engine.begin() as connection:
        guards.install(connection, PROTECTED)

    assert () == missing(desk)


def _missing_in(connection: sa.Connection) -> Sequence[str]:
    return guards.missing(connection, PROTECTED)
