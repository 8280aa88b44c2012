"""The migrations make what the code believes in, guards included, up and down."""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Engine

from tests.support.engines import owners
from upstage_crm.audit.guards import triggers
from upstage_crm.audit.guards.postgres import (
    type_of,
    typed,
)
from upstage_crm.audit.guards.rules import (
    marks,
    rules,
)
from upstage_crm.core import migrations
from upstage_crm.core.db import Database, make_engine
from upstage_crm.patrons.fields import DERIVED_COLUMNS, FIELDS, PROTECTED_COLUMNS
from upstage_crm.patrons.queries import FREE_COLUMNS
from upstage_crm.tables import metadata
from upstage_crm.wiring import PROTECTED

VERSIONS = migrations.ROOT / "alembic" / "versions"
MIGRATIONS = sorted(VERSIONS.glob("*.py"))
GUARDS = VERSIONS.parent / "guards.txt"
"""The revision with which the guards of each kind of database last changed, and their digest."""

OLDER_GUARD = {
    "sqlite": (
        (
            "CREATE TRIGGER guard_older BEFORE UPDATE ON patron "
            "BEGIN SELECT RAISE(ABORT, 'upstage guard: older'); END"
        ),
    ),
    "postgresql": (
        (
            "CREATE FUNCTION guard_older() RETURNS trigger LANGUAGE plpgsql AS "
            "$guard$BEGIN RAISE EXCEPTION 'upstage guard: older'; END$guard$"
        ),
        (
            "CREATE TRIGGER guard_older BEFORE UPDATE ON patron "
            "FOR EACH ROW EXECUTE FUNCTION guard_older()"
        ),
    ),
}
# Columns of a patron that are neither protected nor edited by staff: the machinery's own.
OURS = {
    "id",
    "number",
    "kind",
    "status",
    "email_verified_at",
    "email_bounced_at",
    "is_flagged",
    "is_protected",
    "created_at",
    "updated_at",
}


# SQLite does not describe an index over an expression: PostgreSQL's are compared.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based"),
]


@pytest.fixture
def engine(blank_url: str) -> sa.Engine:
    """The owner's engine of a database without any table."""
    return make_engine(blank_url)


@pytest.fixture
def migrated(database: Database) -> sa.Engine:
    """The owner's engine of a database in which the migrations have just run."""
    return owners(database.engine)


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


def standing(connection: Connection) -> list[tuple[str, ...]]:
    """Every trigger with its statement, and on PostgreSQL with what its function says."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    else:
        query = (
            "SELECT t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid), "
            "pg_get_functiondef(t.tgfoid) FROM pg_trigger t WHERE NOT t.tgisinternal "
            "ORDER BY t.tgname"
        )
    return [tuple(map(str, row)) for row in connection.exec_driver_sql(query)]


def test_the_newest_revision_is_the_metadata(migrated: Engine) -> None:
    with migrated.connect() as connection:
        assert differences(connection) == []
        assert migrations.head() == migrations.current(connection)
        assert triggers.missing(connection, PROTECTED) == ()


def test_every_step_goes_down_and_up_again(engine: Engine) -> None:
    """After every revision, both ways: the guards before and after are the same, word by word."""
    script = ScriptDirectory.from_config(migrations._config())
    revisions = [step.revision for step in reversed(list(script.walk_revisions()))]
    seen: dict[str, list[tuple[str, ...]]] = {}
    for revision in revisions:
        migrations.upgrade(engine, revision)
        with engine.connect() as connection:
            seen[revision] = standing(connection)
    with engine.connect() as connection:
        assert triggers.missing(connection, PROTECTED) == ()

    for revision in reversed([*revisions[:-1]]):
        migrations.downgrade(engine, revision)
        with engine.connect() as connection:
            assert seen[revision] == standing(connection)
    migrations.downgrade(engine, "base")
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        assert {"alembic_version"} >= tables
        assert standing(connection) == []

    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert differences(connection) == []
        assert triggers.missing(connection, PROTECTED) == ()
        assert connection.scalar(sa.text("SELECT count(*) FROM audit_head")) == 1
    engine.dispose()


def test_the_guards_of_an_older_version_make_way(engine: Engine) -> None:
    migrations.upgrade(engine, "0012")
    with engine.begin() as connection:
        for statement in OLDER_GUARD[connection.dialect.name]:
            connection.exec_driver_sql(statement)

    migrations.upgrade(engine)

    with engine.connect() as connection:
        assert triggers.missing(connection, PROTECTED) == ()
    engine.dispose()


def test_a_guard_changes_with_a_revision(engine: Engine) -> None:
    """A database at the newest revision is not migrated, so it would keep the guards of before,
    and no server would start with it.

    When this fails, add a migration, which may be empty, and a line for its revision.
    """
    migrations.upgrade(engine)
    with engine.connect() as connection:
        statements = triggers._statements(connection, PROTECTED)
        dialect = connection.dialect.name
    engine.dispose()
    said = "\n".join(f"{name} {statement}" for name, statement in sorted(statements.items()))
    recorded = [line.split() for line in GUARDS.read_text("utf-8").splitlines()]
    revisions, digests = zip(
        *((row[0], row[2]) for row in recorded if row[1] == dialect), strict=True
    )

    digest = hashlib.sha256(said.encode()).hexdigest()
    assert digests[-1] == digest, f"a new revision, {dialect}, {digest}"
    assert list(revisions) == sorted(set(revisions))
    assert set(revisions) <= migrations._known().keys()


@pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda path: path.stem)
def test_a_migration_says_everything_itself(migration: Path) -> None:
    """What it took from the code of today would make a database of then as of today."""
    tree = ast.parse(migration.read_text("utf-8"))
    taken = [
        name
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    ]

    assert [name for name in taken if name.partition(".")[0] in ("upstage_crm", "tests")] == []


def test_upgrading_twice_changes_nothing(migrated: Engine) -> None:
    with migrated.connect() as connection:
        before = standing(connection)
    assert before != []

    migrations.upgrade(migrated)

    with migrated.connect() as connection:
        assert before == standing(connection)


def test_there_is_one_line_of_revisions() -> None:
    script = ScriptDirectory.from_config(migrations._config())

    assert len(script.get_heads()) == 1


def test_registry_columns_and_guards_agree() -> None:
    """Every column of a patron is protected, derived, free or our own: none is forgotten."""
    columns = {column.name for column in metadata.tables["patron"].columns}
    registered = {*PROTECTED_COLUMNS, *DERIVED_COLUMNS}

    assert columns == registered | set(FREE_COLUMNS) | OURS
    assert registered == {column for group in PROTECTED.values() for column in group}
    assert set(FIELDS) == set(PROTECTED)
    assert len(PROTECTED_COLUMNS) + len(DERIVED_COLUMNS) == len(registered)
    assert not registered & (set(FREE_COLUMNS) | OURS)


def test_every_protected_column_is_named_in_a_guard(database: Database) -> None:
    with database.engine.connect() as connection:
        wanted = triggers._statements(connection, PROTECTED)
    for key, columns in PROTECTED.items():
        text = wanted[f"guard_patron_{key}"]
        for column in columns:
            assert re.search(rf"NEW\.{column}(::text)? IS", text), column


# --- how PostgreSQL reads a guard ----------------------------------------------------------------


def test_the_types_in_guards_are_the_columns_own() -> None:
    """A wrong type would compare `9` and `10` as words, or an instant in the reader's zone."""
    own = {
        (table.name, column.name): column.type.compile(dialect=postgresql.dialect())
        for table in metadata.sorted_tables
        for column in table.columns
    }
    names = {
        "INTEGER": "int4",
        "BIGINT": "int8",
        "BOOLEAN": "bool",
        "TIMESTAMP WITH TIME ZONE": "timestamptz",
    }

    wanted = {place: names.get(kind, "text") for place, kind in own.items()}

    assert {place: type_of(*place) for place in own} == wanted
    assert {kind.partition("(")[0] for kind in own.values()} - set(names) <= {
        "VARCHAR",
        "TEXT",
        "BYTEA",
        'VARCHAR COLLATE "C"',
    }


def conditions() -> list[str]:
    """Every piece of SQL that a guard on PostgreSQL decides by, or executes."""
    found = [typed(rule.when, rule.table) for rule in rules(PROTECTED, "postgresql")]
    columns = {
        table.name: [column.name for column in table.columns] for table in metadata.sorted_tables
    }
    for mark in marks(PROTECTED, "postgresql", columns):
        found += [typed(mark.when, mark.table), typed(mark.then, mark.table)]
    return found


OPERATORS = "=|<>|<=|<|>=|>|->>|IN|NOT IN|IS DISTINCT FROM|IS NOT DISTINCT FROM"
COMPARED = re.compile(rf"(\S+) ({OPERATORS}) (?=(\S+))")
TYPED_LEFT, TYPED_RIGHT = re.compile(r"(::[a-z0-9]+|\))$"), re.compile(r"^\(|::[a-z0-9]+\)*,?$")


def test_every_comparison_in_a_guard_is_typed_on_both_sides() -> None:
    """An operator is chosen by the types of its operands: what is not said can be exploited."""
    count = 0
    for sql in conditions():
        for left, operator, right in COMPARED.findall(sql.replace("SET outcome =", "SET")):
            count += 1
            assert TYPED_LEFT.search(left), (left, operator, sql)
            assert TYPED_RIGHT.search(right), (operator, right, sql)
    assert count > 300


def test_guards_name_the_schema_of_every_table() -> None:
    place = re.compile(r"(?<!DISTINCT )(?:FROM|JOIN|UPDATE|INTO) ([a-z_.]+)\b(?!\()")

    places = [found for sql in conditions() for found in place.findall(sql)]

    assert {found for found in places if not found.startswith("public.")} == set()
    assert len(places) > 60


def test_a_rule_that_calls_two_tables_by_one_name_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="x is both patron and review"):
        typed("EXISTS (SELECT 1 FROM patron x, (SELECT 1 FROM review x) y)", "patron")
    with pytest.raises(ValueError, match="y is no table's name"):
        typed("NEW.id = y.id", "patron")
