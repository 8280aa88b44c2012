"""What the app's role may do on PostgreSQL: one right too many is found, said, and stops a server.

Each role is made inside a transaction of the superuser, which becomes that role and rolls back.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from tests.support.engines import engine_of, owners
from tests.support.keyring import SECRET_KEYS
from tests.support.postgres import SUPERUSER, SharedDatabase
from tests.support.settings import PROVIDER
from upstage_crm import wiring
from upstage_crm.audit import database_roles, rights
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.rights import Excess
from upstage_crm.cli import commands
from upstage_crm.cli.doctor import Mark, examine
from upstage_crm.cli.start_words import rights_words, sentence
from upstage_crm.core.db import Database
from upstage_crm.settings import Settings
from upstage_crm.web import health
from upstage_crm.web.errors import TooManyRights
from upstage_crm.wiring import PROTECTED, Runtime

pytestmark = pytest.mark.each_database

PUBLIC = {"UPSTAGE_PUBLIC_URL": "https://crm.theatre.example", **PROVIDER}
DATABASE = "current_database()"


@pytest.fixture
def superuser(shared_postgres: SharedDatabase) -> Engine:
    shared_postgres.empty()
    url = sa.make_url(shared_postgres.url).set(username=SUPERUSER)
    return engine_of(url.render_as_string(hide_password=False))


def found(superuser: Engine, *statements: str) -> list[tuple[Excess, str]]:
    """What is found about `odd`, a role like the app's, after the statements."""
    with superuser.connect() as connection, connection.begin() as transaction:
        name = connection.scalar(sa.text("SELECT current_database()"))
        connection.exec_driver_sql(f"CREATE ROLE odd LOGIN IN ROLE {database_roles.APP}")
        for statement in statements:
            connection.exec_driver_sql(statement.replace(DATABASE, name))
        connection.exec_driver_sql("SET LOCAL SESSION AUTHORIZATION odd")
        seen = rights.look(connection)
        transaction.rollback()
    return [(finding.excess, finding.what.replace(name, DATABASE)) for finding in seen]


def test_the_apps_role_has_what_it_needs_and_no_more(database: Database) -> None:
    with database.reading() as session:
        assert rights.look(session.connection()) == ()


def test_a_role_like_the_apps_is_fine(superuser: Engine) -> None:
    assert found(superuser) == []


YES = "CREATE FUNCTION public.yes(varchar, varchar) RETURNS bool LANGUAGE sql AS 'SELECT true'"
EQUAL = "CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.yes)"
YES_FOUND = (Excess.PLANTED, "the function public.yes(character varying,character varying)")
ONE_TOO_MANY = {
    "superuser": (["ALTER ROLE odd SUPERUSER"], [(Excess.SUPERUSER, "odd")]),
    "member of a superuser": (
        ["GRANT postgres TO odd"],
        [(Excess.SUPERUSER, "postgres"), (Excess.OWNER, "pg_database_owner")],
    ),
    "member of the owner": (["GRANT upstage_owner TO odd"], [(Excess.OWNER, "upstage_owner")]),
    "may grant itself the owner": (
        ["GRANT upstage_owner TO odd WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"],
        [(Excess.OWNER, "upstage_owner")],
    ),
    "member of a member of the owner": (
        ["CREATE ROLE between", "GRANT upstage_owner TO between", "GRANT between TO odd"],
        [(Excess.OWNER, "upstage_owner")],
    ),
    "owner of a table": (["ALTER TABLE mail_gate OWNER TO odd"], [(Excess.OWNER, "odd")]),
    "owner of a guard": (
        ["ALTER FUNCTION guard_patron_email() OWNER TO odd"],
        [(Excess.OWNER, "odd")],
    ),
    "owner of the schema": (["ALTER SCHEMA public OWNER TO odd"], [(Excess.OWNER, "odd")]),
    "owner of the database": (
        [f"ALTER DATABASE {DATABASE} OWNER TO odd"],
        [(Excess.OWNER, "odd"), (Excess.OWNER, "pg_database_owner")],
    ),
    "may make roles": (["ALTER ROLE odd CREATEROLE"], [(Excess.MAKES_ROLES, "odd")]),
    "may run programs": (
        ["GRANT pg_execute_server_program TO odd"],
        [(Excess.REACHES_SERVER, "pg_execute_server_program")],
    ),
    "may write files": (
        ["GRANT pg_write_server_files TO odd"],
        [(Excess.REACHES_SERVER, "pg_write_server_files")],
    ),
    "may switch guards off": (
        ["GRANT SET ON PARAMETER session_replication_role TO odd"],
        [(Excess.SETS_REPLICA, "session_replication_role")],
    ),
    "may switch guards off for all": (
        ["GRANT ALTER SYSTEM ON PARAMETER session_replication_role TO odd"],
        [(Excess.SETS_REPLICA, "session_replication_role")],
    ),
    "may create in the schema": (
        ["GRANT CREATE ON SCHEMA public TO odd"],
        [(Excess.SCHEMA_CREATE, "public")],
    ),
    "everybody may create in the schema": (
        ["GRANT CREATE ON SCHEMA public TO PUBLIC"],
        [(Excess.SCHEMA_CREATE, "public")],
    ),
    "may create schemas": (
        [f"GRANT CREATE ON DATABASE {DATABASE} TO odd"],
        [(Excess.DATABASE_CREATE, DATABASE)],
    ),
    "may create temporary tables": (
        [f"GRANT TEMP ON DATABASE {DATABASE} TO PUBLIC"],
        [(Excess.DATABASE_TEMP, DATABASE)],
    ),
    "may call what runs as the owner": (
        [f"{YES} SECURITY DEFINER"],
        [
            (Excess.BORROWS_OWNER, "public.yes(character varying,character varying)"),
            YES_FOUND,
        ],
    ),
    "TRIGGER": (["GRANT TRIGGER ON patron TO odd"], [(Excess.TABLE, "TRIGGER on patron")]),
    "TRUNCATE": (["GRANT TRUNCATE ON staff TO odd"], [(Excess.TABLE, "TRUNCATE on staff")]),
    "REFERENCES of a column": (
        ["GRANT REFERENCES (number) ON patron TO odd"],
        [(Excess.TABLE, "REFERENCES on patron")],
    ),
    "all of a table": (
        ["GRANT ALL ON receipt TO odd"],
        [(Excess.TABLE, "UPDATE, REFERENCES, DELETE, TRUNCATE, TRIGGER on receipt")],
    ),
    "UPDATE of the trail": (
        ["GRANT UPDATE (actor_label) ON audit_entry TO odd"],
        [(Excess.TABLE, "UPDATE on audit_entry")],
    ),
    "DELETE of patrons": (["GRANT DELETE ON patron TO odd"], [(Excess.TABLE, "DELETE on patron")]),
    "INSERT of revisions": (
        ["GRANT INSERT ON alembic_version TO PUBLIC"],
        [(Excess.TABLE, "INSERT on alembic_version")],
    ),
    "a right of a role that it could become": (
        [
            "CREATE ROLE behind",
            "GRANT TRIGGER ON patron TO behind",
            "GRANT behind TO odd WITH INHERIT FALSE",
        ],
        [(Excess.TABLE, "TRIGGER on patron")],
    ),
    "too few": (
        ["REVOKE INSERT, UPDATE ON staff FROM upstage_app"],
        [(Excess.LACKS, "INSERT, UPDATE on staff")],
    ),
    "no schema": (
        ["REVOKE USAGE ON SCHEMA public FROM upstage_app"],
        [(Excess.LACKS, "USAGE on the schema public")],
    ),
    "no schema for the owner": (
        ["REVOKE ALL ON SCHEMA public FROM upstage_owner"],
        [(Excess.LACKS, "USAGE on the schema public for the owner of the tables")],
    ),
    "another schema first": (
        ["CREATE SCHEMA odd", "GRANT USAGE ON SCHEMA odd TO odd"],
        [(Excess.SHADOW, "odd")],
    ),
    "a planted operator": (
        [YES, EQUAL],
        [YES_FOUND, (Excess.PLANTED, "the operator public.=(character varying,character varying)")],
    ),
    "a guard with arguments": (
        ["CREATE FUNCTION guard_patron_email(int) RETURNS int LANGUAGE sql AS 'SELECT 1'"],
        [(Excess.PLANTED, "the function public.guard_patron_email(integer)")],
    ),
}


@pytest.mark.parametrize("name", ONE_TOO_MANY)
def test_one_right_too_many_is_found(superuser: Engine, name: str) -> None:
    statements, wanted = ONE_TOO_MANY[name]

    assert sorted(found(superuser, *statements)) == sorted(wanted)


def test_every_excess_is_tried_and_has_its_sentence() -> None:
    assert {excess for _, wanted in ONE_TOO_MANY.values() for excess, _ in wanted} == set(Excess)
    for excess in Excess:
        said = rights_words(rights.RightsFinding(excess, "the thing"))
        assert said.startswith("The app's database role ")
        assert "the thing" in said


def test_what_an_extension_brings_is_its_own_business(superuser: Engine) -> None:
    assert found(superuser, "CREATE EXTENSION vector SCHEMA public") == []


def test_a_session_whose_guards_are_off_is_named(superuser: Engine) -> None:
    with superuser.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        missing = triggers.missing(connection, PROTECTED)
        transaction.rollback()

    assert missing == ("session_replication_role (replica)",)


# --- who says it ---------------------------------------------------------------------------------


def runtime(database: Database, more: Mapping[str, str]) -> Runtime:
    given = {
        "UPSTAGE_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "UPSTAGE_SECRET_KEYS": SECRET_KEYS,
    }
    return wiring.build(Settings.load(given | dict(more)), database=database)


def troubles(database: Database, more: Mapping[str, str]) -> list[str]:
    seen = examine(runtime(database, more))
    return [finding.words for finding in seen if finding.mark is Mark.TROUBLE]


TRIGGER = "The app's database role has rights that it does not need: TRIGGER on patron."


@pytest.mark.parametrize("more", [{}, PUBLIC], ids=["loopback", "public"])
def test_the_doctor_always_says_what_is_too_much(
    database: Database, more: Mapping[str, str]
) -> None:
    if dialect(database) == "sqlite":
        pytest.skip("SQLite knows no roles")
    assert TRIGGER not in troubles(database, more)
    one_too_many(database)

    assert TRIGGER in troubles(database, more)


def test_a_public_server_is_ill_and_a_laptop_is_told(database: Database) -> None:
    if dialect(database) == "sqlite":
        pytest.skip("SQLite knows no roles")
    assert health.check(runtime(database, PUBLIC)).problems == ()
    one_too_many(database)

    seen = health.check(runtime(database, PUBLIC))
    assert seen.problems == ("rights",)
    assert seen.facts["rights"] == "1 beyond need"
    laptop = health.check(runtime(database, {}))
    assert (laptop.problems, laptop.facts["rights"]) == ((), "1 beyond need")


def test_a_public_server_does_not_start_and_a_laptop_does(database: Database) -> None:
    if dialect(database) == "sqlite":
        pytest.skip("SQLite knows no roles")
    settings = runtime(database, PUBLIC).settings
    first = "Make the first owner: upstage-crm staff add --role owner …"
    assert commands.prepare(settings) == first
    one_too_many(database)

    with pytest.raises(TooManyRights) as caught:
        commands.prepare(settings)
    said = sentence(caught.value)
    assert said.startswith(TRIGGER)
    assert "upstage-crm database roles" in said
    assert commands.prepare(runtime(database, {}).settings).startswith(first)


def test_the_owners_address_beside_the_server_is_noted(database: Database) -> None:
    if dialect(database) == "sqlite":
        pytest.skip("SQLite knows no roles")
    url = owners(database.engine).url.render_as_string(hide_password=False)

    seen = examine(runtime(database, {"UPSTAGE_MIGRATION_URL": url}))

    notes = [finding.words for finding in seen if finding.mark is Mark.NOTE]
    (note,) = [words for words in notes if "UPSTAGE_MIGRATION_URL" in words]
    assert note.endswith("Only migrate and audit repair need it: keep it from serve.")


def one_too_many(database: Database) -> None:
    with owners(database.engine).begin() as connection:
        connection.exec_driver_sql(f"GRANT TRIGGER ON patron TO {database_roles.APP}")


def dialect(database: Database) -> str:
    return database.engine.dialect.name
