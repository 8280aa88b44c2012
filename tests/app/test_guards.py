"""The database itself refuses what no patron approved, over any connection.

Every attack runs through our own engine; on SQLite also as the bare `sqlite3` tool would run it:
without foreign keys and without `recursive_triggers`, where REPLACE fires no delete trigger.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from tests.support.attack import COLUMNS, GUARDED, Scene, copy
from tests.support.factories import NEW, OLD, PROTECTED, Desk
from upstage_crm.audit.guards import triggers
from upstage_crm.tables import metadata

pytestmark = pytest.mark.each_database

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
    scene.refuses(
        "UPDATE patron SET note = 'x', preferred_name = 'y', phone = '1'", by="patron phone"
    )
    scene.refuses(
        "UPDATE patron SET email = email, email_key = 'evil@example.org'", by="patron email"
    )


def test_free_columns_stay_free(scene: Scene) -> None:
    """The guards refuse for the right reason: the same statement without a value passes."""
    scene.ours("UPDATE patron SET note = 'x', preferred_name = 'y', email = email, phone = phone")


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
        scene.refuses("UPDATE OR REPLACE patron SET status = 'active'", by="patron ")


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
    assert len(values) == 3

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


# --- the trail -----------------------------------------------------------------------------------


def test_no_column_of_the_trail_is_ever_updated(scene: Scene) -> None:
    entry, tables = scene.entry, (metadata.tables["audit_entry"], metadata.tables["audit_value"])
    for column in (column for table in tables for column in table.columns):
        value = "1" if isinstance(column.type, sa.Integer) else "'evil'"
        if column.name == "at":
            value = "NULL"
        scene.refuses(f"UPDATE {column.table.name} SET {column.name} = {value} WHERE {entry}")


def test_the_trail_is_never_deleted_or_overwritten(scene: Scene) -> None:
    scene.refuses("DELETE FROM audit_entry", by="audit entry delete")
    scene.refuses("DELETE FROM audit_head", by="audit head delete")
    entry, value = scene.entry, f"{scene.entry} AND name = 'email'"
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
    with desk.owned.connect() as connection:
        return triggers.missing(connection, PROTECTED)


def names(desk: Desk) -> list[tuple[str, str]]:
    if desk.database.engine.dialect.name == "sqlite":
        query = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = (
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'guard%' "
            "AND NOT tgisinternal"
        )
    with desk.owned.connect() as connection:
        rows = connection.exec_driver_sql(query.replace("%", "%%"))
        return sorted((str(name), str(table)) for name, table in rows)


def test_a_fresh_database_misses_no_guard(desk: Desk) -> None:
    assert missing(desk) == ()
    assert len(names(desk)) > 40


def test_every_dropped_guard_is_named(desk: Desk) -> None:
    for name, table in names(desk):
        on = "" if desk.database.engine.dialect.name == "sqlite" else f" ON {table}"
        with desk.owned.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")
            assert name in {found.removeprefix("on_") for found in _missing_in(connection)}
            transaction.rollback()
    assert missing(desk) == ()


def test_an_altered_guard_is_named(desk: Desk) -> None:
    """Same name, same table, but it never refuses."""
    if desk.database.engine.dialect.name == "sqlite":
        desk.arrange("DROP TRIGGER guard_patron_email")
        desk.arrange(
            "CREATE TRIGGER guard_patron_email BEFORE UPDATE ON patron WHEN FALSE "
            "BEGIN SELECT RAISE(ABORT, 'upstage guard: patron email'); END"
        )
    else:
        desk.arrange(
            "CREATE OR REPLACE FUNCTION guard_patron_email() RETURNS trigger LANGUAGE plpgsql "
            "SET search_path TO 'public', 'pg_temp' AS $$BEGIN RETURN NEW; END$$"
        )

    assert missing(desk) == ("guard_patron_email",)


def test_a_trigger_that_is_not_ours_is_named(desk: Desk) -> None:
    """A trigger could undo what a guard let through."""
    if desk.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's own ways are in test_database_roles")
    desk.arrange("CREATE TRIGGER zz AFTER UPDATE ON staff BEGIN UPDATE staff SET desk = 'x'; END")

    assert missing(desk) == ("zz",)


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
        with desk.owned.connect() as connection, connection.begin() as transaction:
            connection.exec_driver_sql(weakened)
            found = {name.removeprefix("on_") for name in _missing_in(connection)}
            assert {"guard_patron_email"} == found, weakened
            transaction.rollback()


def test_guards_can_be_taken_down_and_put_back(desk: Desk) -> None:
    """What a migration does."""
    with desk.owned.begin() as connection:
        triggers.drop(connection)
    assert names(desk) == []

    with desk.owned.begin() as connection:
        triggers.install(connection, PROTECTED)

    assert missing(desk) == ()


def _missing_in(connection: sa.Connection) -> Sequence[str]:
    return triggers.missing(connection, PROTECTED)
