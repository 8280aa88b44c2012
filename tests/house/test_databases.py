"""The fixtures keep their word: every test starts with an empty, migrated database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.engines import owners
from tests.support.postgres import Postgres, SharedDatabase
from upstage_crm.core.db import Database, make_engine
from upstage_crm.core.migrations import current, head


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_starts_with_an_empty_migrated_database(database: Database, turn: int) -> None:
    with database.engine.begin() as connection:
        assert current(connection) == head()
        assert connection.scalar(sa.text("SELECT count(*) FROM patron")) == 0


def test_postgres_forgets_rows_and_schema_changes(shared_postgres: SharedDatabase) -> None:
    shared_postgres.empty()
    engine = owners(make_engine(shared_postgres.url))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE left_behind (word text)")
    engine.dispose()

    shared_postgres.empty()

    engine = make_engine(shared_postgres.url)
    with engine.begin() as connection:
        assert not sa.inspect(connection).has_table("left_behind")
        assert current(connection) == head()
    engine.dispose()


def test_a_fresh_copy_is_its_own(postgres: Postgres) -> None:
    with postgres.fresh() as one, postgres.fresh() as other:
        assert one != other
