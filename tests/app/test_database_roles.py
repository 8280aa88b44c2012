"""PostgreSQL's two roles: what the recipe and `migrate` make, and what the app's role cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from tests.support.attack import Scene
from tests.support.engines import engine_of, owners
from tests.support.factories import PROTECTED
from tests.support.keyring import SECRET_KEYS
from tests.support.postgres import Postgres
from upstage_crm.audit import database_roles, rights
from upstage_crm.audit.guards import rules, triggers
from upstage_crm.audit.guards.explained import sentence_of
from upstage_crm.cli import commands
from upstage_crm.core import migrations
from upstage_crm.core.db import Database
from upstage_crm.settings import Settings
from upstage_crm.tables import metadata
from upstage_crm.web.errors import NotMigrated
from upstage_crm.wiring import PROTECTED as PROTECTED_COLUMNS

pytestmark = pytest.mark.each_database

# --- an operator's first day ---------------------------------------------------------------------


@pytest.fixture
def owner(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The owner of an empty database, with an operator's environment around both roles."""
    with postgres.fresh(template="template0") as url:
        engine = engine_of(url)
        monkeypatch.setenv("UPSTAGE_SECRET_KEYS", SECRET_KEYS)
        monkeypatch.setenv("UPSTAGE_MIGRATION_URL", url)
        monkeypatch.setenv("UPSTAGE_DATABASE_URL", address(engine, database_roles.APP))
        yield engine
        engine.dispose()
        app_of(engine).dispose()


def address(engine: Engine, role: str) -> str:
    return engine.url.set(username=role).render_as_string(hide_password=False)


def app_of(owner: Engine) -> Engine:
    return engine_of(address(owner, database_roles.APP))


def test_migrate_makes_tables_as_the_owner_and_grants_the_app_what_it_needs(
    owner: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["migrate"]) == 0

    said = capsys.readouterr().out
    count = len(metadata.tables) + 1  # the revision's own table
    assert f"The database is at revision {migrations.head()}.\n" in said
    assert f"upstage_app may read and write rows of {count} tables" in said
    with app_of(owner).connect() as connection:
        assert triggers.missing(connection, PROTECTED) == ()
        assert rights.look(connection) == ()
    assert (
        commands.main(["staff", "add", "ada@example.org", "--name", "Ada", "--role", "owner"]) == 0
    )
    assert commands.main(["audit", "verify"]) == 0
    assert commands.main(["doctor"]) == 0


def test_migrating_again_takes_back_what_was_granted_by_hand(owner: Engine) -> None:
    commands.main(["migrate"])
    with owner.begin() as connection:
        connection.exec_driver_sql("GRANT ALL ON patron TO upstage_app")
        connection.exec_driver_sql("GRANT UPDATE (body) ON receipt TO upstage_app")
        connection.exec_driver_sql("GRANT DELETE ON staff TO PUBLIC")

    assert commands.main(["migrate"]) == 0

    with app_of(owner).connect() as connection:
        assert rights.look(connection) == ()


def test_a_server_does_not_migrate_a_given_database(blank_url: str) -> None:
    settings = Settings.load(
        {"UPSTAGE_DATABASE_URL": blank_url, "UPSTAGE_SECRET_KEYS": SECRET_KEYS}
    )

    with pytest.raises(NotMigrated):
        commands.prepare(settings)

    engine = engine_of(blank_url)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    engine.dispose()


def test_a_deployment_of_one_role_becomes_one_of_two(postgres: Postgres, owner: Engine) -> None:
    """The app's role made the tables; then a superuser does what the recipe says."""
    name = str(owner.url.database)
    postgres.run(f"GRANT CREATE ON SCHEMA public TO {database_roles.APP}", database=name)
    migrations.upgrade(app_of(owner))
    places = database_roles.confinement(
        database=name, owner=database_roles.OWNER, app=database_roles.APP
    )
    postgres.run(
        f"REASSIGN OWNED BY {database_roles.APP} TO {database_roles.OWNER}", *places, database=name
    )

    assert commands.main(["migrate"]) == 0

    with app_of(owner).connect() as connection:
        assert rights.look(connection) == ()
        assert triggers.missing(connection, PROTECTED) == ()


def test_the_owner_needs_the_schema_for_foreign_keys(postgres: Postgres, owner: Engine) -> None:
    commands.main(["migrate"])
    name = str(owner.url.database)
    postgres.run(f"REVOKE ALL ON SCHEMA public FROM {database_roles.OWNER}", database=name)

    said = answer(app_of(owner), "INSERT INTO patron_term (term, patron_number) VALUES ('a', 1)")

    assert said == NO_RIGHT


def test_without_grants_the_app_says_what_to_do(
    owner: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    migrations.upgrade(owner)

    assert commands.main(["audit", "verify"]) == 1

    assert "Run: upstage-crm migrate\n" in capsys.readouterr().err


def test_one_role_for_both_is_refused(
    owner: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UPSTAGE_DATABASE_URL", address(owner, database_roles.OWNER))

    assert commands.main(["migrate"]) == 1

    assert "both connect as upstage_owner" in capsys.readouterr().err
    with owner.begin() as connection:  # and the owner still has its own rights
        assert connection.scalar(sa.text("SELECT count(*) FROM patron")) == 0


def test_two_databases_are_refused(
    postgres: Postgres,
    owner: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with postgres.fresh(template="template0") as other:
        monkeypatch.setenv(
            "UPSTAGE_DATABASE_URL", other.replace(database_roles.OWNER, database_roles.APP)
        )

        assert commands.main(["migrate"]) == 1

    assert "lead to different databases" in capsys.readouterr().err


def test_nothing_runs_with_the_owners_rights_that_others_put_there(
    postgres: Postgres, owner: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before PostgreSQL 15 every role could put an operator into `public` for the owner to use."""
    name = str(owner.url.database)
    postgres.run(f"GRANT CREATE ON SCHEMA public TO {database_roles.APP}", database=name)
    with app_of(owner).begin() as connection:
        plant(connection, ("=", "varchar", "varchar"))
    postgres.run(f"REVOKE CREATE ON SCHEMA public FROM {database_roles.APP}", database=name)

    assert commands.main(["migrate"]) == 1

    assert "holds the function public.say_0" in capsys.readouterr().err
    with owner.connect() as connection:
        assert migrations.current(connection) == ""
        assert connection.scalar(sa.text("SELECT 1")) == 1, "the transaction is spoilt"


def test_the_recipe_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """The tests' own server was made by these very statements."""
    assert commands.main(["database", "roles"]) == 0

    printed = capsys.readouterr().out
    statements = [
        *database_roles.creation(owner="upstage_owner", app="upstage_app"),
        *database_roles.confinement(database="upstage", owner="upstage_owner", app="upstage_app"),
    ]
    lines = [line for line in printed.splitlines() if line and not line.startswith("--")]
    assert lines == [f"{statement};" for statement in statements]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_guard_is_told_in_words(dialect: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["database", "guards", "--dialect", dialect]) == 0

    printed = capsys.readouterr().out
    for rule in rules.rules(PROTECTED_COLUMNS, dialect):
        assert f"{rule.name} ({rule.event} on {rule.table})\n  {sentence_of(rule)}\n" in printed
        assert rule.when in printed


def test_the_recipe_takes_any_name(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["--database", "up stage", "--owner", 'a"b', "--app", "Clerk"]

    assert commands.main(["database", "roles", *names]) == 0

    printed = capsys.readouterr().out
    assert 'CREATE ROLE "a""b" LOGIN;' in printed
    assert 'GRANT CONNECT ON DATABASE "up stage" TO "a""b", "Clerk";' in printed


# --- what the app's role cannot do ---------------------------------------------------------------

NO_RIGHT = "42501"
TRIGGER = "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
REFUSED = {
    "a function": "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "an operator": (
        "CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = texteq)"
    ),
    "a table": "CREATE TABLE public.t (i int)",
    "a view": "CREATE VIEW public.v AS SELECT * FROM patron",
    "a type": "CREATE TYPE public.t AS ENUM ('a')",
    "a schema": "CREATE SCHEMA mine",
    "a temporary table": "CREATE TEMP TABLE patron (id text)",
    "a temporary function": "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "a child table": "CREATE TABLE public.t () INHERITS (patron)",
    "a cast": "CREATE CAST (varchar AS jsonb) WITH INOUT AS IMPLICIT",
    "an extension": "CREATE EXTENSION vector",
    "a trigger": f"CREATE TRIGGER t BEFORE UPDATE ON patron FOR EACH ROW {TRIGGER}",
    "a trigger on what is free": f"CREATE TRIGGER t BEFORE UPDATE ON staff FOR EACH ROW {TRIGGER}",
    "a rule": "CREATE RULE r AS ON UPDATE TO patron DO INSTEAD NOTHING",
    "a policy": "ALTER TABLE field_change ENABLE ROW LEVEL SECURITY",
    "a guard off": "ALTER TABLE patron DISABLE TRIGGER guard_patron_email",
    "every trigger off": "ALTER TABLE patron DISABLE TRIGGER ALL",
    "a guard dropped": "DROP TRIGGER guard_patron_email ON patron",
    "a guard's function dropped": "DROP FUNCTION guard_patron_email() CASCADE",
    "a guard's path": "ALTER FUNCTION guard_patron_email() RESET ALL",
    "a guard rewritten": (
        "CREATE OR REPLACE FUNCTION public.guard_patron_email() RETURNS trigger "
        "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    ),
    "a column's type": "ALTER TABLE patron ALTER email TYPE text",
    "another name": "ALTER TABLE patron RENAME TO patrons",
    "another schema": "ALTER TABLE patron SET SCHEMA pg_temp",
    "replica": "SET session_replication_role = replica",
    "replica for good": "ALTER ROLE upstage_app SET session_replication_role = replica",
    "the owner's role": "SET ROLE upstage_owner",
    "a membership": "GRANT upstage_owner TO upstage_app",
    "a role": "CREATE ROLE mine",
    "a revision": "INSERT INTO alembic_version VALUES ('9999')",
    "another revision": "UPDATE alembic_version SET version_num = '0001'",
    "an entry rewritten": "UPDATE audit_entry SET actor_label = 'x'",
    "a value rewritten": "UPDATE audit_value SET value = 'x'",
    "a receipt rewritten": "UPDATE receipt SET body = 'x'",
    "a code rewritten": "UPDATE link_code SET code_hash = 'x'",
    "a file": "COPY patron TO '/tmp/patrons'",
    "a program": "COPY patron FROM PROGRAM 'id'",
    **{f"{table} emptied": f"TRUNCATE {table}" for table in sorted(metadata.tables)},
    **{
        f"{table} deleted": f"DELETE FROM {table}"
        for table in sorted(set(metadata.tables) - database_roles.DELETED_FROM)
    },
}


def test_the_app_has_no_right_to_any_of_it(scene: Scene) -> None:
    if scene.is_sqlite:
        pytest.skip("SQLite knows no roles")
    before = scene.rows()

    answers = {words: answer(scene.desk.database.engine, sql) for words, sql in REFUSED.items()}

    assert {words: said for words, said in answers.items() if said != NO_RIGHT} == {}
    assert scene.rows() == before


def answer(engine: Engine, statement: str) -> str:
    """The code of the database's refusal: any other than `NO_RIGHT` would hide a right."""
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql(statement)
        except DBAPIError as error:
            return str(getattr(error.orig, "sqlstate", ""))
    return "done"


# --- what was planted before ---------------------------------------------------------------------

WORDS = ("varchar", "text", "bpchar", "name")
LIES = {"=": "true", "<>": "false", "<": "false", "<=": "false", "~~": "true"}
LYING = [
    *((sign, left, right) for sign, left, right in product(LIES, WORDS, WORDS)),
    *((sign, "timestamptz", "timestamp") for sign in LIES),
    *((sign, "int4", kind) for sign, kind in product(LIES, ("int4", "numeric"))),
]


def plant(connection: Connection, *operators: tuple[str, str, str]) -> None:
    """Put operators into our schema that say what an attacker likes."""
    for place, (sign, left, right) in enumerate(operators):
        connection.exec_driver_sql(
            f"CREATE FUNCTION public.say_{place}({left}, {right}) RETURNS bool LANGUAGE sql "
            f"AS 'SELECT {LIES[sign]}'"
        )
        connection.exec_driver_sql(
            f"CREATE OPERATOR public.{sign} "
            f"(LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = public.say_{place})"
        )


PATHS = {"the guards' own path": "pg_catalog, pg_temp", "a path of before": "public, pg_temp"}


@pytest.mark.parametrize("path", PATHS)
def test_guards_ask_no_operator_but_the_catalogs(scene: Scene, path: str) -> None:
    """Planted by an owner, and even where a guard's search path shows them: types decide."""
    if scene.is_sqlite:
        pytest.skip("SQLite's operators are its own")
    mara, email = scene.mara.id, "evil@example.org"
    with scene.desk.owned.begin() as connection:
        names = connection.exec_driver_sql(
            "SELECT proname FROM pg_proc WHERE starts_with(proname, 'guard_')"
        ).scalars()
        for name in list(names):
            connection.exec_driver_sql(f"ALTER FUNCTION {name}() SET search_path = {PATHS[path]}")
        plant(connection, *LYING)
    write = f"UPDATE patron SET email = '{email}', email_key = '{email}'"
    lie = "SELECT 1 FROM patron WHERE id = 'nobody'::varchar"

    with scene.desk.owned.connect() as connection:
        # The control: outside the guards the lie is believed.
        assert connection.execute(sa.text(lie)).first() is not None
    for statement, by in (
        (f"{write} WHERE id::text OPERATOR(pg_catalog.=) '{mara}'::text", "patron email"),
        ("UPDATE patron SET phone = '1', phone_key = '1'", "patron phone"),
        ("UPDATE patron SET number = number + 1", "patron identity"),
        ("UPDATE field_change SET outcome = 'approved'", "field change"),
        ("UPDATE field_change SET outcome = 'applied'", "field change"),
        ("UPDATE change_request SET state = 'approved'", "change request"),
        ("UPDATE review SET mailbox = 'evil@example.org'", "review words"),
        ("DELETE FROM patron", "patron delete"),
        ("UPDATE audit_entry SET actor_label = 'x'", "audit entry update"),
        ("UPDATE audit_head SET seq = seq - 1", "audit head order"),
    ):
        assert stopped_by(scene.desk.owned, statement).startswith(by), statement


def stopped_by(engine: Engine, statement: str) -> str:
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.exec_driver_sql(statement)
    _, _, said = str(caught.value.orig).partition("upstage guard: ")
    return said


def test_an_owners_trigger_rule_or_child_is_named(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("PostgreSQL's own ways")
    on_patron = "BEFORE UPDATE ON patron FOR EACH ROW"
    for statement, wanted in (
        (f"CREATE TRIGGER zz {on_patron} {TRIGGER}", "zz ("),
        (f"CREATE TRIGGER guard_zz {on_patron} {TRIGGER}", "guard_zz ("),
        (
            f"CREATE TRIGGER guard_patron_email BEFORE UPDATE ON staff FOR EACH ROW {TRIGGER}",
            "guard_patron_email (CREATE TRIGGER",
        ),
        ("CREATE RULE r AS ON UPDATE TO patron DO INSTEAD NOTHING", "r (rule on patron)"),
        ("ALTER TABLE field_change ENABLE ROW LEVEL SECURITY", "field_change (row security)"),
        ("CREATE TABLE public.more () INHERITS (field_change)", "field_change (inheritance)"),
    ):
        with owners(database.engine).connect() as connection:
            connection.exec_driver_sql(statement)
            missing = triggers.missing(connection, PROTECTED)
            connection.rollback()
        assert [name for name in missing if name.startswith(wanted)], (statement, missing)
    with database.reading() as session:
        assert triggers.missing(session.connection(), PROTECTED) == ()
