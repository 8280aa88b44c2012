"""The fixtures keep their word: every test starts with an empty, migrated database."""

from __future__ import annotations

import time
from statistics import median

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


def test_emptying_postgres_is_cheaper_than_a_copy(
    shared_postgres: SharedDatabase, postgres: Postgres
) -> None:
    emptied: list[float] = []
    copied: list[float] = []
    for _ in range(5):
        started = time.perf_counter()
        shared_postgres.empty()
        emptied.append(time.perf_counter() - started)
        started = time.perf_counter()
        with postgres.fresh():
            pass
        copied.append(time.perf_counter() - started)

    assert median(emptied) < median(copied)  # 5 ms against 150 on an idle machine


def test_a_fresh_copy_is_its_own(postgres: Postgres) -> None:
    with postgres.fresh() as one, postgres.fresh() as other:
        assert one != other
