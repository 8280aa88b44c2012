"""The migrations make what the code believes in, guards included, up and down."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from upstage_crm.audit import guards
from upstage_crm.core import migrations
from upstage_crm.core.db import make_engine
from upstage_crm.patrons.fields import DERIVED_COLUMNS, FIELDS, PROTECTED_COLUMNS
from upstage_crm.patrons.queries import FREE_COLUMNS
from upstage_crm.tables import metadata
from upstage_crm.wiring import PROTECTED

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


@pytest.fixture
def engine(blank_url: str) -> sa.Engine:
    return make_engine(blank_url)


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


def standing(connection: Connection) -> list[str]:
    """Our triggers that stand, by name."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    return sorted(connection.exec_driver_sql(query).scalars())


def test_the_newest_revision_is_the_metadata(engine: Engine) -> None:
    migrations.upgrade(engine)

    with engine.connect() as connection:
        assert [] == differences(connection)
        assert migrations.head() == migrations.current(connection)
        assert () == guards.missing(connection, PROTECTED)
    engine.dispose()


def test_every_step_goes_down_and_up_again(engine: Engine) -> None:
    """After every revision, both ways: the guards that stand before and after are the same."""
    script = ScriptDirectory.from_config(migrations._config())
    revisions = [step.revision for step in reversed(list(script.walk_revisions()))]
    seen: dict[str, list[str]] = {}
    for revision in revisions:
        migrations.upgrade(engine, revision)
        with engine.connect() as connection:
            seen[revision] = standing(connection)
    with engine.connect() as connection:
        assert () == guards.missing(connection, PROTECTED)

    for revision in reversed([*revisions[:-1]]):
        migrations.downgrade(engine, revision)
        with engine.connect() as connection:
            assert seen[revision] == standing(connection)
    migrations.downgrade(engine, "base")
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        assert {"alembic_version"} >= tables
        assert [] == standing(connection)

    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert [] == differences(connection)
        assert () == guards.missing(connection, PROTECTED)
        assert 1 == connection.scalar(sa.text("SELECT count(*) FROM audit_head"))
    engine.dispose()


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    migrations.upgrade(engine)
    with engine.connect() as connection:
        before = standing(connection)

    migrations.upgrade(engine)

    with engine.connect() as connection:
        assert before == standing(connection)
    engine.dispose()


def test_there_is_one_line_of_revisions() -> None:
    script = ScriptDirectory.from_config(migrations._config())

    assert 1 == len(script.get_heads())


def test_registry_columns_and_guards_agree() -> None:
    """Every column of a patron is protected, derived, free or our own: none is forgotten."""
    columns = {column.name for column in metadata.tables["patron"].columns}
    registered = {*PROTECTED_COLUMNS, *DERIVED_COLUMNS}

    assert columns == registered | set(FREE_COLUMNS) | OURS
    assert registered == {column for group in PROTECTED.values() for column in group}
    assert set(FIELDS) == set(PROTECTED)
    assert len(PROTECTED_COLUMNS) + len(DERIVED_COLUMNS) == len(registered)
    assert not registered & (set(FREE_COLUMNS) | OURS)


def test_every_protected_column_is_named_in_a_guard(engine: Engine) -> None:
    migrations.upgrade(engine)
    with engine.connect() as connection:
        wanted = guards._statements(connection, PROTECTED)
    engine.dispose()
    for key, columns in PROTECTED.items():
        text = wanted[f"guard_patron_{key}"]
        for column in columns:
            assert f"NEW.{column} IS" in text, column
